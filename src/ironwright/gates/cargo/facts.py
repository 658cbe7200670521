"""Cargo's answers about one tree, each found at most once: the build, the tests, lints, format and docs."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.answers import (
    Build,
    Doctests,
    Format,
    Lints,
    Tests,
    command_evidence,
)
from ironwright.gates.cargo.coverage import Coverage, LlvmTools, find_llvm_tools, measure
from ironwright.gates.cargo.formatting import find_format
from ironwright.gates.subject import SourceTree
from ironwright.host.cargo import CargoError, CargoRun, CargoWorkspace, Prepared
from ironwright.host.cargo_metadata import Metadata
from ironwright.host.cargo_problems import Blame, Problem
from ironwright.host.cargo_tests import ProgramRun, TestPlace, TestProgram, find_test_targets, run_program
from ironwright.host.test_output import Outcome, TestCase, parse_failures
from ironwright.host.tools import MissingTool, find_tool
from ironwright.records.errors import IronwrightError

_DOCTEST = re.compile(r"^(?P<path>\S.*?) - (?P<item>.*?)\s*\(line (?P<line>\d+)\)")
_DOCTESTS_PASSED = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", re.MULTILINE)

Fact = TypeVar("Fact")


class CargoFacts:
    """Everything that gates ask cargo about one tree; each answer is found once, and any thread may ask.

    Every fact raises :class:`~ironwright.gates.api.Unknown` where it cannot be told, again each time.

    Args:
        workspace: Cargo on a checkout of the tree.
        tree: The same files, parsed on demand.
        progress: Told what is being done.
        coverage: Whether the build measures coverage (where the LLVM tools are there).
    """

    def __init__(
        self,
        workspace: CargoWorkspace,
        tree: SourceTree,
        progress: Callable[[str], None] | None = None,
        *,
        coverage: bool = True,
    ) -> None:
        self.workspace = workspace
        self.tree = tree
        self._progress = progress or (lambda _message: None)
        self._wants_coverage = coverage
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[str, tuple[Any, Exception | None]] = {}

    def _once(self, name: str, find: Callable[[], Fact]) -> Fact:
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._known:
                try:
                    self._known[name] = (find(), None)
                except CargoError as error:
                    self._known[name] = (None, _unknown(error))
                except (Unknown, IronwrightError) as error:
                    self._known[name] = (None, error)
            value, failure = self._known[name]
        if failure is not None:
            raise failure
        return cast(Fact, value)

    @cached_property
    def llvm(self) -> LlvmTools | str:
        """The LLVM tools that read this compiler's profiles, or why there are none."""
        return find_llvm_tools()

    @property
    def prepared(self) -> tuple[tuple[str, Prepared], ...]:
        """Each topmost manifest's workspace, its dependencies at hand."""

        def find() -> tuple[tuple[str, Prepared], ...]:
            return tuple((root, self.workspace.prepare(root)) for root in self.workspace.roots)

        return self._once("prepared", find)

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        """What the manifests say, for each topmost manifest."""
        return tuple(prepared.metadata for _, prepared in self.prepared)

    @property
    def build(self) -> Build:
        """The build of everything that ``cargo test`` needs, without running it.

        A fault of the tree (errors, refused manifests, a failing build script) is an answer; only a fault
        of the surroundings is Unknown.
        """
        return self._once("build", self._build)

    def _build(self) -> Build:
        instrument = self._wants_coverage and isinstance(self.llvm, LlvmTools)
        runs: list[tuple[str, CargoRun]] = []
        problems: list[Problem] = []
        notes: list[str] = []
        stale: list[str] = []
        for root in self.workspace.roots:
            try:
                prepared = self.workspace.prepare(root)
            except CargoError as error:
                if error.problem.blame is Blame.SURROUNDINGS:
                    raise
                problems.append(error.problem)
                continue
            notes += prepared.notes
            stale += [prepared.stale_lock] if prepared.stale_lock else []
            self._progress("compiling")
            command = (
                "test",
                "--workspace",
                "--no-run",
                "--no-fail-fast",
                "--locked",
                "--message-format=json",
            )
            run = self.workspace.run(root, command, "test", instrument=instrument)
            self._blame_surroundings(run)
            self._blame_platform(root, run)
            problems += [run.problem] if run.problem else []
            runs.append((root, run))
        return Build(tuple(runs), tuple(problems), tuple(notes), tuple(stale), instrument)

    def _blame_surroundings(self, run: CargoRun) -> None:
        if run.problem and run.problem.blame is Blame.SURROUNDINGS:
            raise Unknown(_sentence(run.problem), (command_evidence(run.done),))

    def _blame_platform(self, root: str, run: CargoRun) -> None:
        """A build for this machine that fails says nothing where the checkout is made for another."""
        platform = self.workspace.settings(root).target
        if not run.ok and platform and platform != self.workspace.toolchain.host:
            raise Unknown(
                f"the repository is built for {platform}, which is not this machine's platform; "
                "its build for this machine fails",
                (command_evidence(run.done),),
            )

    @property
    def tests(self) -> Tests:
        """Every test program of the build, run on a copy of the tree. Unknown where the build failed."""
        return self._once("tests", self._tests)

    def _tests(self) -> Tests:
        build = self.build
        if not build.ok:
            raise Unknown("the tests cannot be built; see compile_errors", build.evidence)
        done: list[ProgramRun] = []
        notes: list[str] = []
        missing: list[str] = []
        profiles = []
        for root, run in build.runs:
            targets = find_test_targets(self.workspace.prepare(root), run.messages)
            notes += targets.left_out
            missing += targets.missing
            done += self.run_programs(root, targets.programs)
            if build.instrumented:
                profiles.append((root, self._profiles(root)))
        return Tests(tuple(done), tuple(notes), tuple(missing), tuple(profiles))

    def _profiles(self, root: str) -> Path:
        name = "top" if root == "." else root.replace("/", "+")
        return self.workspace.target / "coverage" / name

    def run_programs(self, root: str, programs: Sequence[TestProgram]) -> list[ProgramRun]:
        """Run test programs of one topmost manifest's workspace on a fresh copy of the tree."""
        kept = self._profiles(root)
        shutil.rmtree(kept, ignore_errors=True)  # what an earlier tree's tests left here
        if not programs:
            return []
        with self.workspace.scratch_tree() as tree, self.workspace.scratch_folder("out") as out:
            place = TestPlace(self.workspace, root, tree, out, self.workspace.limits)
            done = []
            for number, program in enumerate(programs, 1):
                self._progress(f"testing {program.label} ({number} of {len(programs)})")
                done.append(run_program(place, program))
            if (out / "profiles").is_dir():
                kept.parent.mkdir(exist_ok=True)
                (out / "profiles").rename(kept)
        return done

    @property
    def doctests(self) -> Doctests:
        """The examples in the documentation, compiled and run."""
        return self._once("doctests", self._doctests)

    def _doctests(self) -> Doctests:
        runs, failures, passed = [], [], 0
        for root, prepared in self.prepared:
            if not any(target.doctest for _, target in prepared.metadata.libraries):
                continue
            self._progress("running the examples in the documentation")
            instrument = self.build.instrumented  # so that the libraries are those of the build
            command = ("test", "--doc", "--workspace", "--no-fail-fast", "--locked")
            run = self.workspace.run(root, command, "test", instrument=instrument)
            locate = self.workspace.locate_from(prepared.metadata.root)
            found = [_doctest(name, text, locate) for name, (text, _, _) in _failed(run, locate)]
            if not found:
                self._blame_surroundings(run)
            failures += found
            passed += sum(int(counts[1]) for counts in _DOCTESTS_PASSED.finditer(run.done.text))
            runs.append(run)
        return Doctests(tuple(runs), tuple(failures), passed)

    def clippy(self, lints: tuple[str, ...] = ()) -> Lints:
        """Clippy's warnings on every target.

        Args:
            lints: Lints or groups that are off by default and wanted (``clippy::pedantic``).
        """
        # A lint set to deny would keep clippy from looking at what depends on the crate.
        after = ["--cap-lints", "warn", *(word for lint in lints for word in ("-W", lint))]
        command = (
            "clippy",
            "--workspace",
            "--all-targets",
            "--keep-going",
            "--locked",
            "--message-format=json",
        )
        return self._once(f"clippy {lints}", lambda: self._lint("running clippy", command, after))

    @property
    def docs(self) -> Lints:
        """What rustdoc says when it builds the workspace's documentation."""
        command = ("doc", "--workspace", "--no-deps", "--keep-going", "--locked", "--message-format=json")
        return self._once("docs", lambda: self._lint("building the documentation", command, ()))

    def _lint(self, what: str, command: Sequence[str], after: Sequence[str]) -> Lints:
        _need("cargo-clippy" if command[0] == "clippy" else "rustdoc")
        runs = []
        for root, _ in self.prepared:
            self._progress(what)
            run = self.workspace.run(root, command, "lint", after=after)
            self._blame_surroundings(run)
            self._blame_platform(root, run)
            if run.problem:
                raise Unknown(_sentence(run.problem), (command_evidence(run.done),))
            runs.append(run)
        return Lints(tuple(runs), tuple(item for run in runs for item in run.messages.diagnostics))

    @property
    def format(self) -> Format:
        """Where rustfmt would change something."""
        return self._once("format", self._format)

    def _format(self) -> Format:
        _need("cargo-fmt")
        _need("rustfmt")
        return find_format(self.workspace, self.tree, self._progress)

    @property
    def coverage(self) -> Coverage:
        """Which lines the tests executed. Unknown without the LLVM tools."""
        return self._once("coverage", lambda: measure(self))


def _need(tool: str) -> None:
    found = find_tool(tool)
    if isinstance(found, MissingTool):
        raise Unknown(found.explanation)


def _failed(run: CargoRun, locate: Callable[[str], str | None]) -> list[tuple[str, Any]]:
    return list(parse_failures(run.done.text, locate).items()) if not run.done.ok else []


def _doctest(name: str, message: str, locate: Callable[[str], str | None]) -> TestCase:
    place = _DOCTEST.match(name)
    path = locate(place["path"]) if place else None
    return TestCase(name, Outcome.FAILED, message, path, int(place["line"]) if place and path else None)


def _unknown(error: CargoError) -> Unknown:
    return Unknown(_sentence(error.problem))


def _sentence(problem: Problem) -> str:
    where = f"{problem.path}: " if problem.path else ""
    return f"{where}{problem.message}" + (f". {problem.advice}" if problem.advice else "")
