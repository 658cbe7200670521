"""Known vulnerabilities by an advisory database of our own; without cargo-audit the answer is UNKNOWN."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.api import Unknown
from ironwright.gates.checks.vulnerable_dependencies import read_answer
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case

NEEDS = ("cargo-audit",)
DATABASE = {"database": str(Path(__file__).parent / "advisories")}
LOCK = """version = 4

[[package]]
name = "help-er"
version = "0.1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"

[[package]]
name = "small"
version = "0.1.0"
dependencies = [
 "help-er",
]
"""
OWN = 'version = 4\n\n[[package]]\nname = "small"\nversion = "0.1.0"\n'
WITH = MANIFEST + '[dependencies]\nhelp-er = "0.1"\n'
PLAIN = {"Cargo.toml": MANIFEST, "Cargo.lock": OWN, "src/lib.rs": ""}
BAD = {"Cargo.toml": WITH, "Cargo.lock": LOCK, "src/lib.rs": ""}

PASSES = [
    Case("no dependencies", base=PLAIN, head={"src/lib.rs": "//! New.\n"}, params=DATABASE, needs=NEEDS),
    Case(
        "a version that is repaired",
        base=PLAIN,
        head={"Cargo.toml": WITH, "Cargo.lock": LOCK.replace('"0.1.0"\nsource', '"0.2.1"\nsource')},
        params=DATABASE,
        needs=NEEDS,
    ),
    Case(
        "one that was there before",
        base=BAD,
        head={"src/lib.rs": "//! New.\n"},
        params=DATABASE,
        mentions=("1 were there before",),
        needs=NEEDS,
    ),
    Case(
        "an advisory that was looked into",
        base=PLAIN,
        head=BAD,
        params={**DATABASE, "ignore": ("RUSTSEC-2026-0001",)},
        needs=NEEDS,
    ),
    Case("a tree without a lock file", head={"src/lib.rs": ""}, params=DATABASE, needs=NEEDS),
]
FAILS = [
    Case(
        "a new dependency with an advisory",
        base=PLAIN,
        head=BAD,
        params=DATABASE,
        at=("Cargo.lock", 4),
        mentions=("RUSTSEC-2026-0001", "It loops for ever", ">=0.2.0"),
        needs=NEEDS,
    ),
    Case(
        "one that was there before, where all is judged",
        base=BAD,
        head={"src/lib.rs": "//! New.\n"},
        scope=Scope.ALL,
        params=DATABASE,
        findings=1,
        needs=NEEDS,
    ),
]
UNKNOWN = [
    Case("no database", head=PLAIN, params={"database": "/no/such/place"}, mentions=("",)),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


@given(st.text() | st.just('{"vulnerabilities": {"list": [{}]}}') | st.just('{"vulnerabilities": []}'))
def test_any_other_answer_is_unknown(text: str):
    with pytest.raises(Unknown, match="not understood"):
        read_answer(text, "Cargo.lock")
