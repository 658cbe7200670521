"""Builds and runs a tree's fuzz targets: crates for libFuzzer, as cargo-fuzz lays them out.

A stable compiler can instrument them, only without the sanitizers: what a target finds are panics,
overflows, failed assertions, endless loops and too much memory. So neither cargo-fuzz nor a nightly toolchain
is needed; libFuzzer itself comes with the crate that the targets depend on.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import broke, shown_as
from ironwright.host.cargo_tool import OUT, run_tool
from ironwright.host.test_output import NO_MESSAGE, parse_panic
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.subject import SourceTree
    from ironwright.host.process import Completed

_PURPOSE = "fuzz"
# What cargo-fuzz gives the compiler, without sanitizers.
_FLAGS = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "--cfg=fuzzing",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Coverflow-checks",
)
_UNIT_SECONDS, _MEMORY_MB, _MARGIN_SECONDS = 10, 2048, 60
_INPUTS = ("crash-*", "timeout-*", "oom-*", "leak-*", "slow-unit-*")
_RUNS = re.compile(r"^stat::number_of_executed_units:\s*(\d+)", re.MULTILINE)
_SHOWN_BYTES = 32


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """One fuzz target.

    Attributes:
        folder: Its package's folder.
        package: Its package.
        name: Its name.
        source: Its root file.
    """

    folder: str
    package: str
    name: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """How a fuzz target ended.

    Attributes:
        target: Which.
        runs: How many inputs it ran, as libFuzzer says.
        failing_input: The input on which it failed; None where it did not.
        message: What went wrong; empty where nothing did.
        path: Where, relative to the repository's root, or None.
        line: 1-based.
        evidence: The command.
    """

    target: FuzzTarget
    runs: int
    failing_input: bytes | None
    message: str
    path: str | None
    line: int | None
    evidence: Evidence

    @property
    def shown_input(self) -> str:
        """The beginning of the failing input, for people."""
        content = self.failing_input or b""
        more = " …" if len(content) > _SHOWN_BYTES else ""
        return repr(content[:_SHOWN_BYTES])[1:] + more


def fuzz_folders(tree: SourceTree) -> tuple[str, ...]:
    """The folders of the packages that hold fuzz targets, by their manifests."""
    found = []
    for path in sorted(tree.paths):
        if path.rpartition("/")[2] != "Cargo.toml":
            continue
        try:
            manifest = tomllib.loads(tree.read(path).decode())
        except ValueError:
            continue  # cargo says what is wrong with it, and compile_errors passes that on
        if _is_fuzzed(manifest):
            found.append(path.removesuffix("Cargo.toml").rstrip("/") or ".")
    return tuple(found)


def _is_fuzzed(manifest: dict[str, Any]) -> bool:
    package = manifest.get("package")
    metadata = package.get("metadata", {}) if isinstance(package, dict) else {}
    dependencies = manifest.get("dependencies", {})
    return (isinstance(metadata, dict) and metadata.get("cargo-fuzz") is True) or (
        isinstance(dependencies, dict) and "libfuzzer-sys" in dependencies
    )


def find_targets(facts: CargoFacts, folder: str) -> tuple[FuzzTarget, ...]:
    """The fuzz targets of the package in a folder.

    Raises:
        CargoError: Its manifest is refused, or its dependencies cannot be had.
    """
    metadata = facts.workspace.prepare(folder).metadata
    return tuple(
        FuzzTarget(folder, package.name, target.name, target.source)
        for package in metadata.packages
        if package.folder == folder
        for target in package.targets
        if target.kind == "bin"
    )


def build_targets(facts: CargoFacts, targets: Sequence[FuzzTarget]) -> dict[str, str]:
    """Build the targets of one folder instrumented; where each program lies, by name.

    Raises:
        Unknown: They do not build.
    """
    workspace, folder = facts.workspace, targets[0].folder
    workspace.prepare(folder)
    flags = (*workspace.settings(folder).rustflags, *_FLAGS)
    arguments = ["build", "--release", "--locked", "--message-format=json", "--package", targets[0].package]
    arguments += ["--target", workspace.toolchain.host]
    for target in targets:
        arguments += ["--bin", target.name]
    run = workspace.run(folder, arguments, _PURPOSE, env={"CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)})
    if not run.ok:
        errors = [item.message for item in run.messages.diagnostics if item.is_error]
        said = errors[0] if errors else run.problem.message if run.problem else "cargo does not say why"
        raise Unknown(f"the fuzz targets do not build: {said}", (command_evidence(run.done),))
    built = {item.target_name: item.executable for item in run.messages.artefacts if item.executable}
    return {target.name: built[target.name] or "" for target in targets if built.get(target.name)}


def fuzz(facts: CargoFacts, target: FuzzTarget, program: str, seconds: int, seed: int) -> Fuzzed:
    """Run a fuzz target for a time, from the inputs that the repository keeps for it.

    Raises:
        Unknown: It ended in a way that says nothing.
    """
    with facts.workspace.scratch_tree() as tree, facts.workspace.scratch_folder("fuzz") as out:
        corpus, kept = out / "corpus", tree / target.folder / "corpus" / target.name
        if kept.is_dir() and not kept.is_symlink():
            shutil.copytree(kept, corpus, symlinks=True)
        else:
            corpus.mkdir()
        argv = (
            program,
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-timeout={_UNIT_SECONDS}",
            f"-rss_limit_mb={_MEMORY_MB}",
            f"-artifact_prefix={OUT}/",
            "-print_final_stats=1",
            f"{OUT}/corpus",
        )
        done = _run(facts, target, argv, tree, out, seconds)
        return _judge(facts, target, done, _failing_input(out))


def fails_on(facts: CargoFacts, target: FuzzTarget, program: str, content: bytes) -> bool:
    """Whether a fuzz target fails on one input."""
    with facts.workspace.scratch_tree() as tree, facts.workspace.scratch_folder("fuzz") as out:
        (out / "input").write_bytes(content)
        argv = (program, f"-timeout={_UNIT_SECONDS}", f"-artifact_prefix={OUT}/", f"{OUT}/input")
        return not _run(facts, target, argv, tree, out, 0).ok


def _run(
    facts: CargoFacts, target: FuzzTarget, argv: Sequence[str], tree: Path, out: Path, seconds: int
) -> Completed:
    limit = seconds + _MARGIN_SECONDS
    done = run_tool(
        facts.workspace, target.folder, argv, _PURPOSE, tree=tree, out=out, seconds=limit, inside_tree=True
    )
    return shown_as(done, (f"fuzz target {target.name}", *argv[1:]))


def _failing_input(out: Path) -> bytes | None:
    for pattern in _INPUTS[:-1]:
        for path in sorted(out.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                return path.read_bytes()
    return None


def _judge(facts: CargoFacts, target: FuzzTarget, done: Completed, failing: bytes | None) -> Fuzzed:
    text = done.error_text + "\n" + done.text
    runs = int(found[-1]) if (found := _RUNS.findall(text)) else 0
    evidence = command_evidence(done)
    if done.ok:
        if not runs:
            raise Unknown(f"the fuzz target {target.name} ended well and ran no input", (evidence,))
        return Fuzzed(target, runs, None, "", None, None, evidence)
    if failing is None or done.stopped or done.limit_hit:
        raise broke(done)
    locate = facts.workspace.locate_from(facts.workspace.prepare(target.folder).metadata.root)
    message, path, line = parse_panic(text, locate)
    if message == NO_MESSAGE or "panicked at" not in text:
        summary = [
            said for said in text.splitlines() if said.startswith(("SUMMARY:", "==")) and "ERROR" in said
        ]
        message = summary[0].partition("ERROR: ")[2] if summary else "it failed"
    return Fuzzed(target, runs, failing, message, path, line, evidence)
