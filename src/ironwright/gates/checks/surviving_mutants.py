"""Refuses changed code that can be made wrong without any test noticing.

What it checks:
    cargo-mutants names small wrong versions of the functions that the change adds or alters: a body
    replaced by a plain value, ``>`` by ``<``, ``&&`` by ``||``. Each is built and tested; at least one test
    or documentation example must fail or not end. One that does not compile says nothing and does not
    count. ``min_killed`` says how many of a hundred must be noticed; those that were not are then remarks.

Why:
    Coverage says that a line was run, not that anybody looked at what came out. A mutant that survives is
    a fault that the tests would let through.

Evidence:
    cargo-mutants' list, and for each mutant a build and a test run of its own, judged as for
    ``failing_tests``. Mutants on lines that no test runs survive without a run, by the coverage.

Unknown when:
    cargo-mutants is missing; the tests of head do not pass; the time of ``budget_seconds`` ended before
    every mutant was tried, and none of those that were tried decided it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.findings import counted
from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.mutants import Mutant, Tried

GATE = Gate(
    id="surviving_mutants",
    summary="changed code that can be made wrong without a test noticing",
    cost=Cost.REBUILD,
    phrasings=(
        Phrasing(
            r"\bmutation (?:score|coverage|kill rate)\b[^.;%\d]{0,40}(?P<min_killed>\d{1,3})\s?(?:%|percent)",
            "Keep the mutation score at or above 80%.",
        ),
        Phrasing(
            r"(?P<min_killed>\d{1,3})\s?(?:%|percent)\s(?:\w+\s){0,2}mutation (?:score|coverage|kill rate)",
            "Reach a 90% mutation score.",
        ),
        Phrasing(
            r"\b(?:surviving|missed|uncaught|live) mutants?\b|\bmutants? (?:that )?surviv\w+",
            "No surviving mutants in changed code.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:kill|catch) (?:all|every|each)(?: \w+)? mutants?\b"
            r"|\b(?:all|every) mutants? (?:\w+ ){0,2}(?:killed|caught)\b",
            "Kill every mutant.",
        ),
        Phrasing(
            r"\b(?:run|execute|verify|validate|check)\b[^.;]{0,40}"
            r"\b(?:mutation tests?|mutation testing|cargo[ -]mutants)\b",
            "Run mutation testing before you finish.",
        ),
        Phrasing(
            r"\bmutation test(?:s|ing)?\b|\bcargo[ -]mutants\b",
            "Mutation testing with cargo-mutants",
            strength=Strength.SOFT,
        ),
        Phrasing(
            r"\b(?P<min_killed>\d{1,3})\s*(?:%|percent)\s+(?:of\s+)?(?:all\s+|the\s+)?mutants\b",
            "At least 75% of mutants must be killed.",
        ),
        Phrasing(
            r"\b(?:leav\w*|no|any|let)\s+(?:any\s+|single\s+)?mutants?\s+(?:alive|survive|unkilled|"
            r"surviving|behind)\b",
            "Leave no mutant alive.",
            negative=True,
        ),
    ),
    params={
        "min_killed": Param(
            int, 100, "Of a hundred mutants that compile, how many a test must notice.", stricter=max
        ),
        "budget_seconds": Param(int, 600, "Seconds after which no other mutant is tried."),
    },
    requires=("failing_tests",),
    tools=("cargo-mutants",),
    inputs=("code", "toolchain"),
    scopes=(Scope.CHANGED,),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Try the mutants of the change."""
    del scope  # a change has mutants enough
    changes = CodeChanges(subject)
    if not changes.functions:
        return passed("no function outside tests changed")
    from ironwright.gates.cargo.mutants import list_mutants, try_mutants

    mutants, evidence = list_mutants(subject, changes)
    if not mutants:
        return passed("there is no mutant of what changed", *evidence)
    if not subject.cargo.tests.ok:
        raise Unknown("the tests do not pass as it is; see failing_tests", evidence)
    tried = try_mutants(subject, mutants, params["budget_seconds"], params["min_killed"])
    viable = len(tried.noticed) + len(tried.survived)
    evidence = (*evidence, _measure(len(mutants), tried))
    findings = tuple(_finding(mutant, why) for mutant, why in tried.survived)
    # Those not tried may all be noticed, or none of them.
    best = 100 * (len(tried.noticed) + len(tried.left)) / max(1, viable + len(tried.left))
    worst = 100 * len(tried.noticed) / max(1, viable + len(tried.left))
    if best < params["min_killed"]:
        reason = f"no test notices {counted(len(findings), 'mutant')} of {viable + len(tried.left)}"
        return failed(reason, findings, *evidence)
    if tried.left and worst < params["min_killed"]:
        first = tried.left[0]
        raise Unknown(
            f"{len(tried.left)} of {len(mutants)} mutants were not tried within "
            f"{params['budget_seconds']} s (the first: {first.path}:{first.line}, {first.says}); "
            "raise budget_seconds or make the change smaller",
            evidence,
        )
    if not viable:
        return passed(f"none of {counted(len(mutants), 'mutant')} compiles", *evidence)
    return passed(
        f"tests notice {len(tried.noticed)} of {counted(viable, 'mutant')}", *evidence, findings=findings
    )


def _finding(mutant: Mutant, why: str) -> Finding:
    return Finding(
        mutant.path,
        mutant.line,
        f"no test fails when one does this: {mutant.says} ({why})",
        "Add a test that tells the two apart.",
    )


def _measure(total: int, tried: Tried) -> Evidence:
    counts = {
        "noticed": len(tried.noticed),
        "survived": len(tried.survived),
        "unbuildable": len(tried.unbuildable),
        "not_tried": len(tried.left),
    }
    shown = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    data = {
        "name": "mutants",
        "value": total,
        "unit": "mutants",
        **counts,
        "seconds": round(tried.seconds, 1),
    }
    return Evidence("measure", f"{total} mutants: {shown}", data)
