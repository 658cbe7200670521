"""Figures as people read them: durations, money, counts, commits, places in files."""

from __future__ import annotations

import textwrap

from ironwright.records.report import CheckReport, RunReport, Usage
from ironwright.records.verdict import Finding, Status

SHORT_COMMIT = 10
_SHORTENED = 90


def duration(seconds: float) -> str:
    """Seconds as ``0.04 s``, ``12.3 s``, ``3 min 05 s`` or ``1 h 02 min``."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def dollars(amount: float | None) -> str:
    """Money as ``$0.0042`` or ``$1.25``; ``price unknown`` where no price is known."""
    if amount is None:
        return "price unknown"
    return f"${amount:.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 gate``, ``3 gates``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def tokens(usage: Usage) -> str:
    """What was sent to and received from models, in one phrase."""
    cached = f" ({usage.cache_read_tokens:,} from cache)" if usage.cache_read_tokens else ""
    return (
        f"{count(usage.requests, 'request')}, {usage.input_tokens:,} tokens in{cached}, "
        f"{usage.output_tokens:,} out"
    )


def commit(identifier: str | None) -> str:
    """A commit id shortened for people."""
    return identifier[:SHORT_COMMIT] if identifier else "nothing"


def change_label(report: CheckReport) -> str:
    """``main..HEAD (0123456789..abcdef0123)``."""
    return (
        f"{report.base_label or 'nothing'}..{report.head_label} "
        f"({commit(report.base)}..{commit(report.head)})"
    )


def repairs(report: RunReport) -> int:
    """How often an agent was given findings of its own work to repair."""
    agents = [attempt.agent for attempt in report.attempts if attempt.usage.requests]
    return len(agents) - len(set(agents))


def shortened(text: str) -> str:
    """The beginning of a text, on one line."""
    return textwrap.shorten(text, _SHORTENED, placeholder=" …")


def place(finding: Finding) -> str:
    """``path:line``, so that terminals and editors open it; empty for the whole change."""
    if finding.path is None:
        return ""
    return finding.path if finding.line is None else f"{finding.path}:{finding.line}"


def summary(report: CheckReport) -> str:
    """One sentence on a whole check, without its time."""
    hard = [verdict for verdict in report.verdicts if verdict.strength == "hard"]
    if not hard:
        return "no gate was hard, so nothing was proved"
    parts = [
        f"{sum(verdict.status is status for verdict in hard)} {words}"
        for status, words in (
            (Status.FAIL, "failed"),
            (Status.UNKNOWN, "could not tell"),
            (Status.PASS, "passed"),
        )
        if any(verdict.status is status for verdict in hard)
    ]
    soft = [verdict for verdict in report.verdicts if verdict.strength != "hard"]
    missed = sum(verdict.status is not Status.PASS for verdict in soft)
    remark = f"; {count(missed, 'soft gate')} did not pass" if missed else ""
    if all(verdict.status is Status.PASS for verdict in hard):
        return f"{'the one gate' if len(hard) == 1 else f'all {len(hard)} gates'} passed{remark}"
    return f"{', '.join(parts)} of {count(len(hard), 'gate')}{remark}"
