"""Reads a request: its words, its concepts, and which of its sentences ask for something."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ironwright.routing.concepts import load_concepts
from ironwright.routing.words import content, tokens

MAX_CHARACTERS = 20_000
"""How much of a request is read; what is longer is a document, and says at its beginning what it is about."""
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+|\n+")
_ASKS = re.compile(
    r"\?|^(?:please|can|could|help|how|what|which|should|i need|we need|i want|we want|need|create|build|add|"
    r"write|review|fix|design|implement|find|generate|make|check|analy\w*|optimi\w*|"
    r"refactor|set up|update|run|show)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as routing reads it.

    Attributes:
        words: Each stem with the word as it was first written.
        order: The stems in order.
        asked: The stems in sentences that ask for something; all where none does.
        concepts: Each concept with its weight.
        asked_concepts: The same in sentences that ask for something.
        phrases: Each concept with the words that first pointed to it.
    """

    words: Mapping[str, str]
    order: tuple[str, ...]
    asked: frozenset[str]
    concepts: Mapping[str, float]
    asked_concepts: Mapping[str, float]
    phrases: Mapping[str, str]


def read_request(text: str) -> Request:
    """Read a request; of a very long one the beginning."""
    text = text[:MAX_CHARACTERS]
    found = tokens(text)
    known = load_concepts()
    words: dict[str, str] = {}
    for token in found:
        for stem in () if token.is_stop else (token.form, *token.parts):
            words.setdefault(stem, token.written)
    concepts: dict[str, float] = {}
    phrases: dict[str, str] = {}
    for sighting in known.sightings(found):
        concepts[sighting.concept] = concepts.get(sighting.concept, 0.0) + sighting.weight
        phrase = found[sighting.start : sighting.start + sighting.length]
        phrases.setdefault(sighting.concept, " ".join(token.written for token in phrase))
    sentences = [sentence.strip() for sentence in _SENTENCE_END.split(text)]
    asking = " ".join(sentence for sentence in sentences if _ASKS.search(sentence))
    asked = tokens(asking or text)
    return Request(
        words, tuple(content(found)), frozenset(content(asked)), concepts, known.weights(asked), phrases
    )
