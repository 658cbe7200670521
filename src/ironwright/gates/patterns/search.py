"""Looks for a rule's pattern in the files of a tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ironwright.gates.api import Unknown
from ironwright.gates.path_patterns import matches_any
from ironwright.gates.patterns.rules import Rule, read_rule
from ironwright.gates.rust.modules import library_files

if TYPE_CHECKING:
    from ironwright.gates.rust.syntax import RustFile
    from ironwright.gates.subject import SourceTree

LARGEST_FILE = 2 << 20
"""Bytes; a larger file is data, and a team's expression could run over it for hours."""

_DEPENDENCY = r"^\s*(?:\[(?:.*\.)?[\w-]*dependencies\.\"?{name}\"?\]|\"?{name}\"?\s*(?:=|\.\s*[\w-]+\s*=))"


def read_rules(texts: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of a parameter.

    Raises:
        Unknown: One cannot be read.
    """
    try:
        return tuple(read_rule(text) for text in texts)
    except ValueError as error:
        raise Unknown(f"a rule cannot be read: {error}; correct it in ironwright.toml or the lock") from error


def files_of(rule: Rule, tree: SourceTree) -> tuple[str, ...]:
    """The paths that a rule is about, in order."""
    library = library_files(tree) if rule.library else frozenset()
    chosen = []
    for path in sorted(tree.paths):
        manifest = rule.kind == "crate" and path.rpartition("/")[2] == "Cargo.toml"
        if rule.globs and not manifest and not matches_any(path, rule.globs):
            continue
        if path.startswith("target/") or (rule.paths and not matches_any(path, rule.paths)):
            continue
        if matches_any(path, rule.leaving_out) or (rule.library and not manifest and path not in library):
            continue
        if not rule.tests and path in tree.test_files:
            continue
        chosen.append(path)
    return tuple(chosen)


def places(rule: Rule, tree: SourceTree, path: str) -> Iterator[int]:
    """The 1-based lines of a file on which a rule's pattern begins, in order, each once.

    Raises:
        Unknown: A Rust file was not understood by the parser where its syntax is asked for.
    """
    source = tree.read(path)
    if len(source) > LARGEST_FILE or b"\0" in source[:8192]:
        return
    skipped: frozenset[int] = frozenset()
    if rule.is_rust and path.endswith(".rs"):
        file = tree.rust(path)
        if not rule.tests:
            skipped = tree.test_lines(path)
        found = _in_rust(rule, file)
    else:
        found = _in_text(rule, source.decode("utf-8", "replace"))
        if path.endswith(".rs") and not rule.tests:
            skipped = tree.test_lines(path)
    yield from (line for line in sorted(set(found)) if line not in skipped)


def unreadable(rule: Rule, tree: SourceTree, path: str) -> bool:
    """Whether a rule asks for syntax in a file that the parser did not understand."""
    return rule.kind == "query" and path.endswith(".rs") and bool(tree.rust(path).error_lines)


def _in_text(rule: Rule, text: str) -> Iterator[int]:
    expression = _expression(rule)
    if rule.start:
        text = text.removeprefix("\ufeff")
        if expression.match(text):
            yield 1
        return
    for found in expression.finditer(text):
        yield text.count("\n", 0, found.start()) + 1


def _expression(rule: Rule) -> re.Pattern[str]:
    if rule.kind == "regex":
        return re.compile(rule.pattern, re.MULTILINE)
    if rule.kind == "crate":
        name = re.escape(rule.pattern).replace(r"\-", "_").replace("_", "[-_]")
        return re.compile(_DEPENDENCY.replace("{name}", name), re.MULTILINE)
    return re.compile(re.escape(rule.pattern))


def _in_rust(rule: Rule, file: RustFile) -> Iterator[int]:
    if rule.kind == "query":
        from tree_sitter import Query, QueryCursor

        from ironwright.gates.rust.syntax import LANGUAGE

        captures: Mapping[str, list] = QueryCursor(Query(LANGUAGE, rule.pattern)).captures(file.root)  # type: ignore[type-arg]
        for nodes in captures.values():
            yield from (node.start_point.row + 1 for node in nodes)
        return
    from ironwright.gates.rust.tokens import find_pattern, pattern_tokens, tokens_of

    name = rule.pattern.replace("-", "_")
    if rule.kind == "crate":
        if name.encode() not in file.source:
            return
        tokens = tokens_of(file.root)
        texts = [token.text for token in tokens]
        for position, token in enumerate(tokens):
            if token.text == name and _is_crate(texts, position):
                yield token.line
        return
    wanted = pattern_tokens(rule.pattern)
    longest = max((piece for piece in wanted if piece != "…"), key=len, default="")
    if longest.encode() in file.source:
        yield from (token.line for token in find_pattern(tokens_of(file.root), wanted))


def _is_crate(texts: Sequence[str], position: int) -> bool:
    """Whether a name stands where only a crate (or a macro of the crate's name) can stand."""
    after, before = texts[position + 1 : position + 3], texts[max(0, position - 2) : position]
    if before == [":", ":"]:
        inner = texts[position - 3] if position >= 3 else ""
        return not (inner.isidentifier() and inner not in ("use", "pub")) and inner != ">"
    if after == [":", ":"] or before[-1:] in (["use"], ["crate"]):
        return True
    return after[:1] == ["!"] and after[1:2] in (["{"], ["("], ["["])


@lru_cache(maxsize=64)
def shown(rule: Rule) -> str:
    """A rule's pattern in words for a finding."""
    return f"`{rule.pattern}`"
