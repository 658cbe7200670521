"""Whom a definition lets its agent hand work to, and handoffs written as words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.agents.find import find_agents
from ironwright.agents.partners import WORDS_ID, partners, written_handoff
from ironwright.records.definition import Agent

KNOWN = ("doc-writer", "rust-test-standard", "rust-test-advanced", "lead")


def agent(body: str, tools: tuple[str, ...] | None = None) -> Agent:
    return Agent("lead", "", "lead.md", body, body, 1, tools=tools)


def test_sentences_and_sections_that_speak_of_handing_on_name_partners() -> None:
    assert partners(agent("- Delegate to doc-writer when docs are missing."), KNOWN) == ("doc-writer",)
    assert partners(agent("Hand over to `rust-test-standard`."), KNOWN) == ("rust-test-standard",)
    body = "# Handing on\n\n- `doc-writer`: docs\n- **rust-test-advanced**: tests\n\n# Rules\n\n- Be."
    assert partners(agent(body), KNOWN) == ("doc-writer", "rust-test-advanced")


def test_what_is_forbidden_or_only_mentioned_is_no_partner() -> None:
    assert partners(agent("Never delegate to doc-writer."), KNOWN) == ()
    assert partners(agent("The doc-writer writes documentation."), KNOWN) == ()
    assert partners(agent("- Delegate to doc-writers."), KNOWN) == ()
    assert partners(agent("- Delegate to lead when in doubt."), KNOWN) == ()  # itself


def test_tools_grant_partners() -> None:
    granted = agent("Work.", ("Read", "Agent(doc-writer, nobody)", "Task(rust-test-standard)"))
    assert partners(granted, KNOWN) == ("doc-writer", "rust-test-standard")


def test_a_bundled_definition_allows_those_that_it_lists(tmp_path) -> None:
    sources = find_agents(tmp_path)
    found = partners(sources["rust-expert-advanced"].agent, sources)
    assert set(found) >= {"rust-troubleshooter-advanced", "rust-doc-advanced", "rust-linting-advanced"}


def test_words_that_hand_over_are_read() -> None:
    text = (
        "I stop here.\n\n**Problem:** the queue loses entries\nunder load.\n**Attempted:** a lock; slower.\n"
        "Suspected cause: ordering\nFiles: `src/queue.rs`, src/lib.rs\n\nPlease invoke `doc-writer`."
    )
    handoff = written_handoff(text, KNOWN)
    assert handoff is not None
    assert (handoff.id, handoff.agent) == (WORDS_ID, "doc-writer")
    assert handoff.finding == "the queue loses entries\nunder load."
    assert handoff.attempted == "a lock; slower."
    assert handoff.suspicion == "ordering"
    assert handoff.files == ("src/queue.rs", "src/lib.rs")


def test_talk_about_agents_is_no_handoff() -> None:
    assert written_handoff("Done. One could invoke doc-writer later.", KNOWN) is None
    assert written_handoff("Problem: none.\nAttempted: all.\nDone.", KNOWN) is None
    assert written_handoff("Problem: x.\nPlease invoke somebody-else.", KNOWN) is None


@given(st.text(), st.lists(st.text(min_size=1), max_size=3))
def test_any_text_is_read_without_an_error(text: str, names: list[str]) -> None:
    handoff = written_handoff(text, names)
    assert handoff is None or (handoff.agent in names and handoff.finding)
    assert set(partners(agent(text), names)) <= set(names)


@given(st.sampled_from(KNOWN), st.from_regex(r"[a-z][a-z ]{0,40}", fullmatch=True))
def test_a_stated_problem_and_a_name_are_always_a_handoff(name: str, problem: str) -> None:
    handoff = written_handoff(f"Problem: x {problem}\nPlease invoke {name} for it.", KNOWN)
    assert handoff is not None
    assert handoff.agent == name
    assert handoff.finding == f"x {problem}".strip()
