"""Prints how often the right agent comes first, for each collection by weights of the others alone.

``python -m benchmarks.routing [--write FILE]``. Offline; needs the public collections. The intervals are
those of 1,000 resamplings of a collection's requests (95 %).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.routing.collections import DATA, Collection, load_collections
from benchmarks.routing.learn import learn
from ironwright.routing.agent_index import AgentIndex
from ironwright.routing.mentions import group_twins
from ironwright.routing.request import read_request
from ironwright.routing.weights import MANY_AGENTS, Weights, yardstick
from ironwright.routing.words import Bm25, stems

_RESAMPLINGS = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request got.

    Attributes:
        rank: The meant agent's, from 0.
        accepted: Whether the first was accepted.
        lead: How far it led, as log-odds.
        agents: Among how many.
    """

    rank: int
    accepted: bool
    lead: float = 0.0
    agents: int = 0


def answers(collection: Collection, weights: Weights) -> list[Answer]:
    """The answers to a collection's requests; standard and advanced twins are one candidate."""
    index = AgentIndex(collection.texts, weights)
    twins = group_twins([agent.name for agent in collection.agents])
    found = []
    for _, request, meant in collection.requests:
        scores = index.scores(request)
        best = sorted(((max(scores[i] for i in group), -group[0], group) for group in twins), reverse=True)
        rank = next(place for place, (_, _, group) in enumerate(best) if meant in group)
        lead = best[0][0] - best[1][0] if len(best) > 1 else float("inf")
        fits = best[0][0] > weights.least * yardstick(len(scores), len(request.words))
        found.append(Answer(rank, fits and lead >= weights.lead(len(scores)), lead, len(scores)))
    return found


def baseline(collection: Collection) -> list[Answer]:
    """The same for BM25 over name, description and body as one text."""
    index = Bm25([stems(f"{one.name} {one.description} {one.body}") for one in collection.agents])
    found = []
    for text, _, meant in collection.requests:
        scores = index.scores(stems(text))
        found.append(Answer(sum(score > scores[meant] for score in scores), accepted=False))
    return found


def line(name: str, agents: int, found: Sequence[Answer], plain: Sequence[Answer]) -> str:
    """A row of the table."""
    first = _share([one.rank == 0 for one in found])
    three = _share([one.rank < 3 for one in found])
    accepted = [one.rank == 0 for one in found if one.accepted]
    right = _share(accepted) if accepted else "-"
    share = f"{100 * len(accepted) / len(found):.0f}"
    base = f"{100 * sum(one.rank == 0 for one in plain) / len(plain):.0f} / "
    base += f"{100 * sum(one.rank < 3 for one in plain) / len(plain):.0f}"
    return f"| {name} | {agents} | {len(found)} | {base} | {first} | {three} | {share} | {right} |"


def _share(hits: Sequence[bool]) -> str:
    draw = random.Random(1)
    means = sorted(sum(draw.choices(hits, k=len(hits))) / len(hits) for _ in range(_RESAMPLINGS))
    low, high = means[int(0.025 * _RESAMPLINGS)], means[int(0.975 * _RESAMPLINGS)]
    return f"{100 * sum(hits) / len(hits):.1f} ({100 * low:.0f}–{100 * high:.0f})"


def table(collections: Mapping[str, Collection]) -> str:
    """The whole table, each collection answered by what was learned from the others."""
    lines = [
        "| collection | agents | requests | plain BM25, first / first three | right first % (95 %) "
        "| right in first three % | accepted % | right of these % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    everything: list[Answer] = []
    plain_everything: list[Answer] = []
    for name, collection in collections.items():
        weights = learn([other for other in collections.values() if other is not collection])
        found, plain = answers(collection, weights), baseline(collection)
        lines.append(line(name, len(collection.agents), found, plain))
        print(lines[-1], file=sys.stderr, flush=True)
        everything += found
        plain_everything += plain
    agents = sum(len(collection.agents) for collection in collections.values())
    lines.append(line("all", agents, everything, plain_everything))
    small = [one for one in everything if one.agents <= MANY_AGENTS]
    large = [one for one in everything if one.agents > MANY_AGENTS]
    return "\n".join([*lines, "", *curve(everything, small, large)])


def curve(*groups: Sequence[Answer]) -> list[str]:
    """How many answers lead by how much, and how many of them are right: all, small and large collections."""
    lines = [
        f"| lead, log-odds | all: share %, right % (95 %) | up to {MANY_AGENTS} agents | more agents |",
        "|---|---|---|---|",
    ]
    for lead in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0):
        cells = []
        for group in groups:
            hits = [one.rank == 0 for one in group if one.lead >= lead]
            cells.append(f"{100 * len(hits) / len(group):.0f}, {_share(hits)}" if hits else "-")
        lines.append(f"| {lead} | {' | '.join(cells)} |")
    return lines


def speed(collection: Collection, weights: Weights) -> str:
    """CPU time for the index and for a request, of the largest collection."""
    from ironwright.routing.agent_text import read_agent

    started = time.process_time()
    texts = [read_agent(agent) for agent in collection.agents]
    index = AgentIndex(texts, weights)
    built = time.process_time() - started
    started = time.process_time()
    for text, _, _ in collection.requests:
        index.scores(read_request(text))
    each = 1000 * (time.process_time() - started) / len(collection.requests)
    return f"{len(texts)} agents: index in {built:.2f} s of CPU time, {each:.2f} ms a request"


def main() -> int:
    """Measure and print; exit code 2 where the data are not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    try:
        collections = load_collections()
    except FileNotFoundError as error:
        print(f"the public collections are not in {DATA}: {error}", file=sys.stderr)
        return 2
    from ironwright.routing.weights import load_weights

    largest = max(collections.values(), key=lambda one: len(one.agents))
    text = f"{table(collections)}\n\n{speed(largest, load_weights())}\n"
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
