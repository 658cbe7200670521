"""The mutants of a change: small wrong versions of its code, listed by cargo-mutants and tried by us.

cargo-mutants decides what is worth changing; it runs nothing here. Each mutant is laid as a tree of its own
and tested like any other tree, by the harness's log and exit codes: what it would have written about the
tests lies where the tests themselves can write.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.chosen_tests import passing_tests, run_chosen
from ironwright.gates.cargo.external_tools import broke, needed, shown_as
from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.host import clock
from ironwright.host.cargo_tool import manifest_inside, run_tool
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.cargo.coverage import Coverage
    from ironwright.gates.subject import SourceTree, Subject

# A mutant may loop: it gets this many times what the slowest test program took, and at least so long.
_TIMES, _LEAST_SECONDS = 5.0, 20.0
# So many survivors are enough to work on.
_ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small wrong version of a file.

    Attributes:
        path: The file.
        line: 1-based line where it differs.
        function: The function that it is in, empty outside functions.
        says: What it does, in cargo-mutants' words (``replace > with < in larger``).
        start: First byte that is replaced.
        end: First byte behind.
        replacement: What stands there instead.
        whole_body: Whether it replaces a function's whole body.
    """

    path: str
    line: int
    function: str
    says: str
    start: int
    end: int
    replacement: str
    whole_body: bool

    def line_span(self, source: bytes) -> frozenset[int]:
        """The 1-based lines of a file's source that it replaces."""
        last = self.line + source[self.start : self.end].count(b"\n")
        return frozenset(range(self.line, last + 1))

    def applied(self, source: bytes) -> bytes:
        """The file with the mutant in it."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]


@dataclass
class Tried:
    """What became of the mutants.

    Attributes:
        noticed: At least one test failed, or did not end.
        survived: All tests passed; with whether any test runs its line, where that is known.
        unbuildable: They do not compile and say nothing.
        left: They were not tried.
        seconds: Wall time of all.
    """

    noticed: list[Mutant] = field(default_factory=list)
    survived: list[tuple[Mutant, str]] = field(default_factory=list)
    unbuildable: list[Mutant] = field(default_factory=list)
    left: list[Mutant] = field(default_factory=list)
    seconds: float = 0.0


def list_mutants(subject: Subject, changes: CodeChanges) -> tuple[tuple[Mutant, ...], tuple[Evidence, ...]]:
    """The mutants on the lines of functions that the change adds or alters, and how they were found.

    Raises:
        Unknown: cargo-mutants is missing, or gives no list.
    """
    program = needed("cargo-mutants")
    facts = subject.cargo
    wanted = _wanted_lines(subject, changes)
    found: dict[tuple[object, ...], Mutant] = {}
    evidence = []
    for root, _ in facts.prepared:
        subject.progress("listing the mutants of the change")
        argv = [
            str(program),
            "mutants",
            "--list",
            "--json",
            "--no-config",
            "--gitignore=false",
            "--colors=never",
        ]
        argv += ["--workspace", "--manifest-path", manifest_inside(root)]
        done = shown_as(run_tool(facts.workspace, root, argv, "test"), ("cargo", "mutants", "--list"))
        if not done.ok or done.truncated:
            raise broke(done)
        for mutant in read_mutants(done.text, root, subject.head):
            if mutant.line_span(subject.head.read(mutant.path)) & wanted.get(mutant.path, frozenset()):
                found[(mutant.path, mutant.start, mutant.end, mutant.replacement)] = mutant
        evidence.append(command_evidence(done))
    return tuple(found.values()), tuple(evidence)


def try_mutants(subject: Subject, mutants: Sequence[Mutant], budget: float, min_killed: int) -> Tried:
    """Test mutants one by one, those first that cost nothing or are worth most.

    Args:
        subject: Head's tests must pass.
        mutants: Which.
        budget: Seconds of wall time, after which no other is begun.
        min_killed: Of a hundred, how many must be noticed: where that is out of reach, and there are
            survivors enough to work on, the others are left.
    """
    started = clock.seconds()
    tests = subject.cargo.tests
    chosen = passing_tests(tests)
    seconds = max(_LEAST_SECONDS, _TIMES * max((run.done.seconds for run in tests.programs), default=0.0))
    examples = bool(subject.cargo.doctests.passed)
    coverage = _coverage(subject)
    tried = Tried()
    for number, mutant in enumerate(_in_order(mutants), 1):
        late = clock.seconds() - started > budget
        if late or _is_settled(tried, len(mutants), min_killed) or _is_stopped(subject):
            tried.left.append(mutant)
            continue
        runs = _runs(coverage, mutant)
        if runs == 0 and not examples:
            tried.survived.append((mutant, "no test runs this line"))
            continue
        subject.progress(f"testing mutant {number} of {len(mutants)}: {mutant.says}")
        source = mutant.applied(subject.head.read(mutant.path))
        facts = subject.make_mixed("mutant", "head", {mutant.path: source})
        if not facts.build.ok:
            tried.unbuildable.append(mutant)
        elif any(not run.ok for run in run_chosen(facts, chosen, seconds, until_failure=True)) or (
            examples and not facts.doctests.ok
        ):
            tried.noticed.append(mutant)
        else:
            tried.survived.append((mutant, "all tests pass with it"))
    tried.seconds = clock.seconds() - started
    return tried


def read_mutants(output: str, root: str, tree: SourceTree) -> list[Mutant]:
    """The mutants in the answer to ``cargo mutants --list --json``.

    Args:
        output: The answer.
        root: The folder to which its paths are relative, itself relative to the repository's root.
        tree: Gives the files.

    Raises:
        Unknown: The answer is not understood.
    """
    try:
        return [_read_one(entry, root, tree) for entry in json.loads(output)]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Unknown(
            f"the list of cargo-mutants is not understood ({type(error).__name__}: {error})"
        ) from error


def _read_one(entry: Mapping[str, Any], root: str, tree: SourceTree) -> Mutant:
    path = entry["file"] if root == "." else f"{root}/{entry['file']}"
    lines = tree.read(path).splitlines(keepends=True)
    span = entry["span"]
    start, end = (_offset(lines, span[edge]["line"], span[edge]["column"]) for edge in ("start", "end"))
    function = entry.get("function") or {}
    says = entry["name"].split(": ", 1)[-1]
    return Mutant(
        path=path,
        line=int(span["start"]["line"]),
        function=function.get("function_name", ""),
        says=says,
        start=start,
        end=end,
        replacement=entry["replacement"],
        whole_body=entry["genre"] == "FnValue",
    )


def _offset(lines: Sequence[bytes], line: int, column: int) -> int:
    """The byte of a place that is counted in lines and characters from 1."""
    before = sum(len(text) for text in lines[: line - 1])
    text = lines[line - 1].decode("utf-8") if line <= len(lines) else ""
    return before + len(text[: column - 1].encode())


def _wanted_lines(subject: Subject, changes: CodeChanges) -> dict[str, frozenset[int]]:
    """The lines that the change wrote in functions that it alters; of a function that only lost lines all."""
    wanted: dict[str, frozenset[int]] = defaultdict(frozenset)
    for found in changes.functions:
        lines = frozenset(found.item.lines)
        written = lines & subject.change.files[found.path].added_lines
        wanted[found.path] |= written or lines
    return wanted


def _in_order(mutants: Sequence[Mutant]) -> list[Mutant]:
    """One of each function in turn, whole bodies first: a budget that ends early has seen all of them."""
    by_function: dict[tuple[str, str], list[Mutant]] = defaultdict(list)
    for mutant in sorted(mutants, key=lambda found: (not found.whole_body, found.path, found.start)):
        by_function[(mutant.path, mutant.function)].append(mutant)
    ordered: list[Mutant] = []
    while any(by_function.values()):
        ordered += [waiting.pop(0) for waiting in by_function.values() if waiting]
    return ordered


def _coverage(subject: Subject) -> Coverage | None:
    try:
        return subject.cargo.coverage
    except Unknown:
        return None  # without it every mutant is run, which takes longer and says the same


def _runs(coverage: Coverage | None, mutant: Mutant) -> int | None:
    """How often tests executed the mutant's line; None where that is not known."""
    return None if coverage is None else coverage.lines.get(mutant.path, {}).get(mutant.line)


def _is_settled(tried: Tried, total: int, min_killed: int) -> bool:
    viable = total - len(tried.unbuildable)
    out_of_reach = 100 * (viable - len(tried.survived)) < min_killed * viable
    return out_of_reach and len(tried.survived) >= _ENOUGH


def _is_stopped(subject: Subject) -> bool:
    stop = subject.cargo.workspace.stop
    return stop is not None and stop.is_set()
