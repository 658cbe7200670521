from __future__ import annotations

import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ironwright.agents.parse import load_agent, parse_agent, parse_command
from ironwright.agents.source import MAX_BYTES, read_source, repair_mojibake
from ironwright.agents.tools import parse_tools
from ironwright.records.definition import Severity
from ironwright.records.errors import DefinitionError

SHARED = Path(__file__).parents[3] / "shared"
RULES_OF_UNUSABLE_FILES = {"empty-file", "binary-file", "too-large"}

# Text that often takes the paths that matter: fences, keys, headings, dialogues, odd line ends.
PIECES = st.sampled_from(
    (
        *("---", "----", "--- ", "name: x", "description: a: b", "name", "tools: *", "tools: [a", "key: |"),
        *("user: hi", "<example>", "</example>", "# Head", "", " ", "\r", "\ufeff", " - a", "&a [*a, *a]"),
        *("2024-13-45: 1", "name: 2024-13-45", "? [x]", "!!python/object:x y", "\x85", "\u2028", "\ud800"),
        *(
            "`.agpm/snippets/x.md` follow",
            "@a/b.md",
            "```",
            "%YAML 9",
            "<<: *x",
            "<<: {name: y}",
            "{a: 1}: 2",
        ),
        *(
            "a: &b {c: *b}",
            "é",
            "name: [a, {b: c}]",
            "description:",
            "description: >-",
            "'name': x",
            "{a: 1}: 2",
        ),
    )
)
TEXTS = st.one_of(
    st.text(),
    st.builds("\n".join, st.lists(PIECES)),
    st.builds("---\n{}\n---\n{}".format, st.text(), st.text()),
)


def rules(content: str | bytes) -> list[str]:
    return [finding.rule for finding in parse_agent(content, "agents/x.md").findings]


def test_valid_definition_is_read_without_findings() -> None:
    agent = parse_agent(
        "---\nname: smith\ndescription: Forges iron\nmodel: opus\n"
        "tools: Read, Edit\ncolor: red\n---\n\nYou forge.\n",
        "smith.md",
    )
    assert (agent.name, agent.description, agent.model) == ("smith", "Forges iron", "opus")
    assert agent.tools == ("Read", "Edit")
    assert agent.metadata == {"color": "red"}
    assert (agent.body, agent.body_line) == ("\nYou forge.\n", 8)
    assert agent.findings == ()


def test_colon_in_a_dialogue_is_recovered_with_its_line() -> None:
    agent = parse_agent(
        "---\nname: smith\ndescription: Forges. <example>Context: hot\\nuser: 'a: b'</example>\n"
        "model: opus\n---\nx\n",
        "smith.md",
    )
    assert agent.description == "Forges. <example>Context: hot\nuser: 'a: b'</example>"
    assert agent.model == "opus"
    [finding] = agent.findings
    assert (finding.rule, finding.line, finding.severity) == ("broken-frontmatter", 3, Severity.WARNING)
    assert "`: `" in finding.message


def test_dialogue_at_column_zero_continues_the_description() -> None:
    agent = parse_agent(
        "---\nname: smith\ndescription: Forges iron: hot\n\n<example>\nContext: cold\nname: not a key\n"
        'user: "x"\n</example>\nassistant: "y"\nmodel: opus\n---\nbody\n',
        "x.md",
    )
    assert agent.name == "smith"
    assert agent.description.endswith('</example>\nassistant: "y"')
    assert "name: not a key" in agent.description
    assert agent.model == "opus"
    assert agent.body == "body\n"


def test_broken_value_beside_nested_ones_leaves_those_as_they_are() -> None:
    agent = parse_agent(
        "---\nname: smith\nargument-hint: [a] | [b]\nagpm:\n  templating: true\n"
        'tools: ["Read", "Grep"]\n---\n',
        "x.md",
    )
    assert agent.metadata == {"argument-hint": "[a] | [b]", "agpm": {"templating": True}}
    assert agent.tools == ("Read", "Grep")


def test_literal_line_ends_are_decoded() -> None:
    assert parse_agent("---\nname: a\ndescription: one\\ntwo\n---\n", "a.md").description == "one\ntwo"


def test_frontmatter_that_never_closes_ends_at_the_first_heading() -> None:
    agent = parse_agent("---\nname: smith\ndescription: Forges\n\n# Role\nYou forge.\n", "x.md")
    assert (agent.name, agent.description) == ("smith", "Forges")
    assert (agent.body, agent.body_line) == ("\n# Role\nYou forge.\n", 4)
    assert [finding.rule for finding in agent.findings] == ["broken-frontmatter"]


def test_frontmatter_that_never_closes_ends_at_a_blank_line_before_prose() -> None:
    agent = parse_agent("---\nname: smith\n\ndescription: Forges\n\nYou forge.\n", "x.md")
    assert (agent.description, agent.body) == ("Forges", "\nYou forge.\n")


def test_rule_of_dashes_in_the_body_does_not_end_an_open_frontmatter() -> None:
    agent = parse_agent(
        "---\nname: smith\ndescription: Forges: iron\n\n# Role\nHot.\n\n---\n\nCold.\n", "x.md"
    )
    assert agent.description == "Forges: iron"
    assert agent.body.startswith("# Role")


def test_rule_of_dashes_at_the_top_is_no_frontmatter() -> None:
    agent = parse_agent("---\n\nIt is hot.\n\n---\n\nmore\n", "forge.md")
    assert agent.body_line == 1
    assert [finding.rule for finding in agent.findings] == ["no-frontmatter"]


def test_file_without_frontmatter_is_named_after_itself() -> None:
    agent = parse_agent("# Iron Smith\n\n> **Policy**: forge\n> hot iron\n\nMore.\n", "forge/smith.md")
    assert agent.name == "smith"
    assert agent.description == "Iron Smith. Policy: forge hot iron"
    assert rules("# Iron\n\nText\n") == ["no-frontmatter"]


def test_comment_sign_that_cuts_a_value_is_a_finding() -> None:
    agent = parse_agent("---\nname: smith\ndescription: Fixes issue #12 quickly\n---\nx", "x.md")
    assert agent.description == "Fixes issue"
    [finding] = agent.findings
    assert (finding.rule, finding.line) == ("truncated-value", 3)
    assert "#12 quickly" in finding.message


def test_comment_behind_a_model_is_no_finding() -> None:
    agent = parse_agent("---\nname: smith\ndescription: 'a # b'\nmodel: opus # the big one\n---\nx", "x.md")
    assert (agent.model, agent.description, agent.findings) == ("opus", "a # b", ())


def test_missing_fields_are_findings() -> None:
    assert rules("---\ncolor: red\n---\nText.\n") == ["missing-name", "missing-description"]
    assert rules("---\n---\nText.\n") == ["missing-name", "missing-description"]
    opencode = parse_agent("---\nmode: subagent\ndescription: d\n---\nx", "x.md")
    assert opencode.findings == ()


def test_texts_that_yaml_takes_for_other_types_stay_texts() -> None:
    agent = parse_agent("---\nname: on\ndescription: 12.50\nmodel: 1e3\n---\nx", "x.md")
    assert (agent.name, agent.description, agent.model) == ("on", "12.50", "1e3")


def test_byte_order_mark_line_ends_and_indent_are_normalised() -> None:
    text = "\ufeff  ---\r\n  name: a\r\n  description: b\r\n  ---\r\n\r\n  Body\r\n    code\r\n"
    agent = parse_agent(text.encode(), "x.md")
    assert (agent.name, agent.body, agent.body_line) == ("a", "\nBody\n  code\n", 5)
    assert agent.findings == ()


def test_other_encodings_are_read_and_named() -> None:
    latin = parse_agent("---\nname: a\ndescription: café\n---\nx\n".encode("cp1252"), "x.md")
    assert latin.description == "café"
    assert [(finding.rule, finding.line) for finding in latin.findings] == [("encoding", 3)]
    wide = parse_agent("---\nname: a\ndescription: café\n---\nx\n".encode("utf-16"), "x.md")
    assert wide.description == "café"
    assert [finding.rule for finding in wide.findings] == ["encoding"]


def test_aliases_that_unfold_without_end_are_not_unfolded() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True):
        bomb += f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    started = time.monotonic()
    agent = parse_agent(f"---\nname: smith\n{bomb}---\nx", "x.md")
    assert agent.name == "smith"
    assert "aliases" in agent.findings[0].message
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_values_nested_without_end_are_read_as_text(opening: str) -> None:
    agent = parse_agent(f"---\nname: smith\nmodel: opus\ndeep:\n  {opening * 100_000}\n---\nx", "x.md")
    assert (agent.name, agent.model, agent.body) == ("smith", "opus", "x")
    assert agent.findings[0].rule == "broken-frontmatter"


@pytest.mark.parametrize(
    ("value", "tools"),
    [
        (None, None),
        ("", None),
        ("*", None),
        (["*"], None),
        ([], ()),
        ("Read, Edit,Bash", ("Read", "Edit", "Bash")),
        ("Read Edit Bash(git add:*)", ("Read", "Edit", "Bash(git add:*)")),
        ("Agent(a, b), Read", ("Agent(a, b)", "Read")),
        ('["Read", "Grep"]', ("Read", "Grep")),
        (["Read", "Edit"], ("Read", "Edit")),
        (["Read, Edit", "Read"], ("Read", "Edit")),
        ("Microsoft Docs", ("Microsoft", "Docs")),
        ({"read": True, "write": False}, ("read",)),
        ({"*": "deny"}, ()),
    ],
)
def test_tools_are_read_in_every_form(value: object, tools: tuple[str, ...] | None) -> None:
    assert parse_tools(value) == tools


def test_mapping_that_only_denies_leaves_the_other_tools() -> None:
    tools = parse_tools({"write": False, "edit": False})
    assert tools is not None
    assert "read" in tools
    assert "write" not in tools
    assert "edit" not in tools


def test_permissions_of_a_mapping_are_kept() -> None:
    agent = parse_agent("---\nname: a\ndescription: b\ntools:\n  read: true\n  write: false\n---\n", "x.md")
    assert agent.metadata["tools"] == {"read": True, "write": False}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b" \n\n", "empty"), (b"# a\n\0b", "NUL"), (b"a" * (MAX_BYTES + 1), "1.0 MiB")],
)
def test_unusable_content_is_refused_with_place_and_advice(
    content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(content)
    with pytest.raises(DefinitionError, match=words) as caught:
        load_agent(path, tmp_path)
    assert caught.value.where.startswith(str(path))
    assert caught.value.advice
    assert RULES_OF_UNUSABLE_FILES & set(rules(content))


def test_places_that_hold_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no such file"):
        load_agent(tmp_path / "missing.md", tmp_path)
    with pytest.raises(DefinitionError, match="folder"):
        load_agent(tmp_path, tmp_path)
    with pytest.raises(DefinitionError, match="ordinary"):
        load_agent(Path("/dev/null"), tmp_path)
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_agent(tmp_path / "a\0b", tmp_path)


def test_command_takes_its_description_from_its_first_line() -> None:
    command = parse_command("# Clean up\n\nRemove $ARGUMENTS.\n", "commands/clean.md")
    assert (command.name, command.description) == ("clean", "Clean up")
    assert command.findings == ()


def test_misread_characters_are_repaired() -> None:
    assert repair_mojibake("checkerâ€”if, itâ€™s â€œsoâ€\x9d, cafÃ©") == "checker—if, it’s “so”, café"
    assert repair_mojibake("Ünïcödé — “quotes” ×, naïve Ãsgeir") is None


@given(TEXTS)
@example("---\nname: x\n---")
@example("---\n\n---\n# x")
def test_any_text_is_read_and_its_body_is_its_end(text: str) -> None:
    agent = parse_agent(text, "agents/x.md")
    lines = agent.text.split("\n")
    assert agent.text.endswith(agent.body)
    assert "\n".join(lines[agent.body_line - 1 :]) == agent.body
    assert agent.name
    assert all(1 <= finding.line <= len(lines) for finding in agent.findings)
    assert all(finding.message and finding.advice for finding in agent.findings)
    if agent.tools is not None:
        assert all(agent.tools)


@given(st.binary())
def test_any_bytes_are_read(data: bytes) -> None:
    agent = parse_agent(data, "agents/x.md")
    assert agent.text.endswith(agent.body)
    parse_command(data, "commands/x.md")


@given(TEXTS)
def test_normalising_keeps_the_lines_and_is_done_once(text: str) -> None:
    once = read_source(text, "x").text
    assert once.count("\n") == text.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    assert read_source(once, "x").text == once.removeprefix("\ufeff")


@given(st.text().filter(lambda text: max(text, default="a") >= "\u0080" and text.isprintable()))
def test_misreading_once_is_always_seen(text: str) -> None:
    try:
        misread = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return
    assert repair_mojibake(misread) is not None


@pytest.mark.skipif(not SHARED.exists(), reason="needs the public definitions")
def test_every_public_definition_is_read(tmp_path: Path) -> None:
    started = time.monotonic()
    with tarfile.open(SHARED / "data" / "definitions.tar.gz") as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        agents = [parse_agent(archive.extractfile(member).read(), member.name) for member in files]  # type: ignore[union-attr]
    assert len(agents) > 1000
    for agent in agents:
        assert agent.description, agent.path
        assert all(finding.severity != Severity.ERROR for finding in agent.findings), agent.path
        assert "description:" not in agent.body[:200], agent.path
    broken = [agent for agent in agents if any(item.rule == "broken-frontmatter" for item in agent.findings)]
    assert len(broken) > 250
    assert time.monotonic() - started < 10


@pytest.mark.skipif(not SHARED.exists(), reason="needs the seeds")
def test_seeds_are_read_unchanged(tmp_path: Path) -> None:
    paths = sorted((SHARED / "seeds").iterdir())
    engineer, backend, advanced = (load_agent(path, tmp_path) for path in paths)
    assert (engineer.name, engineer.model, engineer.body_line) == ("engineer", "sonnet", 6)
    assert (backend.name, backend.model) == ("backend-implementation-engineer", "sonnet")
    assert backend.metadata == {"color": "green"}
    assert '\n- User: "Can you build out' in backend.description
    assert advanced.name == paths[2].stem
    assert "ESCALATION POLICY" in advanced.description
    missing = [item.line for item in advanced.findings if item.rule == "missing-include"]
    assert missing == [8, 9]
    for agent, path in zip((engineer, backend, advanced), paths, strict=True):
        assert agent.text == path.read_text(encoding="utf-8")
