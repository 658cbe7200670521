"""Runs a tree's tests again and again in other orders, and tells which do not always end alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ironwright.gates.cargo.chosen_tests import all_tests, run_chosen
from ironwright.gates.cargo.facts import CargoFacts
from ironwright.host import clock
from ironwright.host.cargo_tests import ProgramRun
from ironwright.host.test_output import Outcome, TestCase

_TIMES, _LEAST_SECONDS = 10.0, 60.0
_THREADS = 8
_ALONE = 30
# The harness of stable Rust can shuffle, but only says so to who sets this.
_SHUFFLES = {"RUSTC_BOOTSTRAP": "1"}

Key = tuple[str, str]
"""A test: its program's label and its name."""


@dataclass
class Repeated:
    """How tests ended in several runs.

    Attributes:
        endings: For each test the runs' names with its end in each.
        runs: How many runs there were, the first one included.
        complete: Whether all planned runs were made in time.
    """

    endings: dict[Key, list[tuple[str, TestCase]]] = field(default_factory=lambda: defaultdict(list))
    runs: int = 1
    complete: bool = True

    @property
    def unsteady(self) -> dict[Key, list[tuple[str, TestCase]]]:
        """The tests that passed in some runs and not in others."""
        return {
            key: ends
            for key, ends in sorted(self.endings.items())
            if len({case.outcome is Outcome.PASSED for _, case in ends}) > 1
        }


def repeat_tests(facts: CargoFacts, alone: Sequence[Key], runs: int, budget: float, seed: int) -> Repeated:
    """Run the tests one after the other, shuffled on many threads, and some each alone.

    Args:
        facts: The tree; its first run counts too.
        alone: Tests that are also run each in a process of its own, the first few of them.
        runs: How often the tests run besides the first time.
        budget: Seconds after which no other run is begun.
        seed: Decides on the orders; the same seed gives the same ones.

    Raises:
        Unknown: The tests cannot be built.
    """
    first = facts.tests
    found = Repeated()
    _note(found, "the first run", first.programs)
    chosen = all_tests(first)
    slowest = max((run.done.seconds for run in first.programs), default=0.0)
    seconds = max(_LEAST_SECONDS, _TIMES * slowest)
    started = clock.seconds()

    def late() -> bool:
        found.complete = found.complete and clock.seconds() - started <= budget
        return not found.complete

    for number in range(runs):
        if late():
            return found
        name, arguments, env = _order(number, seed)
        _note(found, name, run_chosen(facts, chosen, seconds, arguments=arguments, env=env))
        found.runs += 1
    for label, test in list(alone)[:_ALONE]:
        if late():
            return found
        _note(found, "alone", run_chosen(facts, {label: (test,)}, seconds))
    return found


def _order(number: int, seed: int) -> tuple[str, tuple[str, ...], Mapping[str, str]]:
    """What a run is called, and what makes the harness order the tests so."""
    if number == 0:
        return "on one thread", ("--test-threads=1",), {}
    chosen = seed + number
    arguments = ("-Zunstable-options", f"--shuffle-seed={chosen}", f"--test-threads={_THREADS}")
    return f"shuffled with seed {chosen}", arguments, _SHUFFLES


def _note(found: Repeated, name: str, programs: Collection[ProgramRun]) -> None:
    for run in programs:
        if run.limit_hit:
            continue  # what a limit ended says nothing about its tests
        for case in run.cases:
            if case.outcome is not Outcome.IGNORED:
                found.endings[(run.program.label, case.name)].append((name, case))
