from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.agents.lint import lint_paths
from ironwright.agents.lint_rules import AGENT_RULES, Surroundings
from ironwright.agents.parse import parse_agent
from ironwright.library import library_files
from ironwright.records.definition import LintFinding, Severity
from ironwright.records.errors import DefinitionError

SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("project", "home"):
        (tmp_path / folder).mkdir()
    return tmp_path / "project"


def lint(root: Path, *paths: Path) -> tuple[LintFinding, ...]:
    return lint_paths(paths, root, root.parent / "home")


def agent(
    root: Path, body: str = "", *, name: str = "smith", description: str = "Forges.", more: str = ""
) -> Path:
    path = root / ".claude" / "agents" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nname: {name}\ndescription: {description}\n{more}---\n{body}\n", encoding="utf-8")
    return path


def found(root: Path, body: str = "", **fields: str) -> list[tuple[str, int]]:
    return [(item.rule, item.line) for item in lint(root, agent(root, body, **fields))]


def test_clean_agent_has_no_findings(root: Path) -> None:
    body = "Run the /lint command, `/memo` and /commit. Run /clear. Delegate to `engineer`. See docs/a.md."
    assert found(root, body, more="model: sonnet\ntools: Read, Agent(a, b), mcp__x__y\n") == []


def test_unknown_tools_are_one_finding_on_their_line(root: Path) -> None:
    path = agent(root, more="tools: Read, Frobnicate, codebase\n")
    [finding] = lint(root, path)
    assert (finding.rule, finding.line) == ("unknown-tool", 4)
    assert "Frobnicate, codebase" in finding.message


@pytest.mark.parametrize("model", ["Claude Sonnet 4.5", "opus-4-1", "big"])
def test_unknown_model_is_found(model: str, root: Path) -> None:
    assert found(root, more=f"model: {model}\n") == [("unknown-model", 4)]


@pytest.mark.parametrize(
    "model",
    [
        "opus",
        "inherit",
        "claude-sonnet-4-5-20250929",
        "openai/gpt-5",
        "anthropic:claude-x",
        "gpt-5",
        "qwen3:30b",
        "o3",
    ],
)
def test_known_forms_of_models_are_no_finding(model: str, root: Path) -> None:
    assert found(root, more=f"model: {model}\n") == []


def test_text_that_names_another_model_is_a_contradiction(root: Path) -> None:
    assert found(root, "# Smith (Opus 4)", more="model: sonnet\n") == [("model-contradiction", 4)]
    assert found(root, "You are a smith using Opus 4.", more="model: haiku\n") == [("model-contradiction", 4)]
    assert found(root, "# Smith (Opus 4)", more="model: opus\n") == []
    assert found(root, "# Smith\n\nEscalate to the opus one.", more="model: sonnet\n") == []


def test_example_that_names_another_agent_is_found(root: Path) -> None:
    description = "Forges. <example>user 'x' assistant 'I will use the gold-smith agent'</example>"
    assert found(root, description=description) == [("example-routes-elsewhere", 3)]
    same = description.replace("gold-smith", "iron-smith")
    assert found(root, name="iron-smith", description=same) == []


def test_agent_named_before_the_examples_is_no_example(root: Path) -> None:
    assert found(root, description="Call it after you use the gold-smith agent.") == []


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("\nRun /nothing first.", [6]),
        ("Run the `/nothing` command", [5]),
        ("The /nothing slash command helps.", [5]),
        ("run /lint and /nothing and `/more`", [5, 5]),
        ("```\nrun /nothing\n```", []),
        ("Call /api/users and use /users endpoint", []),
        ("Run /usr/bin/cargo or /tmp", []),
        ("and/or use a/b", []),
        ("run /team:lint", []),
    ],
)
def test_command_that_is_not_there_is_found(body: str, lines: list[int], root: Path) -> None:
    assert found(root, body) == [("unknown-command", line) for line in lines]


def test_command_of_the_project_is_known(root: Path) -> None:
    path = root / ".claude" / "commands" / "deploy.md"
    path.parent.mkdir(parents=True)
    path.write_text("Deploy.")
    assert found(root, "Run /deploy.") == []


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("Delegate hard cases to gold-smith.", 1),
        ("Then use the `gold-smith` agent.", 1),
        ("## Collaboration with Other Agents\n\n- **gold-smith**: gilding", 1),
        ("Integration with other agents:\n- Collaborate with gold-smith on rings", 1),
        ("## Collaboration\n- **gold-smith**, if available: gilding", 0),
        ("## Techniques\n- **cold-forging**: hammer", 0),
        ("Delegate hard cases to rust-expert-advanced.", 0),
        ("## Collaboration\n- **engineer**: everything", 0),
        ("Use a well-known agent pattern", 0),
    ],
)
def test_agent_that_is_not_there_is_found(body: str, count: int, root: Path) -> None:
    assert [rule for rule, _ in found(root, body)] == ["dangling-agent"] * count


def test_agent_of_the_same_folder_is_known(root: Path) -> None:
    agent(root, name="gold-smith")
    assert found(root, "Delegate to gold-smith.") == []


def test_template_that_was_never_filled_in_is_found(root: Path) -> None:
    body = "\n{{ agpm.deps.snippets.base.content }}\n{% if x %}"
    asked = "agpm:\n  templating: true\n"
    assert found(root, body, more=asked) == [("unexpanded-template", 8)]
    assert found(root, "```\n{{ x }}\n```", more=asked) == []
    assert found(root, body) == []


def test_misread_characters_are_found_with_what_they_were(root: Path) -> None:
    [finding] = lint(root, agent(root, "\n\nHotâ€”really"))
    assert (finding.rule, finding.line) == ("mojibake", 7)
    assert "Hot—really" in finding.message


def test_two_agents_of_one_name_are_found_in_one_folder_only(root: Path) -> None:
    first, second = agent(root, name="a"), agent(root, name="b")
    second.write_text(first.read_text())
    [finding] = lint(root, root)
    assert (finding.rule, Path(finding.path).name, finding.line) == ("duplicate-name", "b.md", 2)
    elsewhere = root / "other" / "agents" / "a.md"
    elsewhere.parent.mkdir(parents=True)
    second.rename(elsewhere)
    assert lint(root, root) == ()


def test_cycle_of_includes_is_an_error_finding(root: Path) -> None:
    (root / "one.md").write_text("@two.md")
    (root / "two.md").write_text("@one.md")
    [finding] = lint(root, agent(root, "@one.md"))
    assert (finding.rule, finding.severity) == ("unusable-includes", Severity.ERROR)
    assert "one.md → " in finding.message


@pytest.mark.parametrize(
    ("content", "rule"), [(b"", "empty-file"), (b"a\0", "binary-file"), (b"a" * 5_000_000, "too-large")]
)
def test_unusable_file_is_an_error_finding(content: bytes, rule: str, root: Path) -> None:
    path = agent(root)
    path.write_bytes(content)
    assert [(item.rule, item.severity) for item in lint(root, path)] == [(rule, Severity.ERROR)]


def test_without_paths_the_projects_own_files_are_linted(root: Path) -> None:
    assert lint(root) == ()
    agent(root, more="model: big\n")
    assert [item.rule for item in lint(root)] == ["unknown-model"]


def test_files_of_another_project_are_judged_with_its_snippets(root: Path) -> None:
    other = root.parent / "other"
    (other / ".agpm" / "snippets").mkdir(parents=True)
    (other / ".agpm" / "snippets" / "x.md").write_text("Text.")
    assert lint(root, agent(other, "Follow `.agpm/snippets/x.md`.")) == ()


def test_instructions_are_linted_for_what_they_import(root: Path) -> None:
    (root / "CLAUDE.md").write_text("# Rules\n\nRead @docs/gone.md and @CLAUDE.md.\n")
    assert [(item.rule, item.line) for item in lint(root)] == [("missing-include", 3)]
    assert lint(root) == lint(root, root / "CLAUDE.md") == lint(root, root)


def test_other_markdown_of_a_folder_is_left_alone(root: Path) -> None:
    (root / "docs").mkdir()
    (root / "docs" / "guide.md").write_text("# Guide\nRun /nothing.")
    (root / "README.md").write_text("# Readme\nRun /nothing.")
    agent(root)
    assert lint(root, root) == ()
    assert "unknown-command" in [item.rule for item in lint(root, root / "README.md")]


def test_command_files_need_no_frontmatter(root: Path) -> None:
    path = root / ".claude" / "commands" / "x.md"
    path.parent.mkdir(parents=True)
    path.write_text("Do it.\n")
    assert lint(root, path) == ()
    path.write_text("---\nallowed-tools: Bash(git:*), Frob\n---\nDo it, then run /x.\n")
    assert [(item.rule, item.line) for item in lint(root, path)] == [("unknown-tool", 2)]


def test_path_that_is_not_there_and_folder_without_markdown_are_errors(root: Path) -> None:
    with pytest.raises(DefinitionError, match="no such file or folder"):
        lint(root, root / "missing")
    with pytest.raises(DefinitionError, match="no Markdown file"):
        lint(root, root)


def test_bundled_library_is_clean(root: Path) -> None:
    files = [path for kind in library_files().values() for path in kind.values()]
    assert len(files) == 20
    assert lint(root, *files) == ()


@given(st.text(alphabet=st.sampled_from("run /lint-`*@:\n#.<example> use the a-b agent to delegate â€”")))
def test_rules_never_raise_and_their_lines_are_of_the_file(text: str) -> None:
    for content in (text, f"---\nname: a\ndescription: {text!r}\ntools: {text!r}\nmodel: x\n---\n{text}"):
        one = parse_agent(content, "agents/a.md")
        for rule in AGENT_RULES:
            for finding in rule(one, Surroundings((), ())):
                assert 1 <= finding.line <= len(one.text.split("\n"))
                assert finding.message
                assert finding.advice


@pytest.mark.skipif(not SHARED.exists(), reason="needs the seeds")
def test_seeds_have_the_findings_that_a_reader_finds(root: Path) -> None:
    engineer, backend, advanced = (
        {(item.rule, item.line) for item in lint(root, path)} for path in sorted((SHARED / "seeds").iterdir())
    )
    assert engineer == {("broken-frontmatter", 3), ("example-routes-elsewhere", 3)}
    assert backend == {("broken-frontmatter", 3), ("mojibake", 83)}
    assert {rule for rule, _ in advanced} == {"no-frontmatter", "missing-include"}


@pytest.mark.skipif(not SHARED.exists(), reason="needs the public definitions")
def test_a_thousand_public_files_are_linted_without_an_error(root: Path, tmp_path: Path) -> None:
    with tarfile.open(SHARED / "data" / "definitions.tar.gz") as archive:
        archive.extractall(tmp_path / "public", filter="data")
    findings = lint(root, tmp_path / "public")
    rules = {item.rule for item in findings}
    assert {"broken-frontmatter", "model-contradiction", "duplicate-name", "unknown-model"} <= rules
    assert all(item.severity != Severity.ERROR for item in findings)
