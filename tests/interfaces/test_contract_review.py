"""Deciding about a contract from the command line."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest
from small_repository import PROGRAM, git

from ironwright.testing.scripted_model import ScriptedServer, Turn

BODY = "# Rules\n\n- Keep files under {lines} lines.\n- All tests must pass.\n- Be kind to operators.\n"


def write(crate: Path, lines: int = 300) -> Path:
    path = crate / "careful.md"
    path.write_text(BODY.format(lines=lines))
    return path


def test_decisions_by_number_are_kept_in_the_lock(cli, crate):
    write(crate)
    answer = cli(
        "contract",
        "careful.md",
        "--accept",
        "2",
        "--reject",
        "1",
        "--why",
        "ours are long",
        "--format",
        "json",
        cwd=crate,
    )
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)
    assert data["coverage"] == {"enforced": 1, "advisory": 1, "rejected": 1, "share": 0.5}
    lock = (crate / ".ironwright" / "contracts" / "careful.toml").read_text()
    assert 'reject = "ours are long"' in lock
    assert "accepted = true" in lock


def test_wrong_decisions_are_refused_and_nothing_is_written(cli, crate):
    write(crate)
    cli("contract", "careful.md", cwd=crate)
    lock = crate / ".ironwright" / "contracts" / "careful.toml"
    before = lock.read_bytes()
    for wrong in (
        ["--reject", "1"],
        ["--accept", "9"],
        ["--why", "x"],
        ["--accept", "1", "--no-lock"],
        ["--review"],
    ):
        answer = cli("contract", "careful.md", *wrong, cwd=crate)
        assert answer.code == 2, wrong
        assert answer.err.startswith(("error", "Usage")), answer.err
    assert lock.read_bytes() == before


def test_a_review_asks_on_a_terminal_and_keeps_each_answer(crate, tmp_path):
    write(crate)
    said = review(
        crate, tmp_path, ["e\r", "\r", "max_lines = 250\r", "soft\r", "r\r", "we run them elsewhere\r"]
    )
    lock = (crate / ".ironwright" / "contracts" / "careful.toml").read_text()
    assert "#1" in said
    assert "max_lines = 250" in lock
    assert 'reject = "we run them elsewhere"' in lock


def review(crate: Path, home: Path, keys: list[str]) -> str:
    """Run a review on a pseudo-terminal, answering each prompt with the next keys."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, "contract", "careful.md", "--review"],
        cwd=crate,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        env={**os.environ, "HOME": str(home), "TERM": "dumb"},
    )
    os.close(slave)
    said, deadline = "", time.monotonic() + 60
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    said += os.read(master, 4096).decode(errors="replace")
                except OSError:  # the program has closed its side
                    break
            if keys and said.rstrip().endswith(":"):
                os.write(master, keys.pop(0).encode())
                said += "\n>"
                time.sleep(0.3)
        assert process.wait(timeout=20) == 0, said
    finally:
        process.kill()
        os.close(master)
    return said


def test_two_revisions_of_a_definition_are_compared(cli, crate):
    write(crate)
    git(crate, "add", "careful.md")
    git(crate, "commit", "-qm", "a definition")
    write(crate, lines=500)
    answer = cli("contract", "diff", "HEAD:careful.md", "careful.md", "--format", "json", cwd=crate)
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)["differences"]
    assert {item["kind"] for item in found} == {"reworded", "gate"}
    assert "max_lines=500" in found[0]["after"]
    text = cli("contract", "diff", "HEAD:careful.md", "careful.md", cwd=crate).out
    assert "now oversized_files hard max_lines=500" in text
    missing = cli("contract", "diff", "HEAD:nothing.md", "careful.md", cwd=crate)
    assert missing.code == 2
    assert "HEAD holds no file nothing.md" in missing.err
    assert git(crate, "status", "--porcelain") == "M careful.md"


@pytest.mark.slow
def test_what_a_model_proposes_waits_in_the_lock(cli, crate):
    write(crate)
    proposals = json.dumps([{"number": 3, "gate": "unlogged_failures", "params": {}, "strength": "soft"}])
    with ScriptedServer([Turn(f"```json\n{proposals}\n```")]) as server:
        answer = cli(
            *("contract", "careful.md", "--assist", "anthropic:claude-sonnet-4-5", "--format", "json"),
            cwd=crate,
            env={"ANTHROPIC_API_KEY": "none", "ANTHROPIC_BASE_URL": server.url},
        )
    assert answer.code == 0, answer.err
    assert "proposes a gate for 1 clause (#3)" in answer.err
    assert json.loads(answer.out)["coverage"]["enforced"] == 2
    lock = (crate / ".ironwright" / "contracts" / "careful.toml").read_text()
    assert 'proposed = "anthropic:claude-sonnet-4-5"' in lock
    accepted = cli("contract", "careful.md", "--accept", "3", "--format", "json", cwd=crate)
    assert json.loads(accepted.out)["coverage"]["enforced"] == 3
