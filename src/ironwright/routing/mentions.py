"""Finds agents that a request names, to be used or not to be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TIER = re.compile(r"[-_ ](?:standard|advanced)$", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\b(?:do not|don['’]?t|never|not|without|instead of|rather than|except|avoid|but not)\b)"
    r"(?:\s+(?:use|using|ask|asking|call|calling|the|to|with|by|delegate|invoke|run|let|have|agent)\b)*\s*[`'\"“@]*$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?:\b(?:use|using|ask|call|have|let|run|invoke|delegate to|with|via|(?:hand|send) (?:this |it )?to)"
    r"\s+(?:the\s+)?|[@`])[`'\"“@]*$",
    re.IGNORECASE,
)
_AGENT_AFTER = re.compile(r"^[`'\"”]*\s+(?:sub)?agent\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mentions:
    """The agents that a request names.

    Attributes:
        wanted: Names that it asks for, in order.
        unwanted: Names that it asks not to use.
    """

    wanted: tuple[str, ...]
    unwanted: frozenset[str]


def find_mentions(text: str, names: Iterable[str]) -> Mentions:
    """The agents that a text names.

    A name of several parts (``rust-doc-standard``) stands for the agent wherever it occurs as written. One
    plain word (``debugger``) does only where the text calls it: ``@debugger``, "use the debugger", "the
    debugger agent".
    """
    wanted: dict[str, int] = {}
    unwanted = set()
    folded = text.casefold()
    for name in names:
        if name.casefold() not in folded:
            continue
        pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            before = text[max(0, match.start() - 60) : match.start()]
            plain = not re.search(r"[-_:.]", name.strip("-_:."))
            called = _CALLED.search(before) or _AGENT_AFTER.match(text[match.end() : match.end() + 12])
            if _NEGATED.search(before):
                unwanted.add(name)
            elif not plain or called:
                wanted.setdefault(name, match.start())
    ordered = sorted((name for name in wanted if name not in unwanted), key=lambda name: wanted[name])
    return Mentions(tuple(ordered), frozenset(unwanted))


def group_twins(names: Sequence[str]) -> list[tuple[int, ...]]:
    """Agents that differ only in their tier (``x-standard``, ``x-advanced``, ``x``): the first one leads.

    Returns:
        Groups of indices; in each the agent to start with comes first, the advanced ones last.
    """
    groups: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        groups.setdefault(_TIER.sub("", name).casefold(), []).append(number)
    return [tuple(sorted(group, key=lambda i: (_is_advanced(names[i]), i))) for group in groups.values()]


def _is_advanced(name: str) -> bool:
    return name.casefold().endswith("advanced")
