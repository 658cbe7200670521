"""The demonstration is the whole product in one command, so it is also the test of `run` and `runs`."""

import contextlib
import json
import os
import pty
import subprocess

import pytest
from small_repository import PROGRAM, git

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One demonstration, shared by the tests of this file: its folder, exit code, stdout and stderr."""
    base = tmp_path_factory.mktemp("demo")
    folder = base / "durations"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")},
        "IRONWRIGHT_CACHE_HOME": str(base / "cache"),
        "IRONWRIGHT_STATE_HOME": str(base / "state"),
    }
    done = subprocess.run(
        [PROGRAM, "demo", "--folder", folder],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, environment, done.stdout, done.stderr


def ask(demo, *arguments):
    folder, environment, _, _ = demo
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def run_data(demo):
    listed = json.loads(ask(demo, "runs", "list", "--format", "json").stdout)["runs"]
    assert len(listed) == 1
    return json.loads(ask(demo, "runs", "show", listed[0]["run"][:10], "--format", "json").stdout)


def test_it_says_plainly_that_the_model_is_a_recording(demo):
    _, _, out, err = demo
    assert "RECORDING" in err
    assert "recording:demo" in out
    assert "The model's part was a recording" in out


def test_the_first_attempt_fails_two_gates_and_the_repair_passes_all(demo):
    first, second = run_data(demo)["attempts"]
    failed = {gate["id"] for gate in first["check"]["gates"] if gate["verdict"] == "FAIL"}
    assert failed == {"missing_doc_sections", "low_coverage"}
    assert second["check"]["verdict"] == "PASS"
    assert {"failing_tests", "green_before", "low_coverage"} <= {
        gate["id"] for gate in second["check"]["gates"]
    }


def test_the_branch_holds_the_work_and_main_is_untouched(demo):
    folder = demo[0]
    data = run_data(demo)
    assert git(folder, "rev-parse", data["branch"]) == data["head"]
    assert git(folder, "rev-parse", "main") == data["base"]
    assert git(folder, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert git(folder, "status", "--porcelain") == ""
    changed = git(folder, "diff", "--name-only", "main", data["branch"]).splitlines()
    assert changed == ["README.md", "src/error.rs", "src/lib.rs", "tests/parts.rs"]
    assert "Read milliseconds" in git(folder, "log", "-1", "--format=%s", data["branch"])


def test_what_it_prints_at_the_end_is_there(demo):
    out = demo[2]
    paths = [
        line.split()[-1] for line in out.splitlines() if line.startswith(("  the report", "  the journal"))
    ]
    assert len(paths) == 2
    assert all(os.path.exists(path) for path in paths)  # noqa: PTH110
    assert "ironwright run" in out


def test_the_delivered_branch_passes_when_it_is_judged_again(demo):
    answer = ask(
        demo, "check", "--base", "main", "--head", run_data(demo)["branch"], "--format", "json", "--quiet"
    )
    assert answer.returncode == 0, answer.stdout
    assert json.loads(answer.stdout)["verdict"] == "PASS"


def test_a_run_is_shown_in_each_format(demo):
    run = run_data(demo)["run"]
    assert "DELIVERED" in ask(demo, "runs", "show", run).stdout
    assert ask(demo, "runs", "show", run, "--format", "markdown").stdout.startswith("# Delivered")
    assert "delivered" in ask(demo, "runs", "list").stdout


def test_a_finished_run_is_only_reported_when_it_is_resumed(demo):
    run = run_data(demo)["run"]
    before = git(demo[0], "for-each-ref")
    answer = ask(demo, "runs", "resume", run, "--format", "json", "--quiet")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["run"] == run
    assert git(demo[0], "for-each-ref") == before


def test_a_run_that_asks_nothing_takes_no_answer(demo):
    answer = ask(demo, "runs", "answer", run_data(demo)["run"], "yes")
    assert answer.returncode == 2
    assert "asks nothing" in answer.stderr


def test_a_damaged_report_is_told(demo):
    folder, run = demo[0], run_data(demo)["run"]
    path = folder / ".ironwright" / "runs" / run / "report.json"
    good = path.read_text()
    try:
        for bad in ("{", "[]", '{"outcome": "delivered"}'):
            path.write_text(bad)
            answer = ask(demo, "runs", "show", run)
            assert answer.returncode == 2, bad
            assert "damaged" in answer.stderr
            assert ask(demo, "runs", "list").returncode == 0
    finally:
        path.write_text(good)


def test_a_folder_that_is_not_empty_is_refused(demo):
    answer = ask(demo, "demo", "--folder", str(demo[0]))
    assert answer.returncode == 2
    assert "empty folder" in answer.stderr


def test_on_a_terminal_only_our_own_words_appear(tmp_path):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(
        [PROGRAM, "demo", "--folder", tmp_path / "d"], env=environment, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the other end is closed when the program ends
        while chunk := os.read(ours, 1 << 16):
            shown += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0, shown.decode()
    assert b"pydantic" not in shown.lower()
    assert b"logfire" not in shown.lower()
    assert b"DELIVERED" in shown
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h"), "the cursor is shown again"
