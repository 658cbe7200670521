"""Remembers what cargo said of a checkout's manifests, for as long as nothing that it read has changed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ironwright.host.json_memory import JsonMemory

# What cargo reads to tell the packages, their targets and their dependencies. Of every other file only that
# it is there counts: targets are found by their files' names.
_READ = re.compile(r"(?:^|/)(?:Cargo\.toml|Cargo\.lock|\.cargo-checksum\.json|\.cargo/config(?:\.toml)?)$")
_VERSION = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What cargo answered about one workspace's manifests.

    Attributes:
        metadata: The output of ``cargo metadata``.
        notes: What a report should say.
        stale_lock: Cargo.lock, relative, where it did not match the manifests; None where it did.
        lock: Cargo.lock, relative, and its text, where one had to be written; None where it had not.
    """

    metadata: str
    notes: tuple[str, ...]
    stale_lock: str | None
    lock: tuple[str, str] | None


class PreparationMemory:
    """The answer about one workspace, kept in a file beside its target directories.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._memory = JsonMemory(path)

    def recall(self, key: str) -> Answer | None:
        """The answer kept under a key; None where there is none, or where it cannot be read."""
        data = self._memory.recall(key)
        try:
            metadata, notes, stale_lock, lock = cast("list[Any]", data)
            return Answer(
                metadata=str(metadata),
                notes=tuple(str(note) for note in notes),
                stale_lock=None if stale_lock is None else str(stale_lock),
                lock=None if lock is None else (str(lock[0]), str(lock[1])),
            )
        except (ValueError, TypeError, IndexError, KeyError):
            return None

    def keep(self, key: str, answer: Answer) -> None:
        """Keep an answer in place of any other."""
        self._memory.keep(key, [answer.metadata, answer.notes, answer.stale_lock, answer.lock])

    def forget(self) -> None:
        """Keep nothing: what was brought here according to it is not here any more."""
        self._memory.forget()


def manifests_key(checkout: Path, circumstances: Iterable[str]) -> str | None:
    """A digest of all that cargo's answer about the manifests of a checkout depends on.

    The content of manifests, locks and configuration counts, and of every file that it is there: a new
    file in ``tests/`` is a new target. The checkout's own ``target`` is none of it.

    Args:
        checkout: A checkout as it was laid, before a lock is written into it.
        circumstances: What else decides: the toolchain, the places, settings.

    Returns:
        The digest; None where one of the files that cargo reads is a link, so that its content is another's.
    """
    digest = hashlib.sha256(f"{_VERSION}\0".encode())
    for part in circumstances:
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0\0")
    for folder, names, files in os.walk(checkout):
        names.sort()
        here = Path(folder)
        inside = here.relative_to(checkout).as_posix()
        for name in sorted(files):
            path = name if inside == "." else f"{inside}/{name}"
            digest.update(os.fsencode(path) + b"\0")
            if _READ.search(path):
                if (here / name).is_symlink():
                    return None
                digest.update(hashlib.sha256((here / name).read_bytes()).digest())
        for name in names:  # a link to a folder is not walked into; what it leads to is another folder here
            if (here / name).is_symlink():
                digest.update(os.fsencode(f"{inside}/{name}@{(here / name).readlink()}") + b"\0")
    return digest.hexdigest()
