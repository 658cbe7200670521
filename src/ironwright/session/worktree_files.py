"""Reads and writes files of the worktree for the agent, without ever leaving it through a link."""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_MAX_LINKS = 40
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a file or folder.

    Attributes:
        path: Its path as the agent sees it.
        is_dir: Whether it is a folder, links followed.
        size: Bytes of a file; None for a folder.
    """

    path: str
    is_dir: bool
    size: int | None


class WorktreeFiles:
    """The files below one folder, by the absolute paths at which the agent sees them.

    What runs in the sandbox may plant links that lead anywhere; this code runs outside. So links are
    followed by hand inside the folder, and files are opened component by component without following any.

    Args:
        root: The folder on this machine.
        seen_at: The absolute path at which the agent sees it.
    """

    def __init__(self, root: Path, seen_at: str) -> None:
        self._root = root.resolve()
        self.seen_at = posixpath.normpath(seen_at)

    def real(self, path: str) -> str:
        """The path with links followed, as the agent would see it; missing parts stay as written.

        Raises:
            OSError: Links form a loop.
        """
        pending = [part for part in path.split("/") if part][::-1]
        current = "/"
        links = 0
        while pending:
            part = pending.pop()
            if part == ".":
                continue
            if part == "..":
                current = posixpath.dirname(current)
                continue
            candidate = posixpath.join(current, part)
            target = self._link(candidate)
            if target is None:
                current = candidate
                continue
            links += 1
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if target.startswith("/"):
                current = "/"
            pending.extend(piece for piece in reversed(target.split("/")) if piece)
        return current

    def read(self, path: str) -> bytes:
        """A file's bytes.

        Raises:
            OSError: It is missing, a folder, no regular file, or outside the worktree.
        """
        with self._folder_of(self.real(path)) as (folder, name):
            file = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        with open(file, "rb") as stream:
            mode = os.fstat(file).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            if not stat.S_ISREG(mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            return stream.read()

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file, with the folders that it needs.

        Raises:
            OSError: A folder or something else than a file is there, or it is outside the worktree.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._folder_of(self.real(path), make=True) as (folder, name):
            file = os.open(name, flags, 0o644, dir_fd=folder)
        with open(file, "wb") as stream:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            stream.truncate(0)
            stream.write(data)

    def stat(self, path: str) -> Entry:
        """What is known of a file or folder, links followed.

        Raises:
            OSError: It is missing or outside the worktree.
        """
        real = self.real(path)
        if real == self.seen_at:
            return Entry(path, True, None)
        with self._folder_of(real) as (folder, name):
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        is_dir = stat.S_ISDIR(info.st_mode)
        return Entry(path, is_dir, None if is_dir else info.st_size)

    def list(self, path: str) -> list[Entry]:
        """The entries of a folder by name.

        Raises:
            OSError: It is missing, no folder, or outside the worktree.
        """
        with self._opened(self.real(path)) as folder:
            names = sorted(os.listdir(folder))  # noqa: PTH208  (a descriptor, not a path)
        entries = []
        for name in names:
            child = posixpath.join(path, name)
            try:
                entries.append(self.stat(child))
            except OSError:  # a broken link, or one that leads out: it is listed, and no more is known
                entries.append(Entry(child, False, None))
        return entries

    def make_folder(self, path: str) -> None:
        """Make a folder with the ones above it.

        Raises:
            OSError: A file is in the way, or it is outside the worktree.
        """
        with self._opened(self.real(path), make=True):
            pass

    def remove(self, path: str) -> None:
        """Remove a file, a link itself, or a folder with its contents.

        Raises:
            OSError: It is missing or outside the worktree.
            ValueError: It is the worktree itself or above it.
        """
        parent, name = posixpath.split(posixpath.normpath(path))
        real = posixpath.join(self.real(parent), name)
        if real == self.seen_at or self.seen_at.startswith(real.rstrip("/") + "/"):
            raise ValueError("the worktree itself cannot be removed")
        with self._folder_of(real) as (folder, last):
            if stat.S_ISDIR(os.stat(last, dir_fd=folder, follow_symlinks=False).st_mode):
                shutil.rmtree(last, dir_fd=folder)
            else:
                os.unlink(last, dir_fd=folder)

    def relative(self, path: str) -> str | None:
        """The path below the worktree with links followed; None when it is outside, empty for the top."""
        real = self.real(path)
        if real == self.seen_at:
            return ""
        prefix = self.seen_at.rstrip("/") + "/"
        return real[len(prefix) :] if real.startswith(prefix) else None

    def _link(self, path: str) -> str | None:
        """Where a link inside the worktree leads; None for anything else."""
        prefix = self.seen_at.rstrip("/") + "/"
        if not path.startswith(prefix):
            return None
        try:
            return str((self._root / path[len(prefix) :]).readlink())
        except OSError:
            return None  # no link, or nothing there

    @contextmanager
    def _folder_of(self, real: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        parent, name = posixpath.split(real)
        if not name or real == self.seen_at:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), real)
        with self._opened(parent, make=make) as folder:
            yield folder, name

    @contextmanager
    def _opened(self, real: str, *, make: bool = False) -> Iterator[int]:
        """The folder at a path without links, opened component by component."""
        prefix = self.seen_at.rstrip("/") + "/"
        if real != self.seen_at and not real.startswith(prefix):
            raise PermissionError(errno.EACCES, "outside the worktree", real)
        folder = os.open(self._root, _DIRECTORY)
        try:
            for part in real[len(prefix) :].split("/") if real != self.seen_at else ():
                if make:
                    with suppress(FileExistsError):  # opening it says whether it is a folder
                        os.mkdir(part, dir_fd=folder)
                inner = os.open(part, _DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)
