"""Times the gates against fmt, check, clippy, test, llvm-cov and doc as documented, paired in one run.

Both judge copies of the same published crates, after the same edits, on the same machine, one after the
other. Run it with ``python -m benchmarks.gates [--crates NAME=VERSION,…] [--repeat N]``. It needs
cargo-llvm-cov on PATH (``cargo install cargo-llvm-cov``) for the naive sequence; without it that step is
left out of the naive side and the table says so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.check_history.__main__ import make_history

CRATES = "itoa=1.0.18,semver=1.0.28,regex-syntax=0.8.8"
NAIVE = (
    ("cargo", "fmt", "--check"),
    ("cargo", "check", "--all-targets"),
    ("cargo", "clippy", "--all-targets"),
    ("cargo", "test"),
    ("cargo", "llvm-cov"),
    ("cargo", "doc", "--no-deps"),
)
SETTINGS = "[gates.low_coverage]\nenabled = true\nminimum = 0\n"

Measure = tuple[float, float]
"""Wall and CPU seconds."""


def busy_seconds() -> float:
    """CPU seconds that the whole machine has spent in user and system mode so far (``/proc/stat``)."""
    user, nice, system = (int(field) for field in Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def timed(action: Callable[[], None]) -> Measure:
    """Wall and CPU seconds of an action.

    The machine's own count is taken: what runs under a process namespace of its own is in no parent's
    account. So the CPU columns mean something only where nothing else is running; the load is printed.
    """
    before, started = busy_seconds(), time.monotonic()
    action()
    return time.monotonic() - started, busy_seconds() - before


def naive(folder: Path, steps: tuple[tuple[str, ...], ...], env: Mapping[str, str]) -> None:
    """The usual commands; their answers do not matter here, only that each ran."""
    for step in steps:
        subprocess.run(step, cwd=folder, env=dict(env), capture_output=True, check=False)


def ironwright(folder: Path, env: Mapping[str, str], verdicts: list[str]) -> None:
    """The same by gates, on the uncommitted tree."""
    command = [
        sys.executable,
        "-m",
        "ironwright",
        "check",
        "--head",
        "WORKTREE",
        "--quiet",
        "--format",
        "json",
    ]
    done = subprocess.run(command, cwd=folder, env=dict(env), capture_output=True, text=True, check=False)
    verdicts.append({0: "PASS", 1: "FAIL", 3: "UNKNOWN"}.get(done.returncode, f"exit {done.returncode}"))


def append(folder: Path, text: str) -> None:
    """Write a line at the end of the library."""
    with (folder / "src/lib.rs").open("a") as library:
        library.write(text)


def compare(crate: str, version: str, repeat: int, folder: Path) -> list[str]:
    """The rows of one crate."""
    one = make_history(crate, [version], folder)
    (one / "ironwright.toml").write_text(SETTINGS)
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(one)]
    for command in (["add", "ironwright.toml"], ["commit", "--quiet", "-m", "Set the gates"]):
        subprocess.run([*git, *command], check=True)  # settings that come with the change would be refused
    other = folder / f"{crate}-naive"
    shutil.copytree(one, other)
    env = {key: value for key, value in os.environ.items() if not key.startswith("CARGO_TARGET")}
    env |= {"IRONWRIGHT_CACHE_HOME": str(folder / f"{crate}-cache"), **llvm_tools()}
    steps = tuple(step for step in NAIVE if step[1] != "llvm-cov" or shutil.which("cargo-llvm-cov"))
    rows = []
    edits = {
        "cold": "",
        "one line": "const _: u32 = {n};\n",
        "comment": "// measured {n}\n",
        "nothing": "",
    }
    for scenario, text in edits.items():
        pairs: list[tuple[Measure, Measure]] = []
        verdicts: list[str] = []
        for number in range(1 if scenario == "cold" else repeat):
            for place in (one, other):
                append(place, text.format(n=number))
            theirs = timed(lambda: naive(other, steps, env))
            ours = timed(lambda: ironwright(one, env, verdicts))  # noqa: B023
            pairs.append((theirs, ours))
        rows.append(row(crate, scenario, pairs, verdicts))
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def row(crate: str, scenario: str, pairs: list[tuple[Measure, Measure]], verdicts: list[str]) -> str:
    """Medians of both sides, and the median of the ratios pair by pair."""

    def middle(side: int, kind: int) -> float:
        return statistics.median(pair[side][kind] for pair in pairs)

    wall, cpu = (statistics.median(pair[0][kind] / pair[1][kind] for pair in pairs) for kind in (0, 1))
    return (
        f"| {crate} | {scenario} | {middle(0, 0):.2f} / {middle(1, 0):.2f} | **{wall:.1f}** "
        f"| {middle(0, 1):.2f} / {middle(1, 1):.2f} | {cpu:.1f} | {', '.join(sorted(set(verdicts)))} |"
    )


def llvm_tools() -> dict[str, str]:
    """What cargo-llvm-cov needs to use the LLVM tools of the compiler's own version."""
    from ironwright.host.tools import FoundTool, find_tool

    found = {"LLVM_COV": find_tool("llvm-cov"), "LLVM_PROFDATA": find_tool("llvm-profdata")}
    return {name: str(tool.path) for name, tool in found.items() if isinstance(tool, FoundTool)}


def main() -> None:
    """Run the benchmark and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crates", default=CRATES)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="ironwright-gates-") as name:
        for entry in options.crates.split(","):
            crate, _, version = entry.partition("=")
            rows += compare(crate, version, options.repeat, Path(name))
    steps = [" ".join(step) for step in NAIVE if step[1] != "llvm-cov" or shutil.which("cargo-llvm-cov")]
    print(f"Load when it ended: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.\n")
    print(
        f"Naive: {'; '.join(steps)}. Seconds are naive / ironwright, medians; ratios are medians of pairs.\n"
    )
    print("| crate | after | wall s | times | CPU s | times | verdict |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
