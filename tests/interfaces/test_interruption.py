"""Ctrl-C at a terminal: an exit code of its own, no process left behind, nothing lost."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from small_repository import PROGRAM, commit, git

pytestmark = pytest.mark.slow

_SLOW_TEST = """\
//! Slow.

#[test]
fn sleeps() {
    std::thread::sleep(std::time::Duration::from_secs(600));
}
"""


def start(arguments, folder, tmp_path, environment=None):
    environment = environment or {
        key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")
    }
    return subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(process, words, seconds=120):
    """Read stderr until a line holds the words; everything read."""
    read = []
    deadline = time.monotonic() + seconds
    for line in process.stderr:
        read.append(line)
        if words in line:
            return "".join(read)
        assert time.monotonic() < deadline, "".join(read)
    raise AssertionError("".join(read))


def children_of(session):
    """Processes of a session that still live."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,sess,stat,args"], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 3) for line in listed.splitlines()[1:]]
    return [row for row in rows if row[1] == str(session) and not row[2].startswith("Z")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_is_130_at_once_and_leaves_no_process(crate, tmp_path, number):
    commit(crate, {"tests/slow.rs": _SLOW_TEST})
    process = start(["check", "--gate", "failing_tests"], crate, tmp_path)
    wait_for(process, "testing")
    time.sleep(1.0)
    began = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert time.monotonic() - began < 20
    assert "Traceback" not in err
    assert "interrupted" in err
    assert children_of(process.pid) == []


def test_a_terminated_installation_leaves_no_installer(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git"))
    sysroot = tmp_path / "rust"
    (sysroot / "bin").mkdir(parents=True)
    here = tmp_path / "installer"
    for name, text in {
        "rustc": f"case $1 in --print) echo {sysroot};; *) printf 'release: 1.99.0\\nhost: x86_64-test\\n"
        "LLVM version: 77.1.0\\n';; esac",
        "rustup": f"echo $$ > {here}; echo 'info: downloading'; exec /bin/sleep 600",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    environment = {"PATH": str(programs), "HOME": str(tmp_path), "IRONWRIGHT_CACHE_HOME": str(tmp_path / "c")}
    process = start(["doctor", "--install"], tmp_path, tmp_path, environment)
    wait_for(process, "info: downloading")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert not Path("/proc", here.read_text().strip()).exists()


def test_an_interrupted_run_is_130_and_goes_on_where_it_stopped(tmp_path):
    folder = tmp_path / "durations"
    process = start(["demo", "--folder", str(folder)], tmp_path, tmp_path)
    wait_for(process, "cargo test")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    assert git(folder, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    run = next((folder / ".ironwright" / "runs").glob("2*")).name
    resumed = start(["runs", "resume", run], folder, tmp_path)
    out, err = resumed.communicate(timeout=280)
    assert resumed.returncode == 0, out + err
    assert "DELIVERED" in out
    assert git(folder, "log", "-1", "--format=%s", f"ironwright/{run}").startswith("Read milliseconds")
