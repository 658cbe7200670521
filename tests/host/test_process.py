"""A process is started and brought to its end within its limits."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from ironwright.host.process import Limits, run
from ironwright.records.errors import ToolError


def test_the_end_of_a_command_is_noticed_at_once() -> None:
    slowest = min(run(["sleep", "0.1"], stop=threading.Event()).seconds for _ in range(3))
    assert slowest < 0.13


def test_a_command_that_takes_too_long_is_killed() -> None:
    done = run(["sleep", "30"], limits=Limits(seconds=0.2))
    assert (done.timed_out, done.exit_code, done.ok) == (True, -9, False)
    assert done.seconds < 2


def test_setting_stop_ends_a_command() -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    done = run(["sleep", "30"], stop=stop)
    assert done.stopped
    assert not done.ok
    assert done.seconds < 2


def test_what_the_watch_says_ends_a_command_and_is_kept() -> None:
    asked: list[int] = []

    def watch(pid: int) -> str:
        asked.append(pid)
        return "disk: full" if len(asked) > 1 else ""

    done = run(["sleep", "30"], watch=watch)
    assert done.limit_hit == "disk: full"
    assert not done.ok
    assert len(set(asked)) == 1


def test_a_command_with_grace_may_clean_up() -> None:
    script = "trap 'echo cleaned; exit 9' TERM; while :; do sleep 0.05; done"
    done = run(["sh", "-c", script], limits=Limits(seconds=0.3), grace_seconds=3)
    assert done.text == "cleaned\n"
    assert (done.timed_out, done.exit_code) == (True, 9)


def test_a_command_that_ignores_its_grace_is_killed_after_it() -> None:
    started = time.monotonic()
    done = run(["sh", "-c", "trap '' TERM; sleep 30"], limits=Limits(seconds=0.2), grace_seconds=0.3)
    assert done.exit_code == -9
    assert time.monotonic() - started < 3


def test_the_middle_of_too_much_output_is_dropped() -> None:
    done = run(["sh", "-c", "seq 1 100000"], limits=Limits(output_bytes=1000))
    assert done.truncated
    assert done.text.startswith("1\n2\n")
    assert done.text.endswith("99999\n100000\n")
    assert "bytes of output dropped here" in done.text


def test_a_listener_hears_everything_also_what_is_dropped() -> None:
    heard = bytearray()
    run(["sh", "-c", "seq 1 100000"], limits=Limits(output_bytes=100), on_output=heard.extend)
    assert heard.count(b"\n") == 100_000


def test_input_arrives_and_need_not_be_read() -> None:
    assert run(["cat"], stdin=b"hello").stdout == b"hello"
    assert run(["true"], stdin=b"x" * 1_000_000).ok


def test_a_missing_command_is_a_clear_error() -> None:
    with pytest.raises(ToolError, match="no-such-command was not found"):
        run(["no-such-command"])


def test_much_input_and_output_at_once_do_not_wait_for_each_other() -> None:
    sent = bytes(range(256)) * 8192
    done = run(["cat"], stdin=sent, limits=Limits(seconds=20, output_bytes=8 << 20))
    assert done.ok
    assert done.stdout == sent


def test_a_flood_of_output_does_not_hide_the_time_limit() -> None:
    done = run(["sh", "-c", "yes"], limits=Limits(seconds=0.3, output_bytes=1000))
    assert done.timed_out
    assert done.truncated
    assert done.seconds < 2


def test_a_listener_that_fails_leaves_no_process_behind() -> None:
    def refuse(_chunk: bytes) -> None:
        raise ValueError("not this")

    with pytest.raises(ValueError, match="not this"):
        run(["sh", "-c", "echo $$; exec sleep 30"], on_output=refuse)
    assert not [name for name in _commands() if name == b"sleep\x0030\x00"]


def _commands() -> list[bytes]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid():
                    found.append((folder / "cmdline").read_bytes())
            except OSError:
                continue
    return found
