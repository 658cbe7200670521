from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.routing.observed_outcomes import Observed, record
from ironwright.routing.tier_policy import FRESH_RETRY, Gates, Record, SharedDifficulty, best_ladder

CHEAP, STRONG = "cheap", "strong"
PAIR = {CHEAP: Record(0.55, 0.05, 0.06), STRONG: Record(0.75, 0.70, 0.95)}
shares = st.floats(0.02, 0.98)
records = st.dictionaries(
    st.sampled_from("abcd"), st.builds(Record, shares, st.floats(0.01, 2.0)), min_size=1, max_size=4
)
gates = st.builds(Gates, st.floats(0, 0.4), st.floats(0, 0.4))


@given(records, st.floats(0.05, 50), st.floats(0, 50) | st.none(), gates)
@settings(max_examples=40, deadline=None)
def test_no_other_order_is_worth_more(
    known: Mapping[str, Record], worth: float, wrong_costs: float | None, judged: Gates
) -> None:
    wrong = worth if wrong_costs is None else wrong_costs
    beliefs = SharedDifficulty(known, gates=judged)

    def value(order: Sequence[str]) -> float:
        total, reached = 0.0, 1.0
        for number, choice in enumerate(order):
            estimate = beliefs.after(order[:number])[choice]
            gain = judged.proved(estimate.solves) * worth - judged.wrong(estimate.solves) * wrong
            total += reached * (gain - estimate.dollars)
            reached *= 1 - judged.accepted(estimate.solves)
        return total

    ladder = best_ladder(beliefs, dict.fromkeys(known, 1), worth=worth, wrong_costs=wrong_costs, gates=judged)
    orders = (order for size in range(len(known) + 1) for order in itertools.permutations(known, size))
    assert value([rung.choice for rung in ladder.rungs]) == pytest.approx(max(map(value, orders)), abs=1e-9)
    assert ladder.proved * worth - ladder.wrong * wrong - ladder.dollars == pytest.approx(
        value([rung.choice for rung in ladder.rungs]), abs=1e-9
    )


@given(records, st.lists(st.sampled_from("abcd"), max_size=4), gates)
def test_refused_work_never_raises_hope(
    known: Mapping[str, Record], refused: list[str], judged: Gates
) -> None:
    beliefs = SharedDifficulty(known, gates=judged)
    before, after = beliefs.after([]), beliefs.after(refused)
    for name in known:
        assert after[name].solves <= before[name].solves + 1e-9
        assert before[name].solves == pytest.approx(known[name].solves, abs=0.04)


def test_a_cheap_first_try_pays_where_it_is_really_cheap() -> None:
    ladder = best_ladder(SharedDifficulty(PAIR), {CHEAP: 1, STRONG: 1}, worth=20)
    assert [rung.choice for rung in ladder.rungs] == [CHEAP, STRONG]
    alone = best_ladder(SharedDifficulty(PAIR), {STRONG: 1}, worth=20)
    assert ladder.dollars < alone.dollars
    assert ladder.proved > alone.proved


def test_standard_first_is_left_out_where_it_costs_nearly_as_much() -> None:
    known = {"standard": Record(0.5, 0.65), STRONG: Record(0.75, 0.70)}
    ladder = best_ladder(SharedDifficulty(known), {"standard": 1, STRONG: 1}, worth=2)
    assert ladder.rungs[0].choice == STRONG


def test_what_is_not_worth_its_cost_is_not_tried() -> None:
    assert best_ladder(SharedDifficulty(PAIR), {CHEAP: 1, STRONG: 1}, worth=0.01).rungs == ()


def test_the_floor_of_the_prose_is_kept_whatever_it_costs() -> None:
    def may_follow(choice: str, before: Sequence[str]) -> bool:
        return choice != STRONG or before.count("standard") >= 2

    known = {"standard": Record(0.3, 0.6), STRONG: Record(0.9, 0.1)}
    ladder = best_ladder(SharedDifficulty(known), {"standard": 2, STRONG: 1}, worth=20, may_follow=may_follow)
    assert [rung.choice for rung in ladder.rungs] == ["standard", "standard", STRONG]
    later = best_ladder(
        SharedDifficulty(known),
        {"standard": 1, STRONG: 1},
        worth=20,
        may_follow=may_follow,
        refused=["standard", "standard"],
    )
    assert later.rungs[0].choice == STRONG


def test_no_try_starts_that_the_money_does_not_reach() -> None:
    ladder = best_ladder(SharedDifficulty(PAIR), {CHEAP: 1, STRONG: 1}, worth=20, max_dollars=0.5)
    assert [rung.choice for rung in ladder.rungs] == [CHEAP]


def test_a_choice_that_was_refused_before_has_little_left() -> None:
    beliefs = SharedDifficulty({CHEAP: Record(0.5, 0.1)})
    assert beliefs.after([CHEAP])[CHEAP].solves <= 0.5 * FRESH_RETRY[1]
    assert beliefs.after([CHEAP] * 9)[CHEAP].solves <= 0.5 * FRESH_RETRY[-1]


def test_observed_tasks_tell_who_helps_where_the_first_failed() -> None:
    tasks = [f"t{number}" for number in range(200)]
    outcomes = {
        "first": {task: (number < 100, 0.1) for number, task in enumerate(tasks)},
        "same": {task: (number < 110, 0.2) for number, task in enumerate(tasks)},
        "other": {task: (number >= 100, 0.3) for number, task in enumerate(tasks)},
    }
    ladder = best_ladder(Observed(outcomes), dict.fromkeys(outcomes, 1), worth=10)
    assert [rung.choice for rung in ladder.rungs][:2] == ["first", "other"]


def test_gates_that_let_wrong_work_pass_lower_what_a_ladder_proves() -> None:
    tries = {CHEAP: 1, STRONG: 1}
    good = best_ladder(SharedDifficulty(PAIR), tries, worth=20)
    judged = Gates(false_accepts=0.5)
    poor = best_ladder(SharedDifficulty(PAIR, gates=judged), tries, worth=20, gates=judged)
    assert poor.proved < good.proved
    # Cheap work that is mostly let through would end the run wrongly: the strong one comes first.
    assert poor.rungs[0].choice == STRONG


def test_where_wrong_work_costs_much_and_passes_often_nobody_tries() -> None:
    judged = Gates(false_accepts=0.5)
    beliefs = SharedDifficulty(PAIR, gates=judged)

    def tried(wrong_costs: float | None) -> list[str]:
        ladder = best_ladder(beliefs, {CHEAP: 1, STRONG: 1}, worth=20, wrong_costs=wrong_costs, gates=judged)
        return [rung.choice for rung in ladder.rungs]

    assert tried(None) == tried(20)
    assert tried(200) == []
    assert len(tried(0)) == 2
    perfect = best_ladder(SharedDifficulty(PAIR), {CHEAP: 1, STRONG: 1}, worth=20, wrong_costs=1e9)
    assert len(perfect.rungs) == 2
    assert perfect.wrong == 0


@given(
    st.dictionaries(
        st.sampled_from("abcdefghijkl"), st.builds(Record, shares, st.floats(0.01, 2.0)), min_size=10
    )
)
@settings(max_examples=10, deadline=None)
def test_with_many_choices_the_order_is_nearly_as_good_as_the_best(known: Mapping[str, Record]) -> None:
    beliefs = SharedDifficulty(known)
    ladder = best_ladder(beliefs, dict.fromkeys(known, 1), worth=5)
    for size in (1, 2):
        for order in itertools.permutations(known, size):
            single = best_ladder(beliefs, dict.fromkeys(order, 1), worth=5)
            assert ladder.proved * 5 - ladder.dollars >= single.proved * 5 - single.dollars - 1e-9


def test_a_record_needs_outcomes_and_believes_no_certainty() -> None:
    with pytest.raises(ValueError, match="at least one"):
        record([])
    known = record([(True, 0.5), (True, 0.5)])
    assert known == Record(0.75, 0.5, None)
    assert record([(False, 1.0), (True, 0.5)]).failed_dollars == 1.0


def test_an_empty_ladder_costs_nothing_and_proves_nothing() -> None:
    ladder = best_ladder(SharedDifficulty({}), {}, worth=1)
    assert (ladder.proved, ladder.dollars, ladder.dollars_each) == (0.0, 0.0, math.inf)
