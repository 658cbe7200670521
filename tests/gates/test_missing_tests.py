from __future__ import annotations

import pytest
from sentences import asks_for

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

ADD = "pub fn add(a: u8) -> u8 {\n    a\n}\n"


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


def exercised(call: str) -> str:
    return f"#[cfg(test)]\nmod tests {{\n    #[test]\n    fn t() {{\n        {call}\n    }}\n}}\n"


PASSES = [
    Case("tested in its file", head=lib(ADD + exercised("assert_eq!(super::add(1), 1);")), findings=0),
    Case(
        "tested by another target",
        head={**lib(ADD), "tests/a.rs": "#[test]\nfn t() {\n    small::add(1);\n}\n"},
    ),
    Case(
        "reached through a helper and a private function",
        head=lib(
            ADD
            + "fn mid() -> u8 {\n    add(1)\n}\nfn help() -> u8 {\n    mid()\n}\n"
            + exercised("super::help();")
        ),
    ),
    Case(
        "an example in documentation",
        head=lib("/// Adds.\n///\n/// ```\n/// # fn main() {\n/// small::add(1);\n/// # }\n/// ```\n" + ADD),
    ),
    Case(
        "reached by an operator",
        head=lib(
            "pub struct A;\nimpl std::ops::Neg for A {\n    type Output = u8;\n"
            "    fn neg(self) -> u8 {\n        add(1)\n"
            "    }\n}\n" + ADD + exercised("let _ = -super::A;")
        ),
    ),
    Case(
        "reached by a macro",
        head=lib(
            "#[macro_export]\nmacro_rules! sum {\n    () => { $crate::add(1) };\n}\n"
            + ADD
            + exercised("sum!();")
        ),
    ),
    Case(
        "reached by starting the program",
        head={
            "src/main.rs": "mod a;\nfn main() {\n    a::add(1);\n}\n",
            "src/a.rs": ADD,
            "tests/a.rs": '#[test]\nfn t() {\n    let _ = env!("CARGO_BIN_EXE_small");\n}\n',
        },
    ),
    Case("private", head=lib(ADD.replace("pub ", "")), findings=0),
    Case(
        "of a trait that is implemented",
        head=lib("pub struct A;\nimpl Default for A {\n    fn default() -> A {\n        A\n    }\n}\n"),
    ),
    Case("altered, not new", base=lib(ADD), head=lib(ADD.replace("    a\n", "    a + 0\n"))),
    Case("moved", base=lib(ADD), head={"src/lib.rs": "mod a;\n", "src/a.rs": ADD}),
    Case("a type where functions are asked for", head=lib("pub struct A;\n")),
]
FAILS = [
    Case("new and alone", head=lib(ADD), at=("src/lib.rs", 1), findings=1, mentions=("`add`",)),
    Case(
        "a method",
        head=lib(
            "pub struct A;\nimpl A {\n    pub fn get(&self) -> u8 {\n        1\n    }\n}\n"
            + exercised("let _ = 1;")
        ),
        at=("src/lib.rs", 3),
    ),
    Case(
        "only an example that is not run",
        head=lib("/// Adds.\n///\n/// ```ignore\n/// small::add(1);\n/// ```\n" + ADD),
    ),
    Case("only named in a comment of a test", head=lib(ADD + exercised("// add(1)"))),
    Case("a type where all are asked for", head=lib("pub struct A;\n"), params={"items": "all"}),
    Case("old under scope all", base=lib(ADD), head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [
    Case("a file that does not parse", head=lib("pub fn f( {\n")),
    Case(
        "a test file that does not parse",
        head={**lib(ADD), "tests/a.rs": "fn t( {\n"},
        mentions=("tests/a.rs",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "Every public function must have a test.",
        "Write unit tests for all new functions.",
        "All new code must be tested.",
        "Never add new functions without tests.",
        "Each new feature needs tests.",
    ],
)
def test_prose_that_asks_for_tests(sentence):
    assert asks_for("missing_tests", sentence) is not None


@pytest.mark.parametrize(
    "sentence",
    ["Write tests first.", "All tests must pass.", "Every function has documentation.", "Run all tests."],
)
def test_prose_that_asks_for_something_else(sentence):
    assert asks_for("missing_tests", sentence) is None
