"""Refuses work that went on to its end although the last build or test run had failed.

What it checks:
    Where a build (``cargo build``, ``check``, ``rustc``, ``test --no-run``) or a test run (``cargo test``,
    ``nextest``) failed or ran into its limit of time, the agent saw the same kind succeed before it
    finished, or before it asked the gates. A test run that succeeded also counts as a build, and so does
    clippy. A run of everything is only made good by a run of everything; one of a part (a package, a test
    by name) by any later run of its kind. Nothing is committed with ``git commit`` while the last build
    of exactly those files had failed; a commit on failing tests is a remark, as it may be the first half of
    test-driven work. Failures on the way are no findings: a test is meant to fail before it passes.

Why:
    An agent that reports success over a red build has stopped looking; what it says about the work after
    that is guessed.

Evidence:
    The commands in the run's journal with their exit codes, and the trees that they started from. Only
    commands whose exit code is cargo's own count; a pipe into ``tee`` proves nothing.

Unknown when:
    There is no journal, or no attempt was made yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, failed, passed
from ironwright.gates.journal_calls import Call, evidence_of, journal_of, read_calls
from ironwright.gates.subject import Subject
from ironwright.records.cargo_commands import CargoRun, cargo_runs
from ironwright.records.command_matching import runs_command
from ironwright.records.contract import Scope
from ironwright.records.verdict import Finding

_TESTS = frozenset(("test", "nextest"))
_BUILDS = frozenset(("build", "check", "rustc"))
_PROVES_BUILD = _TESTS | _BUILDS | {"clippy", "run", "bench"}

_FAILURE = (
    r"\b(?:tests?|builds?|compil\w+|checks?|code|anything|something|cargo \w+|commands?|it)\b[^.;]{0,40}?"
    r"\b(?:fail(?:s|ed|ing|ures?)?|not compile|n['’]t compile|break(?:s|ing)?|broken|red|errors?)\b"
)
_LOOK = (
    r"(?:investigat\w+|diagnos\w+|find|fix|understand|debug|determine|analy[sz]e|identify|address|resolve|"
    r"look|repair|work out)"
)

GATE = Gate(
    id="ignored_failure",
    summary="work that ended over a failed build or test run",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            rf"\b(?:if|when(?:ever)?|once|as soon as)\b[^.;]{{0,30}}?{_FAILURE}[^.;]{{0,40}}?"
            rf"\b(?:stop|halt|pause)\b[^.;]{{0,25}}?\b{_LOOK}\b",
            "If something doesn't compile or tests fail, STOP and investigate thoroughly.",
        ),
        Phrasing(
            r"\b(?:proceed|continu|mov|go|carry|advanc|press)(?:e|es|ing|s)?\b(?:\s+(?:on|forward|ahead))?\s+"
            r"(?:with|to|past|over|when|while|if|after|despite|until|before)\b[^.;]{0,50}?"
            r"\b(?:(?:failing|broken|red)\s+(?:tests?|builds?|code|checks?|compil\w+)"
            r"|(?:tests?|builds?|compil\w+|code)\s+(?:are\s+|is\s+|has\s+|have\s+)?(?:fail(?:s|ed|ing)?|"
            r"broken|red))",
            "Never move on while tests are failing.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:proceed|continue|move|go)\b(?:\s+(?:on|forward|ahead))?[^.;]{0,30}?\b(?:until|before)"
            r"\b[^.;]{0,25}"
            r"\b(?:tests?|builds?|code|compil\w+)\b[^.;]{0,20}\b(?:pass(?:es)?|succeeds?|compiles?|green)\b",
            "Do not proceed until all tests pass.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:compil\w+|builds?|code|tests?)\b[^.;]{0,20}\b(?:succeeds?|pass(?:es)?|compiles?|green)"
            r"\s+before\s+"
            r"(?:you\s+)?(?:mov|proceed|go|continu|begin|start)\w*\b[^.;]{0,20}\b(?:next|on|another|"
            r"further|other)\b",
            "Ensure compilation succeeds before moving to the next component.",
        ),
        Phrasing(
            r"\bignor(?:e|es|ing)\b\s+(?:any\s+|a\s+)?(?:failing|failed|broken|red|test|build|compil\w+)\s+"
            r"(?:tests?|builds?|failures?|errors?)\b",
            "Never ignore failing tests.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:proceed|continue|move on|go on|start|begin)\b[^.;]{0,40}\b(?:until|before|unless)"
            r"\b[^.;]{0,25}"
            r"\b(?:tests?|builds?|code|everything|it|compil\w+)\b[^.;]{0,20}\b(?:pass(?:es)?|succeeds?|"
            r"compiles?|builds?|green)\b",
            "Do not proceed until everything compiles.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:stop|halt|pause)\b(?:\s+(?:immediately|everything|(?:all\s+)?work(?:ing)?|at\s+once|"
            r"right\s+away|here|and\s+\w+))?\s+(?:if|when(?:ever)?|as soon as|on|after)\b[^.;]{0,15}"
            r"\b(?:command|test|build|compil\w+|check|step)s?\b[^.;]{0,15}\b(?:fail\w*|break\w*|error\w*)\b",
            "Stop immediately when a command fails and analyse why.",
        ),
        Phrasing(
            r"\bon\s+(?:any|every|each|a|an|the first)\s+(?:compil\w+|build|test|clippy)?\s*(?:errors?|"
            r"failures?)\b[^.;]{0,15}"
            r"\b(?:stop|halt|pause)\b",
            "On any compile error, halt and investigate.",
        ),
        Phrasing(
            r"\b(?:proceed|continue|move on|go on)\b[^.;]{0,20}\b(?:until|before|"
            r"unless)\b[^.;]{0,15}\b(?:current |"
            r"previous |last |this |each |every )step\b[^.;]{0,15}\b(?:pass(?:es|ed)?|succeed\w*|green)\b",
            "Don't proceed until the current step passes.",
            negative=True,
        ),
    ),
    inputs=("journal",),
    scopes=(Scope.CHANGED,),
    process=True,
)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A run that failed and was not seen to succeed since."""

    call: Call
    run: CargoRun

    @property
    def kind(self) -> str:
        """``test`` or ``build``."""
        return "test" if self.run.subcommand in _TESTS else "build"

    def is_made_good(self, run: CargoRun) -> bool:
        """Whether a run that succeeded later says that this failure is gone."""
        alike = _TESTS if self.kind == "test" else _PROVES_BUILD
        return run.subcommand in alike and (self.run.narrowed or not run.narrowed)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Follow the runs of cargo through the journal, and see what was left failing."""
    calls = [call for call in read_calls(journal_of(subject)) if call.ran and call.command is not None]
    open_failures: list[_Failure] = []
    commits: list[tuple[Call, _Failure]] = []
    runs = 0
    for call in calls:
        command = call.command or ""
        if runs_command(command, "git commit"):
            commits += [(call, failure) for failure in open_failures if _same_files(call, failure.call)]
        found = cargo_runs(command)
        runs += len(found)
        if call.exit_code == 0:
            good = [run for run in found if run.good_on_zero]
            open_failures = [f for f in open_failures if not any(f.is_made_good(run) for run in good)]
        else:
            open_failures = _with(open_failures, call, found)
    evidence = evidence_of(
        calls, f"runs of cargo that judge the code: {runs}", left_failing=len(open_failures)
    )
    findings = [
        Finding(
            None,
            None,
            f"{failure.call.shown} {_how(failure.call)}, and no {failure.kind} succeeded after it",
            "Find the cause, repair it, and run the command again until it succeeds.",
        )
        for failure in _latest(open_failures)
    ]
    committed = [_commit_finding(call, failure) for call, failure in commits]
    remarks = [item for item, (_, failure) in zip(committed, commits, strict=True) if failure.kind == "test"]
    # A commit of what did not build is no loss where it was folded into one that does.
    refused = [item for item, (_, failure) in zip(committed, commits, strict=True) if failure.kind == "build"]
    if refused and any(runs_command(call.command or "", "git commit --amend") for call in calls):
        remarks, refused = remarks + refused, []
    findings += refused
    if findings:
        reason = f"failures that were passed over: {len(findings)}"
        return failed(reason, (*findings, *remarks), evidence)
    return passed("no build or test run was left failing", evidence, findings=tuple(remarks))


def _with(failures: list[_Failure], call: Call, found: tuple[CargoRun, ...]) -> list[_Failure]:
    """The open failures after a command that did not succeed: the last run in it stands for all of them."""
    judging = [run for run in found if run.bad_on_failure and run.subcommand in _TESTS | _BUILDS]
    if not judging:
        return failures
    tests = [run for run in judging if run.subcommand in _TESTS]
    return [*failures, _Failure(call, (tests or judging)[-1])]


def _latest(failures: list[_Failure]) -> list[_Failure]:
    """The last failure of each kind; the ones before it would be made good with it."""
    return list({failure.kind: failure for failure in failures}.values())


def _same_files(one: Call, failed_call: Call) -> bool:
    """Whether a call started from the files that another one failed on, or left (with a new Cargo.lock)."""
    return one.tree != "" and one.tree in (failed_call.tree, failed_call.after.partition("@")[0])


def _how(call: Call) -> str:
    return "ran into its limit of time" if call.timed_out else f"failed with exit code {call.exit_code}"


def _commit_finding(call: Call, failure: _Failure) -> Finding:
    return Finding(
        None,
        None,
        f"{call.shown} committed what had just failed in {failure.call.shown}",
        "Repair it first, and fold the repair into that commit (`git commit --amend`).",
    )
