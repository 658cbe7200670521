"""What holds for every gate that reads the trees, whatever the source is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import source_tree

from ironwright.gates.api import Cost, Unknown
from ironwright.gates.catalog import gate_modules
from ironwright.gates.subject import Subject
from ironwright.records.change import Change, FileChange, FileStatus
from ironwright.records.config import Config
from ironwright.records.contract import Scope
from ironwright.records.verdict import Status

TREE_GATES = [name for name, module in gate_modules().items() if module.GATE.cost == Cost.TREE]
PIECES = st.sampled_from(
    [
        "fn f(a: u8) -> Result<u8, E> {",
        "}",
        "/// Doc.\n",
        "/// # Errors\n",
        "#[test]\n",
        "#[should_panic]\n",
        "#[cfg(test)] mod m {",
        "assert_eq!(a, a);",
        "assert!(",
        "x.unwrap();",
        "todo!()",
        "// in a real implementation\n",
        'r#"',
        '"#',
        "\r\n",
        "\x00",
        "é",
        "#[doc = ",
        "impl T for S {",
    ]
)


def no_cargo(*_):
    raise AssertionError("a gate that reads trees asked cargo")


def subject_of(source: bytes) -> Subject:
    lines = frozenset(range(1, source.count(b"\n") + 2))
    files = {path: FileChange(path, FileStatus.ADDED, lines) for path in ("src/lib.rs", "tests/a.rs")}
    tree = source_tree({"Cargo.toml": '[package]\nname = "a"\n', **dict.fromkeys(files, source)})
    change = Change(Path(os.devnull), None, "h" * 40, None, "t" * 40, "nothing", "head", files)
    return Subject(change, tree, None, Config(), no_cargo, no_cargo)


@pytest.mark.parametrize("gate", TREE_GATES)
@settings(max_examples=60, deadline=None)
@given(
    source=st.one_of(
        st.binary(max_size=120), st.lists(PIECES, max_size=14).map(lambda p: "".join(p).encode())
    )
)
def test_any_source_is_answered_and_findings_lie_in_the_file(gate, source):
    module = gate_modules()[gate]
    params = {name: param.default for name, param in module.GATE.params.items()}
    for scope in (Scope.CHANGED, Scope.ALL):
        try:
            answer = module.check(subject_of(source), params, scope)
        except Unknown:
            continue
        assert answer.reason
        assert (answer.status == Status.FAIL) <= bool(answer.findings)
        for found in answer.findings:
            assert found.path in ("src/lib.rs", "tests/a.rs")
            assert found.line is None or 1 <= found.line <= source.count(b"\n") + 1
