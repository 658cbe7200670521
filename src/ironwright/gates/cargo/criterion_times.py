"""Criterion's own estimates of a tree's benchmarks: wall time, which is shown and never refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import shown_as
from ironwright.gates.cargo.instruction_counts import Workload, build_programs
from ironwright.host.cargo_tool import OUT, run_tool
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts

_PURPOSE = "perf"
# Enough for an interval of a few percent on a quiet machine; criterion itself would take eight seconds each.
_OPTIONS = ("--bench", "--noplot", "--warm-up-time", "0.5", "--measurement-time", "1.5")
_SECONDS = 180.0
"""The most that one program may take; a suite that takes longer has no times."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Criterion's median of one benchmark, in nanoseconds, with its interval of confidence."""

    median: float
    lower: float
    upper: float


Estimates = Mapping[str, Estimate]
"""Estimates by the benchmark's full id."""


def measure_times(
    facts: CargoFacts, workloads: Sequence[Workload]
) -> tuple[dict[str, Estimates], tuple[Evidence, ...]]:
    """Run benches natively and read what criterion wrote, by the workload's label.

    A bench that is not criterion's, fails or takes too long has no estimates.

    Raises:
        Unknown: Something does not build.
    """
    found: dict[str, Estimates] = {}
    evidence: list[Evidence] = []
    benches = [workload for workload in workloads if workload.kind == "bench"]
    for root in dict.fromkeys(workload.root for workload in benches):
        own = [workload for workload in benches if workload.root == root]
        programs, said = build_programs(facts, root, own)
        evidence += said
        with facts.workspace.scratch_tree() as tree, facts.workspace.scratch_folder("out") as out:
            for number, workload in enumerate(own):
                done = run_tool(
                    facts.workspace,
                    root,
                    [programs[workload], *_OPTIONS],
                    _PURPOSE,
                    tree=tree,
                    out=out,
                    env={"CRITERION_HOME": f"{OUT}/criterion-{number}"},
                    seconds=_SECONDS,
                    inside_tree=True,
                )
                evidence.append(command_evidence(shown_as(done, (workload.label, *_OPTIONS))))
                if done.ok:
                    found[workload.label] = read_estimates(out / f"criterion-{number}")
    return found, tuple(evidence)


def read_estimates(folder: Path) -> Estimates:
    """Read criterion's folder; what is no estimate of its form is left out, links are not followed."""
    found: dict[str, Estimate] = {}
    for path in sorted(folder.rglob("new/estimates.json")):
        named = path.with_name("benchmark.json")
        below = [place for place in path.parents if place.is_relative_to(folder)]
        if any(place.is_symlink() for place in (path, named, *below)) or not named.is_file():
            continue
        try:
            median = json.loads(path.read_bytes())["median"]
            interval = median["confidence_interval"]
            name = json.loads(named.read_bytes())["full_id"]
            numbers = (median["point_estimate"], interval["lower_bound"], interval["upper_bound"])
            found[str(name)] = Estimate(*(float(number) for number in numbers))
        except (ValueError, KeyError, TypeError, RecursionError, OSError):
            continue  # a bench may write what it likes there; without an estimate it has no time
    return found


def slower(before: Estimates, after: Estimates) -> tuple[tuple[str, Estimate, Estimate], ...]:
    """The benchmarks whose intervals lie apart, head's above base's, the most slowed first."""
    apart = [
        (name, before[name], estimate)
        for name, estimate in after.items()
        if name in before and estimate.lower > before[name].upper > 0
    ]
    return tuple(sorted(apart, key=lambda item: (-item[2].median / max(item[1].median, 1e-9), item[0])))
