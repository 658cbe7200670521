from __future__ import annotations

import pytest
from journals import Written, checked, ended, started
from sentences import asks_for

from ironwright.records.journal import EventKind
from ironwright.testing.gate_testing import Case

HEAD = {"src/lib.rs": "// x\n"}
TWICE = {"standard": "expert-standard", "minimum": 2}


def routed(**more) -> Written:
    return EventKind.ROUTED, {"agent": "expert-advanced", "reason": "named by the user", **more}


def standard(number: int, verdict: str = "FAIL", stopped: str = "finished") -> list[Written]:
    return [started(f"attempt-{number}", "expert-standard"), ended(stopped), checked(verdict)]


ADVANCED = [started("attempt-9", "expert-advanced"), ended()]
EARLIER = {"run": "r1", "agent": "expert-standard", "attempt": "attempt-1", "why": "the gates refused it"}
LINT = [
    (EventKind.COMMAND_STARTED, {"name": "lint", "phase": "after"}),
    *standard(3),
    (EventKind.COMMAND_ENDED, {"name": "lint", "phase": "after", "ok": True}),
]


def case(name: str, journal, params=TWICE, **more) -> Case:
    return Case(name, head=HEAD, params=params, journal=journal, **more)


PASSES = [
    case(
        "the standard agent failed twice", [*standard(1), *standard(2), *ADVANCED], mentions=("2 attempts",)
    ),
    case("once by a limit", [*standard(1), *standard(2, "UNKNOWN", "limit"), *ADVANCED]),
    case("in earlier runs", [routed(earlier=[EARLIER, EARLIER]), *ADVANCED]),
    case("once before and once here", [routed(earlier=[EARLIER]), *standard(1), *ADVANCED]),
    case("the standard agent works", standard(1)),
    case("any other agent", [*standard(1), *ADVANCED], params={"minimum": 1}),
    case(
        "a person allowed it",
        [routed(override_escalation=True), *ADVANCED],
        findings=1,
        mentions=("allowed",),
    ),
    case("more work of the same agent", [*standard(1), *standard(2), *ADVANCED, *ADVANCED]),
]
FAILS = [
    case(
        "nobody tried",
        [routed(), *ADVANCED],
        mentions=("expert-advanced began (journal line 2)", "0 are recorded", "--override-escalation"),
        findings=1,
    ),
    case("tried once", [*standard(1), *ADVANCED], mentions=("1 are recorded",)),
    case("what could not be told is no failure", [*standard(1), *standard(2, "UNKNOWN"), *ADVANCED]),
    case("what passed is no failure", [*standard(1), *standard(2, "PASS"), *ADVANCED]),
    case("what the agent asked the gates is no failure", [*standard(1), checked("FAIL", "agent"), *ADVANCED]),
    case("work on commands is no attempt", [*standard(1), *LINT, *ADVANCED]),
    case("failures that came later", [*ADVANCED, *standard(1), *standard(2), *ADVANCED]),
    case("another agent's", [*ADVANCED], params={}),
    case(
        "its own failures",
        [started("a", "expert-advanced"), checked("FAIL"), *ADVANCED],
        params={"minimum": 1},
    ),
    case(
        "another agent failed",
        [started("a", "other"), checked("FAIL"), started("b", "other"), checked("FAIL"), *ADVANCED],
    ),
]
UNKNOWN = [
    case("no journal", None, mentions=("no journal",)),
    case("no attempt", [routed()], mentions=("no attempt",)),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "Use this agent only after `rust-expert-standard` was tried at least two times and failed.",
            {"standard": "rust-expert-standard", "minimum": 2},
        ),
        (
            "This advanced agent should **only** be used when the standard `rust-expert-standard` agent has "
            "been tried multiple times and consistently fails to complete the task.",
            {"standard": "rust-expert-standard"},
        ),
        ("Always attempt standard agents first.", {}),
        ("This agent must only be invoked after the standard agent failed 3 times.", {"minimum": 3}),
    ],
)
def test_sentences_name_agent_and_number(sentence, expected):
    found = asks_for("premature_escalation", sentence)
    assert found is not None
    assert {name: value for name, value in found.items() if name != "strength"} == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "Delegate to rust-expert-advanced when at least two of your own attempts failed.",
        "Only use unwrap when the value was checked before.",
        "Always use standard library types first.",
        "Retry only when the request failed 3 times.",
    ],
)
def test_sentences_that_do_not(sentence):
    assert asks_for("premature_escalation", sentence) is None
