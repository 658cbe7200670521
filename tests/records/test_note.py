from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.records.note import Note, NoteError, NoteKind, parse_note

_LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60)


@given(
    text=st.lists(_LINES, max_size=5).map("\n".join),
    kind=st.sampled_from(NoteKind),
    rest=st.tuples(_LINES, _LINES, _LINES, _LINES),
)
def test_a_written_note_is_read_as_it_was(text: str, kind: NoteKind, rest: tuple[str, ...]) -> None:
    note = Note(text.strip(), kind, *(" ".join(value.split()) for value in rest))
    assert parse_note(note.as_file(), "note.md") == note


@given(st.text(max_size=400))
def test_any_text_is_a_note_or_a_named_problem(text: str) -> None:
    for content in (text, f"---\n{text}"):
        problem = None
        try:
            parse_note(content, "note.md")
        except NoteError as error:
            problem = error
        assert problem is None or problem.where.startswith("note.md")


def test_a_file_without_a_head_is_a_note_of_unknown_date() -> None:
    assert parse_note("The cache is per host.\n", "a.md") == Note("The cache is per host.")


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        ("---\nkind: decision\nText\n---\n", "a.md:3", "no `key: value`"),
        ("---\nkind: decision\n", "a.md:1", "not closed"),
        ("---\nkind: rumour\n---\nText\n", "a.md", "no kind of note"),
    ],
)
def test_a_damaged_head_is_named_with_its_line(content: str, where: str, what: str) -> None:
    with pytest.raises(NoteError, match=what) as caught:
        parse_note(content, "a.md")
    assert caught.value.where == where
    assert caught.value.advice
