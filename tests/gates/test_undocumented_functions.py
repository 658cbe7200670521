from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

OLD = "pub fn old() -> u8 {\n    1\n}\n"

PASSES = [
    Case("a main whose file says what it does", head={"src/main.rs": "//! Does it.\n\nfn main() {}\n"}),
    Case(
        "a documented function", head={"src/lib.rs": "/// Adds.\nfn f() {}\n"}, mentions=("documented (1)",)
    ),
    Case("no functions at all", head={"src/lib.rs": "struct S;\n"}, mentions=("no functions",)),
    Case("an untouched old function", base={"src/lib.rs": OLD}, head={"src/lib.rs": OLD + "struct S;\n"}),
    Case(
        "an old function moved to another file",
        base={"src/lib.rs": OLD},
        head={"src/lib.rs": "mod a;\n", "src/a.rs": OLD},
    ),
    Case(
        "an old function only indented anew",
        base={"src/lib.rs": OLD},
        head={"src/lib.rs": "/// M.\nmod inner {\n    pub fn old() -> u8 {\n        1\n    }\n}\n"},
    ),
    Case(
        "implementations of a trait",
        head={"src/lib.rs": "impl Iterator for S {\n    fn next(&mut self) {}\n}\n"},
    ),
    Case(
        "test code",
        head={
            "src/lib.rs": "#[cfg(test)]\nmod tests;\n#[test]\nfn a() {}\n",
            "src/tests.rs": "fn helper() {}\n",
            "tests/it.rs": "fn helper() {}\n",
        },
    ),
    Case("hidden from the documentation", head={"src/lib.rs": "#[doc(hidden)]\npub fn f() {}\n"}),
    Case("private where only public counts", head={"src/lib.rs": "fn f() {}\n"}, params={"items": "public"}),
    Case("foreign functions", head={"src/lib.rs": 'extern "C" {\n    fn f();\n}\n'}),
    Case("prose in another script", head={"src/lib.rs": "/// 二つの数を足す。\nfn f() {}\n"}),
]
FAILS = [
    Case("a program that says nothing of itself", head={"src/main.rs": "fn main() {}\n"}, findings=1),
    Case("no documentation", head={"src/lib.rs": "\nfn f() {}\n"}, at=("src/lib.rs", 2), findings=1),
    Case("a plain comment is none", head={"src/lib.rs": "// Adds.\nfn f() {}\n"}, findings=1),
    Case(
        "the name again", head={"src/lib.rs": "/// Gets the name.\nfn get_name() {}\n"}, mentions=("no more",)
    ),
    Case("an empty comment", head={"src/lib.rs": "///\nfn f() {}\n"}),
    Case("a promise to write it", head={"src/lib.rs": "/// TODO\nfn f() {}\n"}),
    Case("a heading alone", head={"src/lib.rs": "/// # Errors\nfn f() {}\n"}),
    Case("a method", head={"src/lib.rs": "impl S {\n    fn m(&self) {}\n}\n"}, at=("src/lib.rs", 2)),
    Case("a trait's method", head={"src/lib.rs": "trait T {\n    fn m(&self);\n}\n"}, at=("src/lib.rs", 2)),
    Case(
        "a public trait's method",
        head={"src/lib.rs": "pub trait T {\n    fn m(&self);\n}\n"},
        params={"items": "public"},
    ),
    Case(
        "a function in a function",
        head={"src/lib.rs": "/// Outer one.\nfn f() {\n    fn g() {}\n}\n"},
        findings=1,
    ),
    Case("an altered old function", base={"src/lib.rs": OLD}, head={"src/lib.rs": OLD.replace("1", "2")}),
    Case(
        "documentation was taken away",
        base={"src/lib.rs": "/// Adds.\n" + OLD},
        head={"src/lib.rs": OLD},
        at=("src/lib.rs", 1),
    ),
    Case(
        "an untouched old function under scope all",
        base={"src/lib.rs": OLD},
        head={"src/a.rs": ""},
        scope=Scope.ALL,
    ),
    Case(
        "one file fails, another does not parse",
        head={"src/a.rs": "fn f() {}\n", "src/b.rs": "fn g( {\n"},
        findings=1,
    ),
]
UNKNOWN = [
    Case("a file that does not parse", head={"src/lib.rs": "/// A.\nfn f( {\n"}, mentions=("src/lib.rs:2",)),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
