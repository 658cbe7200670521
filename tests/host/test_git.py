"""Reading and writing a real git repository without touching the user's checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ironwright.host.checkout import GitTree, slot
from ironwright.host.git import Repository, open_repository
from ironwright.host.read_objects import ReadObjects
from ironwright.records.change import FileStatus
from ironwright.records.errors import RepositoryError


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "crate"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "T")
    git(folder, "config", "user.email", "t@localhost")
    (folder / "a.rs").write_text("one\ntwo\nthree\n")
    (folder / 'gone "x".rs').write_text("x\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    (folder / "a.rs").write_text("one\nTWO\nthree\nfour\n")
    (folder / 'gone "x".rs').unlink()
    (folder / "new.rs").write_text("n\n")
    (folder / ".gitattributes").write_text("*.rs binary\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    return open_repository(folder)


def test_diff_names_added_and_removed_lines_even_of_files_declared_binary(repository: Repository) -> None:
    files = repository.diff(repository.tree_of("HEAD~1"), repository.tree_of("HEAD"))
    assert files["a.rs"].added_lines == {2, 4}
    assert files["a.rs"].removed_lines == {2}
    assert files['gone "x".rs'].status is FileStatus.DELETED
    assert files["new.rs"].status is FileStatus.ADDED
    assert files["new.rs"].added_lines == {1}


def test_diff_against_nothing_says_that_everything_is_new(repository: Repository) -> None:
    files = repository.diff(None, repository.tree_of("HEAD"))
    assert {change.status for change in files.values()} == {FileStatus.ADDED}
    assert files["a.rs"].added_lines == {1, 2, 3, 4}


def test_snapshot_takes_uncommitted_work_and_leaves_the_index_alone(
    repository: Repository, tmp_path: Path
) -> None:
    (repository.root / "a.rs").write_text("changed\n")
    (repository.root / "untracked.rs").write_text("u\n")
    (repository.root / ".gitignore").write_text("ignored\n")
    (repository.root / "ignored").write_text("i\n")
    before = (repository.git_dir / "index").read_bytes()
    aside = repository.with_objects(tmp_path / "objects")
    tree = aside.snapshot()
    assert (repository.git_dir / "index").read_bytes() == before
    files = GitTree(aside, tree)
    assert files.read("a.rs") == b"changed\n"
    assert files.read("untracked.rs") == b"u\n"
    assert "ignored" not in files.paths
    assert not repository.git("cat-file", "-e", tree, check=False).ok, "nothing was written to the repository"


def test_a_folder_outside_any_repository_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="not a git repository") as caught:
        open_repository(tmp_path)
    assert "git init" in caught.value.advice


def test_a_repository_without_commits_says_what_to_do(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(RepositoryError, match="no commits yet"):
        open_repository(tmp_path).resolve("HEAD")


def test_a_bare_repository_is_recognised(repository: Repository, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repository.root), "bare.git")
    assert open_repository(tmp_path / "bare.git").bare


def test_hooks_of_the_repository_do_not_run(repository: Repository, tmp_path: Path) -> None:
    hook = repository.root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    hook.chmod(0o755)
    repository.add_worktree(tmp_path / "worktree", "ironwright/x", repository.resolve("HEAD"), {})
    assert (tmp_path / "worktree" / "a.rs").exists()
    assert not (tmp_path / "hook-ran").exists()
    repository.remove_worktree(tmp_path / "worktree")
    assert not (tmp_path / "worktree").exists()


def test_a_checkout_keeps_times_of_unchanged_files_and_renews_changed_ones(
    repository: Repository, tmp_path: Path
) -> None:
    first, second = repository.tree_of("HEAD~1"), repository.tree_of("HEAD")
    with slot(tmp_path / "slots", "head") as place:
        place.lay(repository, first)
        before = (place.tree / "a.rs").stat().st_mtime_ns
        place.lay(repository, first)
        assert (place.tree / "a.rs").stat().st_mtime_ns == before
        place.lay(repository, second)
        middle = (place.tree / "a.rs").stat().st_mtime_ns
        place.lay(repository, first)
        after = (place.tree / "a.rs").stat().st_mtime_ns
    assert before < middle < after, "going back to old content is a change for cargo too"


def test_a_checkout_holds_exactly_the_tree(repository: Repository, tmp_path: Path) -> None:
    with slot(tmp_path / "slots", "head") as place:
        place.lay(repository, repository.tree_of("HEAD~1"))
        (place.tree / "left-over" / "deep").mkdir(parents=True)
        (place.tree / "left-over" / "deep" / "x.rs").write_text("evil")
        (place.tree / "a.rs").write_text("tampered\n")
        place.lay(repository, repository.tree_of("HEAD"), {"extra/m.rs": b"made up", "new.rs": None})
        found = {p.relative_to(place.tree).as_posix() for p in place.tree.rglob("*") if p.is_file()}
        assert found == {"a.rs", ".gitattributes", "extra/m.rs"}
        assert (place.tree / "a.rs").read_text().startswith("one\nTWO")


def test_two_checks_at_once_use_two_slots(tmp_path: Path) -> None:
    with slot(tmp_path, "head") as one, slot(tmp_path, "head") as other:
        assert one.folder != other.folder
    with slot(tmp_path, "head") as again:
        assert again.folder == one.folder


def test_a_tree_reads_submodules_and_links_as_no_files(repository: Repository) -> None:
    (repository.root / "link.rs").symlink_to("/etc/passwd")
    git(repository.root, "add", "-A")
    git(repository.root, "commit", "-qm", "link")
    assert "link.rs" not in GitTree(repository, repository.tree_of("HEAD")).paths


def test_what_a_killed_command_left_in_a_slot_is_gone_at_its_next_use(tmp_path: Path) -> None:
    with slot(tmp_path / "slots", "head") as first:
        left = first.target / "scratch-tree-k3x9" / "repo"
        left.mkdir(parents=True)
        (left / "file").write_text("x")
        left.chmod(0o500)  # a test took the right to write from it
        (first.target / "build").mkdir()
        with slot(tmp_path / "slots", "head") as second:
            assert second.folder != first.folder
            assert left.is_dir(), "another process may be working there"
    with slot(tmp_path / "slots", "head") as again:
        assert again.folder == first.folder
        assert sorted(path.name for path in again.target.iterdir()) == ["build"]


def test_what_was_read_is_not_read_again(repository: Repository) -> None:
    oid = repository.entries(repository.tree_of("HEAD"))["a.rs"].oid
    before = repository.blobs([oid])
    for stored in (repository.git_dir / "objects").glob(f"{oid[:2]}/{oid[2:]}"):
        stored.unlink()
    assert repository.blobs([oid, oid]) == before
    with pytest.raises(RepositoryError, match="missing"):
        open_repository(repository.root).blobs([oid])


def test_what_there_is_no_room_for_is_read_each_time() -> None:
    objects = ReadObjects()
    objects.keep({"large": bytes(49 << 20), "small": b"x"})
    assert objects.known == {"small": b"x"}
