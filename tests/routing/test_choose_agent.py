from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.agents.find import find_agents
from ironwright.agents.parse import parse_agent
from ironwright.records.definition import Agent
from ironwright.records.errors import DefinitionError
from ironwright.routing.choose_agent import can_implement, choose_agent, is_last_resort, speaks_rust


def agent(name: str, description: str, body: str = "You write Rust.", **fields: str) -> Agent:
    extra = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return parse_agent(
        f"---\nname: {name}\ndescription: |\n  {description}\n{extra}---\n{body}\n", f"{name}.md"
    )


def bundled(tmp_path: Path) -> list[Agent]:
    return [source.agent for source in find_agents(tmp_path, tmp_path).values()]


def test_agent_whose_words_fit_is_chosen_with_a_reason() -> None:
    parsing = agent("rust-parser", "Writes Rust parsers and lexers.")
    network = agent("rust-network", "Writes Rust sockets and protocols.")
    choice = choose_agent("the lexer drops a token", [network, parsing])
    assert choice.agent is parsing
    assert choice.margin > 0
    assert [name for name, _ in choice.runners_up] == ["rust-network"]
    assert choice.score > choice.runners_up[0][1]


def test_only_agent_is_chosen_whatever_the_task() -> None:
    only = agent("rust-parser", "Writes Rust parsers.")
    choice = choose_agent("change the colour of the button", [only])
    assert (choice.agent, choice.margin) == (only, 1.0)
    assert "only agent" in choice.reason


def test_close_call_is_named_as_one() -> None:
    first = agent("rust-a", "Writes Rust parsers quickly.")
    second = agent("rust-b", "Writes Rust parsers slowly.")
    choice = choose_agent("write a parser", [first, second])
    assert not choice.accepted
    assert "not clearly better" in choice.reason
    assert "--agent" in choice.reason


def test_task_without_a_shared_word_goes_to_general_work() -> None:
    special = agent("rust-parser", "Writes Rust parsers.")
    general = agent("rust-expert-standard", "Writes Rust.")
    choice = choose_agent("zzz", [special, general])
    assert choice.agent is general
    assert not choice.accepted
    assert "No agent shares enough" in choice.reason


def test_agent_that_the_task_names_is_chosen() -> None:
    parsing = agent("rust-parser", "Writes Rust parsers and lexers.")
    network = agent("rust-network", "Writes Rust sockets and protocols.")
    choice = choose_agent("have rust-network look at the lexer of the parser", [parsing, network])
    assert choice.agent is network
    assert choice.accepted


def test_last_resort_does_not_go_first() -> None:
    advanced = agent("rust-advanced", "Only use this agent after the others tried and failed. Parsers.")
    standard = agent("rust-standard", "Writes Rust.")
    choice = choose_agent("write a parser of parsers", [advanced, standard])
    assert choice.agent is standard
    assert "rust-advanced" in choice.reason


def test_last_resort_alone_goes_first() -> None:
    advanced = agent("rust-advanced", "Rust. Only use this agent after others were tried and failed.")
    assert choose_agent("write a parser", [advanced]).agent is advanced


def test_own_agents_come_before_bundled_ones(tmp_path: Path) -> None:
    own = agent("our-rust", "Writes our Rust.")
    assert choose_agent("implement the design document", [own, *bundled(tmp_path)]).agent is own


def test_bundled_standard_comes_before_the_teams_last_resort(tmp_path: Path) -> None:
    own = agent("our-rust", "Rust. ESCALATION ONLY: call it when the standard agents failed.")
    choice = choose_agent("implement the design document", [own, *bundled(tmp_path)])
    assert choice.agent.name == "backend-implementation-engineer"
    assert "our-rust" in choice.reason


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("implement the architecture in docs/design.md", "backend-implementation-engineer"),
        ("add batching to our distributed consensus", "engineer"),
        ("fix the bug in the parser", "rust-expert-standard"),
    ],
)
def test_bundled_agents_get_their_own_tasks(task: str, name: str, tmp_path: Path) -> None:
    assert choose_agent(task, bundled(tmp_path)).agent.name == name


def test_bundled_last_resorts_are_the_advanced_ones(tmp_path: Path) -> None:
    last = {one.name for one in bundled(tmp_path) if is_last_resort(one)}
    assert "rust-expert-advanced" in last
    assert all(name.endswith("-advanced") for name in last)


@pytest.mark.parametrize(
    "sentence",
    [
        "This agent should **only** be used when the standard agent was tried and failed.",
        "ESCALATION POLICY: ask first.",
        "Always attempt standard agents first.",
        "Use this only after two attempts failed.",
    ],
)
def test_policy_about_itself_makes_a_last_resort(sentence: str) -> None:
    assert is_last_resort(agent("x", "Rust.", sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "Delegate to rust-advanced only after two attempts failed.",
        "Hands over to rust-advanced only when it failed.",
        "Only repeat the search if validation fails.",
        "Write only what is needed.",
    ],
)
def test_policy_about_others_makes_no_last_resort(sentence: str) -> None:
    assert not is_last_resort(agent("x", "Rust.", sentence))


def test_reader_and_reviewer_do_not_implement() -> None:
    assert not can_implement(agent("rust-pro", "Rust.", tools="Read, Grep"))
    assert not can_implement(agent("rust-code-reviewer", "Reviews Rust."))
    assert can_implement(agent("rust-pro", "Rust.", tools="Read, Edit"))
    assert can_implement(agent("rust-pro", "Rust."))


def test_agent_of_another_language_is_not_chosen() -> None:
    python = agent("python-pro", "Writes Python parsers.", "You write Python.")
    assert not speaks_rust(python)
    with pytest.raises(DefinitionError, match="none of 1 agents implements Rust"):
        choose_agent("write a parser", [python])


def test_no_agents_is_an_error_with_advice() -> None:
    with pytest.raises(DefinitionError, match="there are no agents") as caught:
        choose_agent("write a parser", [])
    assert "--agent" in caught.value.advice


def test_unusable_file_is_not_chosen() -> None:
    with pytest.raises(DefinitionError):
        choose_agent("write a parser", [parse_agent(b"rust\0rust", "rust.md")])
