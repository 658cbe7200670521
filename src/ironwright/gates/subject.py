"""What a gate is given: the change, its two trees, the journal, and cargo's answers, found once each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ironwright.records.change import Change, Commit
from ironwright.records.config import Config
from ironwright.records.journal import Event

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.rust.syntax import RustFile

Progress = Callable[[str], None]


class Tree(Protocol):
    """The files of one commit."""

    @property
    def paths(self) -> frozenset[str]:
        """Every file's path, relative to the root, with ``/``; no links, no submodules."""
        ...

    def read(self, path: str) -> bytes:
        """A file's bytes.

        Raises:
            KeyError: There is no such file.
        """
        ...


class OverlaidTree:
    """A tree with some files replaced (bytes) or left out (None)."""

    def __init__(self, tree: Tree, changes: Mapping[str, bytes | None]) -> None:
        self._tree = tree
        self._changes = changes

    @property
    def paths(self) -> frozenset[str]:
        """Every file's path."""
        gone = {path for path, content in self._changes.items() if content is None}
        return (self._tree.paths | self._changes.keys()) - gone

    def read(self, path: str) -> bytes:
        """A file's bytes; KeyError where there is none."""
        if path not in self._changes:
            return self._tree.read(path)
        content = self._changes[path]
        if content is None:
            raise KeyError(path)
        return content


class SourceTree:
    """A tree whose Rust files are parsed at most once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._parsed: dict[str, RustFile] = {}

    @property
    def paths(self) -> frozenset[str]:
        """Every file's path."""
        return self._tree.paths

    @cached_property
    def rust_paths(self) -> tuple[str, ...]:
        """The ``.rs`` files in order of path, build output left out."""
        return tuple(sorted(p for p in self._tree.paths if p.endswith(".rs") and not p.startswith("target/")))

    def read(self, path: str) -> bytes:
        """A file's bytes; KeyError where there is none."""
        return self._tree.read(path)

    def rust(self, path: str) -> RustFile:
        """A Rust file, parsed; KeyError where there is none."""
        if path not in self._parsed:
            from ironwright.gates.rust.syntax import parse_rust

            self._parsed[path] = parse_rust(path, self._tree.read(path))
        return self._parsed[path]

    @cached_property
    def test_files(self) -> frozenset[str]:
        """The Rust files that hold nothing but test code, also those that another file declares so."""
        from ironwright.gates.rust.modules import find_test_files

        return find_test_files(self)

    def test_lines(self, path: str) -> frozenset[int]:
        """A Rust file's 1-based lines of test code; KeyError where there is no such file."""
        file = self.rust(path)
        return frozenset(range(1, file.line_count + 1)) if path in self.test_files else file.test_lines


def _silent(_message: str) -> None:
    return


def _no_commits() -> tuple[Commit, ...]:
    return ()


def _no_trees(tree: str, path: str) -> bytes | None:
    from ironwright.gates.api import Unknown

    raise Unknown(f"the tree {tree[:12]} that the journal names cannot be read here")


@dataclass(frozen=True)
class Subject:
    """A change with everything that gates may ask about it.

    Attributes:
        change: What is judged.
        head: The head tree.
        base: The base tree; None where everything is new.
        config: The user's settings.
        make_cargo: Makes cargo's answers about the head tree on first use.
        make_mixed: Makes cargo's answers about another tree: the head or base tree (``"head"``, ``"base"``)
            or that of any commit or tree of the repository (its id), with some files replaced (bytes) or
            left out (None). The first argument names the purpose, one slot of the cache each.
        journal: The run's events, or None where the change was not made by a run.
        progress: Told what is being done, for people.
        read_at: A file's bytes in any tree that the journal names (a tree's id, a path), or None where that
            tree has no such file; raises ``Unknown`` where there is no such tree.
        make_commits: Reads the commits that the change consists of.
    """

    change: Change
    head: SourceTree
    base: SourceTree | None
    config: Config
    make_cargo: Callable[[], CargoFacts]
    make_mixed: Callable[[str, str, Mapping[str, bytes | None]], CargoFacts]
    journal: tuple[Event, ...] | None = None
    progress: Progress = field(default=_silent)
    read_at: Callable[[str, str], bytes | None] = field(default=_no_trees)
    make_commits: Callable[[], tuple[Commit, ...]] = field(default=_no_commits)

    @cached_property
    def commits(self) -> tuple[Commit, ...]:
        """The commits that head has and base has not, oldest first; none for uncommitted work."""
        return self.make_commits()

    @cached_property
    def cargo(self) -> CargoFacts:
        """Cargo's answers about the head tree, each found at most once, in the sandbox."""
        return self.make_cargo()
