"""Where a job sees a path, and where that path is on this machine."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ironwright.host.bubblewrap import BubblewrapSandbox
from ironwright.host.landlock import LandlockSandbox
from ironwright.host.sandbox import Job, Mount, in_place, inner_path, outer_path

MOVING, STAYING = BubblewrapSandbox(Path("/usr/bin/bwrap"), (0, 8, 0)), LandlockSandbox(7)
MOUNTS = [Mount(Path("/home/me/tree"), "/w/repo"), Mount(Path("/var/cache/t"), "/w/target", writable=True)]
names = st.text(
    st.characters(whitelist_categories=["L", "N"], whitelist_characters="-_."), min_size=1
).filter(lambda name: name not in {".", ".."})


@given(parts=st.lists(names, max_size=5), mount=st.sampled_from(MOUNTS))
def test_going_in_and_out_again_gives_the_same_path(parts: list[str], mount: Mount) -> None:
    path = mount.source.joinpath(*parts)
    for sandbox in (MOVING, STAYING):
        assert outer_path(sandbox, MOUNTS, inner_path(sandbox, MOUNTS, path)) == path


def test_words_that_hold_a_target_are_rewritten() -> None:
    job = Job(
        ["cargo", "test", "--manifest-path=/w/repo/Cargo.toml", "-L", "/w/target"],
        MOUNTS,
        "/w/repo/member",
        {
            "CARGO_TARGET_DIR": "/w/target",
            "LIBS": "/w/target/debug:/w/repo/lib",
            "RUSTFLAGS": "-L /w/repo -L /w/target",
        },
    )
    placed = in_place(job)
    assert placed.argv[2] == "--manifest-path=/home/me/tree/Cargo.toml"
    assert placed.argv[4] == "/var/cache/t"
    assert placed.cwd == "/home/me/tree/member"
    assert placed.env == {
        "CARGO_TARGET_DIR": "/var/cache/t",
        "LIBS": "/var/cache/t/debug:/home/me/tree/lib",
        "RUSTFLAGS": "-L /home/me/tree -L /var/cache/t",
    }


def test_what_only_looks_like_a_target_stays() -> None:
    words = ["/w/repository", "/x/w/repo", "./w/repo", "/w/repo-2/x", "/w/target.old"]
    assert in_place(Job(words, MOUNTS, "/w/repo")).argv == tuple(words)


def test_an_inner_mount_wins_over_the_one_around_it() -> None:
    mounts = [Mount(Path("/a"), "/w"), Mount(Path("/b"), "/w/inner")]
    assert in_place(Job(["/w/x", "/w/inner/x"], mounts, "/w")).argv == ("/a/x", "/b/x")


@given(word=st.text(max_size=30))
def test_words_without_a_target_never_change(word: str) -> None:
    if "/w/repo" not in word and "/w/target" not in word:
        assert in_place(Job([word], MOUNTS, "/w/repo")).argv == (word,)
