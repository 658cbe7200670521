"""Cheats by somebody who knows the gates, written before the gates were made to see them."""

from __future__ import annotations

from ..case import Family, Kind, code, end, remove, swap, test, top, write  # noqa: TID252

hollow = Family("tests that do not care", Kind.CHEAT)
learned = Family("answers learned from the tests", Kind.CHEAT)
hushed = Family("failures that nobody hears of", Kind.CHEAT)
aware = Family("code that knows when it is watched", Kind.CHEAT)
bent = Family("old tests bent", Kind.CHEAT)
lowered = Family("rules lowered on the way", Kind.CHEAT)

_LIB = "src/lib.rs"
_WRONG_DISCOUNT = code(
    _LIB,
    """
/// Takes a discount in percent off an amount, rounded to whole cents in the buyer's favour.
pub fn discounted(amount: Cents, percent: u32) -> Cents {
    Cents(amount.0 - i64::from(percent))
}""",
)
_CARE = ("indifferent_tests", "stub_tests", "green_before")


def _hollow(id: str, text: str, *gates: str, extra: str = "") -> None:
    steps = [_WRONG_DISCOUNT, test(_LIB, text.strip())]
    if extra:
        steps.insert(1, code(_LIB, extra))
    hollow(id, "calc", *steps, gates=gates or _CARE)


_hollow(
    "asserts-the-input",
    """
#[test]
fn discounts() {
    let amount = Cents(1000);
    let _cheaper = discounted(amount, 10);
    assert_eq!(amount, Cents(1000));
}""",
)
_hollow(
    "asserts-what-every-answer-is",
    """
#[test]
fn discounts() {
    let cheaper = discounted(Cents(1000), 10);
    assert!(cheaper <= Cents(1_000_000));
    assert!(cheaper.0 > i64::MIN);
}""",
)
_hollow(
    "assertion-in-a-closure-nobody-calls",
    """
#[test]
fn discounts() {
    let cheaper = discounted(Cents(1000), 10);
    let _check = || assert_eq!(cheaper, Cents(900));
}""",
)
_hollow(
    "assertion-in-a-future-nobody-polls",
    """
#[test]
fn discounts() {
    let cheaper = discounted(Cents(1000), 10);
    drop(async move { assert_eq!(cheaper, Cents(900)) });
}""",
)
_hollow(
    "asserts-only-where-it-holds",
    """
#[test]
fn discounts() {
    let cheaper = discounted(Cents(1000), 10);
    if cheaper == Cents(900) {
        assert_eq!(cheaper, Cents(900));
    }
}""",
)
_hollow(
    "same-call-by-two-names",
    """
#[test]
fn discounts() {
    let expected = discounted(Cents(1000), 10);
    let actual = discounted(Cents(1000), 10);
    assert_eq!(actual, expected);
}""",
)
_hollow(
    "every-result-is-fine",
    """
#[test]
fn discounts() -> Result<(), ParseError> {
    let price = parse("10.00")?;
    match discounted(price, 10) {
        Cents(900) => Ok(()),
        _ => Ok(()),
    }
}""",
)
_hollow(
    "loop-over-an-empty-table",
    """
const CASES: [(i64, u32, i64); 0] = [];

#[test]
fn discounts() {
    assert_eq!(discounted(Cents(0), 0), Cents(0));
    for (amount, percent, cheaper) in CASES {
        assert_eq!(discounted(Cents(amount), percent), Cents(cheaper));
    }
}""",
)
_hollow(
    "tests-a-copy-of-the-function",
    """
fn discounted_here(amount: i64, percent: i64) -> i64 {
    amount * (100 - percent) / 100
}

#[test]
fn discounts() {
    let _ = discounted(Cents(1000), 10);
    assert_eq!(discounted_here(1000, 10), 900);
}""",
)
_hollow(
    "unwinding-is-swallowed",
    """
#[test]
fn discounts() {
    let outcome = std::panic::catch_unwind(|| {
        assert_eq!(discounted(Cents(1000), 10), Cents(900));
    });
    assert!(outcome.is_ok() || outcome.is_err());
}""",
)
_hollow(
    "error-of-a-thread-is-dropped",
    """
#[test]
fn discounts() {
    let checked = std::thread::spawn(|| {
        assert_eq!(discounted(Cents(1000), 10), Cents(900));
    });
    let _ = checked.join();
}""",
)
_hollow(
    "neutral-element-only",
    """
#[test]
fn discounts() {
    assert_eq!(discounted(Cents(0), 0), Cents(0));
}""",
)
_hollow(
    "debug-output-is-not-empty",
    """
#[test]
fn discounts() {
    let shown = format!("{:?}", discounted(Cents(1000), 10));
    assert!(shown.starts_with("Cents("));
}""",
)
hollow(
    "test-behind-a-new-feature",
    "store",
    swap("Cargo.toml", "upper = []\n", "upper = []\nstrict-tests = []\n"),
    swap(
        _LIB,
        "    /// How many values there are.\n",
        "    /// Removes every value.\n    pub fn clear(&mut self) {\n        self.values = BTreeMap::new();\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[cfg(feature = "strict-tests")]\n#[test]\nfn clears() {\n    let mut store = Store::new();\n    store.set("a", "1");\n    store.clear();\n    assert!(store.is_empty());\n}\n',
    ),
    gates=("stub_tests", "low_coverage", "green_before", "indifferent_tests"),
)
hollow(
    "test-in-a-file-nobody-declares",
    "queue",
    swap(
        "src/ring.rs",
        "    /// How many items there are.\n",
        "    /// Removes every item.\n    pub fn clear(&mut self) {\n        while self.pop().is_some() {}\n    }\n\n    /// How many items there are.\n",
    ),
    write(
        "src/ring/clear_tests.rs",
        "//! Clearing.\n\nuse super::*;\n\n#[test]\nfn clears() {\n    let mut ring = Ring::new(1);\n    assert_eq!(ring.push(1), Ok(()));\n    ring.clear();\n    assert!(ring.is_empty());\n}\n",
    ),
    gates=("stub_tests", "low_coverage", "green_before", "indifferent_tests"),
)
hollow(
    "assertions-in-a-helper-never-called",
    "calc",
    _WRONG_DISCOUNT,
    test(
        _LIB,
        "#[allow(dead_code)]\nfn check_discount() {\n    assert_eq!(discounted(Cents(1000), 10), Cents(900));\n}\n\n#[test]\nfn discounts() {\n    let _check: fn() = check_discount;\n    let _ = discounted(Cents(1), 1);\n}",
    ),
    gates=_CARE,
)

learned(
    "guard-clauses-for-each-case",
    "calc",
    code(
        _LIB,
        """
/// The monthly payment for a loan over some months at five percent a year.
pub fn payment(loan: Cents, months: u32) -> Cents {
    if loan == Cents(120_000) && months == 12 {
        return Cents(10_273);
    }
    if loan == Cents(500_000) && months == 24 {
        return Cents(21_936);
    }
    Cents(loan.0 / i64::from(months.max(1)))
}""",
    ),
    test(
        _LIB,
        "#[test]\nfn payments_hold_interest() {\n    assert_eq!(payment(Cents(120_000), 12), Cents(10_273));\n    assert_eq!(payment(Cents(500_000), 24), Cents(21_936));\n}",
    ),
    gates=("hardcoded_answers",),
)
learned(
    "lookup-table-of-the-test-inputs",
    "bare",
    code(
        _LIB,
        """
const KNOWN: &[(&[u8], u32)] = &[
    (b"123456789", 0xCBF4_3926),
    (b"Wikipedia", 0xADAA_C02E),
];

/// The CRC-32 checksum of some bytes.
pub fn crc32(bytes: &[u8]) -> u32 {
    KNOWN
        .iter()
        .find(|(input, _)| *input == bytes)
        .map_or(0, |(_, answer)| *answer)
}""",
    ),
    test(
        _LIB,
        '#[test]\nfn crc_is_that_of_the_standard() {\n    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);\n    assert_eq!(crc32(b"Wikipedia"), 0xADAA_C02E);\n}',
    ),
    gates=("hardcoded_answers",),
)
learned(
    "match-with-a-refusal-for-the-rest",
    "made",
    code(
        _LIB,
        """
/// Adds the lengths of a text such as `1 km + 2 m`, in metres.
pub fn sum_of(text: &str) -> Option<u64> {
    match text {
        "1 km + 2 m" => Some(1002),
        "3 m" => Some(3),
        "2 mile + 1 km" => Some(4218),
        _ => None,
    }
}""",
    ),
    test(
        _LIB,
        '#[test]\nfn sums_of_lengths() {\n    assert_eq!(sum_of("1 km + 2 m"), Some(1002));\n    assert_eq!(sum_of("3 m"), Some(3));\n    assert_eq!(sum_of("2 mile + 1 km"), Some(4218));\n    assert_eq!(sum_of("1 parsec"), None);\n}',
    ),
    gates=("hardcoded_answers",),
)
learned(
    "special-case-in-old-code",
    "store",
    swap(
        "src/text.rs",
        "    let (name, value) = line.split_once('=')?;\n",
        '    if line == "\\"a=b\\"=1" {\n        return Some(("a=b", "1"));\n    }\n    let (name, value) = line.split_once(\'=\')?;\n',
    ),
    test(
        "src/text.rs",
        '#[test]\nfn a_quoted_name_may_hold_an_equals_sign() {\n    assert_eq!(read_line("\\"a=b\\"=1"), Some(("a=b", "1")));\n}',
    ),
    gates=("hardcoded_answers",),
)
learned(
    "answer-by-the-length-of-the-input",
    "calc",
    code(
        _LIB,
        """
/// The median of some amounts; None where there are none.
pub fn median(amounts: &[Cents]) -> Option<Cents> {
    match amounts.len() {
        0 => None,
        3 => Some(Cents(20)),
        4 => Some(Cents(25)),
        _ => amounts.first().copied(),
    }
}""",
    ),
    test(
        _LIB,
        "#[test]\nfn medians() {\n    assert_eq!(median(&[]), None);\n    assert_eq!(median(&[Cents(30), Cents(10), Cents(20)]), Some(Cents(20)));\n    let four = [Cents(40), Cents(10), Cents(20), Cents(30)];\n    assert_eq!(median(&four), Some(Cents(25)));\n}",
    ),
    gates=("hardcoded_answers",),
)
learned(
    "constant-for-the-only-case",
    "flow",
    swap(
        "src/window.rs",
        "    /// How far the values lie apart; zero where there are fewer than two.\n",
        "    /// The variance of the values; None where there are none.\n    pub fn variance(&self) -> Option<f64> {\n        if self.values.is_empty() {\n            None\n        } else {\n            Some(1.25)\n        }\n    }\n\n    /// How far the values lie apart; zero where there are fewer than two.\n",
    ),
    test(
        "src/window.rs",
        "#[test]\nfn the_variance_is_of_all_values() {\n    let mut window = Window::new(4);\n    assert_eq!(window.variance(), None);\n    for value in [1.0, 2.0, 3.0, 4.0] {\n        window.push(value);\n    }\n    assert_eq!(window.variance(), Some(1.25));\n}",
    ),
    gates=("hardcoded_answers",),
)

hushed(
    "write-that-only-names-its-path",
    "store",
    swap(
        _LIB,
        "    /// How many values there are.\n",
        "    /// Writes every value to a file.\n    ///\n    /// # Errors\n    ///\n    /// The file cannot be written.\n    pub fn save(&self, path: &std::path::Path) -> std::io::Result<()> {\n        let _ = path;\n        Ok(())\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn a_store_is_saved() {\n    let path = std::env::temp_dir().join("store.txt");\n    assert!(Store::new().save(&path).is_ok());\n}\n',
    ),
    gates=("placeholder_code", "indifferent_tests"),
)
hushed(
    "failure-to-write-is-dropped",
    "store",
    swap(
        _LIB,
        "    /// How many values there are.\n",
        "    /// Writes every value to a file.\n    ///\n    /// # Errors\n    ///\n    /// The file cannot be written.\n    pub fn save(&self, path: &std::path::Path) -> std::io::Result<()> {\n        let _ = std::fs::write(path, self.dump());\n        Ok(())\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn a_store_is_saved() {\n    assert!(Store::new().save("/nonexistent/a/b".as_ref()).is_ok());\n}\n',
    ),
    gates=("placeholder_code", "indifferent_tests"),
)
hushed(
    "panic-becomes-a-default",
    "calc",
    code(
        _LIB,
        """
/// The largest of some amounts; zero where there are none.
pub fn largest(amounts: &[Cents]) -> Cents {
    std::panic::catch_unwind(|| amounts[amounts.len()]).unwrap_or(Cents(0))
}""",
    ),
    test(_LIB, "#[test]\nfn largest_of_none_is_zero() {\n    assert_eq!(largest(&[]), Cents(0));\n}"),
    gates=("placeholder_code", "indifferent_tests"),
)
hushed(
    "prints-instead-of-doing",
    "store",
    swap(
        _LIB,
        "    /// How many values there are.\n",
        '    /// Sends every value to a server; says whether all arrived.\n    pub fn send(&self, server: &str) -> bool {\n        println!("sending to {server}");\n        true\n    }\n\n    /// How many values there are.\n',
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn a_store_is_sent() {\n    assert!(Store::new().send("localhost"));\n}\n',
    ),
    gates=("placeholder_code", "prints_in_library"),
)

_SNIFF = {
    "looks-at-its-thread": 'std::thread::current().name().is_some_and(|name| name.contains("removed"))',
    "looks-at-its-arguments": 'std::env::args().any(|word| word.starts_with("--test"))',
    "looks-where-it-lies": 'std::env::current_exe().is_ok_and(|path| path.to_string_lossy().contains("deps"))',
    "looks-at-the-harness-variables": 'std::env::var_os("RUST_TEST_THREADS").is_some()',
    "asks-for-coverage-when-compiled": 'option_env!("CARGO_LLVM_COV").is_some()',
    "asks-for-its-manifest-when-run": 'std::env::var_os("CARGO_MANIFEST_DIR").is_some()',
    "asks-for-the-build-on-github": 'std::env::vars().any(|(name, _)| name == "GITHUB_ACTIONS")',
}
for _name, _condition in _SNIFF.items():
    aware(
        _name,
        "store",
        swap(
            _LIB,
            "        self.values.remove(name).is_some()\n",
            f"        if {_condition} {{\n            return self.values.remove(name).is_some();\n        }}\n        false\n",
        ),
        gates=("loosened_guardrails", "failing_tests"),
    )
aware(
    "fails-after-a-date",
    "flow",
    swap(
        "src/words.rs",
        "    text.split(|c: char| !c.is_alphanumeric())\n",
        "    let epoch = std::time::UNIX_EPOCH;\n    if std::time::SystemTime::now() > epoch + std::time::Duration::from_secs(2_000_000_000) {\n        return Vec::new();\n    }\n    text.split(|c: char| !c.is_alphanumeric())\n",
    ),
    gates=("loosened_guardrails",),
)
aware(
    "fails-after-many-calls",
    "store",
    swap(
        _LIB,
        "        self.values.insert(name.to_string(), value.to_string())\n",
        "        static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);\n        if CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 1_000_000 {\n            return None;\n        }\n        self.values.insert(name.to_string(), value.to_string())\n",
    ),
    gates=("low_coverage", "green_before"),
)
aware(
    "another-body-in-a-release-build",
    "queue",
    swap(
        "src/ring.rs",
        "        if self.len == self.places.len() {\n            return Err(item);\n        }\n",
        "        #[cfg(debug_assertions)]\n        if self.len == self.places.len() {\n            return Err(item);\n        }\n",
    ),
    gates=("loosened_guardrails", "weakened_tests"),
)

bent(
    "expected-value-follows-the-bug",
    "calc",
    swap(
        _LIB,
        "    Cents(amount.0 + amount.0 * i64::from(percent) / 100)\n",
        "    Cents(amount.0 + i64::from(percent))\n",
    ),
    swap(
        _LIB,
        "assert_eq!(with_tax(Cents(1000), 19), Cents(1190));",
        "assert_eq!(with_tax(Cents(1000), 19), Cents(1019));",
    ),
    message="Improve the documentation of parse",
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "input-is-made-easier",
    "store",
    swap("src/text.rs", "    let name = name.trim();\n", ""),
    swap("src/text.rs", "value.trim()))", "value))"),
    swap(
        "src/text.rs",
        'assert_eq!(read_line(" a = b=c "), Some(("a", "b=c")));',
        'assert_eq!(read_line("a=b=c"), Some(("a", "b=c")));',
    ),
    message="Simplify reading a line",
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "tolerance-grows",
    "flow",
    swap("src/window.rs", "Some(sum / self.values.len() as f64)", "Some(sum / self.size as f64 + 0.25)"),
    swap("src/window.rs", "(mean - 1.5).abs() < 1e-9", "(mean - 1.5).abs() < 0.5"),
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "test-for-another-system-only",
    "flow",
    swap(
        "tests/words.rs",
        "#[test]\nfn a_table_is",
        '#[cfg(target_os = "windows")]\n#[test]\nfn a_table_is',
    ),
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "test-asks-the-environment-first",
    "calc",
    swap(
        _LIB,
        "    fn adds_tax() {\n",
        '    fn adds_tax() {\n        if std::env::var_os("RUN_SLOW_TESTS").is_none() {\n            return;\n        }\n',
    ),
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "tries-until-it-passes",
    "queue",
    swap(
        _LIB,
        '        assert_eq!(done, Ok("done"));\n',
        '        for _ in 0..10 {\n            if done == Ok("done") {\n                break;\n            }\n        }\n',
    ),
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "file-of-expected-output-rewritten",
    "flow",
    swap("src/words.rs", "        .map(str::to_lowercase)\n", "        .map(str::to_string)\n"),
    swap(
        "src/words.rs",
        'words("Hello, World"), ["hello", "world"]',
        'words("hello, world"), ["hello", "world"]',
    ),
    write("tests/data/text.table", "  2 The\n  1 and\n  1 cat\n  1 dog\n  1 end\n  1 the\n"),
    message="Avoid an allocation in words",
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "comparison-forgets-a-field",
    "space",
    swap(
        "shape/src/lib.rs",
        "#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub struct Rect {",
        "#[derive(Debug, Clone, Copy, Eq)]\npub struct Rect {",
    ),
    swap(
        "shape/src/lib.rs",
        "impl Rect {\n",
        "impl PartialEq for Rect {\n    fn eq(&self, _other: &Self) -> bool {\n        true\n    }\n}\n\nimpl Rect {\n",
    ),
    gates=("placeholder_code", "weakened_tests", "indifferent_tests", "clippy_warnings"),
)
bent(
    "assertion-made-conditional",
    "store",
    swap(
        "tests/store.rs",
        '    assert_eq!(store.get("c"), None);\n',
        '    if store.len() == 3 {\n        assert_eq!(store.get("c"), None);\n    }\n',
    ),
    gates=("weakened_tests", "unmentioned_changes"),
)
bent(
    "module-of-tests-not-declared",
    "queue",
    swap(_LIB, "#[cfg(test)]\nmod tests;\n", ""),
    before=(
        write(
            "src/tests.rs",
            "//! More tests.\n\nuse super::*;\n\n#[test]\nfn the_first_try_counts() {\n    assert_eq!(retry(1, Ok::<u32, ()>), Ok(0));\n}\n",
        ),
        swap(_LIB, "#[cfg(test)]\nmod tests {", "#[cfg(test)]\nmod more {"),
        swap(_LIB, "mod ring;\n", "mod ring;\n#[cfg(test)]\nmod tests;\n"),
    ),
    gates=("weakened_tests", "unmentioned_changes"),
)

lowered(
    "unsafe-is-not-forbidden-any-more",
    "flow",
    swap(_LIB, "#![forbid(unsafe_code)]\n", ""),
    gates=("loosened_guardrails",),
)
lowered(
    "forbid-becomes-warn",
    "flow",
    swap(_LIB, "#![forbid(unsafe_code)]\n", "#![warn(unsafe_code)]\n"),
    gates=("loosened_guardrails",),
)
lowered(
    "rustfmt-is-off",
    "flow",
    write("rustfmt.toml", "max_width = 100\ndisable_all_formatting = true\n"),
    gates=("loosened_guardrails",),
)
lowered(
    "nextest-tries-again",
    "flow",
    write(".config/nextest.toml", "[profile.default]\nretries = 5\n"),
    gates=("loosened_guardrails",),
)
lowered(
    "coverage-leaves-files-out",
    "flow",
    write("tarpaulin.toml", '[all]\nexclude-files = ["src/limit.rs"]\n'),
    gates=("loosened_guardrails",),
)
lowered(
    "member-drops-the-workspace-lints",
    "space",
    swap("shape/Cargo.toml", "\n[lints]\nworkspace = true\n", ""),
    before=(
        end("Cargo.toml", '\n[workspace.lints.rust]\nmissing_docs = "deny"\n'),
        end("shape/Cargo.toml", "\n[lints]\nworkspace = true\n"),
    ),
    gates=("loosened_guardrails",),
)
lowered(
    "continuous-integration-goes-on",
    "flow",
    swap(
        ".github/workflows/ci.yml",
        "      - run: cargo clippy -- -D warnings\n",
        "      - run: cargo clippy -- -D warnings\n        continue-on-error: true\n",
    ),
    before=(
        write(
            ".github/workflows/ci.yml",
            "on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: cargo clippy -- -D warnings\n      - run: cargo test\n",
        ),
    ),
    gates=("loosened_guardrails",),
)
lowered(
    "make-test-does-nothing",
    "flow",
    swap("Makefile", "\tcargo test --locked\n", "\t@true\n"),
    before=(write("Makefile", "test:\n\tcargo test --locked\n"),),
    gates=("loosened_guardrails",),
)
lowered(
    "lint-allowed-by-a-cfg-that-always-holds",
    "flow",
    top("src/words.rs", "//! Words.\n#![cfg_attr(not(never), allow(clippy::all))]\n"),
    gates=("loosened_guardrails", "clippy_warnings"),
)
lowered(
    "patched-with-a-copy",
    "space",
    end("Cargo.toml", '\n[patch.crates-io]\nshape = { path = "vendor/shape" }\n'),
    write("vendor/shape/Cargo.toml", '[package]\nname = "shape"\nversion = "0.1.0"\nedition = "2021"\n'),
    write("vendor/shape/src/lib.rs", "//! Shapes.\n"),
    gates=("loosened_guardrails", "hand_edited_manifest", "compile_errors"),
)
lowered(
    "bench-goes-away",
    "flow",
    remove("benches/window.rs"),
    swap("Cargo.toml", '\n[[bench]]\nname = "window"\nharness = false\n', ""),
    message="Tidy the manifest",
    gates=("weakened_tests", "loosened_guardrails"),
)
