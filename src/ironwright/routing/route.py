"""Decides which agent a request goes to, says why, and whether that is sure enough to go without asking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ironwright.records.definition import Agent
from ironwright.records.errors import DefinitionError, IronwrightError
from ironwright.routing.agent_index import AgentIndex, Part, Shared, shared
from ironwright.routing.agent_text import AgentText
from ironwright.routing.mentions import Mentions, find_mentions, group_twins
from ironwright.routing.request import MAX_CHARACTERS, Request, read_request
from ironwright.routing.weights import Weights, load_weights, yardstick

MOST_CANDIDATES = 5
"""How many candidates are shown, and given to a model or a person to choose from."""
_EXCLUDED_SHARE = 0.34
"""Share of the words of "not for …" from which on a request is taken to be meant by it."""
_EXCLUDED = 3.0
"""What it costs to be excluded by the agent's own description, as log-odds; too rare to be learned."""
_MOST_REASONS = 4


class RoutingError(IronwrightError):
    """A request cannot be routed as it is."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent that came into question.

    Attributes:
        name: Its name; of twins that differ in their tier, the one to start with.
        score: How well it fits, as log-odds; comparable within one request only.
        why: What speaks for and against it, for people.
        tiers: The names of all its tiers, this one included.
    """

    name: str
    score: float
    why: str
    tiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes.

    Attributes:
        agent: The agent, or the best guess where it was not accepted; None where nothing fits.
        accepted: Whether that is sure enough to go without asking.
        margin: How far it leads, 0 to 1: 1 less the odds of the next one against it.
        candidates: The best ones, at most :data:`MOST_CANDIDATES`.
        reason: One sentence for people.
        by: Who decided: ``score``, ``name`` (the request names it), ``model``, ``user``.
    """

    agent: str | None
    accepted: bool
    margin: float
    candidates: tuple[Candidate, ...]
    reason: str
    by: str = "score"

    def as_json(self) -> dict[str, Any]:
        """The route as JSON data."""
        return {
            "agent": self.agent,
            "accepted": self.accepted,
            "margin": round(self.margin, 3),
            "by": self.by,
            "reason": self.reason,
            "candidates": [
                {"name": one.name, "score": one.score, "why": one.why, "tiers": list(one.tiers)}
                for one in self.candidates
            ],
        }


class Router:
    """Agents, ready to have requests routed to them.

    Args:
        agents: The agents; the first of a name counts.
        texts: The same as routing reads them, in the same order.
        weights: What was learned; None for what comes with the program.

    Raises:
        DefinitionError: There are no agents.
    """

    def __init__(
        self, agents: Sequence[Agent], texts: Sequence[AgentText], weights: Weights | None = None
    ) -> None:
        if not agents:
            raise DefinitionError(
                "there are no agents", advice="Add one to .claude/agents, or name a folder with --agents."
            )
        self._names = [agent.name for agent in agents]
        self._texts = texts
        self._weights = weights or load_weights()
        self._index = AgentIndex(texts, self._weights)
        self._twins = group_twins(self._names)

    def route(self, text: str) -> Route:
        """Where a request goes.

        Raises:
            RoutingError: It holds no word.
        """
        request = read_request(text)
        if not text.strip():
            raise RoutingError("the request is empty", advice="Say what is to be done.")
        mentions = find_mentions(text[:MAX_CHARACTERS], self._names)
        parts = self._index.parts(request)
        scores, notes = self._scores(request, parts)
        groups = [
            group for group in self._twins if not any(self._names[i] in mentions.unwanted for i in group)
        ]
        if not groups:
            return Route(None, False, 0.0, (), "The request names every agent as one not to be used.")
        ranked = sorted(groups, key=lambda group: -max(scores[i] for i in group))
        named = [group for group in ranked if any(self._names[i] in mentions.wanted for i in group)]
        ranked = named + [group for group in ranked if group not in named]
        candidates = self._candidates(request, ranked[:MOST_CANDIDATES], parts, scores, notes, mentions)
        best = [max(scores[i] for i in group) for group in ranked]
        if named:
            return self._named(named, candidates, mentions)
        return self._scored(best, candidates, len(request.words))

    def _scores(self, request: Request, parts: Sequence[Part]) -> tuple[list[float], dict[int, str]]:
        """The scores, and for agents that exclude such a request the sentence that does."""
        scores = self._index.add_up(parts, request)
        notes = {}
        for number, text in enumerate(self._texts):
            for sentence, words in text.exclusions:
                matched = [word for word in set(words) if word in request.words]
                if len(matched) >= max(1.0, _EXCLUDED_SHARE * len(set(words))):
                    scores[number] -= _EXCLUDED
                    notes[number] = sentence
                    break
        return scores, notes

    def _candidates(
        self,
        request: Request,
        groups: Sequence[tuple[int, ...]],
        parts: Sequence[Part],
        scores: Sequence[float],
        notes: dict[int, str],
        mentions: Mentions,
    ) -> tuple[Candidate, ...]:
        best = {group: max(group, key=lambda i: scores[i]) for group in groups}
        candidates = []
        for group in groups:
            number = best[group]
            wanted = [name for name in mentions.wanted if name in {self._names[i] for i in group}]
            why = "named in the request" if wanted else _why(shared(parts, request, number))
            if number in notes:
                why += f'; against it: its description says "{notes[number][:120]}"'
            name = wanted[0] if wanted else self._names[group[0]]
            tiers = tuple(self._names[i] for i in group)
            candidates.append(Candidate(name, round(scores[number], 3), why, tiers))
        return tuple(candidates)

    def _named(
        self, named: Sequence[tuple[int, ...]], candidates: tuple[Candidate, ...], mentions: Mentions
    ) -> Route:
        if len(named) == 1:
            name = candidates[0].name
            return Route(name, True, 1.0, candidates, f"The request names {name}.", "name")
        names = ", ".join(mentions.wanted)
        reason = f"The request names several agents: {names}."
        return Route(candidates[0].name, False, 0.0, candidates, reason, "name")

    def _scored(self, best: Sequence[float], candidates: tuple[Candidate, ...], words: int) -> Route:
        first = candidates[0]
        lead = best[0] - best[1] if len(best) > 1 else math.inf
        margin = 1 - math.exp(-lead)
        if best[0] <= self._weights.least * yardstick(len(self._names), words):
            reason = f"Nothing fits: no agent shares enough with the request; the nearest is {first.name}."
            return Route(None, False, margin, candidates, reason)
        if lead >= self._weights.lead(len(self._names)):
            among = f"best of {len(best)} agents" if len(best) > 1 else "the only agent"
            return Route(first.name, True, margin, candidates, f"{first.name} fits clearly, {among}.")
        reason = f"{first.name} fits best, but not clearly better than {candidates[1].name}."
        return Route(first.name, False, margin, candidates, reason)


def _why(found: Sequence[Shared]) -> str:
    """What an agent shares with a request, for people: the strongest concepts and words."""
    if not found:
        return "shares no word with the request"
    reasons: dict[str, None] = {}
    covered: set[str] = set()
    for item in found:
        if item.kind == "concept":
            phrase = item.text.lower()
            reasons[f"“{phrase}”" if phrase == item.concept else f"“{phrase}” ({item.concept})"] = None
            covered.update(phrase.split())
        elif item.kind == "habit":
            reasons[f"such requests are about {item.concept}"] = None
        elif not set(item.text.lower().split()) <= covered:
            reasons[f"“{item.text.lower()}”"] = None
            covered.update(item.text.lower().split())
        if len(reasons) == _MOST_REASONS:
            break
    return ", ".join(reasons)
