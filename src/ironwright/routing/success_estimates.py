"""How probable it is that an agent with a model gets a task of some kind proved, and what a try costs."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from ironwright.routing.tier_policy import Record

PRICE_LEVEL, PRICE_SLOPE, CHEAPEST = 0.65, 0.36, 0.03
"""Log-odds of success at $1 a try, their slope in the logarithm of dollars, and where the slope ends.

A regression over 24 models on the 500 tasks of SWE-bench Verified (correlation 0.47): the dearer model solves
more, but not much more. `python -m benchmarks.escalation` prints it.
"""

MODEL_STRENGTH = 10.0
"""How many tries the price counts as: what is left of the spread of those 24 models around the regression."""

GROUP_STRENGTH = 7.5
"""How many tries the level above counts as, for places, kinds of tasks and agents.

It is the spread of the same models' shares over the repositories of SWE-bench Verified (a beta-binomial's,
by moments); kinds and agents, of which there are no public figures, are taken to differ as much.
"""

INPUT_TOKENS = 190_000
"""A try costs what this many input tokens cost at list price, output and caching included.

The median over the 15 of those models that have a list price.
"""

FAILED_COST = 1.3
"""How much more than the mean a try that fails costs: the median over the 24 models."""

_COST_STRENGTH = 3.0
_LOGIT_RANGE = 14.0
_LOGIT_STEPS = 700


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one agent with one model on one kind of task.

    Attributes:
        agent: The agent.
        model: The model, ``provider:id``.
        kind: The kind of task.
        tried: Tries that were judged.
        proved: Those whose work passed.
        priced: Tries whose cost is known.
        dollars: What these cost together.
    """

    agent: str
    model: str
    kind: str
    tried: int
    proved: int
    priced: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a choice before its next try.

    Attributes:
        solves: Mean probability that its work is proved.
        strength: How many tries this belief counts as: a Beta distribution's two parameters added.
        dollars: Expected cost of a try; None where neither a price nor a cost is known.
        tried: Tries of exactly this agent and model on this kind of task.
        model_tried: Tries of this model on anything, by anybody.
    """

    solves: float
    strength: float
    dollars: float | None
    tried: int
    model_tried: int

    @property
    def interval(self) -> tuple[float, float]:
        """Between which probabilities the true one lies with 90 %."""
        return beta_interval(self.solves * self.strength, (1 - self.solves) * self.strength)

    def record(self) -> Record | None:
        """The belief as the policy takes it; None where no cost is known."""
        if self.dollars is None:
            return None
        # What failures cost cannot be more than everything.
        failed = min(FAILED_COST * self.dollars, self.dollars / max(1 - self.solves, 1e-6))
        return Record(self.solves, self.dollars, failed)


def believe(
    tallies: Iterable[Tally], *, agent: str, model: str, kind: str, list_dollars: float | None
) -> Belief:
    """What is believed of an agent with a model on a kind of task.

    From the general to the special: what a model of this price does in public, how outcomes here differ from
    that, the model's own outcomes, how the kind differs, the model on this kind, the agent. Each level counts
    as a bounded number of tries against the next one's outcomes, and no outcome counts twice.

    Args:
        tallies: All that was seen, of every agent, model and kind.
        agent: Who would try.
        model: With which model.
        kind: On what kind of task.
        list_dollars: What a try costs by the list price (:func:`list_cost`), or None where that is not known.
    """
    seen = list(tallies)
    own = [tally for tally in seen if tally.model == model]
    others = [tally for tally in seen if tally.model != model]
    of_kind = [tally for tally in own if tally.kind == kind]
    exact = [tally for tally in of_kind if tally.agent == agent]
    dollars = _cost(own, of_kind, list_dollars)

    here = _shift([tally for tally in others if tally.kind != kind])
    level = (_inverse(_public(dollars) + here), MODEL_STRENGTH)
    level = _updated(level, [tally for tally in own if tally.kind != kind])
    special = _shift([tally for tally in others if tally.kind == kind], known_shift=here)
    level = _below((_inverse(_log_odds(level[0]) + special), level[1]))
    level = _updated(level, [tally for tally in of_kind if tally.agent != agent])
    mean, strength = _updated(_below(level), exact)
    return Belief(mean, strength, dollars, _tried(exact), _tried(own))


def list_cost(input_mtok: float | None) -> float | None:
    """What a try is expected to cost by a model's price for a million input tokens; None without a price."""
    return None if input_mtok is None else input_mtok * INPUT_TOKENS / 1e6


def beta_interval(alpha: float, beta: float, within: float = 0.9) -> tuple[float, float]:
    """The middle interval of a Beta distribution, by summing its density over log-odds (to about 0.01).

    Args:
        alpha: The distribution's first parameter, more than 0.
        beta: Its second.
        within: The probability of the interval.
    """
    step = 2 * _LOGIT_RANGE / _LOGIT_STEPS
    points = [-_LOGIT_RANGE + step * number for number in range(_LOGIT_STEPS + 1)]
    logs = [-alpha * _softplus(-point) - beta * _softplus(point) for point in points]
    top = max(logs)
    reached = list(accumulate(math.exp(value - top) for value in logs))
    low, high = (bisect_left(reached, reached[-1] * share) for share in ((1 - within) / 2, (1 + within) / 2))
    return _inverse(points[low]), _inverse(points[min(high, _LOGIT_STEPS)])


def _shift(tallies: list[Tally], known_shift: float = 0.0) -> float:
    """By how much, in log-odds, other models' outcomes are better than expected of models of their price.

    A single model's outcomes may be its own merit: however many, they count as fewer than MODEL_STRENGTH.
    """
    expected = seen = counted = 0.0
    for model in {tally.model for tally in tallies}:
        own = [tally for tally in tallies if tally.model == model]
        tried = _tried(own)
        if tried:
            counts_as = 1 / (1 / tried + 1 / MODEL_STRENGTH)
            expected += counts_as * _inverse(_public(_cost(own, [], None)) + known_shift)
            seen += counts_as * _proved(own) / tried
            counted += counts_as
    if not counted:
        return 0.0
    mean = expected / counted
    return _log_odds((GROUP_STRENGTH * mean + seen) / (GROUP_STRENGTH + counted)) - _log_odds(mean)


def _updated(level: tuple[float, float], tallies: list[Tally]) -> tuple[float, float]:
    """A Beta's mean and strength after outcomes."""
    mean, strength = level
    tried = _tried(tallies)
    return (strength * mean + _proved(tallies)) / (strength + tried), strength + tried


def _below(level: tuple[float, float]) -> tuple[float, float]:
    """The prior that a level gives to the next: its own doubt and the spread below it add up."""
    mean, strength = level
    return mean, 1 / (1 / strength + 1 / GROUP_STRENGTH)


def _cost(own: list[Tally], of_kind: list[Tally], list_dollars: float | None) -> float | None:
    """Expected dollars of a try: the list price's, drawn to the model's costs, then to those of the kind."""
    known = list_dollars
    for tallies in (own, of_kind):
        priced = sum(tally.priced for tally in tallies)
        if priced:
            paid = sum(tally.dollars for tally in tallies)
            known = (
                paid / priced
                if known is None
                else (_COST_STRENGTH * known + paid) / (_COST_STRENGTH + priced)
            )
    return known


def _public(dollars: float | None) -> float:
    """Log-odds of success of a model of which only the cost of a try is known, or not even that."""
    return PRICE_LEVEL + PRICE_SLOPE * math.log(
        max(dollars, CHEAPEST) if dollars is not None else CHEAPEST**0.5
    )


def _tried(tallies: Iterable[Tally]) -> int:
    return sum(tally.tried for tally in tallies)


def _proved(tallies: Iterable[Tally]) -> int:
    return sum(tally.proved for tally in tallies)


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _inverse(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _softplus(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
