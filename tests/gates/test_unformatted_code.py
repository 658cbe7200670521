from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case

UGLY = "pub fn one()->u8{1}\n"
NICE = "pub fn two() -> u8 {\n    2\n}\n"

PASSES = [
    Case("formatted code", head={"src/lib.rs": NICE}, findings=0),
    Case(
        "old code that is not formatted is a remark",
        base={"src/lib.rs": UGLY},
        head={"src/lib.rs": UGLY + "\n" + NICE},
        findings=1,
        at=("src/lib.rs", 1),
    ),
    Case(
        "the repository's own style counts",
        head={"src/lib.rs": "pub fn two() -> u8 {\n  2\n}\n", "rustfmt.toml": "tab_spaces = 2\n"},
    ),
    Case("a file that belongs to no target", head={"notes/scratch.rs": UGLY}),
]
FAILS = [
    Case("a new line that is not formatted", head={"src/lib.rs": UGLY}, at=("src/lib.rs", 1), findings=1),
    Case(
        "a new line among old ones",
        base={"src/lib.rs": UGLY + "\n" + NICE},
        head={"src/lib.rs": UGLY + "\n" + NICE + "\npub fn three()->u8{3}\n"},
        findings=1,
        at=("src/lib.rs", 7),
    ),
    Case(
        "old code under scope all",
        base={"src/lib.rs": UGLY},
        head={"README.md": "x"},
        scope=Scope.ALL,
        at=("src/lib.rs", 1),
    ),
    Case("a test that is not formatted", head={"tests/it.rs": "#[test] fn t(){}\n"}, at=("tests/it.rs", 1)),
]
UNKNOWN = [
    Case("code that does not parse", head={"src/lib.rs": "pub fn one( {\n"}, mentions=("rustfmt",)),
    Case(
        "a manifest that does not parse",
        head={"Cargo.toml": "[package\n"},
        mentions=("error: unclosed table, expected `]`", "Cargo.toml:1"),
    ),
    Case(
        "no manifest but a vendored one",
        base=None,
        head={"vendor/x/Cargo.toml": MANIFEST},
        mentions=("there is no Cargo.toml",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
