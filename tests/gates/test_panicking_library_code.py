from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case


def lib(body: str, doc: str = "") -> dict[str, str]:
    return {"src/lib.rs": f"{doc}pub fn f(x: Option<u8>) -> u8 {{\n    {body}\n}}\n"}


OLD = lib("x.unwrap()")

MACRO = "macro_rules! must {\n    ($e:expr) => {\n        $e.unwrap()\n    };\n}\n"
PASSES = [
    Case(
        "in a macro for tests",
        head={"src/lib.rs": MACRO + "#[test]\nfn t() {\n    assert_eq!(must!(Some(1)), 1);\n}\n"},
    ),
    Case(
        "in a macro for callers elsewhere",
        head={"src/lib.rs": "#[macro_export]\n" + MACRO},
    ),
    Case("no panic", head=lib("x.unwrap_or(1)"), findings=0),
    Case("a binary is no library", head={"src/main.rs": "fn main() {\n    a().unwrap();\n}\n"}),
    Case(
        "the binary of a package with a library",
        head={
            "src/lib.rs": "",
            "src/main.rs": "mod cli;\n",
            "src/cli.rs": "fn f() {\n    a().unwrap();\n}\n",
        },
    ),
    Case(
        "examples and build scripts",
        head={"examples/a.rs": "fn main() { a().unwrap(); }\n", "build.rs": OLD["src/lib.rs"]},
    ),
    Case(
        "tests",
        head={
            "src/lib.rs": "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { a().unwrap(); }\n}\n",
            "tests/it.rs": "fn helper() { panic!() }\n",
        },
    ),
    Case("an untouched old unwrap", base=OLD, head={"src/lib.rs": OLD["src/lib.rs"] + "pub fn g() {}\n"}),
    Case(
        "an old unwrap moved to another file",
        base=OLD,
        head={"src/lib.rs": "mod a;\n", "src/a.rs": OLD["src/lib.rs"]},
    ),
    Case(
        "documented",
        head=lib("x.unwrap()", "/// # Panics\n/// On None.\n"),
        findings=1,
        mentions=("documents",),
    ),
    Case("a constant panics when compiling", head={"src/lib.rs": "const A: u8 = b().unwrap();\n"}),
    Case("a parser's own expect", head=lib("self.expect(Token::Comma)?;")),
    Case("another unwrap", head=lib("unwrap(x); self.unwrap(1)")),
    Case("the words in a string or comment", head=lib('"x.unwrap()"; // x.unwrap() panic!()')),
    Case("assertions by default", head=lib("assert!(x.is_some()); debug_assert!(x.unwrap() > 1); 1")),
    Case("only what is asked for", head=lib('x.expect("b")'), params={"forbid": ("unwrap",)}),
]
FAILS = [
    Case(
        "in a macro that the library calls",
        head={"src/lib.rs": MACRO + "pub fn f(x: Option<u8>) -> u8 {\n    must!(x)\n}\n"},
        at=("src/lib.rs", 3),
    ),
    Case("unwrap", head=OLD, at=("src/lib.rs", 2), findings=1, mentions=("`.unwrap()` in `f`",)),
    Case("expect with a message", head=lib('x.expect("set")'), findings=1),
    Case("expect with a formatted message", head=lib('x.expect(&format!("{}", 1))'), findings=1),
    Case("panic", head=lib('if x.is_none() { panic!("no") }; 1'), findings=1, mentions=("`panic!`",)),
    Case("inside a macro's arguments", head=lib('println!("{}", x.unwrap()); 1'), findings=1),
    Case("in a closure of a static", head={"src/lib.rs": "static A: L = L::new(|| r().unwrap());\n"}),
    Case("in a module of the library", head={"src/lib.rs": "mod a;\n", "src/a.rs": OLD["src/lib.rs"]}),
    Case(
        "in a library at another place",
        head={
            "Cargo.toml": '[package]\nname = "a"\n[lib]\npath = "code/a.rs"\n',
            "code/a.rs": OLD["src/lib.rs"],
        },
    ),
    Case("a new call in an old function", base=lib("1"), head=lib("x.unwrap()"), findings=1),
    Case("old code under scope all", base=OLD, head={"src/a.rs": ""}, scope=Scope.ALL),
    Case(
        "documented where that is not allowed",
        head=lib("x.unwrap()", "/// # Panics\n/// On None.\n"),
        params={"allow_documented": False},
    ),
    Case(
        "a binary under code all",
        head={"src/main.rs": "fn main() { a().unwrap(); }\n"},
        params={"code": "all"},
    ),
    Case("indexing on request", head=lib("[1][x]"), params={"forbid": ("index",)}, mentions=("indexing",)),
    Case("assertions on request", head=lib("assert!(false); 1"), params={"forbid": ("assert",)}),
]
UNKNOWN = [Case("a library file that does not parse", head={"src/lib.rs": "fn f( {\n"})]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
