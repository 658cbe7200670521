"""Scores agents for requests: words, word pairs and concepts that they share, weighed as was learned."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ironwright.routing.agent_text import FIELDS, AgentText
from ironwright.routing.concepts import load_concepts
from ironwright.routing.request import Request
from ironwright.routing.weights import Weights
from ironwright.routing.words import rarity, saturation

_SCALE = 10.0
"""Sums of BM25 are divided by this, so that all weights are of one order."""
_MOST_HABITS = 24
"""How many concepts that habits point to are looked up for a request, the strongest."""
_FIRST_CODE = 0x100
_SURROGATES = range(0xD800, 0xE000)


@dataclass(slots=True)
class _Postings:
    """Which agents a word or a concept speaks for.

    Attributes:
        agents: Their numbers, ascending.
        always: What it adds wherever it stands in the request.
        asked: What it adds in a sentence that asks for something.
        share: For a concept, which part of what the agent presents itself with it is.
    """

    agents: list[int]
    always: list[float]
    asked: list[float]
    share: list[float]


class Part(NamedTuple):
    """What one word, pair of words or concept of a request adds to the scores.

    Attributes:
        kind: ``word``, ``phrase``, ``concept``, or ``habit`` for a concept that such requests are about.
        key: The stems, or the concept.
        agents: The numbers of the agents that it speaks for, ascending.
        values: What it adds to each of them.
    """

    kind: str
    key: tuple[str, ...]
    agents: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Shared:
    """What an agent and a request share.

    Attributes:
        score: How much it counts.
        kind: As in :class:`Part`.
        text: As the request has it.
        concept: The concept, where it is one.
    """

    score: float
    kind: str
    text: str
    concept: str = ""


class AgentIndex:
    """Agents, ready to be scored for requests.

    Args:
        texts: What routing reads of each agent.
        weights: How the signs count.
    """

    def __init__(self, texts: Sequence[AgentText], weights: Weights) -> None:
        self._total = len(texts)
        self._weights = weights
        self._codes: dict[str, str] = {}
        whole = [[word for field in FIELDS for word in text.words[field]] for text in texts]
        self._streams = ["".join(map(self._code, words)) for words in whole]
        self._average = _average([max(0, len(words) - 1) for words in whole])
        self._words = self._index_words(texts, whole)
        self._concepts = self._index_concepts(texts)
        self._named = self._index_names(texts)
        technologies = load_concepts().technologies
        self._technologies = [
            (number, held)
            for number, text in enumerate(texts)
            if (held := technologies & text.concepts["name"].keys())
        ]

    def scores(self, request: Request) -> list[float]:
        """How well each agent fits, as log-odds; 0 where it shares nothing with the request."""
        return self.add_up(self.parts(request), request)

    def add_up(self, parts: Iterable[Part], request: Request) -> list[float]:
        """The scores that parts make up."""
        scores = [0.0] * self._total
        for part in parts:
            for number, value in zip(part.agents, part.values, strict=True):
                scores[number] += value
        penalty = self._weights.signs["other_technology"]
        for number, held in self._technologies:
            if held.isdisjoint(request.concepts):
                scores[number] -= penalty
        return scores

    def parts(self, request: Request) -> list[Part]:
        """Every part of the scores: what each word, pair of words and concept adds to which agents."""
        return list(self._contributions(request))

    def _contributions(self, request: Request) -> Iterator[Part]:
        known = [word for word in request.words if word in self._words]
        total = sum(rarity(len(self._words[word].agents), self._total) for word in known) or 1.0
        for word in known:
            held = self._words[word]
            share = self._weights.signs["share"] * rarity(len(held.agents), self._total) / total
            is_asked = float(word in request.asked)
            values = [x + is_asked * y + share for x, y in zip(held.always, held.asked, strict=True)]
            yield Part("word", (word,), held.agents, values)
        for concept, amount in request.concepts.items():
            if concept in self._concepts:
                held = self._concepts[concept]
                first, second = _damped(amount), _damped(request.asked_concepts.get(concept, 0.0))
                values = [first * x + second * y for x, y in zip(held.always, held.asked, strict=True)]
                yield Part("concept", (concept,), held.agents, values)
                yield Part("concept", (concept,), *self._named.get(concept, ((), ())))
        for pair in dict.fromkeys(pairwise(request.order)):
            yield Part("phrase", pair, *self._pair(pair))
        for concept, amount in self._habits(request):
            held = self._concepts[concept]
            yield Part("habit", (concept,), held.agents, [amount * x for x in held.share])

    def _pair(self, pair: tuple[str, str]) -> tuple[Sequence[int], Sequence[float]]:
        """What two neighbouring words add to the agents that have them side by side as well."""
        first, second = (self._words.get(word) for word in pair)
        if first is None or second is None:
            return (), ()
        sought = self._codes[pair[0]] + self._codes[pair[1]]
        both = first.agents if first is second else sorted(set(first.agents).intersection(second.agents))
        counts = [(number, self._streams[number].count(sought)) for number in both]
        holders = [(number, count) for number, count in counts if count]
        weight = self._weights.signs["pairs"] * rarity(len(holders), self._total) / _SCALE
        return [number for number, _ in holders], [
            weight * saturation(count, len(self._streams[number]) - 1, self._average)
            for number, count in holders
        ]

    def _habits(self, request: Request) -> list[tuple[str, float]]:
        """The concepts that agents for such words usually have, the strongest, with how strongly."""
        weight = self._weights.signs["habit"] / 2
        if not weight:
            return []
        summed: dict[str, float] = {}
        for word in request.words:
            for concept, lift in self._weights.habits.get(word, {}).items():
                if concept in self._concepts:
                    summed[concept] = summed.get(concept, 0.0) + lift
        strongest = sorted(summed.items(), key=lambda item: (-abs(item[1]), item[0]))[:_MOST_HABITS]
        return [(concept, weight * lift) for concept, lift in strongest]

    def _code(self, word: str) -> str:
        """One character for a word, so that word pairs are found by searching strings."""
        if word not in self._codes:
            number = _FIRST_CODE + len(self._codes)
            if number >= _SURROGATES.start:
                number += len(_SURROGATES)
            self._codes[word] = chr(number)
        return self._codes[word]

    def _index_words(
        self, texts: Sequence[AgentText], whole: Sequence[Sequence[str]]
    ) -> dict[str, _Postings]:
        signs = self._weights.signs
        postings: dict[str, _Postings] = {}
        for number, word, value in _bm25([Counter(words) for words in whole]):
            held = postings.setdefault(word, _Postings([], [], [], []))
            held.agents.append(number)
            held.always.append(0.0)
            held.asked.append(signs["asked"] * value / _SCALE)
        places = {
            word: {number: place for place, number in enumerate(held.agents)}
            for word, held in postings.items()
        }
        for field in FIELDS:
            if signs[field]:
                for number, word, value in _bm25([Counter(text.words[field]) for text in texts]):
                    postings[word].always[places[word][number]] += signs[field] * value / _SCALE
        names = [set(text.words["name"]) for text in texts]
        holders = Counter(word for name in names for word in name)
        for number, name in enumerate(names):
            total = sum(rarity(holders[word], self._total) for word in name)
            for word in name:
                part = rarity(holders[word], self._total) / total
                postings[word].always[places[word][number]] += signs["name_share"] * part
        return postings

    def _index_concepts(self, texts: Sequence[AgentText]) -> dict[str, _Postings]:
        signs = self._weights.signs
        presented = [_added(text.concepts["name"], text.concepts["description"]) for text in texts]
        everything = [_merged(text.concepts, held) for text, held in zip(texts, presented, strict=True)]
        postings: dict[str, _Postings] = {}
        places: dict[str, dict[int, int]] = {}
        for number, held in enumerate(everything):
            total = sum(presented[number].values()) or 1.0
            for concept in held:
                entry = postings.setdefault(concept, _Postings([], [], [], []))
                places.setdefault(concept, {})[number] = len(entry.agents)
                entry.agents.append(number)
                entry.always.append(0.0)
                entry.asked.append(0.0)
                entry.share.append(presented[number].get(concept, 0.0) / total)
        for number, concept, value in _bm25(presented):
            postings[concept].asked[places[concept][number]] = signs["asked_concepts"] * value / _SCALE
        for field in FIELDS:
            weight = signs[f"concept_{field}"]
            if weight:
                for number, concept, value in _bm25([text.concepts[field] for text in texts]):
                    postings[concept].always[places[concept][number]] += weight * value / _SCALE
        return postings

    def _index_names(self, texts: Sequence[AgentText]) -> dict[str, tuple[list[int], list[float]]]:
        """For each concept the agents whose name holds it, with what that adds."""
        weight = self._weights.signs["concept_name_share"]
        named: dict[str, tuple[list[int], list[float]]] = {}
        for number, text in enumerate(texts):
            held = text.concepts["name"]
            total = sum(held.values())
            for concept, amount in held.items():
                agents, values = named.setdefault(concept, ([], []))
                agents.append(number)
                values.append(weight * amount / total)
        return named


def _bm25(texts: Sequence[Mapping[str, float]]) -> Iterator[tuple[int, str, float]]:
    """What each word says for each text that holds it: text, word, BM25."""
    lengths = [sum(counts.values()) for counts in texts]
    average = _average(lengths)
    holders = Counter(word for counts in texts for word in counts)
    rarities = {word: rarity(count, len(texts)) for word, count in holders.items()}
    for number, counts in enumerate(texts):
        for word, count in counts.items():
            yield number, word, rarities[word] * saturation(count, lengths[number], average)


def _average(lengths: Sequence[float]) -> float:
    return sum(lengths) / len(lengths) if lengths else 0.0


def _added(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    summed = dict(first)
    for key, value in second.items():
        summed[key] = summed.get(key, 0.0) + value
    return summed


def _merged(fields: Mapping[str, Mapping[str, float]], presented: Mapping[str, float]) -> dict[str, None]:
    return dict.fromkeys([*presented, *(concept for held in fields.values() for concept in held)])


def _damped(amount: float) -> float:
    """A concept that is mentioned twice counts more than once, but not twice as much."""
    return 2 * amount / (1 + amount)


def shared(parts: Iterable[Part], request: Request, agent: int) -> list[Shared]:
    """What an agent shares with a request, what counts most first."""
    found = []
    for part in parts:
        place = bisect_left(part.agents, agent)
        if place < len(part.agents) and part.agents[place] == agent and part.values[place] > 0:
            found.append(_shared(part.values[place], part.kind, part.key, request))
    return sorted(found, key=lambda item: -item.score)


def _shared(score: float, kind: str, key: tuple[str, ...], request: Request) -> Shared:
    if kind == "concept":
        return Shared(score, kind, request.phrases[key[0]], key[0])
    if kind == "habit":
        return Shared(score, kind, "", key[0])
    return Shared(score, kind, " ".join(request.words[word] for word in key))
