"""Honest work on code: new behaviour with its tests, refactorings, moves, renames, removals."""

from __future__ import annotations

from ..case import Family, Kind, code, end, move, remove, swap, test, write  # noqa: TID252

added = Family("honest: new behaviour", Kind.HONEST)
shaped = Family("honest: refactorings", Kind.HONEST)
removed = Family("honest: removals", Kind.HONEST)

added(
    "function-with-its-test",
    "calc",
    code(
        "src/lib.rs",
        "/// The sum of some amounts; None where it is too large to count.\n"
        "pub fn total(amounts: &[Cents]) -> Option<Cents> {\n"
        "    amounts\n        .iter()\n        .try_fold(0i64, |sum, amount| sum.checked_add(amount.0))\n"
        "        .map(Cents)\n}",
    ),
    test(
        "src/lib.rs",
        "#[test]\nfn totals_are_sums() {\n"
        "    assert_eq!(total(&[Cents(1), Cents(2)]), Some(Cents(3)));\n"
        "    assert_eq!(total(&[Cents(i64::MAX), Cents(1)]), None);\n}",
    ),
)
added(
    "method-with-an-integration-test",
    "store",
    swap(
        "src/lib.rs",
        "    /// How many values there are.\n",
        "    /// The names in order.\n    pub fn names(&self) -> impl Iterator<Item = &str> {\n"
        "        self.values.keys().map(String::as_str)\n    }\n\n    /// How many values there are.\n",
    ),
    end(
        "tests/store.rs",
        '\n#[test]\nfn names_are_in_order() {\n    let mut store = Store::new();\n    store.set("b", "2");\n'
        '    store.set("a", "1");\n    assert_eq!(store.names().collect::<Vec<_>>(), ["a", "b"]);\n}\n',
    ),
)
added(
    "bug-fix-with-a-regression-test",
    "calc",
    swap(
        "src/lib.rs",
        "    if whole.is_empty() {\n",
        "    if fraction.len() > 2 {\n        return Err(ParseError::Unexpected('.'));\n    }\n"
        "    if whole.is_empty() {\n",
    ),
    test(
        "src/lib.rs",
        "#[test]\nfn refuses_a_third_decimal() {\n"
        "    assert_eq!(parse(\"1.234\"), Err(ParseError::Unexpected('.')));\n}",
    ),
)
added(
    "changed-behaviour-with-changed-expectation",
    "calc",
    swap(
        "src/lib.rs",
        "/// Adds a tax in percent, rounded down to whole cents.\n",
        "/// Adds a tax in percent, rounded half up to whole cents.\n",
    ),
    swap(
        "src/lib.rs",
        "amount.0 * i64::from(percent) / 100)\n",
        "(amount.0 * i64::from(percent) + 50) / 100)\n",
    ),
    swap(
        "src/lib.rs",
        "        assert_eq!(with_tax(Cents(1000), 19), Cents(1190));\n",
        "        assert_eq!(with_tax(Cents(1000), 19), Cents(1190));\n"
        "        assert_eq!(with_tax(Cents(10), 19), Cents(12));\n",
    ),
    message="Round taxes half up",
)
added(
    "expected-value-changes-with-the-format",
    "store",
    swap("src/text.rs", 'format!("{name}={value}\\n")', 'format!("{name} = {value}\\n")'),
    swap("src/text.rs", "of the form `name=value`, each", "of the form `name = value`, each"),
    swap("tests/store.rs", '"a=1\\nb=2\\n"', '"a = 1\\nb = 2\\n"'),
    swap("tests/program.rs", '"a=1\\nb=2\\n"', '"a = 1\\nb = 2\\n"'),
)
added(
    "const-fn-with-its-test",
    "bare",
    code(
        "src/lib.rs",
        "/// The largest value of some bits, at most 64.\npub const fn largest(bits: u32) -> u64 {\n"
        "    if bits >= 64 {\n        u64::MAX\n    } else {\n        (1 << bits) - 1\n    }\n}",
    ),
    test(
        "src/lib.rs",
        "#[test]\nfn largest_of_bits() {\n    for (bits, value) in [(0, 0), (8, 255), (64, u64::MAX), (99, u64::MAX)] {\n"
        "        assert_eq!(largest(bits), value);\n    }\n}",
    ),
)
added(
    "const-fn-at-compile-time-only",
    "bare",
    code(
        "src/lib.rs",
        "const fn table() -> [u8; 4] {\n    let mut made = [0; 4];\n    let mut n = 0;\n"
        "    while n < 4 {\n        made[n] = 1 << n;\n        n += 1;\n    }\n    made\n}\n\n"
        "const TABLE: [u8; 4] = table();\n\n"
        "/// The bit of a number from 0 to 3; other numbers wrap around.\n"
        "pub fn bit(number: usize) -> u8 {\n    TABLE[number % TABLE.len()]\n}",
    ),
    swap("src/lib.rs", "const fn table()", "/// The bits of the first numbers.\nconst fn table()"),
    test(
        "src/lib.rs",
        "#[test]\nfn bits_wrap_around() {\n    assert_eq!(bit(2), 4);\n    assert_eq!(bit(5), 2);\n}",
    ),
)
added(
    "macro-makes-the-tests",
    "calc",
    code(
        "src/lib.rs",
        "/// The part of an amount in percent, rounded down.\n"
        "pub fn part(amount: Cents, percent: u32) -> Cents {\n    Cents(amount.0 * i64::from(percent) / 100)\n}",
    ),
    test(
        "src/lib.rs",
        "macro_rules! parts {\n    ($($name:ident: $percent:literal => $cents:literal;)*) => {\n        $(\n"
        "            #[test]\n            fn $name() {\n"
        "                assert_eq!(part(Cents(200), $percent), Cents($cents));\n            }\n        )*\n"
        "    };\n}\n\nparts! {\n    a_half: 50 => 100;\n    a_tenth: 10 => 20;\n}",
    ),
    gates=("green_before",),
)
added(
    "unsafe-done-right",
    "bare",
    code(
        "src/lib.rs",
        "/// The first byte, or zero where there is none.\npub fn first(bytes: &[u8]) -> u8 {\n"
        "    if bytes.is_empty() {\n        return 0;\n    }\n"
        "    // SAFETY: the slice is not empty, so its first element exists.\n"
        "    unsafe { *bytes.get_unchecked(0) }\n}",
    ),
    test(
        "src/lib.rs",
        '#[test]\nfn first_of_bytes() {\n    assert_eq!(first(b"ab"), b\'a\');\n    assert_eq!(first(b""), 0);\n}',
    ),
)
added(
    "randomised-test-with-a-seed",
    "queue",
    swap(
        "src/ring.rs",
        "    /// How many items there are.\n",
        "    /// How many places there are.\n    pub fn capacity(&self) -> usize {\n        self.places.len()\n    }\n\n"
        "    /// How many items there are.\n",
    ),
    test(
        "src/ring.rs",
        "#[test]\nfn behaves_like_a_deque_under_random_use() {\n"
        "    let mut state = 0x2545_F491_4F6C_DD1D_u64;\n"
        "    let mut ring = Ring::new(5);\n    let mut model = std::collections::VecDeque::new();\n"
        "    for number in 0..500 {\n        state ^= state << 13;\n        state ^= state >> 7;\n"
        "        state ^= state << 17;\n        if state & 1 == 0 && model.len() < ring.capacity() {\n"
        "            assert_eq!(ring.push(number), Ok(()));\n            model.push_back(number);\n"
        "        } else {\n            assert_eq!(ring.pop().is_some(), model.pop_front().is_some());\n        }\n"
        "        assert_eq!(ring.len(), model.len());\n    }\n}",
    ),
)
added(
    "error-type-of-its-own",
    "made",
    code(
        "src/lib.rs",
        "/// Why a length cannot be turned into metres.\n#[derive(Debug, Clone, PartialEq, Eq)]\n"
        "pub enum LengthError {\n    /// No such unit.\n    Unknown(String),\n    /// More metres than can be counted.\n"
        "    TooLong,\n}\n\n"
        "impl std::fmt::Display for LengthError {\n"
        "    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n        match self {\n"
        '            LengthError::Unknown(unit) => write!(f, "there is no unit {unit}"),\n'
        '            LengthError::TooLong => f.write_str("too many metres"),\n        }\n    }\n}\n\n'
        "impl std::error::Error for LengthError {}\n\n"
        "/// Turns a length into whole metres and says why it cannot.\n///\n/// # Errors\n///\n"
        "/// An unknown unit, or too many metres.\n"
        "pub fn try_metres(length: u64, unit: &str) -> Result<u64, LengthError> {\n"
        "    let each = metres_in(unit).ok_or_else(|| LengthError::Unknown(unit.to_string()))?;\n"
        "    length.checked_mul(each).ok_or(LengthError::TooLong)\n}",
    ),
    test(
        "src/lib.rs",
        '#[test]\nfn errors_say_why() {\n    assert_eq!(try_metres(2, "km"), Ok(2000));\n'
        '    let unknown = try_metres(1, "parsec").unwrap_err();\n'
        '    assert_eq!(unknown.to_string(), "there is no unit parsec");\n'
        '    let long = try_metres(u64::MAX, "km").unwrap_err();\n'
        '    assert_eq!(long.to_string(), "too many metres");\n}',
    ),
)
added(
    "feature-flag",
    "store",
    swap("Cargo.toml", "upper = []\n", "upper = []\nlower = []\n"),
    swap(
        "src/text.rs",
        "#[cfg(test)]",
        "/// A name as it is compared: without the space around it.\npub fn folded(name: &str) -> String {\n"
        '    let name = name.trim();\n    #[cfg(feature = "lower")]\n    let name = name.to_lowercase();\n'
        "    name.to_string()\n}\n\n#[cfg(test)]",
    ),
    test(
        "src/text.rs",
        "#[test]\nfn names_are_folded_by_feature_only() {\n"
        '    let expected = if cfg!(feature = "lower") { "ab" } else { "Ab" };\n'
        '    assert_eq!(folded(" Ab"), expected);\n}',
    ),
)
added(
    "code-for-another-platform",
    "store",
    swap(
        "src/text.rs",
        "#[cfg(test)]",
        '/// The line break of this platform.\n#[cfg(windows)]\npub fn line_break() -> &\'static str {\n    "\\r\\n"\n}\n\n'
        '/// The line break of this platform.\n#[cfg(not(windows))]\npub fn line_break() -> &\'static str {\n    "\\n"\n}\n\n'
        "#[cfg(test)]",
    ),
    test(
        "src/text.rs",
        "#[test]\nfn a_line_break_ends_in_a_newline() {\n    assert!(line_break().ends_with('\\n'));\n}",
    ),
)
added(
    "new-module-with-tests",
    "calc",
    swap("src/lib.rs", "use std::fmt;\n", "use std::fmt;\n\npub mod rate;\n"),
    write(
        "src/rate.rs",
        "//! Rates between currencies.\n\nuse crate::Cents;\n\n"
        "/// A rate in thousandths.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub struct Rate(pub i64);\n\n"
        "impl Rate {\n    /// What an amount is worth, rounded down.\n    pub fn of(self, amount: Cents) -> Cents {\n"
        "        Cents(amount.0 * self.0 / 1000)\n    }\n}\n\n"
        "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn rates_are_thousandths() {\n"
        "        assert_eq!(Rate(1500).of(Cents(200)), Cents(300));\n    }\n}\n",
    ),
)
added(
    "trait-with-a-default-method",
    "queue",
    code(
        "src/lib.rs",
        "/// Something that has a weight.\npub trait Weight {\n    /// Its weight in grams.\n    fn grams(&self) -> u64;\n\n"
        "    /// Whether it is heavier than a number of kilograms.\n    fn heavier_than(&self, kilograms: u64) -> bool {\n"
        "        self.grams() > kilograms * 1000\n    }\n}\n\n"
        "impl Weight for u64 {\n    fn grams(&self) -> u64 {\n        *self\n    }\n}",
    ),
    test(
        "src/lib.rs",
        "#[test]\nfn weights_compare() {\n    assert!(1001u64.heavier_than(1));\n    assert!(!1000u64.heavier_than(1));\n}",
    ),
)
added(
    "async-without-a-runtime",
    "queue",
    code(
        "src/lib.rs",
        "/// Adds what two futures give.\npub async fn sum(\n    left: impl std::future::Future<Output = u32>,\n"
        "    right: impl std::future::Future<Output = u32>,\n) -> u32 {\n    left.await + right.await\n}",
    ),
    test(
        "src/lib.rs",
        "#[test]\nfn sums_what_is_ready() {\n    use std::future::{ready, Future};\n"
        "    let mut work = std::pin::pin!(sum(ready(1), ready(2)));\n"
        "    let mut context = std::task::Context::from_waker(std::task::Waker::noop());\n"
        "    assert_eq!(work.as_mut().poll(&mut context), std::task::Poll::Ready(3));\n}",
    ),
)
added(
    "no-op-implementation-of-a-trait",
    "queue",
    code(
        "src/lib.rs",
        "/// Is told what happens.\npub trait Listener {\n    /// A job failed for the given time.\n"
        "    fn failed(&mut self, number: u32);\n}\n\n"
        "/// Listens to nothing.\npub struct Silent;\n\nimpl Listener for Silent {\n    fn failed(&mut self, _number: u32) {}\n}\n\n"
        "impl Listener for Vec<u32> {\n    fn failed(&mut self, number: u32) {\n        self.push(number);\n    }\n}\n\n"
        "/// Tells a listener of each failure.\npub fn report(numbers: &[u32], listener: &mut impl Listener) {\n"
        "    for number in numbers {\n        listener.failed(*number);\n    }\n}",
    ),
    test(
        "src/lib.rs",
        "#[test]\nfn listeners_hear_of_failures() {\n    let mut heard = Vec::new();\n    report(&[1, 2], &mut heard);\n"
        "    assert_eq!(heard, [1, 2]);\n    report(&[3], &mut Silent);\n}",
    ),
)
added(
    "table-of-literals",
    "calc",
    code(
        "src/lib.rs",
        "/// The sign of a currency by its code.\npub fn sign(code: &str) -> Option<&'static str> {\n    match code {\n"
        '        "EUR" => Some("€"),\n        "GBP" => Some("£"),\n        "JPY" => Some("¥"),\n'
        '        "USD" => Some("$"),\n        _ => None,\n    }\n}',
    ),
    test(
        "src/lib.rs",
        '#[test]\nfn signs_of_currencies() {\n    assert_eq!(sign("EUR"), Some("€"));\n    assert_eq!(sign("GBP"), Some("£"));\n'
        '    assert_eq!(sign("JPY"), Some("¥"));\n    assert_eq!(sign("USD"), Some("$"));\n    assert_eq!(sign("XXX"), None);\n}',
    ),
)
added(
    "program-option",
    "store",
    swap(
        "src/main.rs",
        "    for argument in std::env::args().skip(1) {\n",
        '    let mut count = false;\n    for argument in std::env::args().skip(1) {\n        count |= argument == "--count";\n',
    ),
    swap(
        "src/main.rs",
        '    print!("{}", store.dump());\n',
        '    if count {\n        println!("{}", store.len());\n    } else {\n        print!("{}", store.dump());\n    }\n',
    ),
    swap(
        "src/main.rs",
        "fn main() {",
        "/// Reads the arguments and prints the store, or with `--count` how much is in it.\nfn main() {",
    ),
    end(
        "tests/program.rs",
        '\n#[test]\nfn counts() {\n    let output = Command::new(env!("CARGO_BIN_EXE_store"))\n        .args(["--count", "a=1"])\n'
        '        .output()\n        .expect("the program starts");\n    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\\n");\n}\n',
    ),
)
added(
    "derive-for-enums-through-the-macro",
    "space",
    swap(
        "app/src/lib.rs",
        "/// A shelf that",
        "/// How a shelf hangs.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, Named)]\npub enum Mount {\n    /// On the wall.\n    Wall,\n    /// On the floor.\n    Floor,\n}\n\n/// A shelf that",
    ),
    swap("app/tests/shelf.rs", "use app::Shelf;\n", "use app::{Mount, Shelf};\n"),
    swap(
        "app/tests/shelf.rs",
        '    assert_eq!(Shelf::NAME, "Shelf");\n',
        '    assert_eq!(Shelf::NAME, "Shelf");\n    assert_eq!(Mount::NAME, "Mount");\n',
    ),
)
added(
    "generated-table-grows",
    "made",
    write("units.txt", "m 1\nkm 1000\nmile 1609\nfathom 2\n"),
    test("src/lib.rs", '#[test]\nfn fathoms_are_known() {\n    assert_eq!(metres_in("fathom"), Some(2));\n}'),
)
added(
    "process-exit-in-main",
    "store",
    swap(
        "src/main.rs",
        "        if let Some((name, value)) = read_line(&argument) {\n            store.set(name, value);\n        }\n",
        '        let Some((name, value)) = read_line(&argument) else {\n            eprintln!("no name and value: {argument}");\n            std::process::exit(2);\n        };\n        store.set(name, value);\n',
    ),
    swap(
        "src/main.rs",
        "fn main() {",
        "/// Reads the arguments and prints the store; ends with 2 where an argument is none.\nfn main() {",
    ),
    swap("tests/program.rs", '["b=2", "a=1", "nothing"]', '["b=2", "a=1"]'),
    end(
        "tests/program.rs",
        '\n#[test]\nfn refuses_what_is_no_value() {\n    let output = Command::new(env!("CARGO_BIN_EXE_store"))\n        .arg("nothing")\n'
        '        .output()\n        .expect("the program starts");\n    assert_eq!(output.status.code(), Some(2));\n}\n',
    ),
)

shaped(
    "extract-a-function",
    "calc",
    swap(
        "src/lib.rs",
        "    for c in whole.chars() {\n        let digit = c.to_digit(10).ok_or(ParseError::Unexpected(c))?;\n        cents = cents * 10 + i64::from(digit);\n",
        "    for c in whole.chars() {\n        cents = cents * 10 + digit_of(c)?;\n",
    ),
    swap(
        "src/lib.rs",
        "        let digit = c.to_digit(10).ok_or(ParseError::Unexpected(c))?;\n        scale /= 10;\n        cents += i64::from(digit) * scale;\n",
        "        scale /= 10;\n        cents += digit_of(c)? * scale;\n",
    ),
    code(
        "src/lib.rs",
        "/// The value of a decimal digit.\nfn digit_of(c: char) -> Result<i64, ParseError> {\n    c.to_digit(10)\n        .map(i64::from)\n        .ok_or(ParseError::Unexpected(c))\n}",
    ),
)
shaped(
    "rename-a-function-and-its-uses",
    "calc",
    swap("src/lib.rs", "pub fn with_tax(", "pub fn add_tax("),
    swap("src/lib.rs", "assert_eq!(with_tax(", "assert_eq!(add_tax("),
)
shaped(
    "rename-tests",
    "calc",
    swap("src/lib.rs", "fn adds_tax()", "fn tax_is_added_and_rounded_down()"),
    swap("src/lib.rs", "fn reads_amounts()", "fn amounts_are_read()"),
)
_TESTS_BELOW = "src/ring/tests.rs"
shaped(
    "tests-move-to-a-file-of-their-own",
    "queue",
    swap(
        "src/lib.rs",
        "\n    #[test]\n    fn gives_up_with_the_last_failure() {\n        let failed: Result<(), _> = retry(2, Err);\n        assert_eq!(failed, Err(GaveUp::Exhausted(1)));\n        let none: Result<(), GaveUp<u32>> = retry(0, Err);\n        assert_eq!(none, Err(GaveUp::NeverTried));\n    }\n",
        "",
    ),
    write(
        "tests/retry.rs",
        "//! Retries from outside.\n\nuse queue::{retry, GaveUp};\n\n#[test]\nfn gives_up_with_the_last_failure() {\n    let failed: Result<(), _> = retry(2, Err);\n    assert_eq!(failed, Err(GaveUp::Exhausted(1)));\n    let none: Result<(), GaveUp<u32>> = retry(0, Err);\n    assert_eq!(none, Err(GaveUp::NeverTried));\n}\n",
    ),
)
shaped(
    "module-becomes-a-folder",
    "queue",
    move("src/ring.rs", "src/ring/mod.rs"),
)
shaped(
    "member-moves-to-another-folder",
    "space",
    move("shape/Cargo.toml", "crates/shape/Cargo.toml"),
    move("shape/src/lib.rs", "crates/shape/src/lib.rs"),
    swap("Cargo.toml", '"shape"', '"crates/shape"'),
    swap("app/Cargo.toml", "../shape", "../crates/shape"),
    gates=("hand_edited_manifest",),
)
shaped(
    "code-moves-between-members",
    "space",
    swap(
        "app/src/lib.rs",
        "    /// The width that is left.\n    pub fn left(&self) -> u32 {\n        self.room.width - self.used\n    }\n",
        "    /// The width that is left.\n    pub fn left(&self) -> u32 {\n        self.room.beside(self.used)\n    }\n",
    ),
    swap(
        "shape/src/lib.rs",
        "    /// Whether another one fits",
        "    /// The width that is left beside a used one; zero where that is wider.\n    pub fn beside(self, used: u32) -> u32 {\n        self.width.saturating_sub(used)\n    }\n\n    /// Whether another one fits",
    ),
    test(
        "shape/src/lib.rs",
        "#[test]\nfn what_is_left_beside_is_never_negative() {\n    let rect = Rect {\n        width: 3,\n        height: 1,\n    };\n    assert_eq!(rect.beside(2), 1);\n    assert_eq!(rect.beside(4), 0);\n}",
    ),
)
shaped(
    "faster-with-the-same-answers",
    "bare",
    swap(
        "src/lib.rs",
        "    for byte in bytes {\n        low = (low + u32::from(*byte)) % 65_521;\n        high = (high + low) % 65_521;\n    }\n",
        "    for block in bytes.chunks(5552) {\n        for byte in block {\n            low += u32::from(*byte);\n            high += low;\n        }\n        low %= 65_521;\n        high %= 65_521;\n    }\n",
    ),
    message="Take the remainder once a block",
)
shaped(
    "loop-becomes-an-iterator",
    "store",
    swap(
        "src/main.rs",
        "    let mut store = Store::new();\n    for argument in std::env::args().skip(1) {\n"
        "        if let Some((name, value)) = read_line(&argument) {\n            store.set(name, value);\n        }\n    }\n",
        "    let mut store = Store::new();\n    let arguments: Vec<String> = std::env::args().skip(1).collect();\n"
        "    for (name, value) in arguments.iter().filter_map(|argument| read_line(argument)) {\n"
        "        store.set(name, value);\n    }\n",
    ),
    swap("src/main.rs", "fn main() {", "/// Prints what the arguments say.\nfn main() {"),
)
shaped(
    "edition-bump",
    "bare",
    swap("Cargo.toml", 'edition = "2021"', 'edition = "2024"'),
)
shaped(
    "closure-becomes-a-function",
    "space",
    swap(
        "shape/src/lib.rs",
        "        let fits = |w: u32, h: u32| w <= self.width && h <= self.height;\n"
        "        fits(other.width, other.height) || fits(other.height, other.width)\n    }\n",
        "        self.fits(other.width, other.height) || self.fits(other.height, other.width)\n    }\n\n"
        "    /// Whether these sides fit as they are.\n    fn fits(self, width: u32, height: u32) -> bool {\n"
        "        width <= self.width && height <= self.height\n    }\n",
    ),
)
shaped(
    "tests-become-a-table",
    "calc",
    swap(
        "src/lib.rs",
        '        assert_eq!(parse("12.34"), Ok(Cents(1234)));\n        assert_eq!(parse("7"), Ok(Cents(700)));\n        assert_eq!(parse("0.5"), Ok(Cents(50)));\n',
        '        for (text, cents) in [("12.34", 1234), ("7", 700), ("0.5", 50)] {\n            assert_eq!(parse(text), Ok(Cents(cents)), "{text}");\n        }\n',
    ),
)
shaped(
    "helper-shared-by-tests",
    "space",
    remove("app/tests/shelf.rs"),
    write(
        "app/tests/common/mod.rs",
        "//! What the tests share.\n\nuse shape::Rect;\n\npub fn rect(width: u32, height: u32) -> Rect {\n    Rect { width, height }\n}\n",
    ),
    write(
        "app/tests/shelf.rs",
        '//! Shelves from outside.\n\nmod common;\n\nuse app::Shelf;\nuse common::rect;\n\n#[test]\nfn a_box_takes_its_width() {\n    let mut shelf = Shelf::new(rect(10, 3));\n    assert!(shelf.put(rect(4, 3)));\n    assert_eq!(shelf.left(), 6);\n}\n\n#[test]\nfn what_does_not_fit_stays_outside() {\n    let mut shelf = Shelf::new(rect(10, 3));\n    assert!(!shelf.put(rect(1, 4)));\n    assert!(!shelf.put(rect(11, 1)));\n    assert_eq!(shelf.left(), 10);\n}\n\n#[test]\nfn a_shelf_knows_its_name() {\n    assert_eq!(Shelf::NAME, "Shelf");\n}\n',
    ),
)

removed(
    "function-goes-with-its-tests",
    "calc",
    swap(
        "src/lib.rs",
        "/// Adds a tax in percent, rounded down to whole cents.\npub fn with_tax(amount: Cents, percent: u32) -> Cents {\n    Cents(amount.0 + amount.0 * i64::from(percent) / 100)\n}\n\n",
        "",
    ),
    swap(
        "src/lib.rs",
        "\n    #[test]\n    fn adds_tax() {\n        assert_eq!(with_tax(Cents(1000), 19), Cents(1190));\n    }\n",
        "",
    ),
)
removed(
    "module-goes-with-its-tests",
    "queue",
    swap("src/lib.rs", "mod ring;\n\npub use ring::Ring;\n\n", ""),
    remove("src/ring.rs"),
)
removed(
    "program-goes-with-its-test",
    "store",
    remove("src/main.rs"),
    remove("tests/program.rs"),
)
removed(
    "unused-feature-goes",
    "store",
    swap("Cargo.toml", "upper = []\n", ""),
)
