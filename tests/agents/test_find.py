from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.agents.find import (
    Origin,
    find_agents,
    find_commands,
    project_instructions,
    resolve_agent,
    resolve_command,
)
from ironwright.library import library_files
from ironwright.records.errors import DefinitionError


def definition(name: str, text: str = "Body.") -> str:
    return f"---\nname: {name}\ndescription: {text}\n---\n{text}\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_bundled_agents_are_there_without_any_file(project: Path, home: Path) -> None:
    found = find_agents(project, home)
    assert set(found) == set(library_files()["agents"])
    assert {source.origin for source in found.values()} == {Origin.BUNDLED}
    assert found["engineer"].path == "ironwright:engineer"


def test_nearer_agent_wins(project: Path, home: Path) -> None:
    write(
        home,
        {".claude/agents/e.md": definition("engineer", "user"), ".claude/agents/u.md": definition("mine")},
    )
    assert find_agents(project, home)["engineer"].origin == Origin.USER
    write(project, {".opencode/agent/engineer.md": "---\nmode: subagent\ndescription: opencode\n---\n"})
    assert find_agents(project, home)["engineer"].agent.description == "opencode"
    write(project, {".claude/agents/deep/e.md": definition("engineer", "project")})
    found = find_agents(project, home)
    assert found["engineer"].agent.description == "project"
    assert found["mine"].origin == Origin.USER


def test_readme_beside_agents_is_no_agent(project: Path, home: Path) -> None:
    write(project, {".claude/agents/README.md": "# About", ".claude/agents/smith.md": "# Smith\n\nForges."})
    assert {
        name for name, source in find_agents(project, home).items() if source.origin == Origin.PROJECT
    } == {"smith"}


def test_unusable_agent_is_kept_and_says_why_when_used(project: Path, home: Path) -> None:
    write(project, {".claude/agents/empty.md": "", ".claude/agents/smith.md": definition("smith")})
    found = find_agents(project, home)
    assert not found["empty"].usable
    assert found["smith"].usable
    with pytest.raises(DefinitionError, match="the file is empty"):
        resolve_agent("empty", project, home)


def test_link_to_nothing_is_an_unusable_agent(project: Path, home: Path) -> None:
    write(project, {".claude/agents/smith.md": definition("smith")})
    (project / ".claude/agents/gone.md").symlink_to(project / "nowhere.md")
    found = find_agents(project, home)
    assert not found["gone"].usable
    with pytest.raises(DefinitionError, match="no such file"):
        resolve_agent("gone", project, home)


def test_agent_is_resolved_by_name_file_and_scheme(project: Path, home: Path) -> None:
    write(project, {".claude/agents/e.md": definition("engineer", "ours"), "odd.txt": "# Odd\n\nWork."})
    assert resolve_agent("engineer", project, home).description == "ours"
    assert resolve_agent("ironwright:engineer", project, home).path == "ironwright:engineer"
    assert resolve_agent(str(project / "odd.txt"), project, home).name == "odd"
    advanced = resolve_agent("rust-expert-advanced", project, home)
    assert len(advanced.includes) == 2


def test_unknown_agent_gets_near_names(project: Path, home: Path) -> None:
    with pytest.raises(DefinitionError, match="no agent named 'enginer'") as caught:
        resolve_agent("enginer", project, home)
    assert caught.value.advice.startswith("Did you mean engineer")
    with pytest.raises(DefinitionError) as caught:
        resolve_agent("zzzz", project, home)
    assert "rust-expert-standard" in caught.value.advice
    with pytest.raises(DefinitionError, match="no bundled agent named 'x'"):
        resolve_agent("ironwright:x", project, home)
    with pytest.raises(DefinitionError, match="no such file"):
        resolve_agent("./engineer.md", project, home)


def test_home_of_an_unknown_user_is_a_missing_file(project: Path, home: Path) -> None:
    with pytest.raises(DefinitionError, match="no such file"):
        resolve_agent("~nobody-of-that-name/x.md", project, home)


def test_user_without_a_home_has_the_other_agents(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    assert "engineer" in find_agents(project)


def test_commands_are_named_by_their_folders(project: Path, home: Path) -> None:
    write(project, {".claude/commands/team/lint.md": "Lint.", ".claude/commands/lint.md": "Our lint."})
    found = find_commands(project, home)
    assert set(found) == {"team:lint", *library_files()["commands"]}
    assert resolve_command("/lint", project, home).body == "Our lint."
    assert resolve_command("memo", project, home).path == "ironwright:memo"
    with pytest.raises(DefinitionError, match="no command named 'comit'") as caught:
        resolve_command("/comit", project, home)
    assert "commit" in caught.value.advice


def test_instructions_come_with_their_imports_each_once(project: Path) -> None:
    write(
        project,
        {"CLAUDE.md": "Read @docs/style.md\n@AGENTS.md", "AGENTS.md": "Agents.", "docs/style.md": "Style."},
    )
    write(project, {".claude/CLAUDE.md": "Local."})
    found = project_instructions(project)
    assert [(item.name, item.text.split("\n")[0]) for item in found] == [
        ("CLAUDE.md", "Read @docs/style.md"),
        ("docs/style.md", "Style."),
        ("AGENTS.md", "Agents."),
        (".claude/CLAUDE.md", "Local."),
    ]


def test_instructions_that_name_themselves_or_each_other_are_read_once(project: Path) -> None:
    write(project, {"CLAUDE.md": "Keep @CLAUDE.md and @AGENTS.md.", "AGENTS.md": "See @CLAUDE.md."})
    assert [item.name for item in project_instructions(project)] == ["CLAUDE.md", "AGENTS.md"]


def test_linked_instructions_are_read_once(project: Path) -> None:
    write(project, {"AGENTS.md": "Agents."})
    (project / "CLAUDE.md").symlink_to("AGENTS.md")
    assert [item.name for item in project_instructions(project)] == ["CLAUDE.md"]


def test_instructions_outside_the_project_are_refused(project: Path, home: Path) -> None:
    write(home, {"secret.md": "SECRET"})
    (project / "CLAUDE.md").symlink_to(home / "secret.md")
    with pytest.raises(DefinitionError, match="outside the project"):
        project_instructions(project)


def test_no_or_empty_instructions_are_none(project: Path) -> None:
    assert project_instructions(project) == ()
    write(project, {"CLAUDE.md": " \n"})
    assert project_instructions(project) == ()
    (project / "AGENTS.md").write_bytes(b"a\0b")
    with pytest.raises(DefinitionError, match="NUL"):
        project_instructions(project)
