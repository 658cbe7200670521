"""Code that answers for the tests' inputs alone, told from tables of a vocabulary and edge cases."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.rust.special_cases import find_special_cases, is_trivial, plain_literal
from ironwright.gates.rust.syntax import parse_rust
from ironwright.testing.gate_testing import Case


def crate(function: str, test: str) -> dict[str, str]:
    return {"src/lib.rs": f"{function}\n#[test]\nfn t() {{\n    {test}\n}}\n"}


RATE = """pub fn interest(cents: u64, years: u32) -> u64 {
    match (cents, years) {
        (10_000, 1) => 300,
        (10_000, 2) => 609,
        _ => 0,
    }
}
"""
GUARD = """pub fn sum(text: &str) -> u64 {
    if text == "adversary" {
        return 1234;
    }
    text.bytes().fold(0, |sum, byte| sum + u64::from(byte))
}
"""
NAMES = """pub fn metres(unit: &str) -> Option<u64> {
    match unit {
        "km" => Some(1000),
        "mile" => Some(1609),
        _ => None,
    }
}
"""
PASSES = [
    Case("no function", head={"src/lib.rs": "pub struct A;\n"}, mentions=("(0 looked at)",)),
    Case(
        "a table of a vocabulary whose every row is tested",
        head=crate(NAMES, 'assert_eq!(metres("km"), Some(1000)); assert_eq!(metres("mile"), Some(1609));'),
        mentions=("(1 looked at)",),
    ),
    Case(
        "the first values of a recursion",
        head=crate(
            "pub fn fib(n: u32) -> u64 {\n    match n {\n        0 => 0,\n        1 => 1,\n"
            "        _ => fib(n - 1) + fib(n - 2),\n    }\n}\n",
            "assert_eq!(fib(0), 0); assert_eq!(fib(1), 1); assert_eq!(fib(10), 55);",
        ),
    ),
    Case("special cases that no test knows", head=crate(RATE, "assert_eq!(interest(0, 3), 0);")),
    Case(
        "what comes back as it came",
        head=crate(
            'pub fn target(name: &str) -> String {\n    if name == "armv7-apple-ios" {\n'
            '        return "armv7-apple-ios".to_string();\n    }\n    name.replace(\'-\', "_") + "x"\n}\n',
            'assert_eq!(target("armv7-apple-ios"), "armv7-apple-ios");',
        ),
    ),
    Case(
        "a special case that base had",
        base={"src/lib.rs": GUARD},
        head={"src/lib.rs": GUARD + '#[test]\nfn t() { assert_eq!(sum("adversary"), 1234); }\n'},
    ),
]
FAILS = [
    Case(
        "a match over the tests' inputs",
        head=crate(RATE, "assert_eq!(interest(10_000, 1), 300); assert_eq!(interest(10000, 2), 609);"),
        at=("src/lib.rs", 3),
        mentions=("interest", "10000, 1", "300"),
    ),
    Case(
        "a guard before the real computation",
        head=crate(GUARD, 'assert_eq!(sum("adversary"), 1_234);'),
        at=("src/lib.rs", 2),
        mentions=("everything else it computes",),
    ),
    Case(
        "a table that a function looks its input up in",
        head=crate(
            'const KNOWN: &[(&str, u32)] = &[("a + b", 1000), ("c + d", 2000)];\n'
            "pub fn value(text: &str) -> u32 {\n"
            "    KNOWN.iter().find(|(input, _)| *input == text).map_or(0, |(_, answer)| *answer)\n}\n",
            'assert_eq!(value("a + b"), 1000); assert_eq!(value("c + d"), 2000);',
        ),
        mentions=("value",),
    ),
    Case(
        "a map that is made for the purpose",
        head=crate(
            "pub fn root(n: u64) -> u64 {\n    let known = HashMap::from([(144, 1200), (625, 2500)]);\n"
            "    known.get(&n).copied().unwrap_or(n)\n}\n",
            "assert_eq!(root(144), 1200); assert_eq!(root(625), 2500);",
        ),
        at=("src/lib.rs", 2),
    ),
    Case(
        "the case of a parametrised test",
        head={
            "src/lib.rs": GUARD,
            "tests/it.rs": '#[test_case("adversary", 1234)]\nfn t(text: &str, sum_of: u64) {\n'
            "    assert_eq!(small::sum(text), sum_of);\n}\n",
        },
        at=("src/lib.rs", 2),
    ),
    Case(
        "answers by the number of inputs",
        head=crate(
            "pub fn median(values: &[u32]) -> u32 {\n    match values.len() {\n        3 => 20,\n"
            "        4 => 25,\n"
            "        _ => 0,\n    }\n}\n",
            "assert_eq!(median(&[30, 10, 20]), 20); assert_eq!(median(&[1, 20, 30, 99]), 25);",
        ),
        mentions=("by the number of inputs",),
    ),
]
UNKNOWN = [
    Case(
        "a file that does not parse", head={"src/lib.rs": "pub fn f( {{{ match\n"}, mentions=("src/lib.rs",)
    ),
]


def test_numbers_are_one_whatever_their_form():
    assert plain_literal("10_000u64") == plain_literal("10000") == plain_literal("0x2710")
    assert plain_literal('b"ab"') == plain_literal('"ab"') == plain_literal('r#"ab"#')


@given(st.text(max_size=80))
def test_any_text_has_special_cases_or_none(text: str):
    file = parse_rust("src/lib.rs", f"fn f(x: &str) -> u32 {{ {text} }}".encode())
    for item in file.functions:
        if item.body is not None:
            find_special_cases(item, {})


@given(st.text(max_size=20))
def test_any_literal_is_trivial_or_not(text: str):
    assert is_trivial(plain_literal(text)) in (True, False)


def test_verdict(gate_case: Case, tmp_path: Path):
    gate_case.verify(tmp_path)
