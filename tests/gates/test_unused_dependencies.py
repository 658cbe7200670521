"""Dependencies that nothing uses, by cargo-machete; without it the answer is UNKNOWN."""

from __future__ import annotations

from pathlib import Path

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case

NEEDS = ("cargo-machete",)
PLAIN = {"Cargo.toml": MANIFEST, "src/lib.rs": ""}
HELP = {
    "help/Cargo.toml": MANIFEST.replace("small", "help-er"),
    "help/src/lib.rs": "pub fn one() -> u8 {\n    1\n}\n",
}
WITH = MANIFEST + '\n[dependencies]\nhelp-er = { path = "help" }\n'
NAMED = {**HELP, "help/Cargo.toml": HELP["help/Cargo.toml"] + '[lib]\nname = "other"\n'}

PASSES = [
    Case(
        "a new dependency that is used",
        base=PLAIN,
        head={**HELP, "Cargo.toml": WITH, "src/lib.rs": "pub use help_er::one;\n"},
        mentions=("every dependency is used",),
        needs=NEEDS,
    ),
    Case(
        "a dependency whose crate is called otherwise",
        base=PLAIN,
        head={**NAMED, "Cargo.toml": WITH, "src/lib.rs": "pub use other::one;\n"},
        mentions=("every dependency is used",),
        needs=NEEDS,
    ),
    Case(
        "one that was unused before",
        base={**HELP, "Cargo.toml": WITH, "src/lib.rs": ""},
        head={"src/lib.rs": "//! New.\n"},
        mentions=("1 were before",),
        needs=NEEDS,
    ),
    Case(
        "one that cargo-machete is told to ignore is a remark",
        base=PLAIN,
        head={**HELP, "Cargo.toml": WITH + '[package.metadata.cargo-machete]\nignored = ["help-er"]\n'},
        findings=1,
        mentions=("newly told to ignore",),
        needs=NEEDS,
    ),
]
FAILS = [
    Case(
        "a new dependency that nothing uses",
        base=PLAIN,
        head={**HELP, "Cargo.toml": WITH},
        at=("Cargo.toml", 7),
        mentions=("cargo remove help-er",),
        needs=NEEDS,
    ),
    Case(
        "the last use goes and the dependency stays",
        base={**HELP, "Cargo.toml": WITH, "src/lib.rs": "pub use help_er::one;\n"},
        head={"src/lib.rs": "pub fn one() -> u8 {\n    1\n}\n"},
        at=("Cargo.toml", 7),
        needs=NEEDS,
    ),
    Case(
        "one that was unused before, where all is judged",
        base={**HELP, "Cargo.toml": WITH, "src/lib.rs": ""},
        head={"src/lib.rs": "//! New.\n"},
        scope=Scope.ALL,
        needs=NEEDS,
    ),
]
UNKNOWN = [Case("a manifest that is no TOML", head={"Cargo.toml": "[package\n", "src/lib.rs": ""})]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)
