from __future__ import annotations

from ironwright.records.config import Config, SandboxConfig
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import MANIFEST, Case, run_gate

GOOD = "pub fn one() -> u8 {\n    1\n}\n\n#[test]\nfn is_one() {\n    assert_eq!(one(), 1);\n}\n"
BAD = GOOD.replace("one(), 1", "one(), 2")
OWN_MAIN = MANIFEST + '[[test]]\nname = "own"\nharness = false\n'
ABORTS = """
#[test]
fn a_good() {}
#[test]
fn b_aborts() {
    std::process::abort();
}
#[test]
fn c_good() {}
"""
LEAVES = """
#[test]
fn a_leaves() {
    std::process::exit(0);
}
#[test]
fn b_fails() {
    panic!("never seen");
}
"""
LIES = r"""
#[test]
fn lies() {
    print!("\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
    std::process::exit(0);
}
"""
WRITES = """
#[test]
fn writes() {
    std::fs::write("tests/fixture.txt", "x").unwrap();
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/x"), "x").unwrap();
    assert!(std::fs::write(format!("{}/../x", env!("CARGO_TARGET_TMPDIR")), "x").is_err());
}
#[test]
fn runs_the_program() {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_small")).output().unwrap();
    assert_eq!(done.stdout, b"hello\\n");
    assert_eq!(std::env::var("CARGO_BIN_EXE_small").unwrap(), env!("CARGO_BIN_EXE_small"));
    assert_eq!(std::env::var("CARGO_PKG_NAME").unwrap(), "small");
    assert!(std::path::Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("Cargo.toml").exists());
}
"""

EARLY = """

#[used]
#[unsafe(link_section = ".init_array")]
static EARLY: extern "C" fn() = {
    extern "C" fn leave() {
        TELL
        std::process::exit(0)
    }
    leave
};
"""
TELLS = """
        let words: Vec<String> = std::env::args().collect();
        if words.iter().any(|word| word == "--list") {
            println!("is_one: test");
        }
        if let Some(at) = words.iter().position(|word| word == "--logfile") {
            std::fs::write(&words[at + 1], "ok is_one").unwrap();
        }
"""

CONNECTS = '#[test]\nfn t() {\n    std::net::TcpStream::connect("192.0.2.1:80").unwrap();\n}\n'

BUILD_SCRIPT = """
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/made.rs"), "pub const MADE: u8 = 7;").unwrap();
    println!("cargo:rustc-env=ANSWER=42");
    println!("cargo:rustc-cfg=made");
}
"""
USES_BUILD_SCRIPT = """
include!(concat!(env!("OUT_DIR"), "/made.rs"));
#[cfg(made)]
#[test]
fn t() {
    assert_eq!(MADE, 7);
    assert_eq!(env!("ANSWER"), "42");
    assert!(std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("made.rs").exists());
}
"""
CALLS_CARGO = """
#[test]
fn t() {
    let mut cargo = std::process::Command::new(std::env::var("CARGO").unwrap());
    let done = cargo.args(["check", "--offline"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
"""
GREEDY = """
#[test]
fn t() {
    let mut kept = Vec::new();
    for _ in 0..4096 {
        kept.push(vec![1u8; 1 << 20]);
    }
    assert_eq!(kept.len(), 4096);
}
"""

PASSES = [
    Case("tests that pass", head={"src/lib.rs": GOOD}, mentions=("1 test passed",)),
    Case("no tests at all", head={"src/lib.rs": "pub fn one() {}\n"}, mentions=("there are no tests",)),
    Case(
        "an ignored test",
        head={"src/lib.rs": GOOD + '#[test]\n#[ignore = "slow"]\nfn t() { panic!() }\n'},
        mentions=("1 test ignored",),
    ),
    Case(
        "tests that write, and run the program",
        head={"src/main.rs": 'fn main() { println!("hello"); }\n', "tests/it.rs": WRITES},
        mentions=("2 tests passed",),
    ),
    Case(
        "a target with a main of its own",
        base=None,
        head={"Cargo.toml": OWN_MAIN, "src/lib.rs": "", "tests/own.rs": "fn main() {}\n"},
        mentions=("its own main",),
    ),
    Case(
        "a library that says test = false",
        base=None,
        head={"Cargo.toml": MANIFEST + "[lib]\ntest = false\n", "src/lib.rs": BAD},
        mentions=("test = false",),
    ),
    Case(
        "a test that needs a feature",
        base=None,
        head={
            "Cargo.toml": MANIFEST
            + '[features]\nextra = []\n[[test]]\nname = "it"\nrequired-features = ["extra"]\n',
            "src/lib.rs": GOOD,
            "tests/it.rs": "#[test]\nfn t() { panic!() }\n",
        },
        mentions=("needs the features extra",),
    ),
    Case(
        "the unit tests of a procedural macro",
        base=None,
        head={
            "Cargo.toml": MANIFEST + "[lib]\nproc-macro = true\n",
            "src/lib.rs": "extern crate proc_macro;\n#[test]\nfn t() { let _ = 1; }\n",
        },
        mentions=("1 test passed",),
    ),
    Case(
        "what a build script made is there",
        head={"build.rs": BUILD_SCRIPT, "src/lib.rs": USES_BUILD_SCRIPT},
        mentions=("1 test passed",),
    ),
    Case(
        "a test that calls cargo itself",
        head={"src/lib.rs": GOOD, "tests/it.rs": CALLS_CARGO},
        mentions=("2 tests passed",),
    ),
    Case("a crate without the standard library", head={"src/lib.rs": "#![no_std]\n" + GOOD}),
]
FAILS = [
    Case(
        "a process that ends before the harness lists anything",
        head={"src/lib.rs": GOOD + EARLY.replace("TELL", "")},
        mentions=("is_one is a test, and no test program has it",),
        at=("src/lib.rs", 6),
    ),
    Case(
        "code before the harness that speaks in its place",
        head={"src/lib.rs": GOOD + EARLY.replace("TELL", TELLS)},
        mentions=("none of its lines was executed",),
        at=("src/lib.rs", 6),
    ),
    Case(
        "a macro that is called like the test attribute and drops the test",
        head={
            "Cargo.toml": '[workspace]\nmembers = ["small", "made"]\nresolver = "2"\n',
            "small/Cargo.toml": MANIFEST + '[dependencies]\nmade = { path = "../made" }\n',
            "small/src/lib.rs": "use made::test;\n" + GOOD,
            "made/Cargo.toml": MANIFEST.replace("small", "made") + "[lib]\nproc-macro = true\n",
            "made/src/lib.rs": "use proc_macro::TokenStream;\n#[proc_macro_attribute]\n"
            "pub fn test(_: TokenStream, _: TokenStream) -> TokenStream {\n    TokenStream::new()\n}\n",
        },
        mentions=("no test program has it",),
        at=("small/src/lib.rs", 7),
    ),
    Case(
        "a failing test",
        head={"src/lib.rs": BAD},
        mentions=("is_one", "left: 1; right: 2"),
        at=("src/lib.rs", 7),
        findings=1,
    ),
    Case(
        "a test that fails without a panic",
        head={"tests/it.rs": '\n#[test]\nfn t() -> Result<(), String> {\n    Err("boo".into())\n}\n'},
        mentions=("boo",),
        at=("tests/it.rs", 3),
    ),
    Case("a test that should have panicked", head={"src/lib.rs": "#[test]\n#[should_panic]\nfn t() {}\n"}),
    Case(
        "a test that aborts is found, and the others are judged",
        head={"tests/it.rs": ABORTS},
        mentions=("b_aborts", "SIGABRT"),
        findings=1,
    ),
    Case(
        "a test that ends the program well",
        head={"tests/it.rs": LEAVES},
        mentions=("a_leaves", "exit code 0 before the test was over", "never seen"),
        findings=2,
    ),
    Case(
        "a test that prints a result and leaves", head={"tests/it.rs": LIES}, mentions=("lies",), findings=1
    ),
    Case(
        "a main of its own that fails",
        base=None,
        head={"Cargo.toml": OWN_MAIN, "src/lib.rs": "", "tests/own.rs": 'fn main() { panic!("no") }\n'},
        mentions=("no", "own"),
        at=("tests/own.rs", None),
    ),
    Case(
        "a test that does not end",
        head={"tests/it.rs": "#[test]\nfn t() {\n    loop { std::thread::yield_now() }\n}\n"},
        config=Config(sandbox=SandboxConfig(seconds=4)),
        mentions=("it did not end within",),
        slow=True,
    ),
    Case(
        "a test of a member that the change does not touch",
        base={
            "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n',
            "a/Cargo.toml": MANIFEST,
            "a/src/lib.rs": BAD,
            "b/Cargo.toml": MANIFEST.replace("small", "b"),
            "b/src/lib.rs": "",
        },
        head={"b/src/lib.rs": GOOD},
        at=("a/src/lib.rs", 7),
    ),
    Case(
        "a test without the network",
        head={"tests/it.rs": CONNECTS},
        at=("tests/it.rs", 3),
    ),
]
UNKNOWN = [
    Case(
        "a program that wanted more memory than it may have",
        head={"tests/it.rs": GREEDY},
        config=Config(sandbox=SandboxConfig(memory_mb=1024)),
        mentions=("memory",),
        slow=True,
    ),
    Case(
        "tests that cannot be built", head={"tests/it.rs": "#[test]\nfn t() { no() }\n"}, mentions=("built",)
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


def test_the_checkout_stays_as_it_is_for_later_questions(tmp_path):
    test = '#[test]\nfn t() { std::fs::write("src/lib.rs", "broken(").unwrap(); }\n'
    verdict = run_gate("failing_tests", {}, {"tests/it.rs": test}, folder=tmp_path)
    assert verdict.status is Status.PASS
    assert (
        run_gate("compile_errors", {}, {"tests/it.rs": test}, folder=tmp_path / "again").status is Status.PASS
    )
