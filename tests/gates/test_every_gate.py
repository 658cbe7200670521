"""What every gate owes: its documentation, its phrasings, and cases for each of its answers."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from ironwright.gates.api import Gate, GateModule
from ironwright.gates.catalog import gate_modules
from ironwright.testing.gate_testing import Case

MODULES = dict(gate_modules())
HEADINGS = ("What it checks:", "Why:", "Evidence:", "Unknown when:")
INPUTS = {"head", "base", "journal", "commits", "history", "rust", "manifests", "toolchain", "code"}
INPUTS |= {"commented_code", "surface", "day"}


def every_gate() -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "module"), MODULES.items(), ids=list(MODULES))


@every_gate()
def test_the_docstring_says_what_why_evidence_and_unknown(name: str, module: GateModule):
    positions = [re.search(rf"^{heading}$", module.__doc__, re.MULTILINE) for heading in HEADINGS]
    assert all(positions), f"{name}: one of {HEADINGS} is missing"
    starts = [found.start() for found in positions if found]
    assert starts == sorted(starts)
    assert module.__doc__.startswith("Refuses "), "the first line says what the gate refuses"


@every_gate()
def test_the_id_is_the_name_of_the_file(name: str, module: GateModule):
    assert name == module.GATE.id


@every_gate()
def test_it_depends_on_known_inputs_and_existing_gates(name: str, module: GateModule):
    assert set(module.GATE.inputs) <= INPUTS
    assert set(module.GATE.requires) <= set(MODULES) - {name}
    assert module.GATE.scopes
    assert "journal" in module.GATE.inputs or not module.GATE.process


@every_gate()
def test_every_phrasing_recognises_its_example(name: str, module: GateModule):
    assert module.GATE.phrasings, f"{name} cannot be asked for in prose"
    for phrasing in module.GATE.phrasings:
        found = phrasing.regex.search(phrasing.example)
        assert found, f"{phrasing.pattern} does not match {phrasing.example!r}"
        assert set(phrasing.params) <= set(module.GATE.params)
        assert set(phrasing.regex.groupindex) <= set(module.GATE.params)


@every_gate()
def test_every_parameter_has_a_default_of_its_type(name: str, module: GateModule):
    for parameter, specification in module.GATE.params.items():
        assert isinstance(specification.default, specification.type), f"{name}.{parameter}"
        assert specification.meaning.endswith("."), f"{name}.{parameter}: one sentence"
        if specification.allowed and specification.type is str:
            assert specification.default in specification.allowed


@every_gate()
def test_the_stricter_of_two_values_does_not_depend_on_their_order(name: str, module: GateModule):
    for parameter, specification in module.GATE.params.items():
        if specification.stricter is None:
            continue
        samples: dict[type, tuple] = {
            bool: (False, True),
            int: (3, 7),
            float: (3.0, 7.0),
            str: specification.allowed,
        }
        for one in samples[specification.type]:
            for other in samples[specification.type]:
                chosen = specification.stricter(one, other)
                assert chosen in (one, other), f"{name}.{parameter}"
                assert chosen == specification.stricter(other, one), f"{name}.{parameter}"


def test_what_is_stricter_of_each_switch():
    switches = {
        ("stub_tests", "allow_unwrap_only"): False,
        ("panicking_library_code", "allow_documented"): False,
        ("placeholder_code", "todo_comments"): True,
    }
    for (gate, parameter), stricter in switches.items():
        choose = MODULES[gate].GATE.params[parameter].stricter
        assert choose
        assert choose(True, False) is stricter


@every_gate()
def test_there_are_cases_for_pass_fail_and_unknown(name: str, module: GateModule):
    path = Path(__file__).parent / f"test_{name}.py"
    assert path.exists(), f"{path.name} is missing; ironwright.testing.gate_testing says what it holds"
    specification = importlib.util.spec_from_file_location(f"cases_of_{name}", path)
    assert specification
    assert specification.loader
    cases = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(cases)
    for answer in ("PASSES", "FAILS", "UNKNOWN"):
        listed = getattr(cases, answer)
        assert listed, f"{path.name}: {answer} is empty"
        assert all(isinstance(case, Case) for case in listed)


def test_ids_name_what_is_refused():
    for name, module in MODULES.items():
        gate: Gate = module.GATE
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
        assert not gate.summary.endswith(".")
