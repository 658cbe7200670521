from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.checks.unexplained_unsafe import _says
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

SAFETY = "// SAFETY: the pointer comes from a reference.\n"
WHY = "    " + SAFETY


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


def body(text: str) -> dict:
    return lib(f"pub fn f(p: *const u8) -> u8 {{\n{text}}}\n")


BARE = body("    unsafe { *p }\n")
PASSES = [
    Case("no unsafe code", head=lib("fn f() {}\n"), mentions=("no unsafe code",), findings=0),
    Case("before the block", head=body(WHY + "    unsafe { *p }\n")),
    Case("before the statement", head=body(WHY + "    let x = unsafe { *p };\n    x\n")),
    Case(
        "on several lines",
        head=body(WHY + "    // It is not null either.\n    let x = unsafe { *p };\n    x\n"),
    ),
    Case(
        "an attribute between",
        head=body(WHY + "    #[allow(clippy::all)]\n    let x = unsafe { *p };\n    x\n"),
    ),
    Case("beside it", head=body("    unsafe { *p } // SAFETY: p is a valid pointer\n")),
    Case("first in the block", head=body("    unsafe {\n    " + WHY + "        *p\n    }\n")),
    Case("a block comment", head=body("    /* SAFETY: p is a valid pointer */\n    unsafe { *p }\n")),
    Case(
        "in a closure's statement",
        head=body(WHY + "    let x = Some(p).map(|p| unsafe { *p });\n    x.unwrap_or(0)\n"),
    ),
    Case(
        "a match arm",
        head=body(
            "    match 1 {\n        // SAFETY: p is a valid pointer\n        _ => unsafe { *p },\n    }\n"
        ),
    ),
    Case(
        "an implementation",
        head=lib("struct A(*mut u8);\n// SAFETY: nobody else has the pointer\nunsafe impl Send for A {}\n"),
    ),
    Case(
        "two implementations",
        head=lib(
            "struct A(*mut u8);\n// SAFETY: nobody else has the pointer\n"
            "unsafe impl Send for A {}\nunsafe impl Sync for A {}\n"
        ),
    ),
    Case(
        "a documented function",
        head=lib(
            "/// Reads.\n///\n/// # Safety\n///\n/// `p` must be valid.\npub unsafe fn f(p: *const u8) {}\n"
        ),
    ),
    Case(
        "a private function with a comment",
        head=lib("// SAFETY: callers pass valid pointers\nunsafe fn f(p: *const u8) {}\n"),
    ),
    Case("an implementation of an unsafe method", head=lib("impl T for A {\n    unsafe fn f(&self) {}\n}\n")),
    Case("untouched", base=BARE, head=lib(BARE["src/lib.rs"] + "// more\n"), findings=0),
    Case(
        "only moved",
        base={"src/a.rs": BARE["src/lib.rs"]},
        head={"src/a.rs": None, "src/b.rs": BARE["src/lib.rs"]},
    ),
    Case(
        "tests, where they do not count",
        head={"tests/it.rs": "fn f() { unsafe { g() } }\n"},
        params={"tests": False},
    ),
]
FAILS = [
    Case("a bare block", head=BARE, at=("src/lib.rs", 2), findings=1),
    Case("another comment", head=body("    // reads the byte\n    unsafe { *p }\n")),
    Case("only the mark", head=body("    // SAFETY:\n    unsafe { *p }\n")),
    Case("only a word", head=body("    // SAFETY: ok\n    unsafe { *p }\n")),
    Case("a statement between", head=body(WHY + "    let y = 1;\n    let x = unsafe { *p };\n    x + y\n")),
    Case(
        "a second block",
        head=body(WHY + "    let x = unsafe { *p };\n    let y = unsafe { *p };\n    x + y\n"),
        at=("src/lib.rs", 4),
        findings=1,
    ),
    Case(
        "in a macro's arguments",
        head=body("    assert_eq!(unsafe { *p }, 1);\n    1\n"),
        at=("src/lib.rs", 2),
    ),
    Case(
        "in code of another platform",
        head=lib("#[cfg(windows)]\nfn f() {\n    unsafe { g() }\n}\n"),
        at=("src/lib.rs", 3),
    ),
    Case(
        "a bare implementation",
        head=lib("struct A(*mut u8);\nunsafe impl Send for A {}\n"),
        mentions=("`unsafe impl Send for A`",),
    ),
    Case(
        "a function without its section",
        head=lib("/// Reads.\npub unsafe fn f(p: *const u8) {}\n"),
        mentions=("`f`", "# Safety"),
    ),
    Case(
        "a trait without its section",
        head=lib("/// A trait.\npub unsafe trait T {}\n"),
        mentions=("trait `T`",),
    ),
    Case("a test", head={"tests/it.rs": "#[test]\nfn f() {\n    unsafe { g() }\n}\n"}),
    Case("everything under scope all", base=BARE, head={"src/a.rs": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("fn f( {\n    unsafe { g() }\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@given(st.text(max_size=80))
def test_a_reason_needs_the_mark(text):
    assert not _says(text) or "SAFETY" in text.upper()
