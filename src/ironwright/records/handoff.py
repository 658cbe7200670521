"""A handoff: what was found, what was tried, what is asked, of whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Handoff:
    """A structured delegation from one agent to another.

    Attributes:
        id: The call that asks for it, or ``words`` where the agent's last words do.
        agent: Who is asked.
        finding: What was found.
        attempted: What was tried, and what came of it.
        suspicion: What the asking agent suspects.
        question: What is asked for.
        files: The files that matter, relative to the repository.
    """

    id: str
    agent: str
    finding: str
    attempted: str = ""
    suspicion: str = ""
    question: str = ""
    files: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The handoff as JSON data."""
        return {
            "id": self.id,
            "agent": self.agent,
            "finding": self.finding,
            "attempted": self.attempted,
            "suspicion": self.suspicion,
            "question": self.question,
            "files": list(self.files),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Handoff:
        """Read back what :meth:`as_json` wrote."""
        return cls(**{**data, "files": tuple(data["files"])})

    @property
    def brief(self) -> str:
        """The handoff as the asked agent reads it; what was not said is left out."""
        parts = (
            ("Finding", self.finding),
            ("Attempted", self.attempted),
            ("Suspicion", self.suspicion),
            ("Question", self.question),
            ("Files", ", ".join(self.files)),
        )
        return "\n\n".join(f"{name}: {text.strip()}" for name, text in parts if text.strip())
