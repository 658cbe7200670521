"""Reads the public collections of agents and the requests that name one of them."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ironwright.records.definition import Agent
from ironwright.routing.agent_text import AgentText, read_agent
from ironwright.routing.request import Request, read_request

DATA = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Collection:
    """The agents of one public repository and the requests for them.

    Attributes:
        name: The repository, as ``owner+name``.
        agents: Its agents, example dialogues cut out of their descriptions.
        texts: The same as routing reads them.
        requests: Each request, as text and as read, and the number of the agent that its author meant.
    """

    name: str
    agents: Sequence[Agent]
    texts: Sequence[AgentText]
    requests: Sequence[tuple[str, Request, int]]


def load_collections(folder: Path = DATA) -> Mapping[str, Collection]:
    """Read ``routing-agents.jsonl.gz`` and ``routing-queries.jsonl.gz`` of a folder.

    Raises:
        FileNotFoundError: They are not there.
    """
    agents: dict[str, list[Agent]] = defaultdict(list)
    with gzip.open(folder / "routing-agents.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            agent = Agent(row["name"], row["description"], f"{row['name']}.md", "", row["body"], 1)
            agents[row["collection"]].append(agent)
    numbers = {name: {agent.name: i for i, agent in enumerate(group)} for name, group in agents.items()}
    requests: dict[str, list[tuple[str, Request, int]]] = defaultdict(list)
    with gzip.open(folder / "routing-queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            meant = numbers[row["collection"]][row["agent"]]
            requests[row["collection"]].append((row["utterance"], read_request(row["utterance"]), meant))
    return {
        name: Collection(name, group, [read_agent(agent) for agent in group], requests[name])
        for name, group in agents.items()
    }
