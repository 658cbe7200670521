"""Prints precision and recall of contract recognition for each gate, on ``labels.tsv``.

The labels name a line of a public definition, the gate that it asks for (``-`` for none) and the parameters
that it states; the definitions' text is not ours and is read from an archive. The lines are those on which
an early recogniser found a gate, and lines about Rust that hold a word which gates are about (``clippy``,
``coverage``, ``unwrap`` …), each read and labelled by hand. Recall is therefore recall among such lines.
Both parts were visible while phrasings were written: the held-out part shows whether a change made for one
half of the files hurts the other, not how unseen prose fares.

Usage: ``python -m benchmarks.contract [ARCHIVE]``; ``IRONWRIGHT_DEFINITIONS`` names the archive as well.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tarfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ironwright.agents.parse import parse_agent
from ironwright.contract.recognise import recognise
from ironwright.gates.catalog import gates

ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "data" / "definitions.tar.gz"
Labels = dict[tuple[str, int], dict[str, Mapping[str, Any]]]


def main() -> int:
    """Measure and print; 0 as well where there is nothing to measure on."""
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("IRONWRIGHT_DEFINITIONS")
    archive = Path(named) if named else ARCHIVE
    if not archive.is_file():
        print(f"skipped: the labelled definitions are not here ({archive})")
        return 0
    parts = _labels()
    wanted = {path for labels in parts.values() for path, _ in labels}
    found, seconds = _recognised(archive, wanted)
    missing = wanted - found.keys()
    if missing:
        print(f"the archive lacks {len(missing)} labelled files, for example {min(missing)}")
        return 1
    for part, labels in parts.items():
        _print_part(part, labels, found)
    print(f"\n{len(wanted)} files, {1000 * seconds / len(wanted):.0f} ms of CPU a file")
    return 0


def _labels() -> dict[str, Labels]:
    parts: dict[str, Labels] = defaultdict(lambda: defaultdict(dict))
    with (Path(__file__).parent / "labels.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            labelled = parts[row["part"]][row["path"], int(row["line"])]
            if row["gate"] != "-":
                labelled[row["gate"]] = json.loads(row["params"])
    return parts


def _recognised(
    archive: Path, wanted: set[str]
) -> tuple[dict[str, dict[int, dict[str, dict[str, Any]]]], float]:
    """Gates and parameters by file and line, and the CPU seconds that recognition took."""
    catalog = gates()
    found: dict[str, dict[int, dict[str, dict[str, Any]]]] = {}
    seconds = 0.0
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.name in wanted else None
            if file is None:
                continue
            agent = parse_agent(file.read(), member.name)
            lines: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
            started = time.process_time()
            for clause in recognise(agent, catalog):
                if clause.gate:
                    lines[clause.line][clause.gate] = json.loads(json.dumps(dict(clause.params)))
            seconds += time.process_time() - started
            found[member.name] = lines
    return found, seconds


def _print_part(part: str, labels: Labels, found: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> None:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    params_right = 0
    for (path, line), truth in labels.items():
        answer = found[path].get(line, {})
        for gate in truth.keys() | answer.keys():
            if gate in truth and gate in answer:
                right[gate] += 1
                params_right += truth[gate] == answer[gate]
            elif gate in answer:
                wrong[gate] += 1
            else:
                missed[gate] += 1
    print(f"\n{part}: {len(labels)} lines of {len({path for path, _ in labels})} files")
    print(f"{'gate':26} {'right':>5} {'wrong':>5} {'missed':>6} {'precision':>9} {'recall':>7}")
    for gate in sorted({*right, *wrong, *missed}):
        _print_row(gate, right[gate], wrong[gate], missed[gate])
    _print_row("all", right.total(), wrong.total(), missed.total())
    print(f"parameters right on {params_right} of {right.total()}")


def _print_row(name: str, right: int, wrong: int, missed: int) -> None:
    precision = f"{100 * right / (right + wrong):.1f}" if right + wrong else "-"
    recall = f"{100 * right / (right + missed):.1f}" if right + missed else "-"
    print(f"{name:26} {right:5} {wrong:5} {missed:6} {precision:>9} {recall:>7}")


if __name__ == "__main__":
    sys.exit(main())
