"""Reports as text for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ironwright.records.report import (
    AttemptSummary,
    CheckReport,
    HandoffSummary,
    Opinion,
    Outcome,
    RunReport,
)
from ironwright.records.verdict import Finding, Status, Verdict
from ironwright.reporting import figures
from ironwright.reporting.canvas import STATUS_STYLES, Canvas, Screen
from ironwright.reporting.untrusted import printable, printable_lines

FINDINGS_SHOWN = 60
"""Findings that are written out; the rest are counted, and JSON has them all."""

_SUMMARY_LINES = 12
_EARLIER_FINDINGS = 3
"""Findings of each gate that are shown of attempts before the last."""

_OUTCOMES = {
    Outcome.DELIVERED: ("DELIVERED", "bold green"),
    Outcome.REFUSED: ("REFUSED", "bold red"),
    Outcome.UNDECIDED: ("UNDECIDED", "bold yellow"),
    Outcome.WAITING: ("WAITING FOR AN ANSWER", "bold yellow"),
    Outcome.INTERRUPTED: ("INTERRUPTED", "bold yellow"),
    Outcome.FAILED: ("FAILED", "bold red"),
    Outcome.RUNNING: ("RUNNING", "bold cyan"),
}


def check_as_text(report: CheckReport, screen: Screen) -> str:
    """A check's report: the gates, the findings file by file, and the overall line last."""
    canvas = Canvas(screen)
    canvas.line(("Check ", "bold"), figures.change_label(report), ("  contract ", "dim"), report.contract)
    canvas.blank()
    _write_check(canvas, report)
    return canvas.result()


def run_as_text(report: RunReport, screen: Screen) -> str:
    """A run's report: each attempt with its gates, then what was delivered, what it cost and where it is."""
    canvas = Canvas(screen)
    canvas.line(("Run ", "bold"), report.run_id, "  ", printable(report.task))
    canvas.line(
        ("agent ", "dim"), printable(report.agent), ("  because ", "dim"), printable(report.route_reason)
    )
    for question in report.questions:
        canvas.blank()
        canvas.line(("Question: ", "bold yellow"), printable(question.get("question", "")))
        if question.get("assumed"):
            canvas.line("assumed meanwhile: ", printable(question["assumed"]), indent=2)
    for position, attempt in enumerate(report.attempts, start=1):
        canvas.blank()
        _write_attempt(canvas, attempt, last=position == len(report.attempts))
    canvas.blank()
    _write_opinions(canvas, report.opinions)
    _write_outcome(canvas, report)
    return canvas.result()


def _write_check(canvas: Canvas, report: CheckReport) -> None:
    if report.verdicts:
        _write_verdicts(canvas, report.verdicts)
    _write_findings(canvas, report.verdicts)
    for note in report.notes:
        canvas.line(("note ", "dim"), printable(note))
    if report.notes:
        canvas.blank()
    canvas.line(
        (report.status.value, STATUS_STYLES[report.status]),
        "  ",
        figures.summary(report),
        (f"  {figures.duration(report.seconds)}", "dim"),
    )


def _write_verdicts(canvas: Canvas, verdicts: Iterable[Verdict]) -> None:
    columns: list[tuple[str, dict[str, object]]] = [
        ("gate", {"no_wrap": True}),
        ("verdict", {"no_wrap": True}),
        ("why", {"overflow": "fold", "ratio": 1}),
        ("time", {"no_wrap": True, "justify": "right"}),
    ]
    canvas.table(
        columns,
        [
            [
                canvas.text(verdict.gate),
                canvas.text(
                    (verdict.status.value, STATUS_STYLES[verdict.status]),
                    ("" if verdict.strength == "hard" else f" {verdict.strength}", "dim"),
                ),
                canvas.text(printable(verdict.reason)),
                canvas.text(("cached" if verdict.cached else figures.duration(verdict.seconds), "dim")),
            ]
            for verdict in verdicts
        ],
    )
    canvas.blank()


def _write_findings(canvas: Canvas, verdicts: Iterable[Verdict]) -> None:
    """Write the findings of gates that did not pass, file by file, and count the remarks of the others."""
    verdicts = tuple(verdicts)
    open_findings = [
        (finding, verdict)
        for verdict in verdicts
        if verdict.status is not Status.PASS
        for finding in verdict.findings
    ]
    open_findings.sort(key=lambda item: (item[0].path is not None, item[0].path or "", item[0].line or 0))
    heading: str | None = ""
    for finding, verdict in open_findings[:FINDINGS_SHOWN]:
        if finding.path != heading:
            heading = finding.path
            canvas.line((printable(heading) if heading else "the change as a whole", "bold"), fold=False)
        _write_finding(canvas, finding, verdict)
    if len(open_findings) > FINDINGS_SHOWN:
        canvas.line(
            (f"… and {figures.count(len(open_findings) - FINDINGS_SHOWN, 'more finding')}; ", "yellow"),
            "--format json has them all",
            indent=2,
        )
    remarks = sum(len(verdict.findings) for verdict in verdicts if verdict.status is Status.PASS)
    if remarks:
        canvas.line(
            (f"{figures.count(remarks, 'remark')} on gates that passed; --format json has them", "dim")
        )
    if open_findings or remarks:
        canvas.blank()


def _write_finding(canvas: Canvas, finding: Finding, verdict: Verdict) -> None:
    style = "red" if verdict.status is Status.FAIL and verdict.strength == "hard" else "yellow"
    where = printable(figures.place(finding))
    # The place stands alone and unfolded at the start of its line, where terminals look for links.
    canvas.line((where + "  " if where else "", "cyan"), (verdict.gate, style), indent=2, fold=False)
    canvas.line(printable(finding.message), indent=6)
    if finding.advice:
        canvas.line(("→ ", "green"), printable(finding.advice), indent=6)


def _write_attempt(canvas: Canvas, attempt: AttemptSummary, *, last: bool) -> None:
    canvas.line(
        (f"Attempt {attempt.number} ", "bold"),
        f"{printable(attempt.agent)} with {printable(attempt.model)}, {attempt.stopped}",
        (
            f"  {figures.tokens(attempt.usage)}, {figures.dollars(attempt.usage.dollars)}, "
            f"{figures.duration(attempt.seconds)}",
            "dim",
        ),
    )
    _write_own_words(canvas, attempt.summary)
    _write_handoffs(canvas, attempt.handoffs, 2)
    if attempt.check is None:
        canvas.line(("the gates did not run for this attempt", "yellow"), indent=2)
        return
    if last:
        canvas.blank()
        _write_check(canvas, attempt.check)
        return
    status = attempt.check.status
    canvas.line((status.value, STATUS_STYLES[status]), "  ", figures.summary(attempt.check), indent=2)
    for verdict in attempt.check.verdicts:
        if verdict.status is not Status.PASS:
            canvas.line(
                (f"{verdict.status.value} ", STATUS_STYLES[verdict.status]),
                f"{verdict.gate}: {printable(verdict.reason)}",
                indent=4,
            )
            for finding in verdict.findings[:_EARLIER_FINDINGS]:
                where = printable(figures.place(finding))
                canvas.line((f"{where}  " if where else "", "cyan"), printable(finding.message), indent=6)
            more = len(verdict.findings) - _EARLIER_FINDINGS
            if more > 0:
                canvas.line((f"… and {figures.count(more, 'more finding')}", "dim"), indent=6)


def _write_handoffs(canvas: Canvas, handoffs: Sequence[HandoffSummary], indent: int) -> None:
    """The tree below an attempt: who was asked, what came of it, what it cost with all below it."""
    for handoff in handoffs:
        style = "green" if handoff.outcome in ("merged", "answered") else "yellow"
        model = f" with {printable(handoff.model)}" if handoff.model else ""
        canvas.line(
            ("→ ", "cyan"),
            f"{printable(handoff.agent)}{model} ",
            (handoff.outcome or "under way", style),
            (f"  {figures.tokens(handoff.usage)}, {figures.dollars(handoff.usage.dollars)}", "dim"),
            indent=indent,
        )
        canvas.line(printable(figures.shortened(handoff.asked)), indent=indent + 4)
        for attempt in handoff.attempts:
            _write_handoffs(canvas, attempt.handoffs, indent + 4)


def _write_own_words(canvas: Canvas, summary: str) -> None:
    lines = [line for line in printable_lines(summary) if line.strip()]
    if not lines:
        return
    canvas.line(("in the agent's own words, which are no evidence:", "dim"), indent=2)
    for line in lines[:_SUMMARY_LINES]:
        canvas.line((line, "italic"), indent=4)
    if len(lines) > _SUMMARY_LINES:
        canvas.line((f"… {figures.count(len(lines) - _SUMMARY_LINES, 'more line')}", "dim"), indent=4)


def _write_opinions(canvas: Canvas, opinions: Sequence[Opinion]) -> None:
    """What a reviewer thinks: apart from the verdicts, and never in their colours."""
    if not opinions:
        return
    canvas.line(
        ("Opinions ", "bold"),
        f"of {printable(opinions[0].model)} on what no gate checks; ",
        ("no verdicts, they decided nothing", "dim"),
    )
    for opinion in opinions:
        canvas.line((f"{opinion.answer:<8}", "magenta"), printable(opinion.clause), indent=2)
        where = f"{opinion.place}  "
        canvas.line((printable(where), "dim"), printable(opinion.why), indent=10)
    canvas.blank()


def _write_outcome(canvas: Canvas, report: RunReport) -> None:
    word, style = _OUTCOMES[report.outcome]
    canvas.line((word, style), "  ", printable(report.reason))
    rows = [
        ("branch", report.branch if report.head else f"{report.branch} (nothing delivered)"),
        ("base", figures.commit(report.base)),
        *(("commit", f"{figures.commit(commit)} {printable(subject)}") for commit, subject in report.commits),
        ("repairs", str(figures.repairs(report))),
        ("cost", f"{figures.dollars(report.usage.dollars)}  {figures.tokens(report.usage)}"),
        ("time", figures.duration(report.seconds)),
        ("journal", report.journal),
    ]
    _write_pairs(canvas, rows)
    for note in report.notes:
        canvas.line(("note ", "dim"), printable(note))


def _write_pairs(canvas: Canvas, rows: Sequence[tuple[str, str]]) -> None:
    for name, value in rows:
        canvas.line((f"{name:<8} ", "dim"), printable(value), indent=2, fold=False)
