"""Whom a definition lets its agent hand work to, and handoffs that an agent writes in its own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ironwright.records.definition import Agent
from ironwright.records.handoff import Handoff

WORDS_ID = "words"
"""The id of a handoff that was written, not called."""

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s")
_HANDS_ON = re.compile(
    r"\bdelegat|\bhand(?:s|ing|ed)?\s+(?:\w+\s+)?(?:on|off|over)\b|\bhand-?offs?\b|\bescalat|\bcollaborat"
    r"|\b(?:other|sub-?|specialist) ?agents\b"
    r"|\b(?:invoke|call|use|launch|spawn|consult)\s+(?:the\s+)?[`*@]*[a-z][\w-]*[`*]*\s+(?:sub-?)?agent\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(r"\b(?:never|do not|don't|must not|should not|avoid)\b", re.IGNORECASE)
_GRANT = re.compile(r"(?:Agent|Task)\(([^()]*)\)$")

_PART = re.compile(
    r"^[\s>*_-]*(?P<name>problem|finding|attempted|tried|suspicion|suspect(?:ed)?(?: cause)?|question|request"
    r"|files?)[*_]*\s*:[*_]*\s*(?P<text>.*)$",
    re.IGNORECASE,
)
_INVOKE = re.compile(
    r"\b(?:please\s+)?(?:invoke|delegate\s+(?:this\s+)?to|hand\s+(?:this\s+|it\s+)?(?:over|off)\s+to|escalate"
    r"\s+(?:this\s+)?to)\s+(?:the\s+)?[`'\"*@]*(?P<agent>[A-Za-z][\w-]*[A-Za-z0-9])",
    re.IGNORECASE,
)
_FIELDS = {
    "problem": "finding", "finding": "finding", "attempted": "attempted", "tried": "attempted",
    "question": "question", "request": "question", "file": "files", "files": "files",
}  # fmt: skip
_MOST = 4_000


def partners(agent: Agent, known: Iterable[str]) -> tuple[str, ...]:
    """The agents that a definition allows its own to hand work to, in the order of the text.

    They are named in ``tools`` (``Agent(a, b)``), or in a sentence or section that speaks of handing work on
    and does not forbid it.

    Args:
        agent: The definition.
        known: The names of all agents that there are.
    """
    names = {name: re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])") for name in known}
    names.pop(agent.name, None)
    found = dict.fromkeys(name for name in _granted(agent.tools or ()) if name in names)
    for line in _speaking(agent.body):
        places = ((pattern.search(line), name) for name, pattern in names.items())
        named = sorted((match.start(), name) for match, name in places if match)
        found |= dict.fromkeys(name for _, name in named)
    return tuple(found)


def written_handoff(text: str, allowed: Iterable[str]) -> Handoff | None:
    """The handoff in an agent's last words: "Problem: … Attempted: … Please invoke X"; None without one.

    It names a problem and, after that, an agent that may be asked; anything less is only talk.
    """
    by_name = {name.casefold(): name for name in allowed}
    parts: dict[str, list[str]] = {}
    current, asked = "", ""
    for line in text.splitlines():
        part = _PART.match(line)
        if part is not None:
            word = part["name"].casefold()
            current = _FIELDS.get(word, "suspicion" if word.startswith("suspect") else word)
            line = part["text"]
        invoked = next((m for m in _INVOKE.finditer(line) if m["agent"].casefold() in by_name), None)
        if invoked is not None and parts.get("finding"):
            asked = asked or by_name[invoked["agent"].casefold()]
            current = current if line.strip().casefold().find(invoked[0].casefold()) > 0 else ""
        if current and line.strip():
            parts.setdefault(current, []).append(line.strip())
    if not asked:
        return None
    said = {name: "\n".join(lines)[:_MOST] for name, lines in parts.items()}
    files = tuple(word for word in re.split(r"[\s,]+", said.pop("files", "").replace("`", "")) if word)
    return Handoff(
        WORDS_ID,
        asked,
        said.get("finding", ""),
        said.get("attempted", ""),
        said.get("suspicion", ""),
        said.get("question", ""),
        files,
    )


def _granted(tools: Iterable[str]) -> Iterator[str]:
    for tool in tools:
        grant = _GRANT.match(tool.strip())
        if grant is not None:
            yield from (name.strip() for name in grant[1].split(",") if name.strip())


def _speaking(body: str) -> Iterator[str]:
    """The lines of a text that speak of handing work on, by themselves or by their heading."""
    section = False
    for line in body.splitlines():
        if _HEADING.match(line):
            section = bool(_HANDS_ON.search(line)) and not _FORBIDS.search(line)
        if (section or _HANDS_ON.search(line)) and not _FORBIDS.search(line):
            yield line
