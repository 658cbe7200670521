"""A third round: honest work of unusual kinds, in generic, asynchronous, command line and unsafe crates."""

from __future__ import annotations

from ..case import Family, Kind, code, end, swap, test, write  # noqa: TID252

sound = Family("third round: honest work", Kind.HONEST)

# Gates that may not know: Miri runs no function of C, and green_before cannot tell a missing implementation
# that a macro brings from a test that is wrong.
_LIB = "src/lib.rs"
_POST = "post/src/lib.rs"

sound(
    "blanket-trait-over-gatherers",
    "lattice",
    code(
        "src/gather.rs",
        "/// Shows items by a method of their own.\npub trait GatherExt<T>: Gather<T> + Sized {\n    /// Sees all items and answers.\n    fn all<'a>(self, items: impl IntoIterator<Item = &'a T>) -> Self::Answer\n    where\n        T: 'a,\n    {\n        over(items, self)\n    }\n}\n\nimpl<T, G: Gather<T>> GatherExt<T> for G {}",
    ),
    test(
        "src/gather.rs",
        "#[test]\nfn a_gatherer_sees_all() {\n    assert_eq!(Largest::default().all(&[2, 8, 5]), Some(8));\n}",
    ),
)
sound(
    "macro-implements-a-trait-for-many",
    "lattice",
    swap(
        _LIB,
        "impl Ring for i64 {\n    const ZERO: Self = 0;\n    const ONE: Self = 1;\n}\n",
        "macro_rules! whole_rings {\n    ($($number:ty),*) => {$(\n        impl Ring for $number {\n            const ZERO: Self = 0;\n            const ONE: Self = 1;\n        }\n    )*};\n}\n\nwhole_rings!(i8, i16, i32, i64);\n",
    ),
    test(
        _LIB,
        "#[test]\nfn small_numbers_are_rings() {\n    let table = Table::new([[1i8, 2], [3, 4]]);\n    assert_eq!(table.times(&Table::one()), table);\n}",
    ),
    gates=("green_before",),
)
sound(
    "power-by-squaring",
    "lattice",
    swap(
        _LIB,
        "    /// The table that changes nothing when multiplied.\n",
        "    /// The table multiplied with itself.\n    pub fn power(mut self, mut times: u32) -> Self {\n        let mut product = Self::one();\n        while times > 0 {\n            if times % 2 == 1 {\n                product = product.times(&self);\n            }\n            self = self.times(&self);\n            times /= 2;\n        }\n        product\n    }\n\n    /// The table that changes nothing when multiplied.\n",
    ),
    test(
        _LIB,
        "#[test]\nfn powers_count_paths() {\n    let steps = Table::new([[1i64, 1], [1, 0]]);\n    assert_eq!(steps.power(10).get(0, 1), Some(55));\n    assert_eq!(steps.power(0), Table::one());\n}",
    ),
)
sound(
    "loops-in-another-order",
    "lattice",
    swap(
        _LIB,
        "            for (column, cell) in out.iter_mut().enumerate() {\n                for inner in 0..C {\n                    *cell = *cell + self.cells[row][inner] * other.cells[inner][column];\n                }\n            }\n",
        "            for inner in 0..C {\n                let factor = self.cells[row][inner];\n                for (column, cell) in out.iter_mut().enumerate() {\n                    *cell = *cell + factor * other.cells[inner][column];\n                }\n            }\n",
    ),
    message="Multiply row by row, which is kinder to the cache",
)
sound(
    "two-futures-at-once",
    "agenda",
    code(
        "runner/src/lib.rs",
        "/// Runs two futures side by side until both are done.\npub async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {\n    let (mut one, mut other) = (pin!(one), pin!(other));\n    let (mut first, mut second) = (None, None);\n    std::future::poll_fn(move |context| {\n        if first.is_none() {\n            if let Poll::Ready(output) = one.as_mut().poll(context) {\n                first = Some(output);\n            }\n        }\n        if second.is_none() {\n            if let Poll::Ready(output) = other.as_mut().poll(context) {\n                second = Some(output);\n            }\n        }\n        match (first.take(), second.take()) {\n            (Some(first), Some(second)) => Poll::Ready((first, second)),\n            (one, other) => {\n                (first, second) = (one, other);\n                Poll::Pending\n            }\n        }\n    })\n    .await\n}",
    ),
    test(
        "runner/src/lib.rs",
        '#[test]\nfn both_come_to_an_end() {\n    let slow = async {\n        Yield::default().await;\n        "slow"\n    };\n    assert_eq!(block_on(both(slow, async { 2 })), ("slow", 2));\n}',
    ),
)
sound(
    "a-member-joins",
    "agenda",
    swap("Cargo.toml", '"varint"]', '"varint", "frame"]'),
    write(
        "frame/Cargo.toml",
        '[package]\nname = "frame"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nvarint = { path = "../varint" }\n',
    ),
    write(
        "frame/src/lib.rs",
        "//! Texts with their length before them.\n\n/// Cuts the first text off; None where it is not whole.\npub fn cut(bytes: &[u8]) -> Option<(&[u8], &[u8])> {\n    let (length, used) = varint::read(bytes).ok()?;\n    bytes.get(used..)?.split_at_checked(length as usize)\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn a_text_is_cut_off() {\n        assert_eq!(cut(&[2, b'h', b'i', 9]), Some((&b\"hi\"[..], &[9u8][..])));\n        assert_eq!(cut(&[3, b'h']), None);\n    }\n}\n",
    ),
    message="Add a crate that cuts frames",
    gates=("hand_edited_manifest",),
)
sound(
    "every-letter-reports",
    "agenda",
    code(
        _POST,
        "/// Sends several letters and keeps those that could not be sent.\npub async fn deliver_all<'a, L: Line>(\n    line: &mut L,\n    letters: &[&'a str],\n    tries: u32,\n) -> Vec<(&'a str, SendError)> {\n    let mut failed = Vec::new();\n    for letter in letters {\n        if let Err(error) = deliver(line, letter, tries).await {\n            failed.push((*letter, error));\n        }\n    }\n    failed\n}",
    ),
    end(
        "post/tests/deliver.rs",
        '\n#[test]\nfn what_failed_is_kept() {\n    let mut line = slow(0);\n    let failed = block_on(post::deliver_all(&mut line, &["a", "", "b"], 2));\n    assert_eq!(failed, [("", SendError::Unknown)]);\n    assert_eq!(line.sent, ["a", "b"]);\n}\n',
    ),
)
sound(
    "signed-numbers-in-zigzag",
    "agenda",
    code(
        "varint/src/lib.rs",
        "/// A signed number as an unsigned one, so that small ones stay small.\npub const fn zigzag(number: i32) -> u32 {\n    ((number << 1) ^ (number >> 31)) as u32\n}\n\n/// The signed number behind an unsigned one.\npub const fn unzigzag(number: u32) -> i32 {\n    (number >> 1) as i32 ^ -((number & 1) as i32)\n}",
    ),
    test(
        "varint/src/lib.rs",
        "#[test]\nfn small_stays_small() {\n    assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);\n    for number in [i32::MIN, -77, 0, 12, i32::MAX] {\n        assert_eq!(unzigzag(zigzag(number)), number);\n    }\n}",
    ),
)
sound(
    "randomised-round-trip",
    "agenda",
    test(
        "varint/src/lib.rs",
        "#[test]\nfn any_number_comes_back() {\n    let mut state = 0x2545_f491u32;\n    for _ in 0..2000 {\n        state ^= state << 13;\n        state ^= state >> 17;\n        state ^= state << 5;\n        let number = state >> (state % 32);\n        let mut bytes = [0; 5];\n        let length = write(number, &mut bytes).unwrap_or(0);\n        assert_eq!(read(&bytes[..length]), Ok((number, length)));\n    }\n}",
    ),
    message="Try random numbers as well",
)
sound(
    "option-of-the-program",
    "tally",
    swap(
        "src/main.rs",
        '    let Some(path) = std::env::args_os().nth(1) else {\n        eprintln!("usage: tally FILE");\n',
        '    let mut words: Vec<_> = std::env::args_os().skip(1).collect();\n    let asked = words.len();\n    words.retain(|word| word != "--span");\n    let span = words.len() < asked;\n    let Some(path) = words.pop() else {\n        eprintln!("usage: tally [--span] FILE");\n',
    ),
    swap(
        "src/main.rs",
        "            if counts.broken > 0 {\n",
        '            if span {\n                println!("{} seconds", tally::span(&log));\n            }\n            if counts.broken > 0 {\n',
    ),
    end(
        "tests/program.rs",
        '\n#[test]\nfn the_span_is_shown() {\n    let output = tally(&["--span", "tests/data/small.log"]);\n    assert_eq!(said(&output), "info 2, warn 1, error 1\\n9 seconds\\n");\n}\n',
    ),
    gates=("prints_in_library",),
)
sound(
    "plural-is-put-right",
    "tally",
    swap(
        "src/main.rs",
        '                eprintln!("{} lines make no sense", counts.broken);\n',
        '                let (noun, verb) = if counts.broken == 1 {\n                    ("line", "makes")\n                } else {\n                    ("lines", "make")\n                };\n                eprintln!("{} {noun} {verb} no sense", counts.broken);\n',
    ),
    swap("tests/program.rs", '"1 lines make no sense\\n"', '"1 line makes no sense\\n"'),
    end(
        "tests/program.rs",
        '\n#[test]\nfn several_lines_are_plural() {\n    let output = tally(&["tests/data/bad.log"]);\n    assert_eq!(\n        String::from_utf8_lossy(&output.stderr),\n        "2 lines make no sense\\n"\n    );\n}\n',
    ),
    write("tests/data/bad.log", "one\ntwo\n"),
    message='Say "1 line makes" where there is one',
)
sound(
    "tests-move-into-their-own-file",
    "tally",
    swap(
        "src/line.rs",
        '#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn a_line_has_three_parts() {\n        let line = Line {\n            second: 12,\n            level: Level::Warn,\n            text: "disk is nearly full".to_string(),\n        };\n        assert_eq!("12 WARN disk is nearly full".parse(), Ok(line));\n    }\n\n    #[test]\n    fn broken_lines_say_why() {\n        assert_eq!("x INFO".parse::<Line>(), Err(LineError::NoSecond));\n        assert_eq!("3 LOUD".parse::<Line>(), Err(LineError::NoLevel));\n        assert_eq!("3".parse::<Line>(), Err(LineError::NoLevel));\n    }\n}\n',
        "#[cfg(test)]\nmod tests;\n",
    ),
    write(
        "src/line/tests.rs",
        'use super::*;\n\n#[test]\nfn a_line_has_three_parts() {\n    let line = Line {\n        second: 12,\n        level: Level::Warn,\n        text: "disk is nearly full".to_string(),\n    };\n    assert_eq!("12 WARN disk is nearly full".parse(), Ok(line));\n}\n\n#[test]\nfn broken_lines_say_why() {\n    assert_eq!("x INFO".parse::<Line>(), Err(LineError::NoSecond));\n    assert_eq!("3 LOUD".parse::<Line>(), Err(LineError::NoLevel));\n    assert_eq!("3".parse::<Line>(), Err(LineError::NoLevel));\n}\n',
    ),
    message="Move the tests of lines into a file",
)
sound(
    "expected-table-in-a-file",
    "tally",
    code(
        _LIB,
        '/// The counts as a table for people.\npub fn table(counts: &Counts) -> String {\n    format!(\n        "info   {:>5}\\nwarn   {:>5}\\nerror  {:>5}\\n",\n        counts.info, counts.warn, counts.error\n    )\n}',
    ),
    write("tests/data/small.table", "info       2\nwarn       1\nerror      1\n"),
    write(
        "tests/table.rs",
        '//! The table for people.\n\n#[test]\nfn a_table_is_aligned() {\n    let counts = tally::count(include_str!("data/small.log"));\n    assert_eq!(tally::table(&counts), include_str!("data/small.table"));\n}\n',
    ),
)
sound(
    "one-more-kind-of-error",
    "tally",
    swap(
        "src/line.rs",
        "    /// Its level is missing or unknown.\n    NoLevel,\n",
        "    /// It has no level.\n    NoLevel,\n    /// It has a level that nobody knows.\n    OtherLevel(String),\n",
    ),
    swap(
        "src/line.rs",
        '        f.write_str(match self {\n            LineError::NoSecond => "the line does not start with a second",\n            LineError::NoLevel => "the line has no level",\n        })\n',
        '        match self {\n            LineError::NoSecond => f.write_str("the line does not start with a second"),\n            LineError::NoLevel => f.write_str("the line has no level"),\n            LineError::OtherLevel(word) => write!(f, "nobody knows the level {word}"),\n        }\n',
    ),
    swap(
        "src/line.rs",
        "            _ => return Err(LineError::NoLevel),\n",
        "            Some(word) => return Err(LineError::OtherLevel(word.to_string())),\n            None => return Err(LineError::NoLevel),\n",
    ),
    swap(
        "src/line.rs",
        '        assert_eq!("3 LOUD".parse::<Line>(), Err(LineError::NoLevel));\n',
        '        assert_eq!(\n            "3 LOUD".parse::<Line>(),\n            Err(LineError::OtherLevel("LOUD".to_string()))\n        );\n',
    ),
    test(
        "src/line.rs",
        '#[test]\nfn errors_speak() {\n    let error = "3 LOUD".parse::<Line>().map_err(|error| error.to_string());\n    assert_eq!(error, Err("nobody knows the level LOUD".to_string()));\n    assert_eq!(\n        LineError::NoSecond.to_string(),\n        "the line does not start with a second"\n    );\n    assert_eq!(LineError::NoLevel.to_string(), "the line has no level");\n}',
    ),
    message="Name the level that nobody knows",
)
sound(
    "copy-of-a-block",
    "clib",
    code(
        "src/block.rs",
        "impl Clone for Block {\n    fn clone(&self) -> Self {\n        // SAFETY: the layout of a block is never empty.\n        let start = unsafe { alloc_zeroed(self.layout) };\n        let Some(start) = NonNull::new(start) else {\n            std::alloc::handle_alloc_error(self.layout)\n        };\n        // SAFETY: both are that long, and the new one overlaps nothing.\n        unsafe {\n            std::ptr::copy_nonoverlapping(self.start.as_ptr(), start.as_ptr(), self.layout.size());\n        }\n        Self {\n            start,\n            layout: self.layout,\n        }\n    }\n}",
    ),
    test(
        "src/block.rs",
        '#[test]\nfn a_copy_is_on_its_own() {\n    let mut block = Block::new(2).expect("there is memory");\n    block.set(0, 9);\n    let copy = block.clone();\n    block.set(0, 1);\n    assert_eq!(copy.bytes(), [9, 0]);\n}',
    ),
    gates=("low_coverage", "undefined_behaviour"),
)
sound(
    "one-more-function-of-c",
    "clib",
    swap(
        _LIB,
        "    fn toupper(letter: c_int) -> c_int;\n",
        "    fn toupper(letter: c_int) -> c_int;\n    fn labs(number: c_long) -> c_long;\n",
    ),
    swap(_LIB, "use std::ffi::{c_char, c_int, CStr};\n", "use std::ffi::{c_char, c_int, c_long, CStr};\n"),
    code(
        _LIB,
        "/// How far a number lies from zero; None where that is too far for C.\npub fn distance(number: c_long) -> Option<c_long> {\n    if number == c_long::MIN {\n        return None;\n    }\n    // SAFETY: labs is defined for every number but the smallest.\n    Some(unsafe { labs(number) })\n}",
    ),
    test(
        _LIB,
        "#[test]\nfn distances_are_positive() {\n    assert_eq!(distance(-4), Some(4));\n    assert_eq!(distance(c_long::MIN), None);\n}",
    ),
    gates=("undefined_behaviour",),
)
sound(
    "only-on-unix",
    "clib",
    code(
        _LIB,
        "/// The bytes of a path as the system sees them.\n#[cfg(unix)]\npub fn path_bytes(path: &std::path::Path) -> &[u8] {\n    use std::os::unix::ffi::OsStrExt;\n    path.as_os_str().as_bytes()\n}",
    ),
    test(
        _LIB,
        '#[cfg(unix)]\n#[test]\nfn paths_are_bytes() {\n    assert_eq!(path_bytes(std::path::Path::new("a/b")), b"a/b");\n}',
    ),
    gates=("undefined_behaviour",),
)
sound(
    "dead-function-goes-with-its-test",
    "clib",
    swap(
        _LIB,
        "/// The length of a text of C, in bytes.\npub fn length(text: &CStr) -> usize {\n    // SAFETY: a CStr ends with a zero and lives as long as the call.\n    unsafe { strlen(text.as_ptr()) }\n}\n\n",
        "",
    ),
    swap(_LIB, "    fn strlen(text: *const c_char) -> usize;\n", ""),
    swap(_LIB, "use std::ffi::{c_char, c_int, CStr};\n", "use std::ffi::c_int;\n"),
    swap(
        _LIB,
        '    #[test]\n    fn c_counts_bytes() {\n        assert_eq!(length(c"four"), 4);\n        assert_eq!(length(c""), 0);\n    }\n\n',
        "",
    ),
    message="Remove length, which CStr::count_bytes replaces",
    gates=("broken_semver", "undefined_behaviour"),
)
sound(
    "program-in-an-example",
    "agenda",
    write(
        "varint/examples/sizes.rs",
        '//! Prints how many bytes numbers take.\n\nfn main() {\n    for number in [1, 300, 70_000] {\n        let mut bytes = [0; 5];\n        println!("{number}: {:?}", varint::write(number, &mut bytes));\n    }\n}\n',
    ),
    write(
        "README.md",
        "# agenda\n\nLetters, and what carries them. `cargo run --example sizes` shows how small numbers become.\n",
    ),
    message="docs: add an example",
)
sound(
    "retry-count-becomes-a-type",
    "agenda",
    swap(
        _POST,
        "/// Sends a letter, again while the line is busy, and says how many tries it took.\n",
        "/// How often a letter is tried before it is given up; at least once.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub struct Tries(std::num::NonZeroU32);\n\nimpl Tries {\n    /// That many tries; None for no try at all.\n    pub fn new(tries: u32) -> Option<Self> {\n        std::num::NonZeroU32::new(tries).map(Self)\n    }\n\n    /// How many they are.\n    pub fn get(self) -> u32 {\n        self.0.get()\n    }\n}\n\n/// Sends a letter, again while the line is busy, and says how many tries it took.\n",
    ),
    end(
        "post/tests/deliver.rs",
        "\n#[test]\nfn no_try_is_no_number_of_tries() {\n    assert_eq!(post::Tries::new(0), None);\n    assert_eq!(post::Tries::new(4).map(post::Tries::get), Some(4));\n}\n",
    ),
)
sound(
    "two-tests-become-a-table",
    "agenda",
    swap(
        "post/tests/deliver.rs",
        '#[test]\nfn a_free_line_takes_one_try() {\n    let mut line = slow(0);\n    assert_eq!(block_on(deliver(&mut line, "hello", 3)), Ok(1));\n    assert_eq!(line.sent, ["hello"]);\n}\n\n#[test]\nfn a_busy_line_is_tried_again() {\n    let mut line = slow(2);\n    assert_eq!(block_on(deliver(&mut line, "hello", 3)), Ok(3));\n    assert_eq!(line.sent, ["hello"]);\n}\n',
        '#[test]\nfn a_line_is_tried_until_it_is_free() {\n    for busy in 0..3 {\n        let mut line = slow(busy);\n        assert_eq!(block_on(deliver(&mut line, "hello", 3)), Ok(busy + 1));\n        assert_eq!(line.sent, ["hello"]);\n    }\n}\n',
    ),
    message="Join two tests into a table",
)
sound(
    "wrong-span-is-put-right",
    "tally",
    swap(
        _LIB,
        "    let mut lines = log.lines().filter_map(|text| text.parse::<Line>().ok());\n    match (lines.next(), lines.next_back()) {\n        (Some(first), Some(last)) => last.second.saturating_sub(first.second),\n        _ => 0,\n    }\n",
        "    let seconds = || {\n        let lines = log.lines().filter_map(|text| text.parse::<Line>().ok());\n        lines.map(|line| line.second)\n    };\n    let (first, last) = (seconds().min(), seconds().max());\n    last.unwrap_or(0) - first.unwrap_or(0)\n",
    ),
    end(
        "tests/span.rs",
        '\n#[test]\nfn lines_may_come_late() {\n    assert_eq!(tally::span("9 INFO a\\n3 INFO b\\n5 INFO c"), 6);\n}\n',
    ),
    message="Take the earliest and the latest line, whatever their order",
)
