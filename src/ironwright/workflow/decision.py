"""Where a run starts and who would follow: the expected cost of a proved result, within what prose allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ironwright.gates.failed_attempts import count_failures
from ironwright.models.price import price_of
from ironwright.models.providers import PROVIDERS
from ironwright.routing.success_estimates import Belief, Tally, believe, list_cost
from ironwright.routing.task_kind import TaskKind, task_kind
from ironwright.routing.tier_policy import WORTH, Ladder, SharedDifficulty, best_ladder


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who can work on a task.

    Attributes:
        agent: The agent.
        model: With which model, ``provider:id``.
        standard: Whose failed attempts its definition asks for; empty for anybody else's.
        minimum: How many it asks for; 0 where its definition says nothing of the kind.
    """

    agent: str
    model: str
    standard: str = ""
    minimum: int = 0

    @property
    def name(self) -> str:
        """Tells candidates apart."""
        return f"{self.agent} with {self.model}"


@dataclass(frozen=True, slots=True)
class Option:
    """A candidate with what is believed of it.

    Attributes:
        candidate: Who.
        belief: Success and cost of its first try on the task.
        lacking: How many failed attempts are still asked for before it may work.
    """

    candidate: Candidate
    belief: Belief
    lacking: int

    def as_json(self) -> dict[str, Any]:
        """The option as JSON data."""
        low, high = self.belief.interval
        return {
            "agent": self.candidate.agent,
            "model": self.candidate.model,
            "solves": round(self.belief.solves, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "dollars_a_try": _rounded(self.belief.dollars),
            "tries_seen": self.belief.tried,
            "tries_of_model_seen": self.belief.model_tried,
            "failed_attempts_lacking": self.lacking,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a run starts, with the numbers that it rests on.

    Attributes:
        kind: The kind of task.
        options: Who can work, in the order that the definitions state.
        start: Which of them begins, an index.
        reason: Why, in one or two sentences.
        ladder: Who tries in which order as the numbers have it; None where a cost is not known.
        worth: US dollars that a proved result is worth.
        max_usd: The run's limit, or None.
        earlier: How many failed attempts of earlier runs count.
    """

    kind: TaskKind
    options: tuple[Option, ...]
    start: int
    reason: str
    ladder: Ladder | None
    worth: float
    max_usd: float | None
    earlier: int

    def as_json(self) -> dict[str, Any]:
        """The decision as JSON data."""
        ladder = self.ladder
        return {
            "kind": self.kind.value,
            "start": self.options[self.start].candidate.name,
            "reason": self.reason,
            "worth": self.worth,
            "max_usd": self.max_usd,
            "earlier_failures": self.earlier,
            "options": [option.as_json() for option in self.options],
            "ladder": None
            if ladder is None
            else {
                "rungs": [
                    {
                        "choice": rung.choice,
                        "reached": round(rung.reached, 4),
                        "solves": round(rung.estimate.solves, 4),
                        "dollars": _rounded(rung.estimate.dollars),
                    }
                    for rung in ladder.rungs
                ],
                "proved": round(ladder.proved, 4),
                "dollars": _rounded(ladder.dollars),
                "dollars_each": _rounded(ladder.dollars_each),
            },
        }


def decide(
    task: str,
    candidates: Sequence[Candidate],
    tallies: Iterable[Tally],
    *,
    repairs: int,
    pinned: str = "",
    earlier: Sequence[Mapping[str, str]] = (),
    overridden: bool = False,
    worth: float | None = None,
    max_usd: float | None = None,
) -> Decision:
    """Decide who begins; nothing is asked and nothing is paid.

    Args:
        task: The task in the user's words.
        candidates: Who can work, in the order that the definitions state; at least one.
        tallies: What earlier tries came to.
        repairs: How often a try may repair; each refused repair is a failed attempt as well.
        pinned: Why the first candidate begins whatever the numbers say; empty where nobody said so.
        earlier: Failed attempts of earlier runs on the task, each with its ``agent``.
        overridden: A person allows an escalation although too few attempts failed.
        worth: US dollars that a proved result is worth; None for :data:`WORTH`.
        max_usd: The run's limit.
    """
    kind, worth = task_kind(task), WORTH if worth is None else worth
    seen = tuple(tallies)
    by_name = {candidate.name: candidate for candidate in candidates}
    failed = [item["agent"] for item in earlier]

    def lacking(candidate: Candidate, refused: Sequence[str]) -> int:
        if overridden:
            return 0
        agents = [*failed, *(by_name[name].agent for name in refused for _ in range(1 + repairs))]
        return max(0, candidate.minimum - count_failures(agents, candidate.agent, candidate.standard))

    options = tuple(
        Option(candidate, _belief(candidate, seen, kind), lacking(candidate, ()))
        for candidate in by_name.values()
    )
    ladder = None
    records = {option.candidate.name: option.belief.record() for option in options}
    known = {name: record for name, record in records.items() if record is not None}
    if len(known) == len(records):
        ladder = best_ladder(
            SharedDifficulty(known),
            dict.fromkeys(known, 1),
            worth=worth,
            may_follow=lambda name, refused: lacking(by_name[name], refused) == 0,
            max_dollars=math.inf if max_usd is None else max_usd,
        )
    start, reason = _start(options, ladder, pinned, worth, max_usd)
    return Decision(kind, options, start, reason, ladder, worth, max_usd, len(failed))


def _start(
    options: Sequence[Option], ladder: Ladder | None, pinned: str, worth: float, max_usd: float | None
) -> tuple[int, str]:
    first = options[0]
    names = [option.candidate.name for option in options]
    if pinned:
        return 0, f"{first.candidate.name} begins: {pinned}."
    if ladder is None:
        unpriced = ", ".join(o.candidate.model for o in options if o.belief.dollars is None)
        return 0, f"The cost of {unpriced} is not known, so the order of the definitions is kept."
    if not ladder.rungs:
        return 0, _not_worth(first, worth, max_usd)
    start = names.index(ladder.rungs[0].choice)
    chosen = options[start]
    held = [option for option in options if option.lacking and option is not chosen]
    reason = (
        f"{chosen.candidate.name} begins"
        if len(options) == 1
        else f"{chosen.candidate.name} begins: of the orders that are allowed this one brings most"
    )
    for option in held:
        of = option.candidate.standard or "other agents"
        asked = "attempt" if option.lacking == 1 else "attempts"
        reason += f"; {option.candidate.agent} may follow after {option.lacking} more failed {asked} of {of}"
    return start, f"{reason}."


def _not_worth(first: Option, worth: float, max_usd: float | None) -> str:
    dollars = first.belief.dollars or 0.0
    if max_usd is not None and dollars > max_usd:
        return (
            f"A try is expected to cost ${dollars:.2f}, more than the limit of ${max_usd:g}: "
            f"{first.candidate.name} begins and may be cut off."
        )
    return (
        f"No try is expected to be worth its cost at ${worth:g} a proved result: {first.candidate.name} "
        "begins because it was asked for."
    )


def _belief(candidate: Candidate, tallies: Sequence[Tally], kind: TaskKind) -> Belief:
    return believe(
        tallies,
        agent=candidate.agent,
        model=candidate.model,
        kind=kind.value,
        list_dollars=_list_dollars(candidate.model),
    )


def _list_dollars(label: str) -> float | None:
    """What a try with a model costs by its list price; None where none is known."""
    name, _, model = label.partition(":")
    provider = PROVIDERS.get(name)
    price = None if provider is None else price_of(provider, model)
    return None if price is None else list_cost(price.input_mtok)


def _rounded(dollars: float | None) -> float | None:
    return None if dollars is None or math.isinf(dollars) else round(dollars, 6)
