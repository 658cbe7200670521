"""Which lines of the workspace's own code the tests executed, by the LLVM tools of the compiler's version."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.gates.api import Unknown
from ironwright.gates.rust.assertions import identifiers
from ironwright.host.sandbox import Job, Mount, inner_path
from ironwright.host.tools import FoundTool, MissingTool, find_tool
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.rust.items import Item
    from ironwright.gates.subject import SourceTree

_OUT = "/w/out"
# Programs that no test run starts; a library's own tests are called after what it is built as (`rlib` …).
_NOT_MEASURED = frozenset({"example", "bench", "custom-build"})
# What llvm-cov says where none of the programs holds code of the workspace that could run.
_NOTHING_TO_RUN = "no coverage data found"


@dataclass(frozen=True, slots=True)
class LlvmTools:
    """The two programs that read profiles.

    Attributes:
        profdata: ``llvm-profdata``.
        cov: ``llvm-cov``.
    """

    profdata: Path
    cov: Path


@dataclass(frozen=True, slots=True)
class Coverage:
    """Lines by file, test code left out.

    Attributes:
        lines: For each file every line that has code that can run, with how often the tests executed it
            (the most often of what stands on it).
        evidence: The commands and the measures.
        everything: The same with the test code.
    """

    lines: Mapping[str, Mapping[int, int]]
    evidence: tuple[Evidence, ...]
    everything: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    @property
    def executable(self) -> int:
        """How many lines can run."""
        return sum(len(lines) for lines in self.lines.values())

    @property
    def executed(self) -> int:
        """How many of them did."""
        return sum(count > 0 for lines in self.lines.values() for count in lines.values())


def find_llvm_tools() -> LlvmTools | str:
    """The LLVM tools of the compiler's own LLVM, or why there are none and what to install."""
    profdata, cov = find_tool("llvm-profdata"), find_tool("llvm-cov")
    for found in (profdata, cov):
        if isinstance(found, MissingTool):
            return found.explanation
    assert isinstance(profdata, FoundTool)
    assert isinstance(cov, FoundTool)
    return LlvmTools(profdata.path, cov.path)


def measure(facts: CargoFacts) -> Coverage:
    """Coverage of every workspace of the tree, merged.

    Raises:
        Unknown: The LLVM tools are missing or cannot read the profiles, or the tests cannot be built.
    """
    tools = facts.llvm
    if isinstance(tools, str):
        raise Unknown(tools)
    tests = facts.tests
    if not facts.build.instrumented:
        raise Unknown("the build did not measure coverage")
    lines: dict[str, dict[int, int]] = {}
    evidence: list[Evidence] = []
    profiles = dict(tests.profiles)
    for root, run in facts.build.runs:
        programs = [
            artefact.executable
            for artefact in run.messages.artefacts
            if artefact.executable and artefact.source and artefact.target_kind not in _NOT_MEASURED
        ]
        if not programs:
            continue
        report, said = _report(facts, tools, root, profiles.get(root), programs)
        evidence += said
        for path, found in parse_lcov(report, facts.workspace.locate).items():
            merged = lines.setdefault(path, {})
            for line, count in found.items():
                merged[line] = max(count, merged.get(line, 0))
    own = without_constants(
        {path: without_tests(path, found, facts.tree) for path, found in sorted(lines.items())}, facts.tree
    )
    unseen = _inside_compiler(facts)
    kept = {
        path: found
        for path, found in own.items()
        if found and (any(found.values()) or not path.startswith(unseen))
    }
    coverage = Coverage(kept, ())
    measures = Evidence(
        "measure",
        f"{coverage.executed} of {coverage.executable} lines executed",
        {"name": "executed lines", "value": coverage.executed, "of": coverage.executable, "unit": "lines"},
    )
    return Coverage(coverage.lines, (*evidence, measures), lines)


def _report(
    facts: CargoFacts, tools: LlvmTools, root: str, profiles: Path | None, programs: Sequence[str]
) -> tuple[str, list[Evidence]]:
    """The lcov report of one workspace; profiles are untrusted, so they are read in the sandbox."""
    workspace = facts.workspace
    target = workspace.target_mount(root, "test", writable=False)
    with workspace.scratch_folder("coverage") as out:
        mounts = [*workspace.mounts(root, "test")[:1], target, Mount(out, _OUT, writable=True)]
        inner_out = inner_path(workspace.sandbox, mounts, out)
        raw = sorted(profiles.glob("*.profraw")) if profiles and profiles.is_dir() else []
        source = ["--empty-profile"]
        evidence = []
        if raw and profiles:
            mounts.append(Mount(profiles, "/w/profiles"))
            inner = inner_path(workspace.sandbox, mounts, profiles)
            (out / "list").write_text("".join(f"{posixpath.join(inner, path.name)}\n" for path in raw))
            merged = posixpath.join(inner_out, "merged")
            # A program that was killed while it wrote leaves a profile that cannot be read; others count.
            merge = ("merge", "--sparse", "--failure-mode=all", "-f", f"{inner_out}/list", "-o", merged)
            evidence.append(_run(facts, mounts, tools.profdata, merge, "llvm-profdata merge")[1])
            source = [f"--instr-profile={merged}"]
        objects = [word for program in programs[1:] for word in ("--object", program)]
        arguments = ("export", "--format=lcov", *source, programs[0], *objects)
        report, said = _run(facts, mounts, tools.cov, arguments, "llvm-cov export")
        return report, [*evidence, said]


def _run(
    facts: CargoFacts, mounts: Sequence[Mount], tool: Path, arguments: Sequence[str], shown: str
) -> tuple[str, Evidence]:
    workspace = facts.workspace
    cwd = inner_path(workspace.sandbox, mounts, mounts[0].source)
    job = Job((str(tool), *arguments), mounts, cwd, limits=workspace.limits)
    done = workspace.sandbox.run(job, stop=workspace.stop)
    data = {"argv": shown.split(), "exit_code": done.exit_code, "seconds": round(done.seconds, 3)}
    evidence = Evidence("command", f"{shown}: exit code {done.exit_code} after {done.seconds:.1f} s", data)
    if _NOTHING_TO_RUN in done.error_text and done.exit_code == 1:
        return "", evidence
    if not done.ok or done.truncated:
        said = done.error_text.strip().splitlines()
        raise Unknown(f"{shown} failed: {said[0] if said else 'its output was cut'}", (evidence,))
    return done.text, evidence


def _inside_compiler(facts: CargoFacts) -> tuple[str, ...]:
    """The folders of procedural macros' code, as prefixes.

    It runs inside the compiler, where nothing measures it. What none of its own unit tests executed is
    therefore not known to be unexecuted, and counts on neither side.
    """
    return tuple(
        target.source.rpartition("/")[0] + "/"
        for metadata in facts.metadata
        for package in metadata.packages
        for target in package.targets
        if target.kind == "proc-macro" and target.source and "/" in target.source
    )


def parse_lcov(report: str, locate: Callable[[str], str | None]) -> dict[str, dict[int, int]]:
    """Executed counts by file and line from an lcov report; files outside the repository are left out.

    Lines that are not understood are skipped: the report is a tool's own.
    """
    files: dict[str, dict[int, int]] = {}
    lines: dict[int, int] | None = None
    for record in report.splitlines():
        key, _, value = record.partition(":")
        if key == "SF":
            path = locate(value.strip())
            lines = files.setdefault(path, {}) if path else None
        elif key == "DA" and lines is not None:
            number, _, count = value.partition(",")
            count = count.partition(",")[0]
            if number.isdecimal() and count.isdecimal():
                lines[int(number)] = max(int(count), lines.get(int(number), 0))
    return files


def without_tests(path: str, lines: Mapping[int, int], tree: SourceTree) -> dict[int, int]:
    """A file's lines without its test code; nothing of files that are test code, examples or generated."""
    if path not in tree.paths or path in tree.test_files or "examples" in path.split("/")[:-1]:
        return {}
    tests = tree.rust(path).test_lines if path.endswith(".rs") else frozenset()
    return {line: count for line, count in lines.items() if line not in tests}


def without_constants(
    lines: Mapping[str, Mapping[int, int]], tree: SourceTree
) -> dict[str, Mapping[int, int]]:
    """Lines without those of functions that only the compiler runs.

    A ``const fn`` that a constant's value calls was executed while the code was compiled, where nothing
    measures it. Where no test executed it besides, it counts on neither side.
    """
    idle = {
        path: [item for item in tree.rust(path).functions if _is_idle_constant(item, found)]
        for path, found in lines.items()
        if path.endswith(".rs") and path in tree.paths
    }
    if not any(idle.values()):
        return dict(lines)
    named = _named_by_constants(tree)
    kept: dict[str, Mapping[int, int]] = {}
    for path, found in lines.items():
        gone = {n for item in idle.get(path, ()) if item.name in named for n in item.lines}
        kept[path] = {line: count for line, count in found.items() if line not in gone}
    return kept


def _is_idle_constant(item: Item, lines: Mapping[int, int]) -> bool:
    return "const" in item.modifiers and not any(lines.get(number, 0) for number in item.lines)


def _named_by_constants(tree: SourceTree) -> frozenset[str]:
    """The names in constants and statics outside of tests, and in the ``const fn`` that these name."""
    items = [
        item
        for path in tree.rust_paths
        if b"const" in tree.read(path) or b"static" in tree.read(path)
        for item in tree.rust(path).items
    ]
    bodies: dict[str, set[str]] = {}
    for item in items:
        if item.kind == "function" and "const" in item.modifiers:
            bodies.setdefault(item.name, set()).update(identifiers(item.node))
    if not bodies:
        return frozenset()
    # Tables may have hundred thousands of tokens; nearly none of them names a function.
    named = re.compile("|".join(re.escape(name) for name in bodies).encode())
    todo: set[str] = set()
    for item in items:
        if item.kind in ("const", "static") and not item.in_test and named.search(item.node.text or b""):
            todo |= identifiers(item.node) - {item.name}
    found: set[str] = set()
    while todo:
        found |= todo
        todo = {name for known in todo for name in bodies.get(known, ())} - found
    return frozenset(found)
