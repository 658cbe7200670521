from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.agents.find import find_agents, find_commands, project_instructions, resolve_agent
from ironwright.agents.goose import parse_recipe
from ironwright.agents.lint import lint_paths
from ironwright.agents.opencode import opencode_agents
from ironwright.agents.parse import load_agent
from ironwright.agents.plugins import lint_plugin
from ironwright.records.errors import DefinitionError


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def rules(root: Path, *paths: Path) -> list[tuple[str, str, int]]:
    found = lint_paths(paths, root, root / "home")
    return [(item.rule, Path(item.path).name, item.line) for item in found]


OPENCODE = """\
{
  // what OpenCode reads
  "agent": {
    "reviewer": {
      "description": "Reviews.", /* short */
      "mode": "subagent",
      "model": "anthropic/claude-sonnet-4-5",
      "prompt": "Start.\\n{file:./prompts/review.txt}\\nEnd.",
      "tools": {"write": false},
      "permission": {"bash": "deny", "edit": {"*.md": "allow", "*": "deny"}},
    },
    "off": {"disable": true, "prompt": "x"},
  },
}
"""


def test_agent_of_an_opencode_configuration_is_found(tmp_path: Path) -> None:
    write(tmp_path, {"opencode.jsonc": OPENCODE, "prompts/review.txt": "Look.\nLook again.\n"})
    agent = resolve_agent("reviewer", tmp_path, tmp_path / "home")
    assert agent.body == "Start.\nLook.\nLook again.\nEnd."
    assert agent.model == "anthropic/claude-sonnet-4-5"
    assert agent.tools is not None
    assert {"write", "bash"}.isdisjoint(agent.tools)
    assert {"edit", "read"} <= set(agent.tools)
    prompt = str((tmp_path / "prompts/review.txt").resolve())
    config = str(tmp_path / "opencode.jsonc")
    assert [agent.place(n) for n in (1, 2, 3, 4)] == [(config, 8), (prompt, 1), (prompt, 2), (config, 8)]
    assert "off" not in find_agents(tmp_path, tmp_path / "home")


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "~/x", "gone.txt", "link.txt"])
def test_prompt_file_outside_the_project_is_a_finding_and_not_read(name: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    write(tmp_path, {"secret.txt": "secret"})
    write(
        root,
        {"opencode.json": json.dumps({"agent": {"a": {"description": "d", "prompt": f"{{file:{name}}}"}}})},
    )
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    [agent] = opencode_agents(root / "opencode.json", root)
    assert "secret" not in agent.body.replace(name, "")
    assert [item.rule for item in agent.findings] == ["missing-include"]


def test_markdown_agent_of_opencode_loses_what_it_is_denied(tmp_path: Path) -> None:
    text = "---\ndescription: d\nmode: subagent\npermission:\n  bash: deny\n  edit: ask\n---\nBody."
    write(tmp_path, {".opencode/agent/quiet.md": text})
    tools = resolve_agent("quiet", tmp_path, tmp_path / "home").tools
    assert tools is not None
    assert "bash" not in tools
    assert "edit" in tools


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"agent": {"a": }}', "\x00", "[" * 5000])
def test_broken_configuration_is_named_with_its_line(text: str, tmp_path: Path) -> None:
    write(tmp_path, {"opencode.json": text})
    with pytest.raises(DefinitionError) as caught:
        load_agent(tmp_path / "opencode.json", tmp_path)
    assert caught.value.where.startswith(str(tmp_path / "opencode.json") + ":")
    assert not find_agents(tmp_path, tmp_path / "home")["opencode"].usable
    assert [rule for rule, _, _ in rules(tmp_path)] == ["broken-manifest"]


RECIPE = """\
version: 1.0.0
title: Code review
description: Reviews a change.
instructions: |
  You review {{ language }} code.
  Use {{ unknown }}.
prompt: "Review {{ target }}."
parameters:
  - key: language
    input_type: string
    requirement: optional
    default: Rust
  - key: target
    input_type: string
    requirement: required
settings:
  goose_model: gpt-5
"""


def test_goose_recipe_is_an_agent_with_its_defaults(tmp_path: Path) -> None:
    write(tmp_path, {".goose/recipes/review.yaml": RECIPE})
    agent = resolve_agent("review", tmp_path, tmp_path / "home")
    assert agent.body == "You review Rust code.\nUse {{ unknown }}.\n\nReview {{ target }}."
    assert (agent.model, agent.description) == ("gpt-5", "Reviews a change.")
    assert [agent.place(n)[1] for n in (1, 2, 4)] == [5, 6, 7]
    assert rules(tmp_path) == [("undefined-parameter", "review.yaml", 6)]


def test_desktop_form_of_a_recipe_is_read(tmp_path: Path) -> None:
    nested = {"name": "x", "recipe": {"title": "T", "description": "D", "instructions": "Do it."}}
    write(tmp_path, {"r.json": json.dumps(nested)})
    assert load_agent(tmp_path / "r.json", tmp_path).body == "Do it."


@pytest.mark.parametrize("name", ["package.json", "agpm.toml", "x.yaml"])
def test_file_that_is_no_definition_is_refused(name: str, tmp_path: Path) -> None:
    write(tmp_path, {name: '{"name": "x"}'})
    with pytest.raises(DefinitionError) as caught:
        load_agent(tmp_path / name, tmp_path)
    assert name in caught.value.where
    assert caught.value.advice


def test_broken_recipe_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"r.yaml": "title: x\ndescription: a: b\n"})
    with pytest.raises(DefinitionError) as caught:
        load_agent(tmp_path / "r.yaml", tmp_path)
    assert caught.value.where.endswith("r.yaml:2")


def test_goose_agents_and_hints_are_read(tmp_path: Path) -> None:
    agent = "---\nname: {}\ndescription: d\n---\nBody."
    write(
        tmp_path,
        {
            ".goose/agents/a.md": agent.format("a"),
            ".agents/agents/b.md": agent.format("b"),
            ".agents/checks/c.md": agent.format("c") + "\n\nRun /nothing.",
            ".goosehints": "Read @docs/x.md.",
            "docs/x.md": "X.",
        },
    )
    found = find_agents(tmp_path, tmp_path / "home")
    assert {"a", "b"} <= found.keys()
    assert "c" not in found  # a check judges; it is never given a task
    assert [item.name for item in project_instructions(tmp_path)] == [".goosehints", "docs/x.md"]
    assert rules(tmp_path) == [("unknown-command", "c.md", 7)]


def plugin(root: Path, manifest: dict[str, Any] | None = None) -> None:
    write(
        root,
        {
            ".claude-plugin/plugin.json": json.dumps(manifest or {"name": "forge"}, indent=1),
            "agents/smith.md": "---\nname: smith\ndescription: d\n---\nForge.",
            "commands/heat.md": "Heat it.",
        },
    )


def test_plugin_gives_its_agents_and_commands_under_its_name(tmp_path: Path) -> None:
    plugin(tmp_path)
    assert "forge:smith" in find_agents(tmp_path, tmp_path / "home")
    assert "forge:heat" in find_commands(tmp_path, tmp_path / "home")
    assert resolve_agent("smith", tmp_path, tmp_path / "home").body == "Forge."
    assert lint_plugin(tmp_path) == ()


def test_plugins_of_a_marketplace_are_found(tmp_path: Path) -> None:
    plugin(tmp_path / "tools" / "forge")
    market = {"name": "m", "plugins": [{"name": "forge", "source": "./tools/forge"}, {"source": "./gone"}]}
    write(tmp_path, {".claude-plugin/marketplace.json": json.dumps(market, indent=1)})
    assert "forge:smith" in find_agents(tmp_path, tmp_path / "home")
    assert [item.rule for item in lint_plugin(tmp_path)] == ["missing-plugin-path"]


def test_odd_plugin_is_linted(tmp_path: Path) -> None:
    plugin(tmp_path, {"name": "My Plugin", "agents": "./gone/", "commands": ["./commands/heat.md"]})
    hooks = {"hooks": {"OnSave": [], "Stop": [{"hooks": [{"command": "${CLAUDE_PLUGIN_ROOT}/run.sh"}]}]}}
    write(tmp_path, {"hooks/hooks.json": json.dumps(hooks, indent=1)})
    found = {(item.rule, item.line) for item in lint_plugin(tmp_path)}
    assert found == {
        ("plugin-name", 2),
        ("missing-plugin-path", 3),
        ("unknown-hook-event", 3),
        ("missing-hook-script", 8),
    }


def test_plugin_never_reaches_outside_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"secret.md": "---\nname: secret\ndescription: d\n---\nx"})
    plugin(tmp_path / "p", {"name": "forge", "agents": "../secret.md"})
    assert not [name for name in find_agents(tmp_path / "p", tmp_path / "home") if "secret" in name]


def skill(root: Path, text: str, name: str = "forging") -> Path:
    write(root, {f".claude/skills/{name}/SKILL.md": text})
    return root / ".claude/skills" / name / "SKILL.md"


def test_skill_that_an_agent_names_is_included(tmp_path: Path) -> None:
    path = skill(tmp_path, "---\nname: forging\ndescription: d\n---\nStrike.")
    text = "---\nname: smith\ndescription: d\nskills: forging, gone\n---\nForge."
    write(tmp_path, {".claude/agents/smith.md": text})
    agent = resolve_agent("smith", tmp_path, tmp_path / "home")
    assert [(item.name, item.path, item.line) for item in agent.includes] == [("skill forging", path, 4)]
    assert [(item.rule, item.line) for item in agent.findings] == [("missing-skill", 4)]


def test_odd_skill_is_linted(tmp_path: Path) -> None:
    skill(
        tmp_path, "---\nname: other\ndescription: d\n---\nSee [more](references/a.md) and [web](https://x.y)."
    )
    found = [(rule, line) for rule, _, line in rules(tmp_path)]
    assert found == [("skill-name", 2), ("missing-reference", 5)]
    assert load_agent(skill(tmp_path, "No frontmatter."), tmp_path).name == "forging"


@settings(deadline=None)
@given(st.text(alphabet='{}[]":,/*\n agentpromptfile\\', max_size=200))
def test_any_configuration_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("opencode")
    for content in (text, '{"agent": {"a": {"prompt": "' + text + '"}}}'):
        (root / "opencode.json").write_text(content)
        error = None
        try:
            for agent in opencode_agents(root / "opencode.json", root):
                assert len(agent.places) == max(1, len(agent.body.split("\n")))
        except DefinitionError as refused:
            error = refused
        assert error is None or error.where


@settings(deadline=None)
@given(st.text(alphabet="{}:|>- \n&*'\"titlepromdscn#", max_size=200))
def test_any_recipe_is_read(text: str) -> None:
    for content in (text, f"title: x\ninstructions: |\n  {text}", f"recipe:\n  prompt: {text}"):
        agent = parse_recipe(content, "r.yaml")
        assert not agent.body or len(agent.places) == len(agent.body.split("\n"))


FILES = (
    ".claude/agents/a.md",
    ".claude/commands/c.md",
    ".claude/skills/s/SKILL.md",
    ".goose/recipes/r.yaml",
    ".claude-plugin/plugin.json",
    ".claude-plugin/marketplace.json",
    "hooks/hooks.json",
    "opencode.json",
    "agpm.toml",
    "agpm.lock",
    "CLAUDE.md",
)
CONTENTS = st.one_of(
    st.binary(max_size=60),
    st.text(alphabet="---\nname: x[]{}\"'#=@.md/agentspgluichok|>&*%", max_size=200).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "agent", "agents", "plugins", "source", "hooks", "prompt", "tools", "skills"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(lambda data: json.dumps(data).encode()),
    st.sampled_from(
        [b"---\nagpm: {templating: true}\ndependencies: {snippets: [{path: a}]}\n---\n{{ agpm.deps }}"]
    ),
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FILES), CONTENTS, max_size=5))
def test_any_project_is_linted_and_its_agents_found(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    root = tmp_path_factory.mktemp("any")
    for name, content in {**files, "README.md": b"x"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    for item in (*lint_paths((), root, root / "home"), *lint_paths((root,), root, root / "home")):
        assert item.line >= 1
        assert item.message
        assert item.rule
    for source in find_agents(root, root / "home").values():
        if source.usable and source.origin == "project":
            refused = None
            try:
                source.load()
            except DefinitionError as error:
                refused = error
            assert refused is None or refused.where
