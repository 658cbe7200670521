from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.host.test_output import (
    Outcome,
    parse_failures,
    parse_list,
    parse_log,
    parse_panic,
    slow_tests,
)

NAMES = st.from_regex(r"[a-z_]+(::[a-z_]+){0,2}", fullmatch=True)
OUTPUT = """
running 2 tests
test tests::bad ... FAILED
test tests::res ... FAILED

failures:

---- tests::bad stdout ----
some words

thread 'tests::bad' (42) panicked at src/lib.rs:11:20:
assertion `left == right` failed
  left: 3
 right: 5
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- tests::res stdout ----
Error: "boo"


failures:
    tests::bad
    tests::res

test result: FAILED. 0 passed; 2 failed
"""


def test_message_and_place_of_a_panic():
    found = parse_failures(OUTPUT, lambda path: path)
    assert found["tests::bad"] == ("assertion `left == right` failed; left: 3; right: 5", "src/lib.rs", 11)
    assert found["tests::res"] == ('Error: "boo"', None, None)


def test_a_place_outside_the_repository_is_left_out():
    assert parse_failures(OUTPUT, lambda _path: None)["tests::bad"][1:] == (None, None)


def test_a_panic_of_an_older_compiler_without_a_thread_id():
    text = "thread 'main' panicked at src/a.rs:1:2:\nno\nnote: run with x"
    assert parse_panic(text, lambda path: path) == ("no", "src/a.rs", 1)


def test_the_list_leaves_benchmarks_out():
    assert parse_list("a::b: test\nc: benchmark\n\n2 tests, 1 benchmark\n") == ("a::b",)


def test_the_log_with_reasons_over_several_lines():
    log = "ok a\nfailed: one\ntwo b\nignored: slow c\nok unknown\n"
    assert parse_log(log, {"a", "b", "c", "d"}) == {
        "a": Outcome.PASSED,
        "b": Outcome.FAILED,
        "c": Outcome.IGNORED,
    }


def test_the_first_outcome_of_a_test_counts():
    assert parse_log("failed a\nok a\n", {"a"}) == {"a": Outcome.FAILED}


def test_slow_tests_are_named():
    assert slow_tests("test a::b has been running for over 60 seconds\n") == ("a::b",)


@given(st.dictionaries(NAMES, st.sampled_from([Outcome.PASSED, Outcome.FAILED, Outcome.IGNORED])))
def test_what_a_harness_logs_is_read_back(outcomes: dict[str, Outcome]):
    words = {Outcome.PASSED: "ok", Outcome.FAILED: "failed", Outcome.IGNORED: "ignored"}
    log = "".join(f"{words[outcome]} {name}\n" for name, outcome in outcomes.items())
    assert parse_log(log, outcomes.keys()) == outcomes


@given(st.text(), st.sets(NAMES))
def test_any_text_is_read(text: str, names: set[str]):
    assert parse_log(text, names).keys() <= names
    parse_list(text)
    parse_failures(text, lambda path: path)
    message, _, _ = parse_panic(text, lambda path: path)
    assert message
