from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case, run_gate

OLD = "pub fn old(a: u8) -> u8 {\n    a\n}\n"
NEW = """
pub fn size(a: u8) -> &'static str {
    if a > 9 {
        "big"
    } else {
        "small"
    }
}
"""
HALF = """
#[cfg(test)]
mod tests {
    #[test]
    fn t() {
        assert_eq!(super::size(10), "big");
    }
}
"""
FULL = HALF.replace("    }\n}\n", '        assert_eq!(super::size(1), "small");\n    }\n}\n')
PROGRAM_TEST = """
#[test]
fn t() {
    assert!(std::process::Command::new(env!("CARGO_BIN_EXE_small")).status().unwrap().success());
}
"""

MACRO = """
use proc_macro::TokenStream;

#[proc_macro]
pub fn make(_: TokenStream) -> TokenStream {
    "1u8".parse().unwrap()
}
"""

JUDGED = (
    'fn main() {\n    println!("cargo::rustc-check-cfg=cfg(judged)");\n'
    '    println!("cargo::rustc-cfg=judged");\n}\n'
)

PASSES = [
    Case(
        "changed lines that tests execute",
        base={"src/lib.rs": OLD},
        head={"src/lib.rs": OLD + NEW + FULL},
        mentions=("100 %", "changed lines"),
    ),
    Case("no line that runs was changed", base={"src/lib.rs": OLD}, head={"src/lib.rs": "// Old.\n" + OLD}),
    Case(
        "a lower minimum",
        base={"src/lib.rs": OLD},
        head={"src/lib.rs": OLD + NEW + HALF},
        params={"minimum": 50.0},
    ),
    Case(
        "a program that a test starts",
        head={"src/main.rs": "fn main() {\n    let _ = 1;\n}\n", "tests/it.rs": PROGRAM_TEST},
        mentions=("100 %",),
    ),
    Case("test code and examples do not count", head={"examples/e.rs": "fn main() {\n    let _ = 1;\n}\n"}),
]
FAILS = [
    Case(
        "changed lines that no test executes",
        base={"src/lib.rs": OLD},
        head={"src/lib.rs": OLD + NEW + HALF},
        mentions=("80 % of the changed lines", "90 %"),
        at=("src/lib.rs", 9),
        findings=1,
    ),
    Case("no tests at all", head={"src/lib.rs": NEW}, mentions=("0 %",), at=("src/lib.rs", 2)),
    Case(
        "old lines under scope all",
        base={"src/lib.rs": OLD},
        head={"src/lib.rs": OLD + NEW + FULL},
        scope=Scope.ALL,
        at=("src/lib.rs", 1),
    ),
    Case(
        "a test that runs only in the documentation",
        head={"src/lib.rs": "/// ```\n/// small::f();\n/// ```\npub fn f() {\n    let _ = 1;\n}\n"},
        at=("src/lib.rs", 4),
    ),
    Case(
        "a member without tests",
        base=None,
        head={
            "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n',
            "a/Cargo.toml": MANIFEST.replace("small", "a"),
            "a/src/lib.rs": NEW + FULL,
            "b/Cargo.toml": MANIFEST.replace("small", "b"),
            "b/src/lib.rs": NEW,
        },
        at=("b/src/lib.rs", 2),
    ),
]
UNKNOWN = [
    Case(
        "code that a condition of the repository's own leaves out",
        base={"src/lib.rs": OLD},
        head={
            "src/lib.rs": OLD + "#[cfg(not(judged))]\npub fn other() -> u8 {\n    0\n}\n",
            "build.rs": JUDGED,
        },
        mentions=("cfg(not(judged))",),
    ),
    Case(
        "a procedural macro that only the compiler runs",
        base=None,
        head={
            "Cargo.toml": MANIFEST + "[lib]\nproc-macro = true\n",
            "src/lib.rs": MACRO,
            "tests/it.rs": "#[test]\nfn t() {\n    assert_eq!(small::make!(), 1);\n}\n",
        },
        mentions=("inside the compiler",),
    ),
    Case(
        "tests that fail",
        base={"src/lib.rs": OLD},
        head={"src/lib.rs": OLD + NEW + FULL.replace('"big"', '"huge"')},
        mentions=("failing_tests",),
    ),
    Case(
        "code for another platform",
        base={"src/lib.rs": "#[cfg(windows)]\nmod far;\n", "src/far.rs": ""},
        head={"src/far.rs": "pub fn far() {\n    let _ = 1;\n}\n"},
        mentions=("src/far.rs", "left out of the build"),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


def test_both_numbers_are_evidence(tmp_path):
    verdict = run_gate("low_coverage", {"src/lib.rs": OLD}, {"src/lib.rs": OLD + NEW + FULL}, folder=tmp_path)
    measures = {item.data["name"]: item.data["value"] for item in verdict.evidence if item.kind == "measure"}
    assert measures["coverage of changed lines"] == 100.0
    assert 0 < measures["coverage of the whole"] < 100.0
