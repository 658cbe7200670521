"""Reads Rust attributes as text: which of them make an item a test, or compile it for tests only."""

from __future__ import annotations

import re

# Attributes that hand a function to a test harness, by the last part of their path: the standard one
# (also as tokio::test, async_std::test, sqlx::test, test_log::test …) and those of well-known test crates.
_HARNESS_NAMES = frozenset(
    {
        "test",
        "bench",
        "rstest",
        "test_case",
        "test_matrix",
        "test_casing",
        "quickcheck",
        "proptest",
        "property_test",
        "wasm_bindgen_test",
        "gtest",
        "traced_test",
    }
)
# `doctest` and the loom and kani configurations are, like `test`, never part of what is shipped.
_TEST_CONFIGURATIONS = frozenset({"test", "doctest", "bench"})
_NAME = re.compile(r"\s*(?:unsafe\s*\(\s*)?((?:::)?[A-Za-z_][\w]*(?:\s*::\s*[A-Za-z_]\w*)*)")


def attribute_name(attribute: str) -> str:
    """The path of an attribute, without white space: ``tokio::test`` of ``tokio::test(flavor = "x")``."""
    found = _NAME.match(attribute)
    return re.sub(r"\s+", "", found[1]) if found else ""


def is_harness_attribute(attribute: str) -> bool:
    """Whether the attribute (without ``#[ ]``) makes its function a test or a benchmark.

    ``cfg_attr(condition, test)`` counts: under some configuration the function is a test.
    """
    name = attribute_name(attribute)
    if name == "cfg_attr":
        _condition, *applied = split_arguments(argument_text(attribute))
        return any(is_harness_attribute(part) for part in applied)
    return name.rsplit("::", 1)[-1] in _HARNESS_NAMES


def requires_test(attribute: str) -> bool:
    """Whether the attribute (without ``#[ ]``) keeps its item out of every build that is no test build.

    ``cfg(test)`` and ``cfg(all(unix, test))`` do; ``cfg(any(test, feature = "x"))`` and ``cfg(not(test))``
    do not.
    """
    return attribute_name(attribute) == "cfg" and _predicate_requires_test(argument_text(attribute))


def argument_text(attribute: str) -> str:
    """What stands between the outermost parentheses of an attribute; empty where there are none."""
    start, end = attribute.find("("), attribute.rfind(")")
    return attribute[start + 1 : end] if 0 <= start < end else ""


def split_arguments(text: str) -> list[str]:
    """Split at top-level commas; parentheses, brackets, braces and string literals hold together.

    The result is never empty; parts are stripped of white space, an empty last part is dropped.
    """
    parts: list[str] = []
    depth, start, position = 0, 0, 0
    while position < len(text):
        character = text[position]
        if character == '"':
            closing = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL).match(text, position + 1)
            position = closing.end() if closing else len(text)
            continue
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
        position += 1
    parts.append(text[start:].strip())
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _predicate_requires_test(predicate: str) -> bool:
    predicate = predicate.strip().rstrip(",").strip()
    if predicate in _TEST_CONFIGURATIONS:
        return True
    name = attribute_name(predicate)
    if name not in ("all", "any") or "(" not in predicate:
        return False
    parts = [part for part in split_arguments(argument_text(predicate)) if part]
    answers = [_predicate_requires_test(part) for part in parts]
    return any(answers) if name == "all" else bool(answers) and all(answers)
