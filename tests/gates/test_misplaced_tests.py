from __future__ import annotations

import pytest
from sentences import asks_for

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

INLINE = {"unit_tests": "inline"}
APART = {"unit_tests": "own_file"}
OUTSIDE = {"integration_tests": "tests_dir"}
TEST = "#[test]\nfn adds() {\n    assert_eq!(1, 1);\n}\n"
MODULE = "#[cfg(test)]\nmod tests {\n    " + TEST.replace("\n", "\n    ").rstrip() + "\n}\n"
STARTS = MODULE.replace("assert_eq!(1, 1);", 'let _ = assert_cmd::Command::cargo_bin("x");')


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


PASSES = [
    Case("inline where inline is asked for", head=lib(MODULE), params=INLINE, findings=0),
    Case(
        "an integration test beside", head={**lib(MODULE), "tests/a.rs": TEST}, params={**INLINE, **OUTSIDE}
    ),
    Case(
        "shared code of tests",
        head={**lib(""), "tests/a.rs": '#[path = "common/mod.rs"]\nmod common;\n', "tests/common/mod.rs": ""},
        params=INLINE,
    ),
    Case(
        "apart where that is asked for",
        head={**lib("#[cfg(test)]\nmod tests;\n"), "src/tests.rs": TEST},
        params=APART,
    ),
    Case("old and untouched", base=lib(TEST), head=lib(TEST + "fn f() {}\n"), params=INLINE),
    Case("a short module", head=lib(MODULE), params={"max_inline_lines": 7}),
    Case(
        "a long old module that did not grow",
        base=lib(MODULE + "\n"),
        head=lib(MODULE),
        params={"max_inline_lines": 3},
    ),
    Case("nothing is asked for", head=lib(TEST)),
]
FAILS = [
    Case(
        "in a file of its own",
        head={**lib("#[cfg(test)]\nmod tests;\n"), "src/tests.rs": TEST},
        params=INLINE,
        at=("src/tests.rs", 2),
        findings=1,
    ),
    Case("outside of a test module", head=lib(TEST), params=INLINE, at=("src/lib.rs", 2)),
    Case(
        "a source pulled into a test target",
        head={**lib(""), "tests/a.rs": '#[path = "../src/lib.rs"]\nmod a;\n'},
        params=INLINE,
        at=("tests/a.rs", 2),
    ),
    Case(
        "a source included in a test target",
        head={**lib(""), "tests/a.rs": 'include!("../src/lib.rs");\n'},
        params=INLINE,
    ),
    Case("inline where files are asked for", head=lib(MODULE), params=APART, mentions=("`adds`",)),
    Case(
        "a test that starts the program", head=lib(STARTS), params=OUTSIDE, mentions=("starts the program",)
    ),
    Case(
        "a module of integration tests",
        head=lib(MODULE.replace("mod tests", "mod integration_tests")),
        params=OUTSIDE,
    ),
    Case(
        "a long module", head=lib(MODULE), params={"max_inline_lines": 3}, mentions=("7 lines", "limit is 3")
    ),
    Case("old under scope all", base=lib(TEST), head={"a.md": ""}, params=INLINE, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("fn f( {\n"), params=INLINE)]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("Unit tests go in a `#[cfg(test)]` module in the same file.", {"unit_tests": "inline"}),
        ("Put unit tests in the same file as the code.", {"unit_tests": "inline"}),
        ("Keep unit tests in separate files.", {"unit_tests": "own_file"}),
        ("Integration tests go in the `tests/` directory.", {"integration_tests": "tests_dir"}),
        ("Move test modules longer than 300 lines into their own file.", {"max_inline_lines": 300}),
    ],
)
def test_prose_says_where_tests_stand(sentence, stated):
    asked = asks_for("misplaced_tests", sentence)
    assert asked
    assert {name: value for name, value in asked.items() if name != "strength"} == stated


@pytest.mark.parametrize(
    "sentence", ["Write unit tests, integration tests.", "Run unit tests in CI.", "Unit tests are fast."]
)
def test_prose_that_names_no_place(sentence):
    assert asks_for("misplaced_tests", sentence) is None
