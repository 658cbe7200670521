from __future__ import annotations

import pytest
from sentences import asks_for

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case

BLOCK = "pub fn f(a: *const u8) -> u8 {\n    unsafe { *a }\n}\n"
FORBID = "#![forbid(unsafe_code)]\n"


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


PASSES = [
    Case("safe and closed", head=lib(FORBID + "pub fn f() {}\n"), findings=0),
    Case(
        "safe but open is a remark",
        head=lib("pub fn f() {}\n"),
        findings=1,
        mentions=("forbid(unsafe_code)",),
    ),
    Case(
        "closed in the manifest",
        head={"Cargo.toml": MANIFEST + '\n[lints.rust]\nunsafe_code = "forbid"\n', **lib("pub fn f() {}\n")},
        findings=0,
    ),
    Case(
        "a comment and a string",
        head=lib(FORBID + '// unsafe { }\nconst A: &str = "unsafe { }";\n'),
        findings=0,
    ),
    Case("the type of a pointer", head=lib(FORBID + 'pub type F = unsafe extern "C" fn(u8);\n'), findings=0),
    Case("untouched", base=lib(BLOCK), head=lib(BLOCK + "// more\n"), findings=1),
    Case(
        "moved to another file",
        base=lib(BLOCK),
        head={"src/lib.rs": FORBID + "mod a;\n", "src/a.rs": BLOCK},
        findings=0,
    ),
    Case("where it is allowed", head={"src/ffi/mod.rs": BLOCK}, params={"allowed_paths": ("src/ffi/",)}),
    Case(
        "in a test it is a remark",
        head=lib(
            FORBID
            + "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {\n        unsafe { x() }\n    }\n}\n"
        ),
        findings=1,
    ),
]
FAILS = [
    Case(
        "a block", head=lib(FORBID + BLOCK), at=("src/lib.rs", 3), findings=1, mentions=("an `unsafe` block",)
    ),
    Case("a function", head=lib("pub unsafe fn f() {}\n"), mentions=("`unsafe fn`",)),
    Case("an implementation", head=lib("pub struct A;\nunsafe impl Send for A {}\n"), at=("src/lib.rs", 2)),
    Case("a trait", head=lib("pub unsafe trait A {}\n")),
    Case("a foreign block", head=lib('unsafe extern "C" {\n    fn f();\n}\n')),
    Case("an attribute", head=lib("#[unsafe(no_mangle)]\npub fn f() {}\n"), at=("src/lib.rs", 1)),
    Case(
        "among a macro's tokens",
        head=lib("macro_rules! m {\n    () => {\n        unsafe { x() }\n    };\n}\n"),
        at=("src/lib.rs", 3),
    ),
    Case(
        "in a test where tests count",
        params={"tests": True},
        head=lib("#[cfg(test)]\nmod tests {\n    fn t() {\n        unsafe { x() }\n    }\n}\n"),
    ),
    Case("untouched under scope all", base=lib(BLOCK), head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("fn f( {\n    unsafe {\n"), mentions=("src/lib.rs",))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "Never use unsafe code.",
        "No unsafe.",
        "Do not write `unsafe` blocks in this crate.",
        "unsafe code is forbidden: no unsafe code anywhere.",
        "Write 100% safe Rust.",
        "Every crate has `#![forbid(unsafe_code)]`.",
    ],
)
def test_prose_that_allows_none(sentence):
    assert asks_for("unsafe_code", sentence) is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "No unsafe code without a SAFETY comment.",
        "Avoid unsafe unless absolutely necessary.",
        "Never use unsafe code when a safe way exists.",
        "Document every unsafe block.",
        "Avoid unnecessary unsafe blocks.",
        "Review unsafe code.",
        "Minimize unsafe code.",
    ],
)
def test_prose_that_allows_some(sentence):
    assert asks_for("unsafe_code", sentence) is None
