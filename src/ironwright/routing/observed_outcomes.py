"""Beliefs by counting: what others did on the recorded tasks on which the refused ones failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import mul

from ironwright.routing.tier_policy import (
    PERFECT,
    SHARED_DIFFICULTY,
    Estimate,
    Gates,
    Record,
    SharedDifficulty,
)


class Observed:
    """Beliefs by counting: what the others did on those recorded tasks on which the refused ones failed.

    Args:
        outcomes: Choice to task to ``(solved, dollars)``; every choice has every task.
        loading: Of the model that is mixed in where few tasks are left; see :class:`SharedDifficulty`.
        gates: Refused work may have been right.
        weight: How many tasks the model counts as.
    """

    def __init__(
        self,
        outcomes: Mapping[str, Mapping[str, tuple[bool, float]]],
        *,
        loading: float = SHARED_DIFFICULTY,
        gates: Gates = PERFECT,
        weight: float = 10.0,
    ) -> None:
        self._gates, self._weight = gates, weight
        tasks = tuple(next(iter(outcomes.values()), {}))
        self._solved = {name: [float(own[task][0]) for task in tasks] for name, own in outcomes.items()}
        self._dollars = {name: [own[task][1] for task in tasks] for name, own in outcomes.items()}
        self._refused = {
            name: [1 - gates.accepted(solved) for solved in self._solved[name]] for name in outcomes
        }
        self._count = len(tasks)
        records = {name: record(tasks.values()) for name, tasks in outcomes.items()}
        self._model = SharedDifficulty(records, loading, gates)

    def after(self, refused: Sequence[str]) -> Mapping[str, Estimate]:
        """Each choice's estimate: the share of the tasks that are left, drawn towards the model's."""
        weights = [1.0] * self._count
        for name in refused:
            weights = list(map(mul, weights, self._refused[name]))
        share = sum(weights) + self._weight
        modelled = self._model.after(refused)
        found = {}
        for name, solved in self._solved.items():
            right = sum(map(mul, weights, solved))
            dollars = sum(map(mul, weights, self._dollars[name]))
            found[name] = Estimate(
                (right + self._weight * modelled[name].solves) / share,
                (dollars + self._weight * modelled[name].dollars) / share,
            )
        return found


def record(outcomes: Iterable[tuple[bool, float]]) -> Record:
    """The record of a choice from its outcomes on tasks, each tried once.

    Raises:
        ValueError: There are none.
    """
    seen = list(outcomes)
    if not seen:
        raise ValueError("a record needs at least one outcome")
    failed = [cost for solved, cost in seen if not solved]
    return Record(
        # Laplace's rule: a share of 0 or 1 is not believed from few tasks.
        solves=(sum(solved for solved, _ in seen) + 1) / (len(seen) + 2),
        dollars=sum(cost for _, cost in seen) / len(seen),
        failed_dollars=sum(failed) / len(failed) if failed else None,
    )
