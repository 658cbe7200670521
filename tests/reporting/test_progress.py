import io
import os
import pty
import re
import time

from ironwright.reporting.progress import Progress


def test_without_a_terminal_each_step_is_a_plain_line():
    stream = io.StringIO()
    with Progress(stream, color=True) as progress:
        progress.step("building")
        progress.step("building")
        progress.step("test\x1b[31ming")
        progress.note("done")
    lines = stream.getvalue().splitlines()
    assert [re.sub(r"^\[ +[\d.]+ s\] ", "", line) for line in lines] == ["building", "testing", "done"]


def test_silent_progress_writes_nothing():
    stream = io.StringIO()
    with Progress(stream, silent=True) as progress:
        progress.step("building")
        progress.note("done")
    assert stream.getvalue() == ""


def on_terminal(action) -> str:
    """What an action writes to a real pseudo terminal."""
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as stream:
        with Progress(stream, color=True) as progress:
            action(progress)
        stream.flush()
    os.set_blocking(ours, False)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:
        pass
    os.close(ours)
    return written.decode()


def test_on_a_terminal_the_step_is_drawn_and_removed():
    def work(progress: Progress) -> None:
        progress.step("compiling the crate")
        time.sleep(0.5)
        progress.note("compile_errors PASS")
        time.sleep(0.2)

    written = on_terminal(work)
    assert "compiling the crate" in written
    assert "compile_errors PASS" in written
    assert written.rindex("\x1b[2K") > written.rindex("compiling the crate")


def test_a_short_step_never_flickers():
    assert on_terminal(lambda progress: progress.step("cached")) == ""
