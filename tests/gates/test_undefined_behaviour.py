"""Unsafe code under Miri; without a nightly toolchain that has it the answer is UNKNOWN."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from trees import source_tree

from ironwright.gates.checks.undefined_behaviour import read_errors, unsafe_places
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

NEEDS = ("cargo-miri",)
SAFE = "pub fn one() -> u8 {\n    1\n}\n"
UNSAFE = """pub fn first(bytes: &[u8]) -> u8 {
    // SAFETY: the caller's slice is not empty.
    unsafe { *bytes.get_unchecked(INDEX) }
}
#[cfg(test)]
mod tests {
    #[test]
    fn it() {
        let bytes: Vec<u8> = vec![7];
        let _ = super::first(&bytes);
    }
}
"""
IN_TESTS = """#[cfg(test)]
mod tests {
    #[test]
    fn it() {
        unsafe { std::env::set_var("A", "b") };
    }
}
"""


PASSES = [
    Case("no unsafe code", head={"src/lib.rs": SAFE + '// unsafe\nconst A: &str = "unsafe";\n'}),
    Case("unsafe in tests only", head={"src/lib.rs": SAFE + IN_TESTS}),
    Case(
        "unsafe code in a file that the change leaves alone",
        base={"src/lib.rs": "pub mod a;\n", "src/a.rs": UNSAFE.replace("INDEX", "0")},
        head={"src/lib.rs": "pub mod a;\n" + SAFE},
        mentions=("no unsafe code in scope",),
    ),
    Case(
        "sound unsafe code",
        head={"src/lib.rs": UNSAFE.replace("INDEX", "0")},
        needs=NEEDS,
        set_up="is not set up",
        slow=True,
    ),
]
FAILS = [
    Case(
        "a read behind the end",
        head={"src/lib.rs": UNSAFE.replace("INDEX", "1")},
        at=("src/lib.rs", 3),
        mentions=("Undefined Behavior",),
        needs=NEEDS,
        set_up="is not set up",
        slow=True,
    ),
]
UNKNOWN = [
    Case(
        "unsafe code that does not compile",
        head={"src/lib.rs": UNSAFE.replace("INDEX", "missing")},
        scope=Scope.ALL,
    ),
]

SAID = """running 1 test
test tests::it ... error: Undefined Behavior: in-bounds pointer arithmetic failed
  --> /rust/lib/core/slice.rs:400:9
   |
   = note: BACKTRACE on thread `tests::it`:
   = note: inside `core::slice::get` at /rust/lib/core/slice.rs:400:9: 400:20
note: inside `first`
  --> src/lib.rs:3:14
   |
error: aborting due to 1 previous error
"""


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


def test_an_error_in_the_library_is_named_where_the_repository_calls_it():
    said = SAID.replace("test tests::it ... error", "test tests::it ...\nerror")
    (found,) = read_errors(said, lambda name: name if not name.startswith("/") else None, {"src/lib.rs"})
    assert (found.path, found.line) == ("src/lib.rs", 3)
    assert "pointer arithmetic" in found.message


@given(st.text())
def test_any_text_can_be_read(text: str):
    read_errors(text, lambda name: name, {"src/lib.rs"})


def test_each_kind_of_unsafe_code_is_seen():
    code = "unsafe fn a() {}\nunsafe impl Send for A {}\nfn b() {\n    unsafe {}\n}\nunsafe trait T {}\n"
    tree = source_tree({"src/lib.rs": code})
    assert [line for _, line in unsafe_places(tree, "src/lib.rs")] == [1, 2, 4, 6]
