"""Refuses work that went on over an open question without asking and without recording what was assumed.

What it checks:
    The run's task, and the documents that it names or ``documents`` lists, are searched for what they leave
    open: TBD and its like, "to be decided", "unclear whether", a choice that nobody made ("use either … or
    …"), items under a heading of open questions, and plain questions. Where there is any, the agent asked at
    least once; a question carries what is assumed when nobody answers, so that an unattended run records its
    assumption by asking. Code blocks, answered items and sections that settle questions leave nothing open,
    and a choice that the program makes while it runs is none.

Why:
    A guess at a decision that was somebody else's is found when it is built upon.

Evidence:
    The questions in the run's journal, and the open ones of the texts.

Unknown when:
    There is no journal, no attempt was made yet, or the journal does not hold the task.
"""

from __future__ import annotations

import re

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.journal_calls import journal_of, shorten
from ironwright.gates.journal_tasks import named_documents, tasks_of
from ironwright.gates.open_questions import open_questions
from ironwright.gates.path_patterns import matches_any
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.journal import EventKind
from ironwright.records.verdict import Evidence, Finding

_UNCLEAR = r"(?:ambigu\w+|unclear|uncertain\w*|clarif\w+|incomplete|open questions?|underspecified|vague)"
_SHOWN = 10


def read_documents(words: str) -> tuple[str, ...]:
    """The documents that words of a sentence name."""
    return tuple(dict.fromkeys(re.findall(r"(?:[\w.@-]+/)*[\w.-]+\.(?:mdx?|txt|adoc|rst)", words)))


GATE = Gate(
    id="unasked_ambiguity",
    summary="open questions that nobody asked and no assumption answers",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            r"\bask\b[^.;]{0,60}\b(?:clarif\w+|ambigu\w+|unclear|uncertain\w*|questions?\b(?=[^.;]{0,40}\b"
            r"(?:unclear|"
            r"ambigu\w+|before|when|if)\b))",
            "If the design is unclear, ask for clarification before implementing.",
        ),
        Phrasing(
            rf"\b(?:question|raise|surface|flag|clarify|resolve|seek clarification (?:on|about|of))\s+(?:a"
            rf"ny\s+|all\s+|"
            rf"the\s+)*{_UNCLEAR}",
            "Question ambiguities.",
        ),
        Phrasing(
            rf"\b{_UNCLEAR}\b[^.;]{{0,60}}\bask\b\s+(?:the user|first|before|me|us|a human|the team|"
            r"rather than|instead of)",
            "When requirements are ambiguous, ask the user.",
        ),
        Phrasing(
            r"\bask\s+(?:first,?\s+)?before\s+(?:you\s+)?(?:start\w*\s+)?(?:cod(?:e|ing)|implement\w*|"
            r"proceed\w*|"
            r"writing code|continu\w*|going on|starting|building)\b",
            "If anything is unclear, ask before coding.",
        ),
        Phrasing(
            r"\b(?:mak(?:e|ing)\s+assumptions?|assum(?:e|ing)|guess(?:ing)?)\s+(?:about\s+|at\s+|on\s+)?(?"
            r":\w+\s+){0,3}"
            r"(?:design|requirements?|decisions?|intent|behaviou?r|specifications?|unclear|ambigu\w+)",
            "Don't make assumptions about critical design decisions.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:if|when(?:ever)?)\b[^.;,]{0,50}\b(?:unclear|ambiguous|unsure|uncertain|in doubt|not "
            r"sure|underspecified|incomplete)\b[^.;]{0,50}?\b(?:ask|stop and ask|"
            r"clarify|seek clarification|request clarification)\b",
            "When unsure, ask.",
        ),
        Phrasing(
            r"\b(?:ask|request|seek)\s+(?:the user\s+|me\s+)?(?:for\s+)?clarification\b|"
            r"\bask\s+(?:clarifying\s+)?questions\b[^.;]{0,30}\b(?:unclear|ambiguous|before)\b",
            "Ask for clarification when requirements are unclear.",
        ),
        Phrasing(
            r"\b(?:never|not|n't)\s+(?:ever\s+|just\s+)?(?:guess\w*|assum(?:e|ing))\b(?=\s*(?:$|"
            r"[.;,!–—-]|and ask))",
            "Never guess; ask.",
            negative=True,
        ),
    ),
    params={
        "documents": Param(
            tuple,
            (),
            "Documents that are searched besides those of the task, as patterns of paths.",
            read=read_documents,
        )
    },
    inputs=("journal", "head", "base"),
    scopes=(Scope.CHANGED,),
    process=True,
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare what was left open with what was asked."""
    del scope
    journal = journal_of(subject)
    tasks = tasks_of(journal)
    if not tasks:
        raise Unknown("the journal does not hold the task, so nothing says what it left open")
    tree = subject.base or subject.head
    documents = list(named_documents(subject, tasks))
    documents += [path for path in sorted(tree.paths) if matches_any(path, params["documents"])]
    findings = [
        Finding(None, None, f"the task leaves open: {shorten(found.text)}")
        for task in tasks
        for found in open_questions(task)
    ]
    for path in dict.fromkeys(documents):
        text = tree.read(path).decode("utf-8", "replace")
        findings += [
            Finding(path, found.line, f"this is left open: {shorten(found.text)}")
            for found in open_questions(text)
        ]
    asked = [event for event in journal if event.kind is EventKind.QUESTION]
    assumed = [event for event in asked if str(event.data.get("assumed", "")).strip()]
    evidence = Evidence(
        "journal",
        f"left open: {len(findings)}; questions asked: {len(asked)}, with an assumption: {len(assumed)}",
        {"open": len(findings), "asked": len(asked), "assumed": len(assumed), "documents": documents},
    )
    if not findings:
        return passed("the task and its documents leave nothing open", evidence)
    if asked:
        good = f"the agent asked where something was left open (questions: {len(asked)})"
        return passed(good, evidence, findings=tuple(findings[:_SHOWN]))
    advice = "Ask the question that decides it, with what you assume if nobody answers."
    told = tuple(Finding(found.path, found.line, found.message, advice) for found in findings)
    return failed(f"left open and never asked: {len(told)}", told, evidence)
