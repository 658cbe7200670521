"""What is left of a file when plain comments are taken out, and what then counts as the same code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.gates.rust.code import code_text
from ironwright.gates.rust.surface import surface_text
from ironwright.gates.rust.syntax import parse_rust


def code(source: str | bytes, *, keep_places: bool = False) -> bytes:
    raw = source.encode() if isinstance(source, str) else source
    return code_text(parse_rust("a.rs", raw), keep_places=keep_places)


def surface(source: str | bytes) -> bytes:
    return surface_text(parse_rust("a.rs", source.encode() if isinstance(source, str) else source))


FUNCTION = "fn f() -> u32 {\n    1\n}\n"


def test_a_comment_more_is_the_same_code() -> None:
    assert code("// why\n" + FUNCTION + "// end\n") == code(FUNCTION)
    assert code(FUNCTION.replace("1\n", "1 // one\n")) == code(FUNCTION)
    assert code(FUNCTION.replace("1\n", "/* a\n b */ 1\n")).split() == code(FUNCTION).split()


def test_documentation_is_code() -> None:
    assert code("/// Says.\n" + FUNCTION) != code(FUNCTION)
    assert code("//! Says.\n" + FUNCTION) != code(FUNCTION)


def test_what_looks_like_a_comment_in_a_string_is_code() -> None:
    assert code('const A: &str = "// a";\n') != code('const A: &str = "// b";\n')
    assert code('const A: &str = "x  \n // y";\n') != code('const A: &str = "x\n // y";\n')


def test_a_trailing_blank_inside_a_string_after_a_comment_stays() -> None:
    assert code('const A: &str = /* c */ "x  \ny";\n') != code('const A: &str = /* c */ "x\ny";\n')


def test_code_that_sees_its_lines_keeps_its_comments() -> None:
    seeing = "fn f() -> u32 { line!() }\n"
    assert code("// why\n" + seeing) != code(seeing)


def test_clippy_sees_where_comments_stand_in_functions_and_not_their_words() -> None:
    one, other = FUNCTION.replace("1\n", "// a\n    1\n"), FUNCTION.replace("1\n", "// b\n    1\n")
    assert code(one, keep_places=True) == code(other, keep_places=True)
    assert code(one, keep_places=True) != code(FUNCTION, keep_places=True)
    assert code("// top\n" + FUNCTION, keep_places=True) == code(FUNCTION, keep_places=True)
    assert code("// SAFETY: x\n" + FUNCTION, keep_places=True) != code(FUNCTION, keep_places=True)


def test_a_file_that_was_not_understood_is_left_as_it_is() -> None:
    broken = b"// c\nfn f( {\n"
    assert code(broken) == broken


@given(st.binary(max_size=300))
def test_any_bytes_give_some_text(source: bytes) -> None:
    assert len(code(source)) <= len(source)


@given(st.text(alphabet="abc */\n\"'", max_size=40))
def test_a_comment_line_before_any_code_changes_nothing(text: str) -> None:
    comment = "// " + text.replace("\n", " ") + "\n"
    assert code(comment + FUNCTION) == code(FUNCTION)


def test_a_function_s_body_is_no_surface_and_its_documentation_is() -> None:
    assert surface(FUNCTION) == surface(FUNCTION.replace("1\n", "2 // two\n"))
    assert surface(FUNCTION) != surface(FUNCTION.replace("u32", "u64"))
    assert surface("/// Says [`a`].\n" + FUNCTION) != surface("/// Says [`b`].\n" + FUNCTION)
    method = "struct A;\nimpl A {\n    fn f() -> u8 {\n        1\n    }\n}\n"
    assert surface(method) == surface(method.replace("1\n", "2\n"))


@pytest.mark.parametrize(
    "source",
    [
        "fn f() {\n    impl super::A {\n        /// Says BODY.\n        fn g() {}\n    }\n}\n",
        "fn f() {\n    make!(BODY);\n}\n",
        "fn f() {\n    #[derive(Maker)]\n    struct BODY;\n}\n",
        "fn f() {\n    include!(BODY);\n}\n",
        "#[maker]\nfn f() {\n    BODY();\n}\n",
        "#[cfg_attr(all(), maker)]\nfn f() {\n    BODY();\n}\n",
        "#[maker]\nimpl A {\n    fn f() {\n        BODY();\n    }\n}\n",
        "#[maker]\nmod m {\n    impl A {\n        fn f() {\n            BODY();\n        }\n    }\n}\n",
        "const fn f() -> usize {\n    BODY\n}\n",
        "macro_rules! m {\n    () => {\n        fn f() {\n            BODY();\n        }\n    };\n}\n",
        "fn f() {\n    BODY(;\n}\n",
        "static A: fn() = || {\n    BODY();\n};\n",
    ],
)
def test_a_body_that_may_reach_the_documentation_is_surface(source: str) -> None:
    assert surface(source.replace("BODY", "one")) != surface(source.replace("BODY", "other"))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_have_a_surface(source: bytes) -> None:
    assert isinstance(surface(source), bytes)
