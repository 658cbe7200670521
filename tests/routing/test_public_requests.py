"""The weights that come with the program, on the public requests, where they are present."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from ironwright.records.definition import Agent
from ironwright.routing.agent_text import read_agent
from ironwright.routing.route import Router

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "routing-queries.jsonl.gz").exists(), reason="needs the public requests")
def test_public_requests_reach_the_agent_that_they_name() -> None:
    # The weights were learned from these requests: this guards the code. What they are worth on collections
    # that were not learned from, benchmarks/routing measures.
    collections: dict[str, list[Agent]] = defaultdict(list)
    with gzip.open(DATA / "routing-agents.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            found = Agent(row["name"], row["description"], row["name"], "", row["body"], 1)
            collections[row["collection"]].append(found)
    with gzip.open(DATA / "routing-queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        requests = [json.loads(line) for line in lines]
    routers = {
        name: Router(agents, [read_agent(one) for one in agents]) for name, agents in collections.items()
    }
    first = three = 0
    for row in requests:
        candidates = routers[row["collection"]].route(row["utterance"]).candidates
        first += row["agent"] in candidates[0].tiers
        three += any(row["agent"] in candidate.tiers for candidate in candidates[:3])
    assert first / len(requests) >= 0.62
    assert three / len(requests) >= 0.82
