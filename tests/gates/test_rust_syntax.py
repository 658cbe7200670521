from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.gates.rust.attributes import is_harness_attribute, requires_test, split_arguments
from ironwright.gates.rust.items import descend, node_text
from ironwright.gates.rust.syntax import RustFile, is_test_path, parse_rust

SAMPLE = b"""//! About the file.
use std::fmt;

/// Adds one.
#[inline] // cheap
pub(crate) async fn add<T: Into<u8>>(self_: &Self, a: T) -> Result<u8, E> where T: Copy {
    fn inner() {}
    let x = |y| y + 1;
    Ok(1)
}

pub trait Shape { fn area(&self) -> f64; /** Sides. */ fn sides(&self, of: &str) {} }
impl Shape for Square { fn area(&self) -> f64 { 0.0 } }
impl Square { pub fn new() -> () {} }
extern "C" { fn outside(a: u8); }
macro_rules! make { () => { fn made() {} } }
mod tests;

#[cfg(test)]
mod unit {
    // a comment
    use super::*;

    #[tokio::test]
    async fn works() { assert!(true); }
    fn not_a_test() {}
}
"""


def parsed(text: str | bytes, path: str = "src/lib.rs") -> RustFile:
    return parse_rust(path, text.encode() if isinstance(text, str) else text)


def by_name(file: RustFile, name: str):
    return next(item for item in file.items if item.qualified_name == name)


def test_functions_are_found_in_every_place_but_macro_bodies():
    names = [item.qualified_name for item in parsed(SAMPLE).functions]
    assert names == [
        "add",
        "add::inner",
        "Shape::area",
        "Shape::sides",
        "Shape for Square::area",
        "Square::new",
        "::outside",
        "unit::works",
        "unit::not_a_test",
    ]


def test_an_item_has_its_attributes_documentation_and_lines():
    add = by_name(parsed(SAMPLE), "add")
    assert add.attributes == ("inline",)
    assert add.doc == "Adds one."
    assert (add.start_line, add.line, add.end_line) == (4, 6, 10)
    assert add.visibility == "pub(crate)"
    assert not add.is_public
    assert add.modifiers == {"async"}
    assert [(p.pattern, p.type) for p in add.parameters] == [("self_", "&Self"), ("a", "T")]
    assert add.return_type == "Result<u8, E>"
    signature = "pub(crate) async fn add<T: Into<u8>>(self_: &Self, a: T) -> Result<u8, E> where T: Copy"
    assert add.signature == signature


def test_members_know_what_they_belong_to():
    file = parsed(SAMPLE)
    assert by_name(file, "Shape::area").is_public
    assert by_name(file, "Shape for Square::area").in_trait_impl
    assert not by_name(file, "Square::new").in_trait_impl
    assert by_name(file, "add::inner").is_nested
    assert by_name(file, "Square::new").return_type is None
    assert by_name(file, "Shape::sides").doc == "Sides."


def test_test_code_is_told_from_the_rest():
    file = parsed(SAMPLE)
    assert file.doc == "About the file."
    assert by_name(file, "unit::works").is_test
    assert not by_name(file, "unit::not_a_test").is_test
    assert by_name(file, "unit::not_a_test").in_test
    assert file.test_lines == frozenset(range(19, 28))
    assert 21 in file.comment_lines
    assert 5 not in file.comment_lines
    assert file.error_lines == ()


def test_comment_blank_and_code_lines_share_out_the_file():
    file = parsed("// a\n\nfn f() {} // b\n/* c\n\n d */\n/* e */ fn g() {}\n")
    assert file.comment_lines == {1, 4, 5, 6}
    assert file.blank_lines == {2, 5}
    assert file.code_lines == {3, 7}
    assert file.line_count == 7


def test_slashes_in_a_string_are_no_comment():
    file = parsed('const A: &str = r#"\n// no comment\n/// nor this "quote"\n"#;\n')
    assert file.comments == ()
    assert file.code_lines == {1, 2, 3, 4}


def test_crlf_and_byte_order_mark_change_nothing():
    plain = parsed(SAMPLE)
    odd = parsed(b"\xef\xbb\xbf" + SAMPLE.replace(b"\n", b"\r\n"))
    assert [(i.qualified_name, i.doc, i.start_line, i.end_line) for i in odd.items] == [
        (i.qualified_name, i.doc, i.start_line, i.end_line) for i in plain.items
    ]
    assert odd.test_lines == plain.test_lines
    assert odd.comment_lines == plain.comment_lines
    assert odd.error_lines == ()


def test_a_documentation_comment_does_not_reach_over_other_code():
    file = parsed("struct S {\n    /// The field.\n    #[serde(skip)]\n    a: u8,\n}\nfn f() {}\n")
    assert by_name(file, "f").doc is None
    assert by_name(file, "f").attributes == ()
    assert by_name(file, "f").start_line == 6


def test_a_plain_comment_between_documentation_and_item_does_not_part_them():
    file = parsed("/// Doc.\n// note\n\n#[inline]\nfn f() {}\n")
    assert by_name(file, "f").doc == "Doc."
    assert by_name(file, "f").start_line == 1


def test_a_plain_comment_above_an_item_is_not_part_of_it():
    assert by_name(parsed("// note\nfn f() {}\n"), "f").start_line == 2


@pytest.mark.parametrize(
    ("text", "doc"),
    [
        ('#[doc = "Text."]\nfn f() {}', "Text."),
        ('#[doc = include_str!("a.md")]\nfn f() {}', 'include_str!("a.md")'),
        ("/** One.\n * Two.\n */\nfn f() {}", "One.\nTwo."),
        ("fn f() {\n    //! Inside.\n}", "Inside."),
        ("//// four slashes\nfn f() {}", None),
        ("#[doc(hidden)]\nfn f() {}", None),
    ],
)
def test_documentation_is_read_in_every_spelling(text, doc):
    assert by_name(parsed(text), "f").doc == doc


def test_an_unfinished_file_names_its_error_lines():
    file = parsed("fn good() {}\n\nfn bad( {{{ \n")
    assert file.error_lines
    assert by_name(file, "good").end_line == 1


def test_macro_calls_with_tests_are_test_code():
    file = parsed("fn a() {}\nproptest! {\n  #[test]\n  fn p(x in 0..1u8) {}\n}\n")
    assert file.test_lines == {2, 3, 4, 5}


def test_an_inner_cfg_test_makes_the_whole_file_test_code():
    assert parsed("#![cfg(test)]\nfn a() {}\n").test_lines == {1, 2}
    assert parsed("fn a() {}\n", "tests/a.rs").test_lines == {1}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/a.rs", True),
        ("crates/x/benches/b.rs", True),
        ("src/tests/mod.rs", False),
        ("src/lib.rs", False),
        ("tests.rs", False),
    ],
)
def test_paths_of_test_code(path, expected):
    assert is_test_path(path) is expected


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("cfg(test)", True),
        ("cfg( all( unix , test ) )", True),
        ("cfg(any(test, doctest))", True),
        ('cfg(any(test, feature = "x"))', False),
        ("cfg(not(test))", False),
        ('cfg(all(feature = "a,test"))', False),
        ('cfg(feature = "test")', False),
        ("cfg_attr(test, allow(x))", False),
        ("test", False),
    ],
)
def test_cfg_that_requires_a_test_build(attribute, expected):
    assert requires_test(attribute) is expected


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("test", True),
        ('tokio :: test (flavor = "x")', True),
        ("rstest", True),
        ('test_case(1, 2 ; "name")', True),
        ("cfg_attr(not(miri), test)", True),
        ("cfg_attr(miri, ignore)", False),
        ("testing", False),
        ("allow(test)", False),
    ],
)
def test_attributes_of_test_harnesses(attribute, expected):
    assert is_harness_attribute(attribute) is expected


def test_arguments_are_split_at_top_level_commas_only():
    assert split_arguments('a, b(c, d), "e, \\"f", [g, h],') == ["a", "b(c, d)", '"e, \\"f"', "[g, h]"]


def test_very_deep_nesting_is_read():
    deep = 5000
    file = parsed("fn f() { let x = " + "(" * deep + "1" + ")" * deep + "; }\nfn g() {}\n")
    assert [item.name for item in file.functions] == ["f", "g"]
    assert sum(1 for _ in descend(file.root)) > deep


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "fn f() {",
            "}",
            "/// doc\n",
            "//! inner\n",
            "#[test]\n",
            "#[cfg(test)]\n",
            "mod m {",
            "mod x;",
            "impl A for B {",
            'r#"',
            '"#',
            "/*",
            "*/",
            "macro! {",
            "\r\n",
            "\n",
            "\x00",
            "\ufeff",
            "é",
            "'a'",
            "'",
        ]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), FRAGMENTS.map(str.encode)))
def test_any_bytes_are_read_and_spans_lie_in_the_file_and_in_each_other(source: bytes):
    file = parse_rust("src/a.rs", source)
    lines = range(1, max(1, file.line_count) + 1)
    assert file.comment_lines | file.blank_lines | file.code_lines | {1} == set(lines)
    assert not file.code_lines & (file.comment_lines | file.blank_lines)
    assert file.test_lines <= set(lines) | {file.line_count + 1}
    for item in file.items:
        assert 0 <= item.start_byte <= item.end_byte <= len(source)
        assert item.start_line <= item.line
        assert item.start_line <= item.end_line
        assert isinstance(item.signature, str)
        assert isinstance(item.parameters, tuple)
        if item.parent:
            assert item.parent.start_byte <= item.start_byte
            assert item.end_byte <= item.parent.end_byte
            assert item.in_test or not item.parent.in_test
    for comment in file.comments:
        assert 0 <= comment.start_byte <= comment.end_byte <= len(source)
        assert comment.line <= comment.end_line


@given(st.text(max_size=60))
def test_any_text_is_an_attribute(text: str):
    requires_test(text)
    is_harness_attribute(text)
    assert split_arguments(text)


def test_node_text_replaces_what_is_no_utf8():
    file = parsed(b'fn f() { "\xff" }\n')
    assert "\ufffd" in node_text(file.root)
