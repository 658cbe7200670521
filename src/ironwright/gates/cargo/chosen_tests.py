"""Runs some of a tree's tests, those that a question is about, each program within a time of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from ironwright.gates.cargo.answers import Tests
from ironwright.gates.cargo.facts import CargoFacts
from ironwright.host.cargo_tests import ProgramRun, TestPlace, find_test_targets, run_program
from ironwright.host.test_output import Outcome

Chosen = Mapping[str, Collection[str] | None]
"""Names of tests by the label of their program (``TestProgram.label``); None for all of its tests."""


def passing_tests(ran: Tests) -> dict[str, Collection[str] | None]:
    """The tests that passed, by their programs."""
    found: dict[str, list[str]] = defaultdict(list)
    for run in ran.programs:
        found[run.program.label] += [case.name for case in run.cases if case.outcome is Outcome.PASSED]
    return {label: tuple(names) for label, names in found.items() if names}


def all_tests(ran: Tests) -> dict[str, Collection[str] | None]:
    """Every test of every program that uses Rust's harness."""
    return {run.program.label: None for run in ran.programs if run.program.target.harness and run.cases}


def run_chosen(
    facts: CargoFacts,
    chosen: Chosen,
    seconds: float,
    *,
    until_failure: bool = False,
    arguments: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> list[ProgramRun]:
    """Run the chosen tests of a tree that is built.

    Args:
        facts: Cargo's answers about the tree; its build is made where it was not.
        chosen: Which tests; programs that are not named do not run.
        seconds: Wall time that each program may take; tests that it leaves unfinished are so reported.
        until_failure: Whether programs after the first one that does not end well are left out.
        arguments: Given to each harness.
        env: Added to each program's environment.

    Raises:
        Unknown: The build cannot be made for a reason outside the tree.
    """
    done: list[ProgramRun] = []
    workspace = facts.workspace
    limits = replace(workspace.limits, seconds=min(seconds, workspace.limits.seconds))
    for root, run in facts.build.runs:
        targets = find_test_targets(workspace.prepare(root), run.messages)
        programs = [p for p in targets.programs if chosen.get(p.label, ()) or chosen.get(p.label, ()) is None]
        if not programs:
            continue
        with workspace.scratch_tree() as tree, workspace.scratch_folder("out") as out:
            place = TestPlace(workspace, root, tree, out, limits, dict(env or {}), arguments)
            for program in programs:
                done.append(run_program(place, program, chosen[program.label]))
                if until_failure and not done[-1].ok:
                    return done
    return done
