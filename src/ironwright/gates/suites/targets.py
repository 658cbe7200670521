"""Says from the manifests and the ``mod`` declarations alone which Rust files a plain test run compiles."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ironwright.gates.rust.conditions import Built, conditions
from ironwright.gates.rust.modules import declarations, declares_modules
from ironwright.records.manifest import dependency_manifests

if TYPE_CHECKING:
    from ironwright.gates.rust.items import Item
    from ironwright.gates.subject import SourceTree

_INCLUDE = re.compile(rb'\binclude!\s*[\(\[{]\s*"([^"]+\.rs)"')
_INNER_MOD = re.compile(r"\bmod\s+(?:r#)?(\w+)\s*;")
# The kinds of targets with the folder that cargo looks for them in, and whether `cargo test` runs them.
_KINDS = (
    ("bin", "src/bin", True),
    ("test", "tests", True),
    ("example", "examples", False),
    ("bench", "benches", False),
)


@dataclass(frozen=True, slots=True)
class Root:
    """The root file of one target, with what a test run makes of it.

    Attributes:
        path: The file, relative to the repository's root.
        built: Whether a plain test run builds it and runs its tests by Rust's harness.
        why: Why it does not, for people; empty where it does.
    """

    path: str
    built: Built
    why: str


class TestTargets:
    """Which files of a tree a plain test run compiles with their tests.

    Args:
        tree: The tree.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree

    def features(self, path: str) -> frozenset[str]:
        """The features that a plain test run enables in the package of a file."""
        folder = posixpath.dirname(path)
        while True:
            if folder in self._manifests:
                return default_features(self._manifests[folder])
            if not folder:
                return frozenset()
            folder = posixpath.dirname(folder)

    @cached_property
    def files(self) -> Mapping[str, Built]:
        """The files that belong to a target, with whether a plain test run compiles them."""
        found: dict[str, Built] = {}
        todo = [(root.path, root.built) for root in self.roots]
        while todo:
            path, built = todo.pop()
            if found.get(path, Built.NO) >= built and path in found:
                continue
            found[path] = built
            features = self.features(path)
            todo += [(target, min(built, state)) for target, state in self._edges(path, features)]
        return found

    @cached_property
    def roots(self) -> tuple[Root, ...]:
        """The root files of all targets of all packages that exist."""
        return tuple(
            root
            for folder, data in self._manifests.items()
            for root in _roots(folder, data, self._tree.paths, self._is_member(folder))
            if root.path in self._tree.paths
        )

    def why_not(self, path: str) -> str:
        """Why a plain test run leaves a target's root file out; empty where nothing is known of it."""
        return next((root.why for root in self.roots if root.path == path and root.why), "")

    @cached_property
    def without_doctests(self) -> Mapping[str, str]:
        """The libraries' root files whose manifest turns documentation tests off, with that manifest."""
        return {
            root: posixpath.join(folder, "Cargo.toml")
            for folder, data in self._manifests.items()
            if (library := _table(data, "lib")).get("doctest") is False
            and (root := _joined(folder, _text(library, "path", "src/lib.rs"))) in self._tree.paths
        }

    @cached_property
    def _manifests(self) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for path in dependency_manifests(self._tree.paths):
            try:
                data = tomllib.loads(self._tree.read(path).decode("utf-8", "replace"))
            except tomllib.TOMLDecodeError:
                continue  # cargo refuses the whole workspace, which compile_errors reports
            found[posixpath.dirname(path)] = data
        return found

    def _is_member(self, folder: str) -> bool:
        """Whether the workspace above a package, if there is one, takes it in."""
        above = posixpath.dirname(folder)
        while folder:
            data = self._manifests.get(above)
            if data is not None and "workspace" in data:
                return self._takes_in(above, data, folder)
            if not above:
                return True
            above = posixpath.dirname(above)
        return True

    def _takes_in(self, root: str, data: Mapping[str, Any], folder: str) -> bool:
        workspace, inside = _table(data, "workspace"), posixpath.relpath(folder, root or ".")
        if any(inside == name.rstrip("/") for name in _strings(workspace, "exclude")):
            return False
        patterns = [posixpath.normpath(name) for name in _strings(workspace, "members")]
        if any(fnmatchcase(inside, name) and inside.count("/") == name.count("/") for name in patterns):
            return True
        # What a member depends on by path is a member too; a package with a workspace of its own is not.
        depended = {
            _joined(owner, path)
            for owner, other in self._manifests.items()
            for path in _path_dependencies(other)
        }
        return folder in depended or "workspace" in self._manifests[folder]

    def _edges(self, path: str, features: frozenset[str]) -> Iterator[tuple[str, Built]]:
        source = self._tree.read(path)
        declares, includes = declares_modules(source), _INCLUDE.findall(source)
        for name in includes:
            target = _joined(posixpath.dirname(path), name.decode("utf-8", "replace"))
            if target in self._tree.paths:
                yield target, Built.YES
        if not declares:
            return
        own = conditions(self._tree.rust(path).inner_attributes, features)
        for target, item in declarations(self._tree, path):
            yield target, min(own, enclosing(item, features))
        for item in self._tree.rust(path).items:
            if item.kind == "macro_call":
                # `cfg_if! { mod unix; }` and its like: which branch is taken is not known here.
                for name in _INNER_MOD.findall((item.node.text or b"").decode("utf-8", "replace")):
                    yield from ((found, own) for found in self._beside(path, name))

    def _beside(self, path: str, name: str) -> Iterator[str]:
        folder, file = posixpath.split(path)
        for base in (folder, posixpath.join(folder, file.removesuffix(".rs"))):
            for found in (posixpath.join(base, f"{name}.rs"), posixpath.join(base, name, "mod.rs")):
                if found in self._tree.paths:
                    yield found


def enclosing(item: Item, features: frozenset[str]) -> Built:
    """What the ``cfg`` attributes of an item and of everything around it in its file say together."""
    found = conditions(item.attributes, features)
    return found if item.parent is None else min(found, enclosing(item.parent, features))


def default_features(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The features that a manifest enables by default, with what they enable."""
    features = _table(manifest, "features")
    found: set[str] = set()
    todo = ["default"]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [other for other in _strings(features, name) if "/" not in other and ":" not in other]
    return frozenset(found)


def _roots(folder: str, data: Mapping[str, Any], paths: frozenset[str], member: bool) -> Iterator[Root]:
    package = _table(data, "package")
    if not package:
        return
    enabled = default_features(data)
    library = _table(data, "lib")
    yield _root(_joined(folder, _text(library, "path", "src/lib.rs")), library, True, enabled, member)
    for kind, place, tested in _KINDS:
        listed = data.get(kind)
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        named = set()
        for entry in entries:
            for path in _places(folder, place, entry):
                named.add(path)
                yield _root(path, entry, tested, enabled, member)
        automatic = package.get(f"auto{'benches' if kind == 'bench' else kind + 's'}", True) is not False
        found = _found(_joined(folder, place), paths)
        if kind == "bin":
            found = [*found, _joined(folder, "src/main.rs")]
        for path in found:
            if path in named:
                continue
            if automatic:
                yield _root(path, {}, tested, enabled, member)
            else:
                yield Root(path, Built.NO, f"`auto{kind}s = false` and no `[[{kind}]]` names it")


def _root(path: str, entry: Mapping[str, Any], tested: bool, features: frozenset[str], member: bool) -> Root:
    if not member:
        return Root(path, Built.NO, "its package is no member of the workspace")
    if entry.get("test", tested) is False:
        return Root(path, Built.NO, "`test = false` turns the target off" if tested else "")
    if entry.get("harness", True) is False:
        return Root(path, Built.NO, "`harness = false`: nothing runs its `#[test]` functions")
    if lacking := [name for name in _strings(entry, "required-features") if name not in features]:
        return Root(
            path, Built.NO, f"`required-features` wants {', '.join(lacking)}, which is off by default"
        )
    return Root(path, Built.YES, "")


def _places(folder: str, place: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    if isinstance(entry.get("path"), str):
        return (_joined(folder, entry["path"]),)
    name = _text(entry, "name", "")
    usual = [f"{place}/{name}.rs", f"{place}/{name}/main.rs"]
    if place == "src/bin":
        usual.append("src/main.rs")
    return tuple(_joined(folder, path) for path in usual)


def _found(folder: str, paths: frozenset[str]) -> list[str]:
    prefix = folder + "/"
    inside = [path[len(prefix) :] for path in paths if path.startswith(prefix)]
    return [
        prefix + path
        for path in sorted(inside)
        if (path.endswith(".rs") and "/" not in path) or (path.count("/") == 1 and path.endswith("/main.rs"))
    ]


def _path_dependencies(data: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
        for value in _table(data, kind).values():
            if isinstance(value, dict) and isinstance(value.get("path"), str):
                yield value["path"]


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _text(data: Mapping[str, Any], name: str, default: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) else default


def _strings(data: Mapping[str, Any], name: str) -> list[str]:
    found = data.get(name)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
