from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.records.cargo_commands import cargo_runs


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cargo test", [("test", False, True, True)]),
        ("cd a && cargo t --all-features", [("test", False, True, True)]),
        ("cd a; cargo test", [("test", False, True, True)]),
        ("cargo build && cargo test", [("build", False, True, True), ("test", False, True, True)]),
        ("cargo test; git status", [("test", False, False, False)]),
        ("cargo test | tee log", [("test", False, False, False)]),
        ("cargo test || true", [("test", False, False, False)]),
        ("grep -q x src/lib.rs && cargo test", [("test", False, True, False)]),
        ("cargo test && git diff --exit-code", [("test", False, True, False)]),
        ("cargo test parses_days", [("test", True, True, True)]),
        ("cargo test -- --nocapture", [("test", False, True, True)]),
        ("cargo test -- parses_days", [("test", True, True, True)]),
        ("cargo test -p a", [("test", True, True, True)]),
        ("cargo test --features x --jobs 2 --workspace", [("test", False, True, True)]),
        ("cargo test --no-run", [("build", False, True, True)]),
        ("cargo nextest run", [("nextest", False, True, True)]),
        ("cargo +nightly --locked check", [("check", False, True, True)]),
        ("bash -c 'cargo test'", [("test", False, False, False)]),
        ("cargo metadata", []),
        ("echo cargo test", []),
        ("echo 'open; cargo test", []),
    ],
)
def test_what_a_command_says_of_cargo(command, expected):
    runs = cargo_runs(command)
    assert [(r.subcommand, r.narrowed, r.good_on_zero, r.bad_on_failure) for r in runs] == expected


@given(st.text(alphabet="cargo test-p&|;'\"$() \n", max_size=60))
def test_any_command_is_read_without_an_error(command):
    cargo_runs(command)
