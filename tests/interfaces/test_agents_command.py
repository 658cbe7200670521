import json

import pytest

DEFINITION = """\
---
name: careful
description: Writes code
model: sonnet
---

Test coverage must be at least 85%.
"""


@pytest.fixture
def project(crate):
    folder = crate / ".claude" / "agents"
    folder.mkdir(parents=True)
    (folder / "careful.md").write_text(DEFINITION)
    return crate


def test_list_shows_the_projects_and_the_bundled_agents(cli, project):
    answer = cli("agents", "list", "--format", "json", cwd=project / "src")
    found = {agent["name"]: agent for agent in json.loads(answer.out)["agents"]}
    assert found["careful"]["origin"] == "project"
    assert found["engineer"]["origin"] == "bundled"
    text = cli("agents", "list", cwd=project).out
    assert "careful" in text
    assert "engineer" in text


def test_show_tells_file_and_text(cli, project):
    answer = cli("agents", "show", "careful", cwd=project)
    assert answer.code == 0
    assert ".claude/agents/careful.md" in answer.out
    assert "at least 85%" in answer.out


def test_a_misspelt_name_is_answered_with_the_nearest(cli, project):
    answer = cli("agents", "show", "carefull", cwd=project)
    assert answer.code == 2
    assert "Did you mean careful?" in answer.err


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.md", b"", "empty"),
        ("binary.md", b"\x00\x01\x02" * 100, "binary"),
        ("huge.md", b"a" * (5 << 20), "MiB"),
    ],
)
@pytest.mark.parametrize("command", ["agents show", "contract", "check --contract", "run task --agent"])
def test_an_unusable_definition_is_named_wherever_it_is_used(cli, project, name, content, expected, command):
    (project / name).write_bytes(content)
    answer = cli(*command.split(), f"./{name}", cwd=project)
    assert answer.code == 2, answer.err
    assert name in answer.err
    assert expected in answer.err


@pytest.mark.parametrize("command", ["agents show", "contract", "check --contract"])
def test_a_definition_that_includes_itself_is_named(cli, project, command):
    (project / "a.md").write_text("---\nname: a\ndescription: d\n---\n\nFollow @b.md closely.\n")
    (project / "b.md").write_text("Follow @c.md as well.\n")
    (project / "c.md").write_text("Follow @b.md too.\n")
    answer = cli(*command.split(), "./a.md", cwd=project)
    assert answer.code == 2, answer.out
    assert "b.md" in answer.err
    assert "c.md" in answer.err


def test_a_missing_file_and_a_folder_are_told(cli, project):
    assert "nowhere.md" in cli("agents", "show", "./nowhere.md", cwd=project).err
    answer = cli("agents", "show", "./src/", cwd=project)
    assert answer.code == 2
    assert "folder" in answer.err


def test_lint_is_1_where_a_file_cannot_be_used(cli, project):
    (project / ".claude/agents/bad.md").write_bytes(b"")
    answer = cli("agents", "lint", "--format", "json", cwd=project)
    assert answer.code == 1
    assert any(f["severity"] == "error" and "bad.md" in f["path"] for f in json.loads(answer.out)["findings"])


def test_lint_of_a_good_file_finds_nothing(cli, project):
    answer = cli("agents", "lint", ".claude/agents/careful.md", cwd=project)
    assert answer.code == 0, answer.out
    assert "nothing odd" in answer.out
