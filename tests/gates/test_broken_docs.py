from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

BROKEN = "/// See [`Nowhere`].\npub fn one() {}\n"
FINE = "/// See [`two`].\npub fn two() {}\n"

PASSES = [
    Case("links that lead somewhere", head={"src/lib.rs": FINE}, findings=0),
    Case(
        "an old broken link is a remark",
        base={"src/lib.rs": BROKEN},
        head={"src/lib.rs": BROKEN + FINE},
        findings=1,
        at=("src/lib.rs", 1),
    ),
    Case("a program's documentation", head={"src/main.rs": "//! A program.\nfn main() {}\n"}),
]
FAILS = [
    Case("a broken link", head={"src/lib.rs": BROKEN}, at=("src/lib.rs", 1), mentions=("Nowhere",)),
    Case(
        "a bare address",
        head={"src/lib.rs": "/// http://example.invalid\npub fn one() {}\n"},
        at=("src/lib.rs", 1),
    ),
    Case(
        "an old link whose target was removed",
        base={"src/lib.rs": "/// See [`gone`].\npub fn one() {}\n\n/// Two.\npub fn gone() {}\n"},
        head={"src/lib.rs": "/// See [`gone`].\npub fn one() {}\n"},
        at=("src/lib.rs", 1),
    ),
    Case(
        "a denied lint",
        head={"src/lib.rs": "#![deny(rustdoc::broken_intra_doc_links)]\n" + BROKEN},
        at=("src/lib.rs", 2),
    ),
    Case(
        "an old broken link under scope all",
        base={"src/lib.rs": BROKEN},
        head={"src/lib.rs": BROKEN + FINE},
        scope=Scope.ALL,
        findings=1,
    ),
]
UNKNOWN = [
    Case(
        "code that does not compile",
        head={"src/lib.rs": "pub fn one() -> Nothing {}\n"},
        mentions=("cannot be built",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
