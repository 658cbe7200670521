from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.guardrails.scripts import compare_scripts
from ironwright.testing.gate_testing import MANIFEST, Case

LIB = "pub fn f() -> u8 {\n    1\n}\n"
CI = """on: push
env:
  RUSTFLAGS: "-D warnings"
jobs:
  test:
    steps:
      - run: cargo fmt --all -- --check
      - run: cargo clippy --all-targets -- -D warnings
      - run: cargo test --workspace
      - run: cargo llvm-cov --fail-under-lines 90
"""
WORKFLOW = ".github/workflows/ci.yml"
CONFIG = ".cargo/config.toml"
BASE = {"Cargo.toml": MANIFEST, "src/lib.rs": LIB, WORKFLOW: CI}
LINTS = '[lints.rust]\nunsafe_code = "forbid"\n[lints.clippy]\nunwrap_used = "deny"\n'


def rust(text: str) -> dict:
    return {"src/lib.rs": text}


def ci(before: str, after: str) -> dict:
    assert before in CI
    return {WORKFLOW: CI.replace(before, after)}


def pair(name: str, path: str, before: str | None, after: str | None, **more) -> Case:
    base = {**BASE, **({path: before} if before is not None else {})}
    return Case(name, base=base, head={path: after}, **more)


PASSES = [
    Case("more code", base=BASE, head=rust(LIB + "pub fn g() {}\n"), findings=0),
    Case(
        "strict settings in a new project",
        base=None,
        head={
            **BASE,
            "Cargo.toml": MANIFEST + LINTS,
            "clippy.toml": "too-many-arguments-threshold = 5\n",
            "rustfmt.toml": "max_width = 90\n",
            "rust-toolchain.toml": '[toolchain]\nchannel = "1.95"\n',
            "deny.toml": "[advisories]\nignore = []\n",
            ".gitignore": "/target\n",
            CONFIG: '[build]\nrustflags = ["-D", "warnings"]\n',
        },
        findings=0,
    ),
    Case(
        "a lint with a reason is a remark",
        base=BASE,
        head=rust('#[allow(clippy::too_many_arguments, reason = "mirrors the C function")]\n' + LIB),
        findings=1,
    ),
    Case(
        "a lint with a comment is a remark",
        base=BASE,
        head=rust("// The C function has as many.\n#[allow(clippy::too_many_arguments)]\n" + LIB),
        findings=1,
    ),
    Case(
        "an accepted lint",
        base=BASE,
        head=rust("#[allow(dead_code)]\n" + LIB),
        params={"accepted": ("dead_code",)},
        findings=0,
    ),
    Case(
        "in a test",
        base=BASE,
        head={"tests/it.rs": "#[test]\n#[allow(clippy::unwrap_used)]\nfn t() {}\n"},
        findings=1,
    ),
    Case(
        "moved with its code",
        base={**BASE, "src/a.rs": "#[allow(dead_code)]\nfn a() {}\n"},
        head={"src/a.rs": None, "src/b.rs": "#[allow(dead_code)]\nfn a() {}\n"},
        findings=0,
    ),
    Case(
        "generated code may be unformatted",
        base=BASE,
        head={"src/gen.rs": "// @generated\n#[rustfmt::skip]\nfn a() {}\n"},
    ),
    Case(
        "no_std outside of tests", base=BASE, head=rust("#![cfg_attr(not(test), no_std)]\n" + LIB), findings=0
    ),
    Case(
        "a panic handler outside of tests",
        base=BASE,
        head=rust(LIB + "#[cfg(not(test))]\n#[panic_handler]\nfn p() {}\n"),
    ),
    Case(
        "an import outside of tests",
        base=BASE,
        head=rust("#[cfg(not(test))]\nuse std::time::Instant;\n" + LIB),
    ),
    Case("stricter lints", base=BASE, head={"Cargo.toml": MANIFEST + LINTS}, findings=0),
    Case(
        "an exception beside a whole group is a remark",
        base=BASE,
        head={
            "Cargo.toml": MANIFEST
            + (
                '[lints.clippy]\npedantic = { level = "warn", priority = -1 }\n'
                'module_name_repetitions = "allow"\n'
            )
        },
        findings=1,
    ),
    Case(
        "CI that checks more",
        base=BASE,
        head=ci("cargo test --workspace", "cargo test --workspace --all-features"),
        findings=0,
    ),
    Case(
        "a command in another script",
        base=BASE,
        head={
            **ci("      - run: cargo test --workspace\n", "      - run: make test\n"),
            "Makefile": "test:\n\tcargo test --workspace\n",
        },
        findings=0,
    ),
    Case(
        "nextest runs the tests",
        base=BASE,
        head=ci("cargo test --workspace", "cargo nextest run --workspace"),
        findings=0,
    ),
    Case("a comment in CI", base=BASE, head=ci("on: push", "# cargo test || true\non: push"), findings=0),
    pair(
        "a newer toolchain",
        "rust-toolchain",
        "1.90",
        "1.95",
    ),
    pair("a target cpu", CONFIG, None, '[build]\nrustflags = ["-C", "target-cpu=native"]\n', findings=0),
    pair("an alias of its own", CONFIG, None, '[alias]\nxtask = "run -p xtask --"\n', findings=0),
    pair("unwrap in tests", "clippy.toml", None, "allow-unwrap-in-tests = true\n", findings=1),
    pair(
        "an advisory with its reason",
        "deny.toml",
        "[advisories]\nignore = []\n",
        '[advisories]\nignore = [{ id = "RUSTSEC-2020-0001", reason = "not reached" }]\n',
        findings=1,
    ),
    pair("other style is a remark", "rustfmt.toml", "max_width = 100\n", "max_width = 90\n", findings=1),
    pair("ignoring what is built", ".gitignore", None, "/target\n*.log\n.env\n", findings=0),
    Case(
        "a program that is quiet under CI is a remark",
        base={**BASE, "src/main.rs": "fn main() {}\n"},
        head={
            "src/main.rs": 'fn main() {\n    let quiet = std::env::var("CI").is_ok();\n    drop(quiet);\n}\n'
        },
        findings=1,
    ),
    Case(
        "another variable",
        base=BASE,
        head=rust('pub fn f() -> bool {\n    std::env::var("SMALL_LOG").is_ok()\n}\n'),
        findings=0,
    ),
]
PASSES += [
    pair("settings of the wrong kind", "clippy.toml", None, "disallowed-methods = 3\n"),
    pair("a policy of the wrong kind", "deny.toml", "[bans]\ndeny = [1]\n", "[bans]\ndeny = [1]\nskip = 3\n"),
    pair("a repaired file", "clippy.toml", "too = = 1\n", "too-many-arguments-threshold = 5\n"),
]
PASSES += [
    Case(
        "a macro that silences one lint in what it makes",
        base=BASE,
        head=rust(LIB + "macro_rules! m {\n    ($i:item) => { #[allow(dead_code)] $i };\n}\n"),
    ),
    pair(
        "a member of the workspace",
        "Cargo.toml",
        MANIFEST,
        MANIFEST + '[dependencies]\ncore = { path = "crates/core" }\n',
    ),
]
FAILS = [
    Case(
        "code that clippy does not see",
        base=BASE,
        head=rust(LIB + "#[cfg(not(clippy))]\npub fn g() {}\n"),
        at=("src/lib.rs", 4),
        mentions=("tools see other code",),
    ),
    Case(
        "a macro that silences all lints in what it makes",
        base=BASE,
        head=rust(LIB + "macro_rules! m {\n    ($i:item) => { #[allow(clippy::all)] $i };\n}\n"),
        at=("src/lib.rs", 5),
        mentions=("a whole group",),
    ),
    pair(
        "a copy of a published crate",
        "Cargo.toml",
        MANIFEST,
        MANIFEST + '[dependencies]\nitoa = { path = "third_party/itoa" }\n',
        mentions=("the copy in `third_party/itoa`", "cargo add"),
    ),
    Case(
        "allow",
        base=BASE,
        head=rust("#[allow(clippy::unwrap_used)]\n" + LIB),
        at=("src/lib.rs", 1),
        mentions=("clippy::unwrap_used",),
    ),
    Case("allow for the crate", base=BASE, head=rust("#![allow(dead_code)]\n" + LIB)),
    Case("expect without a reason", base=BASE, head=rust("#[expect(dead_code)]\n" + LIB)),
    Case(
        "a group, with a reason",
        base=BASE,
        head=rust('#![allow(clippy::all, reason = "too noisy")]\n' + LIB),
        mentions=("group",),
    ),
    Case("through cfg_attr", base=BASE, head=rust("#![cfg_attr(all(), allow(warnings))]\n" + LIB)),
    Case(
        "on a statement",
        base=BASE,
        head=rust("pub fn f() {\n    #[allow(unused_variables)]\n    let a = 1;\n}\n"),
        at=("src/lib.rs", 2),
    ),
    Case(
        "a reason where none helps",
        base=BASE,
        head=rust('#[allow(dead_code, reason = "later")]\n' + LIB),
        params={"reasons": False},
    ),
    Case("rustfmt::skip", base=BASE, head=rust("#[rustfmt::skip]\n" + LIB), mentions=("rustfmt",)),
    Case("coverage(off)", base=BASE, head=rust("#[coverage(off)]\n" + LIB), mentions=("coverage",)),
    Case(
        "coverage(off) where it is measured",
        base=BASE,
        head=rust("#[cfg_attr(coverage_nightly, coverage(off))]\n" + LIB),
    ),
    Case("not under coverage", base=BASE, head=rust("#[cfg(not(coverage))]\n" + LIB)),
    Case(
        "not under tests", base=BASE, head=rust("#[cfg(not(test))]\n" + LIB), mentions=("tests do not see",)
    ),
    Case("skipped mutants", base=BASE, head=rust("#[mutants::skip]\n" + LIB)),
    Case(
        "deny is gone",
        base={**BASE, **rust("#![forbid(unsafe_code)]\n" + LIB)},
        head=rust(LIB),
        mentions=("unsafe_code",),
    ),
    Case(
        "it knows that it is tested",
        base=BASE,
        head=rust("pub fn f() -> u8 {\n    if cfg!(test) { 1 } else { 2 }\n}\n"),
        at=("src/lib.rs", 2),
    ),
    Case(
        "it knows CI",
        base=BASE,
        head=rust('pub fn f() -> bool {\n    std::env::var_os("CI").is_some()\n}\n'),
        at=("src/lib.rs", 2),
    ),
    Case(
        "it knows the runner at compile time",
        base=BASE,
        head=rust('pub const C: bool = option_env!("NEXTEST").is_some();\n'),
    ),
    pair(
        "a lint is lowered",
        "Cargo.toml",
        MANIFEST + LINTS,
        MANIFEST + LINTS.replace("forbid", "warn"),
        mentions=("from forbid to warn",),
    ),
    pair("a lint is gone", "Cargo.toml", MANIFEST + LINTS, MANIFEST, findings=2),
    pair(
        "a lint is allowed everywhere",
        "Cargo.toml",
        MANIFEST,
        MANIFEST + '[lints.rust]\ndead_code = "allow"\n',
    ),
    pair("the workspace's lints", "Cargo.toml", MANIFEST + "[lints]\nworkspace = true\n", MANIFEST),
    pair(
        "overflow checks",
        "Cargo.toml",
        MANIFEST,
        MANIFEST + "[profile.test]\noverflow-checks = false\n",
        mentions=("overflow",),
    ),
    pair(
        "a vendored copy",
        "Cargo.toml",
        MANIFEST,
        MANIFEST + '[patch.crates-io]\nserde = { path = "vendor/serde" }\n',
    ),
    pair("allowing flags", CONFIG, None, '[build]\nrustflags = ["-A", "warnings"]\n', at=(CONFIG, 2)),
    pair(
        "capped lints", CONFIG, None, '[target.x86_64-unknown-linux-gnu]\nrustflags = "--cap-lints=allow"\n'
    ),
    pair(
        "a runner", CONFIG, None, '[target.x86_64-unknown-linux-gnu]\nrunner = "true"\n', mentions=("runner",)
    ),
    pair("a wrapper", CONFIG, None, '[build]\nrustc-wrapper = "tools/rustc"\n'),
    pair("an alias for test", CONFIG, None, '[alias]\nclippy = "check"\n'),
    pair("fewer property cases by the environment", CONFIG, None, '[env]\nPROPTEST_CASES = "1"\n'),
    pair(
        "denied flags are gone",
        CONFIG,
        '[build]\nrustflags = ["-Dwarnings"]\n',
        None,
        mentions=("-D warnings",),
    ),
    pair(
        "a threshold",
        "clippy.toml",
        "too-many-arguments-threshold = 5\n",
        "too-many-arguments-threshold = 12\n",
    ),
    pair("a threshold above the default", "clippy.toml", None, "cognitive-complexity-threshold = 90\n"),
    pair(
        "a disallowed method",
        "clippy.toml",
        'disallowed-methods = ["std::env::var"]\n',
        "disallowed-methods = []\n",
    ),
    pair("formatting is off", "rustfmt.toml", None, "disable_all_formatting = true\n"),
    pair(
        "an older toolchain",
        "rust-toolchain.toml",
        '[toolchain]\nchannel = "1.95"\n',
        '[toolchain]\nchannel = "1.60"\n',
    ),
    pair(
        "a toolchain without clippy",
        "rust-toolchain.toml",
        '[toolchain]\nchannel = "1.95"\ncomponents = ["clippy"]\n',
        '[toolchain]\nchannel = "1.95"\n',
    ),
    pair(
        "an advisory is ignored",
        "deny.toml",
        "[advisories]\nignore = []\n",
        '[advisories]\nignore = ["RUSTSEC-2020-0001"]\n',
    ),
    pair(
        "a policy's level",
        "deny.toml",
        '[bans]\nmultiple-versions = "deny"\n',
        '[bans]\nmultiple-versions = "allow"\n',
    ),
    Case(
        "CI runs no tests",
        base=BASE,
        head=ci(
            "      - run: cargo test --workspace\n      - run: cargo llvm-cov --fail-under-lines 90\n", ""
        ),
        mentions=("`cargo test`",),
    ),
    Case("CI is gone", base=BASE, head={WORKFLOW: None}),
    Case(
        "clippy warns only",
        base=BASE,
        head=ci("--all-targets -- -D warnings", "--all-targets"),
        mentions=("-D warnings",),
    ),
    Case("clippy looks at less", base=BASE, head=ci("--all-targets ", ""), mentions=("--all-targets",)),
    Case("fmt writes", base=BASE, head=ci(" -- --check", "")),
    Case(
        "one member is left out",
        base=BASE,
        head=ci("cargo test --workspace", "cargo test --workspace --exclude small"),
        mentions=("--exclude small",),
    ),
    Case(
        "the failure is swallowed",
        base=BASE,
        head=ci("cargo test --workspace", "cargo test --workspace || true"),
        at=(WORKFLOW, 9),
    ),
    Case("the job may fail", base=BASE, head=ci("    steps:", "    continue-on-error: true\n    steps:")),
    Case("less coverage", base=BASE, head=ci("90", "50"), mentions=("was 90",)),
    Case(
        "warnings are no errors",
        base=BASE,
        head=ci('  RUSTFLAGS: "-D warnings"\n', "  CARGO_TERM_COLOR: always\n"),
        mentions=("RUSTFLAGS",),
    ),
    Case(
        "sources are hidden from git",
        base=BASE,
        head={".gitignore": "src/*.rs\n"},
        mentions=("src/lib.rs",),
        at=(".gitignore", 1),
    ),
    Case(
        "sources are hidden from readers",
        base=BASE,
        head={".gitattributes": "*.rs linguist-generated=true\n"},
    ),
]
UNKNOWN = [
    pair("settings that cannot be read", "clippy.toml", None, "too-many = = 3\n"),
    Case("Rust that does not parse", base=BASE, head=rust("fn f( {\n")),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@given(st.dictionaries(st.sampled_from([WORKFLOW, "Makefile"]), st.text(max_size=200)))
def test_the_same_scripts_loosen_nothing(scripts):
    assert list(compare_scripts(scripts, scripts)) == []


@given(st.text(alphabet="cargo testclipy-D|warnings\n;:&#=true", max_size=200))
def test_more_lines_loosen_nothing_that_was_there(text):
    added = [
        found
        for _path, _line, found in compare_scripts(
            {"Makefile": CI}, {"Makefile": CI + "\n# " + text.replace("\n", " ")}
        )
    ]
    assert added == []
