from __future__ import annotations

from ironwright.gates.rust.expressions import may_panic, token_arguments, tokens_text, uses
from ironwright.gates.rust.syntax import parse_rust


def body_of(code: str):
    item = parse_rust("src/lib.rs", f"fn f() {{ {code} }}".encode()).functions[0]
    assert item.body is not None
    return item.body


def calls(code: str, **options):
    return [(use.kind, use.name) for use in uses(body_of(code), **options)]


def test_macros_methods_and_functions_are_found():
    assert calls("a::b(1); x.c(); d!(); e::<T>(); y.g::<T>();") == [
        ("function", "b"),
        ("method", "c"),
        ("macro", "d"),
        ("function", "e"),
        ("method", "g"),
    ]


def test_calls_inside_of_macro_arguments_are_found():
    found = calls('println!("{}", x.unwrap()); vec![make(1), other!(2)];')
    assert ("method", "unwrap") in found
    assert ("function", "make") in found
    assert ("macro", "other") in found


def test_nested_functions_can_be_left_out_but_closures_not():
    code = "fn g() { inner(); } let c = || outer();"
    assert calls(code, into_functions=False) == [("function", "outer")]
    assert ("function", "inner") in calls(code)


def test_the_line_is_that_of_the_name():
    (use,) = uses(body_of("x\n    .unwrap();"))
    assert use.line == 2


def test_arguments_are_split_at_their_own_commas():
    (use,) = uses(body_of("m!(a, (b, c), /* d, */ e,);"))
    assert use.arguments is not None
    assert [tokens_text(argument) for argument in token_arguments(use.arguments)] == ["a", "(b, c)", "e"]


def test_what_may_panic_is_the_first_such_call():
    first = may_panic(body_of('debug_assert!(a); b.unwrap_or(1); c.expect("d"); panic!()'))
    assert first is not None
    assert first.name == "expect"
    assert may_panic(body_of("fn g() { panic!() } 1")) is None
