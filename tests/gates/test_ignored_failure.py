from __future__ import annotations

import pytest
from journals import TREES, ended, journal, ran, started, used
from sentences import asks_for

from ironwright.testing.gate_testing import Case

HEAD = {"src/lib.rs": "// x\n"}
FAILED = 101


def case(name: str, *parts, **more) -> Case:
    return Case(name, head=HEAD, journal=journal(*parts), **more)


PASSES = [
    case("nothing ran", used("write_file", "src/lib.rs"), ended()),
    case(
        "red, then green",
        ran("cargo test", FAILED),
        used("edit_file", "src/lib.rs"),
        ran("cargo test"),
        ended(),
    ),
    case(
        "one test red, then another run", ran("cargo test days", FAILED), ran("cargo test -p small"), ended()
    ),
    case(
        "the build is part of the tests",
        ran("cargo build", FAILED),
        ran("cargo test --all-features"),
        ended(),
    ),
    case("clippy builds as well", ran("cargo check", FAILED), ran("cargo clippy -- -D warnings"), ended()),
    case("warnings of clippy are no failed build", ran("cargo clippy -- -D warnings", FAILED), ended()),
    case("the filter failed, not cargo", ran("cargo test | grep nothing", 1), ended()),
    case("what came before cargo failed", ran("grep -q x a && cargo test", 1), ended()),
    case("two attempts", ran("cargo test", FAILED), ended(), started("repair-1"), ran("cargo test"), ended()),
    case("a guard refused it", ran("cargo test", FAILED, refused=True), ended()),
    case(
        "a commit of the failing test is a remark",
        ran("cargo test", FAILED, before=TREES[0]),
        ran("git commit -am x", before=TREES[0]),
        ran("cargo test", before=TREES[1]),
        findings=1,
    ),
    case(
        "a commit after the repair",
        ran("cargo build", FAILED, before=TREES[0]),
        ran("git commit -am x", before=TREES[1]),
        ran("cargo build", before=TREES[1]),
        findings=0,
    ),
    case(
        "a commit that was folded into a better one",
        ran("cargo build", FAILED, before=TREES[0]),
        ran("git commit -am x", before=TREES[0]),
        ran("cargo build", before=TREES[1]),
        ran("git commit --amend --no-edit -a", before=TREES[1]),
        findings=1,
    ),
]
FAILS = [
    case(
        "finished on failing tests",
        ran("cargo test", FAILED),
        used("edit_file", "src/lib.rs"),
        ended(),
        mentions=("journal line 2", "exit code 101", "no test succeeded"),
        findings=1,
    ),
    case("asked the gates on it", ran("cargo test", FAILED), {"tool": "check", "args": {}, "running": True}),
    case(
        "only one test was run after", ran("cargo test", FAILED), ran("cargo test easy"), ended(), findings=1
    ),
    case("only built after", ran("cargo test", FAILED), ran("cargo build"), ended(), findings=1),
    case("hidden after", ran("cargo build", FAILED), ran("cargo build | tee log"), ended(), findings=1),
    case("a chain", ran("cd a && cargo build && cargo test", FAILED), ended(), findings=1),
    case("it hangs", ran("cargo test", -9, timed_out=True), ended(), mentions=("limit of time",)),
    case("several times", ran("cargo test", FAILED), ran("cargo test", FAILED), ended(), findings=1),
    case("green, then red", ran("cargo test"), ran("cargo test", FAILED), ended(), findings=1),
    case(
        "committed what does not build",
        ran("cargo check", FAILED, before=TREES[0]),
        ran("git add -A && git commit -m x", before=TREES[0]),
        ran("cargo check", before=TREES[1]),
        mentions=("committed what had just failed",),
        findings=1,
    ),
    case(
        "committed it with the lock that the build made",
        ran("cargo check", FAILED, before=TREES[0], after=TREES[1]),
        ran("git commit -am x", before=TREES[1]),
        ran("cargo check", before=TREES[2]),
        findings=1,
    ),
]
UNKNOWN = [
    Case("no journal", head=HEAD, mentions=("no journal",)),
    Case("no attempt", head=HEAD, journal=[], mentions=("no attempt",)),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "**Fail Fast**: If something doesn't compile or tests fail, STOP and investigate thoroughly.",
        "When something does not compile or a test fails, stop and find the cause before you go on.",
        "Ensure compilation succeeds before moving to the next component",
        "Never proceed with failing tests.",
        "Do not move on until the tests pass.",
        "NEVER ignore test failures",
    ],
)
def test_sentences_that_ask_for_it(sentence):
    assert asks_for("ignored_failure", sentence) is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "If tests fail, stop and ask.",
        "Handle errors and continue processing.",
        "Stop the server when the build fails.",
        "Tests must fail before they pass.",
        "Continue with the next test.",
        "Return an error when parsing fails.",
    ],
)
def test_sentences_that_do_not(sentence):
    assert asks_for("ignored_failure", sentence) is None
