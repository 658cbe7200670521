"""Refuses tests that stand where the definition does not want them.

What it checks:
    Tests that the change adds (scope ``all``: all tests). ``unit_tests = "inline"``: unit tests stand in a
    ``#[cfg(test)]`` module of the file that they test: not in a file of their own below ``src/``, not outside
    of such a module, and not in ``tests/`` by pulling sources in with ``#[path]`` or ``include!``.
    ``unit_tests = "own_file"``: a file's tests are declared with ``mod tests;`` and stand in their own file.
    ``integration_tests = "tests_dir"``: tests that start the package's own program, and modules and files
    below ``src/`` that call themselves integration or end-to-end tests, belong in ``tests/``.
    ``max_inline_lines`` limits test modules in braces; one that was longer before may stay as long as it is.

Why:
    Who looks for the tests of a piece of code looks in one place, and writes them anew if
    they are elsewhere.

Evidence:
    The number of tests and test modules looked at.

Unknown when:
    The parser finds no sense in a file in scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.attributes import attribute_name, requires_test
from ironwright.gates.rust.items import Item, node_text
from ironwright.gates.rust.syntax import RustFile, is_test_path
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_INTEGRATION = re.compile(r"(?:^|_)(?:integration|e2e|end_to_end)(?:_|$)")
_STARTS_PROGRAM = re.compile(r"\bCARGO_BIN_EXE_\w+|\bcargo_bin\s*[(!]|\bcargo_bin_cmd!")
_UPWARDS = re.compile(r"\.\./(?:\.\./)*src/")
_UNIT = r"unit tests?"
_INLINE = (
    r"(?:(?:inline|in|inside|within)\s+(?:a\s+|an\s+|the\s+|each\s+|inline\s+|same\s+|`?#\[cfg\(test\)\]`?"
    r"\s+|`?mod tests`?\s+|"
    r"tests?\s+)*(?:modules?\b|files?\b|`?#\[cfg\(test\)\]`?|`?mod tests`?)|alongside|next to|beside|in th"
    r"e same file|inline\b)"
)

GATE = Gate(
    id="misplaced_tests",
    summary="tests that stand in the wrong place",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b{_UNIT}\b[^.;]{{0,40}}?\b{_INLINE}",
            "Unit tests go in a `#[cfg(test)]` module in the same file.",
            params={"unit_tests": "inline"},
        ),
        Phrasing(
            rf"\b(?:put|place|keep|write)\s+(?:all\s+|the\s+)*{_UNIT}\s+{_INLINE}",
            "Put unit tests in the same file as the code.",
            params={"unit_tests": "inline"},
        ),
        Phrasing(
            rf"\b{_UNIT}\b[^.;]{{0,40}}\b(?:in|into)\s+(?:a\s+|their\s+|its\s+)?(?:separate|own|dedicated)"
            rf"\s+(?:test\s+)?files?\b",
            "Keep unit tests in separate files.",
            params={"unit_tests": "own_file"},
        ),
        Phrasing(
            r"\bintegration tests?\b[^.;]{0,40}\b(?:in|into|under|inside|within|to)\s+(?:the\s+|a\s+)?`?te"
            r"sts/?`?"
            r"(?:\s+(?:directory|folder|dir)\b|(?=\s*(?:$|[.;,)])))",
            "Integration tests go in the `tests/` directory.",
            params={"integration_tests": "tests_dir"},
        ),
        Phrasing(
            r"\b(?:inline\s+)?test modules?\b[^.;]{0,30}\b(?:over|more than|exceed\w*|longer than|above|be"
            r"yond)\s+"
            r"(?P<max_inline_lines>\d+)\s+lines?\b",
            "Move test modules longer than 300 lines into their own file.",
        ),
    ),
    params={
        "unit_tests": Param(
            str,
            "any",
            "Where unit tests stand: `inline`, `own_file` or `any`.",
            allowed=("any", "inline", "own_file"),
        ),
        "integration_tests": Param(
            str, "any", "Where integration tests stand.", allowed=("any", "tests_dir")
        ),
        "max_inline_lines": Param(int, 0, "The most lines of a test module in braces; 0 for any number."),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look where the tests in scope stand."""
    judged = TreeScope(subject, scope)
    before = _known_tests(subject) if scope is Scope.CHANGED else frozenset()
    failures, unreadable, seen = [], [], 0
    for path in judged.paths:
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        seen += sum(1 for item in file.items if item.is_test)
        for item, finding in _problems(subject, file, params):
            if item.kind == "mod" and item.body is not None and params["max_inline_lines"]:
                new = _grew(subject, scope, file, item, params["max_inline_lines"])
            else:
                new = (item.kind, item.name) not in before and judged.holds(file, item)
            if new:
                failures.append(finding)
    evidence = Evidence(
        "measure",
        f"{seen} tests in the files in scope",
        {"name": "misplaced tests", "value": len(failures), "unit": "places", "tests": seen},
    )
    good = "every test in scope stands where it should"
    return settle(failures, (), unreadable, good, "places with tests that belong elsewhere: {n}", evidence)


def _known_tests(subject: Subject) -> frozenset[tuple[str, str]]:
    if subject.base is None:
        return frozenset()
    known = [path for path in subject.change.files if path in subject.base.rust_paths]
    return frozenset(
        (item.kind, item.name) for path in known for item in subject.base.rust(path).items if item.is_test
    )


def _grew(subject: Subject, scope: Scope, file: RustFile, item: Item, limit: int) -> bool:
    if scope is not Scope.CHANGED or subject.base is None or file.path not in subject.base.paths:
        return True
    old = [
        found
        for found in subject.base.rust(file.path).items
        if found.kind == "mod" and found.path == item.path
    ]
    return not old or len(old[0].lines) <= limit or len(item.lines) > len(old[0].lines)


def _problems(subject: Subject, file: RustFile, params: Params) -> Iterator[tuple[Item, Finding]]:
    elsewhere = is_test_path(file.path)
    in_sources = "src" in file.path.split("/")[:-1]
    if params["unit_tests"] != "any":
        if elsewhere:
            yield from _pulled_in(file)
        elif in_sources:
            yield from (_not_inline if params["unit_tests"] == "inline" else _not_apart)(subject, file)
    if params["integration_tests"] == "tests_dir" and in_sources:
        yield from _integration(subject, file)
    limit = params["max_inline_lines"]
    if limit and in_sources:
        for item in file.items:
            if item.kind == "mod" and item.body is not None and item.in_test and len(item.lines) > limit:
                message = f"the test module `{item.name}` has {len(item.lines)} lines, the limit is {limit}"
                advice = f"Declare it with `mod {item.name};` and move it to a file of its own."
                yield item, Finding(file.path, item.line, message, advice)


def _pulled_in(file: RustFile) -> Iterator[tuple[Item, Finding]]:
    """Sources that a test target compiles as its own."""
    advice = "Test it where it stands, in a `#[cfg(test)]` module of that file."
    for item in file.items:
        paths = [text for text in item.attributes if attribute_name(text) == "path"]
        if item.kind == "mod" and any(_UPWARDS.search(text) for text in paths):
            message = f"`mod {item.name}` pulls a source in to test it from here"
            yield item, Finding(file.path, item.line, message, advice)
        if item.kind == "macro_call" and item.name == "include" and _UPWARDS.search(node_text(item.node)):
            yield (
                item,
                Finding(file.path, item.line, "`include!` pulls a source in to test it from here", advice),
            )


def _not_inline(subject: Subject, file: RustFile) -> Iterator[tuple[Item, Finding]]:
    advice = "Move it into `#[cfg(test)] mod tests` of the file that it tests."
    for item in file.items:
        if not item.is_test:
            continue
        if file.path in subject.head.test_files:
            yield (
                item,
                Finding(file.path, item.line, f"the test `{item.name}` stands in a file of its own", advice),
            )
        elif not _in_test_module(item):
            message = f"the test `{item.name}` stands outside of a `#[cfg(test)]` module"
            yield item, Finding(file.path, item.line, message, advice)


def _in_test_module(item: Item) -> bool:
    parent = item.parent
    while parent is not None:
        if parent.kind == "mod" and any(requires_test(text) for text in parent.attributes):
            return True
        parent = parent.parent
    return False


def _not_apart(subject: Subject, file: RustFile) -> Iterator[tuple[Item, Finding]]:
    if file.path in subject.head.test_files:
        return
    for item in file.items:
        if item.is_test:
            message = f"the test `{item.name}` stands in the file that it tests"
            yield (
                item,
                Finding(file.path, item.line, message, "Move it to a file that `mod tests;` declares."),
            )


def _integration(subject: Subject, file: RustFile) -> Iterator[tuple[Item, Finding]]:
    advice = "Move it to `tests/`, where it is built against what others see of the crate."
    named = _INTEGRATION.search(file.path.rpartition("/")[2].removesuffix(".rs")) is not None
    for item in file.items:
        if not item.is_test:
            continue
        modules = [name for name in item.path[:-1] if _INTEGRATION.search(name)]
        starts = _STARTS_PROGRAM.search(node_text(item.node)) is not None
        if starts:
            message = f"the test `{item.name}` starts the program from below `src/`"
        elif modules or (named and file.path in subject.head.test_files):
            message = f"the integration test `{item.name}` stands below `src/`"
        else:
            continue
        yield item, Finding(file.path, item.line, message, advice)
