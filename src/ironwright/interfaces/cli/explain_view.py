"""A decision on where a run starts, as text with its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ironwright.interfaces.cli.stats_view import bar
from ironwright.reporting import figures
from ironwright.reporting.canvas import Canvas, Screen
from ironwright.reporting.untrusted import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ironwright.workflow.decision import Decision
    from ironwright.workflow.start import Explanation

_BAR = 8


def explanation_as_text(found: Explanation, screen: Screen) -> str:
    """Who would begin, what is expected of whom, and in which order they would try."""
    canvas = Canvas(screen)
    plan, decision = found.plan, found.decision
    model = f" with {plan.model}" if plan.model else ""
    canvas.line((printable(f"{plan.agent.name}{model}"), "bold"), " would begin; nothing was started")
    canvas.line(printable(plan.route_reason))
    if decision is None:
        canvas.line("There is nothing to decide: no model that is paid for works in this run.")
    else:
        _numbers(canvas, decision)
        if decision.reason not in plan.route_reason:
            canvas.line(printable(decision.reason))
    for note in plan.notes:
        canvas.line((f"note: {printable(note)}", "dim"))
    return canvas.result()


def _numbers(canvas: Canvas, decision: Decision) -> None:
    canvas.blank()
    limit = "no limit" if decision.max_usd is None else f"a limit of {figures.dollars(decision.max_usd)}"
    worth = figures.dollars(decision.worth)
    canvas.line(
        f"task of the kind {decision.kind.value}; a proved result is worth {worth}; {limit}; "
        f"{figures.count(decision.earlier, 'failed attempt')} in earlier runs"
    )
    rows: list[list[RenderableType]] = []
    for option in decision.options:
        belief = option.belief
        low, high = belief.interval
        each = None if belief.dollars is None else belief.dollars / belief.solves
        seen = f"{belief.tried} of {belief.model_tried}" if belief.model_tried else "prior only"
        rows.append(
            [
                canvas.text(f"{printable(option.candidate.agent)}\n{printable(option.candidate.model)}"),
                canvas.text((bar(belief.solves, _BAR), "green"), f" {belief.solves:.0%}"),
                canvas.text((f"{low:.0%}–{high:.0%}", "dim")),
                canvas.text("unknown" if belief.dollars is None else figures.dollars(belief.dollars)),
                canvas.text("unknown" if each is None else figures.dollars(each)),
                canvas.text(seen),
                canvas.text("yes" if not option.lacking else f"after {option.lacking}"),
            ]
        )
    canvas.table(
        [
            ("who", {"overflow": "fold"}),
            ("proves", {"no_wrap": True}),
            ("90 %", {"no_wrap": True}),
            ("$ a try", {"no_wrap": True, "justify": "right"}),
            ("$ a result", {"no_wrap": True, "justify": "right"}),
            ("own tries", {"no_wrap": True}),
            ("may begin", {"no_wrap": True}),
        ],
        rows,
    )
    _ladder(canvas, decision)


def _ladder(canvas: Canvas, decision: Decision) -> None:
    ladder = decision.ladder
    if ladder is None or not ladder.rungs:
        return
    for number, rung in enumerate(ladder.rungs, start=1):
        reached = "" if number == 1 else f", reached in {rung.reached:.0%} of such tasks"
        canvas.line(
            f"{number}. {printable(rung.choice)}: proves {rung.estimate.solves:.0%} "
            f"for {figures.dollars(rung.estimate.dollars)}{reached}",
            indent=2,
        )
    canvas.line(
        f"together: {ladder.proved:.0%} proved for {figures.dollars(ladder.dollars)} expected, "
        f"{figures.dollars(ladder.dollars_each)} each",
        indent=2,
    )
    canvas.blank()
