"""Memory, processes and disk are measured from outside where the kernel sets no limit."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.host.cgroup import group, hierarchy, parse_membership, parse_mounts
from ironwright.host.clock import filesystem_nanoseconds
from ironwright.host.process import Completed, Limits, run
from ironwright.host.watchdog import Watchdog, descendants, unlinked_bytes, written_since

MIB = 1 << 20


def watched(script: str, limits: Limits, *folders: Path) -> Completed:
    return run([sys.executable, "-c", script], limits=limits, watch=Watchdog(limits, folders, None).check)


def test_memory_of_all_processes_together_counts() -> None:
    script = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = b"x" * (40 << 20); time.sleep(30)
time.sleep(30)
"""
    done = watched(script, Limits(seconds=20, memory_mb=128))
    assert done.limit_hit == "memory: more than 128 MiB"


def test_less_memory_than_allowed_is_no_reason() -> None:
    done = watched(
        "import time; held = b'x' * (40 << 20); time.sleep(0.5)", Limits(seconds=20, memory_mb=128)
    )
    assert done.ok


def test_threads_count_as_processes() -> None:
    script = """
import threading, time
for _ in range(30):
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
time.sleep(30)
"""
    assert watched(script, Limits(seconds=20, processes=20)).limit_hit == "processes: more than 20 at once"


def test_files_written_before_the_job_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"x" * 8 * MIB)
    time.sleep(0.05)
    since = filesystem_nanoseconds()
    assert written_since(tmp_path, since) == 0
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/new").write_bytes(b"x" * 2 * MIB)
    assert 2 * MIB <= written_since(tmp_path, since) < 3 * MIB


def test_hard_links_count_once_and_symbolic_links_lead_nowhere(tmp_path: Path) -> None:
    since = filesystem_nanoseconds()
    (tmp_path / "a").write_bytes(b"x" * MIB)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "c").symlink_to("/usr")
    assert MIB <= written_since(tmp_path, since) < MIB + 65536


def test_a_single_writable_file_is_measured(tmp_path: Path) -> None:
    since = filesystem_nanoseconds()
    (tmp_path / "a").write_bytes(b"x" * MIB)
    assert written_since(tmp_path / "a", since) >= MIB
    assert written_since(tmp_path / "gone", since) == 0


def test_a_job_that_writes_too_much_is_ended_with_the_reason(tmp_path: Path) -> None:
    script = f"""
import time
for number in range(64):
    open({str(tmp_path)!r} + f"/f{{number}}", "wb").write(b"x" * (1 << 20))
time.sleep(30)
"""
    done = watched(script, Limits(seconds=20, disk_mb=16), tmp_path)
    assert done.limit_hit == "disk: more than 16 MiB written"


def test_deleted_files_that_are_still_open_count(tmp_path: Path) -> None:
    with open(tmp_path / "hidden", "wb") as file:
        file.write(b"x" * MIB)
        file.flush()
        (tmp_path / "hidden").unlink()
        assert unlinked_bytes([os.getpid()]) >= MIB


def test_descendants_are_found_through_generations() -> None:
    script = "sh -c 'sleep 30 & sleep 30' & wait"
    found: list[int] = []

    def watch(pid: int) -> str:
        found[:] = descendants(pid)
        return "enough" if len(found) >= 4 else ""

    assert run(["sh", "-c", script], limits=Limits(seconds=10), watch=watch).limit_hit == "enough"


@given(text=st.text())
def test_any_text_is_read_as_membership_or_mounts(text: str) -> None:
    parse_membership(text)
    parse_mounts(text)


def test_both_versions_of_control_groups_are_read() -> None:
    old = parse_membership("9:name=systemd:/\n8:pids:/\n4:cpu,memory:/job/1\n0::/user.slice/x\n")
    assert (old["pids"], old["memory"], old[""]) == ("/", "/job/1", "/user.slice/x")
    mounts = parse_mounts(
        "31 25 0:27 / /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory\n"
        "32 25 0:28 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        "33 25 0:29 / /proc rw - proc proc rw\n"
    )
    assert mounts["memory"] == (Path("/sys/fs/cgroup/memory"), "/")
    assert mounts[""] == (Path("/sys/fs/cgroup"), "/docker/abc")


@pytest.mark.skipif(hierarchy() is None, reason="control groups cannot be made here")
def test_a_control_group_limits_and_is_gone_afterwards() -> None:
    place, limits = hierarchy(), Limits(seconds=20, memory_mb=64, processes=8)
    assert place is not None
    with group(place, limits) as made:
        folders = made.folders
        assert all(folder.is_dir() for folder in folders)
        done = run(made.entering([sys.executable, "-c", "held = b'x' * (200 << 20)"]), limits=limits)
        assert done.exit_code == -9
        assert made.limit_hit(limits) == "memory: more than 64 MiB"
    assert not any(folder.exists() for folder in folders)


@pytest.mark.skipif(hierarchy() is None, reason="control groups cannot be made here")
def test_what_a_killed_process_left_is_swept() -> None:
    place = hierarchy()
    assert place is not None
    leftover = place.memory / "ironwright-4194399-0"  # no process has a number this high
    leftover.mkdir()
    hierarchy.cache_clear()
    hierarchy()
    assert not leftover.exists()
