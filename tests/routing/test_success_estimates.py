from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.routing.success_estimates import Belief, Tally, believe, beta_interval, list_cost

names = st.sampled_from("abc")
counts = st.integers(0, 40)


@st.composite
def tally(draw: st.DrawFn) -> Tally:
    tried = draw(counts)
    priced = draw(st.integers(0, tried))
    return Tally(
        draw(names),
        draw(names),
        draw(names),
        tried,
        draw(st.integers(0, tried)),
        priced,
        priced * draw(st.floats(0, 5)),
    )


def belief(*tallies: Tally, agent: str = "a", model: str = "m", kind: str = "fix") -> Belief:
    return believe(tallies, agent=agent, model=model, kind=kind, list_dollars=0.5)


def seen(proved: int, tried: int, agent: str = "a", model: str = "m", kind: str = "fix") -> Tally:
    return Tally(agent, model, kind, tried, proved, tried, 0.5 * tried)


@given(st.lists(tally(), max_size=8), names, names, names, st.none() | st.floats(0, 5))
def test_a_belief_is_a_probability_within_its_interval(
    tallies: list[Tally], agent: str, model: str, kind: str, dollars: float | None
) -> None:
    found = believe(tallies, agent=agent, model=model, kind=kind, list_dollars=dollars)
    low, high = found.interval
    assert 0 < found.solves < 1
    assert found.strength > 0
    assert 0 <= low < high <= 1
    assert found.dollars is None or found.dollars >= 0
    record = found.record()
    assert (record is None) == (found.dollars is None)


@given(st.lists(tally(), max_size=6), names, names, names)
def test_one_more_success_never_lowers_hope_and_one_more_failure_never_raises_it(
    tallies: list[Tally], agent: str, model: str, kind: str
) -> None:
    def hope(*more: Tally) -> float:
        return believe([*tallies, *more], agent=agent, model=model, kind=kind, list_dollars=0.5).solves

    before = hope()
    assert hope(Tally(agent, model, kind, 1, 1, 0, 0.0)) >= before - 1e-9
    assert hope(Tally(agent, model, kind, 1, 0, 0, 0.0)) <= before + 1e-9


def test_without_outcomes_the_dearer_model_is_believed_to_solve_a_little_more() -> None:
    cheap = believe([], agent="a", model="m", kind="fix", list_dollars=0.05)
    dear = believe([], agent="a", model="n", kind="fix", list_dollars=1.0)
    assert 0.3 < cheap.solves < dear.solves < 0.7
    low, high = dear.interval
    assert high - low > 0.4, "a price says little"


def test_own_outcomes_outweigh_the_prior_and_narrow_the_interval() -> None:
    many = belief(seen(45, 50))
    assert many.solves > 0.8
    low, high = many.interval
    assert high - low < 0.2
    assert (many.tried, many.model_tried) == (50, 50)


def test_what_is_nearer_counts_more() -> None:
    nothing = belief()
    other_model = belief(seen(20, 20, model="n", kind="docs"))
    other_kind = belief(seen(20, 20, kind="docs"))
    other_agent = belief(seen(20, 20, agent="b"))
    exact = belief(seen(20, 20))
    order = [nothing, other_model, other_kind, other_agent, exact]
    hopes = [item.solves for item in order]
    assert hopes == sorted(hopes)
    assert len(set(hopes)) == len(hopes)


def test_a_kind_that_fails_with_another_model_is_doubted_with_this_one_too() -> None:
    both = [seen(20, 20, model="n", kind="docs"), seen(0, 20, model="n", kind="fix")]
    assert belief(*both).solves < belief(*both, kind="docs").solves - 0.1


def test_costs_move_from_the_list_price_to_what_was_paid() -> None:
    paid = Tally("a", "m", "fix", 40, 20, 40, 80.0)
    assert belief(paid).dollars == pytest.approx(2.0, rel=0.1)
    assert belief().dollars == 0.5
    unpriced = believe([], agent="a", model="m", kind="fix", list_dollars=None)
    assert unpriced.dollars is None
    assert unpriced.record() is None


def test_the_list_price_gives_the_cost_of_a_try() -> None:
    assert list_cost(3.0) == pytest.approx(0.57)
    assert list_cost(0.0) == 0.0
    assert list_cost(None) is None


@pytest.mark.parametrize(
    ("alpha", "beta", "low", "high"),
    [(1, 1, 0.05, 0.95), (2, 2, 0.1354, 0.8646), (10, 10, 0.3201, 0.6799), (0.5, 0.5, 0.00616, 0.99384)],
)
def test_intervals_are_those_of_the_beta_distribution(alpha, beta, low, high) -> None:
    found = beta_interval(alpha, beta)
    assert found == pytest.approx((low, high), abs=0.011)
