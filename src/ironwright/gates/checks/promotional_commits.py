"""Refuses commits whose messages praise, advertise or say nothing, where facts are wanted.

What it checks:
    The message of each commit of the change (merges left out) says something about the change: a subject
    that is empty or only a word such as "wip", "fix" or "update" says nothing unless a body explains it. It
    does not advertise a tool ("Generated with …"), and does not praise: no word that only claims quality
    ("production-ready", "blazing fast"), no more than two different words that judge ("comprehensive",
    "robust"), no row of celebrating emoji. Quotations, code, and words that the run's task uses do not
    count. One or two judging words, a subject of more than 72 characters, and ``fixup!`` are remarks.

Why:
    A history is read to find out what changed and why; a claim of quality hides that nobody measured it.

Evidence:
    The messages of the commits that head has and base has not.

Unknown when:
    A message is written in letters other than Latin, for which there are no lists of words. Uncommitted
    work has no message; it passes, and is judged anew once it is committed.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.promotional_words import is_readable, judge_message
from ironwright.gates.subject import Subject
from ironwright.records.change import Commit
from ironwright.records.contract import Scope
from ironwright.records.journal import EventKind
from ironwright.records.verdict import Evidence, Finding

_MESSAGE = r"\bcommit(?:s|\s+messages?|\s+subjects?)?\b"
_FACTUAL = r"\b(?:factual(?:ly)?|facts only|objective(?:ly)?|descriptive|informative|meaningful)\b"
_PRAISE = (
    r"\b(?:promotional|marketing|hype|superlatives?|praise|self-praise|advertis\w+|exaggerat\w+|boast\w*|"
    r"emojis?|buzzwords?)\b"
)

GATE = Gate(
    id="promotional_commits",
    summary="commit messages that praise, advertise or say nothing",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(rf"{_MESSAGE}[^.;]{{0,60}}?{_FACTUAL}", "Commit messages must be factual."),
        Phrasing(
            rf"{_FACTUAL}[^.;]{{0,30}}?\bcommit (?:messages?|subjects?)\b",
            "Write factual commit messages.",
        ),
        Phrasing(
            rf"{_MESSAGE}[^.;]{{0,80}}?\b(?:no|not|never|without|avoid)\s+(?:\w+\s+){{0,2}}?{_PRAISE}",
            "Clear commit messages that describe what was implemented (be factual, not promotional).",
        ),
        Phrasing(
            rf"{_PRAISE}[^.;]{{0,40}}?\b(?:in|to)\s+(?:the\s+|your\s+|any\s+)?commit\b",
            "Never use marketing language in commit messages.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:vague|generic|meaningless|empty|one-word|useless)\s+commit (?:messages?|subjects?)\b",
            "Never write vague commit messages.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:add|includ|mention|put)\w*\b[^.;]{0,50}\b(?:generated (?:with|by)|co-authored-by|"
            r"AI attribution|claude (?:code )?(?:signature|attribution|footer))\b",
            "Never add “Generated with” lines to commits.",
            negative=True,
        ),
        Phrasing(
            r"\bcommit (?:messages?|subjects?)\b[^.;]{0,20}\b(?:describe|state|say|explain)"
            r"s?\b[^.;]{0,15}\bwhat\b[^.;]{0,20}\b(?:chang|was done|you did|"
            r"was implemented|it does)\w*",
            "Commit messages describe what changed.",
        ),
        Phrasing(
            r"\b(?:mention|reference|credit|refer to|attribut\w+)\b[^.;]{0,15}\b(?:AI|Claude|Anthropic|"
            r"LLMs?|assistants?|tools)\b[^.;]{0,30}\bcommits?\b",
            "Never mention AI in commit messages.",
            negative=True,
        ),
    ),
    inputs=("commits", "journal"),
    scopes=(Scope.CHANGED,),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Judge each commit's message by its words."""
    commits = [commit for commit in subject.commits if commit.parents < 2]
    if not commits:
        return passed("nothing is committed yet, so there is no message to judge")
    task = _task(subject)
    refused: list[Finding] = []
    remarks: list[Finding] = []
    unread: list[Commit] = []
    for commit in commits:
        if not is_readable(commit.message):
            unread.append(commit)
            continue
        for fault in judge_message(commit.message, task):
            finding = Finding(
                None, None, f"the message of commit {commit.id[:12]} {fault.message}", fault.advice
            )
            (remarks if fault.remark else refused).append(finding)
    evidence = Evidence(
        "measure",
        f"commit messages read: {len(commits) - len(unread)}",
        {"name": "commit messages", "value": len(commits) - len(unread), "unit": "messages"},
    )
    if refused:
        return failed(
            f"commit messages that do not keep to facts: {len(refused)}", (*refused, *remarks), evidence
        )
    if unread:
        raise Unknown(
            f"the message of commit {unread[0].id[:12]} is not in Latin letters: a person must read it",
            (evidence,),
        )
    return passed("every commit's message keeps to facts", evidence, findings=tuple(remarks))


def _task(subject: Subject) -> str:
    """What the run was asked to do; a message may use its words."""
    started = (event for event in subject.journal or () if event.kind is EventKind.RUN_STARTED)
    return next((str(event.data.get("task", "")) for event in started), "")
