"""Reads a file's imports: which full path each of its names stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from ironwright.gates.rust.items import node_text
from ironwright.gates.rust.syntax import RustFile


def imported_names(file: RustFile) -> Mapping[str, str]:
    """The names that a file's ``use`` declarations bring in, with their full paths.

    Glob imports and what other files re-export are not known. Where two modules of a file import a name
    differently, the name is left out, for which one is meant is not told here.
    """
    found: dict[str, str] = {}
    doubtful: set[str] = set()
    for item in file.items:
        if item.kind != "use":
            continue
        argument = item.node.child_by_field_name("argument")
        for name, path in _leaves(argument, "") if argument is not None else ():
            if found.setdefault(name, path) != path:
                doubtful.add(name)
    return {name: path for name, path in found.items() if name not in doubtful}


def _leaves(node: Node, prefix: str) -> Iterator[tuple[str, str]]:
    if node.type == "use_as_clause":
        path, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
        if path is not None and alias is not None:
            yield node_text(alias), prefix + _plain(path)
    elif node.type == "scoped_use_list":
        path, listed = node.child_by_field_name("path"), node.child_by_field_name("list")
        if listed is not None:
            yield from _leaves(listed, f"{prefix}{_plain(path)}::" if path is not None else prefix)
    elif node.type == "use_list":
        for child in node.named_children:
            yield from _leaves(child, prefix)
    elif node.type == "self":
        path_text = prefix.removesuffix("::")
        yield path_text.rsplit("::", 1)[-1], path_text
    elif node.type in ("identifier", "scoped_identifier", "crate"):
        path_text = prefix + _plain(node)
        yield path_text.rsplit("::", 1)[-1], path_text


def _plain(node: Node) -> str:
    return "".join(node_text(node).split()).removeprefix("::")
