"""Times the gates against fmt, check, clippy, test, llvm-cov and doc as documented, paired in one run.

Both judge copies of the same published crates, after the same edits, on the same machine, one after the
other. Run it with ``python -m benchmarks.gates [--crates NAME,…] [--repeat N]``. It needs cargo-llvm-cov on
PATH (``cargo install cargo-llvm-cov``) for the naive sequence; without it that step is left out of the naive
side and the table says so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.gates.crates import CRATES, Crate, add_comment, add_statement, lay
from benchmarks.gates.measure import Seconds, measured

DEFAULT = "itoa,semver,indexmap,sqlparser,hyperfine,just"
NAIVE = (
    ("cargo", "fmt", "--check"),
    ("cargo", "check", "--all-targets"),
    ("cargo", "clippy", "--all-targets"),
    ("cargo", "test"),
    ("cargo", "llvm-cov"),
    ("cargo", "doc", "--no-deps"),
)
VERDICTS = {0: "PASS", 1: "FAIL", 3: "UNKNOWN"}
Edit = Callable[[Path, Crate, int], None]


def nothing(_repository: Path, _crate: Crate, _number: int) -> None:
    """Edit nothing."""


SCENARIOS: dict[str, Edit] = {
    "cold": nothing,
    "one line": add_statement,
    "comment": add_comment,
    "nothing": nothing,
}


def naive(folder: Path, steps: tuple[tuple[str, ...], ...], env: Mapping[str, str]) -> Seconds:
    """The usual commands; their answers do not matter here, only that each ran."""
    return sum((measured(step, folder, env)[0] for step in steps), Seconds(0, 0))


def ironwright(folder: Path, env: Mapping[str, str], verdicts: list[str]) -> Seconds:
    """The same by gates, on the uncommitted tree."""
    command = (sys.executable, "-m", "ironwright", "check", "--head", "WORKTREE", "--quiet")
    seconds, done = measured((*command, "--format", "json"), folder, env)
    verdicts.append(VERDICTS.get(done.returncode, f"exit {done.returncode}"))
    return seconds


def compare(crate: Crate, repeat: int, folder: Path) -> list[str]:
    """The rows of one crate."""
    one = lay(crate, folder)
    other = folder / f"{crate.name}-naive"
    shutil.copytree(one, other)
    env = surroundings(folder / f"{crate.name}-cache")
    rows = []
    for scenario, edit in SCENARIOS.items():
        pairs: list[tuple[Seconds, Seconds]] = []
        verdicts: list[str] = []
        for number in range(1 if scenario == "cold" else repeat):
            for place in (one, other):
                edit(place, crate, number + 1)
            theirs = naive(other, steps(), env)
            pairs.append((theirs, ironwright(one, env, verdicts)))
        rows.append(row(crate, scenario, pairs, verdicts))
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def steps() -> tuple[tuple[str, ...], ...]:
    """The naive sequence as far as its tools are here."""
    return tuple(step for step in NAIVE if step[1] != "llvm-cov" or shutil.which("cargo-llvm-cov"))


def surroundings(cache: Path) -> dict[str, str]:
    """The environment of both sides: our own with a cache of its own, and what cargo-llvm-cov needs.

    Python keeps its compiled modules, as it does wherever the program is installed.
    """
    from ironwright.host.tools import FoundTool, find_tool

    env = {key: value for key, value in os.environ.items() if not key.startswith("CARGO_TARGET")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    found = {"LLVM_COV": find_tool("llvm-cov"), "LLVM_PROFDATA": find_tool("llvm-profdata")}
    tools = {name: str(tool.path) for name, tool in found.items() if isinstance(tool, FoundTool)}
    return env | {"IRONWRIGHT_CACHE_HOME": str(cache), **tools}


def row(crate: Crate, scenario: str, pairs: list[tuple[Seconds, Seconds]], verdicts: list[str]) -> str:
    """Medians of both sides, and the median of the ratios pair by pair."""

    def shown(read: Callable[[Seconds], float]) -> str:
        theirs, ours = (statistics.median(read(pair[side]) for pair in pairs) for side in (0, 1))
        ratio = statistics.median(read(one) / read(other) for one, other in pairs)
        return f"{theirs:.2f} / {ours:.2f} | **{ratio:.1f}**"

    wall, cpu = shown(lambda seconds: seconds.wall), shown(lambda seconds: seconds.cpu)
    said = ", ".join(sorted(set(verdicts)))
    return f"| {crate.name} ({crate.size}) | {scenario} | {wall} | {cpu} | {said} |"


def main() -> None:
    """Run the benchmark and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crates", default=DEFAULT, help=f"of {', '.join(CRATES)}")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    chosen = options.crates.split(",")
    if unknown := sorted(set(chosen) - CRATES.keys()):
        parser.error(f"there is no {unknown[0]} among {', '.join(CRATES)}")
    before = os.getloadavg()[0]
    rows = []
    with tempfile.TemporaryDirectory(prefix="ironwright-gates-") as name:
        for crate in chosen:
            rows += compare(CRATES[crate], options.repeat, Path(name))
    print(f"`python -m benchmarks.gates --crates {options.crates} --repeat {options.repeat}`, ", end="")
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} processors; ", end="")
    print(f"load {before:.1f} when it began, {os.getloadavg()[0]:.1f} when it ended.\n")
    print(f"Naive: {'; '.join(' '.join(step) for step in steps())}.")
    print("Seconds are naive / ironwright, medians; ratios are medians of pairs.\n")
    print("| crate | after | wall s | times | CPU s | times | verdict |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
