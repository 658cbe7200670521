"""What cargo answered about one tree, as data: the build, the tests, the lints, the format."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from ironwright.host.cargo import CargoRun
from ironwright.host.cargo_messages import Artefact, Diagnostic
from ironwright.host.cargo_problems import Problem
from ironwright.host.cargo_tests import ProgramRun, TestProgram
from ironwright.host.process import Completed
from ironwright.host.test_output import Outcome, TestCase
from ironwright.records.verdict import Evidence


@dataclass(frozen=True, slots=True)
class Build:
    """The build of everything that ``cargo test`` needs.

    Attributes:
        runs: The command for each topmost manifest.
        problems: What cargo refused before it compiled anything; the tree's own faults only.
        notes: What a report should say.
        stale_locks: Lock files that do not match the manifests.
        instrumented: Whether the workspace's crates measure coverage.
    """

    runs: tuple[tuple[str, CargoRun], ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    stale_locks: tuple[str, ...]
    instrumented: bool

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that the compiler said."""
        return tuple(item for _, run in self.runs for item in run.messages.diagnostics)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The compiler's errors."""
        return tuple(item for item in self.diagnostics if item.is_error)

    @property
    def artefacts(self) -> tuple[Artefact, ...]:
        """What was built."""
        return tuple(item for _, run in self.runs for item in run.messages.artefacts)

    @property
    def ok(self) -> bool:
        """Whether everything was built, by cargo's exit codes."""
        return not self.problems and all(run.ok for _, run in self.runs)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The commands."""
        return tuple(command_evidence(run.done) for _, run in self.runs)


@dataclass(frozen=True, slots=True)
class Tests:
    """The run of every test program.

    Attributes:
        programs: Each program's run.
        notes: Targets whose tests cargo left out, and why.
        missing: Targets that have tests by the manifests, and no program by what the build said.
        profiles: For each topmost manifest the folder of raw profiles, where the build was instrumented.
    """

    programs: tuple[ProgramRun, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    profiles: tuple[tuple[str, Path], ...]

    @property
    def failures(self) -> tuple[tuple[TestProgram, TestCase], ...]:
        """Every test that failed or did not finish, with its program."""
        return tuple((run.program, case) for run in self.programs for case in run.failures)

    def count(self, outcome: Outcome) -> int:
        """How many tests ended so."""
        return sum(case.outcome is outcome for run in self.programs for case in run.cases)

    @property
    def ok(self) -> bool:
        """Whether every test that exists passed or is ignored."""
        return all(run.ok for run in self.programs)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The programs' runs."""
        return tuple(command_evidence(run.done) for run in self.programs)


@dataclass(frozen=True, slots=True)
class Doctests:
    """The run of the examples in the documentation.

    Attributes:
        runs: The command for each topmost manifest that has a library.
        failures: The examples that failed; ``path`` and ``line`` say where the example starts.
        passed: How many passed, as the harness says.
    """

    runs: tuple[CargoRun, ...]
    failures: tuple[TestCase, ...]
    passed: int

    @property
    def ok(self) -> bool:
        """Whether all of them passed, by exit codes."""
        return all(run.ok for run in self.runs)


@dataclass(frozen=True, slots=True)
class Lints:
    """What clippy or rustdoc said.

    Attributes:
        runs: The command for each topmost manifest.
        diagnostics: Warnings and errors.
    """

    runs: tuple[CargoRun, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The commands."""
        return tuple(command_evidence(run.done) for run in self.runs)


@dataclass(frozen=True, slots=True)
class Format:
    """What rustfmt would change.

    Attributes:
        runs: The command for each topmost manifest.
        differences: Path, first and last line of each place.
    """

    runs: tuple[CargoRun, ...]
    differences: tuple[tuple[str, int, int], ...]


def differences(before: bytes, after: bytes) -> list[tuple[int, int]]:
    """The first and last line of each part of ``before`` that differs; for an insertion the line above it."""
    if before == after:
        return []
    old, new = before.split(b"\n"), after.split(b"\n")
    found = []
    for tag, first, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            found.append((max(1, first if first == end else first + 1), max(1, end)))
    return found


def command_evidence(done: Completed) -> Evidence:
    """A command's end as evidence."""
    shown = " ".join(done.argv)
    data = {"argv": list(done.argv), "exit_code": done.exit_code, "seconds": round(done.seconds, 3)}
    return Evidence("command", f"{shown}: exit code {done.exit_code} after {done.seconds:.1f} s", data)
