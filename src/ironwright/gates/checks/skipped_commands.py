"""Refuses work whose definition demands commands before or after it that did not run.

What it checks:
    The run's journal has, for each command of ``before``, an end that went well before the first attempt
    started, and for each command of ``after`` one behind the last attempt, in the order in which they are
    demanded. A command that ran again after a failure counts by its last end.

Why:
    What a team wants done before and after each task (recall notes, lint, commit) is skipped silently by
    an agent that is busy with the task itself.

Evidence:
    The journal's records of commands and attempts, written when they started and ended.

Unknown when:
    There is no journal, or no attempt was made yet. While the run is still at work, so that the commands
    after it are not due, a check leaves this gate out and says so; the check that decides has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, judged
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.journal import Event, EventKind
from ironwright.records.verdict import Evidence, Finding

_COMMAND = r"(?<![\w./])/[a-z][\w-]*(?::[\w-]+)*(?![\w/])"
_COMMANDS = rf"`?{_COMMAND}`?(?:(?:,\s*(?:and\s+|then\s+)?|\s+and\s+(?:then\s+)?|\s+then\s+)`?{_COMMAND}`?)*"
_RUN = (
    r"(?<!suggest )(?<!about )(?<!ask to )(?<!tell them to )"
    r"\b(?:run|execut|invok|call|us)\w{0,4}\s+(?:the\s+)?(?:commands?\s+)?"
)
_FIRST = (
    r"\b(?:before|prior to)\s+(?:you\s+)?(?:start|begin|do|mak|work|implement|writ|cod|tak|any|each|every|"
    r"the|your)\w*"
    r"|\bat the (?:start|beginning)\b|\bfirst\b"
)
_LAST = (
    r"\bafter\s+(?:you(?:'ve|\s+have)?\s+)?(?:finish|complet|implement|all|each|every|any|the|your|mak|work|"
    r"cod|writ|done)\w*"
    r"|\b(?:once|when|as soon as)\s+(?:you(?:'re|\s+are)?\s+)?"
    r"(?:done|finished|complete\w*|everything|all|the|your)\b"
    r"|\bat the end\b|\b(?:up)?on completion\b|\bwhen complete\b|\bfinally\b"
)


def _not_due(journal: Sequence[Event], params: Params) -> str:
    """Why the commands cannot be judged in the middle of a run: those after the work have not had their turn.

    What was missed before the work is known at once, and no later step makes up for it.
    """
    if not params["after"] or any(_missed_before(journal, params)):
        return ""
    return f"{_due(params)} when the work is done"


def _due(params: Params) -> str:
    return f"{', '.join(f'/{_plain(name)}' for name in params['after'])} is due"


GATE = Gate(
    id="skipped_commands",
    summary="commands demanded before or after the work that did not run",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            rf"(?:{_FIRST})(?:(?!\bafter\b|{_COMMAND})[^.;]){{0,60}}?{_RUN}(?P<before>{_COMMANDS})",
            "Before starting your tasks: run the /memo command found in .claude/commands/memo.md",
        ),
        Phrasing(
            rf"{_RUN}(?P<before>{_COMMANDS})[^.;/]{{0,30}}?(?:{_FIRST})",
            "Run /memo before you start.",
        ),
        Phrasing(
            rf"(?:{_LAST})(?:(?!\bbefore\b|{_COMMAND})[^.;]){{0,60}}?{_RUN}(?P<after>{_COMMANDS})",
            "AFTER completing your tasks, confirm done: run the /lint command",
        ),
        Phrasing(
            rf"{_RUN}(?P<after>{_COMMANDS})[^.;/]{{0,30}}?(?:{_LAST})",
            "Run /lint and /commit when you are done.",
        ),
        Phrasing(
            rf"\b(?:start|begin)\b[^.;]{{0,40}}?\b(?:by|with)\s+(?:running\s+|executing\s+|calling\s+|"
            rf"invoking\s+)?(?:the\s+)?(?P<before>{_COMMANDS})",
            "Start every task by running /memo.",
        ),
        Phrasing(
            rf"\b(?:finish|end|conclude|close)\b[^.;]{{0,40}}?\b(?:by|with)\s+(?:running\s+|executing\s+|"
            rf"calling\s+|invoking\s+)?(?:the\s+)?(?P<after>{_COMMANDS})",
            "Finish every task with /commit.",
        ),
        Phrasing(
            rf"{_RUN}(?P<after>{_COMMANDS})[^.;/]{{0,20}}?\b(?:before|prior to)\s+(?:you\s+)?(?:commit|"
            rf"push|finish|hand|deliver|submit|complet|open|merg)\w*",
            "You must run /check before committing.",
        ),
    ),
    params={
        "before": Param(tuple, (), "Commands that must run before the work, in order, without the slash."),
        "after": Param(tuple, (), "Commands that must run after the work, in order, without the slash."),
    },
    inputs=("journal",),
    scopes=(Scope.CHANGED,),
    process=True,
    not_due=_not_due,
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look the commands up in the journal."""
    if subject.journal is None:
        raise Unknown("there is no journal, so nothing says which commands ran")
    work = _work(subject.journal)
    attempts = [event.seq for event in work if event.kind == EventKind.ATTEMPT_STARTED]
    ended = [event.seq for event in work if event.kind == EventKind.ATTEMPT_ENDED]
    if not attempts:
        raise Unknown("the journal holds no attempt yet")
    demanded = {phase: tuple(_plain(name) for name in params[phase]) for phase in ("before", "after")}
    ran = [event for event in subject.journal if event.kind == EventKind.COMMAND_ENDED]
    evidence = Evidence(
        "journal",
        f"commands that ran: {len(ran)}",
        {"commands": [{key: event.data.get(key) for key in ("name", "phase", "ok")} for event in ran]},
    )
    findings = [*_missed_before(subject.journal, params)]
    last_attempt = max([*attempts, *ended])
    last = [event for event in ran if event.data["phase"] == "after" and event.seq > last_attempt]
    # What must come before the work can be told in the middle of it, what must come after it cannot.
    if last or _is_over(subject.journal):
        findings += _missing(demanded["after"], last, "after the work")
    elif demanded["after"] and not findings:
        raise Unknown(f"the run is still at work: {_due(params)} when it is done", (evidence,))
    every = [f"/{name}" for phase in demanded.values() for name in phase]
    good = f"{', '.join(every)} ran when it should" if every else "no commands are demanded"
    return judged(tuple(findings), good, "demanded commands that did not run as they should: {n}", evidence)


def _missed_before(journal: Sequence[Event], params: Params) -> Iterator[Finding]:
    """Findings for what should have run before the first attempt; none while there is no attempt."""
    attempts = [event.seq for event in _work(journal) if event.kind == EventKind.ATTEMPT_STARTED]
    if attempts:
        first = [
            event
            for event in journal
            if event.kind == EventKind.COMMAND_ENDED
            and event.data["phase"] == "before"
            and event.seq < attempts[0]
        ]
        yield from _missing([_plain(name) for name in params["before"]], first, "before the work")


def _work(journal: Sequence[Event]) -> list[Event]:
    """The events outside of commands: what the agent does to carry a command out is no work on the task."""
    events, command = [], None
    for event in journal:
        if event.kind == EventKind.COMMAND_STARTED:
            command = event.data["name"]
        elif event.kind == EventKind.COMMAND_ENDED:
            command = None
        elif command is None:
            events.append(event)
    return events


def _plain(name: str) -> str:
    return name.strip().removeprefix("/")


def _missing(names: Sequence[str], ran: Sequence[Event], when: str) -> Iterator[Finding]:
    """Findings for commands that did not run, failed, or came in another order."""
    position = -1
    for name in names:
        ends = [event for event in ran if _plain(event.data["name"]) == name]
        if not ends:
            yield Finding(
                None, None, f"/{name} did not run {when}", f"Run /{name}; the definition demands it."
            )
            continue
        if not ends[-1].data["ok"]:
            yield Finding(None, None, f"/{name} {when} failed", f"See what /{name} said, and run it again.")
            continue
        if ends[-1].seq < position:
            yield Finding(None, None, f"/{name} ran before a command that must precede it", "Keep the order.")
        position = max(position, ends[-1].seq)


def _is_over(journal: Sequence[Event]) -> bool:
    """Whether the run got to its commands after the work, or beyond."""
    return any(
        event.kind in (EventKind.DELIVERED, EventKind.RUN_ENDED)
        or (event.kind == EventKind.COMMAND_STARTED and event.data.get("phase") == "after")
        for event in journal
    )
