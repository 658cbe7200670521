from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentences import asks_for

from ironwright.gates.patterns.rules import entry, read_rule
from ironwright.gates.rust.syntax import parse_rust
from ironwright.gates.rust.tokens import find_pattern, pattern_tokens, tokens_of
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case


def rule(**table) -> dict:
    return {"rules": (json.dumps(table),)}


def code(*patterns: str) -> dict:
    return {"rules": patterns}


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


BOXED = "pub fn f() -> Result<(), Box<dyn std::error::Error + Send>> {\n    Ok(())\n}\n"
LAZY = {
    "Cargo.toml": MANIFEST + '\n[dependencies]\nlazy_static = "1"\n',
    "src/lib.rs": "use lazy_static::lazy_static;\n",
}

PASSES = [
    Case("no rules", head=lib(BOXED), findings=0),
    Case("nothing matches", head=lib("pub fn f() {}\n"), params=code("Box<dyn Error>")),
    Case(
        "a comment and a string are no code",
        head=lib('// Box<dyn Error>\nconst A: &str = "Box<dyn Error>";\n'),
        params=code("Box<dyn Error>"),
    ),
    Case("another trait object", head=lib("type A = Box<dyn Fn()>;\n"), params=code("Box<dyn Error>")),
    Case("untouched code", base=lib(BOXED), head=lib(BOXED + "// more\n"), params=code("Box<dyn Error>")),
    Case(
        "a moved function",
        base=lib(BOXED),
        head={"src/lib.rs": "mod a;\n", "src/a.rs": BOXED},
        params=code("Box<dyn Error>"),
    ),
    Case(
        "test code is left out where the rule says so",
        head=lib("#[cfg(test)]\nmod tests {\n    fn f() {\n        std::mem::forget(1);\n    }\n}\n"),
        params=rule(code="std::mem::forget", tests=False),
    ),
    Case(
        "a variable of a crate's name",
        head=lib("pub fn f() {\n    let failure = 1;\n    let _ = failure;\n}\n"),
        params=rule(crate="failure"),
    ),
    Case("another path", head={"src/a.rs": "fn f() { g(); }\n"}, params=rule(code="g()", paths=["src/b/**"])),
    Case("another language", head={"a.md": "TABS\n"}, params=rule(text="TABS", languages=["rust"])),
    Case(
        "old under ratchet",
        base=lib(BOXED),
        head={"a.md": ""},
        params=code("Box<dyn Error>"),
        scope=Scope.RATCHET,
    ),
]
FAILS = [
    Case(
        "a type behind a path with another bound",
        head=lib(BOXED),
        params=code("Box<dyn Error>"),
        at=("src/lib.rs", 1),
        findings=1,
    ),
    Case(
        "any type between brackets",
        head=lib("type A = std::rc::Rc<std::cell::RefCell<Vec<u8>>>;\n"),
        params=code("Rc<RefCell<T>>"),
        at=("src/lib.rs", 1),
    ),
    Case("a call", head=lib("pub fn f(a: u8) {\n    mem::forget(a);\n}\n"), params=code("mem::forget")),
    Case("a macro", head=lib("pub fn f() {\n    unimportant!(1);\n}\n"), params=code("unimportant!")),
    Case("an attribute", head=lib("#[inline(always)]\npub fn f() {}\n"), params=code("#[inline(always)]")),
    Case(
        "a crate where it is used and in the manifest",
        head=LAZY,
        params=rule(crate="lazy-static"),
        at=("Cargo.toml", 7),
        findings=2,
    ),
    Case(
        "inside a macro",
        head=lib("pub fn f() {\n    vec![std::mem::forget(1)];\n}\n"),
        params=code("mem::forget"),
        at=("src/lib.rs", 2),
    ),
    Case(
        "a text with its message",
        head={"notes.md": "a\nTABS\n"},
        params=rule(text="TABS", message="Tabs are not ours"),
        mentions=("Tabs are not ours",),
        at=("notes.md", 2),
    ),
    Case(
        "an expression in one language",
        head={"a.py": "import os\n", "b.md": "import os\n"},
        params=rule(regex="^import os$", languages=["python"]),
        findings=1,
        at=("a.py", 1),
    ),
    Case(
        "a query",
        head=lib("pub fn f(a: u8) {\n    if a == 1 {}\n}\n"),
        params=rule(query="(if_expression) @if", message="no branches"),
        at=("src/lib.rs", 2),
    ),
    Case(
        "untouched code under scope all",
        base=lib(BOXED),
        head={"a.md": ""},
        params=code("Box<dyn Error>"),
        scope=Scope.ALL,
    ),
]
UNKNOWN = [
    Case("a rule with a broken expression", head=lib(""), params=rule(regex="("), mentions=("regex",)),
    Case(
        "a query on a file that does not parse",
        head=lib("fn f( {\n"),
        params=rule(query="(if_expression) @a"),
        mentions=("src/lib.rs",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("Never use `lazy_static`.", ["lazy_static"]),
        ("Never use lazy_static.", ["lazy_static"]),
        ("No `Box<dyn Error>`.", ["Box<dyn Error>"]),
        ("Don't use `std::mem::transmute` or `static mut`.", ["std::mem::transmute", "static mut"]),
        ("Use `std::sync::LazyLock` instead of `once_cell`.", ["once_cell"]),
        ("`Rc<RefCell<T>>` is forbidden.", ["Rc<RefCell<T>>"]),
    ],
)
def test_prose_names_what_is_forbidden(sentence, names):
    asked = asks_for("forbidden_patterns", sentence)
    assert asked
    tables = [json.loads(text) for text in asked["rules"]]
    assert [table.get("code") or table["crate"] for table in tables] == names
    assert all(table["tests"] is False for table in tables)


@pytest.mark.parametrize(
    "sentence",
    [
        "Never use `any`.",
        "Never use `unwrap()` in production code.",
        "Never use `println!`.",
        "Never use `unsafe`.",
        "Do not use `std::mem::transmute` unless there is no other way.",
        "Avoid `Rc<RefCell<T>>` where possible.",
        "Use `std::sync::LazyLock`.",
        "Never run `cargo publish`.",
    ],
)
def test_prose_that_other_gates_judge_or_nobody_can(sentence):
    assert asks_for("forbidden_patterns", sentence) is None


def test_tables_are_checked_when_settings_are_read():
    assert json.loads(entry({"code": "a::b", "message": "x"})) == {"code": "a::b", "message": "x"}
    for table, words in [
        ({"message": "x"}, "exactly one"),
        ({"code": "a", "text": "b"}, "exactly one"),
        ({"cod": "a"}, "no key"),
        ({"regex": "("}, "not valid"),
        ({"query": "(nothing_such) @a"}, "not valid"),
        ({"text": "a", "languages": ["cobol"]}, "no language"),
        ({"text": "a", "tests": 1}, "true or false"),
        ({"text": "  "}, "not empty"),
    ]:
        with pytest.raises(ValueError, match=words):
            entry(table)


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_refused_with_a_reason(text):
    try:
        rule = read_rule(text)
    except ValueError as refused:
        reason = str(refused)
    else:
        reason = rule.pattern
    assert reason


@given(st.text(max_size=40), st.text(max_size=80))
def test_searching_never_breaks(pattern, source):
    tokens = tokens_of(parse_rust("a.rs", source.encode("utf-8", "replace")).root)
    assert all(token.line >= 1 for token in find_pattern(tokens, pattern_tokens(pattern)))


@given(st.sampled_from(["Box<dyn Error>", "a::b(c)", "Vec<u8>", "#[inline]", "x!(y)"]))
def test_what_is_written_as_the_pattern_is_found(pattern):
    tokens = tokens_of(parse_rust("a.rs", f"fn f() {{ {pattern}; }}".encode()).root)
    assert list(find_pattern(tokens, pattern_tokens(pattern)))
