"""Runs test programs that cargo built, each in its own job, and tells how every single test ended.

A test program is untrusted: it sees a copy of the tree that it may write to and that nobody reads again,
and the target directory read-only. Which tests exist is asked before (``--list``); what happened is read
from the harness's log and from the exit code; a program that ends well without having finished the tests
that it listed has not passed. Printed text only explains failures.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ironwright.host.cargo import REPO, TARGET, CargoWorkspace, Prepared
from ironwright.host.cargo_messages import BuildScript, Messages
from ironwright.host.cargo_metadata import Package, Target
from ironwright.host.clock import seconds as clock
from ironwright.host.process import Completed, Limits
from ironwright.host.sandbox import Job, Mount, inner_path
from ironwright.host.test_output import (
    NO_MESSAGE,
    Outcome,
    TestCase,
    parse_failures,
    parse_list,
    parse_log,
    parse_panic,
)
from ironwright.host.test_output import slow_tests as find_slow_tests

OUT = "/w/out"
_LIST_SECONDS = 60.0
_SINGLE_RUNS = 100
_HARNESS_FAILURE = 101


@dataclass(frozen=True, slots=True)
class TestProgram:
    """A test program that cargo built.

    Attributes:
        package: Its package.
        target: Its target.
        executable: Where it lies, as jobs see it.
        build_script: What its package's build script asked for, or None.
        binaries: The package's own programs by name, as jobs see them; integration tests start them.
    """

    __test__ = False

    package: Package
    target: Target
    executable: str
    build_script: BuildScript | None = None
    binaries: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """How a report calls it: ``crate (lib)``, ``crate (test it)``."""
        kind = "lib" if self.target.is_library else f"{self.target.kind} {self.target.name}"
        return f"{self.package.name} ({kind})"


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """How one test program ran.

    Attributes:
        program: Which.
        cases: Its tests; empty where it brings its own ``main``.
        done: How its main run ended; None where it could not even list its tests.
        problem: What is wrong with the program as a whole, beyond single tests; empty where nothing is.
        limit_hit: A limit other than time that ended it: its tests are then unknown, not failed.
    """

    program: TestProgram
    cases: tuple[TestCase, ...]
    done: Completed
    problem: str = ""
    limit_hit: str = ""

    @property
    def failures(self) -> tuple[TestCase, ...]:
        """The tests that failed or did not finish."""
        return tuple(case for case in self.cases if case.outcome in (Outcome.FAILED, Outcome.UNFINISHED))

    @property
    def ok(self) -> bool:
        """Whether every test that it has finished well, and the program too."""
        return not self.failures and not self.problem and not self.limit_hit


@dataclass(frozen=True, slots=True)
class TestTargets:
    """The targets of a workspace that have tests.

    Attributes:
        programs: Those that were built.
        left_out: Why others were not, as cargo sees it: features that are off, ``test = false``.
        missing: Those that should have been built and for which no program was reported.
    """

    __test__ = False

    programs: tuple[TestProgram, ...]
    left_out: tuple[str, ...]
    missing: tuple[str, ...]


def find_test_targets(prepared: Prepared, messages: Messages) -> TestTargets:
    """The targets with tests, from the manifests and from what a build said."""
    scripts = {script.package_id: script for script in messages.build_scripts}
    built = {
        (item.package_id, item.target_kind, item.target_name): item.executable
        for item in messages.artefacts
        if item.is_test and item.executable
    }
    programs, left_out, missing = [], [], []
    for package in prepared.metadata.packages:
        binaries = tuple(
            (item.target_name, item.executable)
            for item in messages.artefacts
            if item.package_id == package.id and item.target_kind == "bin" and item.executable
            if not item.is_test
        )
        for target in package.targets:
            executable = built.get((package.id, target.kind, target.name))
            program = TestProgram(package, target, executable or "", scripts.get(package.id), binaries)
            if executable:
                programs.append(program)
            elif target.test and target.required_features:
                features = ", ".join(target.required_features)
                left_out.append(f"{program.label} was left out: it needs the features {features}")
            elif target.test:
                missing.append(program.label)
            elif target.is_library or target.kind == "test":
                left_out.append(f"{program.label} says test = false: its own tests do not run")
    return TestTargets(tuple(programs), tuple(left_out), tuple(missing))


@dataclass(frozen=True, slots=True)
class TestPlace:
    """Where test programs run.

    Attributes:
        workspace: The checkout that they were built from.
        root: The workspace's topmost manifest.
        tree: The copy of the tree that they may write to.
        out: An empty folder for logs and profiles, which they may write to.
        limits: What each program may use.
        env: Added to the environment of every program.
        arguments: Given to every harness besides the names of tests.
    """

    __test__ = False

    workspace: CargoWorkspace
    root: str
    tree: Path
    out: Path
    limits: Limits
    env: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()

    def mounts(self) -> tuple[Mount, ...]:
        """What a test program sees."""
        target = self.workspace.target_mount(self.root, "test", writable=False)
        temporary = target.source / "tmp"  # CARGO_TARGET_TMPDIR, named in the program when it was built
        temporary.mkdir(exist_ok=True)
        moved = self.workspace.sandbox.moves_folders
        if moved:
            (self.out / "tmp").mkdir(exist_ok=True)
        found = [
            Mount(self.tree, REPO, writable=True),
            target,
            Mount(self.out / "tmp" if moved else temporary, f"{TARGET}/tmp", writable=True),
            Mount(self.out, OUT, writable=True),
        ]
        if not moved:  # the programs then name the checkout itself
            found.append(Mount(self.workspace.checkout, "/w/checkout"))
        return tuple(found)

    def job(self, program: TestProgram, arguments: Sequence[str], limits: Limits) -> Job:
        """A job that starts the program as ``cargo test`` would."""
        mounts = self.mounts()
        tree = inner_path(self.workspace.sandbox, mounts, self.tree)
        folder = posixpath.normpath(posixpath.join(tree, program.package.folder))
        return Job(
            argv=(program.executable, *arguments),
            mounts=mounts,
            cwd=folder,
            env=self._environment(program, folder, tree, mounts),
            limits=limits,
        )

    def _environment(
        self, program: TestProgram, folder: str, tree: str, mounts: Sequence[Mount]
    ) -> dict[str, str]:
        toolchain = self.workspace.toolchain
        deps = PurePosixPath(program.executable).parent
        target = inner_path(
            self.workspace.sandbox, mounts, self.workspace.target_mount(self.root, "test").source
        )
        script = program.build_script
        linked = [path for path in script.linked_paths if path.startswith(target)] if script else []
        standard = toolchain.sysroot / "lib" / "rustlib" / toolchain.host / "lib"
        libraries = [str(deps), str(deps.parent), *linked, str(standard)]
        out = inner_path(self.workspace.sandbox, mounts, self.out)
        env = dict(self.workspace.settings(self.root).env)
        env |= dict(script.env) | {"OUT_DIR": script.out_dir} if script else {}
        env |= program.package.details
        if program.target.kind in ("test", "bench"):
            env |= {f"CARGO_BIN_EXE_{name}": path for name, path in program.binaries}
        env |= {
            "CARGO": str(toolchain.bin / "cargo"),
            "CARGO_MANIFEST_DIR": folder,
            "CARGO_MANIFEST_PATH": posixpath.join(folder, "Cargo.toml"),
            "CARGO_NET_OFFLINE": "true",
            # Tests that call cargo themselves (trybuild) build in the copy, never in the shared directory.
            "CARGO_TARGET_DIR": posixpath.join(tree, "target"),
            "LD_LIBRARY_PATH": ":".join(libraries),
            "LLVM_PROFILE_FILE": posixpath.join(out, "profiles", "%p-%m.profraw"),
            "RUST_BACKTRACE": "0",
        }
        return env | dict(self.env)


def run_program(place: TestPlace, program: TestProgram, only: Collection[str] | None = None) -> ProgramRun:
    """Run a test program and tell how each of its tests ended.

    Tests that a crash left unfinished are run again one by one, so that the one at fault is known.

    Args:
        place: Where.
        program: Which.
        only: Names of tests; None runs all of them.
    """
    if not program.target.harness:
        return _run_own_main(place, program)
    listing = _run(
        place, program, ("--list", "--format", "terse"), replace(place.limits, seconds=_LIST_SECONDS)
    )
    if not listing.ok:
        return ProgramRun(
            program, (), listing, f"it cannot list its tests: {describe_end(listing)}", listing.limit_hit
        )
    names = tuple(name for name in parse_list(listing.text) if only is None or name in only)
    if not names:
        return ProgramRun(program, (), listing)
    done, outcomes = _run_tests(place, program, names if only is not None else (), names, place.limits)
    cases = _cases(place, program, names, done, outcomes)
    if (
        any(case.outcome is Outcome.UNFINISHED for case in cases)
        and not done.timed_out
        and not done.limit_hit
    ):
        cases = _one_by_one(place, program, cases)
    problem = (
        "" if any(case.outcome in (Outcome.FAILED, Outcome.UNFINISHED) for case in cases) else _odd_end(done)
    )
    return ProgramRun(program, cases, done, problem, done.limit_hit)


def describe_end(done: Completed) -> str:
    """How a program ended, in words."""
    if done.limit_hit:
        return f"it was ended for {done.limit_hit}"
    if done.timed_out:
        return f"it did not end within {done.seconds:.0f} s"
    if done.stopped:
        return "it was interrupted"
    signal = -done.exit_code if done.exit_code < 0 else done.exit_code - 128
    names = {4: "SIGILL", 6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 7: "SIGBUS", 15: "SIGTERM"}
    if signal in names:
        return f"its process died of {names[signal]}"
    return f"its process ended with exit code {done.exit_code}"


def _run(place: TestPlace, program: TestProgram, arguments: Sequence[str], limits: Limits) -> Completed:
    (place.out / "profiles").mkdir(exist_ok=True)
    done = place.workspace.sandbox.run(place.job(program, arguments, limits), stop=place.workspace.stop)
    return replace(done, argv=(program.label, *arguments))


def _run_own_main(place: TestPlace, program: TestProgram) -> ProgramRun:
    done = _run(place, program, (), place.limits)
    if done.ok:
        return ProgramRun(program, (), done)
    locate = place.workspace.locate_from(place.root)
    message, _, _ = parse_panic(done.error_text or done.text, locate)
    return ProgramRun(program, (), done, f"{describe_end(done)}: {message}", done.limit_hit)


def _run_tests(
    place: TestPlace, program: TestProgram, chosen: Sequence[str], names: Collection[str], limits: Limits
) -> tuple[Completed, Mapping[str, Outcome]]:
    log = place.out / "log"
    log.unlink(missing_ok=True)
    inner = inner_path(place.workspace.sandbox, place.mounts(), place.out)
    log_arguments = ("--logfile", posixpath.join(inner, "log"))
    arguments = (*place.arguments, *log_arguments, *(("--exact", *chosen) if chosen else ()))
    done = _run(place, program, arguments, limits)
    if log.is_symlink() or not log.is_file():
        return done, {}
    return done, parse_log(log.read_text(encoding="utf-8", errors="replace"), frozenset(names))


def _cases(
    place: TestPlace,
    program: TestProgram,
    names: Sequence[str],
    done: Completed,
    outcomes: Mapping[str, Outcome],
) -> tuple[TestCase, ...]:
    failures = parse_failures(done.text, place.workspace.locate_from(_compiler_folder(place)))
    slow = frozenset(find_slow_tests(done.text))
    cases = []
    for name in names:
        outcome = outcomes.get(name, Outcome.UNFINISHED)
        message: str = ""
        path: str | None = None
        line: int | None = None
        if outcome is Outcome.FAILED:
            message, path, line = failures.get(name, (NO_MESSAGE, None, None))
        elif outcome is Outcome.UNFINISHED:
            running = "it was still running: " if name in slow else "it was not finished: "
            message = running + describe_end(done)
        path, line = (path, line) if path and (place.workspace.checkout / path).is_file() else (None, None)
        cases.append(TestCase(name, outcome, message, path, line))
    return tuple(cases)


def _compiler_folder(place: TestPlace) -> str:
    return place.workspace.prepare(place.root).metadata.root


def _one_by_one(place: TestPlace, program: TestProgram, cases: Sequence[TestCase]) -> tuple[TestCase, ...]:
    """Run again, each alone, what a crash left unfinished or unexplained, in the time of one program."""
    deadline = clock() + place.limits.seconds
    runs = 0
    settled = []
    for case in cases:
        left = deadline - clock()
        open_question = case.outcome is Outcome.UNFINISHED or case.message == NO_MESSAGE
        if not open_question or runs == _SINGLE_RUNS or left <= 0:
            settled.append(case)
            continue
        runs += 1
        settled.append(_alone(place, program, case, left))
    return tuple(settled)


def _alone(place: TestPlace, program: TestProgram, case: TestCase, left: float) -> TestCase:
    names = (case.name,)
    done, outcomes = _run_tests(place, program, names, names, replace(place.limits, seconds=left))
    alone = _cases(place, program, names, done, outcomes)[0]
    if alone.outcome is Outcome.UNFINISHED and not done.limit_hit:
        message = f"{describe_end(done)} before the test was over"
        locate = place.workspace.locate_from(_compiler_folder(place))
        panic, path, line = parse_panic(done.error_text, locate)
        message = message if panic == NO_MESSAGE else f"{message}: {panic}"
        return TestCase(case.name, Outcome.FAILED, message, path, line)
    if case.outcome is Outcome.FAILED and alone.outcome is Outcome.PASSED:
        return replace(case, message="it failed among the others and passed alone")
    return alone


def _odd_end(done: Completed) -> str:
    """What is wrong with a program whose tests all finished well."""
    if done.ok:
        return ""
    if done.exit_code == _HARNESS_FAILURE and "Unrecognized option" in done.error_text:
        return "its harness is not Rust's own; say harness = false in Cargo.toml"
    return f"all of its tests passed, but {describe_end(done)}"
