from __future__ import annotations

import tarfile
import time
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


def test_mentioned_and_forbidden_commands_skills_and_neighbours_are_no_finding(root: Path) -> None:
    skill = root / ".claude" / "skills" / "anneal" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text(
        "---\nname: anneal\ndescription: d\n---\nDo NOT use `/quench`. It may have a `/cool` command."
    )
    agent(root, "Run /anneal and /forge:anneal.")
    assert lint(root) == ()
    assert [item.rule for item in lint(root, agent(root, "Run /quench first."))] == ["unknown-command"]


def test_texts_of_a_skill_are_no_agents(root: Path) -> None:
    skill = root / ".claude" / "skills" / "anneal"
    (skill / "agents").mkdir(parents=True)
    (skill / "SKILL.md").write_text(
        "---\nname: anneal\ndescription: d\n---\nSee [a](${CLAUDE_SKILL_DIR}/agents/a.md)."
    )
    (skill / "agents" / "a.md").write_text("# No agent")
    assert lint(root, root / ".claude") == ()


def test_example_that_names_another_agent_beside_this_one_is_fine(root: Path) -> None:
    text = "Forges. <example>user 'x' assistant 'I will use the gold-smith agent with iron-smith'</example>"
    assert found(root, name="iron-smith", description=text) == []


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


def test_template_that_cannot_be_filled_in_is_found(root: Path) -> None:
    body = "\n\n{{ agpm.deps.snippets.base.content }}"
    asked = "agpm:\n  templating: true\n"
    assert found(root, body, more=asked) == [("template-error", 9)]
    assert found(root, "{% raw %}{{ x }}{% endraw %}", more=asked) == []
    assert found(root, body) == []


def test_template_error_is_an_error_only_where_the_packages_values_are_here(root: Path) -> None:
    path = agent(root, "{{ agpm.project.x }}", more="agpm:\n  templating: true\n")
    assert [item.severity for item in lint(root, path)] == [Severity.WARNING]
    (root / "agpm.toml").write_text("[project]\ny = 1\n")
    assert [item.severity for item in lint(root, path)] == [Severity.ERROR]


def test_agents_that_hand_work_round_in_a_circle_are_found_once(root: Path) -> None:
    for name, other in (("one-a", "two-b"), ("two-b", "three-c"), ("three-c", "one-a")):
        path = agent(root, f"\nDelegate everything to {other}.", name=name)
    [finding] = lint(root, path.parent)
    assert (finding.rule, finding.line, finding.severity) == ("delegation-cycle", 6, Severity.WARNING)
    assert "one-a → two-b → three-c → one-a" in finding.message


def test_circle_of_agents_with_single_words_for_names_is_found(root: Path) -> None:
    agent(root, "Delegate all work to `pong`.", name="ping")
    path = agent(root, "Hand over to ping.", name="pong")
    assert [item.rule for item in lint(root, path.parent)] == ["delegation-cycle"]


def test_circle_under_conditions_is_a_remark_and_twins_of_two_tiers_are_none(root: Path) -> None:
    agent(root, "If it needs gilding, delegate to gold-smith.", name="iron-smith")
    path = agent(root, "When iron is needed, delegate to iron-smith.", name="gold-smith")
    assert [(item.rule, item.severity) for item in lint(root, path.parent)] == [
        ("delegation-cycle", Severity.INFO)
    ]
    path.unlink()
    agent(root, "Escalate to smith-advanced.", name="smith-standard")
    agent(root, "Delegate simple work to smith-standard.", name="smith-advanced")
    (path.parent / "iron-smith.md").unlink()
    assert lint(root, path.parent) == ()


ALIKE = "Plans the implementation of new features and the refactoring of existing code in large projects."


def test_descriptions_that_say_the_same_are_found(root: Path) -> None:
    agent(root, name="planner", description=ALIKE)
    path = agent(root, name="designer", description=ALIKE.replace("large", "big"))
    agent(root, name="tester", description="Writes tests for modules that have none and runs them all twice.")
    [finding] = lint(root, path.parent)
    assert (finding.rule, Path(finding.path).name, finding.line) == ("similar-descriptions", "planner.md", 3)


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("planner-advanced", ALIKE),  # a twin of another tier
        ("rust-planner", ALIKE.replace("large", "large Rust")),  # its own name's word tells it apart
        ("other", "Plans code."),
    ],
)
def test_descriptions_that_can_be_told_apart_are_no_finding(name: str, description: str, root: Path) -> None:
    agent(root, name="planner-standard", description=ALIKE)
    path = agent(root, name=name, description=description)
    assert lint(root, path.parent) == ()


@pytest.mark.parametrize(
    ("here", "there", "found_lines"),
    [
        ("Test coverage must be at least 90%.", "Test coverage must be at least 70%.", 1),
        ("Keep every file under 200 lines.", "Each file has at most 500 lines.", 1),
        ("Test coverage must be at least 90%.", "Test coverage must be at least 90%.", 0),
        ("Test coverage must be at least 90%.", "Unit test coverage must be at least 70%.", 0),
        ("Test coverage must be at least 90%.", "Ideally test coverage is 95%.", 0),
        ("Test coverage must be at least 90%.", "```\nTest coverage: 70%\n```", 0),
        ("Test coverage must be at least 90%.", "Coverage improved from 60% to 70%.", 0),
    ],
)
def test_numbers_that_contradict_each_other_are_found(
    here: str, there: str, found_lines: int, root: Path
) -> None:
    (root / "rules.md").write_text(f"# Rules\n\n{there}\n")
    findings = lint(root, agent(root, f"{here}\nFollow @rules.md."))
    assert [item.rule for item in findings] == ["number-contradiction"] * found_lines
    assert all((Path(item.path).name, item.line) == ("rules.md", 3) for item in findings)


def test_name_of_another_agent_says_nothing_about_this_model(root: Path) -> None:
    text = "Forges. Delegates gilding to gold-smith-opus."
    assert found(root, description=text, more="model: sonnet\n") == []
    assert found(root, description="Forges (Opus).", more="model: sonnet\n") == [("model-contradiction", 4)]


def test_loops_of_links_are_walked_once(root: Path) -> None:
    path = agent(root, more="model: big\n")
    (path.parent / "again").symlink_to(path.parent, target_is_directory=True)
    (path.parent / "loop.md").symlink_to(path.parent / "loop.md")
    assert [item.rule for item in lint(root, root / ".claude")] == ["unreadable-file", "unknown-model"]


@pytest.mark.slow
def test_five_thousand_agents_in_one_folder_are_linted_within_seconds_of_cpu(root: Path) -> None:
    folder = root / "agents"
    folder.mkdir()
    for number in range(5000):
        words = " ".join(f"word{(number * step) % 997}" for step in range(1, 20))
        text = f"---\nname: agent-{number}\ndescription: {words}\n---\nDelegate to agent-{number + 1}.\n"
        (folder / f"{number}.md").write_text(text)
    started = time.process_time()
    findings = lint(root, folder)
    assert time.process_time() - started < 20
    assert [item.message for item in findings if item.rule == "dangling-agent"] == [
        "there is no agent `agent-5000` to hand work to"
    ]


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
    # Agents that hand each other what is the other's are meant so; the remark says that work may go round.
    assert {item.rule for item in lint(root, *files)} <= {"delegation-cycle"}


@given(st.text(alphabet=st.sampled_from("run /lint-`*@:\n#.<example> use the a-b agent to delegate â€”")))
def test_rules_never_raise_and_their_lines_are_of_the_file(text: str) -> None:
    for content in (text, f"---\nname: a\ndescription: {text!r}\ntools: {text!r}\nmodel: x\n---\n{text}"):
        one = parse_agent(content, "agents/a.md")
        for rule in AGENT_RULES:
            for finding in rule(one, Surroundings(frozenset(), frozenset())):
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
