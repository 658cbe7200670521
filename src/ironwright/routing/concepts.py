"""Knows which words and phrases mean the same thing, and finds them in texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ironwright.routing.words import Token, tokens

CONCEPTS_FILE = "concepts.txt"
_PHRASE_WEIGHT = 1.5
"""A phrase of several words is surer than a single word."""
_TECHNOLOGIES = "# Languages and frameworks"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A concept in a text.

    Attributes:
        concept: Which.
        weight: How surely these words mean it; less where they may mean several.
        start: Index of the phrase's first token.
        length: Its number of tokens.
    """

    concept: str
    weight: float
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Concepts:
    """The concepts and the phrases that point to them.

    Attributes:
        phrases: First stem of a phrase to the phrases that begin with it: the other stems, the weight of
            each concept, the concepts.
        technologies: The concepts that name a language or framework: an agent for one of them is the wrong
            one where the request speaks of others.
    """

    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], float, tuple[str, ...]]]]
    technologies: frozenset[str]

    def sightings(self, found: Sequence[Token]) -> Iterator[Sighting]:
        """Every concept that a text's words point to, in order."""
        forms = [token.form for token in found]
        phrases = self.phrases
        for start, form in enumerate(forms):
            for rest, weight, concepts in phrases.get(form, ()):
                if not rest or tuple(forms[start + 1 : start + 1 + len(rest)]) == rest:
                    for concept in concepts:
                        yield Sighting(concept, weight, start, len(rest) + 1)

    def weights(self, found: Sequence[Token]) -> dict[str, float]:
        """How much of each concept a text holds."""
        held: dict[str, float] = {}
        for sighting in self.sightings(found):
            held[sighting.concept] = held.get(sighting.concept, 0.0) + sighting.weight
        return held


@cache
def load_concepts() -> Concepts:
    """The concepts that come with the program."""
    return parse_concepts(files("ironwright.routing").joinpath(CONCEPTS_FILE).read_text(encoding="utf-8"))


def parse_concepts(text: str) -> Concepts:
    """Read concepts: a line each, ``concept: word, phrase, …``; ``#`` begins a remark or a section."""
    meanings: dict[tuple[str, ...], dict[str, None]] = {}
    technologies = set()
    section = ""
    for line in text.splitlines():
        if line.startswith("#"):
            section = line.strip()
        name, separator, phrases = line.partition(":")
        if line.startswith("#") or not separator:
            continue
        if section == _TECHNOLOGIES:
            technologies.add(name.strip())
        for phrase in phrases.split(", "):
            forms = tuple(token.form for token in tokens(phrase))
            if forms:
                meanings.setdefault(forms, {})[name.strip()] = None
    by_first: dict[str, list[tuple[tuple[str, ...], float, tuple[str, ...]]]] = {}
    for forms, concepts in meanings.items():
        weight = (1.0 if len(forms) == 1 else _PHRASE_WEIGHT) / len(concepts) ** 0.5
        by_first.setdefault(forms[0], []).append((forms[1:], weight, tuple(concepts)))
    return Concepts(by_first, frozenset(technologies))
