"""What routing reads of a definition: its name, description, opening and body as stems and concepts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ironwright.records.definition import Agent
from ironwright.routing.concepts import load_concepts
from ironwright.routing.words import content, tokens

FIELDS = ("name", "description", "opening", "body")
BODY_CHARACTERS = 30_000
"""How much of a body is read: longer ones repeat their vocabulary, and hundreds of them are read at once."""
_OPENING_CHARACTERS = 800
_OPENING_PARAGRAPHS = 2
_COMMENTARY = re.compile(r"<commentary>.*?(?:</commentary>|$)", re.IGNORECASE | re.DOTALL)
_ANSWER = re.compile(r"\b(?:assistant|commentary)\s*:.*?(?=<|\n|\\n|\b(?:user|context)\s*:|$)", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z_]+>", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s|\n+|\s[-–—]\s")
_EXCLUSION = re.compile(
    r"\b(?:(?:do not|don['’]t|never|must not|should not|shouldn['’]t) "
    r"(?:use|invoke|call|delegate|be used|route)"
    r"|not (?:\w+ )?(?:for|suitable for|intended for|meant for|suited (?:for|to))"
    r"|(?:is|are) not (?:a |the )?(?:right|good) (?:choice|agent|fit) for"
    r"|skip (?:this|it) (?:for|when|if))\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\binstead\b|\buse (?:the )?`?@?[\w-]+`? (?:agent )?(?:for (?:that|those|this))\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class AgentText:
    """An agent as routing sees it.

    Attributes:
        words: The stems of each field in order.
        concepts: How much of each concept each field holds.
        exclusions: What the description says the agent is not for: each sentence and its stems.
    """

    words: Mapping[str, Sequence[str]]
    concepts: Mapping[str, Mapping[str, float]]
    exclusions: Sequence[tuple[str, Sequence[str]]] = ()


def read_agent(agent: Agent) -> AgentText:
    """What routing reads of an agent."""
    description, excluded = split_exclusions(plain_description(agent.description))
    body = agent.body[:BODY_CHARACTERS]
    texts = {"name": agent.name, "description": description, "opening": opening(body), "body": body}
    found = {field: tokens(text) for field, text in texts.items()}
    known = load_concepts()
    return AgentText(
        {field: content(words) for field, words in found.items()},
        {field: known.weights(words) for field, words in found.items()},
        [(sentence, content(tokens(sentence))) for sentence in excluded],
    )


def plain_description(description: str) -> str:
    """A description without the tags of its examples, their answers and the comments on them."""
    return _TAG.sub(" ", _ANSWER.sub(" ", _COMMENTARY.sub(" ", description)))


def split_exclusions(description: str) -> tuple[str, tuple[str, ...]]:
    """A description without the sentences that say what the agent is not for, and those sentences."""
    if not _EXCLUSION.search(description):
        return description, ()
    kept: list[str] = []
    excluded: list[str] = []
    for sentence in _SENTENCE_END.split(description):
        match = _EXCLUSION.search(sentence)
        if match is None:
            if excluded and _ELSEWHERE.search(sentence):
                continue  # "Use the other one instead" speaks of the other one
            kept.append(sentence)
        else:
            kept.append(sentence[: match.start()])
            excluded.append(" ".join(sentence[match.start() :].split()))
    return " ".join(kept), tuple(excluded)


def opening(body: str) -> str:
    """The first two paragraphs of a body, without headings: most definitions say there what they are."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", body[: 4 * _OPENING_CHARACTERS]):
        if paragraph.strip() and not paragraph.lstrip().startswith("#"):
            paragraphs.append(paragraph)
        if len(paragraphs) == _OPENING_PARAGRAPHS:
            break
    return " ".join(paragraphs)[:_OPENING_CHARACTERS]
