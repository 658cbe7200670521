"""Lints public definitions, repeated to at least 3,000 files, and counts the findings of each rule.

``judged.tsv`` holds what reading the findings gave: rule, how many were read, how many were right. The
definitions' text is not ours and is read from an archive.

Usage: ``python -m benchmarks.lint [ARCHIVE]``; ``IRONWRIGHT_DEFINITIONS`` names the archive as well.
Exit code 1 where 3,000 files take more than 10 seconds of CPU, or a repaired file reads differently.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import tarfile
import tempfile
import time
from collections import Counter
from pathlib import Path

from ironwright.agents.fix import propose_fix
from ironwright.agents.lint import lint_paths
from ironwright.agents.parse import parse_agent

ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "data" / "definitions.tar.gz"
FILES = 3000
GOAL_SECONDS = 10.0


def main() -> int:
    """Print time, findings and repairs."""
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("IRONWRIGHT_DEFINITIONS")
    archive = Path(named) if named else ARCHIVE
    if not archive.is_file():
        print(f"there is no archive of definitions at {archive}; name one")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        home = root / "home"
        home.mkdir()
        with tarfile.open(archive) as packed:
            packed.extractall(root / "public", filter="data")
        findings = Counter(item.rule for item in lint_paths([root / "public"], home, home))
        _print_findings(findings)
        same = _repairs(root / "public")
        fast = _time(root, home)
    return 0 if fast and same else 1


def _print_findings(findings: Counter[str]) -> None:
    with (Path(__file__).parent / "judged.tsv").open(encoding="utf-8", newline="") as file:
        judged = {row["rule"]: row for row in csv.DictReader(file, delimiter="\t")}
    print("| rule | findings | read by hand | right |")
    print("|---|---:|---:|---:|")
    for rule in sorted({*findings, *judged}):
        row = judged.get(rule, {"read": "0", "right": ""})
        print(f"| {rule} | {findings[rule]} | {row['read']} | {row['right']} |")


def _repairs(folder: Path) -> bool:
    broken = repaired = 0
    for path in sorted(folder.rglob("*.md")):
        agent = parse_agent(path.read_bytes(), path)
        if all(item.rule != "broken-frontmatter" for item in agent.findings):
            continue
        broken += 1
        fix = propose_fix(path)
        if fix is None:
            continue
        after = parse_agent(fix.after, path)
        was = (agent.name, agent.description, agent.body)
        repaired += was == (after.name, after.description, after.body)
    print(f"\nrepaired, and read as before: {repaired} of {broken} broken frontmatters")
    return repaired == broken


def _time(root: Path, home: Path) -> bool:
    big, count, copies = root / "big", 0, 0
    while count < FILES:
        copies += 1
        shutil.copytree(root / "public", big / str(copies))
        count = sum(1 for _ in big.rglob("*.md"))
    started = time.process_time()
    lint_paths([big], home, home)
    seconds = time.process_time() - started
    fast = seconds < GOAL_SECONDS
    print(
        f"{count} files: {seconds:.1f} s of CPU, one core ({'below' if fast else 'ABOVE'} {GOAL_SECONDS:g} s)"
    )
    return fast


if __name__ == "__main__":
    sys.exit(main())
