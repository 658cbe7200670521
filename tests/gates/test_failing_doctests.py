from __future__ import annotations

from ironwright.testing.gate_testing import MANIFEST, Case


def documented(example: str) -> str:
    lines = "".join(f"/// {line}\n" for line in example.split("\n"))
    return f"/// One.\n///\n/// ```\n{lines}/// ```\npub fn one() -> u8 {{\n    1\n}}\n"


PASSES = [
    Case(
        "an example that passes",
        head={"src/lib.rs": documented("assert_eq!(small::one(), 1);")},
        mentions=("1 example ",),
    ),
    Case("no examples", head={"src/lib.rs": "pub fn one() {}\n"}, mentions=("no examples",)),
    Case("no library", head={"src/main.rs": "fn main() {}\n"}, mentions=("no library",)),
    Case(
        "an example that must not compile",
        head={"src/lib.rs": documented("let x: u8 = true;").replace("```\n///", "```compile_fail\n///", 1)},
    ),
]
FAILS = [
    Case(
        "an example that is wrong",
        head={"src/lib.rs": documented("assert_eq!(small::one(), 2);")},
        at=("src/lib.rs", 3),
        findings=1,
    ),
    Case(
        "an example that does not compile",
        head={"src/lib.rs": documented("small::two();")},
        at=("src/lib.rs", 3),
        mentions=("two",),
    ),
    Case(
        "an example of a member below the top",
        base=None,
        head={
            "Cargo.toml": '[workspace]\nmembers = ["a"]\nresolver = "2"\n',
            "a/Cargo.toml": MANIFEST,
            "a/src/lib.rs": documented("assert!(false);"),
        },
        at=("a/src/lib.rs", 3),
    ),
]
UNKNOWN = [
    Case(
        "a library that does not compile",
        head={"src/lib.rs": "pub fn one() -> No {}\n"},
        mentions=("compile",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
