"""Learns the weights that routing comes with from all public collections, and writes them.

``python -m benchmarks.routing.train`` writes ``src/ironwright/routing/weights.json``; the same data give the
same file. What the weights are worth on collections that they were not learned from, ``python -m
benchmarks.routing`` says.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.routing.collections import DATA, load_collections
from benchmarks.routing.learn import learn
from ironwright.routing.weights import WEIGHTS_FILE

TARGET = Path(__file__).parents[2] / "src" / "ironwright" / "routing" / WEIGHTS_FILE


def main() -> int:
    """Learn and write; exit code 2 where the data are not there."""
    try:
        collections = list(load_collections().values())
    except FileNotFoundError as error:
        print(f"the public collections are not in {DATA}: {error}", file=sys.stderr)
        return 2
    weights = learn(collections)
    requests = sum(len(collection.requests) for collection in collections)
    data = {
        "source": f"{requests} public requests in {len(collections)} collections, benchmarks/routing",
        "accept": weights.accept,
        "least": weights.least,
        "signs": weights.signs,
        "habits": weights.habits,
    }
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=False)
    text = text.replace("\n   ", " ").replace("\n  }", "}")  # a word a line keeps the file readable
    temporary = TARGET.with_suffix(".tmp")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(TARGET)
    print(f"{TARGET}: accept {weights.accept}, least {weights.least}")
    for sign, weight in weights.signs.items():
        print(f"  {sign:<22}{weight:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
