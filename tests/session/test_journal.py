from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.records.errors import RunError
from ironwright.records.journal import EventKind, read_journal
from ironwright.session.journal import JournalWriter

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_events_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.jsonl"
    with JournalWriter(path) as journal:
        journal.append(EventKind.RUN_STARTED, {"task": "zähle"}, "start")
        journal.append(EventKind.ROUTED, {"agent": "engineer"}, "route")
        written = journal.events
    assert read_journal(path) == written
    assert [event.seq for event in written] == [0, 1]


def test_a_step_writes_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as journal:
        first = journal.append(EventKind.RUN_STARTED, {"n": 1}, "start")
        assert journal.append(EventKind.RUN_STARTED, {"n": 2}, "start") == first
    with JournalWriter(path) as journal:
        assert journal.append(EventKind.RUN_STARTED, {"n": 3}, "start") == first
        assert journal.find("start") == first
        assert journal.find("other") is None
    assert len(read_journal(path)) == 1


def test_a_half_line_is_dropped_when_the_journal_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as journal:
        journal.append(EventKind.RUN_STARTED, {}, "start")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"v":1,"seq":1,"ti')
    with JournalWriter(path) as journal:
        journal.append(EventKind.RUN_ENDED, {}, "end")
    assert [event.step for event in read_journal(path)] == ["start", "end"]
    assert path.read_bytes().startswith(whole)


def test_a_changed_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as journal:
        journal.append(EventKind.TOOL_RESULT, {"exit_code": 1}, "one")
        journal.append(EventKind.RUN_ENDED, {}, "two")
    path.write_text(path.read_text().replace('"exit_code":1', '"exit_code":0'))
    with pytest.raises(RunError, match="hash chain"):
        JournalWriter(path)


def test_two_writers_of_one_journal_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path), pytest.raises(RunError, match="another process"):
        JournalWriter(path)
    JournalWriter(path).close()


def test_a_journal_in_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be opened"):
        JournalWriter(tmp_path / "file" / "journal.jsonl")


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for the full disk: the write stops in the middle of the line."""
    path = tmp_path / "journal.jsonl"
    program = f"""
import resource, signal
from pathlib import Path
from ironwright.records.errors import RunError
from ironwright.records.journal import EventKind
from ironwright.session.journal import JournalWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = JournalWriter(Path({str(path)!r}))
journal.append(EventKind.RUN_STARTED, {{"x": "a" * 100}}, "start")
size = Path({str(path)!r}).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, size + 50))
try:
    journal.append(EventKind.RUN_ENDED, {{"x": "b" * 100}}, "end")
except RunError as error:
    print(error.advice)
assert len(journal.events) == 1
assert Path({str(path)!r}).stat().st_size == size
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Free some space" in done.stdout
    assert [event.step for event in read_journal(path)] == ["start"]


def test_threads_share_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as journal:

        def write(number: int) -> None:
            for item in range(10):
                journal.append(EventKind.TOOL_CALL, {"n": number}, f"{number}-{item}")

        threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({event.step for event in read_journal(path)}) == 60


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    program = f"""
import sys
from pathlib import Path
from ironwright.records.journal import EventKind
from ironwright.session.journal import JournalWriter
journal = JournalWriter(Path({str(path)!r}))
for number in range(100000):
    journal.append(EventKind.TOOL_CALL, {{"n": number}}, str(number))
    print(number, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(30):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = [29, *(int(line) for line in process.stdout.read().split())]
    process.wait()
    with JournalWriter(path) as journal:
        assert len(journal.events) > max(acknowledged)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_data_survives_with_its_digest(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with JournalWriter(path) as journal:
        journal.append(EventKind.TOOL_CALL, data, "one")
    (event,) = read_journal(path)
    assert json.loads(event.as_line())["data"] == event.data


def test_an_event_without_a_step_is_a_mistake(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j") as journal, pytest.raises(ValueError, match="step"):
        journal.append(EventKind.RUN_STARTED, {}, "")


def test_a_recorded_event_is_in_the_file_before_it_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as journal:
        journal.append(EventKind.TOOL_RESULT, {"number": 1}, "a/result", recorded=True)
        assert [event.step for event in read_journal(path)] == ["a/result"]
        journal.append(EventKind.TOOL_CALL, {"number": 2}, "b/call")
    assert [event.step for event in read_journal(path)] == ["a/result", "b/call"]


def test_recorded_events_can_be_put_on_the_disk_together(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as journal:
        journal.sync()
        for number in range(3):
            journal.append(EventKind.TOOL_CALL, {"number": number}, str(number), recorded=True)
        journal.sync()
        assert len(read_journal(path)) == 3


def test_nothing_is_written_after_the_disk_refused_what_was_written() -> None:
    """/dev/null takes every line and refuses to say that it is on the disk."""
    journal = JournalWriter(Path("/dev/null"))
    journal.append(EventKind.TOOL_CALL, {"number": 1}, "a/call", recorded=True)
    with pytest.raises(RunError, match="cannot be written"):
        journal.sync()
    with pytest.raises(RunError, match="resume the run") as refused:
        journal.append(EventKind.TOOL_CALL, {"number": 2}, "b/call", recorded=True)
    assert refused.value.where == "/dev/null"
    with pytest.raises(RunError, match="cannot be written"):
        journal.sync()
    assert [event.step for event in journal.events] == ["a/call"]
