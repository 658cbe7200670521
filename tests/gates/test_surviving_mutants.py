"""Mutants of changed code, tried on real crates; without cargo-mutants the answer is UNKNOWN."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import source_tree

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.mutants import read_mutants
from ironwright.testing.gate_testing import Case

LIB = """//! Zahlen, größer als nötig.
pub fn larger(a: u32, b: u32) -> u32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it() {
        BODY
    }
}
"""
GOOD = LIB.replace("BODY", "assert_eq!((super::larger(7, 4), super::larger(4, 9)), (7, 9));")
WEAK = LIB.replace("BODY", "assert!(super::larger(5, 5) < 9);")
DOCUMENTED = """/// One.
/// ```
/// assert_eq!(small::one(), 7);
/// ```
pub fn one() -> u8 {
    7
}
"""
NEEDS = ("cargo-mutants",)

PASSES = [
    Case("no function changed", base={"src/lib.rs": GOOD}, head={"src/lib.rs": "//! New.\n" + GOOD}),
    Case(
        "tests that notice most mutants, where most is enough",
        head={"src/lib.rs": GOOD},
        params={"min_killed": 60},
        mentions=("tests notice",),
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a body that only a documentation example looks at",
        head={"src/lib.rs": DOCUMENTED},
        mentions=("tests notice",),
        needs=NEEDS,
        slow=True,
    ),
]
FAILS = [
    Case(
        "a test that looks at next to nothing",
        head={"src/lib.rs": WEAK},
        at=("src/lib.rs", 3),
        mentions=("no test fails when", "replace > with <"),
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a function that no test runs",
        head={"src/lib.rs": "pub fn one() -> u8 {\n    7\n}\n"},
        at=("src/lib.rs", 2),
        mentions=("replace one -> u8 with",),
        needs=NEEDS,
        slow=True,
    ),
]
UNKNOWN = [
    Case(
        "a budget that is over before the first mutant",
        head={"src/lib.rs": GOOD},
        params={"budget_seconds": -1},
        mentions=("were not tried",),
        needs=NEEDS,
        slow=True,
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


@given(
    before=st.text("aä€😀 ", max_size=8), old=st.text("xyö", min_size=1, max_size=5), line=st.integers(1, 4)
)
def test_a_mutant_replaces_exactly_its_span(before: str, old: str, line: int):
    text = "// é\n" * (line - 1) + before + old + " rest\n"
    place = {"line": line, "column": len(before) + 1}
    entry = {
        "file": "src/lib.rs",
        "name": "src/lib.rs:1:1: replace it",
        "genre": "BinaryOperator",
        "replacement": "NEU",
        "function": None,
        "span": {"start": place, "end": {"line": line, "column": len(before + old) + 1}},
    }
    tree = source_tree({"in/src/lib.rs": text})
    (mutant,) = read_mutants(json.dumps([entry]), "in", tree)
    assert mutant.applied(text.encode()).decode() == "// é\n" * (line - 1) + before + "NEU rest\n"
    assert mutant.line_span(text.encode()) == {line}


@given(st.text())
def test_an_answer_that_is_no_list_of_mutants_is_unknown(text: str):
    try:
        found = read_mutants(text, ".", source_tree({}))
    except Unknown:
        return
    assert found == []


def test_a_list_that_names_a_missing_file_is_unknown():
    entry = {"file": "gone.rs", "span": {}, "name": "x", "genre": "FnValue", "replacement": ""}
    with pytest.raises(Unknown, match="not understood"):
        read_mutants(json.dumps([entry]), ".", source_tree({}))
