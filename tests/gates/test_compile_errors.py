from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import MANIFEST, Case, run_gate

MISSING_DEPENDENCY = MANIFEST + '\n[dependencies]\nnothing = { path = "nothing" }\n'
LOCK = 'version = 4\n\n[[package]]\nname = "small"\nversion = "0.1.0"\n'

MACRO = "macro_rules! no {\n    () => { let _: u8 = true; };\n}\npub fn f() {\n    no!();\n}\n"
LINKED = """
#[link(name = "surely_not_installed")]
extern "C" { fn f(); }
pub fn g() { unsafe { f() } }
"""

PASSES = [
    Case("a library that builds", head={"src/lib.rs": "pub fn one() -> u8 { 1 }\n"}, mentions=("builds",)),
    Case(
        "warnings do not stop a build",
        head={"src/lib.rs": "fn unused() {}\n"},
    ),
    Case(
        "a crate in a folder of the repository",
        base=None,
        head={"code/Cargo.toml": MANIFEST, "code/src/main.rs": "fn main() {}\n"},
    ),
    Case(
        "a virtual workspace",
        base=None,
        head={
            "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n',
            "a/Cargo.toml": MANIFEST.replace("small", "a"),
            "a/src/lib.rs": "pub fn a() {}\n",
            "b/Cargo.toml": MANIFEST.replace("small", "b") + '[dependencies]\na = { path = "../a" }\n',
            "b/src/main.rs": "fn main() { a::a() }\n",
        },
    ),
    Case(
        "what an example needs is left out with its feature",
        base=None,
        head={
            "Cargo.toml": MANIFEST
            + '[features]\nextra = []\n[[example]]\nname = "e"\nrequired-features = ["extra"]\n',
            "src/lib.rs": "",
            "examples/e.rs": "fn main() { does_not_exist() }\n",
        },
    ),
    Case(
        "the tree's own wrapper and flags are not obeyed",
        head={
            "src/lib.rs": "pub fn one() {}\n",
            ".cargo/config.toml": '[build]\nrustc-wrapper = "/bin/false"\nrustflags = ["--no-such-flag"]\n',
        },
        mentions=("not honoured: .cargo/config.toml: build.rustc-wrapper",),
    ),
    Case(
        "a condition that the tree's flags set is there",
        head={
            "src/lib.rs": "#[cfg(not(special))]\ncompile_error!();\n",
            ".cargo/config.toml": '[build]\nrustflags = ["--cfg", "special"]\n',
        },
    ),
    Case(
        "an old stale lock is a remark",
        base={
            "Cargo.toml": MANIFEST.replace("0.1.0", "0.2.0"),
            "Cargo.lock": LOCK,
            "src/lib.rs": "",
        },
        head={"src/lib.rs": "pub fn one() {}\n"},
        mentions=("Cargo.lock", "does not match the manifests"),
    ),
    Case(
        "a package that belongs to no workspace is named",
        base=None,
        head={
            "Cargo.toml": MANIFEST + '[workspace]\nexclude = ["fuzz"]\n',
            "src/lib.rs": "",
            "fuzz/Cargo.toml": MANIFEST,
            "fuzz/src/main.rs": "fn main() { no() }\n",
        },
        at=("fuzz/src/main.rs", None),
        mentions=("was not built",),
    ),
]
FAILS = [
    Case(
        "a type error",
        head={"src/lib.rs": "pub fn one() -> u8 {\n    true\n}\n"},
        mentions=("E0308", "mismatched types"),
        at=("src/lib.rs", 2),
        findings=1,
    ),
    Case(
        "an error in a test",
        head={"tests/it.rs": "#[test]\nfn t() { nothing(); }\n"},
        at=("tests/it.rs", 2),
    ),
    Case(
        "an error in a member below the top",
        base=None,
        head={
            "Cargo.toml": '[workspace]\nmembers = ["a"]\nresolver = "2"\n',
            "a/Cargo.toml": MANIFEST.replace("small", "a"),
            "a/src/lib.rs": "fn f() -> u8 {}\n",
        },
        at=("a/src/lib.rs", 1),
    ),
    Case(
        "an error where a macro is called, not where it is made",
        head={"src/lib.rs": MACRO},
        at=("src/lib.rs", 5),
    ),
    Case(
        "a manifest that is no TOML",
        base=None,
        head={"Cargo.toml": MANIFEST + "[dependencies\n", "src/lib.rs": ""},
        at=("Cargo.toml", 5),
    ),
    Case(
        "a build script that fails",
        head={"build.rs": 'fn main() { panic!("no luck"); }\n'},
        mentions=("build script", "no luck"),
        at=("build.rs", None),
    ),
    Case(
        "a dependency on a folder that is not there",
        base=None,
        head={"Cargo.toml": MISSING_DEPENDENCY, "src/lib.rs": ""},
        at=("Cargo.toml", None),
    ),
    Case(
        "a new lock that does not match",
        base={"Cargo.toml": MANIFEST, "src/lib.rs": ""},
        head={"Cargo.toml": MANIFEST.replace("0.1.0", "0.2.0"), "Cargo.lock": LOCK},
        at=("Cargo.lock", None),
    ),
    Case(
        "a stale lock under scope all",
        base={"Cargo.toml": MANIFEST.replace("0.1.0", "0.2.0"), "Cargo.lock": LOCK, "src/lib.rs": ""},
        head={"src/lib.rs": "pub fn one() {}\n"},
        scope=Scope.ALL,
    ),
]
UNKNOWN = [
    Case(
        "no manifest but a vendored one",
        base=None,
        head={"vendor/x/Cargo.toml": MANIFEST},
        mentions=("there is no Cargo.toml",),
    ),
    Case(
        "a repository that is built for another platform",
        head={
            "src/lib.rs": '#[cfg(not(target_os = "none"))]\ncompile_error!();\n',
            ".cargo/config.toml": '[build]\ntarget = "thumbv7em-none-eabi"\n',
        },
        mentions=("thumbv7em-none-eabi",),
    ),
    Case(
        "a dependency outside the repository",
        base=None,
        head={"Cargo.toml": MISSING_DEPENDENCY.replace('"nothing"', '"../nothing"'), "src/lib.rs": ""},
        mentions=("outside the repository",),
    ),
    Case(
        "a dependency that cannot be had here",
        base=None,
        head={
            "Cargo.toml": MANIFEST + '[dependencies]\nx = { git = "https://127.0.0.1:9/nothing.git" }\n',
            "src/lib.rs": "",
        },
        mentions=("cargo fetch",),
        slow=True,
    ),
    Case(
        "a system library that is not installed",
        head={
            "src/lib.rs": LINKED,
            "src/main.rs": "fn main() { small::g() }\n",
        },
        mentions=("surely_not_installed",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


def test_a_build_script_sees_the_tree_read_only(tmp_path):
    script = 'fn main() { std::fs::write("src/lib.rs", "").expect("it is read-only"); }\n'
    verdict = run_gate("compile_errors", {}, {"build.rs": script}, folder=tmp_path)
    assert verdict.status is Status.FAIL
    assert "read-only" in verdict.findings[0].message.lower()
