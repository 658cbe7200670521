from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case


def rust_test(
    body: str, name: str = "adds", attributes: str = "#[test]", more: str = "", result: str = ""
) -> dict:
    return {"tests/it.rs": f"{more}{attributes}\nfn {name}(){result} {{\n    {body}\n}}\n"}


OLD = rust_test("")
HELPER = "fn check_sum(x: u8) {\n    inner(x);\n}\nfn inner(x: u8) {\n    assert_eq!(x, 2);\n}\n"
SEND = "fn needs_send<T: Send>() {}\n"

PASSES = [
    Case(
        "leaves where the surroundings lack something",
        head=rust_test("if !tool_is_there() { return; }\n    assert_eq!(add(1, 1), 2);"),
        findings=0,
    ),
    Case(
        "an assertion",
        head=rust_test("assert_eq!(add(1, 1), 2);"),
        mentions=("every test", "(1)"),
        findings=0,
    ),
    Case("no tests", head={"src/lib.rs": "fn f() {}\n"}, mentions=("no tests",)),
    Case("a helper that asserts, two calls deep", head=rust_test("check_sum(add(1, 1));", more=HELPER)),
    Case(
        "a helper in another file",
        head={
            **rust_test("support::look(1);"),
            "tests/support/mod.rs": "pub fn look(x: u8) { assert!(x > 0); }\n",
        },
    ),
    Case(
        "a macro of the crate",
        head=rust_test("same!(1, 2);", more="macro_rules! same { ($a:expr) => { assert!($a) } }\n"),
    ),
    Case(
        "a helper of a crate that supports tests",
        head={
            **rust_test("lexes(1);"),
            "crates/test-utils/Cargo.toml": '[package]\nname = "test-utils"\n',
            "crates/test-utils/src/lib.rs": "pub fn lexes(x: u8) { assert!(x > 0); }\n",
        },
    ),
    Case("a macro from elsewhere", head=rust_test("insta_like!(render());")),
    Case("a method that asserts", head=rust_test("cmd().assert().success();")),
    Case(
        "only unwraps is a remark",
        head=rust_test("parse(1).unwrap();"),
        findings=1,
        mentions=("nothing failed",),
    ),
    Case(
        "a question mark is a remark",
        head=rust_test("parse(1)?; Ok(())", result=" -> Result<(), E>"),
        findings=1,
    ),
    Case("types are asserted by the compiler", head=rust_test("needs_send::<Foo>();", more=SEND)),
    Case("not panicking is the point", head=rust_test("parse(&[0xff]);", name="parse_does_not_panic")),
    Case("equality with itself", head=rust_test("assert_eq!(a, a);", name="eq_is_reflexive")),
    Case("called twice", head=rust_test("assert_eq!(make(1), make(1));")),
    Case("judged by its result", head=rust_test("x + 1", attributes="#[test_case(1 => 2)]", result=" -> u8")),
    Case("a property", head=rust_test("a() == b()", attributes="#[quickcheck]", result=" -> bool")),
    Case(
        "should panic",
        head=rust_test("divide(1, 0);", attributes='#[test]\n#[should_panic(expected = "zero")]'),
    ),
    Case(
        "ignored with a reason",
        head=rust_test("assert!(a());", attributes='#[test]\n#[ignore = "needs a GPU"]'),
    ),
    Case("one true assertion beside a real one", head=rust_test("assert!(true); assert_eq!(a(), 1);")),
    Case("an untouched old stub", base=OLD, head={"tests/it.rs": OLD["tests/it.rs"] + "// note\n"}),
    Case("a double that must not be called", head=rust_test("impl D { fn f() { todo!() } } assert!(a());")),
    Case(
        "a match that must not get there",
        head=rust_test("match a() { 1 => assert!(b()), _ => unimplemented!() }"),
    ),
    Case("a benchmark", head=rust_test("b();", attributes="#[bench]")),
    Case("assertions in a closure", head=rust_test("run(|| { assert_eq!(a(), 1); });")),
]
FAILS = [
    Case(
        "an assertion that is switched off beside another one",
        head=rust_test("assert!(add(1, 1) == 3 || cfg!(test)); assert_eq!(add(1, 1), 2);"),
        mentions=("`… || cfg!(test)`", "always true"),
    ),
    Case("empty", head=OLD, at=("tests/it.rs", 2), findings=1, mentions=("is empty",)),
    Case("only a comment", head=rust_test("// later"), mentions=("is empty",)),
    Case("no assertion", head=rust_test("let _ = add(1, 1);"), mentions=("asserts nothing",)),
    Case("only prints", head=rust_test('println!("{}", add(1, 1));'), mentions=("asserts nothing",)),
    Case("assert true", head=rust_test("assert!(true);"), mentions=("asserts `true`", "always true")),
    Case("assert true with a message", head=rust_test('add(1, 1); assert!(true, "works");')),
    Case("a sum of literals", head=rust_test("add(1, 1); assert_eq!(1 + 1, 2);"), mentions=("literals",)),
    Case(
        "the code's own answer as what is expected",
        head=rust_test("let expected = add(1, 1); assert_eq!(add(1, 1), expected);"),
        mentions=("with itself",),
    ),
    Case(
        "leaves on what the code itself answers",
        head=rust_test("if add(1, 1) > 0 { return; }\n    assert_eq!(add(1, 1), 9);"),
        mentions=("leaves before all of its assertions",),
    ),
    Case("two literals", head=rust_test("assert_eq!(2, 2);"), mentions=("two literals",)),
    Case("one or its opposite", head=rust_test("let r = f(); assert!(r.is_ok() || r.is_err());")),
    Case(
        "a variable with itself", head=rust_test("let r = f(); assert_eq!(r, r);"), mentions=("with itself",)
    ),
    Case("or true", head=rust_test("assert!(f() || true);")),
    Case("a length of at least zero", head=rust_test("assert!(f().len() >= 0);")),
    Case("todo", head=rust_test("todo!()"), mentions=("`todo!`",)),
    Case(
        "unimplemented as a statement",
        head=rust_test("let a = f(); unimplemented!();"),
        mentions=("`unimplemented!`",),
    ),
    Case("a helper that asserts nothing", head=rust_test("verify(1);", more="fn verify(_x: u8) {}\n")),
    Case(
        "an assertion of the code under test",
        head={
            **rust_test("divide(4, 2);"),
            "src/lib.rs": "pub fn divide(a: u8, b: u8) { assert!(b > 0); }\n",
        },
        mentions=("asserts nothing",),
    ),
    Case("ignored without a reason", head=rust_test("assert!(a());", attributes="#[test]\n#[ignore]")),
    Case("panics by itself", head=rust_test('panic!("x");', attributes="#[test]\n#[should_panic]")),
    Case("an async test", head=rust_test("f();", attributes="#[tokio::test]"), findings=1),
    Case(
        "in a test module",
        head={"src/lib.rs": "#[cfg(test)]\nmod t {\n    #[test]\n    fn a() {}\n}\n"},
        at=("src/lib.rs", 4),
    ),
    Case("an old test was emptied", base=rust_test("assert!(a());"), head=OLD),
    Case("old stubs under scope all", base=OLD, head={"src/a.rs": ""}, scope=Scope.ALL),
    Case(
        "only unwraps, where that is refused",
        head=rust_test("p().unwrap();"),
        params={"allow_unwrap_only": False},
    ),
]
FEATURE = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n[features]\nslow = []\n'
ADDS = "#[test]\nfn adds() {\n    assert_eq!(add(1, 1), 2);\n}\n"
PASSES += [
    Case(
        "a feature that enables code too",
        head={
            "Cargo.toml": FEATURE,
            "src/lib.rs": f'#[cfg(feature = "slow")]\npub fn slow() {{}}\n#[cfg(feature = "slow")]\n{ADDS}',
        },
    ),
    Case(
        "a macro declares the modules of a folder",
        head={
            "tests/suite/main.rs": 'automod::dir!("tests/suite");\n',
            "tests/suite/add.rs": ADDS,
        },
    ),
    Case(
        "a helper with assertions that a test calls", head={"tests/it.rs": ADDS.replace("add(", "check_add(")}
    ),
    Case(
        "a program of its own that can fail",
        head={
            "Cargo.toml": FEATURE + '[[test]]\nname = "own"\nharness = false\n',
            "tests/own.rs": "fn main() {\n    assert_eq!(1, std::env::args().count());\n}\n",
        },
    ),
]
FAILS += [
    Case(
        "a loop over a table without entries",
        head=rust_test("for x in CASES { assert_eq!(add(x, 1), 2); }", more="const CASES: [u8; 0] = [];\n"),
        mentions=("`CASES`, which is empty",),
    ),
    Case(
        "a file that no target holds",
        head={"tests/more/add.rs": ADDS},
        at=("tests/more/add.rs", 2),
        mentions=("never runs", "no target"),
    ),
    Case(
        "a feature that enables nothing but tests",
        head={"Cargo.toml": FEATURE, "tests/it.rs": f'#[cfg(feature = "slow")]\n{ADDS}'},
        at=("tests/it.rs", 3),
        mentions=("`slow`",),
    ),
    Case(
        "assertions without an attribute and without a caller",
        head={"tests/it.rs": ADDS + ADDS.replace("#[test]", "#[allow(dead_code)]").replace("adds", "lost")},
        at=("tests/it.rs", 6),
        mentions=("`lost` asserts something and nothing runs it",),
    ),
    Case(
        "a program of its own that cannot fail",
        head={
            "Cargo.toml": FEATURE + '[[test]]\nname = "own"\nharness = false\n',
            "tests/own.rs": 'fn main() {\n    println!("test result: ok. 2 passed");\n}\n',
        },
        at=("tests/own.rs", 1),
        mentions=("nothing in it can fail",),
    ),
]
UNKNOWN = [Case("a test file that does not parse", head={"tests/it.rs": "#[test]\nfn f( {\n"})]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
