from __future__ import annotations

import pytest
from sentences import asks_for

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


TEST = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {}\n}\n"
CONVENTIONAL = {"commits": "conventional", "items": False}

PASSES = [
    Case(
        "all as it should be",
        findings=0,
        head=lib(
            "pub struct Utf8Path<'a>(&'a str);\nenum E {\n    One,\n}\nconst MAX_2: u8 = 1;\n"
            "fn _f2_x() {}\nmod a_b {}\n"
        ),
    ),
    Case(
        "what others fixed",
        head=lib('extern "C" {\n    fn GetIt();\n}\n#[no_mangle]\npub extern "C" fn DoIt() {}\n'),
    ),
    Case("excused", head=lib("#[allow(non_snake_case)]\nmod a {\n    fn Bad() {}\n}\n")),
    Case("a layout of C", head=lib("#[repr(C)]\npub struct stat_t;\n")),
    Case(
        "old names that moved",
        base=lib("fn Bad() {}\n"),
        head={"src/lib.rs": "mod a;\n", "src/a.rs": "fn Bad() {}\n"},
    ),
    Case("a program may have a hyphen", head={"src/bin/my-tool.rs": "fn main() {}\n", "tests/a-b.rs": ""}),
    Case("tests of any name", head=lib(TEST)),
    Case("a conventional commit", head=lib(""), params=CONVENTIONAL, message="feat(parser)!: read numbers"),
    Case("what git writes itself", head=lib(""), params=CONVENTIONAL, message='Revert "feat: x"'),
]
FAILS = [
    Case(
        "a function",
        head=lib("fn doIt() {}\n"),
        at=("src/lib.rs", 1),
        mentions=("`doIt` is not snake_case",),
        findings=1,
    ),
    Case("a type", head=lib("struct my_type;\n"), mentions=("UpperCamelCase",)),
    Case("a variant", head=lib("enum E {\n    one_two,\n}\n"), at=("src/lib.rs", 2)),
    Case("a constant", head=lib("const maxSize: u8 = 1;\n"), mentions=("SCREAMING_SNAKE_CASE",)),
    Case("a file", head={"src/lib.rs": "", "src/MyMod.rs": ""}, at=("src/MyMod.rs", None)),
    Case("a test without its prefix", head=lib(TEST), params={"tests": "prefix"}, at=("src/lib.rs", 4)),
    Case("a test with a prefix", head=lib(TEST.replace("adds", "test_adds")), params={"tests": "no_prefix"}),
    Case("a commit", head=lib(""), params=CONVENTIONAL, message="Read numbers", mentions=("Read numbers",)),
    Case("an old name under scope all", base=lib("fn doIt() {}\n"), head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("fn f( {\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("Follow Rust naming conventions.", {"items": True}),
        ("Use snake_case for functions and PascalCase for types.", {"items": True}),
        ("File names are snake_case.", {"files": "snake_case", "items": False}),
        ("Test names start with `test_`.", {"tests": "prefix", "items": False}),
        ("Follow Conventional Commits.", {"commits": "conventional", "items": False}),
    ],
)
def test_prose_asks_for_names(sentence, stated):
    asked = asks_for("naming_conventions", sentence)
    assert asked
    assert {name: value for name, value in asked.items() if name != "strength"} == stated


@pytest.mark.parametrize(
    "sentence", ["Name things well.", "Write clear commit messages.", "Follow conventions."]
)
def test_prose_that_names_no_convention(sentence):
    assert asks_for("naming_conventions", sentence) is None
