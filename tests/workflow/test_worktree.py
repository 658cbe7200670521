from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ironwright.host.agent_gitdir import user_identity
from ironwright.host.git import open_repository
from ironwright.records.errors import RepositoryError
from ironwright.workflow.commits import commit_work, deliver
from ironwright.workflow.worktree import Workspace, workspace_for

from .conftest import git, user_state

DATE = "2026-01-02T03:04:05Z"


def workspace(repository: Path, tmp_path: Path, run_id: str = "r1") -> Workspace:
    opened = open_repository(repository)
    made = workspace_for(
        opened,
        run_id,
        f"ironwright/{run_id}",
        opened.resolve("HEAD"),
        tmp_path / "worktrees",
        user_identity(opened),
    )
    made.prepare()
    return made


def agent_git(made: Workspace, *arguments: str) -> str:
    """Git as the agent uses it in its worktree."""
    return git(made.tree, *arguments)


def test_the_agents_git_works_on_its_own_directory(repository: Path, tmp_path: Path) -> None:
    before = user_state(repository)
    made = workspace(repository, tmp_path)
    assert agent_git(made, "status", "--porcelain") == ""
    (made.tree / "src" / "lib.rs").write_text("//! Changed.\n")
    assert agent_git(made, "status", "--porcelain") == "M src/lib.rs"
    agent_git(made, "commit", "--quiet", "-am", "Change the crate")
    assert (
        agent_git(made, "log", "-1", "--format=%an <%ae>: %s")
        == "Ada Example <ada@example.org>: Change the crate"
    )
    assert agent_git(made, "log", "--format=%s", "-1", "main") == "Start the crate"
    assert user_state(repository) == before
    assert git(repository, "rev-parse", "ironwright/r1") == git(repository, "rev-parse", "main")


def test_a_snapshot_holds_untracked_files_and_restore_brings_a_state_back(
    repository: Path, tmp_path: Path
) -> None:
    made = workspace(repository, tmp_path)
    start = made.state()
    (made.tree / "new.rs").write_text("new\n")
    (made.tree / "src" / "lib.rs").unlink()
    (made.tree / ".pydantic-ai-harness").mkdir()
    (made.tree / ".pydantic-ai-harness" / "log").write_text("x")
    agent_git(made, "add", "--all")
    agent_git(made, "commit", "--quiet", "-m", "Move things")
    changed = made.state()
    assert changed != start
    made.restore(start)
    assert made.state() == start
    assert not (made.tree / "new.rs").exists()
    assert (made.tree / "src" / "lib.rs").exists()
    made.restore(changed)
    assert made.state().split("@")[0] == changed.split("@")[0]


def test_work_is_one_commit_with_a_factual_message(repository: Path, tmp_path: Path) -> None:
    made = workspace(repository, tmp_path)
    (made.tree / "src" / "lib.rs").write_text("//! Changed.\n")
    task = "Add a function that parses durations such as 3h20m, with tests for every unit and for nonsense"
    work = commit_work(made, task, "engineer", DATE)
    again = commit_work(made, task, "engineer", DATE)
    assert work.head == again.head
    assert len(work.commits) == 1
    assert user_state(repository)["refs"].count("\n") == 0
    deliver(made, work)
    deliver(made, work)
    message = git(repository, "log", "-1", "--format=%B", "ironwright/r1")
    assert message.splitlines()[0].startswith("Add a function that parses durations")
    assert len(message.splitlines()[0]) <= 72
    assert message.endswith("Ironwright-Agent: engineer\nIronwright-Run: r1")
    assert git(repository, "log", "-1", "--format=%ae", "ironwright/r1") == "ada@example.org"
    assert git(repository, "fsck", "--strict") == ""


def test_the_agents_commits_are_kept_without_advertising(repository: Path, tmp_path: Path) -> None:
    made = workspace(repository, tmp_path)
    (made.tree / "tests").mkdir()
    (made.tree / "tests" / "one.rs").write_text("#[test]\nfn one() {}\n")
    agent_git(made, "add", "--all")
    agent_git(
        made, "-c", "user.name=Robot", "commit", "--quiet", "-m",
        "Test the unit\n\n🤖 Generated with a tool\n\nCo-Authored-By: Claude <noreply@anthropic.com>",
    )  # fmt: skip
    (made.tree / "src" / "lib.rs").write_text("//! Changed.\n")
    agent_git(made, "commit", "--quiet", "-am", "Implement the unit")
    (made.tree / "late.txt").write_text("left uncommitted\n")
    work = commit_work(made, "Add a unit", "engineer", DATE)
    assert [subject for _, subject in work.commits] == ["Test the unit", "Implement the unit", "Add a unit"]
    deliver(made, work)
    log = git(repository, "log", "--format=%an|%B", "main..ironwright/r1")
    assert "Robot" not in log
    assert "Claude" not in log
    assert log.count("Ironwright-Run: r1") == 3
    assert any("advertise" in note for note in work.notes)


def test_a_merge_by_the_agent_is_folded_into_one_commit(repository: Path, tmp_path: Path) -> None:
    made = workspace(repository, tmp_path)
    agent_git(made, "checkout", "--quiet", "-b", "side")
    (made.tree / "side.txt").write_text("side\n")
    agent_git(made, "add", "--all")
    agent_git(made, "commit", "--quiet", "-m", "Side")
    agent_git(made, "checkout", "--quiet", "main")
    agent_git(made, "merge", "--quiet", "--no-ff", "-m", "Merge", "side")
    work = commit_work(made, "Do it", "engineer", DATE)
    assert [subject for _, subject in work.commits] == ["Do it"]
    assert any("one line" in note for note in work.notes)


def test_what_the_agent_does_to_its_git_directory_never_reaches_the_host(
    repository: Path, tmp_path: Path
) -> None:
    made = workspace(repository, tmp_path)
    witness = tmp_path / "witness"
    victim = tmp_path / "victim"
    victim.write_text("precious")
    agent_git(made, "config", "filter.evil.clean", f"touch {witness}; cat")
    agent_git(made, "config", "core.fsmonitor", f"touch {witness}")
    hook = made.agent_gitdir.folder / "hooks" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {witness}\n")
    hook.chmod(0o755)
    (made.tree / ".gitattributes").write_text("*.rs filter=evil\n")
    (made.tree / "src" / "lib.rs").write_text("//! Changed.\n")
    start = made.state()
    (made.tree / ".git").unlink()
    (made.tree / ".git").symlink_to(victim)
    head = made.agent_gitdir.folder / "HEAD"
    ref = made.agent_gitdir.folder / "refs" / "heads" / "ironwright" / "r1"
    ref.unlink()
    ref.symlink_to(victim)
    head.unlink()
    head.symlink_to(victim)
    with pytest.raises(RepositoryError, match="HEAD"):
        made.agent_gitdir.head()
    assert made.state() == start.partition("@")[0] + "@"
    assert any("could not be used" in note for note in commit_work(made, "Do it", "engineer", DATE).notes)
    made.agent_gitdir.set_head("ironwright/r1", made.base)
    assert made.state() == start
    commit_work(made, "Do it", "engineer", DATE)
    made.hand_back()
    assert victim.read_text() == "precious"
    assert not witness.exists()
    assert git(made.tree, "status", "--porcelain") == "M src/lib.rs\n?? .gitattributes"
    made.remove()
    assert victim.read_text() == "precious"


def test_damaged_objects_are_not_imported(repository: Path, tmp_path: Path) -> None:
    made = workspace(repository, tmp_path)
    (made.tree / "a.txt").write_text("a\n")
    agent_git(made, "add", "--all")
    agent_git(made, "commit", "--quiet", "-m", "Add a")
    blob = agent_git(made, "rev-parse", "HEAD:a.txt")
    (made.tree / "a.txt").write_text("b\n")
    agent_git(made, "commit", "--quiet", "-am", "Change a")
    path = made.agent_gitdir.objects / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"no object")
    work = commit_work(made, "Do it", "engineer", DATE)
    assert [subject for _, subject in work.commits] == ["Do it"]
    assert any("could not be used" in note for note in work.notes)


def test_borrowing_from_elsewhere_is_noticed(repository: Path, tmp_path: Path) -> None:
    made = workspace(repository, tmp_path)
    (made.tree / "a.txt").write_text("a\n")
    agent_git(made, "add", "--all")
    agent_git(made, "commit", "--quiet", "-m", "Add a")
    alternates = made.agent_gitdir.objects / "info" / "alternates"
    alternates.write_text(alternates.read_text() + str(tmp_path) + "\n")
    work = commit_work(made, "Do it", "engineer", DATE)
    assert any("borrows" in note for note in work.notes)


def test_preparing_again_after_an_interruption_starts_afresh(repository: Path, tmp_path: Path) -> None:
    made = workspace(repository, tmp_path)
    (made.tree / "half.txt").write_text("half")
    made.prepare()
    assert not (made.tree / "half.txt").exists()
    assert git(repository, "worktree", "list").count("\n") == 1


def test_removal_leaves_only_the_branch(repository: Path, tmp_path: Path) -> None:
    before = user_state(repository)
    made = workspace(repository, tmp_path)
    (made.tree / "new.rs").write_text("new\n")
    made.state()
    made.remove()
    assert not made.area.exists()
    assert git(repository, "worktree", "list").count("\n") == 0
    assert not (repository / ".git" / "worktrees" / "r1").exists()
    assert git(repository, "branch", "--list", "ironwright/*") == "ironwright/r1"
    assert user_state(repository) == before
    loose = subprocess.run(
        ["git", "fsck", "--unreachable"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert "unreachable" not in loose.stdout


def test_the_users_own_worktree_on_a_disk_that_is_away_is_not_forgotten(
    repository: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    git(repository, "worktree", "add", "--quiet", "-b", "own", str(own))
    own.rename(tmp_path / "away")
    workspace(repository, tmp_path).remove()
    assert (repository / ".git" / "worktrees" / "own").is_dir()


def test_a_worktree_whose_folder_is_gone_is_removed_for_good(repository: Path, tmp_path: Path) -> None:
    made = workspace(repository, tmp_path)
    made.tree.rename(tmp_path / "gone")
    made.hand_back()
    made.remove()
    assert git(repository, "worktree", "list").count("\n") == 0


def test_a_repository_that_borrows_its_objects_works_too(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--shared", str(repository), str(clone))
    git(clone, "config", "user.name", "Ada Example")
    git(clone, "config", "user.email", "ada@example.org")
    made = workspace(clone, tmp_path)
    assert len(made.agent_gitdir.borrowed) == 2
    (made.tree / "a.txt").write_text("a\n")
    agent_git(made, "add", "--all")
    agent_git(made, "commit", "--quiet", "-m", "Add a")
    work = commit_work(made, "Do it", "engineer", DATE)
    assert [subject for _, subject in work.commits] == ["Add a"]
