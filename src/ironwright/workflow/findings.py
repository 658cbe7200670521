"""A check's findings as the agent is told them: what is wrong, where, and what to do; nothing else."""

from __future__ import annotations

import hashlib
import json

from ironwright.records.report import CheckReport
from ironwright.records.verdict import Finding, Status, Verdict

MAX_CHARACTERS = 24_000
_MAX_FINDINGS = 40
_ORDER = {Status.FAIL: 0, Status.UNKNOWN: 1, Status.PASS: 2}


def render_findings(report: CheckReport) -> str:
    """The gates that did not pass with their findings, hard ones first, as plain text."""
    verdicts = sorted(report.verdicts, key=lambda item: (_ORDER[item.status], item.strength != "hard"))
    passed = [item.gate for item in verdicts if item.status is Status.PASS]
    parts = [f"Verdict: {report.status.value}."]
    parts += [_gate(item) for item in verdicts if item.status is not Status.PASS]
    if passed:
        parts.append(f"Passed: {', '.join(passed)}.")
    text = "\n\n".join(parts)
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:MAX_CHARACTERS]}\n[... more findings are left out; repair these first]"


def findings_digest(report: CheckReport) -> str:
    """A digest that is equal for two checks that found the same."""
    found = [
        [item.gate, item.status.value, sorted(_located(finding) for finding in item.findings)]
        for item in report.verdicts
        if item.status is not Status.PASS
    ]
    return hashlib.sha256(json.dumps(sorted(found)).encode()).hexdigest()


def _gate(verdict: Verdict) -> str:
    soft = "" if verdict.strength == "hard" else " (soft: shown, does not refuse)"
    lines = [f"{verdict.status.value} {verdict.gate}{soft}: {verdict.reason}"]
    for finding in verdict.findings[:_MAX_FINDINGS]:
        lines.append(f"- {_located(finding)}")
    left = len(verdict.findings) - _MAX_FINDINGS
    if left > 0:
        lines.append(f"- and {left} more")
    return "\n".join(lines)


def _located(finding: Finding) -> str:
    place = ""
    if finding.path is not None:
        place = f"{finding.path}:{finding.line}: " if finding.line is not None else f"{finding.path}: "
    advice = f" ({finding.advice})" if finding.advice else ""
    return f"{place}{finding.message}{advice}"
