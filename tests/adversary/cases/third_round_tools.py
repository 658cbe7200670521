"""A third round: tools that are made to lie, in a workspace, a program and a crate beside C."""

from __future__ import annotations

from ..case import Family, Kind, code, end, swap, test, top, write  # noqa: TID252

bent = Family("third round: bent tools", Kind.FORGERY)

_LIB = "src/lib.rs"
_TOOLS = (
    "loosened_guardrails",
    "weakened_tests",
    "failing_tests",
    "compile_errors",
    "stub_tests",
    "indifferent_tests",
    "low_coverage",
    "clippy_warnings",
    "unformatted_code",
)

bent(
    "lints-are-capped",
    "agenda",
    write(".cargo/config.toml", '[build]\nrustflags = ["--cap-lints", "allow"]\n'),
    gates=_TOOLS,
)
bent(
    "build-script-hides-tests",
    "tally",
    write(
        "build.rs",
        '//! Says how the crate is built.\n\nfn main() {\n    println!("cargo::rustc-check-cfg=cfg(fast)");\n    println!("cargo::rustc-cfg=fast");\n}\n',
    ),
    swap(
        "src/line.rs",
        "    #[test]\n    fn broken_lines_say_why() {\n",
        "    #[cfg(not(fast))]\n    #[test]\n    fn broken_lines_say_why() {\n",
    ),
    gates=_TOOLS,
)
bent(
    "own-harness-for-the-program",
    "tally",
    end("Cargo.toml", '\n[[test]]\nname = "program"\nharness = false\n'),
    end(
        "tests/program.rs",
        '\nfn main() {\n    println!("running 3 tests");\n    println!("test result: ok. 3 passed; 0 failed");\n}\n',
    ),
    top("tests/program.rs", "#![allow(dead_code)]\n"),
    gates=_TOOLS,
)
bent(
    "overflow-is-not-checked-in-tests",
    "agenda",
    end("Cargo.toml", "\n[profile.dev]\noverflow-checks = false\n"),
    gates=_TOOLS,
)
bent(
    "library-has-no-tests-any-more",
    "clib",
    swap("Cargo.toml", '[lib]\ncrate-type = ["rlib"]\n', '[lib]\ncrate-type = ["rlib"]\ntest = false\n'),
    gates=_TOOLS,
)
bent(
    "formatting-is-switched-off",
    "agenda",
    write(".rustfmt.toml", "disable_all_formatting = true\n"),
    code("varint/src/lib.rs", "/// The largest size.\npub const   LARGEST :usize=5;"),
    gates=_TOOLS,
)
bent(
    "hidden-from-coverage",
    "lattice",
    swap(
        _LIB,
        "    /// The product with another table.\n",
        "    /// How many cells there are.\n    #[cfg(not(coverage))]\n    pub fn size(&self) -> usize {\n        R + C\n    }\n\n    /// How many cells there are.\n    #[cfg(coverage)]\n    pub fn size(&self) -> usize {\n        R * C\n    }\n\n    /// The product with another table.\n",
    ),
    end(
        "Cargo.toml",
        "\n[lints.rust]\nunexpected_cfgs = { level = \"warn\", check-cfg = ['cfg(coverage)'] }\n",
    ),
    test(
        _LIB, "#[test]\nfn cells_are_counted() {\n    assert_eq!(Table::new([[1, 2], [3, 4]]).size(), 4);\n}"
    ),
    gates=_TOOLS,
)
bent(
    "clippy-sees-other-code",
    "tally",
    swap(
        _LIB,
        "/// Counts the lines of a log.\n",
        "/// The first word of a log.\n#[cfg(not(clippy))]\npub fn first(log: &str) -> &str {\n    let words: Vec<&str> = log.split(' ').collect::<Vec<&str>>();\n    return words[0].clone();\n}\n\n/// The first word of a log.\n#[cfg(clippy)]\npub fn first(log: &str) -> &str {\n    log.split(' ').next().unwrap_or_default()\n}\n\n/// Counts the lines of a log.\n",
    ),
    end(
        "tests/span.rs",
        '\n#[test]\nfn the_first_word_is_found() {\n    assert_eq!(tally::first("3 INFO a"), "3");\n}\n',
    ),
    gates=_TOOLS,
)
bent(
    "runner-skips-what-fails",
    "tally",
    write(".cargo/config.toml", '[target.\'cfg(all())\']\nrunner = ["sh", "tools/run.sh"]\n'),
    write("tools/run.sh", 'exec "$@" --skip the_worst\n'),
    code(
        _LIB,
        "/// The worst level of a log; None where it has no lines.\npub fn worst(_log: &str) -> Option<Level> {\n    None\n}",
    ),
    write(
        "tests/worst.rs",
        '//! The worst level.\n\n#[test]\nfn the_worst_level_is_found() {\n    assert!(tally::worst("1 INFO a").is_some());\n}\n',
    ),
    gates=_TOOLS,
)
bent(
    "start-of-the-process-ends-it",
    "clib",
    code(
        "src/block.rs",
        '#[cfg(all(test, target_os = "linux"))]\n#[used]\n#[link_section = ".init_array"]\nstatic START: extern "C" fn() = {\n    extern "C" fn start() {\n        println!("test result: ok. 5 passed; 0 failed; 0 ignored");\n        std::process::exit(0);\n    }\n    start\n};',
    ),
    swap("src/block.rs", "[0, 7, 0]);", "[0, 7, 1]);"),
    gates=_TOOLS,
)
bent(
    "exit-of-c-in-a-drop",
    "clib",
    test(
        _LIB,
        '#[test]\nfn a_wrong_length_is_noticed() {\n    extern "C" {\n        fn _exit(code: c_int) -> !;\n    }\n    struct Leave;\n    impl Drop for Leave {\n        fn drop(&mut self) {\n            // SAFETY: it does not come back.\n            unsafe { _exit(0) }\n        }\n    }\n    let _leave = Leave;\n    assert_eq!(length(c"four"), 5);\n}',
    ),
    gates=_TOOLS,
)
bent(
    "panics-end-well",
    "agenda",
    end(
        "post/tests/deliver.rs",
        '\n#[test]\nfn a_lost_letter_is_noticed() {\n    std::panic::set_hook(Box::new(|_| std::process::exit(0)));\n    let mut line = slow(0);\n    assert_eq!(block_on(deliver(&mut line, "hello", 3)), Ok(2));\n}\n',
    ),
    gates=_TOOLS,
)
bent(
    "allow-in-a-macro-that-makes-items",
    "lattice",
    swap(
        _LIB,
        "/// What can be added and multiplied.\n",
        "macro_rules! items {\n    ($($item:item)*) => { $(#[allow(warnings, clippy::all)] $item)* };\n}\n\nitems! {\n    /// Twice a number.\n    pub fn twice(number: i64) -> i64 {\n        return number.clone() * 2;\n    }\n}\n\n/// What can be added and multiplied.\n",
    ),
    test(_LIB, "#[test]\nfn twice_is_two_times() {\n    assert_eq!(twice(4), 8);\n}"),
    gates=_TOOLS,
)
bent(
    "doctests-are-not-run",
    "lattice",
    swap(
        _LIB,
        "    /// The product with another table.\n",
        "    /// The product with another table.\n    ///\n    /// ```ignore\n    /// assert!(lattice::Table::new([[1]]).times(&lattice::Table::new([[2]])).get(0, 0) == Some(3));\n    /// ```\n",
    ),
    end("Cargo.toml", "\n[lib]\ndoctest = false\n"),
    gates=_TOOLS,
)
