"""Where an attempt starts and when it goes up: the ladder with the best expected cost for a proved result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Protocol

EXACT_STATES = 600
"""With at most this many sets of refused tries all are gone through; else a greedy order is improved."""

WORTH = 20.0
"""US dollars that a proved result is worth where nobody says: about twenty minutes of a software developer.

Their median wage in the United States was about $64 an hour in 2024 (Bureau of Labor Statistics).
"""

FRESH_RETRY = (1.0, 0.26, 0.14, 0.12)
"""What is left of a model's chance after 0, 1, 2, 3 of its own failures on the task without feedback.

Claude Sonnet 4 on SWE-bench Verified solves 50, 13, 7 and 6 % of what is left; these are the ratios to the
first.
"""

SHARED_DIFFICULTY = 0.86
"""How much of what makes a task hard for one model makes it hard for another (the factor's loading).

The median over all pairs of 24 models on SWE-bench Verified, as `benchmarks/escalation` measures it.
"""

HOPELESS = 0.12
"""Share of tasks that nobody solves as they are judged; of the same 500 tasks the 24 models left 13 %."""

_MOVED = 3
_GRID = 41
_SPAN = 3.5
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an attempt is expected to bring.

    Attributes:
        solves: Probability that its work is right.
        dollars: Its expected cost in US dollars.
    """

    solves: float
    dollars: float


@dataclass(frozen=True, slots=True)
class Gates:
    """How well verdicts tell right work from wrong.

    Attributes:
        false_accepts: Share of wrong work that passes.
        false_rejects: Share of right work that is refused.
    """

    false_accepts: float = 0.0
    false_rejects: float = 0.0

    def accepted(self, solves: float) -> float:
        """Probability that an attempt's work passes."""
        return solves * (1 - self.false_rejects) + (1 - solves) * self.false_accepts

    def proved(self, solves: float) -> float:
        """Probability that an attempt's work is right and passes."""
        return solves * (1 - self.false_rejects)

    def wrong(self, solves: float) -> float:
        """Probability that an attempt's work is wrong and passes."""
        return (1 - solves) * self.false_accepts


PERFECT = Gates()
"""Gates that never err."""


class Beliefs(Protocol):
    """What is known about choices on a task of some kind."""

    def after(self, refused: Sequence[str]) -> Mapping[str, Estimate]:
        """Each choice's estimate once the gates refused the work of these, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder, if all before it were refused.

    Attributes:
        choice: Who tries.
        estimate: What is expected of this try.
        reached: Probability that the ladder comes this far.
    """

    choice: str
    estimate: Estimate
    reached: float

    @property
    def dollars_each(self) -> float:
        """Expected cost of one right result by this try alone."""
        return self.estimate.dollars / self.estimate.solves if self.estimate.solves > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who tries, in which order, and what that is expected to bring.

    Attributes:
        rungs: The tries; it stops at the first whose work passes.
        proved: Probability that right work passes.
        dollars: Expected cost, whatever the outcome.
        wrong: Probability that wrong work passes.
    """

    rungs: tuple[Rung, ...]
    proved: float
    dollars: float
    wrong: float = 0.0

    @property
    def dollars_each(self) -> float:
        """Expected cost of one proved result."""
        return self.dollars / self.proved if self.proved > 0 else math.inf


def best_ladder(
    beliefs: Beliefs,
    tries: Mapping[str, int],
    *,
    worth: float,
    wrong_costs: float | None = None,
    gates: Gates = PERFECT,
    refused: Sequence[str] = (),
    may_follow: Callable[[str, Sequence[str]], bool] = lambda choice, before: True,
    max_dollars: float = math.inf,
) -> Ladder:
    """The order of tries with the greatest expected value.

    It is what proved results are worth, less what wrong deliveries cost, less what is paid for tries.

    Args:
        beliefs: Estimates for the task.
        tries: Who can be asked, and how often at most.
        worth: US dollars that a proved result is worth; a try that costs more for each result is left out.
        wrong_costs: US dollars that wrong work costs which the gates let pass: it is merged, found later,
            undone and done again. None for what a result is worth: then wrong work leaves its owner as much
            worse off as right work would have left them better off. 0 counts only the missing result.
        gates: How well verdicts tell right from wrong.
        refused: Whose work was refused already.
        may_follow: Whether a choice is allowed after these were refused (the floor that prose sets).
        max_dollars: No try starts whose expected cost is more than what is left of this.
    """
    costs = worth if wrong_costs is None else wrong_costs
    scene = _Scene(beliefs, dict(tries), tuple(refused), gates, worth, costs, may_follow, max_dollars)
    exact = math.prod(number + 1 for number in tries.values()) <= EXACT_STATES
    return scene.ladder(scene.exact() if exact else scene.improved(scene.greedy()))


class _Scene:
    """One decision: everything but the order."""

    def __init__(
        self,
        beliefs: Beliefs,
        tries: Mapping[str, int],
        refused: tuple[str, ...],
        gates: Gates,
        worth: float,
        wrong_costs: float,
        may_follow: Callable[[str, Sequence[str]], bool],
        max_dollars: float,
    ) -> None:
        self._refused, self._gates = refused, gates
        self._worth, self._wrong_costs = worth, wrong_costs
        self._may_follow, self._max_dollars = may_follow, max_dollars
        self._known: dict[tuple[str, ...], Mapping[str, Estimate]] = {}
        self._beliefs, self._tries = beliefs, tries

    def ladder(self, order: Sequence[str]) -> Ladder:
        rungs: list[Rung] = []
        reached, proved, dollars, wrong = 1.0, 0.0, 0.0, 0.0
        for number, choice in enumerate(order):
            estimate = self._estimate(choice, order[:number])
            rungs.append(Rung(choice, estimate, reached))
            proved += reached * self._gates.proved(estimate.solves)
            wrong += reached * self._gates.wrong(estimate.solves)
            dollars += reached * estimate.dollars
            reached *= 1 - self._gates.accepted(estimate.solves)
        return Ladder(tuple(rungs), proved, dollars, wrong)

    def value(self, order: Sequence[str]) -> float:
        """What an order is expected to bring, in dollars; minus infinity where it is not allowed."""
        spent = 0.0
        for number, choice in enumerate(order):
            if not self._may_follow(choice, (*self._refused, *order[:number])):
                return -math.inf
            spent += self._estimate(choice, order[:number]).dollars
            if spent > self._max_dollars:
                return -math.inf
        ladder = self.ladder(order)
        return ladder.proved * self._worth - ladder.wrong * self._wrong_costs - ladder.dollars

    def exact(self) -> tuple[str, ...]:
        """The best order of all: what to do next depends only on who was refused, not in which order."""

        @cache
        def best(tried: tuple[str, ...], spent: float) -> tuple[float, tuple[str, ...]]:
            found: tuple[float, tuple[str, ...]] = (0.0, ())
            for choice in self._open(tried):
                estimate = self._estimate(choice, tried)
                if spent + estimate.dollars > self._max_dollars:
                    continue
                paid = spent + estimate.dollars if self._max_dollars < math.inf else 0.0
                rest, order = best(tuple(sorted((*tried, choice))), paid)
                gain = self._gain(estimate)
                value = gain + (1 - self._gates.accepted(estimate.solves)) * rest
                if value > found[0] + 1e-12:
                    found = (value, (choice, *order))
            return found

        return best((), 0.0)[1]

    def greedy(self) -> tuple[str, ...]:
        """Always the try whose right results are cheapest, while they are worth it.

        For the order alone this is within a factor of four of the best (Feige, Lovász and Tetali, 2004).
        """
        order: list[str] = []
        while True:
            allowed = (choice for choice in self._open(order) if self.value([*order, choice]) > -math.inf)
            priced = [
                (self._price(choice, order), choice)
                for choice in allowed
                if self._gain(self._estimate(choice, order)) > 0
            ]
            if not priced:
                return tuple(order)
            order.append(min(priced)[1])

    def improved(self, order: tuple[str, ...]) -> tuple[str, ...]:
        """An order that no single removal, insertion or move by a few places makes better."""
        value = self.value(order)
        while True:
            best = max(self._neighbours(order), key=self.value, default=order)
            gain = self.value(best) - value
            if gain <= 1e-9:
                return order
            order, value = best, value + gain

    def _neighbours(self, order: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        for place in range(len(order)):
            rest = (*order[:place], *order[place + 1 :])
            yield rest
            for other in range(max(0, place - _MOVED), min(len(rest), place + _MOVED) + 1):
                if other != place:
                    yield (*rest[:other], order[place], *rest[other:])
        for choice, most in self._tries.items():
            if order.count(choice) < most:
                for place in range(len(order) + 1):
                    yield (*order[:place], choice, *order[place:])

    def _open(self, before: Sequence[str]) -> Iterable[str]:
        """Who may try next."""
        for choice, most in self._tries.items():
            if before.count(choice) < most and self._may_follow(choice, (*self._refused, *before)):
                yield choice

    def _gain(self, estimate: Estimate) -> float:
        """What a try is expected to bring by itself."""
        proved, wrong = self._gates.proved(estimate.solves), self._gates.wrong(estimate.solves)
        return proved * self._worth - wrong * self._wrong_costs - estimate.dollars

    def _price(self, choice: str, before: Sequence[str]) -> float:
        estimate = self._estimate(choice, before)
        proved = self._gates.proved(estimate.solves)
        paid = estimate.dollars + self._gates.wrong(estimate.solves) * self._wrong_costs
        return paid / proved if proved > 0 else math.inf

    def _estimate(self, choice: str, before: Sequence[str]) -> Estimate:
        key = tuple(sorted(before))
        if key not in self._known:
            self._known[key] = self._beliefs.after((*self._refused, *before))
        return self._known[key][choice]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one choice before the task is tried.

    Attributes:
        solves: Share of tasks that it solves at its first try.
        dollars: Mean cost of a try.
        failed_dollars: Mean cost of a try that fails; None where it is not known to differ.
    """

    solves: float
    dollars: float
    failed_dollars: float | None = None


class SharedDifficulty:
    """Beliefs by one factor: a task that one choice failed on is harder for the others too.

    Each choice solves a task when ``loading * ease + rest > threshold``, where ease and rest are standard
    normal, ease is the task's and shared, and the threshold gives the choice its share of solved tasks (the
    one-factor probit model); some tasks nobody solves. Refused work makes low ease, and such a task, more
    probable, by Bayes' rule.

    Args:
        records: What is known of each choice.
        loading: See :data:`SHARED_DIFFICULTY`; 0 is independence, towards 1 all fail on the same tasks.
        gates: Refused work may have been right.
    """

    def __init__(
        self, records: Mapping[str, Record], loading: float = SHARED_DIFFICULTY, gates: Gates = PERFECT
    ) -> None:
        self._records, self._gates = records, gates
        step = 2 * _SPAN / (_GRID - 1)
        points = [-_SPAN + step * number for number in range(_GRID)]
        spread = math.sqrt(1 - loading * loading)
        # Who solves nearly everything shows that few of these tasks are beyond all.
        hopeless = min([HOPELESS, *((1 - record.solves) / 2 for record in records.values())])
        self._solves = {}
        for name, record in records.items():
            threshold = _NORMAL.inv_cdf(1 - _within(record.solves / (1 - hopeless)))
            at_points = [_NORMAL.cdf((loading * point - threshold) / spread) for point in points]
            self._solves[name] = [0.0, *at_points]
        densities = [_NORMAL.pdf(point) for point in points]
        self._prior = [hopeless, *((1 - hopeless) * density / sum(densities) for density in densities)]

    def after(self, refused: Sequence[str]) -> Mapping[str, Estimate]:
        """Each choice's estimate; its own earlier refusals on the task count besides those of others."""
        weights = list(self._prior)
        for name in refused:
            if name in self._solves:
                weights = [
                    weight * (1 - self._gates.accepted(chance))
                    for weight, chance in zip(weights, self._solves[name], strict=True)
                ]
        total = sum(weights)
        found = {}
        for name, record in self._records.items():
            chances = self._solves[name]
            solves = sum(weight * chance for weight, chance in zip(weights, chances, strict=True)) / total
            own = sum(other == name for other in refused)
            solves = min(solves, record.solves * FRESH_RETRY[min(own, len(FRESH_RETRY) - 1)])
            found[name] = Estimate(solves, _dollars(record, solves))
        return found


def _dollars(record: Record, solves: float) -> float:
    """What a try costs when its chance differs from the usual: failures usually cost more."""
    if record.failed_dollars is None or record.solves >= 1:
        return record.dollars
    success = (record.dollars - (1 - record.solves) * record.failed_dollars) / max(record.solves, 1e-6)
    return solves * max(success, 0.0) + (1 - solves) * record.failed_dollars


def _within(share: float) -> float:
    return min(max(share, 0.001), 0.999)
