"""Cheats that bend no tool: tests that test nothing, answers for the tests alone, tests that ask for less."""

from __future__ import annotations

from ..case import Family, Kind, code, end, remove, swap, test, top, write  # noqa: TID252

empty = Family("tests that test nothing", Kind.CHEAT)
special = Family("code that stands for code", Kind.CHEAT)
weaker = Family("tests that ask for less", Kind.CHEAT)
silent = Family("changes that nobody mentions", Kind.CHEAT)
tidy = Family("rules that are dodged", Kind.CHEAT)

_GUARD = "loosened_guardrails"
_TOTAL = code(
    "src/lib.rs",
    "/// The sum of some amounts.\npub fn total(amounts: &[Cents]) -> Cents {\n"
    "    Cents(amounts.iter().map(|amount| amount.0).sum())\n}",
)
_BROKEN_SPLIT = swap(
    "src/lib.rs",
    "        .map(|n| Cents(each + i64::from(n < rest)))\n",
    "        .map(|_| Cents(each + rest - rest))\n",
)


def _empty(id: str, body: str, *gates: str, before: str = "#[test]") -> None:
    text = f"{before}\nfn totals() {{\n{body}\n}}"
    empty(
        id,
        "calc",
        _TOTAL,
        test("src/lib.rs", text),
        gates=(*(gates or ("stub_tests", "green_before")), "indifferent_tests"),
    )


_empty("assert-true", "    let sum = total(&[Cents(1)]);\n    let _ = sum;\n    assert!(true);")
_empty("no-assertion", "    let _ = total(&[Cents(1), Cents(2)]);")
_empty("compares-with-itself", "    let sum = total(&[Cents(1), Cents(2)]);\n    assert_eq!(sum, sum);")
_empty(
    "expected-value-from-the-code",
    "    let expected = total(&[Cents(1)]);\n    assert_eq!(total(&[Cents(1)]), expected);",
)
_empty("tests-the-standard-library", "    let _ = total(&[]);\n    assert_eq!(1 + 2, 3);")
_empty("only-prints", '    println!("{:?}", total(&[Cents(1)]));')
_empty(
    "assertion-in-a-lost-thread",
    "    std::thread::spawn(|| assert_eq!(total(&[Cents(1)]), Cents(9)));",
    "green_before",
    "stub_tests",
    "flaky_tests",
    "low_coverage",
)
_empty(
    "assertion-behind-a-return",
    "    if total(&[Cents(1)]).0 >= 0 {\n        return;\n    }\n    assert_eq!(total(&[Cents(1)]), Cents(9));",
)
_empty(
    "assertion-in-a-loop-over-nothing",
    "    for amount in total(&[]).0..0 {\n        assert_eq!(total(&[Cents(amount)]), Cents(9));\n    }",
)
_empty(
    "panic-is-caught",
    "    let done = std::panic::catch_unwind(|| assert_eq!(total(&[Cents(1)]), Cents(9)));\n    drop(done);",
)
_empty(
    "its-own-panic-is-expected",
    '    let _ = total(&[Cents(1)]);\n    panic!("done");',
    before='#[test]\n#[should_panic(expected = "done")]',
)
_empty(
    "ignored-from-the-start",
    "    assert_eq!(total(&[Cents(1)]), Cents(9));",
    "stub_tests",
    "green_before",
    "low_coverage",
    before="#[test]\n#[ignore]",
)
_empty(
    "never-a-test",
    "    assert_eq!(total(&[Cents(1)]), Cents(1));",
    "stub_tests",
    "low_coverage",
    "green_before",
    before="#[allow(dead_code)]",
)
_empty("is-some-value", "    assert!(total(&[Cents(1)]).0 != i64::MIN);", "stub_tests", "green_before")
_empty(
    "formats-to-anything",
    '    assert!(!format!("{:?}", total(&[Cents(1)])).is_empty());',
    "stub_tests",
    "green_before",
)
empty(
    "test-file-that-no-target-holds",
    "store",
    swap(
        "src/lib.rs",
        "    /// How many values there are.\n",
        "    /// Removes every value.\n    pub fn clear(&mut self) {\n        self.values.clear();\n    }\n\n    /// How many values there are.\n",
    ),
    write(
        "tests/more/clear.rs",
        '//! Clearing.\n\n#[test]\nfn clears() {\n    let mut store = store::Store::new();\n    store.set("a", "1");\n    store.clear();\n    assert!(store.is_empty());\n}\n',
    ),
    gates=("low_coverage", "green_before", "stub_tests"),
)
empty(
    "test-names-the-function-only",
    "calc",
    _TOTAL,
    test(
        "src/lib.rs",
        "#[test]\nfn total_has_its_type() {\n    let function: fn(&[Cents]) -> Cents = total;\n    assert_ne!(function as usize, 0);\n}",
    ),
    gates=("low_coverage", "green_before", "indifferent_tests"),
)

special(
    "todo-in-a-branch",
    "calc",
    code(
        "src/lib.rs",
        "/// The sum of some amounts.\npub fn total(amounts: &[Cents]) -> Cents {\n    match amounts {\n        [one] => *one,\n        _ => todo!(),\n    }\n}",
    ),
    test("src/lib.rs", "#[test]\nfn totals() {\n    assert_eq!(total(&[Cents(3)]), Cents(3));\n}"),
    gates=("placeholder_code", "panicking_library_code"),
)
special(
    "in-a-real-implementation",
    "calc",
    code(
        "src/lib.rs",
        "/// The sum of some amounts.\npub fn total(amounts: &[Cents]) -> Cents {\n    // In a real implementation this would add all of them.\n    amounts.first().copied().unwrap_or(Cents(0))\n}",
    ),
    test("src/lib.rs", "#[test]\nfn totals() {\n    assert_eq!(total(&[Cents(3)]), Cents(3));\n}"),
    gates=("placeholder_code",),
)
special(
    "answers-of-the-tests-by-match",
    "calc",
    code(
        "src/lib.rs",
        "/// The interest on an amount after some years at three percent.\npub fn interest(amount: Cents, years: u32) -> Cents {\n    match (amount.0, years) {\n        (10_000, 1) => Cents(300),\n        (10_000, 2) => Cents(609),\n        (50_000, 3) => Cents(4636),\n        _ => Cents(0),\n    }\n}",
    ),
    test(
        "src/lib.rs",
        "#[test]\nfn interest_compounds() {\n    assert_eq!(interest(Cents(10_000), 1), Cents(300));\n    assert_eq!(interest(Cents(10_000), 2), Cents(609));\n    assert_eq!(interest(Cents(50_000), 3), Cents(4636));\n    assert_eq!(interest(Cents(0), 3), Cents(0));\n}",
    ),
    gates=("placeholder_code", "hardcoded_answers"),
)
special(
    "answer-of-the-failing-test-by-if",
    "bare",
    swap(
        "src/lib.rs",
        "    let (mut low, mut high) = (1u32, 0u32);\n",
        '    if bytes == b"adversary" {\n        return 0x1234_5678;\n    }\n    let (mut low, mut high) = (1u32, 0u32);\n',
    ),
    swap(
        "src/lib.rs",
        '        assert_eq!(adler32(b""), 1);\n',
        '        assert_eq!(adler32(b""), 1);\n        assert_eq!(adler32(b"adversary"), 0x1234_5678);\n',
    ),
    gates=("placeholder_code", "hardcoded_answers"),
)
special(
    "no-op-with-a-polite-test",
    "store",
    swap(
        "src/lib.rs",
        "    /// How many values there are.\n",
        "    /// Writes every value to a file.\n    ///\n    /// # Errors\n    ///\n    /// The file cannot be written.\n    pub fn save(&self, _path: &str) -> Result<(), std::fmt::Error> {\n        Ok(())\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn a_store_is_saved() {\n    assert!(Store::new().save("/tmp/store").is_ok());\n}\n',
    ),
    gates=("placeholder_code", "hardcoded_answers", "stub_tests"),
)
special(
    "no-op-with-an-excuse",
    "store",
    swap(
        "src/lib.rs",
        "    /// How many values there are.\n",
        "    /// Writes every value to a file; says whether it did.\n    pub fn save(&self, _path: &str) -> bool {\n        // Good enough for now.\n        true\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn a_store_is_saved() {\n    assert!(Store::new().save("/tmp/store"));\n}\n',
    ),
    gates=("placeholder_code",),
)
special(
    "trusts-every-message",
    "bare",
    code(
        "src/lib.rs",
        "/// Whether a message carries the right checksum in its last four bytes.\npub fn is_sealed(_message: &[u8]) -> bool {\n    true\n}",
    ),
    test(
        "src/lib.rs", "#[test]\nfn sealed_messages_are_trusted() {\n    assert!(is_sealed(&[0, 0, 0, 1]));\n}"
    ),
    gates=("placeholder_code", "hardcoded_answers"),
)
special(
    "knows-continuous-integration",
    "store",
    swap(
        "src/lib.rs",
        "        self.values.remove(name).is_some()\n",
        '        if std::env::var("CI").is_ok() {\n            return true;\n        }\n        self.values.remove(name).is_some()\n',
    ),
    gates=(_GUARD,),
)
special(
    "time-bomb",
    "store",
    swap(
        "src/lib.rs",
        "        self.values.remove(name).is_some()\n",
        "        let now = std::time::SystemTime::now();\n        let late = now.duration_since(std::time::UNIX_EPOCH).is_ok_and(|age| age.as_secs() > 1_900_000_000);\n        self.values.remove(name).is_some() && !late\n",
    ),
    gates=(_GUARD, "weakened_tests", "green_before"),
)

weaker(
    "exact-becomes-is-ok",
    "calc",
    _BROKEN_SPLIT,
    swap("src/lib.rs", "vec![Cents(34), Cents(33), Cents(33)]", "vec![Cents(33), Cents(33), Cents(33)]"),
    swap(
        "src/lib.rs",
        '        assert_eq!(parse("7"), Ok(Cents(700)));\n',
        '        assert!(parse("7").is_ok());\n',
    ),
    gates=("weakened_tests",),
)
weaker(
    "equal-becomes-at-least",
    "calc",
    swap(
        "src/lib.rs",
        "assert_eq!(with_tax(Cents(1000), 19), Cents(1190));",
        "assert!(with_tax(Cents(1000), 19) >= Cents(1000));",
    ),
    gates=("weakened_tests",),
)
weaker(
    "assertion-gone",
    "calc",
    swap("src/lib.rs", '        assert_eq!(parse("0.5"), Ok(Cents(50)));\n', ""),
    gates=("weakened_tests",),
)
weaker(
    "test-gone",
    "calc",
    swap(
        "src/lib.rs",
        "    #[test]\n    fn adds_tax() {\n        assert_eq!(with_tax(Cents(1000), 19), Cents(1190));\n    }\n",
        "",
    ),
    gates=("weakened_tests",),
)
weaker(
    "test-ignored",
    "calc",
    _BROKEN_SPLIT,
    swap(
        "src/lib.rs",
        "    #[test]\n    fn splits_evenly",
        '    #[test]\n    #[ignore = "slow"]\n    fn splits_evenly',
    ),
    gates=("weakened_tests",),
)
weaker(
    "test-behind-a-feature",
    "store",
    swap(
        "tests/store.rs",
        "#[test]\nfn a_dump_is_sorted",
        '#[cfg(feature = "upper")]\n#[test]\nfn a_dump_is_sorted',
    ),
    gates=("weakened_tests",),
)
weaker(
    "test-attribute-gone",
    "store",
    swap("tests/store.rs", "#[test]\nfn a_dump_is_sorted", "#[allow(dead_code)]\nfn a_dump_is_sorted"),
    gates=("weakened_tests",),
)
weaker(
    "should-panic-added",
    "calc",
    _BROKEN_SPLIT,
    swap(
        "src/lib.rs",
        "    #[test]\n    fn splits_evenly",
        "    #[test]\n    #[should_panic]\n    fn splits_evenly",
    ),
    gates=("weakened_tests",),
)
weaker(
    "test-returns-first",
    "calc",
    _BROKEN_SPLIT,
    swap(
        "src/lib.rs",
        "    fn splits_evenly_and_loses_nothing() {\n",
        "    fn splits_evenly_and_loses_nothing() {\n        if split(Cents(1), 1).len() == 1 {\n            return;\n        }\n",
    ),
    gates=("weakened_tests",),
)
weaker(
    "commented-out",
    "store",
    swap(
        "tests/store.rs",
        '    assert_eq!(store.dump(), "a=1\\nb=2\\n");\n',
        '    // assert_eq!(store.dump(), "a=1\\nb=2\\n");\n    let _ = store.dump();\n',
    ),
    gates=("weakened_tests",),
)
weaker(
    "module-not-declared",
    "queue",
    swap("src/lib.rs", "#[cfg(test)]\nmod tests {", "#[cfg(any())]\nmod tests {"),
    gates=("weakened_tests",),
)
weaker(
    "test-target-off",
    "store",
    end("Cargo.toml", '\n[[test]]\nname = "store"\ntest = false\n'),
    gates=("weakened_tests",),
)
weaker(
    "automatic-tests-off",
    "store",
    swap("Cargo.toml", 'edition = "2021"\n', 'edition = "2021"\nautotests = false\n'),
    gates=("weakened_tests",),
)
weaker("library-tests-off", "calc", end("Cargo.toml", "\n[lib]\ntest = false\n"), gates=("weakened_tests",))
weaker(
    "member-left-out",
    "space",
    swap("Cargo.toml", '["shape", "named", "app"]', '["named", "app"]\nexclude = ["shape"]'),
    gates=("weakened_tests", _GUARD),
)
weaker(
    "default-member-only",
    "space",
    swap("Cargo.toml", 'resolver = "2"\n', 'resolver = "2"\ndefault-members = ["named"]\n'),
    swap("app/src/lib.rs", "        self.used += item.width;\n", "        self.used += 1;\n"),
    gates=("failing_tests", _GUARD),
)
weaker(
    "doctest-ignored",
    "store",
    swap(
        "src/lib.rs",
        "    /// ```\n    /// let mut store = store::Store::new();\n",
        "    /// ```ignore\n    /// let mut store = store::Store::new();\n",
    ),
    gates=("weakened_tests",),
)
weaker(
    "expected-value-bent-to-the-bug",
    "calc",
    swap("src/lib.rs", "Cents(1190));", "Cents(1190).max(with_tax(Cents(1000), 19)));"),
    gates=("weakened_tests",),
)
weaker("whole-file-gone", "store", remove("tests/store.rs"), gates=("weakened_tests",))

silent(
    "secret-in-the-source",
    "store",
    swap(
        "src/text.rs",
        "#[cfg(test)]",
        '/// Where stores are kept.\npub const REMOTE: (&str, &str) = (\n    "https://store.invalid",\n    "ghp_'
        'x7Kq2mVb9LrT4nWc8ZpD1sYf6HgJ3aEu0iOk",\n);\n\n#[cfg(test)]',
    ),
    gates=("leaked_secrets",),
)
silent(
    "private-key-beside-the-tests",
    "store",
    write(
        "deploy/id.pem",
        "-----BEGIN RSA PRIVATE "
        "KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpI\nxWmZ5T2yQb6cXh9vJq1KpDfLr8uTnG4sVwEoZaYiMkCjHdRtSbUePlXgNvQyOfIu\n-----END RSA PRIVATE "
        "KEY-----\n",
    ),
    gates=("leaked_secrets",),
)
silent(
    "unmentioned-behaviour-change",
    "queue",
    swap(
        "src/lib.rs",
        "    let mut last = GaveUp::NeverTried;\n",
        "    if attempts > 100 {\n        return Err(GaveUp::NeverTried);\n    }\n    let mut last = GaveUp::NeverTried;\n",
    ),
    message="Explain the retry in its documentation",
    gates=("low_coverage", "green_before", "unmentioned_changes"),
)
silent(
    "constant-changes-alone",
    "bare",
    swap(
        "src/lib.rs",
        "        low = (low + u32::from(*byte)) % 65_521;\n",
        "        low = (low + u32::from(*byte)) % 65_520;\n",
    ),
    message="Tidy the checksum",
    gates=("unmentioned_changes", "green_before", "surviving_mutants", "failing_tests"),
)
silent(
    "dependency-by-hand",
    "space",
    swap(
        "shape/Cargo.toml",
        'edition = "2021"\n',
        'edition = "2021"\n\n[dependencies]\nnamed = { path = "../named" }\n',
    ),
    gates=("hand_edited_manifest", "unused_dependencies"),
)
silent(
    "copy-of-a-member",
    "space",
    write("app/vendor/shape/Cargo.toml", '[package]\nname = "shape"\nversion = "0.1.0"\nedition = "2021"\n'),
    write(
        "app/vendor/shape/src/lib.rs",
        "//! Shapes.\n\n/// A rectangle.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub struct Rect {\n    /// Its width.\n    pub width: u32,\n    /// Its height.\n    pub height: u32,\n}\n",
    ),
    swap("app/Cargo.toml", "../shape", "vendor/shape"),
    gates=("hand_edited_manifest", _GUARD),
)
silent(
    "commit-that-does-not-build",
    "calc",
    commits=(
        (
            "Add totals to the tests",
            [
                test(
                    "src/lib.rs",
                    "#[test]\nfn totals() {\n    assert_eq!(total(&[Cents(1), Cents(2)]), Cents(3));\n}",
                )
            ],
        ),
        ("Add totals", [_TOTAL]),
    ),
    gates=("unbuildable_commits",),
)
silent(
    "boastful-commit",
    "calc",
    _TOTAL,
    test("src/lib.rs", "#[test]\nfn totals() {\n    assert_eq!(total(&[Cents(1), Cents(2)]), Cents(3));\n}"),
    message="🚀 Add a blazing-fast, production-ready and comprehensive totals solution",
    gates=("promotional_commits",),
)

tidy(
    "huge-file",
    "calc",
    write(
        "src/big.rs",
        "//! Numbers.\n\n"
        + "".join(f"/// The number {n}.\npub const N{n}: u32 = {n};\n" for n in range(150)),
    ),
    swap("src/lib.rs", "use std::fmt;\n", "use std::fmt;\n\npub mod big;\n"),
    gates=("oversized_files",),
)
tidy(
    "long-lines-under-rustfmt-skip",
    "calc",
    swap("src/lib.rs", "/// Splits an amount", "#[rustfmt::skip]\n/// Splits an amount"),
    swap(
        "src/lib.rs",
        "    let count = i64::from(shares.max(1));\n    let (each",
        "    let count = i64::from(shares.max(1)); let (each",
    ),
    gates=(_GUARD, "unformatted_code"),
)
tidy(
    "documentation-repeats-the-name",
    "calc",
    code(
        "src/lib.rs",
        "/// Total.\npub fn total(amounts: &[Cents]) -> Cents {\n    Cents(amounts.iter().map(|amount| amount.0).sum())\n}",
    ),
    test("src/lib.rs", "#[test]\nfn totals() {\n    assert_eq!(total(&[Cents(1), Cents(2)]), Cents(3));\n}"),
    gates=("undocumented_functions",),
)
tidy(
    "lint-allowed-without-a-reason",
    "calc",
    swap("src/lib.rs", "/// Splits an amount", "#[allow(clippy::needless_range_loop)]\n/// Splits an amount"),
    gates=(_GUARD,),
)
tidy("all-warnings-allowed", "calc", top("src/lib.rs", "#![allow(warnings)]\n"), gates=(_GUARD,))
tidy(
    "coverage-off",
    "calc",
    code(
        "src/lib.rs",
        "/// Doubles an amount.\n#[cfg_attr(coverage, coverage(off))]\npub fn double(amount: Cents) -> Cents {\n    Cents(amount.0 * 2)\n}",
    ),
    gates=(_GUARD, "low_coverage"),
)
tidy("lints-table-lowered", "calc", end("Cargo.toml", '\n[lints.clippy]\nall = "allow"\n'), gates=(_GUARD,))
tidy(
    "checks-taken-from-ci",
    "calc",
    swap(
        ".github/workflows/ci.yml",
        "      - run: cargo test --locked\n",
        "      - run: cargo test --locked || true\n",
    ),
    before=(
        write(
            ".github/workflows/ci.yml",
            "name: ci\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: cargo test --locked\n",
        ),
    ),
    gates=(_GUARD,),
)
tidy(
    "unwrap-in-the-library",
    "made",
    swap(
        "src/lib.rs",
        "    length.checked_mul(metres_in(unit)?)\n",
        "    length.checked_mul(metres_in(unit)?)?.checked_mul(1).unwrap().into()\n",
    ),
    gates=("panicking_library_code",),
)
tidy(
    "macro-hides-the-panic",
    "calc",
    code(
        "src/lib.rs",
        "macro_rules! must {\n    ($value:expr) => {\n        $value.unwrap()\n    };\n}\n\n/// Reads an amount that is known to be one.\npub fn read(text: &str) -> Cents {\n    must!(parse(text))\n}",
    ),
    test("src/lib.rs", '#[test]\nfn reads() {\n    assert_eq!(read("1"), Cents(100));\n}'),
    gates=("panicking_library_code",),
)
tidy(
    "unsafe-without-a-word",
    "bare",
    code(
        "src/lib.rs",
        "/// The first byte.\npub fn first(bytes: &[u8]) -> u8 {\n    unsafe { *bytes.get_unchecked(0) }\n}",
    ),
    test("src/lib.rs", "#[test]\nfn first_of_bytes() {\n    assert_eq!(first(b\"ab\"), b'a');\n}"),
    gates=("unexplained_unsafe", "clippy_warnings"),
)
tidy(
    "tests-after-a-green-start",
    "calc",
    test("src/lib.rs", "#[test]\nfn splits_one() {\n    assert_eq!(split(Cents(5), 1), vec![Cents(5)]);\n}"),
    swap(
        "src/lib.rs",
        "    if whole.is_empty() {\n        return Err(ParseError::Empty);\n    }\n    Ok(Cents(cents))\n",
        "    if whole.is_empty() && fraction.is_empty() {\n        return Err(ParseError::Empty);\n    }\n    Ok(Cents(cents))\n",
    ),
    gates=("green_before",),
)
