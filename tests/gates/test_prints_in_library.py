from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case

PRINTS = 'pub fn f() {\n    println!("x");\n}\n'


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


PASSES = [
    Case("nothing prints", head=lib("pub fn f() {}\n"), findings=0),
    Case("a binary", head={"src/main.rs": 'fn main() {\n    println!("x");\n}\n'}, findings=0),
    Case(
        "a binary beside a library",
        head={"src/lib.rs": "", "src/bin/a.rs": 'fn main() {\n    println!("x");\n}\n'},
    ),
    Case(
        "a test",
        head=lib('#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {\n        println!("x");\n    }\n}\n'),
    ),
    Case("an example", head={"src/lib.rs": "", "examples/a.rs": 'fn main() {\n    println!("x");\n}\n'}),
    Case(
        "a build script",
        head={"src/lib.rs": "", "build.rs": ('fn main() {\n    println!("cargo:rerun-if-changed=a");\n}\n')},
    ),
    Case("untouched", base=lib(PRINTS), head=lib(PRINTS + "// more\n"), findings=0),
    Case(
        "writes to what it is given",
        head=lib('pub fn f(w: &mut dyn std::io::Write) {\n    writeln!(w, "x").ok();\n}\n'),
    ),
    Case("printing is its purpose", head=lib('pub fn print_table() {\n    println!("x");\n}\n'), findings=1),
    Case(
        "printing is documented", head=lib("/// Prints the table to standard output.\n" + PRINTS), findings=1
    ),
    Case(
        "the library of a program",
        head={
            "Cargo.toml": MANIFEST + "publish = false\n",
            "src/lib.rs": PRINTS,
            "src/main.rs": "fn main() {}\n",
        },
        findings=1,
    ),
    Case(
        "a macro for others",
        head=lib('#[macro_export]\nmacro_rules! say {\n    () => { println!("x") };\n}\n'),
    ),
    Case("only what is forbidden", head=lib(PRINTS), params={"forbid": ("dbg",)}, findings=0),
]
FAILS = [
    Case("println", head=lib(PRINTS), at=("src/lib.rs", 2), mentions=("`println!`", "`f`"), findings=1),
    Case("eprintln", head=lib('pub fn f() {\n    eprintln!("x");\n}\n')),
    Case(
        "dbg in an expression",
        head=lib("pub fn f(a: u8) -> u8 {\n    dbg!(a) + 1\n}\n"),
        at=("src/lib.rs", 2),
    ),
    Case("dbg in a print function", head=lib("pub fn print_it(a: u8) {\n    dbg!(a);\n}\n")),
    Case(
        "inside another macro",
        head=lib('pub fn f() {\n    vec![1].iter().for_each(|x| println!("{x}"));\n}\n'),
    ),
    Case(
        "standard output fetched",
        head=lib("pub fn f() {\n    let out = std::io::stdout();\n    drop(out);\n}\n"),
    ),
    Case(
        "in a module of the library", head={"src/lib.rs": "mod a;\n", "src/a.rs": PRINTS}, at=("src/a.rs", 2)
    ),
    Case(
        "dbg in a binary, where all is judged",
        head={"src/main.rs": "fn main() {\n    dbg!(1);\n}\n"},
        params={"code": "all"},
    ),
    Case("everything under scope all", base=lib(PRINTS), head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("fn f( {\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
