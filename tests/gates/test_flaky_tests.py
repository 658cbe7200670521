"""Tests that do not always end alike, on real crates run several times."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.gates.checks.flaky_tests import GATE
from ironwright.records.contract import Scope
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import Case, run_gate

STEADY = """pub fn one() -> u8 {
    1
}
#[cfg(test)]
mod tests {
    #[test]
    fn it() {
        assert_eq!(super::one(), 1);
    }
    #[test]
    #[ignore]
    fn never() {
        panic!();
    }
}
"""
# Passes only behind the other one: alone it always fails.
ORDERED = """#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    static READY: AtomicBool = AtomicBool::new(false);
    #[test]
    fn a_makes_ready() {
        READY.store(true, SeqCst);
    }
    #[test]
    fn b_needs_it() {
        std::thread::sleep(std::time::Duration::from_millis(30));
        assert!(READY.load(SeqCst), "not ready");
    }
}
"""

PASSES = [
    Case("steady tests", head={"src/lib.rs": STEADY}, mentions=("alike in 5 runs",)),
    Case("no tests", head={"src/lib.rs": "\n"}),
    Case(
        "a test that always fails is another gate's",
        head={"src/lib.rs": STEADY.replace("(), 1)", "(), 2)")},
    ),
]
FAILS = [
    Case(
        "a new test that passes only behind another",
        head={"src/lib.rs": ORDERED},
        at=("src/lib.rs", 10),
        mentions=("not ready",),
        findings=1,
    ),
]
UNKNOWN = [
    Case("a tree that does not compile", head={"src/lib.rs": "fn f() { g() }\n#[test] fn t() {}\n"}),
    Case(
        "a budget that is over at once",
        head={"src/lib.rs": STEADY},
        params={"budget_seconds": -1},
        mentions=("1 of 5 runs",),
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


# Fails in about every second run by the clock, whatever the order.
CHANCE = """#[cfg(test)]
mod tests {
    #[test]
    fn by_chance() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert!(now.subsec_nanos() / 1000 % 2 == 0, "unlucky");
    }
}
"""


@pytest.mark.slow
def test_what_was_unsteady_before_is_a_remark(tmp_path: Path):
    base, head = {"src/lib.rs": CHANCE}, {"src/lib.rs": CHANCE + "pub fn one() -> u8 {\n    1\n}\n"}
    changed = run_gate("flaky_tests", base, head, params={"runs": 24}, folder=tmp_path / "a")
    assert changed.status is Status.PASS, changed
    assert len(changed.findings) == 1
    whole = run_gate("flaky_tests", base, head, params={"runs": 24}, scope=Scope.ALL, folder=tmp_path / "b")
    assert whole.status is Status.FAIL, whole


def test_the_order_of_shuffled_runs_is_decided_by_the_tree(tmp_path: Path):
    ordered = {"src/lib.rs": ORDERED}
    first, second = (
        run_gate("flaky_tests", {}, ordered, params={"runs": 2}, folder=tmp_path / name) for name in "ab"
    )
    seeds = [item.data["seed"] for run in (first, second) for item in run.evidence if "seed" in item.data]
    assert len(seeds) == 2
    assert seeds[0] == seeds[1]


def test_prose_about_something_else_does_not_ask_for_it():
    for text in ("Tests must be written first.", "Use deterministic builds.", "Are tests run?"):
        assert not any(phrasing.regex.search(text) for phrasing in GATE.phrasings), text
