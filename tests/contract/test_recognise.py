from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ironwright.agents.find import resolve_agent
from ironwright.contract.recognise import convert, recognise
from ironwright.gates.api import Gate, Param
from ironwright.gates.catalog import gates as all_gates
from ironwright.records.contract import Clause, Strength
from ironwright.records.definition import Agent

MakeAgent = Callable[..., Agent]
Gates = Mapping[str, Gate]

_SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"


def _bound(agent: Agent, gates: Gates) -> list[tuple[int, str, dict[str, Any]]]:
    return [(c.line, c.gate, dict(c.params)) for c in recognise(agent, gates) if c.gate]


def _of(sentence: str, make_agent: MakeAgent, gates: Gates) -> dict[str, dict[str, Any]]:
    return {gate: params for _, gate, params in _bound(make_agent(f"# Rules\n\n- {sentence}\n"), gates)}


def test_every_example_of_every_gate_is_recognised(make_agent: MakeAgent, all_gates: Gates) -> None:
    missed = [
        (gate.id, phrasing.example)
        for gate in all_gates.values()
        for phrasing in gate.phrasings
        if gate.id not in _of(phrasing.example, make_agent, all_gates)
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("sentence", "gate", "params"),
    [
        ("Test coverage meets or exceeds ninety percent.", "low_coverage", {"minimum": 90.0}),
        ("Keep coverage at 85% or higher.", "low_coverage", {"minimum": 85.0}),
        ("Coverage must be ≥ 72.5 %.", "low_coverage", {"minimum": 72.5}),
        ("Never let coverage drop below 80%.", "low_coverage", {"minimum": 80.0}),
        ("Files must have no more than 200 lines.", "oversized_files", {"max_lines": 200}),
        (
            "Don't create files with more than 150 lines of code.",
            "oversized_files",
            {"max_lines": 150, "count": "code"},
        ),
        ("Keep every file under 1,000 lines.", "oversized_files", {"max_lines": 1000}),
        ("Files never exceed two hundred lines.", "oversized_files", {"max_lines": 200}),
        ("`cargo deny check` must pass.", "required_commands", {"commands": ("cargo deny check",)}),
        ("Run `just lint` before every commit.", "required_commands", {"commands": ("just lint",)}),
        ("No `.unwrap()` or `.expect()` outside tests.", "panicking_library_code", {"code": "all"}),
        ("Do not commit until all tests pass.", "failing_tests", {}),
        ("Never submit without running `cargo fmt`.", "unformatted_code", {}),
    ],
)
def test_parameters_come_from_the_sentence(
    make_agent: MakeAgent, all_gates: Gates, sentence: str, gate: str, params: dict[str, Any]
) -> None:
    found = _of(sentence, make_agent, all_gates)
    assert gate in found
    assert found[gate].items() >= params.items()


@pytest.mark.parametrize(
    "sentence",
    [
        "Never run the full test suite here.",
        "No need to run `cargo fmt`.",
        "Avoid running `cargo clippy` on generated code.",
        "`cargo fmt` is not required.",
        "If tests fail, stop and ask.",
        "Report to the user if all tests pass on base.",
        "Documentation coverage must be 100%.",
        "Execute load tests.",
        "Show the colors red, green, blue.",
    ],
)
def test_the_opposite_and_the_unlike_ask_for_no_gate(
    make_agent: MakeAgent, all_gates: Gates, sentence: str
) -> None:
    assert _of(sentence, make_agent, all_gates) == {}


def test_one_sentence_asks_for_several_gates(make_agent: MakeAgent, all_gates: Gates) -> None:
    found = _of("Run cargo fmt, cargo clippy and cargo test before each commit.", make_agent, all_gates)
    assert set(found) == {"unformatted_code", "clippy_warnings", "failing_tests"}


def test_a_list_under_a_prohibition_asks_for_the_gate_that_refuses_it(
    make_agent: MakeAgent, all_gates: Gates
) -> None:
    agent = make_agent("## Never do this\n\n- Placeholder implementations\n- Panic in library code\n")
    assert [(line, gate) for line, gate, _ in _bound(agent, all_gates)] == [
        (3, "placeholder_code"),
        (4, "panicking_library_code"),
    ]


def test_a_list_under_a_prohibition_does_not_ask_for_what_it_forbids(
    make_agent: MakeAgent, all_gates: Gates
) -> None:
    agent = make_agent("## Don't\n\n- Run cargo fmt\n- Run all tests\n")
    assert [gate for _, gate, _ in _bound(agent, all_gates)] == ["forbidden_commands"]


def test_a_heading_completes_a_bare_limit(make_agent: MakeAgent, all_gates: Gates) -> None:
    agent = make_agent("## Test coverage\n\n- At least 90%\n- `src/cli/`: at least 70%\n")
    assert _bound(agent, all_gates) == [(3, "low_coverage", {"minimum": 90.0})]


def test_a_wish_softens_only_its_own_part(make_agent: MakeAgent, all_gates: Gates) -> None:
    body = (
        "# Rules\n- Document all public functions, add diagrams where useful.\n- Aim for 80% test coverage.\n"
    )
    strengths = {c.gate: c.strength for c in recognise(make_agent(body), all_gates) if c.gate}
    assert strengths == {"undocumented_functions": Strength.HARD, "low_coverage": Strength.SOFT}


def test_what_no_gate_enforces_stays_advisory(make_agent: MakeAgent, all_gates: Gates) -> None:
    (clause,) = recognise(make_agent("# Rules\n- Write friendly error messages.\n"), all_gates)
    assert (clause.gate, clause.strength, clause.line) == (None, Strength.ADVISORY, 2)
    assert clause.note


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (Param(int, 1, "x"), "1,200", 1200),
        (Param(float, 1.0, "x"), "85.5%", 85.5),
        (Param(int, 1, "x"), "many", None),
        (Param(bool, False, "x"), "without", False),
        (Param(str, "a", "x", allowed=("all", "public")), "Public", "public"),
        (Param(str, "a", "x", allowed=("all", "public")), "private", None),
        (Param(tuple, (), "x"), "/lint and /commit", ("lint", "commit")),
        (
            Param(tuple, (), "x", allowed=("returns", "errors")),
            "error conditions, return values",
            ("returns", "errors"),
        ),
    ],
)
def test_words_become_values(param: Param, value: str, expected: Any) -> None:
    assert convert(param, value) == expected


def _seed(number: str) -> Agent:
    from ironwright.agents.parse import parse_agent

    found = sorted(_SEEDS.glob(f"{number}_*.txt")) if _SEEDS.is_dir() else []
    if not found:
        pytest.skip("the founding definitions are not here")
    return parse_agent(found[0].read_bytes(), str(found[0]))


_SEED_CLAUSES = {
    "000": {
        (12, "skipped_commands"),
        (15, "skipped_commands"),
        (16, "skipped_commands"),
        (22, "green_before"),
        (23, "missing_doc_sections"),
        (23, "undocumented_functions"),
        (31, "low_coverage"),
        (40, "oversized_files"),
    },
    "003": {
        (16, "undocumented_functions"),
        (21, "hand_edited_manifest"),
        (24, "stub_tests"),
        (28, "stub_tests"),
        (52, "green_before"),
        (53, "compile_errors"),
        (60, "failing_tests"),
        (81, "panicking_library_code"),
    },
    "004": set(),
}


@pytest.mark.parametrize("number", _SEED_CLAUSES)
def test_the_founding_definitions_bind_their_gates_at_their_lines(number: str, all_gates: Gates) -> None:
    agent = _seed(number)
    lines = agent.text.split("\n")
    clauses = recognise(agent, all_gates)
    assert {(c.line, c.gate) for c in clauses if c.gate} >= _SEED_CLAUSES[number]
    for clause in clauses:
        first = re.findall(r"\w+", clause.sentence)[0]
        assert first in lines[clause.line - 1]


def test_the_strength_and_silence_of_the_founding_definitions(all_gates: Gates) -> None:
    soft = {c.line for c in recognise(_seed("003"), all_gates) if c.strength is Strength.SOFT}
    assert 52 in soft
    advisory = {c.line for c in recognise(_seed("004"), all_gates)}
    assert 3 in advisory
    assert not advisory & set(range(13, 20))
    assert not advisory & set(range(29, 143))
    assert not advisory & set(range(188, 223))


@pytest.mark.parametrize(
    ("number", "old", "new", "line", "params"),
    [
        ("000", "exceeds 90%", "exceeds 85%", 31, {"minimum": 85.0}),
        ("000", "more than 200 lines", "more than 150 lines", 40, {"max_lines": 150}),
        ("000", "/memo command", "/recall command", 12, {"before": ("recall",)}),
    ],
)
def test_a_changed_sentence_changes_the_contract(
    all_gates: Gates, number: str, old: str, new: str, line: int, params: dict[str, Any]
) -> None:
    from ironwright.agents.parse import parse_agent

    seed = _seed(number)
    assert old in seed.text
    agent = parse_agent(seed.text.replace(old, new).encode(), seed.path)
    (clause,) = [c for c in recognise(agent, all_gates) if c.line == line and c.gate]
    assert dict(clause.params).items() >= params.items()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_any_text_is_read(make_agent: MakeAgent, all_gates: Gates, text: str) -> None:
    clauses = recognise(make_agent(text), all_gates)
    assert all(isinstance(clause, Clause) for clause in clauses)
    assert recognise(make_agent(text), all_gates) == clauses


@pytest.mark.parametrize(
    "item",
    ["word 1 " * 1500, "run " + "a1" * 4000, "(a. B" * 800, "no not never " * 800, "one hundred " * 800],
)
def test_long_lines_are_read_in_time(make_agent: MakeAgent, all_gates: Gates, item: str) -> None:
    started = time.process_time()
    recognise(make_agent(f"# Rules\n- {item}\n"), all_gates)
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    "sentence",
    [
        "Just test that it passes before committing.",
        "Make sure tests pass before committing.",
        "Never run `just publish` before you finish.",
        "Run `cargo test` before committing.",
        "If `just ci` must pass, say so.",
    ],
)
def test_words_that_are_no_demanded_command_name_none(
    sentence: str, make_agent: MakeAgent, all_gates: Gates
) -> None:
    assert "required_commands" not in _of(sentence, make_agent, all_gates)


def test_a_lead_in_and_a_command_in_code_demand_it(make_agent: MakeAgent, all_gates: Gates) -> None:
    agent = make_agent("Before committing, run:\n\n- `just lint`\n- `./scripts/check.sh --all`\n")
    found = [params for _, gate, params in _bound(agent, all_gates) if gate == "required_commands"]
    assert found == [{"commands": ("just lint",)}, {"commands": ("./scripts/check.sh --all",)}]


def test_a_text_that_the_definition_includes_does_not_have_to_be_read(tmp_path: Path) -> None:
    agents = tmp_path / ".claude" / "agents"
    agents.mkdir(parents=True)
    snippet = tmp_path / ".agpm" / "snippets" / "rust.md"
    snippet.parent.mkdir(parents=True)
    snippet.write_text("# Rules\n\n- Never use `unwrap()`.\n", encoding="utf-8")
    text = "Read and follow these first:\n\n- `.agpm/snippets/rust.md`\n- `docs/design.md`\n"
    (agents / "engineer.md").write_text(
        f"---\nname: engineer\ndescription: x\n---\n\n{text}", encoding="utf-8"
    )
    agent = resolve_agent("engineer", tmp_path)
    assert [include.name for include in agent.includes] == [".agpm/snippets/rust.md"]
    read = [
        clause.params["files"] for clause in recognise(agent, all_gates()) if clause.gate == "unread_files"
    ]
    assert read == [("docs/design.md",)]
