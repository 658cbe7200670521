"""Refuses work of an agent that is for escalation only, where nobody had failed before it.

What it checks:
    Before the agent's first attempt, at least ``minimum`` attempts (repairs count) of ``standard``, or of
    any other agent where none is named, had failed: ended at a limit or an error, or were refused by the
    gates. Attempts of earlier runs on the same task count as the run recorded them when it was routed. A
    person may allow the escalation (``ironwright run --override-escalation REASON``); that is recorded and
    shown.

Why:
    The expensive agent is called because it is there, not because it is needed; on most tasks the standard
    one does as well for a fraction of the price.

Evidence:
    The starts, ends and verdicts of attempts in the run's journal.

Unknown when:
    There is no journal, or no attempt was made yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, failed, passed
from ironwright.gates.failed_attempts import count_failures, failed_attempts
from ironwright.gates.journal_calls import journal_of
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.journal import Event, EventKind
from ironwright.records.verdict import Evidence, Finding

_STANDARD = r"`?(?<![\w-])(?P<standard>[a-z][a-z0-9]*+(?:-[a-z0-9]++)++)`?"
_OTHER = rf"(?:{_STANDARD}|\b(?:standard|basic|default|regular|simpler|cheaper)\b)"
_TRIED = (
    r"\b(?:tried|attempted|failed|fails?|been used|was used|(?:failed|unsuccessful) (?:attempts?|tries))\b"
)
_TIMES = r"(?:[^.;]{0,25}?\b(?P<minimum>\d+)\s*\+?\s*(?:\w+\s+){0,2}?(?:times|attempts|tries|failures))?"
_USE = r"\b(?:use[ds]?|invoked?|called?|run|engaged?|escalated?|chosen?)\b"

GATE = Gate(
    id="premature_escalation",
    summary="an agent for escalation that worked before anybody had failed",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            rf"\bonly\b[^.;]{{0,30}}?{_USE}[^.;]{{0,20}}?\b(?:when|after|if|once)\b[^.;]{{0,50}}?{_OTHER}"
            rf"[^.;]{{0,30}}?{_TRIED}{_TIMES}",
            "This agent must only be used when `expert-standard` was tried at least 3 times and failed.",
        ),
        Phrasing(
            rf"{_USE}[^.;]{{0,30}}?\bonly\s+(?:when|after|if|once)\b[^.;]{{0,50}}?{_OTHER}"
            rf"[^.;]{{0,30}}?{_TRIED}{_TIMES}",
            "Use this agent only after `rust-expert-standard` was tried 2 times and failed.",
        ),
        Phrasing(
            rf"\balways\s+(?:attempt|try|use|start with)\b[^.;]{{0,20}}?"
            rf"(?:{_STANDARD}|\bstandard (?:agents?|versions?)\b)[^.;]{{0,20}}?\bfirst\b",
            "Always attempt standard agents first.",
        ),
        Phrasing(
            r"\bescalation[- ]only\b|\bonly\s+(?:for|as|on)\s+(?:an\s+)?escalation\b",
            "ESCALATION ONLY: called for what others could not solve; never use it as a first choice.",
        ),
        Phrasing(
            rf"\b(?:never|not)\s+(?:be\s+)?{_USE}[^.;]{{0,30}}?\b(?:before|unless|until)"
            rf"\b[^.;]{{0,40}}?{_OTHER}"
            rf"[^.;]{{0,30}}?{_TRIED}{_TIMES}",
            "Never use this agent before `rust-expert-standard` has failed 2 times.",
            negative=True,
        ),
        Phrasing(
            rf"{_USE}[^.;]{{0,30}}?\bonly\s+(?:when|after|if|once)\b[^.;]{{0,15}}?\b(?P<minimum>\d+)"
            rf"\s+(?:failed|unsuccessful)\s+"
            rf"(?:attempts?|tries)\b[^.;]{{0,30}}?{_OTHER}",
            "Use this agent only after 2 failed attempts by the standard agent.",
        ),
        Phrasing(
            rf"\blast resort\b(?:[^.;]{{0,60}}?{_OTHER})?",
            "This agent is a last resort for what `rust-standard` could not solve.",
        ),
        Phrasing(
            rf"\b(?:try|attempt|use|start with)\b[^.;]{{0,15}}?{_STANDARD}\s+first\b",
            "Try `rust-doc-standard` first.",
        ),
        Phrasing(
            rf"(?:{_STANDARD}|\bstandard (?:agents?|versions?)\b)[^.;]{{0,20}}\bmust\s+(?:have\s+been|be)"
            rf"\s+(?:tried|attempted|used)\b"
            r"[^.;]{0,15}\b(?:first|before)\b",
            "Standard agents must be tried before this one.",
        ),
        Phrasing(
            r"\balways\s+(?:attempt|try|use|start with)\s+(?:the\s+|a\s+)?(?:cheaper|simpler|smaller|"
            r"basic|default)\s+(?:agents?|models?|tiers?)\b[^.;]{0,15}\bfirst\b",
            "Always attempt the cheaper agent first.",
        ),
        Phrasing(
            rf"(?:{_STANDARD}|\b(?:standard|basic|default|regular)\s+(?:agents?|versions?))"
            rf"[^.;]{{0,20}}\bfailed (?P<minimum>\d+|twice|three times|two times)\b",
            "Only to be used when `rust-standard` has failed twice.",
        ),
    ),
    params={
        "standard": Param(str, "", "The agent that must have failed first; empty for any other."),
        "minimum": Param(int, 2, "How many of its attempts must have failed.", stricter=max),
    },
    inputs=("journal",),
    scopes=(Scope.CHANGED,),
    process=True,
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Count the failed attempts before the first one of the agent that works now."""
    journal = journal_of(subject)
    starts = [event for event in journal if event.kind is EventKind.ATTEMPT_STARTED]
    agent = str(starts[-1].data.get("agent", ""))
    first = next(event for event in starts if event.data.get("agent", "") == agent)
    standard = params["standard"]
    wanted = standard or "another agent"
    if agent == standard:
        return passed(f"{agent} is the agent to start with")
    routed: Mapping[str, Any] = next((e.data for e in journal if e.kind is EventKind.ROUTED), {})
    failures = [*_earlier(routed), *_before(journal, first)]
    count = count_failures((item["agent"] for item in failures), agent, standard)
    evidence = Evidence("journal", f"failed attempts before {agent} began: {count}", {"failures": failures})
    needed = f"{params['minimum']} failed attempts of {wanted} are asked for, {count} are recorded"
    if count >= params["minimum"]:
        return passed(f"{count} attempts of {wanted} had failed before {agent} began", evidence)
    allowed = routed.get("override_escalation")
    if allowed:
        why = f": {allowed}" if isinstance(allowed, str) else ""  # older journals say only that
        remark = Finding(None, None, f"a person allowed {agent} to begin although {needed}{why}")
        return passed("the escalation was allowed by a person", evidence, findings=(remark,))
    advice = f"Let {wanted} try first; a person may allow it with `ironwright run --override-escalation`."
    message = f"{agent} began (journal line {first.seq + 1}) although {needed}"
    return failed("the escalation came too early", (Finding(None, None, message, advice),), evidence)


def _earlier(routed: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {key: str(item.get(key, "")) for key in ("run", "agent", "attempt", "why")}
        for item in routed.get("earlier", ())
    ]


def _before(journal: Sequence[Event], first: Event) -> list[dict[str, str]]:
    """The failures of this run before an agent's first attempt."""
    return [
        {"run": "", "agent": item.agent, "attempt": item.attempt, "why": item.why}
        for item in failed_attempts(journal[: first.seq])
    ]
