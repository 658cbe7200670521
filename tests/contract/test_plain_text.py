from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.contract.plain import plain, split_sentences, with_digits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ninety percent", "90%"),
        ("≥ 90 %", "≥ 90%"),
        ("ninety-five per cent", "95%"),
        ("two hundred lines", "200 lines"),
        ("one hundred and fifty lines", "150 lines"),
        ("a thousand lines", "1000 lines"),
        ("1,000 lines", "1000 lines"),
        ("2k lines", "2000 lines"),
        ("zero-allocation patterns", "zero-allocation patterns"),
        ("one of them", "one of them"),
        ("someone hundredfold", "someone hundredfold"),
    ],
)
def test_numbers_become_digits(text: str, expected: str) -> None:
    assert with_digits(text) == expected


def test_emphasis_code_marks_and_links_are_removed_and_names_kept() -> None:
    assert plain("**Use** `cargo add`, see [the book](https://x.y) for _all_ of snake_case") == (
        "Use cargo add, see the book for all of snake_case"
    )


def test_sentences_keep_their_lines_and_abbreviations_end_none() -> None:
    parts = split_sentences("Use tools, e.g. Clippy.\nNever edit v1.2 files. Run it\nagain!")
    assert [(part.line, part.raw) for part in parts] == [
        (1, "Use tools, e.g. Clippy."),
        (2, "Never edit v1.2 files."),
        (2, "Run it again!"),
    ]


@given(st.text())
def test_sentences_lose_no_word(text: str) -> None:
    joined = " ".join(part.raw for part in split_sentences(text))
    assert joined.split() == text.split()
