from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.agents.find import find_agents, resolve_agent
from ironwright.agents.lint import lint_paths
from ironwright.agents.package import lint_package, load_package
from ironwright.agents.parse import load_agent
from ironwright.records.errors import DefinitionError

AGENT = """\
---
name: smith
description: Forges.
model: sonnet
agpm:
  templating: true
dependencies:
  snippets:
    - path: ../snippets/hot-iron.md
      install: false
    - name: style
      path: snippets/{{ agpm.project.language }}-style.md
---
Before.
{{ agpm.deps.snippets.hot_iron.content }}
{% if agpm.deps.snippets.style %}{{ agpm.deps.snippets.style.content }}{% endif %}
After.
"""
MANIFEST = """\
[project]
language = "rust"

[agents]
smith = "agents/smith.md"

[patch.agents.smith]
model = "haiku"
tools = ["Read"]
color = "red"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "agpm.toml": MANIFEST,
            "agents/smith.md": AGENT,
            "snippets/hot-iron.md": "---\ntitle: x\n---\nStrike while hot.\nEach file is at most 90 lines.\n",
            "snippets/rust-style.md": "Use rustfmt.",
        },
    )
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_agent_of_a_package_is_found_patched_and_filled_in(root: Path) -> None:
    agent = resolve_agent("smith", root, root / "home")
    lines = ["Before.", "Strike while hot.", "Each file is at most 90 lines.", "Use rustfmt.", "After.", ""]
    assert agent.body.split("\n") == lines
    assert (agent.model, agent.tools, agent.metadata["color"]) == ("haiku", ("Read",), "red")
    hot = str(root / "snippets/hot-iron.md")
    assert [agent.place(agent.body_line + row) for row in range(4)] == [
        (agent.path, 14),
        (hot, 4),
        (hot, 5),
        (str(root / "snippets/rust-style.md"), 1),
    ]


def test_obligation_of_a_snippet_is_named_where_it_stands(root: Path) -> None:
    from ironwright.contract.obligations import find_obligations

    found = find_obligations(resolve_agent("smith", root, root / "home"))
    [limit] = [item for item in found if "90" in item.sentence]
    assert (limit.path, limit.line) == (str(root / "snippets/hot-iron.md"), 5)


def test_command_of_a_package_is_filled_in(root: Path) -> None:
    from ironwright.agents.find import resolve_command

    text = (
        "---\ndescription: d\nagpm:\n  templating: true\n---\n\n{{ 'snippets/rust-style.md' | content }} $1"
    )
    write(
        root, {"commands/style.md": text, "agpm.toml": MANIFEST + '[commands]\nstyle = "commands/style.md"\n'}
    )
    assert resolve_command("/style", root, root / "home").body == "\nUse rustfmt. $1"
    write(root, {"commands/style.md": text.replace("rust-style", "gone")})
    with pytest.raises(DefinitionError) as caught:
        resolve_command("style", root, root / "home")
    assert caught.value.where.endswith("style.md:7")
    found = lint_paths([root / "commands"], root, root / "home")
    assert [(item.rule, item.line) for item in found] == [("template-error", 7)]


def test_digest_changes_with_a_snippet_that_is_filled_in(root: Path) -> None:
    from ironwright.contract.compile import agent_digest

    before = agent_digest(resolve_agent("smith", root, root / "home"))
    write(root, {"snippets/hot-iron.md": "Strike while cold."})
    assert agent_digest(resolve_agent("smith", root, root / "home")) != before


def test_unfilled_name_is_named_with_line_and_what_there_is(root: Path) -> None:
    write(root, {"agpm.toml": "[project]\nedition = 2024\n"})
    with pytest.raises(DefinitionError) as caught:
        load_agent(root / "agents/smith.md", root)
    assert caught.value.where == f"{root / 'agents/smith.md'}:12"
    assert "`agpm.project.language` is not defined; `agpm.project` knows edition" in caught.value.what


def test_dependency_that_is_missing_is_an_error_with_its_name_and_a_finding(root: Path) -> None:
    (root / "snippets/hot-iron.md").unlink()
    with pytest.raises(DefinitionError, match="the content of `hot_iron` is not there"):
        load_agent(root / "agents/smith.md", root)
    rules = {(item.rule, item.line) for item in lint_paths([root / "agents/smith.md"], root, root / "home")}
    assert ("missing-dependency", 9) in rules


def test_dependency_outside_the_project_is_not_read(root: Path) -> None:
    (root / "snippets/hot-iron.md").rename(root.parent / "hot-iron.md")
    text = AGENT.replace("../snippets/hot-iron.md", "../../hot-iron.md")
    write(root, {"agents/smith.md": text})
    with pytest.raises(DefinitionError, match="is not there"):
        load_agent(root / "agents/smith.md", root)


def test_what_agpm_installed_is_not_filled_in_again(root: Path) -> None:
    lock = '[[agents]]\nname = "smith"\npath = "x.md"\ninstalled_at = ".claude/agents/smith.md"\n'
    write(root, {"agpm.lock": lock, ".claude/agents/smith.md": AGENT.replace("{{ agpm.deps", "{{ gone")})
    agent = resolve_agent("smith", root, root / "home")
    assert "{{ gone" in agent.body
    assert agent.model == "haiku"


def test_locked_snippet_serves_where_its_source_is_a_repository(root: Path) -> None:
    lock = '[[snippets]]\nname = "far"\npath = "s/far.md"\ninstalled_at = ".agpm/snippets/far.md"\n'
    body = "---\nagpm: {templating: true}\ndependencies: {snippets: [{path: s/far.md, version: v1}]}\n---\n"
    body += "{{ agpm.deps.snippets.far.content }} {{ agpm.deps.snippets.far.version }}"
    write(root, {"agpm.lock": lock, ".agpm/snippets/far.md": "Far.", "agents/b.md": body})
    assert load_agent(root / "agents/b.md", root).body == "Far. v1"


def test_patch_of_one_key_in_two_files_is_refused(root: Path) -> None:
    write(root, {"agpm.private.toml": '[patch.agents.smith]\nmodel = "opus"\n'})
    with pytest.raises(DefinitionError, match=r"`model` of agents\.smith is patched in two files") as caught:
        load_package(root)
    assert caught.value.where.endswith("agpm.private.toml:1")


def test_manifest_is_linted(root: Path) -> None:
    more = '\n[snippets]\ngone = "snippets/gone.md"\nfar = { source = "nobody", path = "x.md" }\n'
    more += '\n[patch.agents.smit]\nmodel = "x"\n'
    write(
        root,
        {
            "agpm.toml": MANIFEST + more,
            "agpm.lock": '\n[[snippets]]\nname = "s"\ninstalled_at = ".agpm/snippets/s.md"\n',
        },
    )
    found = {(item.rule, Path(item.path).name, item.line) for item in lint_package(root)}
    assert found == {
        ("missing-dependency", "agpm.toml", 13),
        ("unknown-source", "agpm.toml", 14),
        ("unknown-patch", "agpm.toml", 16),
        ("not-installed", "agpm.lock", 2),
    }


@pytest.mark.parametrize("text", ["[agents\n", "a = 1\n= 2\n", "[agents]\nsmith = 3\n", "\xff"])
def test_broken_manifest_is_an_error_with_its_line_and_hides_nothing_else(text: str, root: Path) -> None:
    (root / "agpm.toml").write_text(text, encoding="latin-1")
    write(root, {".claude/agents/other.md": "---\nname: other\ndescription: x\n---\nBody."})
    with pytest.raises(DefinitionError) as caught:
        load_package(root)
    assert caught.value.where.startswith(str(root / "agpm.toml") + ":")
    assert [item.rule for item in lint_package(root)] == ["broken-manifest"]
    assert "other" in find_agents(root, root / "home")
    assert [item.rule for item in lint_paths((), root, root / "home")] == ["broken-manifest"]


@settings(deadline=None)
@given(st.text(alphabet="[]={}\"'.#\nagents patch mith=1,", max_size=200))
def test_any_manifest_is_read_or_refused_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    root = tmp_path_factory.mktemp("package")
    (root / "agpm.toml").write_text(text)
    error = None
    try:
        load_package(root)
    except DefinitionError as refused:
        error = refused
    assert error is None or error.where.startswith(f"{root.resolve()}/agpm.toml:")
