"""Refuses unsafe code whose tests show undefined behaviour.

What it checks:
    Where a Rust file that the change touches holds unsafe code (scope ``all``: any file), the tests of the
    workspace run under Miri, which refuses reads behind the end, broken aliasing, data races, invalid values
    and leaks. Miri reads no files of the machine besides those of the sandbox. Without unsafe code there is
    nothing of one's own that Miri could refuse, and the gate passes.

Why:
    Code with undefined behaviour passes its tests until a compiler takes advantage of it.

Evidence:
    The places of unsafe code, and Miri's answer by its exit code and its first error.

Unknown when:
    There is no nightly toolchain with Miri or its library is not set up; Miri does not support what a test
    does; the tests do not end well for another reason, or not within ``budget_seconds``. What no test runs is
    not judged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import broke, needed, shown_as
from ironwright.gates.cargo.findings import counted
from ironwright.gates.subject import SourceTree, Subject
from ironwright.gates.tree_scope import TreeScope
from ironwright.host.cargo_tool import manifest_inside, run_tool
from ironwright.host.process import Completed
from ironwright.host.sandbox import Mount
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

_UB = r"(?:undefined behavio(?:u)?r|UB)"

GATE = Gate(
    id="undefined_behaviour",
    summary="unsafe code whose tests show undefined behaviour",
    cost=Cost.REBUILD,
    phrasings=(
        Phrasing(r"\b(?:run|test|verify|validate|check)\b[^.;]{0,40}\b(?:cargo )?miri\b",
                 "Run Miri on all unsafe code."),
        Phrasing(rf"\b(?:check|test|verify|validate)\b[^.;]{{0,30}}\bfor {_UB}\b",
                 "Check unsafe code for undefined behavior."),
        Phrasing(r"\bunsafe\b[^.;]{0,50}\b(?:under|with|through|by) (?:`)?(?:cargo )?miri\b",
                 "Every unsafe block is tested under Miri."),
        Phrasing(r"\b(?:cargo )?miri\b", "Memory safety validation with Miri", strength=Strength.SOFT),
        Phrasing(rf"\b(?:no|without|zero|free (?:of|from)|never|not|n't|avoid)"
                 rf"\s+(?:\w+\s+){{0,2}}?{_UB}\b(?! detection)",
                 "Never introduce undefined behavior.", negative=True),
    ),
    params={"budget_seconds": Param(int, 900, "Seconds after which Miri is ended.")},
    requires=("failing_tests",),
    tools=("cargo-miri",),
    inputs=("code", "toolchain"),
)  # fmt: skip

_ERROR = re.compile(
    r"^error: (?P<kind>Undefined Behavior|memory leaked|the evaluated program deadlocked)(?P<text>[^\n]*)"
    r"(?:\n\s*--> (?P<path>[^\n:]+):(?P<line>\d+):\d+)?",
    re.MULTILINE,
)
_OWN_FRAME = re.compile(r"(?:-->|at|inside .* at) (?P<path>[^\s:]+\.rs):(?P<line>\d+):\d+")
_UNSUPPORTED = re.compile(r"^error: unsupported operation: ([^\n]*)", re.MULTILINE)
_SYSROOT = "/w/miri"


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Run the tests under Miri where there is unsafe code in scope."""
    judged = TreeScope(subject, scope)
    places = [place for path in judged.paths for place in unsafe_places(subject.head, path)]
    if not places:
        return passed("there is no unsafe code in scope")
    measure = Evidence(
        "measure",
        f"unsafe code in {counted(len(places), 'place')}, the first {places[0][0]}:{places[0][1]}",
        {"name": "unsafe code", "value": len(places), "unit": "places"},
    )
    program = needed("cargo-miri")
    findings: list[Finding] = []
    evidence = [measure]
    for root, _ in subject.cargo.prepared:
        subject.progress("running the tests under Miri")
        done = _run(subject, program, root, params["budget_seconds"])
        evidence.append(command_evidence(done))
        if done.ok:
            continue
        found = _read(subject, root, done)
        if not found:
            raise _no_answer(done, evidence)
        findings += found
    if findings:
        return failed("tests show undefined behaviour", tuple(findings), *evidence)
    return passed("the tests show no undefined behaviour", *evidence)


def unsafe_places(tree: SourceTree, path: str) -> list[tuple[str, int]]:
    """Where a file that is not test code says ``unsafe``, as path and line."""
    if b"unsafe" not in tree.read(path):
        return []
    from ironwright.gates.rust.items import descend

    file = tree.rust(path)
    tests = tree.test_lines(path)
    lines = {node.start_point.row + 1 for node in descend(file.root) if node.type == "unsafe"}
    return [(path, line) for line in sorted(lines - tests)]


def _run(subject: Subject, program: Path, root: str, budget: float) -> Completed:
    workspace = subject.cargo.workspace
    toolchain = program.parent.parent
    library = _library()
    mounts = [Mount(toolchain, str(toolchain)), Mount(library, _SYSROOT)]
    # The sandbox's own PATH names the toolchain that all other gates use.
    env = {
        "PATH": f"{toolchain / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": str(toolchain / "lib"),
        "MIRI_SYSROOT": _SYSROOT if workspace.sandbox.moves_folders else str(library),
        "MIRIFLAGS": "-Zmiri-disable-isolation",
    }
    argv = [
        "cargo",
        "miri",
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--no-fail-fast",
        "--locked",
    ]
    argv += ["--manifest-path", manifest_inside(root), *workspace.settings(root).arguments]
    with workspace.scratch_tree() as tree:
        done = run_tool(workspace, root, argv, "miri", tree=tree, extra=mounts, env=env, seconds=budget)
    return shown_as(done, ("cargo", "miri", "test"))


def _library() -> Path:
    """Rust's library as ``cargo miri setup`` built it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "miri"
    if not (cache / "lib").is_dir():
        raise Unknown("Miri's library is not set up; run `cargo +nightly miri setup`")
    return cache


def _read(subject: Subject, root: str, done: Completed) -> list[Finding]:
    """The errors of Miri's own, at the first place in the repository that each names."""
    locate = subject.cargo.workspace.locate_from(subject.cargo.workspace.prepare(root).metadata.root)
    return read_errors(done.error_text + "\n" + done.text, locate, subject.head.paths)


def read_errors(text: str, locate: Callable[[str], str | None], known: Collection[str]) -> list[Finding]:
    """Miri's errors in what it printed.

    Args:
        text: What it printed.
        locate: Turns a file name of the compiler into a path of the repository, or None.
        known: The repository's paths.
    """
    found: dict[tuple[str | None, int | None, str], Finding] = {}
    marks = list(_ERROR.finditer(text))
    for number, mark in enumerate(marks):
        section = text[mark.start() : marks[number + 1].start() if number + 1 < len(marks) else len(text)]
        frames = [(locate(frame["path"]), int(frame["line"])) for frame in _OWN_FRAME.finditer(section)]
        own = [(path, line) for path, line in frames if path in known]
        path, line = own[0] if own else (None, None)
        message = f"{mark['kind']}{mark['text']}"
        advice = "Run `cargo +nightly miri test` and see the whole report."
        found.setdefault((path, line, message), Finding(path, line, message, advice))
    return list(found.values())


def _no_answer(done: Completed, evidence: list[Evidence]) -> Unknown:
    if unsupported := _UNSUPPORTED.search(done.error_text + "\n" + done.text):
        return Unknown(f"Miri does not support what a test does: {unsupported[1]}", tuple(evidence))
    return broke(done, *evidence)
