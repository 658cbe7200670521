"""Exported definitions are loaded again and must say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ironwright.agents.export import Host, differing, export
from ironwright.agents.find import find_agents, find_commands, resolve_agent, resolve_command
from ironwright.agents.lint import lint_paths
from ironwright.contract.compile import compile_contract
from ironwright.gates.catalog import gates
from ironwright.library import library_files
from ironwright.records.config import Config
from ironwright.records.definition import Agent
from ironwright.records.errors import DefinitionError

PLACES = {Host.CLAUDE: ".claude/agents", Host.OPENCODE: ".opencode/agent", Host.AGPM: "agents"}
TEAM = tuple(library_files()["agents"])


def clauses(agent: Agent) -> set[tuple[str, str, str, str]]:
    """What an agent demands, wherever it stands; an export need not say that a snippet is to be read."""
    found = compile_contract(agent, Config(), gates()).clauses
    return {
        (clause.sentence, str(clause.gate), str(clause.params), str(clause.strength))
        for clause in found
        if clause.gate not in (None, "unread_files")
    }


@pytest.fixture(params=list(Host))
def exported(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Host, Path]:
    agents = [resolve_agent(name, tmp_path) for name in TEAM]
    commands = [resolve_command(name, tmp_path) for name in library_files()["commands"]]
    folder = tmp_path / "out"
    for item in export(request.param, agents, commands):
        path = folder / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(item.content)
    return request.param, folder


def test_the_exported_team_demands_what_the_bundled_one_does(exported: tuple[Host, Path]) -> None:
    host, folder = exported
    for name in TEAM:
        ours = resolve_agent(name, folder.parent)
        theirs = resolve_agent(str(folder / PLACES[host] / f"{name}.md"), folder)
        assert theirs.name == name
        assert theirs.description.split() == ours.description.split()
        assert theirs.model == (None if host is Host.OPENCODE else ours.model)
        assert clauses(theirs) == clauses(ours), name


def test_the_host_finds_every_agent_and_command(exported: tuple[Host, Path]) -> None:
    _, folder = exported
    agents, commands = find_agents(folder, folder), find_commands(folder, folder)
    assert {name for name in TEAM if agents[name].origin == "project"} == set(TEAM)
    assert not commands["memo"].path.startswith("ironwright:")


def test_lint_finds_nothing_odd_in_an_export(exported: tuple[Host, Path]) -> None:
    _, folder = exported
    assert [item for item in lint_paths([folder], folder) if item.severity != "info"] == []


def test_the_memory_is_reached_through_the_program(exported: tuple[Host, Path]) -> None:
    _, folder = exported
    (memo,) = folder.rglob("memo.md")
    text = memo.read_text()
    assert '!`ironwright memory recall "$ARGUMENTS"`' in text
    assert "for-this-task.md" not in text


def test_files_that_differ_are_named(tmp_path: Path) -> None:
    files = export(Host.CLAUDE, [resolve_agent("rust-doc-standard", tmp_path)], [])
    assert [item.path for item in files] == [
        ".claude/agents/rust-doc-standard.md",
        ".claude/snippets/rust-cargo-commands.md",
    ]
    assert differing(files, tmp_path) == ()
    agent = tmp_path / files[0].path
    agent.parent.mkdir(parents=True)
    agent.write_text(files[0].content)
    assert differing(files, tmp_path) == ()
    agent.write_text("Mine.")
    assert differing(files, tmp_path) == (files[0].path,)


def test_two_agents_that_would_be_one_file_are_refused() -> None:
    one, other = (Agent("a b", text, "x.md", text, text, 1) for text in ("One.", "Two."))
    with pytest.raises(DefinitionError, match="different texts") as caught:
        export(Host.CLAUDE, [one, other], [])
    assert caught.value.where == ".claude/agents/a-b.md"


@given(
    description=st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=200),
    tools=st.none()
    | st.lists(st.sampled_from(["Read", "Bash", "Edit", "Agent(a, b)"]), max_size=3).map(tuple),
    model=st.sampled_from([None, "opus", "anthropic/x-1"]),
    host=st.sampled_from(Host),
)
def test_any_head_is_valid_yaml_with_the_same_words(
    description: str, tools: tuple[str, ...] | None, model: str | None, host: Host
) -> None:
    agent = Agent("one", description, "one.md", "Do it.", "Do it.", 1, model, tools)
    (file,) = [item for item in export(host, [agent], []) if item.path.endswith("one.md")]
    _, head, body = file.content.split("---\n", 2)
    assert yaml.safe_load(head)["description"] == description
    assert body.strip() == "Do it."
