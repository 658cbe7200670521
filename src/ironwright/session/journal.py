"""Writes a run's journal: one line an event, on the disk before what it announces, chained by digests."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ironwright.host import clock
from ironwright.records.errors import RunError, StorageError
from ironwright.records.journal import GENESIS, Event, EventKind, read_journal, seal


class JournalWriter:
    """An open journal.

    One writer has a journal at a time, in this process or any other. Methods may be called from any thread.

    Args:
        path: The journal's file; made with its folder when missing.
        now: The time of an event, ISO 8601 in UTC.

    Raises:
        RunError: Another process writes it, it is damaged, or it cannot be opened.
    """

    def __init__(self, path: Path, now: Callable[[], str] = clock.now) -> None:
        self.path = path
        self._now = now
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._synced = 0
        self._broken = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(f"the journal cannot be opened ({error.strerror})", where=str(path)) from error
        try:
            self._claim()
            self._events = list(read_journal(path))
            self._drop_half_line()
        except BaseException:
            os.close(self._file)
            raise
        self._steps = {event.step: event for event in self._events}

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event so far."""
        with self._lock:
            return tuple(self._events)

    def find(self, step: str) -> Event | None:
        """The event that a step wrote, or None."""
        with self._lock:
            return self._steps.get(step)

    def append(self, kind: EventKind, data: Mapping[str, Any], step: str, *, recorded: bool = False) -> Event:
        """Write an event, unless its step already wrote one.

        Args:
            kind: What happened.
            data: Its details, JSON data. Text that is no valid Unicode is repaired.
            step: The durable step that writes it, unique in the journal.
            recorded: The event can be written again when the run is gone through again. It survives the
                end of this process at once, and a power cut with :meth:`sync`, the next event that is not
                ``recorded``, or :meth:`close`.

        Returns:
            The event in the file: the new one, or the one that this step wrote before. Unless it is
            ``recorded``, it is on the disk, and all before it.

        Raises:
            RunError: It could not be written (a full disk); the journal is as it was.
        """
        if not step:
            raise ValueError("an event belongs to a step")
        with self._lock:
            if step in self._steps:
                return self._steps[step]
            previous = self._events[-1].digest if self._events else GENESIS
            event = seal(len(self._events), self._now(), kind, _clean(data), step, previous)
            self._write(event.as_line().encode() + b"\n", sync=not recorded)
            self._events.append(event)
            self._steps[step] = event
            if not recorded:
                self._synced = len(self._events)
            return event

    def sync(self) -> None:
        """Wait until every event so far is on the disk; others can be written meanwhile.

        Raises:
            RunError: The disk does not take them. Nothing can be written any more then, because what
                reached the disk is not known.
        """
        with self._syncing:
            with self._lock:
                self._require_whole()
                written = len(self._events)
                if written <= self._synced:
                    return
            try:
                os.fdatasync(self._file)
            except OSError as error:
                with self._lock:
                    self._broken = error.strerror or str(error)
                    self._require_whole()
            with self._lock:
                self._synced = max(self._synced, written)

    def close(self) -> None:
        """Let go of the file; the writer cannot be used any more."""
        with self._syncing, self._lock:
            with contextlib.suppress(OSError):  # what is lost then is written again when the run goes on
                os.fdatasync(self._file)
            with contextlib.suppress(OSError):
                os.close(self._file)

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _claim(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                "another process is writing this journal",
                where=str(self.path),
                advice="The run is being worked on; wait for it, or end that process first.",
            ) from error

    def _drop_half_line(self) -> None:
        """Remove a last line that a dying process left without its end: nobody was told that it is there."""
        raw = self.path.read_bytes()
        whole = raw.rfind(b"\n") + 1
        if whole != len(raw):
            os.ftruncate(self._file, whole)
            os.fsync(self._file)

    def _require_whole(self) -> None:
        """Refuse to go on after events that were written may not have reached the disk."""
        if self._broken:
            raise StorageError(
                f"the journal cannot be written ({self._broken})",
                where=str(self.path),
                advice="Check the disk, then resume the run; what the journal lost is done again.",
            )

    def _write(self, line: bytes, *, sync: bool) -> None:
        self._require_whole()
        size = os.fstat(self._file).st_size
        try:
            left = line
            while left:
                left = left[os.write(self._file, left) :]
            if sync:
                os.fdatasync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):  # the error that matters is the one that is raised
                os.ftruncate(self._file, size)
            raise StorageError(
                f"the journal cannot be written ({error.strerror})",
                where=str(self.path),
                advice="Free some space and resume the run; nothing that was finished is lost.",
            ) from error


def _clean(value: Any) -> Any:
    """The value without what JSON or UTF-8 cannot hold, so that what is read back has the same digest."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not _encodes(value) else value
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
