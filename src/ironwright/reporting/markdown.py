"""Reports as Markdown, fit for a pull request's comment."""

from __future__ import annotations

from collections.abc import Sequence

from ironwright.records.report import AttemptSummary, CheckReport, HandoffSummary, Opinion, RunReport
from ironwright.records.verdict import Status, Verdict
from ironwright.reporting import figures
from ironwright.reporting.untrusted import markdown_code, markdown_text

_MARKS = {Status.PASS: "✅ PASS", Status.FAIL: "❌ FAIL", Status.UNKNOWN: "❔ UNKNOWN"}


def check_as_markdown(report: CheckReport) -> str:
    """A check's report as a Markdown document with a level-2 heading; every finding is in it."""
    lines = [
        f"## {_MARKS[report.status]}: {markdown_text(report.contract)}",
        "",
        f"{markdown_code(figures.change_label(report))}, {figures.summary(report)}, "
        f"{figures.duration(report.seconds)}.",
        "",
        *_check_lines(report),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def run_as_markdown(report: RunReport) -> str:
    """A run's report as a Markdown document with a level-1 heading."""
    lines = [
        f"# {report.outcome.value.capitalize()}: {markdown_text(report.task)}",
        "",
        f"{markdown_text(report.reason)}.".replace("..", "."),
        "",
    ]
    for question in report.questions:
        lines.append(f"> **Question:** {markdown_text(question.get('question', ''))}")
        if question.get("assumed"):
            lines.append(f"> Assumed meanwhile: {markdown_text(question['assumed'])}")
        lines.append("")
    lines += [
        "| | |",
        "|---|---|",
        f"| run | {markdown_code(report.run_id)} |",
        f"| agent | {markdown_code(report.agent)}: {markdown_text(report.route_reason)} |",
        f"| branch | {markdown_code(report.branch)}{'' if report.head else ' (nothing delivered)'} |",
        f"| base | {markdown_code(figures.commit(report.base))} |",
        *(
            f"| commit | {markdown_code(figures.commit(commit))} {markdown_text(subject)} |"
            for commit, subject in report.commits
        ),
        f"| cost | {figures.dollars(report.usage.dollars)}, {figures.tokens(report.usage)} |",
        f"| time | {figures.duration(report.seconds)} |",
        f"| journal | {markdown_code(report.journal)} |",
        "",
    ]
    for attempt in report.attempts:
        lines += _attempt_lines(attempt)
    lines += _opinion_lines(report.opinions)
    lines += [f"- {markdown_text(note)}" for note in report.notes]
    return "\n".join(lines).rstrip("\n") + "\n"


def _opinion_lines(opinions: Sequence[Opinion]) -> list[str]:
    """What a reviewer thinks, apart from the verdicts and said to be none."""
    if not opinions:
        return []
    lines = [
        f"## Opinions of {markdown_text(opinions[0].model)}",
        "",
        "A model's words on what no gate checks. They are no verdicts and decided nothing.",
        "",
        "| clause | opinion | why |",
        "|---|---|---|",
    ]
    for opinion in opinions:
        clause = f"{markdown_code(opinion.place)} {markdown_text(opinion.clause)}"
        lines.append(f"| {clause} | {opinion.answer} | {markdown_text(opinion.why)} |")
    return [*lines, ""]


def _check_lines(report: CheckReport) -> list[str]:
    lines: list[str] = []
    if report.verdicts:
        lines += ["| gate | verdict | why | time |", "|---|---|---|---:|"]
        lines += [_verdict_row(verdict) for verdict in report.verdicts]
        lines.append("")
    for verdict in report.verdicts:
        if verdict.findings:
            lines += [f"### {markdown_code(verdict.gate)}{_remark_words(verdict)}", ""]
            for finding in verdict.findings:
                where = f"{markdown_code(figures.place(finding))}: " if finding.path else ""
                advice = f" *{markdown_text(finding.advice)}*" if finding.advice else ""
                lines.append(f"- {where}{markdown_text(finding.message)}{advice}")
            lines.append("")
    lines += [f"- {markdown_text(note)}" for note in report.notes]
    if report.notes:
        lines.append("")
    return lines


def _verdict_row(verdict: Verdict) -> str:
    strength = "" if verdict.strength == "hard" else f" ({verdict.strength})"
    time = "cached" if verdict.cached else figures.duration(verdict.seconds)
    return (
        f"| {markdown_code(verdict.gate)} | {_MARKS[verdict.status]}{strength} "
        f"| {markdown_text(verdict.reason)} | {time} |"
    )


def _remark_words(verdict: Verdict) -> str:
    return " (remarks, no refusal)" if verdict.status is Status.PASS else ""


def _attempt_lines(attempt: AttemptSummary) -> list[str]:
    lines = [
        f"## Attempt {attempt.number}: {markdown_text(attempt.agent)} with {markdown_text(attempt.model)}",
        "",
        f"{attempt.stopped}; {figures.tokens(attempt.usage)}, {figures.dollars(attempt.usage.dollars)}, "
        f"{figures.duration(attempt.seconds)}.",
        "",
    ]
    if attempt.summary.strip():
        lines += ["The agent's own words (no evidence):", "", f"> {markdown_text(attempt.summary)}", ""]
    if attempt.handoffs:
        lines += ["Handed to others:", "", *_handoff_lines(attempt.handoffs, 0), ""]
    if attempt.check is None:
        return [*lines, "The gates did not run for this attempt.", ""]
    heading = f"{_MARKS[attempt.check.status]}: {figures.summary(attempt.check)}."
    return [*lines, heading, "", *_check_lines(attempt.check)]


def _handoff_lines(handoffs: Sequence[HandoffSummary], depth: int) -> list[str]:
    """The tree below an attempt: who was asked, what came of it, what it cost with all below it."""
    lines: list[str] = []
    for handoff in handoffs:
        model = f" with {markdown_text(handoff.model)}" if handoff.model else ""
        lines.append(
            f"{'  ' * depth}- {markdown_text(handoff.agent)}{model}: {handoff.outcome or 'under way'}, "
            f"{figures.dollars(handoff.usage.dollars)}, {figures.tokens(handoff.usage)}; "
            f"{markdown_text(figures.shortened(handoff.asked))}"
        )
        for attempt in handoff.attempts:
            lines += _handoff_lines(attempt.handoffs, depth + 1)
    return lines
