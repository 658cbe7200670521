"""Crates that are hard to judge: each gets a verdict, or an UNKNOWN with its reason, inside the limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ironwright.contract.compile import default_contract
from ironwright.gates.catalog import gates
from ironwright.records.config import Config, SandboxConfig
from ironwright.records.report import CheckReport
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import SmallCrate
from ironwright.workflow.check import CheckRequest, ContractSource, check_change

MANIFEST = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'
LIB = "//! Small.\n\n/// One.\npub fn one() -> u32 {\n    1\n}\n"
GOOD: dict[str, str | bytes] = {"Cargo.toml": MANIFEST, "src/lib.rs": LIB}
_MARKER = "98761"

Files = dict[str, str | bytes]
Judge = Callable[..., CheckReport]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Check a change by the default contract, each command ten seconds at most."""

    def check(head: Files, base: Files = GOOD, seconds: int = 10, only: tuple[str, ...] = ()) -> CheckReport:
        crate = SmallCrate(tmp_path / "crate")
        first = crate.commit(base, "Start")
        second = crate.commit(head, "Change the crate")
        config = Config(sandbox=SandboxConfig(seconds=seconds))
        contract = default_contract(config, gates())
        return check_change(
            CheckRequest(
                folder=crate.folder,
                contract=ContractSource("default", repr(contract), lambda: contract),
                config=config,
                base=first,
                head=second,
                only=only,
                use_cache=False,
            )
        )

    return check


def answers(report: CheckReport) -> dict[str, Status]:
    """What each gate said; a gate that broke, or is silent about why, is an error."""
    for verdict in report.verdicts:
        assert verdict.reason, verdict.gate
        assert "broke" not in verdict.reason, f"{verdict.gate}: {verdict.reason}"
    return {verdict.gate: verdict.status for verdict in report.verdicts}


def reason(report: CheckReport, gate: str) -> str:
    return next(verdict.reason for verdict in report.verdicts if verdict.gate == gate)


@pytest.mark.slow
def test_a_base_that_does_not_compile_can_be_repaired(judge: Judge):
    said = answers(judge({"src/lib.rs": LIB}, base={**GOOD, "src/lib.rs": LIB.replace("1\n}", "one\n}")}))
    assert set(said.values()) == {Status.PASS}, said


@pytest.mark.slow
def test_a_crate_without_tests_passes(judge: Judge):
    said = answers(judge({"src/lib.rs": LIB.replace("1\n}", "1 + 0\n}").replace("1 + 0", "2")}))
    assert said["failing_tests"] is Status.PASS


@pytest.mark.slow
def test_a_test_that_hangs_ends_with_its_time(judge: Judge):
    started = time.monotonic()
    test = "#[test]\nfn waits() {\n    loop {\n        std::thread::park();\n    }\n}\n"
    report = judge({"tests/it.rs": test}, seconds=5)
    assert answers(report)["failing_tests"] is not Status.PASS
    assert time.monotonic() - started < 90


@pytest.mark.slow
def test_a_test_that_prints_a_gigabyte_is_judged(judge: Judge):
    test = (
        "use std::io::Write;\n\n#[test]\nfn prints() {\n    let line = [b'x'; 1 << 20];\n"
        "    let mut out = std::io::stderr();\n    for _ in 0..1024 {\n"
        '        out.write_all(&line).expect("it is read");\n    }\n}\n'
    )
    report = judge({"tests/it.rs": test}, seconds=60)
    said = answers(report)["failing_tests"]
    assert said is not Status.PASS or "1 test" in reason(report, "failing_tests")


@pytest.mark.slow
def test_a_daemon_does_not_outlive_the_check(judge: Judge):
    test = (
        '#[test]\nfn starts_a_daemon() {\n    std::process::Command::new("setsid")\n'
        f'        .args(["sleep", "{_MARKER}"])\n        .spawn()\n        .expect("it starts");\n}}\n'
    )
    answers(judge({"tests/it.rs": test}, seconds=20))
    left = [
        path
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if _MARKER.encode() in _read(path) and b"sleep" in _read(path)
    ]
    assert not left


@pytest.mark.slow
def test_a_nightly_toolchain_that_is_not_there_is_said(judge: Judge):
    toolchain = '[toolchain]\nchannel = "nightly-2026-01-01"\n'
    code = "#![feature(never_type)]\n" + LIB
    report = judge({"rust-toolchain.toml": toolchain, "src/lib.rs": code})
    said = answers(report)
    assert said["compile_errors"] is not Status.PASS
    assert "nightly" in reason(report, "compile_errors") or any(
        "nightly" in found.message or "feature" in found.message
        for verdict in report.verdicts
        for found in verdict.findings
    )


@pytest.mark.slow
def test_features_that_exclude_each_other_are_not_built_together(judge: Judge):
    manifest = MANIFEST + "\n[features]\none = []\nother = []\n"
    code = LIB + '\n#[cfg(all(feature = "one", feature = "other"))]\ncompile_error!("choose one");\n'
    assert answers(judge({"Cargo.toml": manifest, "src/lib.rs": code}))["compile_errors"] is Status.PASS


@pytest.mark.slow
def test_a_procedural_macro_that_panics_is_a_compile_error(judge: Judge):
    head: Files = {
        "Cargo.toml": MANIFEST
        + '\n[workspace]\nmembers = ["made"]\n\n[dependencies]\nmade = { path = "made" }\n',
        "made/Cargo.toml": MANIFEST.replace("small", "made") + "\n[lib]\nproc-macro = true\n",
        "made/src/lib.rs": "//! Made.\nuse proc_macro::TokenStream;\n\n/// Panics.\n#[proc_macro]\n"
        'pub fn made(_input: TokenStream) -> TokenStream {\n    panic!("never made")\n}\n',
        "src/lib.rs": LIB + "\nmade::made!();\n",
    }
    report = judge(head)
    assert answers(report)["compile_errors"] is Status.FAIL


@pytest.mark.slow
def test_a_build_script_that_hangs_ends_with_its_time(judge: Judge):
    started = time.monotonic()
    head: Files = {
        "build.rs": "//! Waits.\n\nfn main() {\n    loop {\n        std::thread::park();\n    }\n}\n"
    }
    report = judge(head, seconds=8)
    assert answers(report)["compile_errors"] is not Status.PASS
    assert time.monotonic() - started < 120


@pytest.mark.slow
def test_a_library_with_a_panic_handler_of_its_own_is_judged_or_said_why_not(judge: Judge):
    code = (
        "//! Bare.\n#![no_std]\n\n#[panic_handler]\nfn panic(_info: &core::panic::PanicInfo<'_>) -> ! {\n"
        "    loop {}\n}\n"
    )
    report = judge({"src/lib.rs": code})
    assert answers(report)["compile_errors"] is not Status.PASS
    assert all(verdict.reason for verdict in report.verdicts)


@pytest.mark.slow
def test_source_that_is_no_utf8_is_a_compile_error_and_breaks_no_gate(judge: Judge):
    head: Files = {
        "src/lib.rs": LIB + "\npub mod odd;\n",
        "src/odd.rs": b'//! Odd.\n\n/// Odd.\npub const ODD: &str = "\xff\xfe";\n',
    }
    assert answers(judge(head))["compile_errors"] is Status.FAIL


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
def test_a_workspace_of_300_members_is_judged(judge: Judge):
    names = [f"m{number}" for number in range(300)]
    base: Files = {"Cargo.toml": f'[workspace]\nresolver = "2"\nmembers = {names!r}\n'.replace("'", '"')}
    for name in names:
        base[f"{name}/Cargo.toml"] = MANIFEST.replace("small", name)
        base[f"{name}/src/lib.rs"] = LIB
    test = "\n#[cfg(test)]\n#[test]\nfn it_is_one() {\n    assert_eq!(one(), 1);\n}\n"
    report = judge({"m7/src/lib.rs": LIB + test}, base=base, seconds=600)
    said = answers(report)
    assert said["compile_errors"] is Status.PASS
    assert said["failing_tests"] is Status.PASS


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended while one looked
