"""Decisions in a lock: what a person accepted, edited or rejected is what the contract demands."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.contract.compare import differences
from ironwright.contract.compile import compile_contract
from ironwright.contract.lock import contract_of_lock, save_lock, write_lock
from ironwright.contract.lock_file import Lock, load_lock
from ironwright.contract.review import accept, coverage, edit, reject, undecided
from ironwright.gates.catalog import gates
from ironwright.records.config import Config
from ironwright.records.contract import Contract, Strength
from ironwright.records.definition import Agent
from ironwright.records.errors import ContractError

BODY = """\
# Rules
- Keep files under 300 lines.
- Never use `unwrap()` in production code.
- Be kind to operators.
"""


def agent(body: str = BODY) -> Agent:
    return Agent("careful", "", "careful.md", body, body, 1)


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    return write_lock(tmp_path / "careful.toml", agent(), gates())


def contract(lock: Lock) -> Contract:
    return contract_of_lock(lock, Config(), gates())


def gate_ids(made: Contract) -> set[str]:
    return {binding.gate for binding in made.bindings if binding.sources != ("default",)}


def test_a_rejected_clause_demands_nothing_and_keeps_its_reason(lock: Lock) -> None:
    saved = reject(lock, [1], "our generated\nfiles are long")
    save_lock(saved, gates())
    again = load_lock(Path(lock.path), gates())
    assert again.clauses[0].reject == "our generated files are long"
    assert "oversized_files" not in gate_ids(contract(again))


def test_a_rejection_without_a_reason_is_refused(lock: Lock) -> None:
    with pytest.raises(ContractError, match="needs its reason"):
        reject(lock, [1], "  ")


@pytest.mark.parametrize("number", [0, 4, -1])
def test_a_number_that_no_clause_has_is_refused(lock: Lock, number: int) -> None:
    with pytest.raises(ContractError, match=f"no clause {number}"):
        accept(lock, [number])


def test_an_accepted_clause_is_decided_and_stays_so_when_the_lock_is_renewed(lock: Lock) -> None:
    assert undecided(lock) == (1, 2)
    save_lock(accept(lock, [2]), gates())
    renewed = write_lock(Path(lock.path), agent(BODY + "- All tests must pass.\n"), gates())
    assert [entry.accepted for entry in renewed.clauses] == [False, True, False, False]
    assert undecided(renewed) == (1, 4)


def test_an_edited_clause_demands_what_the_person_wrote(lock: Lock) -> None:
    changed = edit(lock, 3, gates(), gate="low_coverage", params={"minimum": 70.0}, strength=Strength.SOFT)
    save_lock(changed, gates())
    binding = next(
        item for item in contract(load_lock(Path(lock.path), gates())).bindings if item.gate == "low_coverage"
    )
    assert (binding.params["minimum"], binding.strength) == (70.0, Strength.SOFT)


@pytest.mark.parametrize(
    ("gate", "params"),
    [("no_such_gate", {}), ("low_coverage", {"least": 3}), ("low_coverage", {"minimum": "much"})],
)
def test_an_edit_that_no_gate_understands_is_refused(
    lock: Lock, gate: str, params: dict[str, object]
) -> None:
    with pytest.raises(ContractError):
        edit(lock, 3, gates(), gate=gate, params=params, strength=Strength.HARD)


def test_coverage_counts_enforced_advisory_and_rejected_clauses(lock: Lock) -> None:
    counted = coverage(contract(reject(lock, [1], "no")).clauses)
    assert (counted.enforced, counted.advisory, counted.rejected, counted.share) == (1, 1, 1, 0.5)


def test_a_text_without_obligations_has_a_share_of_nothing() -> None:
    assert coverage(()).share == 0


def test_two_definitions_differ_by_sentences_parameters_and_gates() -> None:
    other = (
        BODY.replace("300", "500").replace("- Never use `unwrap()` in production code.\n", "")
        + "- All tests must pass.\n"
    )
    old, new = (compile_contract(agent(body), Config(), gates()) for body in (BODY, other))
    found = {(item.kind, item.sentence.split(".")[0]) for item in differences(old, new)}
    assert ("reworded", "Keep files under 500 lines") in found
    assert ("appeared", "All tests must pass") in found
    assert ("disappeared", "Never use `unwrap()` in production code") in found
    assert {
        ("gate", "failing_tests"),
        ("gate", "oversized_files"),
        ("gate", "panicking_library_code"),
    } <= found


def test_a_definition_does_not_differ_from_itself() -> None:
    made = compile_contract(agent(), Config(), gates())
    assert differences(made, made) == ()
