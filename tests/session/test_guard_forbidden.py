from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.session.guard import Guard
from ironwright.session.worktree_files import WorktreeFiles


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        ("git stash", True),
        ("cd a && git -C b stash pop", True),
        ("git status", False),
        ("echo git stash", False),
    ],
)
def test_a_forbidden_command_is_refused_before_it_runs(tmp_path: Path, command: str, refused: bool):
    guard = Guard(WorktreeFiles(tmp_path, "/w/repo"), forbidden=("git stash",))
    found = guard.refusal("run_command", {"command": command})
    assert (found is not None) is refused
    if found is not None:
        assert found.rule == "forbidden_command"
        assert "`git stash`" in found.reason
