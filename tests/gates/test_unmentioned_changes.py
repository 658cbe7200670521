"""What the commits say is compared with what they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.gates.checks.unmentioned_changes import _claims_nothing, _claims_same
from ironwright.records.change import Commit
from ironwright.testing.gate_testing import Case

CODE = "pub fn tax(a: u32) -> u32 {\n    a * 19 / 100\n}\n"
TEST = "#[test]\nfn taxes() {\n    assert_eq!(tax(100), 19);\n}\n"
BASE = {"src/lib.rs": CODE + TEST}
OTHER = CODE.replace("19", "20")

PASSES = [
    Case(
        "a message that claims nothing", base=BASE, head={"src/lib.rs": OTHER + TEST}, message="Raise the tax"
    ),
    Case(
        "documentation alone",
        base=BASE,
        head={"src/lib.rs": "/// The tax.\n" + CODE + TEST},
        message="Document the tax",
    ),
    Case(
        "layout alone",
        base=BASE,
        head={"src/lib.rs": CODE.replace("{\n    a * 19 / 100\n}", "{ a * 19 / 100 }") + TEST},
        message="style: run rustfmt",
    ),
    Case(
        "a typo in a message, and imports in another order",
        base={"src/lib.rs": 'pub fn f() -> &\'static str {\n    use std::{fmt, io};\n    "teh end"\n}\n'},
        head={"src/lib.rs": 'pub fn f() -> &\'static str {\n    use std::{io, fmt};\n    "the end"\n}\n'},
        message="doc: fix typos",
    ),
    Case(
        "a refactoring whose tests stay",
        base=BASE,
        head={"src/lib.rs": CODE.replace("a * 19 / 100", "let part = a * 19;\n    part / 100") + TEST},
        message="refactor: name the part",
    ),
    Case(
        "a refactoring that says what is other",
        base=BASE,
        head={"src/lib.rs": OTHER + TEST.replace("19", "20")},
        message="Simplify the tax\n\nBehaviour changes: the rate is 20 percent now.",
    ),
    Case(
        "a commit beside it speaks of behaviour",
        base=BASE,
        head={"src/lib.rs": OTHER + TEST.replace("19", "20")},
        between=({"README.md": "# tax\n"},),
        message="Raise the tax",
    ),
]
FAILS = [
    Case(
        "other code in a commit about documentation",
        base=BASE,
        head={"src/lib.rs": "/// The tax.\n" + OTHER + TEST},
        message="docs: describe the tax",
        at=("src/lib.rs", 2),
        mentions=("`tax` is other code than before", "docs: describe the tax"),
    ),
    Case(
        "another constant in a commit about formatting",
        base={"src/lib.rs": "pub const RATE: u32 = 19;\n"},
        head={"src/lib.rs": "pub const RATE: u32 = 20;\n"},
        message="Reformat the sources",
        at=("src/lib.rs", 1),
    ),
    Case(
        "another expectation in a refactoring",
        base=BASE,
        head={"src/lib.rs": OTHER + TEST.replace("19", "20")},
        message="Simplify the tax",
        at=("src/lib.rs", 6),
        mentions=("expects something else",),
    ),
    Case(
        "other expected output in a change for speed",
        base={**BASE, "tests/expected/tax.txt": "19\n"},
        head={"src/lib.rs": OTHER + TEST.replace("100), 19", "0), 0"), "tests/expected/tax.txt": "20\n"},
        message="perf: avoid a division",
        at=("tests/expected/tax.txt", 1),
    ),
]
UNKNOWN = [
    Case(
        "a file that does not parse",
        base=BASE,
        head={"src/lib.rs": "pub fn f( {{{ match\n"},
        message="refactor: the tax",
        mentions=("src/lib.rs",),
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "subject",
    [
        "docs: tax",
        "docs(api): tax",
        "Fix typo in README",
        "Update the docs",
        "Add tests for tax",
        "style: fmt",
    ],
)
def test_such_commits_say_that_nothing_runs_otherwise(subject: str):
    assert _claims_nothing(Commit("0" * 40, subject))


@pytest.mark.parametrize(
    "subject", ["Fix the tax", "Document and fix the tax", "feat: docs command", "Format amounts with commas"]
)
def test_such_commits_do_not(subject: str):
    assert not _claims_nothing(Commit("0" * 40, subject))


@pytest.mark.parametrize("subject", ["refactor: x", "Rename a to b", "Clean up the parser", "perf: faster x"])
def test_such_commits_say_that_behaviour_stays(subject: str):
    assert _claims_same(Commit("0" * 40, subject))
