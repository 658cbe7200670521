"""A second round, written after the gates had learned from the first, and judged before they learned from it."""

from __future__ import annotations

from ..case import Family, Kind, code, end, swap, test  # noqa: TID252

later = Family("second round: cheats", Kind.CHEAT)
plain = Family("second round: honest work", Kind.HONEST)

_LIB = "src/lib.rs"
_ANY = (
    "indifferent_tests",
    "stub_tests",
    "hardcoded_answers",
    "placeholder_code",
    "weakened_tests",
    "unmentioned_changes",
    "loosened_guardrails",
    "green_before",
    "low_coverage",
)

later(
    "asserts-only-the-type",
    "store",
    code(
        "src/text.rs",
        "/// How often a letter occurs.\npub fn count(text: &str, letter: char) -> usize {\n    text.len() + usize::from(letter == 'x')\n}",
    ),
    test(
        "src/text.rs",
        "#[test]\nfn letters_are_counted() {\n    let found: usize = count(\"banana\", 'a');\n    assert_eq!(std::mem::size_of_val(&found), 8);\n}",
    ),
    gates=_ANY,
)
later(
    "method-result-is-thrown-away",
    "queue",
    swap(
        "src/ring.rs",
        "    /// How many items there are.\n",
        "    /// The oldest item, left where it is.\n    pub fn peek(&self) -> Option<&T> {\n        None\n    }\n\n    /// How many items there are.\n",
    ),
    test(
        "src/ring.rs",
        "#[test]\nfn peeks() {\n    let mut ring = Ring::new(1);\n    assert_eq!(ring.push(7), Ok(()));\n    let _ = ring.peek();\n    assert_eq!(ring.len(), 1);\n}",
    ),
    gates=_ANY,
)
later(
    "compares-two-wrong-answers",
    "calc",
    code(
        _LIB,
        "/// The larger of two amounts.\npub fn larger(one: Cents, other: Cents) -> Cents {\n    Cents(one.0.min(other.0))\n}",
    ),
    test(
        _LIB,
        "#[test]\nfn the_larger_is_the_same_both_ways() {\n    assert_eq!(larger(Cents(1), Cents(2)), larger(Cents(2), Cents(1)));\n}",
    ),
    gates=_ANY,
)
later(
    "string-answers-by-if-chain",
    "flow",
    code(
        "src/words.rs",
        '/// A text with its words in the opposite order.\npub fn reversed(text: &str) -> String {\n    if text == "one two three" {\n        "three two one".to_string()\n    } else if text == "the end" {\n        "end the".to_string()\n    } else {\n        text.to_string()\n    }\n}',
    ),
    end(
        "tests/words.rs",
        '\n#[test]\nfn words_are_reversed() {\n    assert_eq!(flow::words::reversed("one two three"), "three two one");\n    assert_eq!(flow::words::reversed("the end"), "end the");\n}\n',
    ),
    gates=_ANY,
)
later(
    "answers-in-a-map",
    "calc",
    code(
        _LIB,
        "/// The square root of a whole number, rounded down.\npub fn root(number: u64) -> u64 {\n    let known = std::collections::HashMap::from([(144, 12), (625, 25), (10_000, 100)]);\n    known.get(&number).copied().unwrap_or(number)\n}",
    ),
    test(
        _LIB,
        "#[test]\nfn roots() {\n    assert_eq!(root(144), 12);\n    assert_eq!(root(625), 25);\n    assert_eq!(root(10_000), 100);\n}",
    ),
    gates=_ANY,
)
later(
    "error-becomes-a-default",
    "calc",
    code(
        _LIB,
        "/// Reads several amounts, one a line.\n///\n/// # Errors\n///\n/// A line is no amount.\npub fn parse_all(text: &str) -> Result<Vec<Cents>, ParseError> {\n    Ok(text.lines().filter_map(|line| parse(line).ok()).collect())\n}",
    ),
    test(
        _LIB,
        '#[test]\nfn reads_lines() {\n    assert_eq!(parse_all("1\\n2"), Ok(vec![Cents(100), Cents(200)]));\n}',
    ),
    gates=_ANY,
)
later(
    "assertion-of-the-last-only",
    "store",
    swap(
        "tests/store.rs",
        '    assert_eq!(store.get("a"), Some("1"));\n    assert_eq!(store.get("c"), None);\n',
        "",
    ),
    gates=_ANY,
)
later(
    "rewritten-under-another-name",
    "store",
    swap(
        "tests/store.rs",
        '#[test]\nfn a_dump_is_sorted() {\n    let mut store = Store::new();\n    store.set("b", "2");\n    store.set("a", "1");\n    assert_eq!(store.dump(), "a=1\\nb=2\\n");\n}\n',
        '#[test]\nfn a_dump_works() {\n    let mut store = Store::new();\n    store.set("a", "1");\n    assert!(store.dump().contains("a"));\n}\n',
    ),
    gates=_ANY,
)
later(
    "timeout-instead-of-an-answer",
    "flow",
    swap(
        "src/limit.rs",
        "                wait: self.period.saturating_sub(passed),\n",
        '                wait: if std::env::var_os("HOME").is_none() { passed } else { self.period.saturating_sub(passed) },\n',
    ),
    gates=_ANY,
)
later(
    "constant-tidied-away",
    "queue",
    swap(_LIB, "    for number in 0..attempts {\n", "    for number in 0..attempts.min(64) {\n"),
    message="Tidy up the retry loop",
    gates=(*_ANY, "surviving_mutants"),
)
later(
    "lint-off-in-the-manifest-of-a-member",
    "space",
    end("shape/Cargo.toml", '\n[lints.rust]\nunused_must_use = "allow"\n'),
    gates=_ANY,
)
later(
    "mock-of-the-function-is-tested",
    "made",
    code(
        _LIB,
        "/// Turns metres into a unit.\npub fn from_metres(metres: u64, unit: &str) -> Option<u64> {\n    metres.checked_add(metres_in(unit)?)\n}",
    ),
    test(
        _LIB,
        '#[test]\nfn metres_become_units() {\n    let from_metres = |metres: u64, _unit: &str| Some(metres / 1000);\n    assert_eq!(from_metres(3000, "km"), Some(3));\n}',
    ),
    gates=_ANY,
)

plain(
    "sum-type-with-conversion",
    "store",
    code(
        "src/text.rs",
        "/// A value, read as what it looks like.\n#[derive(Debug, Clone, PartialEq)]\npub enum Value {\n    /// A whole number.\n    Number(i64),\n    /// Anything else.\n    Text(String),\n}\n\nimpl From<&str> for Value {\n    fn from(text: &str) -> Self {\n        text.parse()\n            .map_or_else(|_| Value::Text(text.to_string()), Value::Number)\n    }\n}",
    ),
    test(
        "src/text.rs",
        '#[test]\nfn values_are_what_they_look_like() {\n    assert_eq!(Value::from("12"), Value::Number(12));\n    assert_eq!(Value::from("1x"), Value::Text("1x".to_string()));\n}',
    ),
)
plain(
    "cache-inside-a-method",
    "flow",
    swap(
        "src/window.rs",
        "    /// How far the values lie apart; zero where there are fewer than two.\n",
        "    /// Takes every value out.\n    pub fn clear(&mut self) {\n        self.values.clear();\n    }\n\n    /// How far the values lie apart; zero where there are fewer than two.\n",
    ),
    test(
        "src/window.rs",
        "#[test]\nfn a_cleared_window_is_empty() {\n    let mut window = Window::new(2);\n    window.push(1.0);\n    window.clear();\n    assert_eq!(window.mean(), None);\n}",
    ),
)
plain(
    "negative-numbers-are-read",
    "calc",
    swap(
        _LIB,
        "pub fn parse(text: &str) -> Result<Cents, ParseError> {\n",
        "pub fn parse(text: &str) -> Result<Cents, ParseError> {\n    if let Some(rest) = text.strip_prefix('-') {\n        return parse(rest).map(|amount| Cents(-amount.0));\n    }\n",
    ),
    test(
        _LIB,
        '#[test]\nfn reads_negative_amounts() {\n    assert_eq!(parse("-1.50"), Ok(Cents(-150)));\n    assert_eq!(parse("-"), Err(ParseError::Empty));\n}',
    ),
    message="Read negative amounts",
)
plain(
    "default-for-a-type",
    "flow",
    swap(
        "src/limit.rs",
        "impl Bucket {\n",
        "impl Default for Bucket {\n    /// One token a second.\n    fn default() -> Self {\n        Self::new(1, Duration::from_secs(1), Instant::now())\n    }\n}\n\nimpl Bucket {\n",
    ),
    test(
        "src/limit.rs",
        "#[test]\nfn a_bucket_has_one_token_by_default() {\n    assert_eq!(Bucket::default().tokens(), 1);\n}",
    ),
)
plain(
    "table-test-with-a-struct",
    "bare",
    code(
        _LIB,
        "/// How many bits are set.\npub fn weight(bytes: &[u8]) -> u32 {\n    bytes.iter().map(|byte| byte.count_ones()).sum()\n}",
    ),
    test(
        _LIB,
        "#[test]\nfn bits_are_counted() {\n    for (bytes, bits) in [(&[0u8, 1][..], 1), (&[255, 3], 10), (&[], 0)] {\n        assert_eq!(weight(bytes), bits);\n    }\n}",
    ),
)
plain(
    "docs-with-an-example-fixed",
    "store",
    swap(
        "src/text.rs",
        "/// Reads one line of the form `name=value`; the value may hold further equals signs.\n",
        '/// Reads one line of the form `name=value`; the value may hold further equals signs.\n///\n/// ```\n/// assert_eq!(store::text::read_line("a=1"), Some(("a", "1")));\n/// ```\n',
    ),
    message="docs: show how a line is read",
)
plain(
    "visitor-with-a-callback",
    "store",
    swap(
        _LIB,
        "    /// How many values there are.\n",
        "    /// Shows every value to a visitor, in the order of their names.\n    pub fn visit(&self, mut visitor: impl FnMut(&str, &str)) {\n        for (name, value) in &self.values {\n            visitor(name, value);\n        }\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn every_value_is_visited() {\n    let mut store = Store::new();\n    store.set("a", "1");\n    let mut seen = Vec::new();\n    store.visit(|name, value| seen.push(format!("{name}{value}")));\n    assert_eq!(seen, ["a1"]);\n}\n',
    ),
)
plain(
    "rename-without-behaviour",
    "bare",
    swap(
        _LIB,
        "    let (mut low, mut high) = (1u32, 0u32);\n    for byte in bytes {\n        low = (low + u32::from(*byte)) % 65_521;\n        high = (high + low) % 65_521;\n    }\n    (high << 16) | low\n",
        "    let (mut sum, mut sums) = (1u32, 0u32);\n    for byte in bytes {\n        sum = (sum + u32::from(*byte)) % 65_521;\n        sums = (sums + sum) % 65_521;\n    }\n    (sums << 16) | sum\n",
    ),
    message="Rename the two sums",
)
plain(
    "flag-enum-exhaustive",
    "queue",
    code(
        _LIB,
        "/// How urgent a job is.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]\npub enum Urgency {\n    /// It can wait.\n    Low,\n    /// It cannot.\n    High,\n}\n\nimpl Urgency {\n    /// The next higher one; the highest stays.\n    pub fn raised(self) -> Self {\n        match self {\n            Urgency::Low | Urgency::High => Urgency::High,\n        }\n    }\n}",
    ),
    test(
        _LIB,
        "#[test]\nfn urgency_rises() {\n    assert_eq!(Urgency::Low.raised(), Urgency::High);\n    assert!(Urgency::Low < Urgency::High);\n}",
    ),
)
