"""Recognition takes time in proportion to the text, whatever the text is."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.contract.recognise import MOST_OBLIGATIONS, recognise
from ironwright.gates.api import Gate
from ironwright.gates.catalog import gates
from ironwright.records.definition import Agent

_WORDS = (
    *(
        "test",
        "tests,",
        "no",
        "never",
        "use",
        "`",
        "`x`",
        "and",
        "cargo",
        "public",
        "error",
        "unwrap()",
        "or",
    ),
    *("file", "every", "coverage", "9", "commit", "-", ".", "the", "code", "println!/", "a-", "x/", "x.md,"),
    *("/a,", "unsafe", "document", "doc", "`git", "clippy::a,", "stub", "TODO/", "secret,", "benchmark", '"'),
    *("([", "all", "must", "not", "≥", "%", "lines", "**", "_", "|", "#", "\n"),
)


def _read(body: str) -> tuple[int, float]:
    """Clauses and CPU seconds."""
    known: Mapping[str, Gate] = gates()
    started = time.process_time()
    clauses = recognise(Agent("engineer", "", "engineer.md", body, body, 1), known)
    return len(clauses), time.process_time() - started


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4), st.sampled_from(["", " "]))
def test_no_repetition_of_words_makes_a_pattern_explode(words: list[str], glue: str) -> None:
    body = (glue.join(words) + glue) * (4_000 // max(len(glue.join(words)), 1))
    _, seconds = _read("- Never " + body)
    assert seconds < 5, f"{seconds:.1f} s for {words} {glue!r}"


@pytest.mark.slow
def test_what_stands_behind_too_many_obligations_is_named_as_unread() -> None:
    body = "".join(f"- Keep files under {number} lines.\n" for number in range(1, MOST_OBLIGATIONS + 50))
    clauses = recognise(Agent("engineer", "", "engineer.md", body, body, 1), gates())
    assert len(clauses) == MOST_OBLIGATIONS + 1
    assert clauses[-1].line == MOST_OBLIGATIONS + 1
    assert "nothing from this line on was read" in clauses[-1].note


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "Run all tests. " * 200_000,
        "Never use unwrap() in code\n" * 190_000,
        "- Keep every file under 300 lines.\n" * 140_000,
        "a" * 5_000_000,
        "`" * 5_000_000,
        "(" * 2_000_000 + ". " * 100_000,
    ],
    ids=["one line", "one paragraph", "one list", "one word", "back quotes", "brackets"],
)
def test_megabytes_are_read_within_a_minute_of_cpu(body: str) -> None:
    _, seconds = _read(body)
    assert seconds < 60


@pytest.mark.parametrize("part", ["Never use unwrap. ", "`a` **b** ", "[", "x", "never panic, and "])
def test_a_line_of_megabytes_is_cut_and_the_contract_says_so(part: str) -> None:
    body = "Never use `unwrap()`.\n\n" + part * (3_000_000 // len(part))
    agent = Agent("engineer", "", "engineer.md", body, body, 1)
    started = time.process_time()
    clauses = recognise(agent, gates())
    assert time.process_time() - started < 5
    assert clauses[0].gate == "panicking_library_code"
    assert "was not read" in clauses[-1].note
    assert (clauses[-1].gate, clauses[-1].line) == (None, 3)


def test_a_paragraph_that_a_person_could_write_is_read_to_its_end() -> None:
    body = "Keep it simple. " * 1_000 + "Never use `unwrap()`."
    clauses = recognise(Agent("engineer", "", "engineer.md", body, body, 1), gates())
    assert "panicking_library_code" in {clause.gate for clause in clauses}
    assert not any("was not read" in clause.note for clause in clauses)
