from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.agents.include import MAX_LEVELS, find_references
from ironwright.agents.parse import load_agent
from ironwright.records.definition import Agent
from ironwright.records.errors import DefinitionError

HEAD = "---\nname: a\ndescription: b\n---\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def load(root: Path, body: str, **files: str) -> Agent:
    write(root, {".claude/agents/a.md": HEAD + body, **files})
    return load_agent(root / ".claude/agents/a.md", root)


def test_snippets_of_a_list_are_read_with_their_lines(tmp_path: Path) -> None:
    write(tmp_path, {".agpm/snippets/one.md": "One.", ".agpm/snippets/two.md": "Two."})
    body = "Read and follow these:\n- `.agpm/snippets/one.md` (principles)\n- `.agpm/snippets/two.md`\n"
    agent = load(tmp_path, body)
    assert [(item.name, item.line, item.text) for item in agent.includes] == [
        (".agpm/snippets/one.md", 6, "One."),
        (".agpm/snippets/two.md", 7, "Two."),
    ]
    assert agent.findings == ()


def test_missing_snippet_is_a_finding_at_its_line(tmp_path: Path) -> None:
    agent = load(tmp_path, "\nFollow `.agpm/snippets/one.md`.\n")
    [finding] = agent.findings
    assert (finding.rule, finding.line) == ("missing-include", 6)
    assert agent.includes == ()


def test_mention_that_asks_for_nothing_is_no_include() -> None:
    assert find_references("The folder holds `.agpm/snippets/one.md`.") == ()
    assert find_references("Follow this:\n```\n.agpm/snippets/one.md @docs/x.md\n```\n") == ()


def test_import_is_found_outside_code_only() -> None:
    text = "See @docs/a.md and `@docs/b.md`, mail me@x.md or npm @types/node. @expert-agent"
    required = [item.name for item in find_references(text) if item.required]
    assert required == ["docs/a.md"]


def test_optional_import_may_be_missing(tmp_path: Path) -> None:
    assert load(tmp_path, "Read @docs/a.md (if it exists).\n").findings == ()
    assert [item.rule for item in load(tmp_path, "Read @docs/a.md first.\n").findings] == ["missing-include"]


def test_import_is_looked_up_from_the_root_and_from_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.md": "root", ".claude/agents/near.md": "near"})
    agent = load(tmp_path, "@docs/a.md\n@near.md\n")
    assert [item.text for item in agent.includes] == ["root", "near"]


def test_included_text_includes_further_texts_once(tmp_path: Path) -> None:
    write(tmp_path, {"one.md": "@two.md @three.md", "two.md": "@three.md", "three.md": "end"})
    agent = load(tmp_path, "\n@one.md\n")
    assert [(item.path.name, item.line) for item in agent.includes] == [
        ("one.md", 6),
        ("two.md", 6),
        ("three.md", 6),
    ]


def test_cycle_names_its_chain(tmp_path: Path) -> None:
    write(tmp_path, {"one.md": "@two.md", "two.md": "@one.md"})
    with pytest.raises(DefinitionError, match=r"cycle: .*a\.md → .*one\.md → .*two\.md → .*one") as caught:
        load(tmp_path, "@one.md\n")
    assert caught.value.where.endswith("a.md")


def test_definition_that_includes_itself_is_a_cycle(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cycle"):
        load(tmp_path, "@.claude/agents/a.md\n")


@pytest.mark.parametrize("levels", [MAX_LEVELS, MAX_LEVELS + 1])
def test_ten_levels_are_read_and_eleven_refused(levels: int, tmp_path: Path) -> None:
    write(tmp_path, {f"{n}.md": f"@{n + 1}.md" for n in range(1, levels)})
    write(tmp_path, {f"{levels}.md": "end"})
    if levels > MAX_LEVELS:
        with pytest.raises(DefinitionError, match=r"deeper than 10 levels: .*11\.md"):
            load(tmp_path, "@1.md\n")
    else:
        assert len(load(tmp_path, "@1.md\n").includes) == levels


def test_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"one.md": "a" * 600_000, "two.md": "b" * 600_000})
    with pytest.raises(DefinitionError, match=r"exceed 1 MiB: .*two\.md"):
        load(tmp_path, "@one.md @two.md\n")


@pytest.mark.parametrize("name", ["../../../secret.md", "/etc/hostname.md", "~/secret.md"])
def test_nothing_outside_the_project_is_read(name: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(tmp_path, {"secret.md": "secret"})
    agent = load(project, f"@{name}\n")
    assert agent.includes == ()
    [finding] = agent.findings
    assert "outside the project" in finding.message


def test_link_that_leads_outside_is_not_followed(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(tmp_path, {"secret.md": "secret"})
    project.mkdir()
    (project / "notes.md").symlink_to(tmp_path / "secret.md")
    agent = load(project, "@notes.md\n")
    assert agent.includes == ()
    assert [item.rule for item in agent.findings] == ["missing-include"]


def test_loop_of_links_and_impossible_names_are_missing(tmp_path: Path) -> None:
    (tmp_path / "one.md").symlink_to(tmp_path / "two.md")
    (tmp_path / "two.md").symlink_to(tmp_path / "one.md")
    agent = load(tmp_path, f"@one.md\n@{'a' * 300}.md\n@{'a/' * 3000}b.md\n")
    assert [(item.rule, item.line) for item in agent.findings] == [("missing-include", n) for n in (5, 6, 7)]


def test_bundled_snippet_is_included_by_its_scheme(tmp_path: Path) -> None:
    agent = load(tmp_path, "Follow `ironwright:snippets/rust-best-practices.md`\n")
    assert agent.includes[0].text.startswith("# Rust best practices")
    missing = load(tmp_path, "Follow `ironwright:snippets/nothing.md`\n")
    assert "not in the bundled library" in missing.findings[0].message


def test_binary_include_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"a\0b")
    agent = load(tmp_path, "@a.md\n")
    assert (agent.includes, [item.rule for item in agent.findings]) == ((), ["missing-include"])


@given(st.text(alphabet=st.sampled_from("@./a~`-\n md:1é")), st.integers(1, 1000))
def test_references_of_any_text_have_lines_of_it(text: str, first_line: int) -> None:
    for reference in find_references(text, first_line):
        line = text.split("\n")[reference.line - first_line]
        assert reference.name in line
