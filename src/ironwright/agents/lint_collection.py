"""The lint rules for agents that are offered together: names, delegation circles, alike descriptions."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ironwright.agents.lint_rules import Handover, handovers, key_line, slug
from ironwright.records.definition import Agent, LintFinding, Severity

ALIKE = 0.75
"""Cosine of two descriptions, as TF-IDF of words and pairs of words, from which nobody can tell them apart.

Chosen on the public collections; see docs/definitions.md.
"""

_WORD = re.compile(r"[a-z][a-z0-9+#]+")
_EXAMPLES = re.compile(r"<example>|\bexamples?:|\b(?:user|assistant):", re.IGNORECASE)
_TIERS = re.compile(r"-(?:standard|advanced|opus|sonnet|haiku|expert|senior|junior|lite|pro)$")
_PROPER = re.compile(r"(?<=[a-z,] )[A-Z][A-Za-z]{2,}")
"""A word with a capital inside a sentence: "Python", "TypeScript"."""
_MIN_WORDS = 8
_MAX_PAIRS = 40
"""Most agents that a rare term leads to: a term of more agents tells nothing apart."""
_CONDITION = re.compile(
    r"\b(?:if|when|for|unless|only|complex|deep|hard|beyond|requir\w+|need\w*|fail\w*|after)\b", re.IGNORECASE
)


def duplicate_names(agents: Sequence[Agent]) -> Iterator[LintFinding]:
    """Two agents of one name: only one of them can be called."""
    first: dict[str, Agent] = {}
    for agent in agents:
        other = first.setdefault(agent.name, agent)
        if other.path != agent.path:
            yield LintFinding(
                "duplicate-name",
                Severity.WARNING,
                agent.path,
                key_line(agent, "name"),
                f"`{agent.name}` is also the name of {other.path}",
                "Give one of them another name.",
            )


def delegation_cycles(agents: Sequence[Agent]) -> Iterator[LintFinding]:
    """Agents that hand work to one another in a circle; one finding a circle, at its first hand-over.

    A circle in which every agent hands over under no condition is a WARNING: nobody does the work. Where
    conditions are stated it is a remark: the same task may still go round.
    """
    by_slug = {slug(agent.name): agent for agent in agents}
    edges: dict[str, dict[str, Handover]] = {}
    names = frozenset(by_slug)
    for name, agent in by_slug.items():
        for item in handovers(agent, names):
            # A tier that escalates to its twin, and is sent back what is simple, is meant so.
            if item.firm and item.to in by_slug and _stem(item.to) != _stem(name):
                edges.setdefault(name, {}).setdefault(item.to, item)
    for circle in _circles(edges):
        steps = [edges[one][other] for one, other in zip(circle, [*circle[1:], circle[0]], strict=True)]
        free = not any(_CONDITION.search(step.sentence) for step in steps)
        path, line = by_slug[circle[0]].place(steps[0].line)
        yield LintFinding(
            "delegation-cycle",
            Severity.WARNING if free else Severity.INFO,
            path,
            line,
            f"work is handed round in a circle: {' → '.join([*circle, circle[0]])}",
            "Say in one of them that it finishes what it is handed.",
        )


def _circles(edges: dict[str, dict[str, Handover]]) -> list[list[str]]:
    """A shortest circle through each agent that is on one, each circle once, from its smallest name."""
    found: dict[frozenset[str], list[str]] = {}
    covered: set[str] = set()
    for start in sorted(edges):
        if start in covered:
            continue
        circle = _shortest_circle(start, edges)
        if circle:
            covered.update(circle)
            least = circle.index(min(circle))
            found.setdefault(frozenset(circle), circle[least:] + circle[:least])
    return list(found.values())


def _shortest_circle(start: str, edges: dict[str, dict[str, Handover]]) -> list[str] | None:
    before: dict[str, str] = {}
    level = [start]
    while level:
        following = []
        for one in level:
            for other in sorted(edges.get(one, ())):
                if other == start:
                    circle = [one]
                    while circle[-1] != start:
                        circle.append(before[circle[-1]])
                    return circle[::-1]
                if other not in before:
                    before[other] = one
                    following.append(other)
        level = following
    return None


def similar_descriptions(agents: Sequence[Agent]) -> Iterator[LintFinding]:
    """Descriptions of two agents that say the same: whoever chooses by description cannot choose.

    Twins of two tiers (``x-standard``, ``x-advanced``) are meant to be alike. Very short descriptions say too
    little to be compared.
    """
    described = [agent for agent in agents if agent.description]
    vectors = _vectors([_terms(agent.description) for agent in described])
    for one, other, likeness in _alike(vectors):
        first, second = described[one], described[other]
        same = slug(first.name) == slug(second.name) or first.path == second.path
        if same or _stem(first.name) == _stem(second.name) or _told_apart(first, second):
            continue
        yield LintFinding(
            "similar-descriptions",
            Severity.WARNING,
            second.path,
            key_line(second, "description"),
            f"the descriptions of `{second.name}` and `{first.name}` are {likeness:.0%} alike",
            "Say in each what only it is for.",
        )


def _told_apart(one: Agent, other: Agent) -> bool:
    """Whether one description says a word of its agent's own name, or each a proper name, that is its own."""
    texts = [agent.description for agent in (one, other)]
    words = [set(_WORD.findall(text.lower())) for text in texts]
    names = [set(_WORD.findall(agent.name.lower())) for agent in (one, other)]
    if (words[0] - words[1]) & names[0] or (words[1] - words[0]) & names[1]:
        return True
    proper = [{name.lower() for name in _PROPER.findall(text)} for text in texts]
    return bool(proper[0] - words[1]) and bool(proper[1] - words[0])


def _stem(name: str) -> str:
    return _TIERS.sub("", slug(name))


def _terms(description: str) -> Counter[str]:
    """Words and pairs of words, without the examples."""
    examples = _EXAMPLES.search(description)
    words = _WORD.findall((description[: examples.start()] if examples else description).lower())
    if len(words) < _MIN_WORDS:
        return Counter()
    return Counter([*words, *(f"{one} {other}" for one, other in itertools.pairwise(words))])


def _vectors(documents: list[Counter[str]]) -> list[dict[str, float]]:
    holding = Counter(term for terms in documents for term in terms)
    vectors = []
    for terms in documents:
        weights = {
            term: (1 + math.log(count)) * math.log(1 + len(documents) / holding[term])
            for term, count in terms.items()
        }
        norm = math.sqrt(sum(weight * weight for weight in weights.values()))
        vectors.append({term: weight / norm for term, weight in weights.items()} if norm else {})
    return vectors


def _alike(vectors: list[dict[str, float]]) -> Iterator[tuple[int, int, float]]:
    """Pairs above :data:`ALIKE`; of each later one only its nearest. Rare terms lead to who is compared."""
    holders: dict[str, list[int]] = {}
    for number, vector in enumerate(vectors):
        rare = sorted(vector, key=lambda term: (-vector[term], term))[:24]
        candidates = {other for term in rare for other in holders.get(term, ())[:_MAX_PAIRS]}
        best = max(((_cosine(vector, vectors[other]), -other) for other in candidates), default=(0.0, 0))
        if best[0] >= ALIKE:
            yield -best[1], number, best[0]
        for term in rare:
            holders.setdefault(term, []).append(number)


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * large[term] for term, weight in small.items() if term in large)
