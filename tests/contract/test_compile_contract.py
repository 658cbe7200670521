from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ironwright.contract.compile import DEFAULT_GATES, GUARD_GATES, bind, compile_contract, default_contract
from ironwright.gates.api import Cost, Gate, Param
from ironwright.gates.catalog import gates
from ironwright.records.config import Config, parse_config
from ironwright.records.contract import Binding, Clause, Contract, Scope, Strength
from ironwright.records.definition import Agent
from ironwright.records.errors import ContractError

MakeAgent = Callable[..., Agent]

_GATES = {
    gate.id: gate
    for gate in (
        Gate("stub_tests", "x", Cost.TREE, ()),
        Gate("compile_errors", "x", Cost.BUILD, (), scopes=(Scope.ALL,)),
        Gate("failing_tests", "x", Cost.TEST, (), requires=("compile_errors",), scopes=(Scope.ALL,)),
        Gate(
            "low_coverage",
            "x",
            Cost.TEST,
            (),
            params={
                "minimum": Param(float, 90.0, "Per cent.", max),
                "names": Param(tuple, (), "Names.", allowed=("a", "b", "c")),
                "mode": Param(str, "lines", "Mode."),
            },
            requires=("failing_tests",),
        ),
    )
}


def _clause(
    line: int, gate: str | None = "low_coverage", strength: Strength = Strength.HARD, **params: object
) -> Clause:
    return Clause("a.md", line, f"sentence {line}", gate, params, strength)


def _bound(contract: Contract) -> Mapping[str, Binding]:
    return {binding.gate: binding for binding in contract.bindings}


def _make(*clauses: Clause, config: str = "") -> Contract:
    return bind("a", clauses, parse_config(config, "ironwright.toml"), _GATES)


def test_the_strictest_of_two_demands_holds_and_is_noted() -> None:
    contract = _make(_clause(3, minimum=80.0), _clause(9, minimum=95.0))
    assert _bound(contract)["low_coverage"].params["minimum"] == 95.0
    assert contract.notes == (
        "low_coverage: a.md:3 says minimum = 80, a.md:9 says 95; the strictest holds: 95.",
    )


def test_lists_are_merged_in_the_gates_own_order() -> None:
    contract = _make(_clause(1, names=("c",)), _clause(2, names=("a",)))
    assert _bound(contract)["low_coverage"].params["names"] == ("a", "c")
    assert contract.notes == ()


def test_a_wish_never_raises_a_demand() -> None:
    contract = _make(_clause(1, minimum=80.0), _clause(2, strength=Strength.SOFT, minimum=99.0))
    binding = _bound(contract)["low_coverage"]
    assert (binding.strength, binding.params["minimum"]) == (Strength.HARD, 80.0)
    assert "wishes minimum = 99" in contract.notes[0]


def test_wishes_alone_make_a_soft_binding() -> None:
    assert _bound(_make(_clause(1, strength=Strength.SOFT)))["low_coverage"].strength is Strength.SOFT


def test_prerequisites_are_added_as_hard_with_their_reason() -> None:
    bound = _bound(_make(_clause(1)))
    assert list(bound) == ["stub_tests", "compile_errors", "failing_tests", "low_coverage"]
    assert bound["compile_errors"].sources == ("required by failing_tests",)
    assert bound["compile_errors"].strength is Strength.HARD
    assert bound["compile_errors"].scope is Scope.ALL


def test_what_rests_on_tools_is_guarded_and_says_so(
    make_agent: MakeAgent, all_gates: Mapping[str, Gate]
) -> None:
    contract = compile_contract(make_agent("# Rules\n\n- All tests must pass.\n"), Config(), all_gates)
    bound = _bound(contract)
    assert set(GUARD_GATES) <= set(bound)
    assert bound["loosened_guardrails"].sources == ("guards failing_tests",)
    removed = parse_config("[gates]\nloosened_guardrails = false\n", "ironwright.toml")
    contract = compile_contract(make_agent("# Rules\n\n- All tests must pass.\n"), removed, all_gates)
    assert "loosened_guardrails" not in _bound(contract)
    assert any("removes it" in note for note in contract.notes)


def test_settings_beat_prose_and_say_so() -> None:
    contract = _make(_clause(1, minimum=90.0), config='[gates.low_coverage]\nminimum = 70\nscope = "all"\n')
    binding = _bound(contract)["low_coverage"]
    assert (binding.params["minimum"], binding.scope) == (70.0, Scope.ALL)
    assert contract.notes == (
        "low_coverage: a.md:1 says minimum = 90, ironwright.toml:1 says 70, which holds.",
    )


def test_settings_add_and_remove_gates() -> None:
    contract = _make(
        _clause(1, "failing_tests"), _clause(2), config="[gates]\nlow_coverage = false\nstub_tests = true\n"
    )
    assert list(_bound(contract)) == ["stub_tests", "compile_errors", "failing_tests"]
    assert contract.notes == ("low_coverage: demanded by a.md:2; ironwright.toml:2 removes it.",)


@pytest.mark.parametrize(
    ("config", "what", "line"),
    [
        ("\n[gates.low_coverge]\nminimum = 1\n", "no gate 'low_coverge'", 2),
        ("[gates.low_coverage]\nminimun = 1\n", "no parameter 'minimun'", 1),
        ('[gates.low_coverage]\nminimum = "x"\n', "must be a number", 1),
        ("[gates.low_coverage]\nminimum = true\n", "must be a number", 1),
        ("[gates.low_coverage]\nminimum = -1\n", "cannot be negative", 1),
        ('[gates.low_coverage]\nnames = ["z"]\n', "cannot be 'z'", 1),
        ('[gates.low_coverage]\nscope = "ratchet"\n', "cannot judge the scope", 1),
        (
            "[gates]\ncompile_errors = false\n",
            "low_coverage cannot be judged|failing_tests cannot be judged",
            2,
        ),
    ],
)
def test_settings_that_cannot_be_are_errors_with_their_line(config: str, what: str, line: int) -> None:
    with pytest.raises(ContractError, match=what) as caught:
        _make(_clause(1), config=config)
    assert caught.value.where == f"ironwright.toml:{line}"


def test_an_agent_that_asks_for_nothing_gets_the_default_gates_and_a_note(
    make_agent: MakeAgent, all_gates: Mapping[str, Gate]
) -> None:
    contract = compile_contract(make_agent("You are kind.\n"), Config(), all_gates)
    assert contract.bindings == default_contract(Config(), all_gates).bindings
    assert "asks for no gate" in contract.notes[0]
    assert len(contract.digest) == 64


def test_the_default_contract_holds_gates_that_exist(all_gates: Mapping[str, Gate]) -> None:
    assert set(DEFAULT_GATES) <= set(all_gates)
    contract = default_contract(Config(), all_gates)
    assert set(DEFAULT_GATES) <= set(_bound(contract))
    assert (contract.name, contract.clauses, contract.notes, contract.digest) == ("default", (), (), "")


def test_commands_before_and_after_come_from_the_clauses_in_order(
    make_agent: MakeAgent, all_gates: Mapping[str, Gate]
) -> None:
    body = "# Before you start\n- [ ] run /memo\n# When done\n- [ ] run /lint\n- [ ] run /commit\n"
    contract = compile_contract(make_agent(body), Config(), all_gates)
    assert (contract.before, contract.after) == (("memo",), ("lint", "commit"))


def test_a_clause_that_names_no_list_means_the_default_list(
    make_agent: MakeAgent, all_gates: Mapping[str, Gate]
) -> None:
    body = "# Rules\n- Don't panic in library code.\n- No .unwrap() in production code paths.\n"
    contract = compile_contract(make_agent(body), Config(), all_gates)
    bound = _bound(contract)["panicking_library_code"]
    assert bound.params["code"] == "all"
    assert set(bound.params["forbid"]) >= {"unwrap", "expect", "panic"}


def test_paths_of_clauses_are_relative_to_the_project(tmp_path: Path) -> None:
    path = tmp_path / ".claude" / "agents" / "engineer.md"
    agent = Agent("engineer", "", str(path), "Never use `unwrap()`.", "Never use `unwrap()`.", 1)
    contract = compile_contract(agent, Config(), gates(), tmp_path)
    assert {clause.path for clause in contract.clauses} == {".claude/agents/engineer.md"}
    elsewhere = compile_contract(agent, Config(), gates(), tmp_path / "other")
    assert {clause.path for clause in elsewhere.clauses} == {str(path)}
