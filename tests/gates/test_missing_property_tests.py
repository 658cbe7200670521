"""Parsers and serialisers need property tests; everything else does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import source_tree

from ironwright.gates.codecs import PropertyTests, is_codec
from ironwright.gates.rust.syntax import parse_rust
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

PARSE = "pub fn parse(text: &str) -> Option<u8> {\n    text.parse().ok()\n}\n"
PROPTEST = """
#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = super::BODY;
        }
    }
}
"""
TYPE = """pub struct Name(String);
impl std::str::FromStr for Name {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(Name(text.to_owned()))
    }
}
"""
BY_HAND = '#[test]\nfn it() {\n    assert_eq!(parse("1"), Some(1));\n}\n'

PASSES = [
    Case("no parser", head={"src/lib.rs": "pub fn greet(name: &str) -> String {\n    name.to_owned()\n}\n"}),
    Case("a parser with proptest", head={"src/lib.rs": PARSE + PROPTEST.replace("BODY", "parse(&text)")}),
    Case("one that is reached through other code", head={
        "src/lib.rs": PARSE + "pub fn load(t: &str) -> u8 {\n    parse(t).unwrap_or(0)\n}\n"
        + PROPTEST.replace("BODY", "load(&text)")}),
    Case("FromStr through str::parse", head={
        "src/lib.rs": TYPE + PROPTEST.replace("super::BODY", "text.parse::<super::Name>()")}),
    Case("a quickcheck function", head={
        "src/lib.rs": PARSE + "#[cfg(test)]\nmod t {\n    #[quickcheck]\n    fn q(s: String) -> bool {\n"
        "        super::parse(&s).is_none() || true\n    }\n}\n"}),
    Case("arbtest in an integration test", head={
        "src/lib.rs": PARSE,
        "tests/p.rs": "#[test]\nfn p() {\n    arbtest::arbtest(|u| {\n        small::parse(u.arbitrary()?);\n"
        "        Ok(())\n    });\n}\n"}),
    Case("a fuzz target", head={
        "src/lib.rs": PARSE,
        "fuzz/fuzz_targets/p.rs": "fuzz_target!(|data: &str| {\n    let _ = small::parse(data);\n});\n"}),
    Case("an old parser that the change leaves alone", base={"src/lib.rs": PARSE},
         head={"src/lib.rs": "//! New.\n" + PARSE}),
]  # fmt: skip
FAILS = [
    Case("a new parser with an example only", head={"src/lib.rs": PARSE + BY_HAND}, at=("src/lib.rs", 1)),
    Case("a new FromStr", head={"src/lib.rs": TYPE}, at=("src/lib.rs", 4), mentions=("from_str",)),
    Case(
        "a new serialiser beside a property test of something else",
        head={
            "src/lib.rs": "pub struct A;\nimpl A {\n    pub fn to_bytes(&self) -> Vec<u8> {\n"
            "        vec![]\n    }\n}\n"
            "pub fn other(_: &str) {}\n" + PROPTEST.replace("BODY", "other(&text)")
        },
        at=("src/lib.rs", 3),
        mentions=("writes",),
    ),
    Case(
        "an old parser, where all is judged",
        base={"src/lib.rs": PARSE},
        head={"src/lib.rs": "//! New.\n" + PARSE},
        scope=Scope.ALL,
        at=("src/lib.rs", 2),
    ),
]
UNKNOWN = [Case("a file that does not parse", head={"src/lib.rs": PARSE + "fn f( {\n"})]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


def kinds(text: str) -> list[str]:
    return [is_codec(item) for item in parse_rust("src/lib.rs", text.encode()).functions]


@pytest.mark.parametrize(
    ("signature", "kind"),
    [
        ("pub fn parse_line<'a>(line: &'a str) -> Result<Line<'a>, E>", "reads"),
        ("pub fn decode(b: impl AsRef<[u8]>) -> Result<T, E>", "reads"),
        ("pub fn from_reader<R: std::io::Read>(r: R) -> Result<T, E>", "reads"),
        ("pub fn from_slice(bytes: &[u8]) -> Option<T>", "reads"),
        ("pub fn encode(v: &V, out: &mut Vec<u8>)", "writes"),
        ("pub fn escape(text: &str) -> String", "writes"),
        ("pub fn parse_args(args: &[String]) -> Args", ""),
        ("pub fn parse_tokens(tokens: TokenStream) -> Expr", ""),
        ("pub fn parser_for(name: u8) -> Parser", ""),
        ("pub fn packages(&self) -> Vec<u8>", ""),
        ("pub fn name(&self) -> String", ""),
        ("fn parse(text: &str) -> u8", ""),
        ("pub(crate) fn parse(text: &str) -> u8", ""),
        ("pub fn parse_into(text: &str)", ""),
        ("pub fn from_string_list(list: Vec<u32>) -> S", ""),
        ("pub fn quote_price(p: u64) -> u64", ""),
    ],
)
def test_what_reads_or_writes_is_told_by_name_and_types(signature: str, kind: str):
    assert kinds(signature + " { todo!() }") == [kind]


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([PARSE, TYPE, PROPTEST, BY_HAND, "fn (", "}", "impl X for {", "é"]), max_size=6)
)
def test_any_text_can_be_looked_at(parts: list[str]):
    tree = source_tree({"src/lib.rs": "".join(parts)})
    tests = PropertyTests(tree)
    for item in tree.rust("src/lib.rs").functions:
        assert is_codec(item) in ("", "reads", "writes")
        assert tests.reach(item) in (True, False)
