"""Fuzz targets are built and run; a small engine of our own stands for libFuzzer but in one test."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.records.contract import Scope
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import MANIFEST, Case, run_gate

LIB = "pub fn parse(data: &[u8]) -> Option<u8> {\n    BODY\n}\n"
GOOD = LIB.replace("BODY", "data.first().copied()")
BAD = LIB.replace("BODY", "Some(data[2])")
TARGET = (
    "use libfuzzer_sys::fuzz_target;\nfuzz_target!(|data: &[u8]| {\n    let _ = small::parse(data);\n});\n"
)
FUZZ_MANIFEST = """[package]
name = "small-fuzz"
version = "0.0.0"
edition = "2021"
[package.metadata]
cargo-fuzz = true
[dependencies]
libfuzzer-sys = VERSION
small = { path = ".." }
[[bin]]
name = "parse"
path = "fuzz_targets/parse.rs"
[workspace]
"""
# Takes libFuzzer's arguments and answers like it; the hooks are what instrumented code calls.
ENGINE = """use std::panic::catch_unwind;
macro_rules! hooks {
    ($($name:ident),*) => { $(#[no_mangle] pub extern "C" fn $name() {})* };
}
hooks!(
    __sanitizer_cov_8bit_counters_init, __sanitizer_cov_pcs_init, __sanitizer_cov_trace_cmp1,
    __sanitizer_cov_trace_cmp2, __sanitizer_cov_trace_cmp4, __sanitizer_cov_trace_cmp8,
    __sanitizer_cov_trace_const_cmp1, __sanitizer_cov_trace_const_cmp2, __sanitizer_cov_trace_const_cmp4,
    __sanitizer_cov_trace_const_cmp8, __sanitizer_cov_trace_switch, __sanitizer_cov_trace_pc_indir
);
pub fn fuzz(run: fn(&[u8])) {
    let mut prefix = String::new();
    let mut files: Vec<Vec<u8>> = vec![vec![], vec![1], vec![1, 2, 3]];
    for argument in std::env::args().skip(1) {
        if let Some(given) = argument.strip_prefix("-artifact_prefix=") {
            prefix = given.to_owned();
        } else if let Ok(content) = std::fs::read(&argument) {
            files = vec![content];
        } else if let Ok(folder) = std::fs::read_dir(&argument) {
            files.extend(folder.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()));
        }
    }
    for content in &files {
        if catch_unwind(|| run(content)).is_err() {
            std::fs::write(format!("{prefix}crash-1"), content).unwrap();
            std::process::exit(77);
        }
    }
    eprintln!("stat::number_of_executed_units: {}", files.len());
}
#[macro_export]
macro_rules! fuzz_target {
    (|$data:ident: &[u8]| $body:block) => {
        fn main() { $crate::fuzz(|$data: &[u8]| $body) }
    };
}
"""
FUZZ = {
    "fuzz/Cargo.toml": FUZZ_MANIFEST.replace("VERSION", '{ path = "engine" }'),
    "fuzz/fuzz_targets/parse.rs": TARGET,
    "fuzz/engine/Cargo.toml": MANIFEST.replace('"small"', '"libfuzzer-sys"'),
    "fuzz/engine/src/lib.rs": ENGINE,
}
PLAIN = {"Cargo.toml": MANIFEST, "src/lib.rs": GOOD}
WITH = {**PLAIN, **FUZZ}

PASSES = [
    Case("nothing that reads bytes", head={"src/lib.rs": "pub fn one() -> u8 {\n    1\n}\n"}),
    Case("only comments", base=WITH, head={"src/lib.rs": "// New.\n" + GOOD}, mentions=("no code outside",)),
    Case(
        "a target that finds nothing",
        base=PLAIN,
        head=FUZZ,
        mentions=("found nothing in 3 inputs",),
        findings=0,
        slow=True,
    ),
    Case(
        "an input that fails on base too is a remark",
        base={**WITH, "src/lib.rs": BAD},
        head={"src/lib.rs": BAD + "pub fn one() -> u8 {\n    1\n}\n"},
        findings=1,
        mentions=("fails on",),
        slow=True,
    ),
]
FAILS = [
    Case(
        "a change that panics on short input",
        base=WITH,
        head={"src/lib.rs": BAD},
        at=("src/lib.rs", 2),
        mentions=("index out of bounds", "fails on ''"),
        slow=True,
    ),
    Case(
        "an input that the repository keeps",
        base=WITH,
        head={
            "src/lib.rs": LIB.replace("BODY", 'assert!(data != b"kept");\n    None'),
            "fuzz/corpus/parse/one": "kept",
        },
        mentions=("fails on 'kept'",),
        slow=True,
    ),
    Case(
        "a new parser that no target reaches, where each must be",
        base=WITH,
        head={"src/more.rs": "pub fn decode(text: &str) -> Option<u8> {\n    text.parse().ok()\n}\n"},
        params={"require": True},
        at=("src/more.rs", 1),
        slow=True,
    ),
]
UNKNOWN = [
    Case(
        "a parser and no target",
        base={"src/lib.rs": ""},
        head={"src/lib.rs": GOOD},
        mentions=("cargo fuzz init",),
    ),
    Case(
        "a target that does not build",
        base=WITH,
        head={
            "fuzz/fuzz_targets/parse.rs": TARGET.replace("parse(", "missing("),
            "src/lib.rs": GOOD + "pub fn a() {}\n",
        },
        mentions=("do not build",),
        slow=True,
    ),
    Case(
        "a target that runs nothing",
        base=WITH,
        head={
            "fuzz/fuzz_targets/parse.rs": "use libfuzzer_sys as _;\nfn main() {}\n",
            "src/lib.rs": GOOD + "pub fn a() {}\n",
        },
        mentions=("ran no input",),
        slow=True,
    ),
    Case(
        "a budget that is too small",
        base=WITH,
        head={"src/lib.rs": GOOD + "pub fn a() {}\n"},
        params={"budget_seconds": 1},
        mentions=("did not run",),
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


@pytest.mark.slow
def test_the_real_engine_finds_what_a_target_fails_on(tmp_path: Path):
    real = {
        "fuzz/Cargo.toml": FUZZ_MANIFEST.replace("VERSION", '"0.4"'),
        "fuzz/fuzz_targets/parse.rs": "#![no_main]\n" + TARGET,
    }
    body = 'if data.starts_with(b"FU") { panic!("found it") }\n    None'
    verdict = run_gate(
        "shallow_fuzzing",
        {**PLAIN, **real},
        {"src/lib.rs": LIB.replace("BODY", body)},
        params={"seconds": 20},
        scope=Scope.ALL,
        folder=tmp_path,
    )
    if verdict.status is Status.UNKNOWN:
        pytest.skip(f"libFuzzer cannot be had here: {verdict.reason}")
    assert verdict.status is Status.FAIL, verdict
    assert "found it" in verdict.findings[0].message
