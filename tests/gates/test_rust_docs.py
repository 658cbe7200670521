from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.rust.docs import SECTIONS, has_heading, missing_sections, returns_result, says_something
from ironwright.gates.rust.syntax import parse_rust


def function(text: str):
    return parse_rust("src/lib.rs", text.encode()).functions[0]


@pytest.mark.parametrize(
    ("doc", "name", "expected"),
    [
        (None, "f", False),
        ("", "f", False),
        ("Get the name.", "get_name", False),
        ("Gets names", "get_name", False),
        ("New.", "new", False),
        ("This is the parse function.", "parse", False),
        ("This parses.", "parse", False),
        ("Creates an empty list.", "new", True),
        ("Returns the name.", "name", True),
        ("TODO: document", "f", False),
        ("...", "f", False),
        ("# Examples\n\n```\nlet words = 1;\n```", "f", False),
        ("合計を返す。", "sum", True),
    ],
)
def test_documentation_must_tell_more_than_the_name(doc, name, expected):
    assert says_something(doc, name) is expected


@pytest.mark.parametrize(
    ("doc", "section"),
    [
        ("# Arguments", "parameters"),
        ("## Parameters:", "parameters"),
        ("**Params**: none", "parameters"),
        ("Returns: the sum", "returns"),
        ("# Return value", "returns"),
        ("# Error conditions", "errors"),
        ("# Panics", "panics"),
        ("# Time complexity", "performance"),
        ("# Usage examples", "example"),
    ],
)
def test_headings_are_known_in_their_usual_spellings(doc, section):
    assert has_heading(f"Text.\n\n{doc}\n", section)


@pytest.mark.parametrize("doc", ["Arguments are checked.", "The #errors tag", "# Erroneous"])
def test_words_in_a_sentence_are_no_heading(doc):
    assert not any(has_heading(doc, section) for section in SECTIONS if section != "purpose")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("Result<u8, E>", True),
        ("io::Result<()>", True),
        ("anyhow::Result<T>", True),
        ("Option<Result<u8, E>>", True),
        ("fmt::Result", False),
        ("std::fmt::Result", False),
        ("Results", False),
        ("u8", False),
    ],
)
def test_a_result_is_known_by_its_name(result, expected):
    assert returns_result(function(f"fn f() -> {result} {{}}")) is expected


def test_sections_are_named_in_order_with_what_is_missing():
    item = function("/// Text here.\npub unsafe fn f(a: u8, (b, c): P) -> Result<u8, E> { a.unwrap() }")
    assert dict(missing_sections(item, frozenset(SECTIONS))) == {
        "parameters": "its parameters (a)",
        "returns": "what it returns",
        "errors": "when it returns an error",
        "panics": "when it panics",
        "safety": "what its caller must guarantee",
        "performance": "its performance",
        "example": "an example",
    }


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_documentation_is_judged(doc, name):
    says_something(doc, name)
    for section in SECTIONS[1:]:
        has_heading(doc, section)
