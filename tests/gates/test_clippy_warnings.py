from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case

FINE = "pub fn two() -> u8 {\n    2\n}\n"
NEEDLESS = "pub fn one() -> u8 {\n    return 1;\n}\n"
UNUSED = "fn nobody_calls_me() {}\n"
WRONG = "pub fn same(a: u8) -> bool {\n    a == a\n}\n"

PASSES = [
    Case("nothing to say", head={"src/lib.rs": FINE}, findings=0),
    Case(
        "an old warning is a remark",
        base={"src/lib.rs": NEEDLESS},
        head={"src/lib.rs": NEEDLESS + FINE},
        findings=1,
        at=("src/lib.rs", 2),
    ),
    Case(
        "a lint that is off by default",
        head={"src/lib.rs": "pub fn f(a: Option<u8>) -> u8 {\n    a.unwrap()\n}\n"},
    ),
    Case(
        "a benchmark for another compiler",
        head={"src/lib.rs": FINE, "benches/b.rs": "#![feature(test)]\nextern crate test;\n"},
    ),
]
FAILS = [
    Case(
        "a warning of clippy",
        head={"src/lib.rs": NEEDLESS},
        at=("src/lib.rs", 2),
        mentions=("needless_return",),
    ),
    Case(
        "a warning of the compiler",
        head={"src/lib.rs": UNUSED},
        at=("src/lib.rs", 1),
        mentions=("dead_code",),
    ),
    Case("a lint that is an error", head={"src/lib.rs": WRONG}, at=("src/lib.rs", 2), mentions=("eq_op",)),
    Case(
        "a warning in a test",
        head={"tests/it.rs": "#[test]\nfn t() {\n    let x = 1;\n}\n"},
        at=("tests/it.rs", 3),
    ),
    Case(
        "an old warning under scope all",
        base={"src/lib.rs": NEEDLESS},
        head={"src/lib.rs": NEEDLESS + FINE},
        scope=Scope.ALL,
        findings=1,
    ),
    Case(
        "a lint that was asked for",
        head={"src/lib.rs": "pub fn f(a: Option<u8>) -> u8 {\n    a.unwrap()\n}\n"},
        params={"deny": ("unwrap_used",)},
        at=("src/lib.rs", 2),
    ),
    Case(
        "the tree's flags cannot silence it",
        head={
            "src/lib.rs": NEEDLESS,
            ".cargo/config.toml": '[build]\nrustflags = ["-Awarnings", "-Aclippy::all"]\n',
        },
        at=("src/lib.rs", 2),
    ),
    Case(
        "a denied lint in a crate does not hide what depends on it",
        base={
            "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n',
            "a/Cargo.toml": MANIFEST,
            "a/src/lib.rs": WRONG,
            "b/Cargo.toml": MANIFEST.replace("small", "b") + '[dependencies]\nsmall = { path = "../a" }\n',
            "b/src/lib.rs": "",
        },
        head={"b/src/lib.rs": NEEDLESS},
        at=("b/src/lib.rs", 2),
        findings=1,
    ),
]
UNKNOWN = [
    Case(
        "code that does not compile",
        head={"src/lib.rs": "pub fn one() -> u8 {}\n"},
        mentions=("does not compile", "src/lib.rs:1"),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
