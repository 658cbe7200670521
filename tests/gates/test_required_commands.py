"""A team's own commands, run on a clean copy of real trees."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.checks.required_commands import GATE, read_commands
from ironwright.testing.gate_testing import Case

SCRIPT = (
    '#!/bin/sh\nset -e\ntest -f src/lib.rs\ngrep -q "//!" src/lib.rs || { echo "no module text"; exit 3; }\n'
)
BASE = {"src/lib.rs": "//! Small.\n", "check.sh": SCRIPT}

PASSES = [
    Case(
        "a script that ends well",
        base=BASE,
        head={"src/lib.rs": "//! Smaller.\n"},
        params={"commands": ("sh check.sh", "test ! -e .git")},
        mentions=("exit code 0",),
        findings=0,
    ),
    Case(
        "a change of the script itself is a remark",
        base=BASE,
        head={"check.sh": "exit 0\n"},
        params={"commands": ("sh ./check.sh",)},
        mentions=("the change edits check.sh",),
        findings=1,
    ),
    Case(
        "cargo itself works in it",
        base=BASE,
        head={"src/lib.rs": "//! One.\n#[test]\nfn it() {}\n"},
        params={"commands": ("cargo rustc --lib --offline",)},
        slow=True,
    ),
]
FAILS = [
    Case(
        "a script that finds something",
        base=BASE,
        head={"src/lib.rs": "\n"},
        params={"commands": ("sh check.sh",)},
        mentions=("exit code 3", "no module text"),
        findings=1,
    ),
    Case(
        "the second of two commands",
        head={"src/lib.rs": ""},
        params={"commands": ("true", "false")},
        mentions=("`false`",),
        findings=1,
    ),
]
UNKNOWN = [
    Case("no command is named", head=BASE, mentions=("no command",)),
    Case(
        "a program that is not installed",
        head=BASE,
        params={"commands": ("no-such-program --all",)},
        mentions=("install no-such-program",),
    ),
    Case(
        "a subcommand of cargo that is not installed",
        head=BASE,
        params={"commands": ("cargo no-such-thing",)},
        mentions=("install cargo-no-such-thing",),
    ),
    Case(
        "a command that needs the history",
        head=BASE,
        params={"commands": ("git log",)},
        mentions=("history",),
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


def _asked(text: str) -> tuple[str, ...]:
    for phrasing in GATE.phrasings:
        found = phrasing.regex.search(text)
        if found:
            return read_commands(found["commands"])
    return ()


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("`cargo deny check` must pass", ("cargo deny check",)),
        ("`just test` passes", ("just test",)),
        ("`just lint` and `just test` must both pass", ("just lint", "just test")),
        ("Run `./scripts/ci.sh --all` before every commit", ("./scripts/ci.sh --all",)),
        ("Before committing, run `cargo xtask ci`", ("cargo xtask ci",)),
    ],
)
def test_commands_are_read_from_a_sentence(text: str, commands: tuple[str, ...]):
    assert _asked(text) == commands


@pytest.mark.parametrize(
    "text",
    [
        "`cargo test` must pass",
        "`cargo clippy -- -D warnings` passes",
        "Run `cargo fmt` before committing",
        "`Result` must pass through `main`",
        "`just <recipe>` must pass",
        "make sure it passes before committing",
        "`foo()` passes the value on",
        "Run `cargo add serde` before you commit",
        "`src/lib.rs` must pass review",
        "Run `make` before committing",
    ],
)
def test_what_is_no_command_or_another_gates_is_not_read(text: str):
    assert _asked(text) == ()


@given(st.text())
def test_reading_commands_takes_any_text(text: str):
    assert all(command == " ".join(command.split()) for command in read_commands(text))
