"""What was learned from public requests: how much each sign counts, and when an answer is sure enough."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ironwright.routing.words import rarity

WEIGHTS_FILE = "weights.json"
MANY_AGENTS = 100
_WORDS_OF_A_REQUEST = 10
"""Public requests have 12 words with a meaning of their own in the median; less than this is short."""
SIGNS = (
    *("name", "description", "opening", "body"),
    *("concept_name", "concept_description", "concept_opening", "concept_body"),
    *("pairs", "share", "other_technology", "name_share", "concept_name_share"),
    *("asked", "asked_concepts", "habit"),
)
"""The signs that an agent fits a request; docs/routing.md says what each one is."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How signs count. Learned by ``benchmarks/routing/train.py``; the sum of the signs is a log-odds.

    Attributes:
        signs: The weight of each of :data:`SIGNS`.
        habits: Word to the concepts of the agents that were asked in requests with that word, as log of how
            much more often than otherwise.
        accept: The lead, in log-odds, from which the best of up to :data:`MANY_AGENTS` agents is taken
            without asking.
        accept_many: The same among more agents: where many are alike, a lead says less.
        least: The score below which nothing fits, in units of :func:`yardstick`.
    """

    signs: Mapping[str, float]
    habits: Mapping[str, Mapping[str, float]]
    accept: float
    accept_many: float
    least: float

    def lead(self, agents: int) -> float:
        """The lead from which the best of so many agents is taken without asking."""
        return self.accept_many if agents > MANY_AGENTS else self.accept


def yardstick(agents: int, words: int) -> float:
    """What scores are of the order of: more where words tell more agents apart, less for few words."""
    return rarity(1, agents) * min(1.0, words / _WORDS_OF_A_REQUEST)


@cache
def load_weights() -> Weights:
    """The weights that come with the program."""
    text = files("ironwright.routing").joinpath(WEIGHTS_FILE).read_text(encoding="utf-8")
    data = json.loads(text)
    return Weights(data["signs"], data["habits"], data["accept"], data["accept_many"], data["least"])
