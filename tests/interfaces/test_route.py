import json
import os
import pty
import subprocess
import time

import pytest
from small_repository import PROGRAM

from ironwright.testing.scripted_model import ScriptedServer, ToolUse, Turn


def write(folder, name, description, body="You know it all."):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.md"
    file.write_text(f"---\nname: {name}\ndescription: {description}\n---\n\n{body}\n", encoding="utf-8")
    return file


@pytest.fixture
def team(tmp_path):
    folder = tmp_path / "team"
    write(folder, "database-optimizer", "Speeds up slow SQL queries.", "Indexes, query plans, joins.")
    write(folder, "api-tester", "Writes integration tests for endpoints.", "REST endpoints, status codes.")
    write(folder, "poet", "Writes poems.", "Rhymes and verses.")
    return folder


CLEAR = "Our SQL queries are slow, look at the query plans and indexes of these joins"
UNCLEAR = "Write something for the endpoints about verses"


def test_a_clear_request_is_routed_with_its_reasons(cli, team):
    answer = cli("route", CLEAR, "--agents", str(team), "--format", "json")
    data = json.loads(answer.out)
    assert answer.code == 0, answer.err
    assert (data["agent"], data["accepted"]) == ("database-optimizer", True)
    assert 0 < data["margin"] <= 1
    assert [set(one) for one in data["candidates"]] == [{"name", "score", "why", "tiers"}] * 3
    assert "database-optimizer" in cli("route", CLEAR, "--agents", str(team)).out


def test_an_unclear_request_is_refused_with_the_candidates_and_what_to_do(cli, team):
    answer = cli("route", UNCLEAR, "--agents", str(team), "--format", "json")
    data = json.loads(answer.out)
    assert answer.code == 3
    assert not data["accepted"]
    assert data["agent"] == data["candidates"][0]["name"]
    for name in ("poet", "api-tester", "--agent"):
        assert name in answer.err


def test_a_named_agent_wins_and_the_project_is_the_default_folder(cli, crate, team):
    agents = crate / ".claude" / "agents"
    write(agents, "our-own", "Writes Rust.")
    answer = cli("route", f"use our-own: {CLEAR}", "--format", "json", cwd=crate / "src")
    assert json.loads(answer.out)["agent"] == "our-own"


def test_a_request_can_come_from_stdin_and_be_a_megabyte_long(tmp_path, team):
    text = (CLEAR + ". " + "The rest is a log file. " * 45_000).encode()
    done = subprocess.run(
        [PROGRAM, "route", "-", "--agents", str(team), "--format", "json"],
        input=text, capture_output=True, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout)["candidates"][0]["name"] == "database-optimizer"
    assert b"20,000 characters" in done.stderr


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_request_is_wrong_use(cli, team, text):
    answer = cli("route", text, "--agents", str(team))
    assert answer.code == 2
    assert "empty" in answer.err


@pytest.mark.parametrize("text", ["数据库查询很慢", "Пожалуйста, напиши стихотворение", "\x01 \U0001f40b"])
def test_what_fits_nobody_is_said_in_any_language(cli, team, text):
    answer = cli("route", text, "--agents", str(team), "--format", "json")
    assert answer.code == 3
    assert json.loads(answer.out)["agent"] is None


def test_a_folder_without_agents_is_wrong_use(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "missing"):
        answer = cli("route", "x", "--agents", str(tmp_path / folder))
        assert answer.code == 2
        assert folder in answer.err


def test_the_second_of_a_name_and_broken_files_are_left_out_aloud(cli, team):
    write(team / "z", "poet", "Writes sonnets.")
    (team / "zero.md").write_bytes(b"\x00\x01\x02" * 50)
    answer = cli("route", CLEAR, "--agents", str(team), "--format", "json")
    assert answer.code == 0
    assert "z/poet.md" in answer.err
    assert "same name" in answer.err
    assert "zero.md" in answer.err
    assert len(json.loads(answer.out)["candidates"]) == 3


@pytest.mark.slow
def test_five_thousand_agents_are_routed_among(cli, tmp_path):
    folder = tmp_path / "many"
    for number in range(5_000):
        write(folder, f"agent-{number}", f"Looks after subject{number}.", f"You know subject{number}. " * 9)
    for _ in range(2):
        answer = cli("route", "a question about subject4321", "--agents", str(folder), "--format", "json")
        data = json.loads(answer.out)
        assert (data["agent"], data["accepted"], answer.code) == ("agent-4321", True, 0)


@pytest.mark.slow
def test_the_configured_model_decides_what_the_scores_do_not(cli, team):
    with ScriptedServer([Turn("", [ToolUse("choose", {"response": "poet"})])]) as server:
        keys = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.base_url}
        settings = '[models]\ndefault = "anthropic:claude-sonnet-5-5"\n'
        (team / "ironwright.toml").write_text(settings, encoding="utf-8")
        arguments = ("route", UNCLEAR, "--agents", str(team), "--repo", str(team), "--format", "json")
        answer = cli(*arguments, env=keys)
        assert answer.code == 0, answer.err
        data = json.loads(answer.out)
        assert (data["agent"], data["accepted"], data["by"]) == ("poet", True, "model")
        assert cli(*arguments, "--no-model", env=keys).code == 3
        cli("route", CLEAR, *arguments[2:], env=keys)
        assert len(server.requests) == 1


def test_a_person_at_a_terminal_is_asked(team, tmp_path):
    main, side = pty.openpty()
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "dumb"}
    process = subprocess.Popen(
        [PROGRAM, "route", UNCLEAR, "--agents", str(team)],
        stdin=side, stderr=side, stdout=subprocess.PIPE, cwd=tmp_path, env=environment,
    )  # fmt: skip
    os.close(side)
    shown = b""
    deadline = time.monotonic() + 60
    while b"Which one" not in shown and time.monotonic() < deadline:
        shown += os.read(main, 4096)
    second = next(line.split()[1].rstrip(b":") for line in shown.splitlines() if line.startswith(b"  2 "))
    os.write(main, b"2\n")
    out, _ = process.communicate(timeout=60)
    os.close(main)
    assert process.returncode == 0
    assert out.splitlines()[0].strip() == second
    assert b"You chose" in out
