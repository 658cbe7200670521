from __future__ import annotations

import json

import pytest
from agents_for_tests import TEAM, agent
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.records.paths import cache_home
from ironwright.routing.agent_text import FIELDS, opening, plain_description, read_agent, split_exclusions
from ironwright.routing.concepts import load_concepts, parse_concepts
from ironwright.routing.index_cache import read_agents
from ironwright.routing.mentions import find_mentions, group_twins
from ironwright.routing.request import read_request
from ironwright.routing.weights import SIGNS, load_weights
from ironwright.routing.words import tokens


@pytest.mark.parametrize(
    ("description", "kept", "excluded"),
    [
        ("Writes tests. Not for benchmarks.", "Writes tests.", ("Not for benchmarks.",)),
        ("Reviews code. Do NOT use for writing code.", "Reviews code.", ("Do NOT use for writing code.",)),
        ("Writes tests, never flaky ones.", "Writes tests, never flaky ones.", ()),
        (
            "Parsers. Don't use it for lexers. Use lexer-pro instead.",
            "Parsers.",
            ("Don't use it for lexers.",),
        ),
    ],
)
def test_what_an_agent_is_not_for_is_told_apart(description, kept, excluded) -> None:
    plain, found = split_exclusions(description)
    assert plain.strip() == kept
    assert found == excluded


def test_answers_and_comments_of_examples_are_left_out() -> None:
    description = (
        "Reviews code. <example>user: 'Check my parser' assistant: 'I will call the whale'</example>"
        "<commentary>Whales are large.</commentary>"
    )
    plain = plain_description(description)
    assert "Check my parser" in plain
    assert "hale" not in plain


def test_opening_is_the_first_two_paragraphs_without_headings() -> None:
    assert opening("# Head\n\nYou are one.\n\n## Next\n\nYou do two.\n\nThree.") == "You are one. You do two."
    assert opening("") == ""


def test_phrase_points_to_its_concept_and_single_words_to_theirs() -> None:
    known = parse_concepts("# Languages and frameworks\nrust: rust, whale song\n# Rest\nmoney: check, song\n")
    assert known.technologies == {"rust"}
    assert known.weights(tokens("Two whale-songs, a whale")) == {"rust": 1.5, "money": 1.0}
    assert known.weights(tokens("check the Rust")) == {"money": 1.0, "rust": 1.0}


def test_every_bundled_phrase_is_found_in_itself() -> None:
    known = load_concepts()
    for first, phrases in list(known.phrases.items())[:400]:
        for rest, _, concepts in phrases:
            found = known.sightings(tokens(" ".join((first, *rest))))
            # Stems may be stemmed again; what stays a stem is found.
            if [token.form for token in tokens(" ".join((first, *rest)))] == [first, *rest]:
                assert set(concepts) <= {sighting.concept for sighting in found}


def test_weights_know_every_sign_and_only_known_concepts() -> None:
    weights = load_weights()
    assert set(weights.signs) == set(SIGNS)
    assert all(weight >= 0 for weight in weights.signs.values())
    phrases = [phrase for group in load_concepts().phrases.values() for phrase in group]
    concepts = {name for _, _, names in phrases for name in names}
    assert {name for lifts in weights.habits.values() for name in lifts} <= concepts
    assert weights.accept > 0


def test_sentences_that_ask_are_told_from_their_background() -> None:
    request = read_request("We sell boots in twelve shops. Can you write tests?")
    assert "test" in request.asked
    assert "boot" in request.words
    assert "boot" not in request.asked
    assert read_request("parser lexer").asked == set(read_request("parser lexer").words)


def test_twins_are_grouped_with_the_advanced_ones_last() -> None:
    names = ["x-advanced", "y", "x-standard", "z", "y-advanced"]
    assert group_twins(names) == [(2, 0), (1, 4), (3,)]


def test_negated_names_are_not_wanted() -> None:
    found = find_mentions("use a-b, not c-d", ["a-b", "c-d", "e-f"])
    assert found.wanted == ("a-b",)
    assert found.unwanted == {"c-d"}


def test_name_inside_a_longer_name_is_not_mentioned() -> None:
    assert find_mentions("use rust-doc-standard", ["rust-doc", "doc"]).wanted == ()


def test_agents_are_read_from_the_cache_and_again_when_their_text_changes() -> None:
    first = read_agents(TEAM)
    files = list((cache_home() / "routing").glob("*.json"))
    assert read_agents(TEAM) == first == [read_agent(one) for one in TEAM]
    changed = [*TEAM[:-1], agent(TEAM[-1].name, TEAM[-1].description, "Whales.")]
    assert "whal" in read_agents(changed)[-1].words["body"]
    assert len(list((cache_home() / "routing").glob("*.json"))) == len(files) + 1


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'[{"words": 1}]', b"\xff\xfe", b"[]"])
def test_damaged_cache_is_written_again(damage: bytes) -> None:
    agents = [agent(f"only-{damage.hex()}", "Writes tests.")]
    before = set((cache_home() / "routing").glob("*.json"))
    right = read_agents(agents)
    (place,) = set((cache_home() / "routing").glob("*.json")) - before
    place.write_bytes(damage)
    assert read_agents(agents) == right
    assert len(json.loads(place.read_bytes())) == 1


@given(st.text(), st.text(), st.text())
@settings(max_examples=100, deadline=None)
def test_any_definition_can_be_read_and_kept(name: str, description: str, body: str) -> None:
    agents = [agent(name, description, body)]
    (text,) = read_agents(agents)
    assert set(text.words) == set(text.concepts) == set(FIELDS)
    assert read_agents(agents) == [text]
