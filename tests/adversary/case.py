"""What one change of the collection is: a base crate, what the change writes, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ironwright.records.journal import EventKind

Tree = dict[str, str | bytes]
"""Contents by path."""

Step = Callable[[Tree], None]
"""Edits a tree in place."""

Events = tuple[tuple[EventKind, Mapping[str, Any]], ...]


class Kind(StrEnum):
    """What a change is: it makes a tool lie, it cheats otherwise, or it is honest."""

    FORGERY = "forgery"
    CHEAT = "cheat"
    HONEST = "honest"


@dataclass(frozen=True)
class Change:
    """One change of the collection.

    Attributes:
        id: Its name: what is special about it.
        crate: The base crate's name.
        kind: What it is; everything but an honest change must be refused.
        family: What kind of trick or of work it is.
        commits: The steps of each commit, with the commit's message.
        gates: For a refused change: at least one of these must not pass. Another gate's refusal is luck.
            For an honest one: gates that may rightly answer UNKNOWN.
        before: Steps that are part of the base.
        journal: What a run that made it would have recorded; None for a change without a run.
    """

    id: str
    crate: str
    kind: Kind
    family: str
    commits: tuple[tuple[str, tuple[Step, ...]], ...]
    gates: tuple[str, ...] = ()
    before: tuple[Step, ...] = ()
    journal: Events | None = None


class Family:
    """Collects the changes of one file under one family's name.

    Args:
        name: The family.
        kind: The kind of all its changes.
    """

    def __init__(self, name: str, kind: Kind) -> None:
        self.name = name
        self.kind = kind
        self.changes: list[Change] = []

    def __call__(
        self,
        id: str,
        crate: str,
        *steps: Step,
        gates: Sequence[str] = (),
        before: Sequence[Step] = (),
        message: str = "Change the crate",
        commits: Sequence[tuple[str, Sequence[Step]]] = (),
        journal: Events | None = None,
    ) -> None:
        """Add a change of one commit (``steps``) or of several (``commits``)."""
        made = tuple((text, tuple(each)) for text, each in commits) or ((message, steps),)
        self.changes.append(
            Change(id, crate, self.kind, self.name, made, tuple(gates), tuple(before), journal)
        )


def write(path: str, content: str | bytes) -> Step:
    """Make or replace a file."""

    def step(tree: Tree) -> None:
        tree[path] = content

    return step


def remove(path: str) -> Step:
    """Remove a file."""

    def step(tree: Tree) -> None:
        del tree[path]

    return step


def move(old: str, new: str) -> Step:
    """Move a file."""

    def step(tree: Tree) -> None:
        tree[new] = tree.pop(old)

    return step


def swap(path: str, old: str, new: str) -> Step:
    """Replace the one place of a file that says ``old``."""

    def step(tree: Tree) -> None:
        text = _text(tree, path)
        if text.count(old) != 1:
            raise ValueError(f"{path} has {text.count(old)} places that say {old!r}")
        tree[path] = text.replace(old, new)

    return step


def top(path: str, text: str) -> Step:
    """Put text before everything else of a file."""

    def step(tree: Tree) -> None:
        tree[path] = text + _text(tree, path)

    return step


def end(path: str, text: str) -> Step:
    """Put text behind everything else of a file, made where there is none."""

    def step(tree: Tree) -> None:
        tree[path] = (_text(tree, path) if path in tree else "") + text

    return step


def code(path: str, text: str) -> Step:
    """Put items before the ``#[cfg(test)]`` of a file, or at its end where it has none."""

    def step(tree: Tree) -> None:
        before, mark, after = _text(tree, path).partition("#[cfg(test)]")
        tree[path] = f"{before}{text.strip()}\n\n{mark}{after}" if mark else f"{before}\n{text.strip()}\n"

    return step


def test(path: str, text: str) -> Step:
    """Put items at the end of a file's ``mod tests``, which must be the last thing in it."""

    def step(tree: Tree) -> None:
        body = _text(tree, path).rstrip()
        if not body.endswith("}"):
            raise ValueError(f"{path} does not end with a module")
        shifted = "\n".join(f"    {line}" if line else "" for line in text.strip().split("\n"))
        tree[path] = f"{body[:-1].rstrip()}\n\n{shifted}\n}}\n"

    return step


test.__test__ = False  # type: ignore[attr-defined]  # not a test of ours, whatever pytest thinks


def _text(tree: Tree, path: str) -> str:
    content = tree[path]
    if not isinstance(content, str):
        raise TypeError(f"{path} is no text")
    return content
