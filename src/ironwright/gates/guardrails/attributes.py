"""Finds what Rust code says to keep tools from looking: attributes, and code that knows who runs it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from tree_sitter import Node, Query, QueryCursor

from ironwright.gates.rust.assertions import leaf_texts
from ironwright.gates.rust.attributes import argument_text, attribute_name, split_arguments
from ironwright.gates.rust.expressions import Use, uses
from ironwright.gates.rust.items import children_of, descend, node_text
from ironwright.gates.rust.syntax import LANGUAGE, RustFile
from ironwright.records.change import FileStatus

if TYPE_CHECKING:
    from ironwright.gates.subject import SourceTree, Subject

# Levels at which a lint is demanded, the strictest last.
_NAMES: Final = ("warn", "deny", "forbid")
# Groups so wide that no reason can cover all that they silence.
_BLANKET: Final = frozenset(
    {
        "warnings",
        "unused",
        "future_incompatible",
        "nonstandard_style",
        "clippy::all",
        "clippy::correctness",
        "clippy::suspicious",
        "clippy::perf",
        "clippy::complexity",
        "clippy::style",
        "rustdoc::all",
    }
)
_HIDING: Final = {
    "rustfmt::skip": "keeps rustfmt from looking",
    "rustfmt_skip": "keeps rustfmt from looking",
    "coverage": "takes the code out of the coverage",
    "no_coverage": "takes the code out of the coverage",
    "tarpaulin::skip": "takes the code out of the coverage",
    "cfg_attr_coverage": "takes the code out of the coverage",
    "mutants::skip": "takes the code out of mutation testing",
}
# Variables that are set where a change is judged, and seldom elsewhere.
_JUDGED_BY: Final = re.compile(
    r"^(?:CI|CONTINUOUS_INTEGRATION|GITHUB_\w+|GITLAB_\w+|BUILDKITE|TRAVIS|CIRCLECI|JENKINS_\w+|TF_BUILD|NEXTEST\w*|"
    r"RUST_TEST_\w+|CARGO_LLVM_COV\w*|LLVM_PROFILE_FILE|CARGO_TARPAULIN\w*|TARPAULIN|MIRI\w*|CARGO_MUTANTS\w*|"
    r"IRONWRIGHT\w*|RUNNING_TESTS?|IN_TEST|TEST_MODE|TESTING|UNDER_TEST)$"
)
_JUDGING_CFG: Final = re.compile(
    r"\b(?:coverage|coverage_nightly|tarpaulin|tarpaulin_include|miri|clippy|mutants)\b"
)
# Items that exist once in a program, and would clash with what the test harness brings.
_SINGLE: Final = frozenset(
    {
        "panic_handler",
        "global_allocator",
        "no_mangle",
        "entry",
        "alloc_error_handler",
        "start",
        "wasm_bindgen",
    }
)
_NOT_COVERAGE: Final = (
    r"not\((?:any\()?(?:[\w,=\"]*,)?(?:coverage|coverage_nightly|tarpaulin|tarpaulin_include)\b"
)
_NOT_TOOL: Final = re.compile(r"\bnot\((?:any\()?(?:[\w,=\"]*,)?(?:clippy|rustfmt|mutants|rust_analyzer)\b")
_NOT_TEST: Final = r"\bnot\((?:all\(|any\()?(?:[\w,=\"]*,)?test\b"
_GENERATED: Final = re.compile(rb"@generated|DO NOT EDIT|[Aa]uto(?:matically|-)? ?generated", re.IGNORECASE)


@cache
def _query() -> Query:
    macros = "(macro_definition) @macro (macro_invocation) @macro"
    return Query(LANGUAGE, f"(attribute_item) @outer (inner_attribute_item) @inner {macros}")


@dataclass(frozen=True, slots=True)
class Mark:
    """One attribute of a file.

    Attributes:
        text: Without ``#[ ]``, white space folded.
        line: 1-based.
        inner: Whether it stands in what it is about (``#![ ]``).
        node: Its syntax.
    """

    text: str
    line: int
    inner: bool
    node: Node


@dataclass(frozen=True, slots=True)
class Hiding:
    """Something that keeps a tool from looking.

    Attributes:
        path: Its file.
        line: 1-based line of head; 0 where it is gone from head.
        message: What it hides.
        grave: False where it gives its reason, or where it is in tests.
    """

    path: str
    line: int
    message: str
    grave: bool


def hidings(subject: Subject, accepted: frozenset[str], reasons: bool) -> Iterator[Hiding]:
    """What the changed Rust files have that base's changed files did not have.

    Args:
        subject: The change.
        accepted: Lints that may be silenced without a reason.
        reasons: Whether a named lint may be silenced with a reason.
    """
    before = Counter(
        message
        for file in _files(subject, subject.base)
        for mark in _marks(file)
        for message, _ in _judge(mark)
    )
    levels = {file.path: _demanded(file) for file in _files(subject, subject.base)}
    for file in _files(subject, subject.head):
        tests = subject.head.test_lines(file.path)
        generated = _GENERATED.search(file.source[:600]) is not None
        for mark in _marks(file):
            for message, excusable in _judge(mark, accepted):
                if before[message] > 0:
                    before[message] -= 1
                    continue
                excused = excusable and reasons and _has_reason(mark, file)
                harmless = mark.line in tests and excusable
                yield Hiding(
                    file.path, mark.line, message, not (excused or harmless or (generated and excusable))
                )
        now = _demanded(file)
        for lint, (rank, _) in sorted(levels.get(file.path, {}).items()):
            if lint not in now:
                yield Hiding(file.path, 0, f"`{lint}` is not demanded any more", True)
            elif now[lint][0] < rank:
                message = f"`{lint}` is demanded less strictly: `{now[lint][1]}` in place of `{_NAMES[rank]}`"
                line = next((m.line for m in _marks(file) if m.inner and lint in m.text), 0)
                yield Hiding(file.path, line, message, True)


def judged_environment(subject: Subject, path: str) -> Iterator[tuple[int, str]]:
    """Where a file asks who runs it: by a variable, by ``cfg!(test)`` or by ``cfg!(coverage)``."""
    file = subject.head.rust(path)
    for use in uses(file.root):
        if use.kind == "macro" and use.name == "cfg" and use.arguments is not None:
            predicate = node_text(use.arguments)
            if re.search(r"\btest\b", predicate) or _JUDGING_CFG.search(predicate):
                yield use.line, f"`cfg!{predicate}` makes the code another one where it is judged"
        elif name := _variable(use):
            yield use.line, f"the code asks for the environment variable {name}, which says who runs it"


def _files(subject: Subject, tree: SourceTree | None) -> Iterator[RustFile]:
    if tree is None:
        return
    gone = FileStatus.DELETED if tree is subject.head else FileStatus.ADDED
    for path, changed in sorted(subject.change.files.items()):
        if changed.status != gone and path in tree.rust_paths:
            yield tree.rust(path)


def _marks(file: RustFile) -> Iterator[Mark]:
    captures = QueryCursor(_query()).captures(file.root)
    written = captures.pop("macro", [])
    nodes = [(node, kind == "inner") for kind, found in captures.items() for node in found]
    for node, inner in sorted(nodes, key=lambda pair: pair[0].start_byte):
        attribute = children_of(node, "attribute")
        text = _without_comments(attribute[0] if attribute else node)
        yield Mark(text, node.start_point.row + 1, inner, node)
    seen: set[int] = set()
    for node in written:
        yield from (mark for mark in _written_by_macros(node) if mark.node.id not in seen)
        seen |= {below.id for below in descend(node)}


def _written_by_macros(macro: Node) -> Iterator[Mark]:
    """Attributes among a macro's tokens, as far as they silence whole groups of lints; others are details."""
    for node in descend(macro):
        before = node.prev_sibling
        if node.type != "token_tree" or before is None or node_text(before) != "#":
            continue
        text = _without_comments(node).removeprefix("[").removesuffix("]").strip()
        lints = {"".join(part.split()) for part in split_arguments(argument_text(text))}
        if attribute_name(text) in ("allow", "expect") and lints & _BLANKET:
            yield Mark(text, node.start_point.row + 1, False, node)


def _judge(mark: Mark, accepted: frozenset[str] = frozenset()) -> Iterator[tuple[str, bool]]:
    """What an attribute hides, with whether a reason can excuse it."""
    texts = [mark.text]
    if attribute_name(mark.text) == "cfg_attr":
        condition, *texts = split_arguments(argument_text(mark.text))
        if condition.strip() == "not(test)" and [text.strip() for text in texts] == ["no_std"]:
            return
    for text in texts:
        name = attribute_name(text)
        if name in ("allow", "expect"):
            lints = [part for part in split_arguments(argument_text(text)) if part and "=" not in part]
            for lint in lints:
                lint = "".join(lint.split())
                if lint in accepted:
                    continue
                blanket = lint in _BLANKET
                yield (
                    f"`#[{name}({lint})]` silences {'a whole group of lints' if blanket else 'a lint'}",
                    not blanket,
                )
        elif name in _HIDING and not (name == "coverage" and "off" not in text):
            yield f"`#[{text}]` {_HIDING[name]}", True
        elif name == "cfg":
            yield from _conditional(mark, argument_text(text))


def _conditional(mark: Mark, predicate: str) -> Iterator[tuple[str, bool]]:
    plain = "".join(predicate.split())
    if re.search(
        r"not\((?:any\()?(?:[\w,=\"]*,)?(?:coverage|coverage_nightly|tarpaulin|tarpaulin_include)\b", plain
    ):
        yield f"`#[cfg({predicate})]` takes the code out of the coverage", True
    elif _NOT_TOOL.search(plain):
        yield f"`#[cfg({predicate})]`: tools see other code than what is built", False
    elif re.search(_NOT_TEST, plain) and not _is_single(mark):
        yield f"`#[cfg({predicate})]`: tests do not see this code", False


def _is_single(mark: Mark) -> bool:
    """Whether what follows cannot be in a test build, or only says what something is called."""
    sibling = mark.node.next_sibling
    while sibling is not None and ("comment" in sibling.type or sibling.type == "attribute_item"):
        if attribute_name(node_text(sibling)[2:-1]).rsplit("::", 1)[-1] in _SINGLE:
            return True
        sibling = sibling.next_sibling
    before = mark.node.prev_sibling
    while before is not None and before.type == "attribute_item":
        if attribute_name(node_text(before)[2:-1]).rsplit("::", 1)[-1] in _SINGLE:
            return True
        before = before.prev_sibling
    return mark.inner or (
        sibling is not None and sibling.type in ("use_declaration", "extern_crate_declaration")
    )


def _demanded(file: RustFile) -> dict[str, tuple[int, str]]:
    """The lints that a file's inner attributes demand, with the strictest level's rank and name."""
    found: dict[str, tuple[int, str]] = {}
    for text in file.inner_attributes:
        level = attribute_name(text)
        if level in _NAMES:
            rank = _NAMES.index(level)
            for part in split_arguments(argument_text(text)):
                lint = "".join(part.split())
                if lint and "=" not in lint:
                    found[lint] = max(found.get(lint, (0, "")), (rank, level))
    return found


def _has_reason(mark: Mark, file: RustFile) -> bool:
    """Whether an attribute gives a ``reason``, or a comment stands beside it or right above it."""
    if re.search(r'\breason\s*=\s*"[^"]{4,}', mark.text):
        return True
    end = mark.node.end_point.row + 1
    return any(
        comment.doc is None
        and len(comment.text.split()) > 1
        and (mark.line <= comment.line <= end or comment.end_line == mark.line - 1)
        for comment in file.comments
    )


def _without_comments(node: Node) -> str:
    text = node_text(node)
    return " ".join(leaf_texts(node) if "//" in text or "/*" in text else text.split())


def _variable(use: Use) -> str | None:
    """The variable that a call asks for, where it is one that tells who runs the code."""
    if use.name not in ("var", "var_os", "option_env", "env") or use.arguments is None:
        return None
    if use.kind == "function" and "env" not in use.path and use.path not in ("var", "var_os"):
        return None
    found = re.match(r'^[({\[]\s*"([^"]*)"', node_text(use.arguments))
    return found[1] if found and _JUDGED_BY.match(found[1]) else None
