"""What a reviewer's words become."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.records.contract import Clause, Contract, Strength
from ironwright.workflow.review_advice import ANSWERS, MOST_CLAUSES, advisory_clauses, read_opinions


def clause(sentence: str, gate: str | None = None, note: str = "") -> Clause:
    strength = Strength.HARD if gate else Strength.ADVISORY
    return Clause("a.md", 3, sentence, gate, {}, strength, note)


TWO = (clause("Be kind."), clause("Be brief."))


def test_only_what_no_gate_checks_and_nobody_rejected_is_asked_about() -> None:
    kind, gated = clause("Be kind."), clause("Format.", "unformatted_code")
    contract = Contract("a", (kind, gated, clause("No.", None, "rejected: wrong"), kind), ())
    assert advisory_clauses(contract) == (kind,)


def test_a_reviewer_is_asked_about_a_bounded_number_of_clauses() -> None:
    many = tuple(clause(f"Be kind {number}.") for number in range(MOST_CLAUSES + 9))
    assert len(advisory_clauses(Contract("a", many, ()))) == MOST_CLAUSES


def test_opinions_are_in_the_order_of_the_clauses_with_their_places() -> None:
    said = [
        {"number": 2, "answer": "broken", "why": "long\nlines"},
        {"number": 1, "answer": "kept", "why": ""},
    ]
    opinions, notes = read_opinions(f"```json\n{json.dumps(said)}\n```", TWO, "m")
    assert [(item.clause, item.answer, item.why, item.place) for item in opinions] == [
        ("Be kind.", "kept", "", "a.md:3"),
        ("Be brief.", "broken", "long lines", "a.md:3"),
    ]
    assert notes == ()


@pytest.mark.parametrize("text", ["", "All fine!", "[", "[1]", "{}", '{"number": 1}'])
def test_words_that_are_no_opinions_are_told(text: str) -> None:
    opinions, notes = read_opinions(text, TWO, "m")
    assert opinions == ()
    assert len(notes) == 1


def test_an_answer_of_its_own_invention_is_unclear() -> None:
    opinions, notes = read_opinions('[{"number": 1, "answer": "PASS", "why": 7}]', TWO, "m")
    assert opinions[0].answer == "unclear"
    assert notes == ("m said nothing about 1 of 2 advisory clauses",)


_ITEMS = st.dictionaries(st.sampled_from(["number", "answer", "why"]), st.integers(-1, 3) | st.text())


@given(st.text() | st.lists(_ITEMS).map(json.dumps))
def test_no_words_break_a_report(text: str) -> None:
    opinions, _ = read_opinions(text, TWO, "m")
    assert all(item.answer in ANSWERS for item in opinions)
    assert len(opinions) <= len(TWO)
