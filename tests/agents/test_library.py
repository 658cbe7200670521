from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ironwright.agents.find import find_agents, find_commands
from ironwright.library import KINDS, library_files, library_path, read_library

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
AGENTS = ("backend-implementation-engineer", "engineer", "rust-expert-advanced", "rust-expert-standard")
COMMANDS = ("commit", "lint", "memo")
SNIPPETS = ("rust-best-practices", "rust-cargo-commands")


def sentences(text: str) -> Iterator[tuple[str, ...]]:
    """The sentences of a text as words, however they are wrapped, marked or quoted."""
    for sentence in re.split(r"(?<=[.!?:;])\s|\\n|\n\s*\n|\n\s*(?:[-*#>|]|\d+\.)|<[^>]*>", text):
        words = tuple(re.findall(r"[a-z0-9]+", sentence.lower()))
        if len(words) >= 6:
            yield words


def test_library_holds_what_it_promises() -> None:
    assert tuple(library_files()) == KINDS
    assert tuple(library_files()["agents"]) == AGENTS
    assert tuple(library_files()["commands"]) == COMMANDS
    assert tuple(library_files()["snippets"]) == SNIPPETS


def test_unknown_file_is_none_or_a_key_error() -> None:
    assert library_path("agents", "nobody") is None
    assert library_path("nothing", "engineer") is None
    with pytest.raises(KeyError, match="agents/nobody"):
        read_library("agents", "nobody")


@pytest.mark.parametrize(
    ("kind", "name"), [*(("agents", n) for n in AGENTS), *(("commands", n) for n in COMMANDS)]
)
def test_frontmatter_is_valid_yaml(kind: str, name: str) -> None:
    _, front, body = read_library(kind, name).split("---\n", 2)
    values = yaml.safe_load(front)
    assert values["description"]
    assert body.strip()
    if kind == "agents":
        assert values["name"] == name
        assert values["description"].count("<example>") == values["description"].count("</example>") >= 2


def test_bundled_definitions_load_without_findings(tmp_path: Path) -> None:
    for source in find_agents(tmp_path, tmp_path).values():
        agent = source.load()
        assert agent.findings == ()
        assert len(agent.includes) == (2 if "expert" in agent.name else 0)
    assert all(source.load().description for source in find_commands(tmp_path, tmp_path).values())


def test_files_are_short_enough_to_be_read() -> None:
    for kind in KINDS:
        for name in library_files()[kind]:
            lines = read_library(kind, name).split("\n")
            assert len(lines) < 110, name
            assert max(map(len, lines)) <= 120, name


@pytest.mark.skipif(not SEEDS.exists(), reason="needs the seeds")
def test_no_sentence_of_the_seeds_is_in_the_library() -> None:
    theirs = {words for path in SEEDS.iterdir() for words in sentences(path.read_text(encoding="utf-8"))}
    assert len(theirs) > 100
    for kind in KINDS:
        for name in library_files()[kind]:
            ours = " ".join(re.findall(r"[a-z0-9]+", read_library(kind, name).lower()))
            assert [words for words in theirs if f" {' '.join(words)} " in f" {ours} "] == [], name
