"""Every commit of a change must stand alone: real commits, each built."""

from __future__ import annotations

from pathlib import Path

from ironwright.testing.gate_testing import Case

ONE = "pub fn one() -> u8 {\n    1\n}\n"
TWO = ONE + "pub fn two() -> u8 {\n    one() + 1\n}\n"
TEST = "#[test]\nfn it() {\n    assert_eq!(two(), 2);\n}\n"
BROKEN = ONE + "pub fn two() -> u8 {\n    three()\n}\n"

PASSES = [
    Case("one commit", head={"src/lib.rs": ONE}, mentions=("no commit besides head",)),
    Case(
        "three commits that compile",
        between=({"src/lib.rs": ONE}, {"src/lib.rs": TWO}),
        head={"src/lib.rs": TWO + TEST},
        mentions=("each of 2 commits",),
    ),
    Case(
        "a commit whose test fails, where it need only compile",
        between=({"src/lib.rs": TWO.replace("one() + 1", "9") + TEST},),
        head={"src/lib.rs": TWO + TEST},
    ),
]
FAILS = [
    Case(
        "a commit that calls what only the next one brings",
        base={"src/lib.rs": ""},
        between=({"src/lib.rs": BROKEN},),
        head={"src/lib.rs": TWO},
        mentions=("Do step 1", "src/lib.rs:5", "three"),
        findings=1,
    ),
    Case(
        "a commit whose manifest is broken",
        between=({"Cargo.toml": "[package\n"}, {"src/lib.rs": ONE}),
        head={"Cargo.toml": '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'},
        base={"Cargo.toml": '[package]\nname = "small"\nversion = "0.1.0"\n', "src/lib.rs": ""},
        mentions=("Do step 1", "Do step 2"),
        findings=2,
    ),
    Case(
        "a commit whose test fails, where tests must pass",
        base={"src/lib.rs": ""},
        between=({"src/lib.rs": TWO.replace("one() + 1", "9") + TEST},),
        head={"src/lib.rs": TWO + TEST},
        params={"level": "test"},
        mentions=("the test it fails",),
        slow=True,
    ),
]
UNKNOWN = [
    Case(
        "base does not compile either",
        base={"src/lib.rs": BROKEN},
        between=({"src/lib.rs": BROKEN + "// more\n"},),
        head={"src/lib.rs": TWO},
        mentions=("base itself",),
    ),
    Case(
        "a budget that is over at once",
        between=({"src/lib.rs": ONE},),
        head={"src/lib.rs": TWO},
        params={"budget_seconds": -1},
        mentions=("1 commit of 1 not built",),
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)
