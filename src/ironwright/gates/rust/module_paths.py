"""Which module each file is, and which modules its code names: in imports, and by full paths."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from ironwright.gates.rust.items import Item, node_text
from ironwright.gates.rust.tokens import tokens_of

if TYPE_CHECKING:
    from ironwright.gates.rust.syntax import RustFile
    from ironwright.gates.subject import SourceTree

Path = tuple[str, ...]
"""A module's package (with ``_`` for ``-``) and its names from the outside in."""

_ROOTS = frozenset({"lib", "main", "mod"})


@dataclass(frozen=True, slots=True)
class Use:
    """One path that code names.

    Attributes:
        owner: The module in which it stands.
        target: What it names, resolved.
        line: 1-based line.
        written: The path as it reads, braces taken apart.
    """

    owner: Path
    target: Path
    line: int
    written: str


class ModulePaths:
    """The modules of a tree by the places of their files.

    Args:
        tree: The tree.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree

    @cached_property
    def _packages(self) -> dict[str, str]:
        """The packages' names by their folders."""
        found = {}
        for path in self._tree.paths:
            if path.rpartition("/")[2] != "Cargo.toml":
                continue
            try:
                data = tomllib.loads(self._tree.read(path).decode("utf-8", "replace"))
            except tomllib.TOMLDecodeError:
                continue  # cargo reports it
            package = data.get("package")
            if isinstance(package, dict) and isinstance(package.get("name"), str):
                library = data.get("lib")
                named = library.get("name") if isinstance(library, dict) else None
                found[posixpath.dirname(path)] = str(named or package["name"]).replace("-", "_")
        return found

    @cached_property
    def _files(self) -> dict[str, Path]:
        return {path: self.of(path) for path in self._tree.rust_paths}

    @cached_property
    def _modules(self) -> frozenset[Path]:
        found = set(self._files.values())
        for path in self._tree.rust_paths:
            if re.search(rb"\bmod\s+\w+\s*\{", self._tree.read(path)):
                file = self._tree.rust(path)
                found |= {self.owner(file, item) for item in file.items if item.kind == "mod"}
        return frozenset(found)

    def of(self, path: str) -> Path:
        """The module that a file is; a target's root file is its package."""
        folder = posixpath.dirname(path)
        while folder and folder not in self._packages:
            folder = posixpath.dirname(folder)
        inside = posixpath.relpath(path, folder) if folder else path
        parts = inside.removesuffix(".rs").split("/")
        if parts[0] in ("src", "tests", "examples", "benches"):
            parts = parts[1:]
        if parts and parts[-1] in _ROOTS:
            parts = parts[:-1]
        return (self._packages.get(folder, ""), *parts)

    def owner(self, file: RustFile, item: Item | None) -> Path:
        """The module of an item that is itself a module, or of a file."""
        names: list[str] = []
        while item is not None:
            if item.kind == "mod":
                names.insert(0, item.name)
            item = item.parent
        return (*self.of(file.path), *names)

    def within(self, module: Path, name: str) -> bool:
        """Whether a module is what a name means, or stands below it."""
        parts = tuple(name.split("::"))
        if module[: len(parts)] == parts:
            return True
        return module[1 : 1 + len(parts)] == parts

    def has(self, name: str) -> bool:
        """Whether a name means any module or package."""
        return any(self.within(module, name) for module in self._modules)

    def stands_in(self, path: str, name: str) -> bool:
        """Whether a file belongs to what a name means."""
        return self.within(self._files[path], name)

    def inline_in(self, file: RustFile, name: str) -> bool:
        """Whether a file holds, in braces, a module that a name means."""
        mods = (item for item in file.items if item.kind == "mod" and item.body is not None)
        return any(self.within(self.owner(file, item), name) for item in mods)

    def uses(self, file: RustFile) -> Iterator[Use]:
        """Every path that a file's code names and that leads to a module of the tree, in order."""
        mods = [item for item in file.items if item.kind == "mod" and item.body is not None]
        imports = [item for item in file.items if item.kind == "use"]
        for item in imports:
            argument = item.node.child_by_field_name("argument")
            owner = self.owner(file, item.parent)
            for names, line in _imported(argument, ()) if argument is not None else ():
                if (target := self._resolved(owner, names)) is not None:
                    yield Use(owner, target, line, "::".join(names))
        spans = [(item.start_byte, item.end_byte) for item in imports]
        spans += [(node.start_byte, node.end_byte) for node in _visibilities(file.root)]
        for names, line, start in _written(file):
            if any(first <= start < last for first, last in spans):
                continue
            around = [item for item in mods if item.start_byte <= start < item.end_byte]
            owner = self.owner(file, around[-1] if around else None)
            if (target := self._resolved(owner, names)) is not None:
                yield Use(owner, target, line, "::".join(names))

    def _resolved(self, owner: Path, names: Sequence[str]) -> Path | None:
        first, rest = names[0], list(names)
        if first == "crate":
            return (owner[0], *rest[1:])
        if first in ("self", "super"):
            here = list(owner)
            while rest and rest[0] in ("self", "super"):
                if rest.pop(0) == "super":
                    if len(here) < 2:
                        return None
                    here.pop()
            return (*here, *rest)
        if first in self._packages.values():
            return tuple(rest)
        below = (*owner, first)
        return (*owner, *rest) if below in self._modules else None


def _imported(node: Node, prefix: Path) -> Iterator[tuple[Path, int]]:
    line = node.start_point.row + 1
    if node.type == "use_as_clause":
        path = node.child_by_field_name("path")
        if path is not None:
            yield (*prefix, *_parts(path)), line
    elif node.type == "scoped_use_list":
        path, listed = node.child_by_field_name("path"), node.child_by_field_name("list")
        if listed is not None:
            yield from _imported(listed, (*prefix, *_parts(path)) if path is not None else prefix)
    elif node.type == "use_list":
        for child in node.named_children:
            yield from _imported(child, prefix)
    elif node.type == "use_wildcard":
        inner = node.named_children
        yield (*prefix, *(_parts(inner[0]) if inner else ())), line
    elif node.type == "self" and prefix:
        yield prefix, line
    elif node.type in ("identifier", "scoped_identifier", "crate", "self", "super"):
        yield (*prefix, *_parts(node)), line


def _parts(node: Node) -> Path:
    text = "".join(node_text(node).split()).removeprefix("::")
    return tuple(part.removeprefix("r#") for part in text.split("::") if part)


def _visibilities(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type == "visibility_modifier":
            yield node
        else:
            stack.extend(node.children)


def _written(file: RustFile) -> Iterator[tuple[Path, int, int]]:
    """Paths of at least two names in code and macros, with the line and byte where they begin."""
    tokens = tokens_of(file.root)
    texts = [token.text for token in tokens]
    position = 0
    while position < len(texts):
        if not re.fullmatch(r"(?:r#)?[^\W\d]\w*", texts[position]) or texts[position - 2 : position] == [
            ":",
            ":",
        ]:
            position += 1
            continue
        names, at = [texts[position].removeprefix("r#")], position + 1
        while texts[at : at + 2] == [":", ":"] and at + 2 < len(texts) and texts[at + 2].isidentifier():
            names.append(texts[at + 2])
            at += 3
        if len(names) > 1:
            yield tuple(names), tokens[position].line, tokens[position].start
        position = at
