"""What any check or lint found, as one flat list that the formats of other programs are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ironwright.records.definition import LintFinding, Severity
from ironwright.records.report import CheckReport
from ironwright.records.verdict import Finding, Status, Verdict


class Level(StrEnum):
    """How much a diagnostic matters; the values are SARIF's."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, and where.

    Attributes:
        rule: The gate's or lint rule's id.
        level: How much it matters.
        message: What is wrong, and what to do.
        path: The file, relative to the root or absolute; None where it is about the whole.
        line: 1-based line, or None.
    """

    rule: str
    level: Level
    message: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Everything that was found.

    Attributes:
        items: What is wrong, in order.
        rules: Id of each rule that was asked, with one sentence on what it refuses.
        untold: What could not be told, and why: rule and reason.
    """

    items: tuple[Diagnostic, ...]
    rules: Mapping[str, str]
    untold: tuple[tuple[str, str], ...] = ()


_LINT_LEVELS = {Severity.ERROR: Level.ERROR, Severity.WARNING: Level.WARNING, Severity.INFO: Level.NOTE}


def lint_diagnostics(findings: Iterable[LintFinding]) -> Diagnostics:
    """The findings of a lint."""
    items = tuple(
        Diagnostic(
            item.rule, _LINT_LEVELS[item.severity], _told(item.message, item.advice), item.path, item.line
        )
        for item in findings
    )
    return Diagnostics(items, {item.rule: item.rule.replace("-", " ") for item in items})


def check_diagnostics(report: CheckReport) -> Diagnostics:
    """The findings of a check's gates.

    Findings of a gate that failed are errors (warnings where the gate is soft), those of one that passed are
    notes. A gate that failed without a finding is one diagnostic without a place; one that could not tell
    is no diagnostic but stands in ``untold``.
    """
    items: list[Diagnostic] = []
    for verdict in report.verdicts:
        if verdict.status is Status.FAIL and not verdict.findings:
            items.append(Diagnostic(verdict.gate, _level(verdict), verdict.reason))
        items.extend(_of_gate(verdict, finding) for finding in verdict.findings)
    untold = tuple((item.gate, item.reason) for item in report.verdicts if item.status is Status.UNKNOWN)
    return Diagnostics(
        tuple(items), {item.gate: item.gate.replace("_", " ") for item in report.verdicts}, untold
    )


def _level(verdict: Verdict) -> Level:
    if verdict.status is not Status.FAIL:
        return Level.NOTE
    return Level.ERROR if verdict.strength == "hard" else Level.WARNING


def _of_gate(verdict: Verdict, finding: Finding) -> Diagnostic:
    message = _told(finding.message, finding.advice)
    return Diagnostic(verdict.gate, _level(verdict), message, finding.path, finding.line)


def _told(message: str, advice: str) -> str:
    end = "" if message.endswith((".", "!", "?", ":")) else "."
    return f"{message}{end} {advice}".rstrip() if advice else message
