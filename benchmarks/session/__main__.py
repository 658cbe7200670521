"""A scripted task of ten turns: what we add to each request, and the time between reply and request.

The model is a scripted server in this process, so that the figures of the two harnesses, each in a process
of its own, hold only their own work. Ironwright runs as in a run: every step durable (DBOS, SQLite),
journalled, guarded, the worktree snapshotted, every command in the sandbox, and every request through the
process that keeps answers so that none is paid twice. The bare agent is pydantic-ai with one tool that runs
commands unsandboxed and remembers nothing; "unrecorded" is Ironwright without that process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.session.harnesses import DEFINITION, TASK
from ironwright.testing.scripted_model import Received, ScriptedServer, ToolUse, Turn

MOST_ADDED_BYTES = 4096
MOST_OVERHEAD_MS = 20.0
MOST_MEMORY_MB = 200.0
ROUNDS = 3

# (tool, arguments, the same as a shell command)
_STEPS: Sequence[tuple[str, dict[str, Any], str]] = (
    ("read_file", {"path": "src/lib.rs"}, "cat src/lib.rs"),
    ("run_command", {"command": "ls -la"}, "ls -la"),
    ("write_file", {"path": "notes.md", "content": "# Notes\n"}, "echo '# Notes' > notes.md"),
    ("run_command", {"command": "grep -rn fn src"}, "grep -rn fn src"),
    (
        "edit_file",
        {"path": "src/lib.rs", "old_text": "    1\n", "new_text": "    2\n"},
        "sed -i 's/    1/    2/' src/lib.rs",
    ),
    ("run_command", {"command": "cat src/lib.rs"}, "cat src/lib.rs"),
    ("read_file", {"path": "notes.md"}, "cat notes.md"),
    ("run_command", {"command": "true"}, "true"),
    ("run_command", {"command": "cat Cargo.toml"}, "cat Cargo.toml"),
)


@dataclass(frozen=True)
class Figures:
    """What one harness did in one round."""

    first_bytes: int
    total_bytes: int
    added_bytes: int
    gaps_ms: tuple[float, ...]
    cpu_seconds: float
    peak_mb: float

    @property
    def overhead_ms(self) -> float:
        """Milliseconds between a reply and the next request, the median of the turns."""
        return median(self.gaps_ms)


def _script(own_tools: bool) -> Any:
    def turn(request: Received) -> Turn:
        position = sum(1 for message in request.json["messages"] if message["role"] == "assistant")
        if position == len(_STEPS):
            return Turn("Done: the number is two now.")
        tool, args, command = _STEPS[position]
        use = ToolUse(tool, args) if own_tools else ToolUse("bash", {"command": command})
        return Turn(f"Step {position + 1}.", [use])

    return turn


def measure(harness: str) -> Figures:
    """Let one harness do the ten turns in a process of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="ironwright-bench-") as folder,
        ScriptedServer(_script(harness != "bare")) as server,
    ):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.session.harnesses", harness, folder, server.url],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"{harness} failed:\n{done.stderr}")
        own = json.loads(done.stdout.splitlines()[-1])
        sizes = [len(request.body) for request in server.requests]
        if len(sizes) != len(_STEPS) + 1:
            raise SystemExit(f"{harness} sent {len(sizes)} requests instead of {len(_STEPS) + 1}")
        gaps = [
            1000 * (request.at - replied)
            for replied, request in zip(server.answered, server.requests[1:], strict=False)
        ]
    return Figures(
        first_bytes=sizes[0],
        total_bytes=sum(sizes),
        added_bytes=sizes[0] - len(json.dumps(DEFINITION)) - len(json.dumps(TASK)),
        gaps_ms=tuple(gaps),
        cpu_seconds=own["cpu_seconds"],
        peak_mb=own["peak_mb"],
    )


def main() -> int:
    """Measure both in turns, print the table, and say whether the goals are met."""
    rounds = {name: [measure(name) for _ in range(ROUNDS)] for name in ("bare", "unrecorded", "ironwright")}
    print(f"{'':12} {'first':>7} {'total':>8} {'added':>7} {'a turn':>9} {'CPU':>7} {'peak RSS':>9}")
    best = {}
    for name, figures in rounds.items():
        overhead = min(item.overhead_ms for item in figures)
        best[name] = (figures[0].added_bytes, overhead, median(item.peak_mb for item in figures))
        print(
            f"{name:12} {figures[0].first_bytes:>5} B {figures[0].total_bytes / 1024:>5.1f} KB "
            f"{figures[0].added_bytes:>5} B {overhead:>6.1f} ms "
            f"{min(item.cpu_seconds for item in figures):>5.2f} s {best[name][2]:>6.0f} MB"
        )
    added, overhead, memory = best["ironwright"]
    goals = (
        (f"adds {added} B to a definition (at most {MOST_ADDED_BYTES})", added <= MOST_ADDED_BYTES),
        (f"{overhead:.1f} ms a turn (at most {MOST_OVERHEAD_MS:g})", overhead <= MOST_OVERHEAD_MS),
        (f"peak memory {memory:.0f} MB (below {MOST_MEMORY_MB:g})", memory < MOST_MEMORY_MB),
    )
    for text, met in goals:
        print(f"{'met   ' if met else 'MISSED'} {text}")
    return 0 if all(met for _, met in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
