"""Keeps what routing reads of agents on disk, under a key made from their content."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ironwright.records.definition import Agent
from ironwright.records.paths import cache_home
from ironwright.routing.agent_text import BODY_CHARACTERS, AgentText, read_agent

_READERS = ("agent_text.py", "concepts.py", "concepts.txt", "words.py")
_KEPT_FILES = 20


def read_agents(agents: Sequence[Agent]) -> list[AgentText]:
    """What routing reads of each agent, from the cache where the same agents were read before.

    A cache that cannot be read or written costs time and changes no answer, so nothing is said about it.
    """
    place = cache_home() / "routing" / f"{_key(agents)}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        kept = [_from_data(item) for item in json.loads(place.read_bytes())]
        if len(kept) == len(agents):
            return kept
    texts = [read_agent(agent) for agent in agents]
    with contextlib.suppress(OSError):
        _write(place, [_as_data(text) for text in texts])
    return texts


def _key(agents: Iterable[Agent]) -> str:
    digest = hashlib.sha256(_readers_digest())
    for agent in agents:
        for text in (agent.name, agent.description, agent.body[:BODY_CHARACTERS]):
            data = text.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(data))
            digest.update(data)
    return digest.hexdigest()[:32]


@cache
def _readers_digest() -> bytes:
    """What the reading depends on besides the agents: the code and the concepts."""
    folder = files("ironwright.routing")
    whole = b"\0".join(folder.joinpath(name).read_bytes() for name in _READERS)
    return hashlib.sha256(whole).digest()


def _as_data(text: AgentText) -> dict[str, Any]:
    return {
        "words": {field: " ".join(words) for field, words in text.words.items()},
        "concepts": text.concepts,
        "exclusions": [[sentence, " ".join(words)] for sentence, words in text.exclusions],
    }


def _from_data(data: dict[str, Any]) -> AgentText:
    return AgentText(
        {field: words.split() for field, words in data["words"].items()},
        data["concepts"],
        [(sentence, words.split()) for sentence, words in data["exclusions"]],
    )


def _write(place: Path, data: list[dict[str, Any]]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=place.parent, suffix=".tmp")
    try:
        with open(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
        os.replace(temporary, place)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    kept = sorted(place.parent.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[_KEPT_FILES:]:
        old.unlink(missing_ok=True)
