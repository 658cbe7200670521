"""What a gate answers: verdict, findings and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """A gate's answer. UNKNOWN never counts as a pass."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where.

    Attributes:
        path: File relative to the repository's root, or None when it concerns the whole change.
        line: 1-based line in the head version of the file, or None.
        message: What is wrong, in one sentence.
        advice: What to do; empty when the message says it.
    """

    path: str | None
    line: int | None
    message: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON data; ``advice`` only where there is one."""
        data: dict[str, Any] = {"path": self.path, "line": self.line, "message": self.message}
        if self.advice:
            data["advice"] = self.advice
        return data


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on: a command's exit code, a tool's artefact, or a measure.

    Attributes:
        kind: ``command``, ``artefact``, ``measure`` or ``journal``.
        summary: One line for people.
        data: The same as data: for a command ``argv``, ``exit_code``, ``seconds``; for a measure
            ``name``, ``value``, ``unit``; for an artefact ``path``, ``sha256``.
    """

    kind: str
    summary: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The evidence as JSON data."""
        return {"kind": self.kind, "summary": self.summary, **self.data}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One gate's verdict on one change.

    Attributes:
        gate: The gate's id.
        status: PASS, FAIL or UNKNOWN.
        reason: One sentence; for UNKNOWN it says why and what would make it known.
        findings: What is wrong; empty for PASS unless the gate has remarks.
        evidence: What the verdict rests on.
        seconds: Wall time that this gate took itself (shared work is charged to the first that needs it).
        cached: Whether the verdict was taken from an earlier check of the same content.
        strength: ``hard`` (counts) or ``soft`` (shown, does not refuse).
    """

    gate: str
    status: Status
    reason: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    seconds: float = 0.0
    cached: bool = False
    strength: str = "hard"

    def as_json(self) -> dict[str, Any]:
        """The verdict in the documented JSON shape of ``ironwright check``."""
        return {
            "id": self.gate,
            "verdict": self.status.value,
            "reason": self.reason,
            "findings": [finding.as_json() for finding in self.findings],
            "evidence": [item.as_json() for item in self.evidence],
            "seconds": round(self.seconds, 3),
            "cached": self.cached,
            "strength": self.strength,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        """Read back what :meth:`as_json` wrote."""
        evidence = tuple(
            Evidence(
                item["kind"],
                item["summary"],
                {key: value for key, value in item.items() if key not in ("kind", "summary")},
            )
            for item in data["evidence"]
        )
        findings = tuple(
            Finding(item["path"], item["line"], item["message"], item.get("advice", ""))
            for item in data["findings"]
        )
        return cls(
            gate=data["id"],
            status=Status(data["verdict"]),
            reason=data["reason"],
            findings=findings,
            evidence=evidence,
            seconds=data["seconds"],
            cached=data["cached"],
            strength=data.get("strength", "hard"),
        )


def overall(verdicts: Iterable[Verdict]) -> Status:
    """The verdict of a whole check: FAIL before UNKNOWN before PASS, over the hard gates only.

    No hard gate at all is UNKNOWN: nothing was proved.
    """
    hard = [verdict.status for verdict in verdicts if verdict.strength == "hard"]
    if Status.FAIL in hard:
        return Status.FAIL
    if Status.UNKNOWN in hard or not hard:
        return Status.UNKNOWN
    return Status.PASS
