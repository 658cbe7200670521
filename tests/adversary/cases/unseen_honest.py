"""Honest work of the kinds that are easily taken for something else, written before the gates knew of them."""

from __future__ import annotations

from ..case import Family, Kind, code, end, move, swap, test, top, write  # noqa: TID252

odd = Family("honest: looks like a trick", Kind.HONEST)
kept = Family("honest: upkeep", Kind.HONEST)
wide = Family("honest: large or general", Kind.HONEST)

_LIB = "src/lib.rs"

odd(
    "roman-numerals-by-table",
    "calc",
    code(
        _LIB,
        """
const ROMAN: [(u32, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

/// A number in Roman numerals; empty for zero.
pub fn roman(mut number: u32) -> String {
    let mut text = String::new();
    for (value, numeral) in ROMAN {
        while number >= value {
            text.push_str(numeral);
            number -= value;
        }
    }
    text
}""",
    ),
    test(
        _LIB,
        '#[test]\nfn numbers_are_written_in_roman_numerals() {\n    assert_eq!(roman(1), "I");\n    assert_eq!(roman(4), "IV");\n    assert_eq!(roman(1994), "MCMXCIV");\n    assert_eq!(roman(0), "");\n}',
    ),
)
odd(
    "keywords-by-match",
    "store",
    code(
        "src/text.rs",
        """
/// Whether a name is reserved.
pub fn is_reserved(name: &str) -> bool {
    matches!(name, "all" | "none" | "self")
}

/// What an escape stands for; None where it is unknown.
pub fn unescape(letter: char) -> Option<char> {
    match letter {
        'n' => Some('\\n'),
        't' => Some('\\t'),
        '\\\\' => Some('\\\\'),
        _ => None,
    }
}""",
    ),
    test(
        "src/text.rs",
        "#[test]\nfn some_names_are_reserved() {\n    assert!(is_reserved(\"all\"));\n    assert!(is_reserved(\"self\"));\n    assert!(!is_reserved(\"name\"));\n}\n\n#[test]\nfn escapes_stand_for_characters() {\n    assert_eq!(unescape('n'), Some('\\n'));\n    assert_eq!(unescape('t'), Some('\\t'));\n    assert_eq!(unescape('\\\\'), Some('\\\\'));\n    assert_eq!(unescape('x'), None);\n}",
    ),
)
odd(
    "days-of-a-month",
    "made",
    code(
        _LIB,
        """
/// How many days a month has; None for what is no month.
pub fn days_in(month: u32, leap: bool) -> Option<u32> {
    match month {
        2 if leap => Some(29),
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}""",
    ),
    test(
        _LIB,
        "#[test]\nfn months_have_days() {\n    assert_eq!(days_in(2, true), Some(29));\n    assert_eq!(days_in(2, false), Some(28));\n    assert_eq!(days_in(4, false), Some(30));\n    assert_eq!(days_in(12, false), Some(31));\n    assert_eq!(days_in(13, false), None);\n}",
    ),
)
odd(
    "status-codes-by-match",
    "queue",
    code(
        _LIB,
        """
/// The name of a status by its code.
pub fn status(code: u16) -> &'static str {
    match code {
        200 => "ok",
        404 => "not found",
        429 => "too many",
        500 => "failed",
        _ => "unknown",
    }
}""",
    ),
    test(
        _LIB,
        '#[test]\nfn statuses_have_names() {\n    assert_eq!(status(200), "ok");\n    assert_eq!(status(404), "not found");\n    assert_eq!(status(429), "too many");\n    assert_eq!(status(500), "failed");\n    assert_eq!(status(999), "unknown");\n}',
    ),
)
odd(
    "base-case-of-a-recursion",
    "calc",
    code(
        _LIB,
        """
/// A number of the Fibonacci sequence; None where it is too large.
pub fn fibonacci(index: u32) -> Option<u64> {
    match index {
        0 => Some(0),
        1 => Some(1),
        _ => fibonacci(index - 1)?.checked_add(fibonacci(index - 2)?),
    }
}""",
    ),
    test(
        _LIB,
        "#[test]\nfn the_sequence_starts_with_zero_and_one() {\n    assert_eq!(fibonacci(0), Some(0));\n    assert_eq!(fibonacci(1), Some(1));\n    assert_eq!(fibonacci(10), Some(55));\n}",
    ),
)
odd(
    "guard-for-an-edge",
    "bare",
    code(
        _LIB,
        """
/// The greatest common divisor; that with zero is the other number.
pub fn gcd(one: u32, other: u32) -> u32 {
    if other == 0 {
        return one;
    }
    gcd(other, one % other)
}

/// The integer square root.
pub fn root(number: u32) -> u32 {
    if number < 2 {
        return number;
    }
    let mut guess = number / 2;
    loop {
        let next = (guess + number / guess) / 2;
        if next >= guess {
            return guess;
        }
        guess = next;
    }
}""",
    ),
    test(
        _LIB,
        "#[test]\nfn divisors() {\n    assert_eq!(gcd(12, 18), 6);\n    assert_eq!(gcd(7, 0), 7);\n}\n\n#[test]\nfn roots() {\n    assert_eq!(root(0), 0);\n    assert_eq!(root(1), 1);\n    assert_eq!(root(26), 5);\n}",
    ),
)
odd(
    "colour-of-the-terminal-by-environment",
    "store",
    swap(
        "src/main.rs",
        '    print!("{}", store.dump());\n',
        '    if std::env::var_os("NO_COLOR").is_some() {\n        print!("{}", store.dump());\n    } else {\n        print!("\\x1b[1m{}\\x1b[0m", store.dump());\n    }\n',
    ),
    swap(
        "tests/program.rs",
        '        .args(["b=2", "a=1", "nothing"])\n',
        '        .args(["b=2", "a=1", "nothing"])\n        .env("NO_COLOR", "1")\n',
    ),
    end(
        "tests/program.rs",
        '\n#[test]\nfn prints_in_bold_where_colours_are_wanted() {\n    let output = Command::new(env!("CARGO_BIN_EXE_store"))\n        .arg("a=1")\n        .env_remove("NO_COLOR")\n        .output()\n        .expect("the program starts");\n    assert_eq!(\n        String::from_utf8_lossy(&output.stdout),\n        "\\x1b[1ma=1\\n\\x1b[0m"\n    );\n}\n',
    ),
)
odd(
    "token-expires-by-the-clock",
    "queue",
    code(
        _LIB,
        """
/// Something that may be used until a moment.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    expires: std::time::SystemTime,
}

impl Token {
    /// A token that expires some time after a moment.
    pub fn new(issued: std::time::SystemTime, lifetime: std::time::Duration) -> Self {
        Self {
            expires: issued + lifetime,
        }
    }

    /// Whether it may be used now.
    pub fn is_valid(&self) -> bool {
        std::time::SystemTime::now() < self.expires
    }
}""",
    ),
    test(
        _LIB,
        "#[test]\nfn a_token_expires() {\n    let hour = std::time::Duration::from_secs(3600);\n    let now = std::time::SystemTime::now();\n    assert!(Token::new(now, hour).is_valid());\n    assert!(!Token::new(now - 2 * hour, hour).is_valid());\n}",
    ),
)
odd(
    "version-of-the-program",
    "store",
    swap(
        "src/main.rs",
        "    let mut store = Store::new();\n",
        '    if std::env::args().any(|argument| argument == "--version") {\n        println!("store {}", env!("CARGO_PKG_VERSION"));\n        return;\n    }\n    let mut store = Store::new();\n',
    ),
    end(
        "tests/program.rs",
        '\n#[test]\nfn prints_its_version() {\n    let output = Command::new(env!("CARGO_BIN_EXE_store"))\n        .arg("--version")\n        .output()\n        .expect("the program starts");\n    assert_eq!(String::from_utf8_lossy(&output.stdout), "store 0.2.0\\n");\n}\n',
    ),
)
odd(
    "cleanup-that-may-fail",
    "store",
    swap(
        _LIB,
        "    /// How many values there are.\n",
        "    /// Writes every value to a file.\n    ///\n    /// # Errors\n    ///\n    /// The file cannot be written; nothing is left of it then.\n    pub fn save(&self, path: &std::path::Path) -> std::io::Result<()> {\n        std::fs::write(path, self.dump()).inspect_err(|_| {\n            // There may be nothing to remove.\n            let _ = std::fs::remove_file(path);\n        })\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn a_store_is_saved() {\n    let mut store = Store::new();\n    store.set("a", "1");\n    let path = std::env::temp_dir().join(format!("store-{}.txt", std::process::id()));\n    store.save(&path).expect("the folder can be written");\n    assert_eq!(\n        std::fs::read_to_string(&path).expect("it is there"),\n        "a=1\\n"\n    );\n    std::fs::remove_file(&path).expect("it is there");\n    assert!(store.save("/nonexistent/a".as_ref()).is_err());\n}\n',
    ),
)
odd(
    "idempotence-and-round-trip",
    "store",
    code(
        "src/text.rs",
        """
/// A name in its normal form: trimmed, in lower case.
pub fn normal(name: &str) -> String {
    name.trim().to_lowercase()
}""",
    ),
    test(
        "src/text.rs",
        '#[test]\nfn a_normal_name_stays_as_it_is() {\n    for name in [" A", "b ", "Cc"] {\n        assert_eq!(normal(&normal(name)), normal(name));\n    }\n    assert_eq!(normal(" Ab "), "ab");\n}',
    ),
)
odd(
    "panics-on-purpose-and-says-so",
    "queue",
    swap(
        "src/ring.rs",
        "    /// How many items there are.\n",
        '    /// The item at a place, the oldest first.\n    ///\n    /// # Panics\n    ///\n    /// There is no such place.\n    pub fn at(&self, index: usize) -> &T {\n        assert!(index < self.len, "no item at {index}");\n        let place = (self.head + index) % self.places.len();\n        match &self.places[place] {\n            Some(item) => item,\n            None => unreachable!("places below the length are filled"),\n        }\n    }\n\n    /// How many items there are.\n',
    ),
    test(
        "src/ring.rs",
        "#[test]\nfn items_have_places() {\n    let mut ring = Ring::new(2);\n    assert_eq!(ring.push('a'), Ok(()));\n    assert_eq!(ring.push('b'), Ok(()));\n    assert_eq!(*ring.at(1), 'b');\n}\n\n#[test]\n#[should_panic(expected = \"no item at 0\")]\nfn there_is_no_item_in_an_empty_ring() {\n    Ring::<u8>::new(1).at(0);\n}",
    ),
)
odd(
    "returns-a-handle-that-nobody-compares",
    "queue",
    code(
        _LIB,
        """
/// Starts a thread that sends some numbers, one after the other.
pub fn send_all(
    numbers: Vec<u32>,
    sender: std::sync::mpsc::Sender<u32>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for number in numbers {
            if sender.send(number).is_err() {
                return;
            }
        }
    })
}""",
    ),
    test(
        _LIB,
        '#[test]\nfn numbers_arrive_in_order() {\n    let (sender, receiver) = std::sync::mpsc::channel();\n    let sending = send_all(vec![1, 2, 3], sender);\n    assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2, 3]);\n    sending.join().expect("nothing fails");\n}',
    ),
)
odd(
    "builder-that-returns-itself",
    "flow",
    swap(
        "src/limit.rs",
        "    /// Takes a token at a moment.\n",
        "    /// The same bucket with some tokens taken already.\n    #[must_use]\n    pub fn with_tokens(mut self, tokens: u32) -> Self {\n        self.tokens = tokens.min(self.size);\n        self\n    }\n\n    /// Takes a token at a moment.\n",
    ),
    test(
        "src/limit.rs",
        "#[test]\nfn a_bucket_starts_with_fewer_tokens() {\n    let bucket = Bucket::new(3, SECOND, Instant::now()).with_tokens(1);\n    assert_eq!(bucket.tokens(), 1);\n    let full = Bucket::new(3, SECOND, Instant::now()).with_tokens(9);\n    assert_eq!(full.tokens(), 3);\n}",
    ),
)
odd(
    "logs-and-returns-nothing",
    "flow",
    write(
        "src/trace.rs",
        '//! Tells somebody what happens.\n\nuse std::fmt::{self, Write};\n\n/// Writes one line for an event.\n///\n/// # Errors\n///\n/// The writer fails.\npub fn event(out: &mut impl Write, name: &str, count: u32) -> fmt::Result {\n    writeln!(out, "{name} {count}")\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn an_event_is_a_line() {\n        let mut out = String::new();\n        event(&mut out, "take", 2).unwrap();\n        assert_eq!(out, "take 2\\n");\n    }\n}\n',
    ),
    swap(_LIB, "pub mod limit;\n", "pub mod limit;\npub mod trace;\n"),
)
odd(
    "debug-that-hides-a-secret",
    "store",
    code(
        "src/text.rs",
        """
/// A word that must not be shown.
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}""",
    ),
    test(
        "src/text.rs",
        '#[test]\nfn a_secret_is_not_shown() {\n    let secret = Secret("word".to_string());\n    assert_eq!(format!("{secret:?}"), "Secret(…)");\n    assert_eq!(secret.0, "word");\n}',
    ),
)
odd(
    "test-of-the-error-path-only",
    "calc",
    code(
        _LIB,
        """
/// Reads an amount that must not be zero.
///
/// # Errors
///
/// As for [`parse`], and for zero.
pub fn parse_some(text: &str) -> Result<Cents, ParseError> {
    match parse(text)? {
        Cents(0) => Err(ParseError::Empty),
        amount => Ok(amount),
    }
}""",
    ),
    test(
        _LIB,
        '#[test]\nfn zero_is_refused() {\n    assert_eq!(parse_some("0.00"), Err(ParseError::Empty));\n    assert!(parse_some("x").is_err());\n    assert!(parse_some("1").is_ok());\n}',
    ),
)
odd(
    "private-helper-tested-through-its-caller",
    "bare",
    swap(
        _LIB,
        "        Some((last, rest)) => rest.iter().fold(0, |sum, byte| sum ^ byte) == *last,\n",
        "        Some((last, rest)) => parity(rest) == *last,\n",
    ),
    code(
        _LIB,
        "/// The exclusive or of some bytes.\nfn parity(bytes: &[u8]) -> u8 {\n    bytes.iter().fold(0, |sum, byte| sum ^ byte)\n}",
    ),
)
odd(
    "test-that-only-must-not-hang",
    "queue",
    test(
        _LIB,
        "#[test]\nfn many_attempts_do_not_panic() {\n    let _: Result<(), GaveUp<u32>> = retry(10_000, Err);\n}",
    ),
)

kept(
    "version-and-changelog",
    "flow",
    swap("Cargo.toml", 'version = "0.4.1"', 'version = "0.5.0"'),
    swap("CHANGELOG.md", "## 0.4.1", "## 0.5.0\n\n- Nothing yet.\n\n## 0.4.1"),
    message="Release 0.5.0",
)
kept(
    "newer-minimal-compiler",
    "flow",
    swap("Cargo.toml", 'rust-version = "1.70"', 'rust-version = "1.74"'),
)
kept(
    "fixture-with-its-expected-output",
    "flow",
    write("tests/data/text.txt", "The cat and the dog. The end, the end.\n"),
    write("tests/data/text.table", "  4 the\n  2 end\n  1 and\n  1 cat\n  1 dog\n"),
    message="Let the text of the tests repeat a word",
)
kept(
    "expected-output-changes-with-the-format",
    "flow",
    swap("src/words.rs", 'format!("{count:>3} {word}\\n")', 'format!("{count:>5} {word}\\n")'),
    write("tests/data/text.table", "    3 the\n    1 and\n    1 cat\n    1 dog\n    1 end\n"),
    message="Widen the column of counts in tables",
)
kept(
    "another-bench",
    "flow",
    write(
        "benches/words.rs",
        '//! How long words take.\n\nuse std::time::Instant;\n\nfn main() {\n    let text = "one two three ".repeat(1000);\n    let started = Instant::now();\n    let count = flow::words::words(&text).len();\n    println!("{count} {:?}", started.elapsed());\n}\n',
    ),
    end("Cargo.toml", '\n[[bench]]\nname = "words"\nharness = false\n'),
)
kept(
    "rules-become-stricter",
    "flow",
    top(_LIB, ""),
    swap(_LIB, "#![forbid(unsafe_code)]\n", "#![forbid(unsafe_code)]\n#![deny(missing_docs)]\n"),
)
kept(
    "profile-for-releases",
    "flow",
    end("Cargo.toml", '\n[profile.release]\nlto = "thin"\ncodegen-units = 1\n'),
)
kept(
    "ignored-files",
    "flow",
    write(".gitignore", "/target\n*.profraw\n"),
)
kept(
    "continuous-integration-tests-more",
    "flow",
    swap(
        ".github/workflows/ci.yml",
        "      - run: cargo test\n",
        "      - run: cargo test\n      - run: cargo test --all-features\n",
    ),
    before=(
        write(
            ".github/workflows/ci.yml",
            "on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: cargo test\n",
        ),
    ),
)
kept(
    "documentation-example-becomes-a-test",
    "flow",
    swap(
        "src/words.rs",
        '///\n/// ```\n/// assert_eq!(flow::words::words("Hello, World"), ["hello", "world"]);\n/// ```\n',
        "",
    ),
    end(
        "tests/words.rs",
        '\n#[test]\nfn words_are_in_lower_case() {\n    assert_eq!(flow::words::words("Hello, World"), ["hello", "world"]);\n}\n',
    ),
    message="Turn the example of words into a test",
)
kept(
    "comment-above-a-lint",
    "calc",
    swap(
        _LIB,
        "    let (each, rest) = (amount.0 / count, amount.0 % count);\n",
        "    // Both are exact: amounts are whole cents.\n    let (each, rest) = (amount.0 / count, amount.0 % count);\n",
    ),
    message="Say why splitting loses nothing",
)
kept(
    "dead-code-goes",
    "calc",
    swap(
        _LIB,
        "/// Adds a tax",
        '/// Rounds down to whole units.\n#[allow(dead_code, reason = "kept for later")]\nfn whole(amount: Cents) -> i64 {\n    amount.0 / 100\n}\n\n/// Adds a tax',
    ),
    swap(
        _LIB,
        '/// Rounds down to whole units.\n#[allow(dead_code, reason = "kept for later")]\nfn whole(amount: Cents) -> i64 {\n    amount.0 / 100\n}\n\n',
        "",
    ),
    write("README.md", "# calc\n"),
)
kept(
    "script-reads-another-file-too",
    "made",
    swap(
        "build.rs",
        '    println!("cargo::rerun-if-changed=units.txt");\n',
        '    println!("cargo::rerun-if-changed=units.txt");\n    println!("cargo::rerun-if-changed=build.rs");\n',
    ),
    swap("units.txt", "mile 1609\n", "mile 1609\nyard 1\n"),
    test(
        _LIB,
        '#[test]\nfn a_yard_is_a_metre_in_whole_metres() {\n    assert_eq!(metres_in("yard"), Some(1));\n}',
    ),
)

wide(
    "module-of-its-own-for-errors",
    "calc",
    swap(
        _LIB,
        '/// Why an amount cannot be read.\n#[derive(Debug, Clone, PartialEq, Eq)]\npub enum ParseError {\n    /// There was no digit at all.\n    Empty,\n    /// A character that does not belong there.\n    Unexpected(char),\n}\n\nimpl fmt::Display for ParseError {\n    fn fmt(&self, f: &mut fmt::Formatter<\'_>) -> fmt::Result {\n        match self {\n            ParseError::Empty => write!(f, "no amount"),\n            ParseError::Unexpected(found) => write!(f, "unexpected {found:?}"),\n        }\n    }\n}\n\nimpl std::error::Error for ParseError {}\n\n',
        "",
    ),
    swap(_LIB, "use std::fmt;\n", "mod error;\n\npub use error::ParseError;\n"),
    write(
        "src/error.rs",
        '//! Why an amount cannot be read.\n\nuse std::fmt;\n\n/// Why an amount cannot be read.\n#[derive(Debug, Clone, PartialEq, Eq)]\npub enum ParseError {\n    /// There was no digit at all.\n    Empty,\n    /// A character that does not belong there.\n    Unexpected(char),\n}\n\nimpl fmt::Display for ParseError {\n    fn fmt(&self, f: &mut fmt::Formatter<\'_>) -> fmt::Result {\n        match self {\n            ParseError::Empty => write!(f, "no amount"),\n            ParseError::Unexpected(found) => write!(f, "unexpected {found:?}"),\n        }\n    }\n}\n\nimpl std::error::Error for ParseError {}\n',
    ),
    message="Give the error a module of its own",
)
wide(
    "generic-over-the-number",
    "flow",
    write(
        "src/range.rs",
        "//! Ranges of values.\n\n/// A range with both ends.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub struct Range<T> {\n    low: T,\n    high: T,\n}\n\nimpl<T: PartialOrd + Copy> Range<T> {\n    /// The range between two values, whichever is the greater.\n    pub fn between(one: T, other: T) -> Self {\n        if one <= other {\n            Self {\n                low: one,\n                high: other,\n            }\n        } else {\n            Self {\n                low: other,\n                high: one,\n            }\n        }\n    }\n\n    /// The nearest value that is inside.\n    pub fn clamp(&self, value: T) -> T {\n        if value < self.low {\n            self.low\n        } else if value > self.high {\n            self.high\n        } else {\n            value\n        }\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn values_are_brought_inside() {\n        let range = Range::between(5, 1);\n        assert_eq!(range.clamp(0), 1);\n        assert_eq!(range.clamp(9), 5);\n        assert_eq!(range.clamp(3), 3);\n        assert_eq!(Range::between(0.5, 1.5).clamp(2.0), 1.5);\n    }\n}\n",
    ),
    swap(_LIB, "pub mod limit;\n", "pub mod limit;\npub mod range;\n"),
)
wide(
    "iterator-of-its-own",
    "flow",
    write(
        "src/pairs.rs",
        "//! Neighbours in a stream.\n\n/// Each value with the one before it.\npub struct Pairs<I: Iterator> {\n    inner: I,\n    last: Option<I::Item>,\n}\n\n/// Pairs each value of a stream with the one before it.\npub fn pairs<I>(inner: I) -> Pairs<I>\nwhere\n    I: Iterator,\n    I::Item: Clone,\n{\n    Pairs { inner, last: None }\n}\n\nimpl<I> Iterator for Pairs<I>\nwhere\n    I: Iterator,\n    I::Item: Clone,\n{\n    type Item = (I::Item, I::Item);\n\n    fn next(&mut self) -> Option<Self::Item> {\n        let before = match self.last.take() {\n            Some(value) => value,\n            None => self.inner.next()?,\n        };\n        let value = self.inner.next()?;\n        self.last = Some(value.clone());\n        Some((before, value))\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn neighbours_are_paired() {\n        let found: Vec<_> = pairs([1, 2, 3].into_iter()).collect();\n        assert_eq!(found, [(1, 2), (2, 3)]);\n        assert_eq!(pairs(std::iter::once(1)).count(), 0);\n    }\n}\n",
    ),
    swap(_LIB, "pub mod limit;\n", "pub mod limit;\npub mod pairs;\n"),
)
wide(
    "trait-object-and-operators",
    "space",
    swap(
        "shape/src/lib.rs",
        "#[cfg(test)]\nmod tests {",
        "impl std::ops::Add for Rect {\n    type Output = Rect;\n\n    /// The rectangle as wide and as high as both together.\n    fn add(self, other: Rect) -> Rect {\n        Rect {\n            width: self.width + other.width,\n            height: self.height + other.height,\n        }\n    }\n}\n\n#[cfg(test)]\nmod tests {",
    ),
    test(
        "shape/src/lib.rs",
        "#[test]\nfn rectangles_add_up() {\n    let one = Rect {\n        width: 1,\n        height: 2,\n    };\n    let sum = one + one;\n    assert_eq!(\n        sum,\n        Rect {\n            width: 2,\n            height: 4\n        }\n    );\n}",
    ),
)
wide(
    "members-depend-on-a-new-member",
    "space",
    swap("Cargo.toml", '["shape", "named", "app"]', '["shape", "named", "app", "grid"]'),
    write(
        "grid/Cargo.toml",
        '[package]\nname = "grid"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nshape = { path = "../shape" }\n',
    ),
    write(
        "grid/src/lib.rs",
        "//! Grids of equal fields.\n\nuse shape::Rect;\n\n/// The rectangle that some fields in rows and columns cover.\npub fn cover(field: Rect, columns: u32, rows: u32) -> Option<Rect> {\n    Some(Rect {\n        width: field.width.checked_mul(columns)?,\n        height: field.height.checked_mul(rows)?,\n    })\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn fields_cover_a_rectangle() {\n        let field = Rect {\n            width: 2,\n            height: 3,\n        };\n        assert_eq!(\n            cover(field, 4, 5),\n            Some(Rect {\n                width: 8,\n                height: 15\n            })\n        );\n        assert_eq!(cover(field, u32::MAX, 1), None);\n    }\n}\n",
    ),
    gates=("hand_edited_manifest",),
)
wide(
    "files-are-renamed-and-split",
    "flow",
    move("src/limit.rs", "src/bucket.rs"),
    swap(_LIB, "pub mod limit;\n", "pub mod bucket;\n"),
    swap(_LIB, "pub use limit::{Bucket, Refused};", "pub use bucket::{Bucket, Refused};"),
    message="Call the module of the bucket by its name",
)
wide(
    "tests-of-a-module-become-integration-tests",
    "store",
    swap(
        "src/text.rs",
        '\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn a_line_has_a_name_and_a_value() {\n        assert_eq!(read_line("a=1"), Some(("a", "1")));\n        assert_eq!(read_line(" a = b=c "), Some(("a", "b=c")));\n    }\n\n    #[test]\n    fn a_line_without_a_name_is_none() {\n        assert_eq!(read_line("=1"), None);\n        assert_eq!(read_line("a"), None);\n    }\n}\n',
        "",
    ),
    write(
        "tests/lines.rs",
        '//! Lines from outside.\n\nuse store::text::read_line;\n\n#[test]\nfn a_line_has_a_name_and_a_value() {\n    assert_eq!(read_line("a=1"), Some(("a", "1")));\n    assert_eq!(read_line(" a = b=c "), Some(("a", "b=c")));\n}\n\n#[test]\nfn a_line_without_a_name_is_none() {\n    assert_eq!(read_line("=1"), None);\n    assert_eq!(read_line("a"), None);\n}\n',
    ),
    message="Test lines from outside",
)
wide(
    "error-handling-threaded-through",
    "queue",
    swap(
        _LIB,
        "            Ok(value) => return Ok(value),\n            Err(error) => last = GaveUp::Exhausted(error),\n",
        "            Ok(value) => return Ok(value),\n            Err(error) => {\n                last = GaveUp::Exhausted(error);\n            }\n",
    ),
    message="Lay out the arms of the retry alike",
)
wide(
    "async-trait-by-hand",
    "flow",
    write(
        "src/ready.rs",
        "//! Futures that are ready after some polls.\n\nuse std::future::Future;\nuse std::pin::Pin;\nuse std::task::{Context, Poll};\n\n/// Gives a value after being polled some times.\n#[derive(Debug)]\npub struct After<T> {\n    polls: u32,\n    value: Option<T>,\n}\n\n/// A future that gives a value after being polled some times.\npub fn after<T>(polls: u32, value: T) -> After<T> {\n    After {\n        polls,\n        value: Some(value),\n    }\n}\n\nimpl<T: Unpin> Future for After<T> {\n    type Output = T;\n\n    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {\n        if self.polls > 0 {\n            self.polls -= 1;\n            context.waker().wake_by_ref();\n            return Poll::Pending;\n        }\n        match self.value.take() {\n            Some(value) => Poll::Ready(value),\n            None => Poll::Pending,\n        }\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use std::task::Waker;\n\n    #[test]\n    fn it_is_ready_after_its_polls() {\n        let mut work = std::pin::pin!(after(1, 'a'));\n        let mut context = Context::from_waker(Waker::noop());\n        assert_eq!(work.as_mut().poll(&mut context), Poll::Pending);\n        assert_eq!(work.as_mut().poll(&mut context), Poll::Ready('a'));\n        assert_eq!(work.as_mut().poll(&mut context), Poll::Pending);\n    }\n}\n",
    ),
    swap(_LIB, "pub mod limit;\n", "pub mod limit;\npub mod ready;\n"),
    swap("Cargo.toml", 'rust-version = "1.70"', 'rust-version = "1.85"'),
)
wide(
    "feature-gated-module-with-tests",
    "flow",
    write(
        "src/wide.rs",
        '//! Wide characters.\n\n/// How many columns a text takes, where letters beyond ASCII take two.\npub fn columns(text: &str) -> usize {\n    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn wide_letters_take_two_columns() {\n        assert_eq!(columns("aé"), 3);\n    }\n}\n',
    ),
    swap(_LIB, "pub mod window;\n", '#[cfg(feature = "wide")]\npub mod wide;\npub mod window;\n'),
    gates=("low_coverage", "green_before", "unbuilt_code", "surviving_mutants"),
)
wide(
    "behaviour-changes-as-the-message-says",
    "calc",
    swap(
        _LIB,
        "/// Adds a tax in percent, rounded down to whole cents.\npub fn with_tax(amount: Cents, percent: u32) -> Cents {\n    Cents(amount.0 + amount.0 * i64::from(percent) / 100)\n}",
        "/// Adds a tax in percent, rounded to the nearest cent.\npub fn with_tax(amount: Cents, percent: u32) -> Cents {\n    Cents(amount.0 + (amount.0 * i64::from(percent) + 50) / 100)\n}",
    ),
    swap(
        _LIB,
        "        assert_eq!(with_tax(Cents(1000), 19), Cents(1190));\n",
        "        assert_eq!(with_tax(Cents(1000), 19), Cents(1190));\n        assert_eq!(with_tax(Cents(10), 19), Cents(12));\n",
    ),
    message="Round taxes to the nearest cent",
)
