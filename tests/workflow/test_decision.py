"""Where a run starts: by expected cost, within what the definitions ask for and the user pins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.routing.success_estimates import Tally
from ironwright.workflow.decision import Candidate, Decision, decide

SONNET, OPUS = "anthropic:claude-sonnet-4-5", "anthropic:claude-opus-4-5"
STANDARD = Candidate("standard", SONNET)
FREE_TO_START = Candidate("advanced", OPUS)
HELD_BACK = Candidate("advanced", OPUS, "standard", 3)
TASK = "Fix the panic on empty input"


def seen(candidate: Candidate, proved: int, tried: int, dollars: float, kind: str = "fix") -> Tally:
    return Tally(candidate.agent, candidate.model, kind, tried, proved, tried, dollars * tried)


def start(decision: Decision) -> str:
    return decision.options[decision.start].candidate.agent


def test_without_outcomes_the_cheaper_result_comes_first_and_says_so() -> None:
    decision = decide(TASK, [STANDARD, FREE_TO_START], [], repairs=3)
    assert start(decision) == "standard"
    assert decision.kind == "fix"
    assert decision.ladder is not None
    assert len(decision.ladder.rungs) == 2
    assert all(option.belief.tried == 0 for option in decision.options)


def test_measured_cost_and_success_decide_not_the_tier_s_name() -> None:
    poor_and_dear = [seen(STANDARD, 2, 40, 1.2), seen(FREE_TO_START, 36, 40, 0.9)]
    assert start(decide(TASK, [STANDARD, FREE_TO_START], poor_and_dear, repairs=3)) == "advanced"
    good_and_cheap = [seen(STANDARD, 36, 40, 0.1), seen(FREE_TO_START, 38, 40, 2.0)]
    assert start(decide(TASK, [STANDARD, FREE_TO_START], good_and_cheap, repairs=3)) == "standard"


def test_the_floor_of_the_prose_holds_whatever_the_numbers_say() -> None:
    tallies = [seen(STANDARD, 2, 40, 1.2), seen(HELD_BACK, 36, 40, 0.9)]
    decision = decide(TASK, [STANDARD, HELD_BACK], tallies, repairs=3)
    assert start(decision) == "standard"
    assert decision.options[1].lacking == 3
    assert "advanced may follow after 3 more failed attempts of standard" in decision.reason


def test_failed_attempts_of_earlier_runs_count_for_the_floor() -> None:
    tallies = [seen(STANDARD, 2, 40, 1.2), seen(HELD_BACK, 36, 40, 0.9)]
    earlier = [{"agent": "standard"}] * 3
    assert start(decide(TASK, [STANDARD, HELD_BACK], tallies, repairs=3, earlier=earlier)) == "advanced"
    others = [{"agent": "somebody-else"}] * 3
    assert start(decide(TASK, [STANDARD, HELD_BACK], tallies, repairs=3, earlier=others)) == "standard"
    allowed = decide(TASK, [STANDARD, HELD_BACK], tallies, repairs=3, overridden=True)
    assert start(allowed) == "advanced"


def test_a_try_without_enough_repairs_does_not_open_the_next_rung() -> None:
    few = decide(TASK, [STANDARD, HELD_BACK], [], repairs=1)
    assert few.ladder is not None
    assert [rung.choice for rung in few.ladder.rungs] == [STANDARD.name]
    enough = decide(TASK, [STANDARD, HELD_BACK], [], repairs=2)
    assert enough.ladder is not None
    assert len(enough.ladder.rungs) == 2


def test_what_the_user_pins_begins() -> None:
    tallies = [seen(STANDARD, 2, 40, 1.2), seen(FREE_TO_START, 36, 40, 0.9)]
    decision = decide(TASK, [STANDARD, FREE_TO_START], tallies, repairs=3, pinned="named by the user")
    assert start(decision) == "standard"
    assert "named by the user" in decision.reason


def test_a_model_of_unknown_price_keeps_the_order_and_says_why() -> None:
    unpriced = Candidate("advanced", "server:mystery-model")
    decision = decide(TASK, [STANDARD, unpriced], [], repairs=3)
    assert decision.ladder is None
    assert start(decision) == "standard"
    assert "server:mystery-model is not known" in decision.reason
    paid = decide(TASK, [STANDARD, unpriced], [seen(unpriced, 9, 10, 0.2)], repairs=3)
    assert paid.ladder is not None


def test_a_limit_below_the_cost_of_a_try_is_told() -> None:
    decision = decide(TASK, [STANDARD], [], repairs=3, max_usd=0.05)
    assert start(decision) == "standard"
    assert "more than the limit of $0.05" in decision.reason


def test_a_result_worth_little_is_told() -> None:
    decision = decide(TASK, [STANDARD], [], repairs=3, worth=0.01)
    assert "No try is expected to be worth its cost at $0.01" in decision.reason


@given(
    st.lists(
        st.builds(
            Candidate,
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from([SONNET, OPUS, "ollama:qwen3:8b", "server:x"]),
            st.sampled_from(["", "a"]),
            st.integers(0, 5),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda candidate: candidate.agent,
    ),
    st.integers(0, 4),
    st.none() | st.floats(0.001, 10),
)
@settings(max_examples=30, deadline=None)
def test_nobody_begins_who_still_lacks_failures_unless_named_first(
    candidates: list[Candidate], repairs: int, limit: float | None
) -> None:
    decision = decide(TASK, candidates, [], repairs=repairs, max_usd=limit)
    assert decision.start == 0 or decision.options[decision.start].lacking == 0
    assert decision.reason.endswith(".")
    assert decision.as_json()["options"]


@pytest.mark.parametrize("repairs", [0, 3])
def test_models_on_this_machine_cost_nothing_and_come_first(repairs: int) -> None:
    local = Candidate("standard", "ollama:qwen3:8b")
    decision = decide(TASK, [local, FREE_TO_START], [], repairs=repairs)
    assert decision.options[0].belief.dollars == 0
    assert start(decision) == "standard"
