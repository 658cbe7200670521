"""Judges a tree gate under ``ratchet``: old offences may stay, but no file may get worse."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from ironwright.gates.api import Answer, Params, Unknown, failed
from ironwright.gates.subject import Subject
from ironwright.records.change import Change
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding, Status

Check = Callable[[Subject, Params, Scope], Answer]

# A moved offence is known again by what is said of it, whatever its numbers are in the new place.
_NUMBER = re.compile(r"\d+")


def ratcheted(check: Check) -> Check:
    """Give a gate that can judge everything the scope ``ratchet`` as well.

    Under ``ratchet`` the gate judges all of head and, where head has findings, all of base. A file may have
    as many findings as it had; one with more fails, unless just those went away elsewhere in the same change
    (code that was moved). Findings on lines that the change added are named before others of their file.

    Args:
        check: The gate's function; it is asked for ``CHANGED`` and ``ALL`` only.
    """

    @functools.wraps(check)
    def judged(subject: Subject, params: Params, scope: Scope) -> Answer:
        if scope is not Scope.RATCHET:
            return check(subject, params, scope)
        after = check(subject, params, Scope.ALL)
        if after.status is not Status.FAIL or subject.base is None:
            return after
        return _compared(subject, _before(check, subject, params), after)

    return judged


def _before(check: Check, subject: Subject, params: Params) -> Answer:
    try:
        return check(as_it_was(subject), params, Scope.ALL)
    except Unknown as unknown:
        raise Unknown(f"how it was before the change is not known: {unknown.reason}") from unknown


def as_it_was(subject: Subject) -> Subject:
    """The subject of a gate that judges everything, one change earlier: its head is this one's base.

    Raises:
        ValueError: There is nothing before the change.
    """
    change = subject.change
    if subject.base is None or change.base is None or change.base_tree is None:
        raise ValueError("there is no base")
    earlier = Change(
        repository=change.repository,
        base=None,
        head=change.base,
        base_tree=None,
        head_tree=change.base_tree,
        base_label="",
        head_label=change.base_label,
        object_directory=change.object_directory,
    )
    return replace(
        subject,
        change=earlier,
        head=subject.base,
        base=None,
        make_cargo=lambda: subject.make_mixed("base", "base", {}),
        make_commits=tuple,
    )


def _compared(subject: Subject, before: Answer, after: Answer) -> Answer:
    earlier = before.findings if before.status is Status.FAIL else ()
    old = Counter(found.path for found in earlier)
    # An offence that left one file and came into another counts in neither.
    left = Counter(map(_placed, earlier)) - Counter(map(_placed, after.findings))
    gone: Counter[str] = Counter()
    for (_path, what), count in left.items():
        gone[what] += count
    worse: list[Finding] = []
    for path in sorted({found.path for found in after.findings}, key=lambda path: path or ""):
        own = [found for found in after.findings if found.path == path]
        for found in _latest(subject, own)[: max(0, len(own) - old[path])]:
            if gone[_what(found)] > 0:
                gone[_what(found)] -= 1
            else:
                worse.append(found)
    measure = Evidence(
        "measure",
        f"findings before the change: {len(earlier)}, after it: {len(after.findings)}",
        {"name": "findings", "value": len(after.findings), "unit": "findings", "before": len(earlier)},
    )
    evidence = (*after.evidence, measure)
    if worse:
        worse.sort(key=lambda found: (found.path or "", found.line or 0, found.message))
        files = len({found.path for found in worse})
        return failed(
            f"more findings than before: {len(worse)}, in files that got worse: {files}",
            tuple(worse),
            *evidence,
        )
    good = f"no file got worse; findings that stood before the change: {len(after.findings)}"
    return Answer(Status.PASS, good, after.findings, evidence)


def _what(found: Finding) -> str:
    return _NUMBER.sub("0", found.message)


def _placed(found: Finding) -> tuple[str | None, str]:
    return found.path, _what(found)


def _latest(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """Findings of one file, those on added lines first."""

    def key(found: Finding) -> tuple[bool, int]:
        changed = subject.change.files.get(found.path or "")
        return changed is None or found.line not in changed.added_lines, found.line or 0

    return sorted(findings, key=key)
