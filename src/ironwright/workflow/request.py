"""What a user asks of a run, as data that is written down before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ironwright.records.errors import RunError


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A task for an agent on a repository, with its limits.

    Attributes:
        task: What is to be done, as the user wrote it.
        folder: Any folder of the repository.
        agent: An agent's name or definition file; None lets routing choose.
        model: A model's name; None takes the agent's.
        base: The revision to start from.
        repairs: How often the agent is given findings to repair; None takes the settings' number.
        max_usd: US dollars that the whole run may cost; None takes the settings' limit.
        max_turns: Model requests in the whole run; None takes the settings' limit.
        max_minutes: Minutes of work in the whole run; None takes the settings' limit.
        unattended: Nobody answers: a question is decided by the agent's stated assumption.
        sandbox: ``auto``, ``bubblewrap``, ``landlock`` or ``none``.
        recording: A recorded model's file, played instead of a real model.
        override_escalation: Why a person allows an agent for escalation although too few attempts failed
            before it; empty where nobody does.
        engine: ``native`` or ``claude-code``; empty takes the settings'.
        notes: Remarks of the caller that belong at the head of the report.
    """

    task: str
    folder: Path
    agent: str | None = None
    model: str | None = None
    base: str = "HEAD"
    repairs: int | None = None
    max_usd: float | None = None
    max_turns: int | None = None
    max_minutes: float | None = None
    unattended: bool = False
    sandbox: str = "auto"
    recording: Path | None = None
    override_escalation: str = ""
    engine: str = ""
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The request as JSON data."""
        data = asdict(self)
        data["folder"] = str(self.folder)
        data["recording"] = str(self.recording) if self.recording else None
        data["notes"] = list(self.notes)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunRequest:
        """Read back what :meth:`as_json` wrote.

        Raises:
            RunError: A key is missing or unknown.
        """
        known = {item.name for item in fields(cls)}
        data = {"override_escalation": "", "engine": "", **data}  # runs of older versions do not have it
        if isinstance(data["override_escalation"], bool):  # or only whether, not why
            data["override_escalation"] = "no reason was given" if data["override_escalation"] else ""
        if set(data) != known:
            odd = ", ".join(sorted(set(data) ^ known))
            raise RunError(f"the run's request has missing or unknown keys: {odd}")
        values = dict(data)
        values["folder"] = Path(values["folder"])
        values["recording"] = Path(values["recording"]) if values["recording"] else None
        values["notes"] = tuple(values["notes"])
        return cls(**values)
