"""The journal's events and how a journal is read and verified; it is the only source for process gates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ironwright.records.errors import RunError

SCHEMA_VERSION = 1
GENESIS = "0" * 64


class EventKind(StrEnum):
    """Everything a run records."""

    RUN_STARTED = "run_started"
    ROUTED = "routed"
    WORKTREE_READY = "worktree_ready"
    COMMAND_STARTED = "command_started"
    COMMAND_ENDED = "command_ended"
    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_ENDED = "attempt_ended"
    MODEL_REQUEST = "model_request"
    MODEL_RESPONSE = "model_response"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    GUARD_REFUSED = "guard_refused"
    DEPENDENCY_COMMAND = "dependency_command"
    CHECKED = "checked"
    QUESTION = "question"
    ANSWER = "answer"
    REMEMBERED = "remembered"
    COMMITTED = "committed"
    HANDED_OFF = "handed_off"
    HANDED_BACK = "handed_back"
    ESCALATED = "escalated"
    MECHANICAL_STARTED = "mechanical_started"
    MECHANICAL_ENDED = "mechanical_ended"
    MECHANICAL_UNDONE = "mechanical_undone"
    DELIVERED = "delivered"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    RUN_ENDED = "run_ended"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a journal.

    Attributes:
        seq: 0-based position.
        time: When, ISO 8601 in UTC.
        kind: What happened.
        data: Its details; the keys of each kind are documented where it is written.
        step: The durable step that wrote it, unique in its journal; a repeated step writes nothing twice.
        previous: Digest of the event before, ``GENESIS`` for the first.
        digest: SHA-256 (hex) over all of the above.
    """

    seq: int
    time: str
    kind: EventKind
    data: Mapping[str, Any]
    step: str
    previous: str
    digest: str

    def as_line(self) -> str:
        """The event as one JSON line, without the newline."""
        return _canonical({**_payload(self), "digest": self.digest})


def seal(seq: int, time: str, kind: EventKind, data: Mapping[str, Any], step: str, previous: str) -> Event:
    """Make an event with its digest."""
    unsealed = Event(seq, time, kind, data, step, previous, "")
    digest = hashlib.sha256(_canonical(_payload(unsealed)).encode()).hexdigest()
    return Event(seq, time, kind, data, step, previous, digest)


def read_journal(path: Path) -> tuple[Event, ...]:
    """Read and verify a journal.

    A last line without its newline was being written when the process died; it is ignored, as it was
    never acknowledged. Every other damage is an error.

    Raises:
        RunError: The file is missing, a line is no event, or the hash chain is broken.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RunError(f"the journal cannot be read ({error.strerror})", where=str(path)) from error
    events: list[Event] = []
    previous = GENESIS
    for number, line in enumerate(raw.split(b"\n")[:-1], start=1):
        event = _parse(line, path, number)
        expected = seal(event.seq, event.time, event.kind, event.data, event.step, event.previous)
        if event.seq != len(events) or event.previous != previous or event.digest != expected.digest:
            raise RunError(
                "the journal's hash chain is broken: this line or one before it was changed",
                where=f"{path}:{number}",
                advice="Do not trust this run's process evidence; start a new run.",
            )
        events.append(event)
        previous = event.digest
    return tuple(events)


def _parse(line: bytes, path: Path, number: int) -> Event:
    try:
        data = json.loads(line)
        if data["v"] != SCHEMA_VERSION:
            raise RunError(
                f"the journal has schema version {data['v']}, this program reads {SCHEMA_VERSION}",
                where=f"{path}:{number}",
                advice="Use the version of Ironwright that wrote it.",
            )
        return Event(
            data["seq"],
            data["time"],
            EventKind(data["kind"]),
            data["data"],
            data["step"],
            data["previous"],
            data["digest"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RunError("this line of the journal is no event", where=f"{path}:{number}") from error


def _payload(event: Event) -> dict[str, Any]:
    return {
        "v": SCHEMA_VERSION,
        "seq": event.seq,
        "time": event.time,
        "kind": event.kind.value,
        "data": event.data,
        "step": event.step,
        "previous": event.previous,
    }


def _canonical(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
