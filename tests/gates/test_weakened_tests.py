from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.rust.assertions import read_assertions
from ironwright.gates.rust.conditions import Built, evaluate
from ironwright.gates.rust.syntax import parse_rust
from ironwright.testing.gate_testing import MANIFEST, Case

LIB = (
    "pub fn add(a: u8, b: u8) -> u8 { a + b }\n"
    "pub fn parse(s: &str) -> Result<u8, ()> { s.parse().map_err(|_| ()) }\n"
)
ADDS = "#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n    assert_eq!(add(0, 7), 7);\n}\n"
PARSES = '#[test]\nfn parses() {\n    assert_eq!(parse("7"), Ok(7));\n}\n'
MODULE = "#[cfg(test)]\nmod tests {{\n    use super::*;\n{}}}\n"
BASE = {"Cargo.toml": MANIFEST, "src/lib.rs": LIB, "tests/it.rs": ADDS + PARSES}


def it(*tests: str, **more) -> dict:
    return {"tests/it.rs": "".join(tests), **more}


def a_test(body: str, name: str = "adds", attributes: str = "#[test]") -> str:
    return f"{attributes}\nfn {name}() {{\n    {body}\n}}\n"


ONE = a_test("assert_eq!(add(1, 2), 3);")
PROPS = (
    "proptest! {{\n    #![proptest_config(ProptestConfig::with_cases({}))]\n"
    "    #[test]\n    fn holds(a in 0..9u8) {{\n"
    "        prop_assert_eq!(add(a, 0), a);\n    }}\n}}\n"
)
TABLE = a_test("for (a, s) in [(1, 1), (2, 2), (3, 3)] {\n        assert_eq!(add(a, 0), s);\n    }")
DOC = "/// Adds.\n///\n/// ```{}\n/// assert_eq!(small::add(1, 2), 3);\n/// ```\n"


def change(name: str, before: str, after: str, **more) -> Case:
    return Case(name, base={**BASE, "tests/it.rs": before}, head={"tests/it.rs": after}, **more)


PASSES = [
    Case("nothing about tests", base=BASE, head={"src/lib.rs": LIB + "// more\n"}, findings=0),
    Case("a new test", base=BASE, head=it(ADDS, PARSES, a_test("assert!(x());", "more")), findings=0),
    Case("everything is new", base=None, head=BASE),
    Case("moved into the library", base=BASE, head={**it(PARSES), "src/lib.rs": LIB + MODULE.format(ADDS)}),
    Case("moved to another file", base=BASE, head={"tests/it.rs": None, "tests/all.rs": ADDS + PARSES}),
    Case("renamed", base=BASE, head=it(ADDS.replace("adds", "adds_numbers"), PARSES)),
    Case("only laid out anew", base=BASE, head=it(ADDS.replace("\n    ", "\n\t\t// why\n\t\t"), PARSES)),
    Case(
        "deleted with the code that it tests",
        base=BASE,
        head={**it(ADDS), "src/lib.rs": LIB.splitlines(keepends=True)[0]},
    ),
    Case(
        "the function was renamed, and so was its use",
        base=BASE,
        head={**it(ADDS.replace("add(", "sum("), PARSES), "src/lib.rs": LIB.replace("fn add", "fn sum")},
    ),
    change(
        "other variables and a helper value", ONE, a_test("let sum = add(1, 2);\n    assert_eq!(sum, 3);")
    ),
    change("another form of the same", a_test("assert!(add(1, 2) == 3);"), ONE),
    change(
        "more is demanded", a_test('assert!(parse("1").is_ok());'), a_test('assert_eq!(parse("1"), Ok(1));')
    ),
    change(
        "two tests merged into one table",
        ONE + a_test("assert_eq!(add(4, 5), 9);", "more"),
        a_test(
            "for (a, b, s) in [(1, 2, 3), (4, 5, 9)] {\n        assert_eq!(add(a, b), s);\n    }", "table"
        ),
    ),
    change(
        "cases became attributes",
        ONE + a_test("assert_eq!(add(4, 5), 9);", "more"),
        (
            "#[rstest]\n#[case(1, 2, 3)]\n#[case(4, 5, 9)]\n"
            "fn adds(#[case] a: u8, #[case] b: u8, #[case] s: u8) {\n"
            "    assert_eq!(add(a, b), s);\n}\n"
        ),
    ),
    change(
        "the assertion moved into a helper",
        ONE,
        "fn check_sum(a: u8, b: u8, s: u8) { assert_eq!(add(a, b), s); }\n" + a_test("check_sum(1, 2, 3);"),
    ),
    change("a condition of this machine", ONE, "#[cfg(unix)]\n" + ONE),
    change("ignored under another tool only", ONE, "#[cfg_attr(miri, ignore)]\n" + ONE),
    change(
        "a match whose other arms fail",
        a_test('assert_eq!(parse("1"), Ok(1));'),
        a_test(
            'match parse("1") {\n        Ok(n) => assert_eq!(n, 1),\n        Err(()) => panic!("1"),\n    }'
        ),
    ),
    Case(
        "what is expected changed with the code: a remark",
        base=BASE,
        head={**it(ADDS.replace("3);", "4);"), PARSES), "src/lib.rs": LIB.replace("a + b", "a + b + 1")},
        findings=1,
        mentions=("expects something else",),
    ),
    Case(
        "what is expected changed with code further down: a remark",
        base={
            **BASE,
            "src/lib.rs": (
                "pub fn add(a: u8, b: u8) -> u8 { inner(a, b) }\nfn inner(a: u8, b: u8) -> u8 { a + b }\n"
            ),
        },
        head={
            **it(ADDS.replace("3);", "4);"), PARSES),
            "src/lib.rs": (
                "pub fn add(a: u8, b: u8) -> u8 { inner(a, b) }\nfn inner(a: u8, b: u8) -> u8 { a + b + 1 }\n"
            ),
        },
        findings=1,
    ),
    Case(
        "replaced along with the behaviour",
        base=BASE,
        head={
            **it(ADDS, a_test('assert_eq!(parse("-7"), Err(()));', "refuses_signs")),
            "src/lib.rs": LIB.replace("s.parse()", "s.trim().parse()"),
        },
    ),
    change("a message was added", ONE, a_test('assert_eq!(add(1, 2), 3, "sums");')),
    change("a table got more cases", TABLE, TABLE.replace("(3, 3)", "(3, 3), (4, 4)")),
    Case(
        "a feature that is on by default gates it",
        base={**BASE, "Cargo.toml": MANIFEST + '[features]\ndefault = ["std"]\nstd = []\n'},
        head=it('#[cfg(feature = "std")]\n' + ADDS, PARSES),
    ),
    Case(
        "a tolerance became finer",
        base={**BASE, **it(a_test("assert!((f() - 1.0).abs() < 0.1);"))},
        head=it(a_test("assert!((f() - 1.0).abs() < 0.01);")),
    ),
    change("a test without assertions may change", a_test("add(1, 2);"), a_test("add(2, 2);")),
    change("more property cases", PROPS.format(64), PROPS.format(256)),
    Case(
        "a rewritten snapshot is a remark",
        base={**BASE, "tests/snapshots/a.snap": "1\n"},
        head={"tests/snapshots/a.snap": "2\n"},
        findings=1,
        mentions=("snapshot",),
    ),
    Case(
        "a file that was split",
        base={**BASE, "src/lib.rs": LIB + MODULE.format(ADDS)},
        head={"src/lib.rs": LIB + "#[cfg(test)]\nmod tests;\n", "src/tests.rs": "use super::*;\n" + ADDS},
    ),
]
CLOSE = "fn close(a: f64, b: f64) -> bool {\n    (a - b).abs() < LIMIT\n}\n" + a_test(
    "assert!(close(x(), 0.3));"
)
STARTS = (
    'fn run() -> String {\n    out(env!("CARGO_BIN_EXE_tool"))\n}\n#[test]\nfn says() {\n'
    '    assert_eq!(run(), "1 lines");\n}\n'
)
MAIN = 'fn main() {\n    println!("1 lines");\n}\n'
PASSES += [
    change("a stricter comparison", CLOSE.replace("LIMIT", "1e-6"), CLOSE.replace("LIMIT", "1e-9")),
    Case(
        "a program that a helper starts says something else",
        base={**BASE, "src/main.rs": MAIN, "tests/it.rs": STARTS},
        head={"src/main.rs": MAIN.replace("lines", "line"), "tests/it.rs": STARTS.replace("lines", "line")},
    ),
]
FAILS = [
    change(
        "a comparison of the tests' own that lets more through",
        CLOSE.replace("LIMIT", "1e-9"),
        CLOSE.replace("LIMIT", "1e3"),
        at=("tests/it.rs", 2),
        mentions=("`close`", "allows more"),
    ),
    Case("a test is gone", base=BASE, head=it(ADDS), mentions=("`parses`", "gone"), findings=1),
    Case("the whole file is gone", base=BASE, head={"tests/it.rs": None}, findings=2),
    Case(
        "gone, with the function renamed",
        base=BASE,
        head={**it(PARSES), "src/lib.rs": LIB.replace("fn add", "fn sum")},
    ),
    Case("commented out", base=BASE, head=it(ADDS, "/*\n", PARSES, "*/\n"), mentions=("gone",)),
    change("replaced by less", ONE, a_test("assert!(add(1, 1) > 0);", "works"), mentions=("demands less",)),
    Case(
        "ignored with a reason",
        base=BASE,
        head=it('#[ignore = "flaky"]\n' + ADDS, PARSES),
        mentions=("#[ignore]",),
    ),
    Case("ignored by cfg_attr", base=BASE, head=it("#[cfg_attr(test, ignore)]\n" + ADDS, PARSES)),
    Case(
        "no test any more",
        base=BASE,
        head=it(ADDS.replace("#[test]", "#[allow(dead_code)]"), PARSES),
        mentions=("`#[test]`",),
    ),
    Case("under cfg(any())", base=BASE, head=it("#[cfg(any())]\n" + ADDS, PARSES), mentions=("cfg(any())",)),
    Case("under a feature that is off", base=BASE, head=it('#[cfg(feature = "slow")]\n' + ADDS, PARSES)),
    Case("for another system", base=BASE, head=it("#[cfg(windows)]\n" + ADDS, PARSES)),
    Case(
        "its module under cfg(any())",
        base={**BASE, "src/lib.rs": LIB + MODULE.format(ADDS)},
        head={"src/lib.rs": LIB + MODULE.format(ADDS).replace("cfg(test)", "cfg(any())")},
    ),
    Case("its file under cfg", base=BASE, head=it('#![cfg(target_os = "none")]\n', ADDS, PARSES), findings=2),
    Case(
        "its module is not declared any more",
        base={
            **BASE,
            "src/lib.rs": LIB + "#[cfg(test)]\nmod tests;\n",
            "src/tests.rs": "use super::*;\n" + ADDS,
        },
        head={"src/lib.rs": LIB},
        mentions=("no target",),
        at=("src/tests.rs", 3),
    ),
    Case(
        "moved out of cargo's view",
        base=BASE,
        head={"tests/it.rs": None, "old/it.rs": ADDS + PARSES},
        findings=2,
    ),
    Case(
        "test = false",
        base=BASE,
        head={"Cargo.toml": MANIFEST + '[[test]]\nname = "it"\ntest = false\n'},
        findings=2,
    ),
    Case(
        "harness = false",
        base=BASE,
        head={"Cargo.toml": MANIFEST + '[[test]]\nname = "it"\nharness = false\n'},
        mentions=("harness",),
    ),
    Case(
        "autotests = false",
        base=BASE,
        head={"Cargo.toml": MANIFEST + "autotests = false\n"},
        mentions=("autotests",),
    ),
    Case(
        "required features",
        base=BASE,
        head={
            "Cargo.toml": MANIFEST
            + '[features]\nslow = []\n[[test]]\nname = "it"\nrequired-features = ["slow"]\n'
        },
    ),
    Case(
        "the library's tests off",
        base={**BASE, "src/lib.rs": LIB + MODULE.format(ADDS)},
        head={"Cargo.toml": MANIFEST + "[lib]\ntest = false\n"},
    ),
    Case(
        "doctests off",
        base=BASE,
        head={"Cargo.toml": MANIFEST + "[lib]\ndoctest = false\n"},
        mentions=("doctest",),
    ),
    Case(
        "a doctest is ignored",
        base={**BASE, "src/lib.rs": DOC.format("") + LIB},
        head={"src/lib.rs": DOC.format("ignore") + LIB},
        mentions=("`ignore`",),
    ),
    Case(
        "a member excluded",
        base={
            **BASE,
            "Cargo.toml": MANIFEST + '[workspace]\nmembers = ["b"]\n',
            "b/Cargo.toml": MANIFEST.replace("small", "b"),
            "b/src/lib.rs": "",
            "b/tests/it.rs": PARSES,
        },
        head={"Cargo.toml": MANIFEST + '[workspace]\nexclude = ["b"]\n'},
        mentions=("no member",),
    ),
    change(
        "an assertion is gone",
        ADDS,
        ADDS.replace("    assert_eq!(add(0, 7), 7);\n", ""),
        mentions=("lost the assertion",),
        findings=1,
    ),
    change(
        "eq became ok",
        a_test('assert_eq!(parse("1"), Ok(1));'),
        a_test('assert!(parse("1").is_ok());'),
        mentions=("demands less",),
    ),
    change("eq became at least", ONE, a_test("assert!(add(1, 2) >= 3);")),
    change("eq became ne", ONE, a_test("assert_ne!(add(1, 2), 0);")),
    change(
        "equal became contains",
        a_test('assert_eq!(name(), "abc");'),
        a_test('assert!(name().contains("a"));'),
    ),
    change("true by construction", ONE, a_test("assert!(add(1, 2) == 3 || true);")),
    change(
        "a value became any pattern",
        a_test("assert!(matches!(f(), Err(E::Parse(3))));"),
        a_test("assert!(matches!(f(), Err(_)));"),
    ),
    change(
        "the expected value, with the same code",
        ONE,
        a_test("assert_eq!(add(1, 2), 4);"),
        mentions=("of the same code",),
    ),
    change("an easier case, with the same code", ONE, a_test("assert_eq!(add(0, 0), 0);")),
    change(
        "a wider tolerance",
        a_test("assert!((f() - 1.0).abs() < 1e-9);"),
        a_test("assert!((f() - 1.0).abs() < 0.5);"),
        mentions=("allows more",),
    ),
    change(
        "a wider epsilon",
        a_test("assert_relative_eq!(f(), 1.0, epsilon = 1e-9);"),
        a_test("assert_relative_eq!(f(), 1.0, epsilon = 0.5);"),
    ),
    change("should panic", ONE, "#[should_panic]\n" + ONE, mentions=("panic",)),
    change(
        "any panic",
        '#[should_panic(expected = "zero")]\n' + ONE,
        "#[should_panic]\n" + ONE,
        mentions=("any panic",),
    ),
    change(
        "an early return",
        ONE,
        a_test("if slow() { return; }\n    assert_eq!(add(1, 2), 3);"),
        mentions=("only behind",),
    ),
    change(
        "if false",
        ONE,
        a_test("if false {\n        assert_eq!(add(1, 2), 3);\n    }"),
        mentions=("only if false",),
    ),
    change("if cfg", ONE, a_test('if cfg!(feature = "x") {\n        assert_eq!(add(1, 2), 3);\n    }')),
    change(
        "only when it is there",
        a_test("assert_eq!(f().unwrap(), 3);"),
        a_test("if let Ok(n) = f() {\n        assert_eq!(n, 3);\n    }"),
    ),
    change("under a cfg inside", ONE, a_test("#[cfg(any())]\n    assert_eq!(add(1, 2), 3);")),
    change(
        "a caught panic",
        ONE,
        a_test("let _ = std::panic::catch_unwind(|| assert_eq!(add(1, 2), 3));"),
        mentions=("caught",),
    ),
    change(
        "in a function that nobody calls",
        ONE,
        a_test("fn never() { assert_eq!(add(1, 2), 3); }"),
        mentions=("not called",),
    ),
    change(
        "a loop over nothing",
        TABLE,
        TABLE.replace("[(1, 1), (2, 2), (3, 3)]", "[] as [(u8, u8); 0]").replace(" as [(u8, u8); 0]", ""),
        mentions=("nothing",),
    ),
    change("a table lost cases", TABLE, TABLE.replace(", (3, 3)", ""), mentions=("lost 1 case",)),
    change(
        "attribute cases lost",
        (
            "#[rstest]\n#[case(1, 2)]\n#[case(3, 4)]\n"
            "fn f(#[case] a: u8, #[case] b: u8) { assert_eq!(g(a), b); }\n"
        ),
        "#[rstest]\n#[case(1, 2)]\nfn f(#[case] a: u8, #[case] b: u8) { assert_eq!(g(a), b); }\n",
        mentions=("lost 1 case",),
    ),
    change(
        "a helper was emptied",
        "fn check(a: u8) { assert_eq!(a, 1); }\n" + a_test("check(one());"),
        "fn check(_a: u8) {}\n" + a_test("check(one());"),
        mentions=("`check`, which tests use",),
    ),
    change("fewer property cases", PROPS.format(256), PROPS.format(1), mentions=("1 cases; before 256",)),
    change(
        "a property lost its assertion",
        PROPS.format(9),
        PROPS.format(9).replace("prop_assert_eq!(add(a, 0), a);", "add(a, 0);"),
    ),
    change(
        "assert_eq means nothing",
        ONE,
        "macro_rules! assert_eq { ($($t:tt)*) => {} }\n" + ONE,
        mentions=("takes the name",),
    ),
]
FAILS += [
    change("the process ends before", ONE, a_test("std::process::exit(0);\n    assert_eq!(add(1, 2), 3);")),
    change("a closure nobody calls", ONE, a_test("let _ = || assert_eq!(add(1, 2), 3);")),
    change("a thread nobody waits for", ONE, a_test("std::thread::spawn(|| assert_eq!(add(1, 2), 3));")),
    change("a loop that returns before", ONE, a_test("loop { return; }\n    assert_eq!(add(1, 2), 3);")),
]
FAILS += [
    change(
        "the expected side asks the code itself",
        ONE,
        a_test("assert_eq!(add(1, 2), 3.max(add(1, 2)));"),
        mentions=("compares an answer with itself",),
    ),
    Case(
        "what is expected is what the build writes",
        base=BASE,
        head=it(ADDS.replace("3);", 'include!(concat!(env!("OUT_DIR"), "/sum.rs")));'), PARSES),
        mentions=("what the build writes",),
    ),
    Case(
        "rewritten by a macro of the repository",
        base=BASE,
        head={
            **it("#[made::named]\n" + ADDS, PARSES),
            "made/src/lib.rs": "#[proc_macro_attribute]\npub fn named(_: T, item: T) -> T {\n    item\n}\n",
        },
        mentions=("the repository's own macro",),
    ),
]
UNKNOWN = [Case("a test file that does not parse", base=BASE, head=it(ADDS, PARSES, "#[test]\nfn f( {\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


def test_conditions_are_told_from_each_other():
    features = frozenset({"std"})
    facts = {
        "test": Built.YES,
        "any()": Built.NO,
        "all()": Built.YES,
        "not(test)": Built.NO,
        'all(test, feature = "std")': Built.YES,
        'any(windows, feature = "slow")': Built.NO,
        "not(miri)": Built.YES,
        "all(test, my_cfg)": Built.UNKNOWN,
        "any(test, my_cfg)": Built.YES,
    }
    assert {text: evaluate(text, features) for text in facts} == facts


@given(st.text(alphabet="abc()!,=\"' \n{}[]<>&|.#1;fnasertq_", max_size=120))
def test_any_text_can_be_read_and_evaluated(text):
    file = parse_rust("src/lib.rs", f"fn f() {{ {text} }}".encode())
    for found in read_assertions(file.root):
        assert found.line >= 1
    assert evaluate(re.sub(r"\s+", " ", text), frozenset()) in Built
