"""A job's temporary folder goes with the job; what a killed process left goes with a later one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ironwright.host.job_folder import job_folder, sweep


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sweep.cache_clear()
    yield
    sweep.cache_clear()


def age(folder: Path) -> None:
    os.utime(folder, (time.time() - 600, time.time() - 600))


def test_the_folder_is_private_and_gone_afterwards() -> None:
    with job_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "deep").mkdir()
        (folder / "deep").chmod(0)
    assert not folder.exists()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    script = (
        f"import tempfile, time; tempfile.tempdir = {str(tmp_path)!r}\n"
        "from ironwright.host.job_folder import job_folder\n"
        "with job_folder() as folder:\n    print(folder, flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    age(left)
    with job_folder():
        assert left.exists(), "its process lives: it must stay"
    process.kill()
    process.wait()
    process.stdout.close()
    sweep.cache_clear()
    with job_folder():
        assert not left.exists()


def test_young_folders_and_links_are_left_alone(tmp_path: Path) -> None:
    young, elsewhere = tmp_path / "ironwright-job-young", tmp_path / "elsewhere"
    young.mkdir()
    elsewhere.mkdir()
    age(elsewhere)
    (tmp_path / "ironwright-job-link").symlink_to(elsewhere)
    os.utime(tmp_path / "ironwright-job-link", (1, 1), follow_symlinks=False)
    sweep()
    assert young.exists()
    assert elsewhere.exists()
