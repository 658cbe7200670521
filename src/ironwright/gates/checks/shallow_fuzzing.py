"""Refuses code on which its fuzz targets fail, and parsers that none of them reaches.

What it checks:
    Each fuzz target for libFuzzer (as ``cargo fuzz`` lays them out) is built and run for ``seconds``, from
    the inputs that the repository keeps for it and with a seed that the tree decides. No input may make it
    panic, overflow, loop or eat memory. Scope ``changed`` lets an input pass with a remark on which base
    fails as well. Public functions that read text or bytes, are new or changed, and are reached by no fuzz
    target are remarks, or with ``require`` refused.

Why:
    Whoever writes the input of a parser is not on its side. Fuzzing tries millions of inputs in the time in
    which a person thinks of one.

Evidence:
    Each target's run by its exit code, and the input that it failed on, as libFuzzer wrote it.

Unknown when:
    A fuzz target does not build (libFuzzer needs a C++ compiler and the crate ``libfuzzer-sys``) or ends
    without an answer; there is none although a parser changed; ``budget_seconds`` did not suffice for all.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.findings import counted
from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.fuzzing import Fuzzed, FuzzTarget

_FUZZ = r"(?:fuzz(?:ing|ed)?(?:[- ](?:test(?:s|ing)?|targets?|harness(?:es)?))?|cargo[ -]fuzz|libfuzzer)"
_PARSER = r"(?:pars(?:er|ing)|deserializ|decod|untrusted input|input handling|codec)\w*"

GATE = Gate(
    id="shallow_fuzzing",
    summary="code on which its fuzz targets fail, and parsers that none reaches",
    cost=Cost.REBUILD,
    phrasings=(
        Phrasing(
            rf"\b(?:every|all|each|any) (?:new |public )?{_PARSER}[^.;]{{0,40}}\b{_FUZZ}\b",
            "Every parser must have a fuzz target.",
            params={"require": True},
        ),
        Phrasing(
            rf"\b(?:write|add|create|include|require) {_FUZZ} (?:for|of) (?:\w+ ){{0,3}}{_PARSER}",
            "Add fuzz targets for all parsers.",
            params={"require": True},
        ),
        Phrasing(
            rf"\bfuzz (?:all|every|each|any|the) (?:\w+ )?{_PARSER}", "Fuzz every parser.", {"require": True}
        ),
        Phrasing(
            r"\brun (?:the |all )?(?:fuzz(?:ing)? (?:targets?|tests?|harness\w*)|fuzzers?|cargo[ -]fuzz)\b",
            "Run the fuzz targets before a release.",
        ),
        Phrasing(rf"\b{_FUZZ}\b", "Fuzzing with cargo-fuzz", strength=Strength.SOFT),
        Phrasing(
            rf"\b{_PARSER}[^.;]{{0,30}}\b(?:must|should|ha(?:s|ve) to|needs? to)\s+(?:all\s+|"
            rf"always\s+)?be\s+fuzz(?:ed|[- ]tested)\b"
            rf"|\bpars(?:es?|ing)\s+(?:\w+\s+)?(?:untrusted\s+)?input[^.;]{{0,20}}\bfuzzed\b",
            "Parsers must be fuzzed.",
            params={"require": True},
        ),
        Phrasing(
            rf"\bfuzz(?:ing|[- ]test(?:s|ing)?)?\s+(?:is|are)\s+(?:mandatory|required|obligatory)"
            rf"\s+(?:for|on)\b[^.;]{{0,20}}{_PARSER}"
            r"|\bfuzz (?:all |every |any )?(?:\w+ )?(?:untrusted|user[- ]supplied|external) input",
            "Fuzz testing is mandatory for parsers.",
            params={"require": True},
        ),
    ),
    params={
        "seconds": Param(int, 30, "Seconds that each fuzz target runs.", stricter=max),
        "budget_seconds": Param(int, 900, "Seconds that all of them may take together."),
        "require": Param(
            bool,
            False,
            "Whether a new or changed parser that no fuzz target reaches is refused.",
            stricter=max,
        ),
    },
    requires=("compile_errors",),
    inputs=("code", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Run the fuzz targets."""
    from ironwright.gates.cargo.fuzzing import find_targets, fuzz_folders

    manifests = any(PurePosixPath(path).name in ("Cargo.toml", "Cargo.lock") for path in subject.change.files)
    if scope is Scope.CHANGED and not CodeChanges(subject).items and not manifests:
        return passed("no code outside tests changed")
    bare = _unreached(subject, scope)
    folders = fuzz_folders(subject.head)
    if not folders:
        if bare and params["require"]:
            return failed(f"parsers that no fuzz target reaches: {len(bare)}", tuple(bare))
        if bare:
            raise Unknown(
                f"there is no fuzz target, and {bare[0].path}:{bare[0].line} reads text or bytes; "
                "`cargo fuzz init` makes one"
            )
        return passed("there is no fuzz target, and nothing in scope reads text or bytes")
    targets = [found for folder in folders for found in find_targets(subject.cargo, folder)]
    done, left = _fuzz_all(subject, targets, params)
    failures, remarks = _sort(subject, scope, done)
    (failures if params["require"] else remarks).extend(bare)
    runs = sum(fuzzed.runs for fuzzed in done)
    evidence = [fuzzed.evidence for fuzzed in done]
    evidence.append(
        Evidence(
            "measure",
            f"{counted(len(done), 'fuzz target')} ran {runs:,} inputs",
            {"name": "fuzzed inputs", "value": runs, "unit": "inputs", "targets": len(done)},
        )
    )
    if failures:
        return failed(f"found by fuzzing: {len(failures)}", tuple(failures), *evidence)
    if left:
        raise Unknown(
            f"{counted(len(left), 'fuzz target')} did not run within {params['budget_seconds']} s "
            f"(the first: {left[0].name}); raise budget_seconds",
            tuple(evidence),
        )
    reason = f"{counted(len(done), 'fuzz target')} found nothing in {runs:,} inputs"
    return passed(reason, *evidence, findings=tuple(remarks))


def _unreached(subject: Subject, scope: Scope) -> list[Finding]:
    """The parsers in scope that no fuzz target reaches."""
    from ironwright.gates.codecs import PropertyTests, is_codec

    judged = TreeScope(subject, scope)
    targets = PropertyTests(subject.head, fuzz_targets_only=True)
    found = []
    for path in judged.paths:
        if path in subject.head.test_files or {"examples", "benches", "fuzz"} & set(path.split("/")[:-1]):
            continue
        file = subject.head.rust(path)
        for item in file.functions:
            if is_codec(item) == "reads" and judged.holds(file, item) and not targets.reach(item):
                message = f"`{item.name}` reads text or bytes, and no fuzz target reaches it"
                found.append(Finding(path, item.line, message, "Add a target with `cargo fuzz add`."))
    return found


def _fuzz_all(
    subject: Subject, targets: list[FuzzTarget], params: Params
) -> tuple[list[Fuzzed], list[FuzzTarget]]:
    from ironwright.gates.cargo.fuzzing import build_targets, fuzz

    seed = int(subject.change.head_tree[:7], 16) + 1
    fitting = max(0, params["budget_seconds"] // max(1, params["seconds"]))
    done: list[Fuzzed] = []
    for folder in dict.fromkeys(target.folder for target in targets):
        own = [target for target in targets[:fitting] if target.folder == folder]
        if not own:
            continue
        subject.progress(f"building {counted(len(own), 'fuzz target')}")
        programs = build_targets(subject.cargo, own)
        for target in own:
            if target.name not in programs:
                raise Unknown(f"cargo reported no program for the fuzz target {target.name}")
            subject.progress(f"fuzzing {target.name} for {params['seconds']} s")
            done.append(fuzz(subject.cargo, target, programs[target.name], params["seconds"], seed))
    return done, targets[fitting:]


def _sort(subject: Subject, scope: Scope, done: list[Fuzzed]) -> tuple[list[Finding], list[Finding]]:
    """Failures, and as remarks those that base has as well."""
    failures: list[Finding] = []
    remarks: list[Finding] = []
    for fuzzed in done:
        if fuzzed.failing_input is None:
            continue
        path = fuzzed.path or fuzzed.target.source
        message = f"the fuzz target {fuzzed.target.name} fails on {fuzzed.shown_input}: {fuzzed.message}"
        advice = "Make a test of this input, then repair what it shows."
        found = Finding(path, fuzzed.line if fuzzed.path else None, message, advice)
        old = scope is Scope.CHANGED and subject.base is not None and _base_fails(subject, fuzzed)
        (remarks if old else failures).append(found)
    return failures, remarks


def _base_fails(subject: Subject, fuzzed: Fuzzed) -> bool:
    """Whether base's code with head's fuzz target fails on the same input."""
    from ironwright.gates.cargo.fuzzing import build_targets, fails_on

    prefix = fuzzed.target.folder + "/"
    changes: dict[str, bytes | None] = {
        path: subject.head.read(path) if path in subject.head.paths else None
        for path in subject.change.files
        if path.startswith(prefix)
    }
    base = subject.make_mixed("base-fuzz", "base", changes)
    try:
        programs = build_targets(base, [fuzzed.target])
    except Unknown:
        return False  # base cannot be asked, so nothing excuses what head does
    program = programs.get(fuzzed.target.name)
    return program is not None and fails_on(base, fuzzed.target, program, fuzzed.failing_input or b"")
