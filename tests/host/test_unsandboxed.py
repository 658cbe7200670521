"""Without a sandbox a job still has a clean environment, its limits, and paths on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.process import Limits
from ironwright.host.sandbox import Job, Mount


def test_targets_become_the_paths_of_this_machine(tmp_path: Path) -> None:
    job = Job(["sh", "-c", "pwd; touch /w/out/made"], [Mount(tmp_path, "/w/out", writable=True)], "/w/out")
    done = choose_sandbox("none").run(job)
    assert done.text == f"{tmp_path.resolve()}\n"
    assert (tmp_path / "made").exists()


def test_the_environment_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hidden")
    done = choose_sandbox("none").run(Job(["env"], [Mount(tmp_path, "/w")], "/w"))
    assert "hidden" not in done.text


def test_disk_and_time_are_limited(tmp_path: Path) -> None:
    mounts = [Mount(tmp_path, "/w/out", writable=True)]
    script = "for i in 1 2 3 4; do head -c 4000000 /dev/zero > /w/out/$i; done; sleep 30"
    full = choose_sandbox("none").run(
        Job(["sh", "-c", script], mounts, "/w/out", limits=Limits(20, disk_mb=8))
    )
    assert full.limit_hit == "disk: more than 8 MiB written"
    late = choose_sandbox("none").run(Job(["sleep", "30"], mounts, "/w/out", limits=Limits(0.2)))
    assert late.timed_out
