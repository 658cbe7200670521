"""Follows ``mod`` declarations through a tree: which file belongs to what, and which are test code only."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.items import Item
from ironwright.gates.rust.syntax import is_test_path
from ironwright.records.manifest import dependency_manifests

if TYPE_CHECKING:
    from ironwright.gates.subject import SourceTree

# Only files with such a declaration have to be parsed to follow modules; most files have none.
_DECLARES = re.compile(rb"\bmod\s+(?:r#)?\w+\s*;")
_INNER_CFG = re.compile(rb"#!\s*\[\s*cfg\b")
_ROOT_NAMES = frozenset({"mod.rs", "lib.rs", "main.rs", "build.rs"})
_PATH = re.compile(r'path\s*=\s*"([^"]+)"')


def find_test_files(tree: SourceTree) -> frozenset[str]:
    """The Rust files that are compiled for tests only.

    These are the files under a package's ``tests/`` and ``benches/``, files with ``#![cfg(test)]``, and what
    is declared as a module only by such files or under ``#[cfg(test)]``.
    """
    declared = {path: tuple(declared_modules(tree, path)) for path in tree.rust_paths}
    shipped = {target for found in declared.values() for target, in_test in found if not in_test}
    tests: set[str] = {path for path in tree.rust_paths if is_test_path(path)}
    marked = (path for path in tree.rust_paths if _INNER_CFG.search(tree.read(path)))
    tests |= {path for path in marked if tree.rust(path).is_test_file}
    tests |= {target for found in declared.values() for target, in_test in found if in_test} - shipped
    todo = list(tests)
    while todo:
        for target, _in_test in declared.get(todo.pop(), ()):
            others = [
                owner for owner, found in declared.items() if owner not in tests and (target, False) in found
            ]
            if target not in tests and not others:
                tests.add(target)
                todo.append(target)
    return frozenset(tests)


def declared_modules(tree: SourceTree, path: str) -> Iterator[tuple[str, bool]]:
    """The files that a file's ``mod x;`` declarations name, with whether only test builds have them."""
    for target, item in declarations(tree, path):
        yield target, item.in_test


def declarations(tree: SourceTree, path: str) -> Iterator[tuple[str, Item]]:
    """The files that a file's ``mod x;`` declarations name, with the declarations."""
    if not declares_modules(tree.read(path)):
        return
    for item in tree.rust(path).items:
        if item.kind == "mod" and item.body is None:
            for target in _targets(path, item):
                if target in tree.paths:
                    yield target, item


def declares_modules(source: bytes) -> bool:
    """Whether a file's text seems to hold a ``mod x;``."""
    return _DECLARES.search(source) is not None


def reachable_files(tree: SourceTree, root: str) -> frozenset[str]:
    """The files that belong to the target whose root file is ``root``, test-only modules left out."""
    found, todo = {root}, [root]
    while todo:
        for target, in_test in declared_modules(tree, todo.pop()):
            if not in_test and target not in found:
                found.add(target)
                todo.append(target)
    return frozenset(found)


def _targets(path: str, item: Item) -> tuple[str, ...]:
    """Where the compiler looks for the file of a ``mod x;``."""
    folder, name = posixpath.split(path)
    inline = item.path[:-1]
    explicit = next((value for text in item.attributes if (value := _path_attribute(text))), None)
    own = posixpath.join(folder, name.removesuffix(".rs"))
    # A target's root file may have any name (src/bin/x.rs, tests/x.rs): its modules stand beside it.
    bases = (folder,) if name in _ROOT_NAMES else (own, folder)
    if explicit is not None:
        starts = bases if inline else (folder,)
        return tuple(posixpath.normpath(posixpath.join(base, *inline, explicit)) for base in starts)
    found = []
    for base in bases:
        stem = posixpath.join(base, *inline, item.name)
        found += [f"{stem}.rs", f"{stem}/mod.rs"]
    return tuple(found)


def _path_attribute(attribute: str) -> str | None:
    if attribute_name(attribute) not in ("path", "cfg_attr"):
        return None
    found = _PATH.search(attribute)
    return found[1] if found else None


def library_files(tree: SourceTree) -> frozenset[str]:
    """The Rust files that belong to the library target of a package.

    These are what ``mod`` declarations reach from the library's root (``[lib] path``, else
    ``src/lib.rs``), and files under its folder that nothing reaches (a macro may declare them), unless
    they look like another target's (``main.rs``, ``bin/``). A package without a library has none.
    """
    found: set[str] = set()
    for manifest in dependency_manifests(tree.paths):
        package = posixpath.dirname(manifest)
        root = posixpath.normpath(posixpath.join(package, _library_path(tree.read(manifest))))
        if root not in tree.paths:
            continue
        found |= reachable_files(tree, root)
        folder = posixpath.dirname(root)
        mains = [posixpath.join(folder, "main.rs")]
        mains += [path for path in tree.rust_paths if path.startswith(posixpath.join(folder, "bin") + "/")]
        others = {path for main in mains if main in tree.paths for path in reachable_files(tree, main)}
        beside = {path for path in tree.rust_paths if folder and path.startswith(folder + "/")}
        found |= beside - others - tree.test_files
    return frozenset(found)


def _library_path(manifest: bytes) -> str:
    try:
        data = tomllib.loads(manifest.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return "src/lib.rs"  # what a broken manifest would say is cargo's to report
    library = data.get("lib")
    path = library.get("path") if isinstance(library, dict) else None
    return path if isinstance(path, str) else "src/lib.rs"
