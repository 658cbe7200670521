"""``check --watch`` as a user meets it: a process, real edits, Ctrl-C."""

from __future__ import annotations

import os
import pty
import queue
import re
import select
import signal
import subprocess
import threading
import time

import pytest
from small_repository import PROGRAM, commit

_GOOD = "//! A crate.\n\n/// Twice a number.\npub fn twice(x: u32) -> u32 {\n    x.saturating_mul(2)\n}\n"
_TODO = _GOOD.replace("x.saturating_mul(2)", "todo!()")
_SLOW = (
    "//! Slow.\n\n#[test]\nfn sleeps() {\n    std::thread::sleep(std::time::Duration::from_secs(600));\n}\n"
)


class Watched:
    """A watch that runs, with its lines of stdout as they come."""

    def __init__(self, folder, *arguments):
        environment = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
        self.process = subprocess.Popen(
            [PROGRAM, "check", "--watch", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.seen: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, words, seconds=60):
        """The first line from now on that holds the words."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {words!r} in {self.seen}; {self.process.poll()}") from None
            self.seen.append(line)
            if words in line:
                return line

    def end(self, number=signal.SIGINT):
        """Interrupt it; its exit code and what it said on stderr."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        return code, self.process.stderr.read()


@pytest.fixture
def watched():
    running = []

    def start(folder, *arguments):
        running.append(Watched(folder, *arguments))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def processes_of(session):
    listed = subprocess.run(["ps", "-eo", "pid,sess,stat"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()[1:]]
    return [row for row in rows if row[1] == str(session) and not row[2].startswith("Z")]


def test_an_edit_is_judged_and_its_repair_too(crate, watched):
    watch = watched(crate, "--gate", "placeholder_code")
    watch.until("[1] PASS  ")
    (crate / "src/lib.rs").write_text(_TODO)
    assert "src/lib.rs" in watch.until("[2] checking after an edit of")
    watch.until("[2] FAIL placeholder_code")
    watch.until("[2]   src/lib.rs:5: ")
    watch.until("[2] FAIL  ")
    (crate / "src/lib.rs").write_text(_GOOD)
    watch.until("[3] PASS  ")
    code, err = watch.end()
    assert code == 130, err
    assert "Traceback" not in err
    assert processes_of(watch.process.pid) == []


def test_edits_close_together_are_one_check(crate, watched):
    watch = watched(crate, "--gate", "placeholder_code")
    watch.until("[1] PASS  ")
    for number in range(5):
        (crate / f"src/a{number}.rs").write_text("//! Empty.\n")
    line = watch.until("[2] checking")
    assert "and 2 more" in line
    watch.until("[2] PASS  ")
    assert watch.end()[0] == 130


def test_what_git_ignores_and_build_output_start_no_check(crate, watched):
    commit(crate, {".gitignore": "/target\n*.log\n"})
    watch = watched(crate, "--gate", "placeholder_code")
    watch.until("[1] PASS  ")
    (crate / "target").mkdir()
    (crate / "target/x.rs").write_text("fn f() {}\n")
    (crate / "a.log").write_text("x\n")
    (crate / ".git/index.lock~").write_text("x\n")
    time.sleep(1.5)
    assert watch.lines.empty()
    (crate / "src/lib.rs").write_text(_TODO)
    watch.until("[2] FAIL  ")
    assert watch.end()[0] == 130


def test_a_broken_configuration_is_told_and_the_watch_goes_on(crate, watched):
    watch = watched(crate, "--gate", "placeholder_code")
    watch.until("[1] PASS  ")
    (crate / "ironwright.toml").write_text("[chek]\n")
    assert "ironwright.toml:1" in watch.until("[2] cannot check: ")
    (crate / "ironwright.toml").unlink()
    watch.until("[3] PASS  ")
    assert watch.end(signal.SIGTERM)[0] == 130


@pytest.mark.slow
def test_an_edit_ends_the_check_that_runs_and_all_that_it_started(crate, watched):
    (crate / "tests").mkdir()
    (crate / "tests/slow.rs").write_text(_SLOW)
    watch = watched(crate, "--gate", "failing_tests")
    watch.until("[1] checking")
    deadline = time.monotonic() + 120
    while not _sleepers(watch.process.pid):
        assert time.monotonic() < deadline, "the slow test never ran"
        time.sleep(0.2)
    (crate / "tests/slow.rs").unlink()
    watch.until("[1] superseded", 30)
    assert not any(line.startswith("[1] UNKNOWN") for line in watch.seen)
    watch.until("[2] PASS  ", 120)
    assert _sleepers(watch.process.pid) == []
    assert watch.end()[0] == 130


def _sleepers(ancestor):
    """Processes below a watch that run the slow test."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    below = {str(ancestor)}
    for _ in rows:
        grown = below | {row[0] for row in rows if row[1] in below}
        if grown == below:
            break
        below = grown
    return [row for row in rows if row[0] in below and re.search(r"/slow-[0-9a-f]+", row[2])]


def test_on_a_terminal_the_table_is_redrawn_in_place(crate):
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    process = subprocess.Popen(
        [PROGRAM, "check", "--watch", "--gate", "placeholder_code"],
        cwd=crate,
        env=environment,
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=True,
    )
    os.close(other)
    try:
        _screen_until(main, b"waiting for edits")
        (crate / "src/lib.rs").write_text(_TODO)
        shown = _screen_until(main, b"src/lib.rs:5")
        assert b"\x1b[1A" in shown, "the cursor goes up to draw over what is there"
        process.send_signal(signal.SIGINT)
        _drain(main)
        assert process.wait(timeout=30) == 130
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(main)


def _screen_until(terminal, words, seconds=60):
    read, deadline = b"", time.monotonic() + seconds
    while words not in read:
        assert time.monotonic() < deadline, read
        ready, _, _ = select.select([terminal], [], [], 0.5)
        if ready:
            read += os.read(terminal, 65536)
    return read


def _drain(terminal):
    """Read what is left, so that the process is not held up by a full terminal."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return  # the other side is closed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--head", "HEAD~1"], "leave --head out"), (["--format", "json"], "leave --format out")],
)
def test_what_makes_no_sense_with_watch_is_wrong_use(crate, cli, arguments, words):
    answer = cli("check", "--watch", *arguments, cwd=crate)
    assert answer.code == 2
    assert words in answer.err
