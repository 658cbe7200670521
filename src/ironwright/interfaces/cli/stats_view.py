"""The statistics of runs as text with small charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ironwright.reporting import figures
from ironwright.reporting.canvas import Canvas, Screen
from ironwright.reporting.untrusted import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ironwright.workflow.learning import Lesson
    from ironwright.workflow.statistics import Share, Statistics

_BAR = 20
_MONTHS = 12
_GATES = 12


def statistics_as_text(found: Statistics, place: str, screen: Screen) -> str:
    """What was tried, what was proved, what it cost, what was refused.

    Args:
        found: The statistics.
        place: Of which repositories they are, in words.
        screen: What the text is for.
    """
    canvas = Canvas(screen)
    canvas.line(
        (f"{figures.count(found.runs, 'run')} {place}", "bold"),
        f": {found.delivered} delivered, {found.escalated} escalated, {_money(found)}; "
        f"{figures.count(found.turns, 'turn')}, {found.tokens_in:,} tokens in, {found.tokens_out:,} out",
    )
    _choices(canvas, "who worked", found.choices)
    _choices(canvas, "kind of task", found.kinds)
    _gates(canvas, found)
    _months(canvas, found)
    canvas.blank()
    canvas.line(("The bars are shares of tries whose work was proved, with the 90 % interval.", "dim"))
    return canvas.result()


def lessons_as_text(lessons: Sequence[Lesson], screen: Screen) -> str:
    """What recurs, each with the note that it would become."""
    canvas = Canvas(screen)
    for lesson in lessons:
        canvas.line((lesson.id, "bold"), f"  {printable(lesson.note().text)}")
        canvas.line(
            (f"{figures.count(lesson.times, 'finding')}, last in run {printable(lesson.runs[-1])}", "dim"),
            indent=10,
        )
    return canvas.result()


def bar(share: float, width: int = _BAR) -> str:
    """A share from 0 to 1 as a bar; what is more than nothing shows at least one block."""
    filled = max(round(share * width), 1 if share > 0 else 0)
    return "█" * filled + "░" * (width - filled)


def _money(found: Statistics) -> str:
    paid = f"{figures.dollars(found.dollars)} paid"
    if not found.unpriced:
        return paid
    return f"{paid} (and {figures.count(found.unpriced, 'attempt')} of unknown price)"


def _choices(canvas: Canvas, heading: str, shares: Sequence[Share]) -> None:
    if not shares:
        return
    canvas.blank()
    rows: list[list[RenderableType]] = []
    for share in shares:
        low, high = share.interval
        mean = share.proved / share.tried if share.tried else 0.0
        each = "" if share.dollars_each is None else figures.dollars(share.dollars_each)
        rows.append(
            [
                canvas.text(printable(share.name)),
                canvas.text(f"{share.proved} of {share.tried}"),
                canvas.text((bar(mean), "green")),
                canvas.text((f"{low:.0%}–{high:.0%}" if share.tried else "", "dim")),
                canvas.text(figures.dollars(share.dollars / share.priced) if share.priced else ""),
                canvas.text(each),
            ]
        )
    canvas.table(
        [
            (heading, {"overflow": "fold", "ratio": 1}),
            ("proved", {"no_wrap": True, "justify": "right"}),
            ("", {"no_wrap": True}),
            ("90 %", {"no_wrap": True}),
            ("$ a try", {"no_wrap": True, "justify": "right"}),
            ("$ a result", {"no_wrap": True, "justify": "right"}),
        ],
        rows,
    )


def _gates(canvas: Canvas, found: Statistics) -> None:
    refusing = [gate for gate in found.gates if gate.failed or gate.unknown]
    if not refusing:
        return
    canvas.blank()
    rows: list[list[RenderableType]] = [
        [
            canvas.text(printable(gate.gate)),
            canvas.text(f"{gate.failed} of {gate.judged}"),
            canvas.text((bar(gate.failed / gate.judged), "red")),
            canvas.text(str(gate.findings)),
            canvas.text(str(gate.unknown) if gate.unknown else ""),
        ]
        for gate in refusing[:_GATES]
    ]
    canvas.table(
        [
            ("gate", {"no_wrap": True}),
            ("refused", {"no_wrap": True, "justify": "right"}),
            ("", {"no_wrap": True}),
            ("findings", {"no_wrap": True, "justify": "right"}),
            ("could not tell", {"no_wrap": True, "justify": "right"}),
        ],
        rows,
    )
    if len(refusing) > _GATES:
        canvas.line((f"{len(refusing) - _GATES} more; `--format json` has them all", "dim"))


def _months(canvas: Canvas, found: Statistics) -> None:
    months = found.months[-_MONTHS:]
    if len(months) < 2:
        return
    canvas.blank()
    most = max(runs for _, runs, _, _ in months)
    rows: list[list[RenderableType]] = [
        [
            canvas.text(month),
            canvas.text(f"{delivered} of {runs}"),
            canvas.text((bar(runs / most), "cyan")),
            canvas.text(figures.dollars(dollars)),
        ]
        for month, runs, delivered, dollars in months
    ]
    canvas.table(
        [
            ("month", {"no_wrap": True}),
            ("delivered", {"no_wrap": True, "justify": "right"}),
            ("runs", {"no_wrap": True}),
            ("paid", {"no_wrap": True, "justify": "right"}),
        ],
        rows,
    )
