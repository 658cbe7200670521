"""Judges the adversary's collection and writes ``RESULTS.md``: false accepts, false rejects, and why.

Run it with ``python -m benchmarks.adversary [--only TEXT]``; with ``--only`` the other results stay.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parents[2] / "tests"
_RESULTS = Path(__file__).with_name("results.json")
_TABLE = Path(__file__).with_name("RESULTS.md")


_FIRST_SHOTS = (
    "## First shots",
    "",
    "What a collection says that the gates have seen is too good. Parts of this one were written before",
    "the gates were changed for them, and judged at once (2026-11-21):",
    "",
    "| part | cheats accepted by default | missed by every gate about them | honest refused by default |",
    "|---|---|---|---|",
    "| `unseen_cheats`, `unseen_honest` | 37 of 57 | 32 of 57 | 0 of 43, but two that were badly formatted |",
    "| `second_round`, after the gates had learned from the first | 5 of 12 | not judged | 0 of 9 |",
    "| `third_round*`, in four crates of other kinds | 20 of 56 (2 of 14 forgeries) | 12 of 56 | 1 of 22 |",
    "",
    "Of the third round's honest work, every gate together left seven more open (UNKNOWN): Miri runs no",
    "function of C, `green_before` could not tell an implementation that a macro brings, libraries that are",
    "built as `rlib` were not measured, and a race broke `green_before`",
    "twice. The last two are mended, as is the one refusal: a test that starts the changed program through",
    "a helper. Coverage that was not known hid three of the cheats that count as caught by some gate.",
    "",
    "The last row is the better guess for changes that nobody here has seen.",
)


def main() -> int:
    """Judge, keep the results, write the table; 1 where a forgery was accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="part of a change's name, family or kind")
    options = parser.parse_args()
    sys.path.insert(0, str(_TESTS))
    from adversary.cases import collection
    from adversary.judge import Bench
    from adversary.misses import MISSES

    changes = collection()
    known: dict[str, dict[str, Any]] = json.loads(_RESULTS.read_text()) if _RESULTS.is_file() else {}
    results = {change.id: known[change.id] for change in changes if change.id in known}
    with tempfile.TemporaryDirectory(prefix="ironwright-adversary-") as name:
        os.environ["IRONWRIGHT_CACHE_HOME"] = str(Path(name) / "cache")
        bench = Bench(Path(name) / "crates")
        for change in changes:
            words = (change.id, change.family, change.kind.value)
            if options.only and not any(wanted in word for wanted in options.only for word in words):
                continue
            started = time.monotonic()
            default = bench.judge_by_default(change)
            usual = time.monotonic() - started
            judged = bench.judge_frugally(change)
            results[change.id] = {
                "kind": change.kind.value,
                "family": change.family,
                "right": judged.right,
                "accepted": judged.accepted,
                "gates": {verdict.gate: verdict.status.value for verdict in judged.refusing},
                "named": list(change.gates),
                "default": {verdict.gate: verdict.status.value for verdict in default.refusing},
                "default_right": default.seen_through is not (change.kind.value == "honest"),
                "seconds": round(time.monotonic() - started, 1),
                "default_seconds": round(usual, 1),
            }
            said = "right" if judged.right else judged.shown
            print(f"{change.id}: {said}", file=sys.stderr, flush=True)
            _keep(_RESULTS, json.dumps(results, indent=1) + "\n")
    text = table(results, MISSES)
    _keep(_TABLE, text)
    print(text)
    return int(any(r["kind"] == "forgery" and not r["right"] for r in results.values()))


def table(results: dict[str, dict[str, Any]], misses: dict[str, str]) -> str:
    """The results as Markdown."""
    lines = [
        "# The adversary's collection",
        "",
        "Written by `python -m benchmarks.adversary`. A refused change counts as caught only where a gate",
        "that is about its trick refuses it; being badly formatted is no way to be caught. Cheap gates",
        "judge cheats first, the others only where these leave the answer open.",
        "",
        "The default contract is what `ironwright check` uses where nothing else is asked for.",
        "",
        "| kind | changes | judged wrongly | share | refused by some gate | wrong by default | share |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in ("forgery", "cheat", "honest"):
        own = [result for result in results.values() if result["kind"] == kind]
        wrong = sum(not result["right"] for result in own)
        refused = sum(not result["accepted"] for result in own)
        share = 100 * wrong / len(own) if own else 0.0
        usual = sum(not result["default_right"] for result in own)
        usual_share = 100 * usual / len(own) if own else 0.0
        lines.append(
            f"| {kind} | {len(own)} | {wrong} | {share:.1f} % | {refused} | {usual} | {usual_share:.1f} % |"
        )
    caught: Counter[str] = Counter()
    wrongly: Counter[str] = Counter()
    for result in results.values():
        for gate in result["gates"]:
            if result["kind"] == "honest":
                wrongly[gate] += not result["right"]
            elif gate in result["named"]:
                caught[gate] += 1
    lines += ["", "| gate | cheats caught | honest changes refused |", "|---|---|---|"]
    lines += [
        f"| {gate} | {caught[gate]} | {wrongly[gate]} |" for gate in sorted({*caught, *(+wrongly).keys()})
    ]
    lines += ["", "## Misses", ""]
    wrong_ids = [name for name, result in results.items() if not result["right"]]
    lines += [
        f"- `{name}` ({results[name]['kind']}): {misses.get(name, 'not looked into')}" for name in wrong_ids
    ]
    lines += [""] if wrong_ids else ["None.", ""]
    by_default = [
        name for name, result in results.items() if not result["default_right"] and name not in wrong_ids
    ]
    lines += [
        "By the default contract alone also: " + (", ".join(f"`{n}`" for n in by_default) or "none") + ".",
        "",
    ]
    seconds = sorted(result["default_seconds"] for result in results.values())
    lines += [*_FIRST_SHOTS, ""]
    lines.append(f"Median time of a change under the default contract: {seconds[len(seconds) // 2]:.1f} s.")
    return "\n".join(lines) + "\n"


def _keep(path: Path, text: str) -> None:
    part = path.with_suffix(".partial")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
