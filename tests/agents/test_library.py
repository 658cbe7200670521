from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ironwright.agents.find import find_agents, find_commands
from ironwright.library import KINDS, library_files, library_path, read_library

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
TIERS = ("advanced", "standard")
TWINS = ("rust-doc", "rust-expert", "rust-linting", "rust-test", "rust-troubleshooter")
AGENTS = (
    "backend-architect",
    "backend-implementation-engineer",
    "engineer",
    *(f"{family}-{tier}" for family in TWINS for tier in TIERS),
)
COMMANDS = ("commit", "lint", "memo", "profile", "review")
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
        # A snippet is for the Rust specialists; the others say themselves what they need.
        assert bool(agent.includes) == agent.name.startswith("rust-")
    assert all(source.load().description for source in find_commands(tmp_path, tmp_path).values())


def test_advanced_agents_demand_failed_attempts_of_their_twins() -> None:
    for family in TWINS:
        standard, advanced = (read_library("agents", f"{family}-{tier}") for tier in ("standard", "advanced"))
        assert f"only after `{family}-standard` was tried at least two times and failed" in advanced
        assert f"{family}-advanced" in standard.split("# When to hand over")[1]


def test_agents_hand_on_only_to_agents_of_the_team() -> None:
    for name in AGENTS:
        named = set(re.findall(r"\b(?:rust|backend)-[a-z-]+\b", read_library("agents", name)))
        assert named - {"rust-best-practices", "rust-cargo-commands"} <= set(AGENTS), name


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
