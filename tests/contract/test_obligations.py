from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.contract.obligations import Obligation, find_obligations
from ironwright.records.definition import Agent, Include


def _found(body: str, line: int = 1) -> list[Obligation]:
    return list(find_obligations(Agent("a", "", "a.md", body, body, line)))


def _sentences(body: str) -> list[str]:
    return [obligation.sentence for obligation in _found(body)]


@pytest.mark.parametrize(
    "body",
    [
        "You are a seasoned engineer with a love for tests.\n",
        "Your expertise lies in making sure that services run.\n",
        "## Expertise\n\n- Lock-free data structures\n- Macro design\n",
        "## What I Handle\n\n### Design\n- Write parsers\n- Always use traits\n",
        "## When to delegate\n\n- Run `cargo fmt` for simple formatting\n",
        "Use the standard agent for:\n- Running all tests\n",
        "## Output format\n\nCoverage: 92%\nAll 14 tests pass\n",
        "## Examples\n\n- Ensure coverage is 90%\n",
        "<example>\nuser: Write tests first\nassistant: You must run cargo test\n</example>\n",
        "```rust\n// Always document functions\nfn main() {}\n```\n",
        "Do you always run the tests?\n",
        "Test results: 12/14 passed\n",
    ],
)
def test_personas_knowledge_delegation_and_samples_oblige_to_nothing(body: str) -> None:
    assert _sentences(body) == []


def test_gerunds_under_a_lead_in_are_obligations_with_their_lead() -> None:
    found = _found("Write tests that:\n- Cover edge cases\n- Using realistic data\n")
    assert [(o.line, o.sentence) for o in found if not o.introduces] == [
        (2, "Cover edge cases"),
        (3, "Using realistic data"),
    ]
    assert found[-1].leads == ("Write tests that:",)


def test_every_sentence_of_an_item_counts_at_its_own_line() -> None:
    found = _found("x\n\n- **Deps**: Use `cargo add`.\n  Never edit Cargo.toml. It is fine.\n", line=11)
    assert [(o.line, o.sentence) for o in found] == [
        (13, "**Deps**: Use `cargo add`."),
        (14, "Never edit Cargo.toml."),
    ]


def test_checklist_items_carry_the_trigger_of_their_heading() -> None:
    (found,) = _found("# AFTER completing your tasks\n- [ ] run /lint\n")
    assert found.leads == ("AFTER completing your tasks",)
    assert found.sentence == "run /lint"


@pytest.mark.parametrize(
    "heading", ["## Don't", "## Avoid", "## Red flags", "**Never:**", "### ❌ Anti-patterns"]
)
def test_items_under_a_prohibiting_heading_are_forbidden(heading: str) -> None:
    (found,) = _found(f"{heading}\n\n- Tests without assertions\n")
    assert found.forbidden


def test_a_prohibition_under_a_prohibiting_heading_is_not_doubled() -> None:
    (found,) = _found("## Don't\n\n- Never panic in library code\n")
    assert not found.forbidden


def test_something_absent_under_red_flags_is_doubtful() -> None:
    (found,) = _found("## Red flags\n\n- No tests for public functions\n")
    assert found.doubtful


@pytest.mark.parametrize(
    "sentence",
    [
        "Aim for 80% coverage",
        "Use property tests where applicable",
        "Consider fault tolerance in all designs",
        "Coverage SHOULD be at least 80%",
        "Prefer small files",
        "Document public items if possible",
    ],
)
def test_wishes_are_soft(sentence: str) -> None:
    (found,) = _found(f"# Rules\n\n- {sentence}\n")
    assert found.soft


@pytest.mark.parametrize("sentence", ["Coverage should be at least 80%", "Tests must pass", "Run the tests"])
def test_demands_are_firm(sentence: str) -> None:
    (found,) = _found(f"# Rules\n\n- {sentence}\n")
    assert found.soft == ""


def test_commands_in_a_fence_count_only_under_a_lead_in_that_demands_them() -> None:
    fence = "\n```bash\n# check\ncargo fmt --check\ncargo test\n```\n"
    assert _sentences("## Useful commands\n" + fence) == []
    found = _found("Before committing, these must pass:\n" + fence)
    assert [(o.line, o.sentence) for o in found if not o.introduces] == [
        (5, "cargo fmt --check"),
        (6, "cargo test"),
    ]


def test_table_rows_count_under_a_demanding_heading() -> None:
    body = "## Requirements\n\n| Metric | Minimum |\n|---|---|\n| Coverage | at least 90% |\n"
    (found,) = _found(body)
    assert (found.line, found.text) == (5, "Coverage: at least 90%")


def test_a_blockquote_is_read() -> None:
    assert _sentences("> **Policy**: This agent must only be used after others failed.\n")


def test_included_texts_have_their_own_path_and_lines(tmp_path: object) -> None:
    from pathlib import Path

    include = Include("s.md", Path("s.md"), 3, "---\nname: s\n---\n# Rules\n- Run cargo fmt\n")
    agent = Agent("a", "", "a.md", "x", "x", 1, includes=(include,))
    (found,) = find_obligations(agent)
    assert (found.path, found.line, found.sentence) == ("s.md", 5, "Run cargo fmt")


_FRAGMENTS = st.sampled_from(
    ["# Rules\n", "- ", "  - ", "1. ", "> ", "```\n", "```bash\ncargo test\n",
     "| a | b |\n|---|---|\n", "**Never**: ",
     "<example>", "</example>", "must ", "Use `cargo add`. ", "90% ", "\n", "\n\n", "- [ ] ", "\t", "❌ ",
     "\r\n"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(_FRAGMENTS, st.text(max_size=20)), max_size=25).map("".join), st.integers(1, 50))
def test_lines_are_in_the_file_and_hold_the_sentence(body: str, first: int) -> None:
    lines = re.sub(r"\r\n?", "\n", body).replace("\0", " ").split("\n")
    for found in _found(body, first):
        index = found.line - first
        assert 0 <= index < len(lines)
        words = re.findall(r"[A-Za-z0-9]+", found.sentence)
        # Lines of mere marks may stand before the first word of a paragraph.
        spoken = next((at for at in range(index, len(lines)) if re.search(r"[A-Za-z0-9]", lines[at])), index)
        assert not words or words[0] in " ".join(lines[index : spoken + 2])
