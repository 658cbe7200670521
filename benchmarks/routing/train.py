"""Learns the weights that routing comes with from all public collections, and writes them.

``python -m benchmarks.routing.train`` writes ``src/ironwright/routing/weights.json``; the same data give the
same file. What the weights are worth on collections that they were not learned from, ``python -m
benchmarks.routing`` says.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.routing.collections import DATA, Collection, load_collections
from benchmarks.routing.learn import learn, learn_lead
from ironwright.routing.agent_index import AgentIndex
from ironwright.routing.weights import MANY_AGENTS, WEIGHTS_FILE

TARGET = Path(__file__).parents[2] / "src" / "ironwright" / "routing" / WEIGHTS_FILE


def held_out_leads(collections: Sequence[Collection]) -> tuple[float, float]:
    """The leads to accept, for few and for many agents, by answers of weights learned from the others.

    Leads by weights that were learned from the same requests promise too much.
    """
    few: list[tuple[float, bool]] = []
    many: list[tuple[float, bool]] = []
    for collection in collections:
        weights = learn([other for other in collections if other is not collection])
        index = AgentIndex(collection.texts, weights)
        leads = many if len(collection.texts) > MANY_AGENTS else few
        for _, request, meant in collection.requests:
            scores = index.scores(request)
            first, second = sorted(range(len(scores)), key=lambda i: -scores[i])[:2]
            leads.append((scores[first] - scores[second], first == meant))
        print(f"held out {collection.name}", file=sys.stderr, flush=True)
    return round(learn_lead(few), 3), round(learn_lead(many), 3)


def main() -> int:
    """Learn and write; exit code 2 where the data are not there."""
    try:
        collections = list(load_collections().values())
    except FileNotFoundError as error:
        print(f"the public collections are not in {DATA}: {error}", file=sys.stderr)
        return 2
    weights = learn(collections)
    accept, accept_many = held_out_leads(collections)
    weights = replace(weights, accept=accept, accept_many=accept_many)
    requests = sum(len(collection.requests) for collection in collections)
    data = {
        "source": f"{requests} public requests in {len(collections)} collections, benchmarks/routing",
        "accept": weights.accept,
        "accept_many": weights.accept_many,
        "least": weights.least,
        "signs": weights.signs,
        "habits": weights.habits,
    }
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=False)
    text = text.replace("\n   ", " ").replace("\n  }", "}")  # a word a line keeps the file readable
    temporary = TARGET.with_suffix(".tmp")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(TARGET)
    print(f"{TARGET}: accept {weights.accept} and {weights.accept_many}, least {weights.least}")
    for sign, weight in weights.signs.items():
        print(f"  {sign:<22}{weight:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
