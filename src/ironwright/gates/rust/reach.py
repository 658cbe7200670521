"""Which names of a tree its tests reach: what tests name, what that names in turn, and so on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from ironwright.gates.rust.items import Item, node_text
from ironwright.gates.rust.syntax import parse_rust
from ironwright.gates.rust.tokens import tokens_of

if TYPE_CHECKING:
    from ironwright.gates.rust.syntax import RustFile
    from ironwright.gates.subject import SourceTree

_FENCE = re.compile(r"^\s*(?:```|~~~)([^\n]*)\n(.*?)^\s*(?:```|~~~)", re.DOTALL | re.MULTILINE)
_NOT_RUN = re.compile(r"\b(?:ignore|no_run|compile_fail|text|sh|bash|console|toml|json|plain|txt|none)\b")
_NAME = re.compile(r"[^\W\d]\w*")
# What starts the program under test: then its `main` is reached.
_STARTS = frozenset({"cargo_bin", "cargo_bin_cmd", "CargoBuild"})
_STARTS_TEXT = re.compile(rb"CARGO_BIN_EXE_")


def reached_names(tree: SourceTree) -> frozenset[str]:
    """Every name that tests, benches, examples in documentation and what they call mention.

    Names stand for all that bear them, so more counts as reached than is: a name that is missing here is
    mentioned by no test, however indirectly.
    """
    mentions: dict[str, set[str]] = defaultdict(set)
    start: set[str] = set()
    for path in tree.rust_paths:
        file = tree.rust(path)
        whole = path in tree.test_files or "examples" in path.split("/")[:-1]
        start |= _by_tests(file, whole=whole)
        for name, named in _by_items(file):
            mentions[name] |= named
    reached, todo = set(start), list(start)
    while todo:
        new = mentions.get(todo.pop(), set()) - reached
        reached |= new
        todo += new
    return frozenset(reached)


def _by_tests(file: RustFile, *, whole: bool) -> set[str]:
    if whole:
        found = _names(file.root)
    else:
        found = {name for item in file.items if item.in_test for name in _names(item.node)}
    if found & _STARTS or (whole and _STARTS_TEXT.search(file.source)):
        found.add("main")
    docs = [file.doc, *(item.doc for item in file.items)]
    return found | {name for doc in docs if doc for name in _in_examples(doc)}


def _in_examples(doc: str) -> Iterator[str]:
    """The names in a documentation's examples that rustdoc runs, hidden lines included."""
    for kind, text in _FENCE.findall(doc):
        if not _NOT_RUN.search(kind):
            code = re.sub(r"^(\s*)#(?= |$)", r"\1", text, flags=re.MULTILINE)
            yield from _names(parse_rust("example.rs", code.encode("utf-8", "replace")).root)


def _by_items(file: RustFile) -> Iterator[tuple[str, set[str]]]:
    """What each item mentions, under the names by which it is reached itself."""
    for item in file.items:
        if item.in_test or item.kind in ("mod", "use", "extern_crate"):
            continue
        named = _names(item.node)
        for name in _reached_by(item):
            yield name, named
        # A type's derives and attributes may call what they name (`#[serde(with = "x")]`).
        quoted = {name for text in item.attributes for name in _NAME.findall(text)}
        yield item.name.rsplit("::", 1)[-1], quoted


def _reached_by(item: Item) -> Iterable[str]:
    if item.kind == "impl":
        # Operators, conversions and loops call a trait's methods without a name: the type will do.
        if item.node.child_by_field_name("trait") is None:
            return ()
        target = item.node.child_by_field_name("type")
        return _NAME.findall(node_text(target))[:1] if target is not None else ()
    if item.in_trait_impl:
        return ()
    return (item.name.rsplit("::", 1)[-1],)


def _names(node: Node) -> set[str]:
    return {token.text.removeprefix("r#") for token in tokens_of(node) if _NAME.fullmatch(token.text)}
