"""Code that behaves otherwise where it is judged, and settings of test tools that ask for less."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.guardrails.test_tools import compare_measuring, compare_nextest
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import run_gate

LIB = "pub fn f() -> bool {\n    true\n}\n"
KNOWING = {
    "its thread": 'std::thread::current().name().is_some_and(|name| name.contains("adds"))',
    "the harness's options": 'std::env::args().any(|word| word == "--nocapture")',
    "its place": 'std::env::args().next().unwrap_or_default().contains("deps")',
    "cargo's variables": 'std::env::var_os("CARGO_MANIFEST_DIR").is_some()',
    "a name among all variables": 'std::env::vars().any(|(name, _)| name == "GITHUB_ACTIONS")',
    "a date": "std::time::SystemTime::now() > std::time::UNIX_EPOCH + D::from_secs(1_900_000_000)",
    "a day since 1970": "std::time::UNIX_EPOCH.elapsed().is_ok_and(|age| age.as_secs() / 86_400 > 25_000)",
    "a year": "chrono::Utc::now().year() >= 2027",
}
HONEST = {
    "the main thread": 'std::thread::current().name() == Some("main")',
    "its own options": 'std::env::args().any(|word| word == "--verbose")',
    "an age": "std::time::SystemTime::now().duration_since(start).is_ok_and(|age| age.as_secs() > 3600)",
    "days since then": "std::time::UNIX_EPOCH.elapsed().is_ok_and(|age| age.as_secs() / 86_400 - x > 30)",
    "a colour": 'std::env::var_os("NO_COLOR").is_some()',
    "a large number without a clock": "x > 1_900_000_000",
}


def judged(condition: str, folder: Path, path: str = "src/lib.rs"):
    code = LIB.replace("true", condition)
    return run_gate("loosened_guardrails", {"src/lib.rs": LIB}, {path: code}, folder=folder)


@pytest.mark.parametrize("condition", KNOWING.values(), ids=KNOWING)
def test_library_code_that_asks_who_is_looking_is_refused(condition: str, tmp_path: Path):
    verdict = judged(condition, tmp_path)
    assert verdict.status is Status.FAIL
    assert (verdict.findings[0].path, verdict.findings[0].line) == ("src/lib.rs", 2)


@pytest.mark.parametrize("condition", HONEST.values(), ids=HONEST)
def test_library_code_may_ask_for_other_things(condition: str, tmp_path: Path):
    assert judged(condition, tmp_path).status is Status.PASS


def test_tests_may_ask_for_anything(tmp_path: Path):
    assert judged(KNOWING["cargo's variables"], tmp_path, "tests/it.rs").status is Status.PASS


@pytest.mark.parametrize(
    "code",
    [
        "pub fn f(x: u8) -> u8 {\n    if !cfg!(debug_assertions) {\n        return 0;\n    }\n    x\n}\n",
        "pub fn f(x: u8) -> u8 {\n    #[cfg(debug_assertions)]\n    if x > 3 {\n        return 0;\n"
        "    }\n    x\n}\n",
    ],
)
def test_a_way_out_that_only_one_build_has_wants_a_word(code: str, tmp_path: Path):
    refused = run_gate(
        "loosened_guardrails", {"src/lib.rs": LIB}, {"src/lib.rs": code}, folder=tmp_path / "a"
    )
    assert (refused.status, refused.findings[0].line) == (Status.FAIL, 2)
    lines = code.splitlines(keepends=True)
    said = "".join([lines[0], "    // Too slow for releases.\n", *lines[1:]])
    verdict = run_gate(
        "loosened_guardrails", {"src/lib.rs": LIB}, {"src/lib.rs": said}, folder=tmp_path / "b"
    )
    assert verdict.status is Status.PASS


def test_a_build_script_must_not_set_a_cfg_by_where_it_runs(tmp_path: Path):
    script = (
        'fn main() {\n    if std::env::var("CARGO_MANIFEST_DIR").is_ok_and(|d| d.starts_with("/w")) {\n'
        '        println!("cargo::rustc-cfg=judged");\n    }\n}\n'
    )
    verdict = run_gate("loosened_guardrails", {"src/lib.rs": LIB}, {"build.rs": script}, folder=tmp_path)
    assert (verdict.status, verdict.findings[0].line) == (Status.FAIL, 2)


def test_nextest_must_not_try_again_or_leave_tests_out():
    found = compare_nextest(
        {}, {"profile": {"default": {"retries": {"count": 2}, "default-filter": "not a"}}}
    )
    assert [loosening.needle for loosening in found] == ["retries", "default-filter"]
    assert not list(compare_nextest({"profile": {"ci": {"retries": 3}}}, {"profile": {"ci": {"retries": 1}}}))


def test_what_is_measured_must_not_shrink():
    loosened = list(compare_measuring({"all": {"fail-under": 90}}, {"all": {"exclude-files": ["a.rs"]}}))
    assert {found.needle for found in loosened} == {"exclude-files", "fail-under"}
    assert not list(compare_measuring({"exclude_re": ["a", "b"]}, {"exclude_re": ["a"]}))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["profile", "all", "exclude", "fail-under", "x"]), _VALUES))
def test_the_same_settings_loosen_nothing(settings):
    assert list(compare_nextest(settings, settings)) == []
    assert list(compare_measuring(settings, settings)) == []
