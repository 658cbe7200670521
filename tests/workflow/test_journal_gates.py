"""What the gates on a run's journal say of a run through the real engine, sandbox, guards and git."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ironwright.records.journal import EventKind, read_journal
from ironwright.records.paths import ProjectPaths
from ironwright.records.report import Outcome, RunReport
from ironwright.workflow.launch import run_task
from ironwright.workflow.request import RunRequest
from ironwright.workflow.run_store import RunStore

from .conftest import git

AGENT = """---
name: builder
description: Builds what a design says.
---
- Read CLAUDE.md and the design document before you write anything.
- Read the full, unfiltered output of cargo.
- Never run `git stash`.
- When something does not compile or a test fails, stop and find the cause before you go on.
- Commit messages must be factual, not promotional.
"""
TASK = "Build what docs/design.md says"
OLD = "//! Small.\n"
BROKEN = OLD + "\npub fn two() -> u32 {\n    2u64\n}\n"
GOOD = OLD + "\npub fn two() -> u32 {\n    2\n}\n"
GATES = ("filtered_output", "forbidden_commands", "ignored_failure", "promotional_commits", "unread_files")


def call(tool: str, **args: str) -> dict[str, Any]:
    return {"tool": tool, "args": args}


def shell(command: str) -> dict[str, Any]:
    return call("run_command", command=command)


READ = call("read_file", path="docs/design.md")
DONE = {"text": "Done."}


@pytest.fixture
def project(repository: Path) -> Path:
    for path, text in {
        ".claude/agents/builder.md": AGENT,
        "CLAUDE.md": "Keep it small.\n",
        "docs/design.md": "There is a function `two`.\n",
        "src/lib.rs": OLD,
    }.items():
        place = repository / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Add a design")
    return repository


@pytest.fixture
def play(project: Path, tmp_path: Path) -> Callable[..., RunReport]:
    def run(*turns: Sequence[dict[str, Any]] | dict[str, Any], repairs: int = 0) -> RunReport:
        written = [turn if isinstance(turn, dict) else {"text": "", "calls": list(turn)} for turn in turns]
        recording = tmp_path / "recording.json"
        recording.write_text(json.dumps({"version": 1, "name": "builder", "turns": written}))
        request = RunRequest(TASK, project, agent="builder", recording=recording, repairs=repairs)
        return run_task(request)

    return run


def verdicts(report: RunReport, attempt: int = -1) -> dict[str, str]:
    check = report.attempts[attempt].check
    assert check is not None
    return {verdict.gate: verdict.status.value for verdict in check.verdicts if verdict.gate in GATES}


@pytest.mark.slow
def test_work_in_good_order_passes_them_all(play: Callable[..., RunReport], project: Path) -> None:
    report = play(
        [READ],
        [call("write_file", path="src/lib.rs", content=BROKEN), shell("cargo check")],
        [shell("cargo check 2>&1 | tail -2"), shell("cd src && git stash")],
        [call("write_file", path="src/lib.rs", content=GOOD), shell("cargo check")],
        [shell("git add -A && git commit -q -m 'Add two as the design says'")],
        DONE,
    )
    assert verdicts(report) == dict.fromkeys(GATES, "PASS")
    assert report.outcome is Outcome.DELIVERED
    journal = read_journal(RunStore(ProjectPaths(project)).find(report.run_id).journal)
    rules = [event.data["rule"] for event in journal if event.kind is EventKind.GUARD_REFUSED]
    assert rules == ["hidden_output", "forbidden_command"]
    started = next(event for event in journal if event.kind is EventKind.ATTEMPT_STARTED)
    assert "CLAUDE.md" in started.data["supplied"]


@pytest.mark.slow
def test_what_was_done_badly_is_refused_and_can_be_put_right(play: Callable[..., RunReport]) -> None:
    report = play(
        [call("write_file", path="src/lib.rs", content=BROKEN), shell("cargo check")],
        [shell("git add -A && git commit -q -m 'Add a production-ready two'")],
        DONE,
        [READ, call("write_file", path="src/lib.rs", content=GOOD), shell("cargo check")],
        [shell("git add -A && git commit -q --amend -m 'Add two as the design says'")],
        DONE,
        repairs=1,
    )
    first = verdicts(report, 0)
    assert first["unread_files"] == first["ignored_failure"] == first["promotional_commits"] == "FAIL"
    check = report.attempts[0].check
    assert check is not None
    said = " ".join(finding.message for verdict in check.verdicts for finding in verdict.findings)
    assert "docs/design.md was never read" in said
    assert "committed what had just failed" in said
    assert verdicts(report) == dict.fromkeys(GATES, "PASS")
    assert report.outcome is Outcome.DELIVERED
