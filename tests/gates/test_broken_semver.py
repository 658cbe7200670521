"""Public APIs before and after, compared by cargo-semver-checks; without it the answer is UNKNOWN."""

from __future__ import annotations

from pathlib import Path

from ironwright.testing.gate_testing import MANIFEST, Case

NEEDS = ("cargo-semver-checks",)
LIB = "pub fn one() {}\npub fn two(_a: u8) {}\n"
BASE = {"Cargo.toml": MANIFEST, "src/lib.rs": LIB}

PASSES = [
    Case(
        "a function is added",
        base=BASE,
        head={"src/lib.rs": LIB + "pub fn three() {}\n"},
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a function is removed and the version says so",
        base=BASE,
        head={"src/lib.rs": "pub fn one() {}\n", "Cargo.toml": MANIFEST.replace("0.1.0", "0.2.0")},
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a program has no API",
        base={"Cargo.toml": MANIFEST, "src/main.rs": "fn main() {}\n"},
        head={"src/main.rs": "fn main() {\n    println!();\n}\n"},
        mentions=("no library",),
        needs=NEEDS,
    ),
]
FAILS = [
    Case(
        "a parameter is added and the version stays",
        base=BASE,
        head={"src/lib.rs": "pub fn one() {}\npub fn two(_a: u8, _b: u8) {}\n"},
        at=("src/lib.rs", 2),
        mentions=("takes 2 parameters instead of 1",),
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a function is removed in what is said to be a patch",
        base=BASE,
        head={"src/lib.rs": "#[must_use]\npub fn one() -> u8 {\n    1\n}\n"},
        params={"release": "patch"},
        mentions=("two",),
        needs=NEEDS,
        slow=True,
    ),
]
UNKNOWN = [
    Case("no commit before the change", base=None, head=BASE, mentions=("",)),
    Case(
        "base does not compile",
        base={"Cargo.toml": MANIFEST, "src/lib.rs": "pub fn one() -> Missing {}\n"},
        head={"src/lib.rs": LIB},
        needs=NEEDS,
        mentions=("gave no answer",),
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)
