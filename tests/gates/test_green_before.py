"""New tests must have been red: they are run on the code before the change."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.testing.gate_testing import Case

LIB = """pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

pub fn clamp(a: i32) -> i32 {
    if a > 10 { 11 } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3);
        assert_eq!(clamp(1), 1);
    }
}
"""
BASE = {"src/lib.rs": LIB}


def with_test(code: str, name: str, body: str) -> str:
    return code.rstrip().removesuffix("}") + f"\n    #[test]\n    fn {name}() {{ {body} }}\n}}\n"


FIXED = LIB.replace("{ 11 }", "{ 10 }")
DOUBLE = LIB.replace("#[cfg(test)]", "pub fn double(a: i32) -> i32 {\n    a * 2\n}\n\n#[cfg(test)]")

PASSES = [
    Case(
        "a fix whose test fails on the old code",
        base=BASE,
        head={"src/lib.rs": with_test(FIXED, "clamps", "assert_eq!(clamp(20), 10);")},
        mentions=("1 of 1",),
        slow=True,
    ),
    Case(
        "a new function whose test does not compile without it",
        base=BASE,
        head={"src/lib.rs": with_test(DOUBLE, "doubles", "assert_eq!(double(2), 4);")},
        mentions=("1 of 1",),
        slow=True,
    ),
    Case(
        "an integration test of a new module",
        base=BASE,
        head={
            "src/lib.rs": "pub mod more;\n" + LIB,
            "src/more.rs": "pub fn half(a: i32) -> i32 {\n    a / 2\n}\n",
            "tests/it.rs": "use small::{add, more::half};\n"
            "#[test]\nfn it() { assert_eq!(half(add(2, 2)), 2); }\n",
        },
        slow=True,
    ),
    Case(
        "a test of a new value, which no panic can reach",
        base=BASE,
        head={
            "src/lib.rs": with_test(
                DOUBLE.replace("pub fn double", "pub const LIMIT: i32 = 10;\n\npub fn double"),
                "limits",
                "assert_eq!(LIMIT, 10);",
            )
        },
        mentions=("is about LIMIT",),
        slow=True,
    ),
    Case(
        "tests of a constructor, an async function and a generic one",
        base=BASE,
        head={
            "src/lib.rs": "pub mod more;\n" + LIB,
            "src/more.rs": """
//! More.
pub struct Pair<T>(T, T);
impl<T: Copy> Pair<T> {
    pub fn both(t: T) -> Self {
        #![allow(unused_variables)]
        Pair(t, t)
    }
    pub fn each(&self) -> impl Iterator<Item = T> + '_ {
        [self.0, self.1].into_iter()
    }
}
#[cfg(test)]
mod tests {
    #[test]
    fn pairs() { assert_eq!(super::Pair::both(2).each().sum::<i32>(), 4); }
}
""",
        },
        findings=0,
        slow=True,
    ),
    Case(
        "only comments",
        base=BASE,
        head={"src/lib.rs": "//! Sums.\n" + LIB},
        mentions=("no code outside tests",),
    ),
    Case(
        "only a new test",
        base=BASE,
        head={"src/lib.rs": with_test(LIB, "again", "assert_eq!(add(2, 2), 4);")},
    ),
    Case(
        "a refactoring that the tests run",
        base=BASE,
        head={"src/lib.rs": LIB.replace("a + b", "let sum = b + a;\n    sum")},
        mentions=("every changed line",),
        slow=True,
    ),
]
FAILS = [
    Case(
        "a fix whose new test passes on the old code",
        base=BASE,
        head={"src/lib.rs": with_test(FIXED, "clamps", "assert_eq!(clamp(5), 5);")},
        at=("src/lib.rs", 20),
        mentions=("passes without the change",),
        slow=True,
    ),
    Case(
        "a new test that names the new function and never calls it",
        base=BASE,
        head={
            "src/lib.rs": with_test(
                DOUBLE, "doubles", "let _f: fn(i32) -> i32 = double; assert_eq!(2, 1 + 1);"
            )
        },
        at=("src/lib.rs", 24),
        mentions=("runs none of them",),
        slow=True,
    ),
    Case(
        "a new function without a test",
        base=BASE,
        head={"src/lib.rs": DOUBLE},
        mentions=("double is new",),
        slow=True,
    ),
]
UNKNOWN = [
    Case("no commit before the change", base=None, head=BASE, mentions=("no commit before",)),
    Case(
        "a file that the parser does not understand",
        base=BASE,
        head={"src/lib.rs": LIB + "\nfn broken( {\n"},
        mentions=("not understood",),
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


@pytest.mark.slow
def test_a_changed_test_beside_a_red_one_is_a_remark(tmp_path: Path) -> None:
    head = with_test(
        with_test(FIXED, "clamps", "assert_eq!(clamp(20), 10);"), "more", "assert_eq!(add(0, 0), 0);"
    )
    case = Case("both", base=BASE, head={"src/lib.rs": head}, findings=1, mentions=("1 of 2", "more passes"))
    from ironwright.records.verdict import Status

    case.expecting("green_before", Status.PASS).verify(tmp_path)
