"""Refuses a change of which some commit does not compile on its own.

What it checks:
    Every commit between base and head compiles with all its targets, in a clean checkout of that commit,
    the commits of merged branches included; with ``level = "test"`` its tests pass too. The last one is
    head, which ``compile_errors`` and ``failing_tests`` judge. Uncommitted work has no commits.

Why:
    ``git bisect``, a revert and a review of one commit at a time work only where every commit stands.

Evidence:
    One build (with ``level = "test"`` and one test run) for each commit, by exit codes.

Unknown when:
    The dependencies of a commit cannot be had, base did not compile either, or the time of
    ``budget_seconds`` ended before every commit was built and none that was is to blame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.findings import counted
from ironwright.gates.subject import Subject
from ironwright.host import clock
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.records.change import Commit

_COMMIT = (
    r"\b(?:every|each|all|any)\s+(?:single\s+|individual\s+|intermediate\s+|your\s+|of your\s+)?commits?\b"
)
_BUILDS = r"(?:compil(?:e|es|able|ing)|build(?:s|able|ing)?\b|buildable|bisectable)"
_TESTED = r"(?:pass(?:es|ing)?\b[^.;]{0,20}\btests?|tests? (?:must |should )?pass|green)"

GATE = Gate(
    id="unbuildable_commits",
    summary="commits that do not compile on their own",
    cost=Cost.REBUILD,
    phrasings=(
        Phrasing(
            rf"{_COMMIT}[^.;]{{0,50}}\b{_TESTED}",
            "Every commit must compile and pass the tests.",
            params={"level": "test"},
        ),
        Phrasing(
            rf"{_COMMIT}[^.;]{{0,50}}\b{_BUILDS}",
            "Each commit must compile on its own.",
        ),
        Phrasing(
            rf"{_COMMIT}[^.;]{{0,40}}\b(?:stands?|works?) (?:alone|on its own|by itself)\b",
            "Every commit stands alone.",
        ),
        Phrasing(
            r"\b(?:no|never|not|n't|avoid)\s+(?:\w+\s+){0,4}?commits?\b[^.;]{0,30}"
            r"\b(?:do(?:es)? not|doesn't|don't|fails? to|cannot|can't|that breaks?) "
            r"(?:compile|build|the build)\b",
            "Never make a commit that does not compile.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:history|commits?)\b[^.;]{0,30}\bbisectable\b|\bbisectable (?:history|commits?)\b",
            "Keep the history bisectable.",
        ),
        Phrasing(
            r"\bcommits?\s+(?:must|should|ha(?:s|ve) to|needs? to|are|is)"
            r"\s+(?:always\s+)?(?:be\s+)?(?:\w+\s+and\s+)?(?:compile|build|compiling|building|buildable|"
            r"green)\b"
            rf"|{_COMMIT}[^.;]{{0,40}}\b(?:self-contained and|working (?:state|tree)|keeps? the (?:build|"
            rf"tree) (?:green|working))\b",
            "Commits must be atomic and compile.",
        ),
        Phrasing(
            r"\b(?:no|never|not)\b[^.;]{0,15}\bcommits?\b[^.;]{0,20}\b(?:breaks?|may break|broke)"
            r"\b[^.;]{0,10}\bbuild\b",
            "No commit may break the build.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:keep|leave)\b[^.;]{0,10}\b(?:every|each|all)\s+commits?\s+(?:green|passing)\b",
            "Keep every commit green.",
            params={"level": "test"},
        ),
        Phrasing(
            r"\b(?:each|every|all)\s+(?:increments?|steps?|slices?|stages?|layers?)"
            r"\b[^.;]{0,25}\b(?:builds?|compiles?|stands? (?:alone|on its own)|is solid|works? on its own)\b",
            "Each increment must build before the next one starts.",
        ),
        Phrasing(
            r"\bcommit\s+only\b[^.;]{0,20}\b(?:compil\w+|build\w*|working|works)\b|"
            r"\bonly\s+commit\b[^.;]{0,15}\b(?:working|compiling|buildable|code that (?:compiles|builds|"
            r"works))\b",
            "Commit only code that compiles.",
        ),
    ),
    params={
        "level": Param(
            str,
            "compile",
            "What every commit must do: `compile`, or `test` (compile and pass its tests).",
            stricter=max,  # "test" demands more, and sorts behind
            allowed=("compile", "test"),
        ),
        "budget_seconds": Param(int, 900, "Seconds after which no other commit is built."),
    },
    requires=("compile_errors",),
    tools=("cargo", "rustc"),
    inputs=("head", "base", "history", "toolchain"),
    scopes=(Scope.CHANGED,),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Build every commit but the last."""
    del scope  # commits are what a change is made of
    commits = [commit for commit in subject.commits if commit.id != subject.change.head]
    if not commits:
        return passed("the change has no commit besides head")
    started = clock.seconds()
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    left: list[Commit] = []
    for number, commit in enumerate(commits, 1):
        if clock.seconds() - started > params["budget_seconds"]:
            left.append(commit)
            continue
        subject.progress(f"building commit {number} of {len(commits)}: {commit.subject}")
        wrong, said = _wrong_with(subject, commit, params["level"])
        evidence += said
        if wrong and not findings and _base_is_wrong(subject, params["level"]):
            raise Unknown("base itself does not compile, so its commits cannot be judged", tuple(evidence))
        if wrong:
            advice = "Fold it into the commit that repairs it, or order the commits so that each one stands."
            message = f"{commit.id[:10]} ({commit.subject}) does not stand alone: {wrong}"
            findings.append(Finding(None, None, message, advice))
    measure = Evidence(
        "measure",
        f"{len(commits) - len(left)} of {counted(len(commits), 'commit')} before head built",
        {"name": "commits built", "value": len(commits) - len(left), "of": len(commits), "unit": "commits"},
    )
    if findings:
        return failed(
            f"{counted(len(findings), 'commit')} cannot stand alone", tuple(findings), *evidence, measure
        )
    if left:
        raise Unknown(
            f"{counted(len(left), 'commit')} of {len(commits)} not built within "
            f"{params['budget_seconds']} s; raise budget_seconds, or check fewer commits at once",
            (*evidence, measure),
        )
    does = "compiles" if params["level"] == "compile" else "compiles and passes its tests"
    return passed(f"each of {counted(len(commits), 'commit')} before head {does}", *evidence, measure)


def _wrong_with(subject: Subject, commit: Commit, level: str) -> tuple[str, list[Evidence]]:
    """What is wrong with a commit, empty where nothing is."""
    try:
        return _wrong_with_tree(subject.make_mixed("commit", commit.id, {}), level)
    except Unknown as unknown:
        raise Unknown(f"{commit.id[:10]} ({commit.subject}): {unknown.reason}", unknown.evidence) from unknown


def _base_is_wrong(subject: Subject, level: str) -> bool:
    if subject.base is None:
        return False
    return bool(_wrong_with_tree(subject.make_mixed("commit", "base", {}), level)[0])


def _wrong_with_tree(facts: CargoFacts, level: str) -> tuple[str, list[Evidence]]:
    build = facts.build
    if not build.ok:
        first = build.errors[0] if build.errors else None
        problem = build.problems[0] if build.problems else None
        if first is not None:
            said = f"{first.path}:{first.line}: {first.message}" if first.path else first.message
        else:
            said = problem.message if problem else "the build failed without saying why"
        return said.strip().replace("\n", " "), list(build.evidence)
    if level == "test":
        tests = facts.tests
        if any(run.limit_hit for run in tests.programs):
            raise Unknown("its tests ran into a limit; [sandbox] sets the limits", tests.evidence)
        if not tests.ok:
            named = [f"the test {case.name} fails" for _, case in tests.failures]
            named += [f"{run.program.label}: {run.problem}" for run in tests.programs if run.problem]
            return named[0], [*build.evidence, *tests.evidence]
    return "", list(build.evidence)
