"""New tests are run on wrong versions of the change: one that passes on all of them asserts nothing of it."""

from __future__ import annotations

from pathlib import Path

from ironwright.testing.gate_testing import Case

LIB = "pub fn double(a: i32) -> i32 {\n    a * 2\n}\n"
BASE = {"src/lib.rs": "pub fn half(a: i32) -> i32 {\n    a / 2\n}\n"}
OLD = BASE["src/lib.rs"]


def crate(test: str, code: str = LIB, result: str = "") -> dict[str, str]:
    return {"src/lib.rs": f"{OLD}{code}\n#[test]\nfn t(){result} {{\n    {test}\n}}\n"}


CHECKED = """#[derive(Debug, PartialEq)]
pub enum Refused {
    Odd,
    Large(i32),
}

#[derive(Debug, PartialEq, Clone)]
pub struct Halved {
    pub half: i32,
    pub whole: i32,
}

pub fn halve(a: i32) -> Result<Halved, Refused> {
    if a % 2 != 0 {
        return Err(Refused::Odd);
    }
    Ok(Halved { half: a / 2, whole: a })
}
"""

PASSES = [
    Case("no test", base=BASE, head={"src/lib.rs": OLD + LIB}, mentions=("no function changed together",)),
    Case(
        "an exact answer", base=BASE, head=crate("assert_eq!(double(2), 4);"), mentions=("1 of 1",), slow=True
    ),
    Case(
        "whether it failed is all that a test looks at",
        base=BASE,
        head=crate("assert!(halve(2).is_ok());\n    assert!(halve(3).is_err());", CHECKED),
        mentions=("1 of 1",),
        slow=True,
    ),
    Case(
        "one field of several",
        base=BASE,
        head=crate("assert_eq!(halve(2).unwrap().whole, 2);", CHECKED),
        mentions=("1 of 1",),
        slow=True,
    ),
    Case(
        "an answer that cannot be varied is no reproach",
        base=BASE,
        head=crate(
            "let f = adder(1);\n    assert!(f(1) >= i32::MIN);",
            "pub fn adder(a: i32) -> impl Fn(i32) -> i32 {\n    move |b| a.min(b)\n}\n",
        ),
        mentions=("was not shown to notice",),
        slow=True,
    ),
    Case(
        "a test whose point is that nothing panics",
        base=BASE,
        head={"src/lib.rs": f"{OLD}{LIB}\n#[test]\nfn many_do_not_panic() {{\n    double(1 << 20);\n}}\n"},
    ),
    Case(
        "a body without an answer is left out",
        base=BASE,
        head=crate(
            "let mut seen = Vec::new();\n    note(&mut seen, 3);\n    assert_eq!(seen, [3]);",
            "pub fn note(seen: &mut Vec<i32>, a: i32) {\n    seen.push(a);\n}\n",
        ),
        mentions=("1 of 1",),
        slow=True,
    ),
]
GENERIC = """#[derive(Debug, Clone, PartialEq)]
pub struct Row<T, const N: usize> {
    cells: [T; N],
}
impl<T: Copy + std::ops::Mul<Output = T>, const N: usize> Row<T, N> {
    pub fn scaled(&self, by: T) -> Self {
        Self {
            cells: self.cells.map(|cell| cell * by),
        }
    }
}
"""
ROW = "let row = Row { cells: [1, 2] };\n    "
PASSES += [
    Case(
        "an exact answer of a generic type",
        base=BASE,
        head=crate(ROW + "assert_eq!(row.scaled(3), Row { cells: [3, 6] });", GENERIC),
        mentions=("1 of 1",),
        slow=True,
    ),
    Case(
        "a crate that forbids unsafe code",
        base=BASE,
        head={
            "src/lib.rs": "#![forbid(unsafe_code)]\n"
            + crate(ROW + "assert_eq!(row.scaled(3), Row { cells: [3, 6] });", GENERIC)["src/lib.rs"]
        },
        slow=True,
    ),
]
FAILS = [
    Case(
        "a generic answer is compared with itself",
        base=BASE,
        head=crate(ROW + "let again = || row.scaled(3);\n    assert_eq!(row.scaled(3), again());", GENERIC),
        mentions=("`t` passes whatever `scaled`",),
        slow=True,
    ),
    Case(
        "what a program prints is not looked at",
        base={**BASE, "src/main.rs": "fn main() {}\n"},
        head={
            "src/main.rs": 'fn main() {\n    println!("0 seconds");\n}\n',
            "tests/it.rs": "#[test]\nfn it_runs() {\n"
            '    let run = std::process::Command::new(env!("CARGO_BIN_EXE_small")).status();\n'
            "    assert!(run.is_ok_and(|status| status.success()));\n}\n",
        },
        at=("tests/it.rs", 2),
        mentions=("`it_runs` passes whatever `main`",),
        slow=True,
    ),
    Case(
        "it asserts what it put in",
        base=BASE,
        head=crate("let a = 2;\n    let _ = double(a);\n    assert_eq!(a, 2);"),
        at=("src/lib.rs", 9),
        mentions=("`t` passes whatever `double`", "src/lib.rs:4"),
        slow=True,
    ),
    Case(
        "its assertion is swallowed",
        base=BASE,
        head=crate("let done = std::panic::catch_unwind(|| assert_eq!(double(2), 5));\n    drop(done);"),
        mentions=("passes whatever `double`",),
        slow=True,
    ),
    Case(
        "the code under test panics for being wrong, not the test",
        base=BASE,
        head=crate(
            "let _ = pick(1);",
            "pub fn pick(a: usize) -> i32 {\n    [1, 2][index(a)]\n}\n\n"
            "fn index(a: usize) -> usize {\n    a\n}\n",
        ),
        mentions=("passes whatever `pick`",),
        slow=True,
    ),
    Case(
        "it names the function and never runs it",
        base=BASE,
        head=crate("let f: fn(i32) -> i32 = double;\n    assert_ne!(f as usize, 0);"),
        mentions=("never runs it",),
        slow=True,
    ),
    Case(
        "without the standard library",
        base={"src/lib.rs": f"#![no_std]\n{OLD}"},
        head={
            "src/lib.rs": f"#![no_std]\n{OLD}{LIB}\n#[test]\nfn t() {{\n    assert!(double(2) > -99);\n}}\n"
        },
        mentions=("passes whatever `double`",),
        slow=True,
    ),
]
UNKNOWN = [
    Case(
        "the tests fail as it is",
        base=BASE,
        head=crate("assert_eq!(double(2), 5);"),
        mentions=("failing_tests",),
        slow=True,
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path):
    gate_case.verify(tmp_path)
