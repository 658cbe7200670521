import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.routing.task_kind import TaskKind, task_kind


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ("Fix the panic when the input is empty", TaskKind.FIX),
        ("Parsing crashes on CRLF files, add a test as well", TaskKind.FIX),
        ("Add a --verbose option", TaskKind.FEATURE),
        ("Implement the retry policy of docs/design.md", TaskKind.FEATURE),
        ("Add tests for the parser", TaskKind.TESTS),
        ("Raise the coverage of src/lexer.rs", TaskKind.TESTS),
        ("Document every public function", TaskKind.DOCS),
        ("Split lib.rs into modules", TaskKind.REFACTORING),
        ("Make the lexer faster", TaskKind.PERFORMANCE),
        ("Resolve the clippy warnings", TaskKind.LINT),
        ("Upgrade tokio, its dependencies too", TaskKind.DEPENDENCIES),
        ("Hello", TaskKind.OTHER),
        ("", TaskKind.OTHER),
    ],
)
def test_a_task_has_the_kind_that_its_words_say(task: str, kind: TaskKind) -> None:
    assert task_kind(task) is kind


@given(st.text(max_size=300))
def test_any_text_has_a_kind_and_always_the_same(text: str) -> None:
    assert task_kind(text) is task_kind(text)
    assert task_kind(f"  {text.upper()}  ") in TaskKind
