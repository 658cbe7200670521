"""Refuses work by an agent that did not read what its definition says to read first.

What it checks:
    Each of ``files`` that the base tree holds was read whole before the agent's first edit: by a file tool,
    by a command that prints it (``cat``), or because it was supplied with the definition. With
    ``named_in_task`` the same holds for each text document of the base tree that the task names by its
    path. A file that was read too late counts from the next attempt on, whose edits are made with it in
    mind. A name without a folder stands for the file of that name nearest to the top. What edits and reads
    are part of a command before or after the work (``/memo``) count as reading only.

Why:
    Conventions and designs that were not read are broken by accident, and a review finds that last.

Evidence:
    The calls in the run's journal, and what an attempt's start says was supplied.

Unknown when:
    There is no journal, or no attempt was made yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, failed, passed
from ironwright.gates.journal_calls import Call, evidence_of, inner, journal_of, read_calls, worktree_of
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.journal import Event, EventKind
from ironwright.records.shell_reading import simple_commands
from ironwright.records.verdict import Finding

_READERS = frozenset(("cat", "bat", "nl", "less", "more", "sed", "awk", "view"))
_PATH = r"(?:[\w.@-]+/)*[\w.-]+\.(?:mdx?|txt|adoc|rst)"
_FILE = rf"`?{_PATH}`?(?![\w/])"
_FILES = rf"{_FILE}(?:(?:,\s*(?:and\s+)?|\s+and\s+|\s*&\s*|\s+\+\s+)(?:the\s+)?(?:{_FILE}|`?Cargo\.toml`?))*"
_READ = r"(?:read|review|consult|study|load)(?:ing)?\b"
_FIRST = (
    r"(?:\bbefore\b|\bfirst\b|\bat the (?:start|beginning)\b|\bprior to\b|\bstart(?:ing)? (?:by|with)\b"
    r"|\bbegin(?:ning)? (?:by|with)\b|\balways\b|\bmust\b)"
)
_TEXT = (
    r"(?:(?:design|architect\w+|technical)\s+(?:documents?|docs?|specifications?|specs?|files?)|"
    r"specifications?|design\s+and\s+specifications?)"
)


def read_files(words: str) -> tuple[str, ...]:
    """The files that words of a sentence name, in their order."""
    return tuple(dict.fromkeys(found.removeprefix("./") for found in re.findall(_PATH, words)))


GATE = Gate(
    id="unread_files",
    summary="files that were to be read first and were not",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            rf"{_FIRST}[^;]{{0,60}}?\b{_READ}[^;]{{0,40}}?(?P<files>{_FILES})",
            "Before you start, read CLAUDE.md.",
        ),
        Phrasing(
            rf"\b{_READ}[^;]{{0,40}}?(?P<files>{_FILES})(?:(?!\.\s)[^;]){{0,80}}?{_FIRST}",
            "Read CLAUDE.md and docs/design.md before you write anything.",
        ),
        Phrasing(
            rf"\bread and (?:follow|apply|obey|understand)\b[^;]{{0,80}}?(?P<files>{_FILES})",
            "Read and follow the guidelines in these snippets: `.agpm/snippets/rust.md`",
        ),
        Phrasing(
            r"\b(?:adher\w+|follow\w*|respect|compl(?:y|ies)|conform\w*)\b[^.;]{0,90}?\b(?:in|from|of|by|"
            r"with|to)\s+"
            r"(?:the\s+)?(?P<files>`?(?:CLAUDE|AGENTS|CONTRIBUTING)\.md`?)",
            "Adhere to the coding standards in CLAUDE.md.",
        ),
        Phrasing(
            rf"\b{_READ}(?:\s+(?:all|the|any|through|and|understand|provided|relevant|whole|"
            rf"entire|{_FILE},?))*"
            rf"\s+{_TEXT}\b",
            "Carefully review the architectural specification.",
            {"named_in_task": True},
        ),
        Phrasing(
            rf"^\W*(?:carefully\s+|fully\s+|thoroughly\s+|you "
            rf"must\s+)*read\b(?:\s+and\s+\w+)?[^;.]{{0,20}}?(?P<files>{_FILES})"
            r"(?:\s+(?:completely|fully|in full|carefully|entirely|thoroughly|first|end to end))*\W*$",
            "Read CLAUDE.md completely.",
        ),
        Phrasing(
            rf"\b(?:read|reading)(?: |-)order\b[^;]{{0,30}}?:\s*\W*(?P<files>{_FILES})\W*$",
            "Reading order: README.md, docs/design.md",
        ),
        Phrasing(
            r"^\W*(?:read|review|consult|study)\s+(?:the\s+)?(?:current\s+|project'?s?\s+)?(?P<files>`?"
            r"(?:CLAUDE|AGENTS|CONTRIBUTING|README)\.md`?)(?=\s+for\s+(?:\w+\s+){0,2}(?:guidelines?|rules?|"
            r"conventions?|standards?|requirements?)\b|,)",
            "Review CLAUDE.md for testing guidelines.",
        ),
    ),
    params={
        "files": Param(tuple, (), "Files that must be read first, by path or name.", read=read_files),
        "named_in_task": Param(
            bool, False, "Whether documents that the task names must be read as well.", stricter=max
        ),
    },
    inputs=("journal", "base"),
    scopes=(Scope.CHANGED,),
    process=True,
)


@dataclass(slots=True)
class _Attempt:
    """One attempt outside of commands.

    Attributes:
        line: The journal's line that starts it.
        agent: Who made it.
        first_edit: The line of its first call that changed a file, or None.
    """

    line: int
    agent: str
    first_edit: int | None = None


@dataclass(slots=True)
class _Reading:
    """What was read: the journal's line, the agent, the path."""

    read: list[tuple[int, str, str]] = field(default_factory=list)

    def first(self, path: str, agent: str) -> int | None:
        """The line at which an agent first read a file."""
        # A name without its folder is what a command in that folder (`cd docs && cat design.md`) reads.
        lines = [
            line
            for line, reader, read in self.read
            if reader == agent and (read == path or path.endswith("/" + read))
        ]
        return min(lines, default=None)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare when files were read with when work began."""
    journal = journal_of(subject)
    calls = read_calls(journal)
    wanted, absent = _wanted(subject, params, journal)
    attempts = _attempts(journal, calls)
    reading = _Reading([*_supplied(journal), *_read(calls, worktree_of(journal))])
    # What counts is the last attempt that changed something; where none did, the last one.
    deciding = [attempt for attempt in attempts if attempt.first_edit is not None][-1:] or attempts[-1:]
    findings = [finding for path in wanted for finding in _judge(path, reading, deciding)]
    supplied = {path for _, _, path in _supplied(journal)}
    remarks = tuple(
        Finding(None, None, f"{name} is to be read first, and base has no such file")
        for name in absent
        if not any(path.endswith(name) for path in supplied)  # a text that the definition brings with it
    )
    evidence = evidence_of(calls, f"files to be read first: {len(wanted)}", files=list(wanted))
    if findings:
        return failed(f"files that were not read first: {len(findings)}", (*findings, *remarks), evidence)
    good = (
        f"read before the first edit: {', '.join(wanted)}" if wanted else "there is nothing to be read first"
    )
    return passed(good, evidence, findings=remarks)


def _judge(path: str, reading: _Reading, deciding: Sequence[_Attempt]) -> Iterator[Finding]:
    for attempt in deciding:
        line = reading.first(path, attempt.agent)
        if line is None:
            advice = f"Read {path} whole and compare the work with it."
            yield Finding(path, None, f"{path} was never read, though it is to be read first", advice)
        elif attempt.first_edit is not None and line > attempt.first_edit:
            yield Finding(
                path,
                None,
                f"{path} was read only after the first edit (journal lines {line} and {attempt.first_edit})",
                "Compare what was written before with it; it counts as read from the next attempt on.",
            )


def _wanted(
    subject: Subject, params: Params, journal: Sequence[Event]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths that must be read, and the names of which base has no file."""
    known = subject.base.paths if subject.base is not None else frozenset()
    named = [inner(name) for name in params["files"]]
    found = {name: _nearest(name, known) for name in named}
    if params["named_in_task"]:
        for path in _task_paths(journal):
            if path in known:
                found[path] = path
    paths = tuple(dict.fromkeys(path for path in found.values() if path is not None))
    return paths, tuple(name for name, path in found.items() if path is None)


def _nearest(name: str, known: frozenset[str]) -> str | None:
    if name in known:
        return name
    if f".{name}" in known:  # a sentence that begins with a hidden folder loses its first stop
        return f".{name}"
    if "/" in name:
        return None
    alike = [path for path in known if path.endswith("/" + name)]
    return min(alike, key=lambda path: (path.count("/"), path), default=None)


def _task_paths(journal: Sequence[Event]) -> tuple[str, ...]:
    tasks = [str(event.data.get("task", "")) for event in journal if event.kind is EventKind.RUN_STARTED]
    tasks += [str(event.data.get("task", "")) for event in journal if event.kind is EventKind.ATTEMPT_STARTED]
    return tuple(dict.fromkeys(inner(path) for task in tasks for path in re.findall(_PATH, task)))


def _attempts(journal: Sequence[Event], calls: Sequence[Call]) -> list[_Attempt]:
    attempts: list[_Attempt] = []
    in_command = False
    for event in journal:
        if event.kind is EventKind.COMMAND_STARTED:
            in_command = True
        elif event.kind is EventKind.COMMAND_ENDED:
            in_command = False
        elif event.kind is EventKind.ATTEMPT_STARTED and not in_command:
            attempts.append(_Attempt(event.seq + 1, str(event.data.get("agent", ""))))
    for call in calls:
        if call.changed and not call.in_command:
            attempt = next((a for a in reversed(attempts) if a.line < call.line), None)
            if attempt is not None and attempt.first_edit is None:
                attempt.first_edit = call.line
    return attempts


def _supplied(journal: Sequence[Event]) -> Iterator[tuple[int, str, str]]:
    for event in journal:
        if event.kind is EventKind.ATTEMPT_STARTED:
            for name in event.data.get("supplied", ()):
                yield event.seq + 1, str(event.data.get("agent", "")), inner(str(name))


def _read(calls: Sequence[Call], worktree: str) -> Iterator[tuple[int, str, str]]:
    for call in calls:
        if not call.ran or call.outcome == "failed":
            continue
        if call.command is None:
            if call.path and not call.changed and "read" in call.tool.lower():
                yield call.line, call.agent, call.path
        elif call.exit_code == 0:
            for part in simple_commands(call.command) or ():
                if part.words[0].rsplit("/", 1)[-1] in _READERS:
                    yield from ((call.line, call.agent, inner(word, worktree)) for word in part.words[1:])
