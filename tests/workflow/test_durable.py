from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ironwright.records.errors import RunError
from ironwright.workflow.durable import StepRunner, run_durably

# A body of two steps in a row, three at once and one more; each step leaves a line when it is done.
BODY = """
import asyncio, os, signal, sys
from pathlib import Path
from ironwright.workflow.durable import run_durably

folder, die_at = Path(sys.argv[1]), sys.argv[2]

async def body(step):
    def action(name):
        async def act():
            if name == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            with open(folder / "done.txt", "a") as file:
                file.write(name + "\\n")
            return {"name": name}
        return act
    found = [await step(name, action(name)) for name in ("a", "b")]
    found += await asyncio.gather(*(step(name, action(name)) for name in ("c", "d", "e")))
    found.append(await step("f", action("f")))
    return [item["name"] for item in found]

print(asyncio.run(run_durably(folder / "steps.sqlite", "r1", "1", body)))
"""


def run_body(folder: Path, die_at: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BODY, str(folder), die_at],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("die_at", ["a", "b", "d", "f"])
def test_no_step_is_lost_or_repeated_when_the_process_is_killed(tmp_path: Path, die_at: str) -> None:
    killed = run_body(tmp_path, die_at)
    assert killed.returncode == -signal.SIGKILL
    resumed = run_body(tmp_path, "never")
    assert resumed.stdout.strip() == "['a', 'b', 'c', 'd', 'e', 'f']", resumed.stderr
    assert resumed.stderr == ""
    done = (tmp_path / "done.txt").read_text().split()
    # A step in flight beside the one that died may run again; one that was recorded may not.
    assert sorted(set(done)) == list("abcdef")
    before = "abcdef"[: "abcdef".index(die_at)] if die_at != "d" else "ab"
    assert all(done.count(name) == 1 for name in before)


def test_a_failed_step_is_tried_again_and_nothing_runs_after_it(tmp_path: Path) -> None:
    calls: list[str] = []
    broken = True

    async def body(step: StepRunner) -> str:
        async def first() -> str:
            calls.append("first")
            return "one"

        async def second() -> str:
            calls.append("second")
            if broken:
                raise RunError("the disk is full")
            return "two"

        one = await step("first", first)
        try:
            two = await step("second", second)
        except RunError:
            with pytest.raises(RunError, match="second failed before"):
                await step("third", first)
            raise
        return f"{one} {two}"

    with pytest.raises(RunError, match="disk is full"):
        asyncio.run(run_durably(tmp_path / "s.sqlite", "r", "1", body))
    broken = False
    assert asyncio.run(run_durably(tmp_path / "s.sqlite", "r", "1", body)) == "one two"
    assert calls == ["first", "second", "second"]


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    stop = True

    async def body(step: StepRunner) -> int:
        async def one() -> int:
            return 1

        async def wait() -> int:
            if stop:
                asyncio.current_task().cancel()  # type: ignore[union-attr]
                await asyncio.sleep(5)
            return 2

        return await step("one", one) + await step("wait", wait)

    with pytest.raises(RunError, match="stopped"):
        asyncio.run(run_durably(tmp_path / "s.sqlite", "r", "1", body))
    stop = False
    assert asyncio.run(run_durably(tmp_path / "s.sqlite", "r", "1", body)) == 3


def test_values_are_stored_as_json_in_a_write_ahead_log(tmp_path: Path) -> None:
    async def body(step: StepRunner) -> str:
        async def one() -> dict[str, str]:
            return {"text": "é"}

        return str((await step("one", one))["text"])

    async def go() -> None:
        await run_durably(tmp_path / "s.sqlite", "r", "1", body)

    asyncio.run(go())
    connection = sqlite3.connect(tmp_path / "s.sqlite")
    (output,) = connection.execute("select output from operation_outputs").fetchone()
    assert json.loads(output) == {"value": {"text": "é"}}
    assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()


def test_an_ended_run_and_another_version_are_refused(tmp_path: Path) -> None:
    async def body(step: StepRunner) -> str:
        return "done"

    async def broken(step: StepRunner) -> str:
        raise ValueError("not yet")

    database = tmp_path / "s.sqlite"
    with pytest.raises(ValueError, match="not yet"):
        asyncio.run(run_durably(database, "r", "1", broken))
    with pytest.raises(RunError, match="recorded by version 1"):
        asyncio.run(run_durably(database, "r", "2", body))
    assert asyncio.run(run_durably(database, "r", "1", body)) == "done"
    with pytest.raises(RunError, match="ended already"):
        asyncio.run(run_durably(database, "r", "1", body))


def test_a_damaged_database_is_a_clear_error(tmp_path: Path) -> None:
    async def body(step: StepRunner) -> str:
        return "done"

    (tmp_path / "s.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(RunError, match="cannot be used"):
        asyncio.run(run_durably(tmp_path / "s.sqlite", "r", "1", body))


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def body(step: StepRunner) -> str:
        raise ValueError("broken body")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(run_durably(tmp_path / "s.sqlite", "r", "1", body))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
