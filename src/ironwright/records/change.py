"""A change: base commit, head commit, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path


class FileStatus(StrEnum):
    """How a file differs between base and head; renames are a deletion and an addition."""

    ADDED = "A"
    MODIFIED = "M"
    DELETED = "D"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs.

    Attributes:
        path: Relative to the repository's root, with ``/``.
        status: How it differs.
        added_lines: 1-based line numbers of the head version that are not in base.
        removed_lines: 1-based line numbers of the base version that are not in head.
    """

    path: str
    status: FileStatus
    added_lines: frozenset[int] = frozenset()
    removed_lines: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a change.

    Attributes:
        id: Its id (40 hex digits).
        message: Its whole message, subject and body.
        parents: How many parents it has; more than one for a merge.
    """

    id: str
    message: str
    parents: int = 1

    @property
    def subject(self) -> str:
        """The message's first line; empty where there is none."""
        return self.message.strip().partition("\n")[0].strip()


@dataclass(frozen=True)
class Change:
    """What is judged.

    Attributes:
        repository: The top of the user's checkout (or the bare repository's directory).
        base: Base commit id (40 hex digits), or None where head has no parent: everything is new.
        head: Head commit id.
        base_tree: Tree id of base, or None.
        head_tree: Tree id of head.
        base_label: What the user called it (``HEAD~3``).
        head_label: What the user called it (``WORKTREE`` for uncommitted work).
        files: The files that differ, by path.
        object_directory: Where extra git objects live that are not in the repository (an uncommitted
            tree), or None. Whoever reads git objects passes it on.
    """

    repository: Path
    base: str | None
    head: str
    base_tree: str | None
    head_tree: str
    base_label: str
    head_label: str
    files: Mapping[str, FileChange] = field(default_factory=dict)
    object_directory: Path | None = None

    @cached_property
    def live_files(self) -> tuple[FileChange, ...]:
        """The added and modified files, by path."""
        return tuple(
            self.files[path] for path in sorted(self.files) if self.files[path].status != FileStatus.DELETED
        )
