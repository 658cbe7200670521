from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ironwright.contract.compile import compile_contract
from ironwright.contract.lock import contract_of_lock, load_contract, lock_path, write_lock
from ironwright.contract.lock_file import load_lock, parse_lock, render_lock
from ironwright.gates.api import Gate
from ironwright.records.config import Config
from ironwright.records.contract import Strength
from ironwright.records.definition import Agent
from ironwright.records.errors import ContractError

MakeAgent = Callable[..., Agent]
Gates = Mapping[str, Gate]

BODY = """# Rules
- Never let a file grow over 200 lines.
- Follow TDD.
- Document all functions.
- Write friendly messages.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return lock_path(tmp_path / ".ironwright" / "contracts", "engineer")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_fresh_lock_decides_the_same_as_the_prose(
    path: Path, make_agent: MakeAgent, all_gates: Gates
) -> None:
    agent = make_agent(BODY)
    write_lock(path, agent, all_gates)
    locked = load_contract(path, agent, Config(), all_gates)
    assert locked == compile_contract(agent, Config(), all_gates)


def test_writing_twice_changes_nothing(path: Path, make_agent: MakeAgent, all_gates: Gates) -> None:
    write_lock(path, make_agent(BODY), all_gates)
    first = path.read_text()
    write_lock(path, make_agent(BODY), all_gates)
    assert path.read_text() == first
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_edits_decide_and_survive_a_renewal(path: Path, make_agent: MakeAgent, all_gates: Gates) -> None:
    write_lock(path, make_agent(BODY), all_gates)
    _edit(path, 'max_lines = 200}\nstrength = "hard"', 'max_lines = 150}\nstrength = "hard"')
    _edit(path, 'gate = "green_before"', 'gate = "green_before"\nreject = "we cannot yet"')
    _edit(path, 'gate = ""', 'gate = "placeholder_code"')
    longer = make_agent(BODY + "- Run `cargo add` for every dependency.\n")
    write_lock(path, longer, all_gates)
    contract = load_contract(path, longer, Config(), all_gates)
    bound = {binding.gate: binding for binding in contract.bindings}
    assert bound["oversized_files"].params["max_lines"] == 150
    assert "green_before" not in bound
    assert bound["placeholder_code"].strength is Strength.HARD
    rejected = next(clause for clause in contract.clauses if "TDD" in clause.sentence and clause.note)
    assert (rejected.gate, rejected.strength, rejected.note) == (
        None,
        Strength.ADVISORY,
        "rejected: we cannot yet",
    )


def test_an_edit_is_lost_with_its_sentence(path: Path, make_agent: MakeAgent, all_gates: Gates) -> None:
    write_lock(path, make_agent(BODY), all_gates)
    _edit(path, 'max_lines = 200}\nstrength = "hard"', 'max_lines = 150}\nstrength = "hard"')
    changed = make_agent(BODY.replace("200", "300"))
    write_lock(path, changed, all_gates)
    (binding,) = [
        b for b in load_contract(path, changed, Config(), all_gates).bindings if b.gate == "oversized_files"
    ]
    assert binding.params["max_lines"] == 300


def test_a_gate_set_in_the_lock_beats_the_clauses_and_survives(
    path: Path, make_agent: MakeAgent, all_gates: Gates
) -> None:
    agent = make_agent(BODY)
    write_lock(path, agent, all_gates)
    _edit(path, "max_lines = 200", "max_lines = 120")
    _edit(path, "[gates.undocumented_functions]", "[gates.undocumented_functions]\nenabled = false")
    write_lock(path, agent, all_gates)
    contract = load_contract(path, agent, Config(), all_gates)
    bound = {binding.gate: binding for binding in contract.bindings}
    assert bound["oversized_files"].params["max_lines"] == 120
    assert "undocumented_functions" not in bound
    assert any("which holds" in note for note in contract.notes)


def test_a_stale_lock_says_what_changed_and_how_to_renew(
    path: Path, make_agent: MakeAgent, all_gates: Gates
) -> None:
    write_lock(path, make_agent(BODY), all_gates)
    changed = (
        BODY.replace("200", "100").replace("- Follow TDD.\n", "") + "- Never use global state in modules.\n"
    )
    with pytest.raises(ContractError) as caught:
        load_contract(path, make_agent(changed), Config(), all_gates)
    message = str(caught.value)
    assert 'changed: "Never let a file grow over 200 lines." is now' in message
    assert 'disappeared: "Follow TDD."' in message
    assert 'appeared: "Never use global state in modules." (line 5)' in message
    assert "ironwright contract engineer.md" in message


def test_other_text_makes_a_lock_stale_too(path: Path, make_agent: MakeAgent, all_gates: Gates) -> None:
    write_lock(path, make_agent(BODY), all_gates)
    with pytest.raises(ContractError, match="no obligation changed"):
        load_contract(path, make_agent("You are kind.\n\n" + BODY), Config(), all_gates)


@pytest.mark.parametrize(
    ("old", "new", "what", "line_of"),
    [
        ("schema = 1", "schema = 7", "schema 7", "schema = 7"),
        ("schema = 1", "schema = = 1", "not valid TOML", "schema = = 1"),
        ('gate = "green_before"', 'gate = "green_befor"', "no gate 'green_befor'", None),
        ('max_lines = 200}\nstrength = "hard"', 'max_lines = "x"}\nstrength = "hard"', "whole number", None),
        ('strength = "hard"\nscope', 'strength = "firm"\nscope', "strength cannot be 'firm'", None),
        ("[gates.oversized_files]", "[gates.oversize]", "no gate 'oversize'", "[gates.oversize]"),
        ('sentence = "Follow TDD."', 'sentense = "x"', "unknown key 'sentense'", None),
        ('sentence = "Follow TDD."\n', "", "has no sentence", None),
        ('sentence = "Follow TDD."', "sentence = 1", "wrong type", None),
    ],
)
def test_a_malformed_lock_is_an_error_at_its_line(
    path: Path, make_agent: MakeAgent, all_gates: Gates, old: str, new: str, what: str, line_of: str | None
) -> None:
    write_lock(path, make_agent(BODY), all_gates)
    _edit(path, old, new)
    with pytest.raises(ContractError, match=what) as caught:
        load_lock(path, all_gates)
    where, _, line = caught.value.where.rpartition(":")
    assert where == str(path)
    lines = path.read_text().split("\n")
    if line_of:
        assert lines[int(line) - 1].startswith(line_of)
    else:
        assert lines[int(line) - 1].startswith("[")


def test_a_truncated_or_unreadable_lock_is_an_error(
    path: Path, make_agent: MakeAgent, all_gates: Gates
) -> None:
    path.parent.mkdir(parents=True)
    for content in (b"", b"\xff\xfe", b"schema = 1\n"):
        path.write_bytes(content)
        with pytest.raises(ContractError):
            load_lock(path, all_gates)


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, make_agent: MakeAgent, all_gates: Gates
) -> None:
    (tmp_path / "contracts").write_text("a file, not a folder")
    with pytest.raises(ContractError, match="cannot be written"):
        write_lock(tmp_path / "contracts" / "a.toml", make_agent(BODY), all_gates)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", "..", "x\ny"])
def test_no_agent_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    assert lock_path(tmp_path, name).parent == tmp_path


def test_paths_in_a_lock_are_relative_to_the_project(
    path: Path, make_agent: MakeAgent, all_gates: Gates
) -> None:
    root = path.parent.parent.parent
    write_lock(path, make_agent(BODY, path=str(root / ".claude" / "agents" / "engineer.md")), all_gates)
    assert str(root) not in path.read_text()
    assert 'definition = ".claude/agents/engineer.md"' in path.read_text()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(min_size=1, max_size=40), max_size=6), st.text(min_size=1, max_size=12))
def test_a_lock_reads_back_as_written(
    make_agent: MakeAgent, all_gates: Gates, items: list[str], name: str
) -> None:
    body = "# Rules\n" + "".join(f"- Always {item} and keep files under 200 lines\n" for item in items)
    with tempfile.TemporaryDirectory() as folder:
        lock = write_lock(Path(folder) / "x.toml", make_agent(body, name=name), all_gates)
        again = load_lock(Path(folder) / "x.toml", all_gates)
    assert [entry.clause for entry in again.clauses] == [entry.clause for entry in lock.clauses]
    assert (again.digest, again.agent, dict(again.gates)) == (lock.digest, lock.agent, {})
    assert render_lock(parse_lock(render_lock(again, all_gates), "x", all_gates), all_gates) == render_lock(
        again, all_gates
    )
    assert contract_of_lock(again, Config(), all_gates).bindings
