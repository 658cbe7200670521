from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import journal, started, used
from sentences import asks_for

from ironwright.gates.open_questions import open_questions
from ironwright.records.journal import EventKind
from ironwright.testing.gate_testing import Case

DESIGN = "# Design\n\nThe cache holds entries.\n\n## Eviction\n\nTBD: which entries go first.\n"
ASKED = (
    EventKind.QUESTION,
    {"attempt": "attempt-1", "id": "q1", "question": "Which?", "assumed": "The oldest.", "unattended": True},
)
EDIT = used("write_file", "src/lib.rs")


def work(task: str, *more) -> list:
    return journal(started(task=task), *more, EDIT)


PASSES = [
    Case(
        "nothing is left open", head={}, journal=work("Add a cache that drops its oldest entry."), findings=0
    ),
    Case(
        "asked",
        base={"docs/design.md": DESIGN},
        head={},
        journal=work("Build docs/design.md.", ASKED),
        findings=1,
    ),
    Case(
        "a document that the task does not name",
        base={"docs/design.md": DESIGN},
        head={},
        journal=work("Build it."),
    ),
    Case(
        "a choice at run time",
        head={},
        journal=work("Return either a number or an error, depending on the input."),
    ),
    Case("a request in the form of a question", head={}, journal=work("Can you add a cache?")),
    Case(
        "answered items",
        base={"d.md": "## Open questions\n\n- [x] Which first? Decision: the oldest\n- None\n"},
        head={},
        journal=work("Build d.md."),
    ),
    Case(
        "code of a document",
        base={"d.md": "```rust\n// TODO: TBD\n```\n"},
        head={},
        journal=work("Build d.md."),
    ),
    Case(
        "a mark that is spoken of",
        head={},
        journal=work("Remove every `TBD` and all TODO comments from the code."),
    ),
]
FAILS = [
    Case(
        "a mark in the design",
        base={"docs/design.md": DESIGN},
        head={},
        journal=work("Build docs/design.md."),
        at=("docs/design.md", 7),
        findings=1,
    ),
    Case("a mark in the task", head={}, journal=work("Add a cache. Its size is TBD."), mentions=("TBD",)),
    Case(
        "a choice that nobody made",
        head={},
        journal=work("Store entries. Use either a BTreeMap or a HashMap."),
    ),
    Case(
        "a list of open questions",
        base={"d.md": "## Open Questions\n\n- The order of eviction\n"},
        head={},
        journal=work("Build d.md."),
        at=("d.md", 3),
    ),
    Case(
        "a plain question in a design",
        base={"d.md": "Should reads renew an entry?\n"},
        head={},
        journal=work("Build d.md."),
    ),
    Case(
        "a document of the definition",
        base={"d.md": DESIGN},
        head={},
        params={"documents": ("d.md",)},
        journal=work("Build it."),
    ),
]
UNKNOWN = [
    Case("no journal", head={}, mentions=("no journal",)),
    Case(
        "a journal without the task", head={}, journal=journal(started(task=""), EDIT), mentions=("the task",)
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "If the design is unclear, ask for clarification before implementing.",
        "Question Ambiguities: if something is problematic, ask for clarification.",
        "Don't make assumptions about critical design decisions.",
        "When requirements are ambiguous, ask the user.",
        "Ask clarifying questions when unclear.",
    ],
)
def test_prose_that_wants_questions(sentence):
    assert asks_for("unasked_ambiguity", sentence) is not None


@pytest.mark.parametrize(
    "sentence", ["Ask for a review.", "Write clear code.", "Never ask twice.", "Make no assumptions."]
)
def test_prose_that_wants_something_else(sentence):
    assert asks_for("unasked_ambiguity", sentence) is None


@given(st.text())
def test_any_text_is_searched(text):
    lines = text.splitlines()
    assert all(1 <= found.line <= len(lines) for found in open_questions(text))
