from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.session.guard import Guard
from ironwright.session.worktree_files import WorktreeFiles


@pytest.fixture
def files(tmp_path: Path) -> WorktreeFiles:
    (tmp_path / "tree/src").mkdir(parents=True)
    (tmp_path / "tree/src/lib.rs").write_text("x")
    (tmp_path / "outside").write_text("secret")
    return WorktreeFiles(tmp_path / "tree", "/w/repo")


def test_files_are_read_written_listed_and_removed(files: WorktreeFiles, tmp_path: Path) -> None:
    files.write("/w/repo/a/b/c.txt", b"one")
    files.write("/w/repo/a/b/c.txt", b"2")
    assert files.read("/w/repo/a/./b/../b/c.txt") == b"2"
    assert (tmp_path / "tree/a/b/c.txt").read_bytes() == b"2"
    assert [(item.path, item.is_dir, item.size) for item in files.list("/w/repo/a/b")] == [
        ("/w/repo/a/b/c.txt", False, 1)
    ]
    files.make_folder("/w/repo/made/deep")
    assert files.stat("/w/repo/made/deep").is_dir
    files.remove("/w/repo/a")
    assert not (tmp_path / "tree/a").exists()


def test_links_inside_are_followed_and_removed_themselves(files: WorktreeFiles, tmp_path: Path) -> None:
    (tmp_path / "tree/absolute").symlink_to("/w/repo/src/lib.rs")
    (tmp_path / "tree/relative").symlink_to("src")
    assert files.read("/w/repo/absolute") == b"x"
    assert files.read("/w/repo/relative/lib.rs") == b"x"
    files.remove("/w/repo/relative")
    assert files.read("/w/repo/src/lib.rs") == b"x"


@pytest.mark.parametrize(
    "target", ["../outside", "/etc/passwd", "../../../../etc/passwd", "/w/repo/../outside"]
)
def test_a_link_that_leads_out_is_refused(files: WorktreeFiles, tmp_path: Path, target: str) -> None:
    (tmp_path / "tree/leak").symlink_to(target)
    (tmp_path / "tree/folder").symlink_to(Path(target).parent)
    for path in ("/w/repo/leak", f"/w/repo/folder/{Path(target).name}"):
        with pytest.raises(PermissionError):
            files.read(path)
        with pytest.raises(PermissionError):
            files.write(path, b"overwritten")
    assert (tmp_path / "outside").read_text() == "secret"
    assert files.relative("/w/repo/leak") is None


def test_a_loop_of_links_ends(files: WorktreeFiles, tmp_path: Path) -> None:
    (tmp_path / "tree/a").symlink_to("b")
    (tmp_path / "tree/b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        files.read("/w/repo/a")


def test_a_pipe_is_no_file_and_does_not_block(files: WorktreeFiles, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tree/pipe")
    with pytest.raises(OSError, match="Errno"):
        files.read("/w/repo/pipe")
    with pytest.raises(OSError, match="Errno"):
        files.write("/w/repo/pipe", b"x")


@pytest.mark.parametrize("path", ["/w/repo", "/w/repo/", "/w", "/"])
def test_the_worktree_itself_cannot_be_removed_or_overwritten(files: WorktreeFiles, path: str) -> None:
    with pytest.raises((ValueError, OSError), match="worktree"):
        files.remove(path)
    with pytest.raises(OSError, match="Errno"):
        files.write(path, b"")
    assert files.read("/w/repo/src/lib.rs") == b"x"


PARTS = st.lists(st.sampled_from(["a", "b", "src", "..", ".", "", "lib.rs", "l1", "l2"]), max_size=8)


@settings(max_examples=150, deadline=None)
@given(first=PARTS, second=PARTS, path=PARTS)
def test_links_lead_where_the_system_says(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], second: list[str], path: list[str]
) -> None:
    top = tmp_path_factory.mktemp("tree").resolve()
    (top / "src").mkdir()
    (top / "src/lib.rs").write_text("x")
    for name, target in (("l1", "/".join(first)), ("l2", "/".join(second))):
        if target:
            (top / name).symlink_to(target)
    seen = f"{top}/{'/'.join(path)}"
    try:
        mine = WorktreeFiles(top, str(top)).real(seen)
    except OSError:
        with pytest.raises(OSError, match="Errno"):
            os.path.realpath(seen, strict=True)
        return
    if mine == str(top) or mine.startswith(f"{top}/"):
        assert mine == os.path.realpath(seen)


@pytest.mark.parametrize(
    ("glob", "path", "protected"),
    [
        ("ci/**", "ci/a/b.yml", True),
        ("ci/**", "ci", False),
        ("**/*.lock", "a/b/Cargo.lock", True),
        ("**/*.lock", "Cargo.lock", True),
        ("*.toml", "clippy.toml", True),
        ("*.toml", "a/clippy.toml", False),
        ("deny.toml", "deny-toml", False),
        ("./deny.toml", "deny.toml", True),
        ("vendor/", "vendor/a/b", True),
        ("src/?.rs", "src/a.rs", True),
        ("src/[a].rs", "src/a.rs", False),
    ],
)
def test_globs_of_protected_files(files: WorktreeFiles, glob: str, path: str, protected: bool) -> None:
    assert (Guard(files, (glob,)).protected([path]) == [path]) is protected


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_glob_compiles(glob: str, path: str) -> None:
    Guard(WorktreeFiles(Path("/tmp"), "/w/repo"), (glob,)).protected([path])
