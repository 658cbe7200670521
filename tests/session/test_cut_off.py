from __future__ import annotations

import asyncio

import pytest
from attempt_bench import Bench, git_trees

from ironwright.records.journal import EventKind
from ironwright.session.cut_off import undo_cut_off
from ironwright.session.journal import JournalWriter
from ironwright.testing.scripted_model import ScriptedServer


@pytest.mark.parametrize("dependency", [False, True])
def test_a_call_without_an_end_is_undone_unless_it_is_known_to_have_done_its_work(
    bench: Bench, dependency: bool
) -> None:
    trees = git_trees(bench.worktree, bench.folder / "trees")
    about = {"attempt": "attempt-1", "number": 1, "call": "c", "tool": "run_command"}
    with ScriptedServer([]) as server, JournalWriter(bench.journal) as journal:
        spec = bench.spec(server, journal, trees=trees)
        asyncio.run(undo_cut_off(spec))
        assert journal.events == ()
        before = {**about, "args": {}, "tree_before": trees.snapshot()}
        journal.append(EventKind.TOOL_CALL, before, "attempt-1/tool-1/call")
        bench.file("half.txt").write_text("half")
        if dependency:
            journal.append(EventKind.DEPENDENCY_COMMAND, {}, "attempt-1/tool-1/dependency")
        asyncio.run(undo_cut_off(spec))
        asyncio.run(undo_cut_off(spec))
        (ended,) = [event for event in journal.events if event.kind is EventKind.TOOL_RESULT]
        assert ended.data["outcome"] == "failed"
        assert ended.data["tree_after"] == trees.snapshot()
    assert bench.file("half.txt").exists() == dependency
    assert ended.data["changed"] == (["half.txt"] if dependency else [])
