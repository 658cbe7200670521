"""Instruction counts of a tree's benchmarks under callgrind, in all and by function."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import broke, needed, shown_as
from ironwright.host.cargo_tool import OUT, run_tool
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.host.cargo_metadata import Package, Target

Measured = TypeVar("Measured")

_PURPOSE = "perf"
_KINDS = ("bench", "example", "bin")
_TOTAL = re.compile(r"^(?:totals|summary):\s*(\d+)", re.MULTILINE)
_NAME = re.compile(r"^(c?fn)=\((\d+)\)(?: (.*))?$")
_COST = re.compile(r"^[+\-*]?\d*(?:0x[0-9a-f]+)? ?[+\-*]?\d* (\d+)$")
_HASH = re.compile(r"::h[0-9a-f]{16}$")


@dataclass(frozen=True, slots=True)
class Counts:
    """What one run of a program executed.

    Attributes:
        total: Instructions.
        functions: Instructions by function, without what it called.
    """

    total: int
    functions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Workload:
    """A program whose instructions are counted.

    Attributes:
        root: The topmost manifest that it belongs to.
        package: Its package's name.
        folder: Its package's folder.
        kind: ``bench``, ``example`` or ``bin``.
        name: Its name.
        source: Its root file.
    """

    root: str
    package: str
    folder: str
    kind: str
    name: str
    source: str | None

    @property
    def label(self) -> str:
        """How reports call it."""
        return f"{self.kind} {self.name}"


def find_workloads(
    facts: CargoFacts, wanted: Collection[str]
) -> tuple[tuple[Workload, ...], tuple[str, ...]]:
    """The programs to count, and why benches were left out.

    Args:
        facts: The tree's manifests.
        wanted: Names of benches, examples or programs; none for every bench with a ``main`` of its own.

    Raises:
        Unknown: A name is none of the tree's.
    """
    found: list[Workload] = []
    left: list[str] = []
    for root, prepared in facts.prepared:
        for package in prepared.metadata.packages:
            for target in package.targets:
                if target.kind in _KINDS and (
                    target.name in wanted or (not wanted and target.kind == "bench")
                ):
                    if target.kind == "bench" and target.harness:
                        left.append(
                            f"bench {target.name} uses the harness of nightly Rust (no `harness = false`)"
                        )
                    else:
                        found.append(_workload(root, package, target))
    missing = set(wanted) - {workload.name for workload in found}
    if missing:
        raise Unknown(
            f"no bench, example or program that can be counted is named {', '.join(sorted(missing))}"
        )
    return tuple(found), tuple(left)


def _workload(root: str, package: Package, target: Target) -> Workload:
    return Workload(root, package.name, package.folder, target.kind, target.name, target.source)


def count_instructions(
    facts: CargoFacts, workloads: Sequence[Workload]
) -> tuple[dict[str, Counts], tuple[Evidence, ...]]:
    """Build workloads with optimisations and run each once under callgrind, by label.

    Raises:
        Unknown: As for :func:`run_under`.
    """
    return run_under("callgrind", read_counts, facts, workloads)


def run_under(
    tool: str, read: Callable[[str], Measured], facts: CargoFacts, workloads: Sequence[Workload]
) -> tuple[dict[str, Measured], tuple[Evidence, ...]]:
    """Build workloads with optimisations and run each once under a tool of valgrind, by label.

    Benches run as ``cargo test --benches`` would start them, which makes criterion run each function once.

    Args:
        tool: ``callgrind`` or ``dhat``: one whose output file is named by ``--<tool>-out-file``.
        read: Reads that file.
        facts: The tree.
        workloads: What to run.

    Raises:
        Unknown: valgrind is missing, something does not build, or a program does not end well.
    """
    valgrind = str(needed("valgrind"))
    measured: dict[str, Measured] = {}
    evidence: list[Evidence] = []
    for root in dict.fromkeys(workload.root for workload in workloads):
        facts.workspace.prepare(root)
        own = [workload for workload in workloads if workload.root == root]
        programs, said = build_programs(facts, root, own)
        evidence += said
        with facts.workspace.scratch_tree() as tree, facts.workspace.scratch_folder("out") as out:
            for number, workload in enumerate(own):
                argv = [
                    valgrind,
                    f"--tool={tool}",
                    f"--{tool}-out-file={OUT}/{number}",
                    programs[workload],
                ]
                done = run_tool(facts.workspace, root, argv, _PURPOSE, tree=tree, out=out, inside_tree=True)
                done = shown_as(done, ("valgrind", f"--tool={tool}", workload.label))
                written = out / str(number)
                if not done.ok or written.is_symlink() or not written.is_file():
                    raise broke(done, *evidence)
                measured[workload.label] = read(written.read_text(encoding="utf-8", errors="replace"))
                evidence.append(command_evidence(done))
    return measured, tuple(evidence)


def build_programs(
    facts: CargoFacts, root: str, workloads: Sequence[Workload]
) -> tuple[dict[Workload, str], list[Evidence]]:
    """Build workloads of one workspace with optimisations; their programs as the sandbox sees them.

    Raises:
        Unknown: One does not build.
    """
    arguments = ["build", "--release", "--locked", "--message-format=json"]
    for package in dict.fromkeys(workload.package for workload in workloads):
        arguments += ["--package", package]
    for workload in workloads:
        arguments += [f"--{workload.kind}", workload.name]
    run = facts.workspace.run(root, arguments, _PURPOSE)
    if not run.ok:
        errors = [item.message for item in run.messages.diagnostics if item.is_error]
        said = errors[0] if errors else run.problem.message if run.problem else "cargo does not say why"
        raise Unknown(f"the benchmarks do not build: {said}", (command_evidence(run.done),))
    built = {
        (artefact.target_kind, artefact.target_name): artefact.executable
        for artefact in run.messages.artefacts
        if artefact.executable
    }
    found = {w: built.get((w.kind, w.name)) for w in workloads}
    missing = [workload.label for workload, program in found.items() if not program]
    if missing:
        raise Unknown(f"cargo reported no program for {', '.join(missing)}", (command_evidence(run.done),))
    return {w: program for w, program in found.items() if program}, [command_evidence(run.done)]


def read_counts(text: str) -> Counts:
    """Read a callgrind output file of one event.

    Raises:
        Unknown: It holds no total.
    """
    total = _TOTAL.findall(text)
    if not total:
        raise Unknown("callgrind wrote no total")
    names: dict[str, str] = {}
    own: dict[str, int] = defaultdict(int)
    current = ""
    called = False
    for line in text.splitlines():
        if name := _NAME.match(line):
            if name[3]:
                names[name[2]] = name[3]
            if name[1] == "fn":
                current = names.get(name[2], "")
        elif line.startswith("calls="):
            called = True  # the next line is what the called function took
        elif cost := _COST.match(line):
            if called:
                called = False
            elif current:
                own[_HASH.sub("", current)] += int(cost[1])
    return Counts(max(map(int, total)), dict(own))


def grown_functions(before: Counts, after: Counts, most: int) -> tuple[tuple[str, int], ...]:
    """The functions that execute the most instructions more than before."""
    more = {name: count - before.functions.get(name, 0) for name, count in after.functions.items()}
    ordered: Iterable[tuple[str, int]] = sorted(more.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, count) for name, count in ordered if count > 0)[:most]
