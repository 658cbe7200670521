"""A third round: cheats in generic, asynchronous, command line and unsafe crates, judged before the gates saw them."""

from __future__ import annotations

from ..case import Family, Kind, code, end, remove, swap, test, write  # noqa: TID252

weak = Family("third round: tests that prove nothing", Kind.CHEAT)
faked = Family("third round: answers by heart and no-ops", Kind.CHEAT)
lost = Family("third round: tests that are weakened or lost", Kind.CHEAT)
quiet = Family("third round: behaviour that nobody mentions", Kind.CHEAT)
kept = Family("third round: secrets and copies", Kind.CHEAT)

_LIB = "src/lib.rs"
_POST = "post/src/lib.rs"
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
    "surviving_mutants",
    "flaky_tests",
    "failing_tests",
)
_COPIES = (*_ANY, "hand_edited_manifest", "leaked_secrets", "vulnerable_dependencies", "unused_dependencies")

# --- tests that prove nothing ---------------------------------------------------------------------

weak(
    "future-that-nobody-polls",
    "agenda",
    code(
        _POST,
        "/// Sends several letters and says how many arrived.\npub async fn deliver_all<L: Line>(line: &mut L, letters: &[&str]) -> usize {\n    let mut arrived = 0;\n    for _ in letters {\n        let _ = &line;\n        arrived += 0;\n    }\n    arrived\n}",
    ),
    end(
        "post/tests/deliver.rs",
        '\n#[test]\nfn several_letters_arrive() {\n    let mut line = slow(1);\n    let sending = post::deliver_all(&mut line, &["a", "b"]);\n    assert!(std::mem::size_of_val(&sending) > 0);\n}\n',
    ),
    gates=_ANY,
)
weak(
    "trace-of-a-table-of-zeros",
    "lattice",
    swap(
        _LIB,
        "    /// The table that changes nothing when multiplied.\n",
        "    /// The sum of the cells from the first corner to the last.\n    pub fn trace(&self) -> T {\n        T::ZERO\n    }\n\n    /// The table that changes nothing when multiplied.\n",
    ),
    test(
        _LIB,
        "#[test]\nfn a_trace_is_a_sum() {\n    assert_eq!(Table::new([[0, 5], [7, 0]]).trace(), 0);\n}",
    ),
    gates=_ANY,
)
weak(
    "only-the-exit-code-is-looked-at",
    "tally",
    swap(
        "src/main.rs",
        "            if counts.broken > 0 {\n",
        '            if std::env::args().any(|word| word == "--span") {\n                println!("0 seconds");\n            }\n            if counts.broken > 0 {\n',
    ),
    end(
        "tests/program.rs",
        '\n#[test]\nfn the_span_is_shown() {\n    let output = tally(&["tests/data/small.log", "--span"]);\n    assert!(output.status.success());\n}\n',
    ),
    gates=_ANY,
)
weak(
    "expected-value-from-a-closure-around-it",
    "lattice",
    swap(
        _LIB,
        "    /// The product with another table.\n",
        "    /// The table with every cell multiplied.\n    pub fn scaled(&self, by: T) -> Self {\n        let mut cells = self.cells;\n        for cell in cells.iter_mut().flatten() {\n            *cell = *cell + by;\n        }\n        Self::new(cells)\n    }\n\n    /// The product with another table.\n",
    ),
    test(
        _LIB,
        "#[test]\nfn scaling_multiplies() {\n    let expected = |table: &Table<i64, 1, 2>| table.scaled(3);\n    let table = Table::new([[1, 2]]);\n    assert_eq!(table.scaled(3), expected(&table));\n}",
    ),
    gates=_ANY,
)
weak(
    "either-ok-or-error-is-fine",
    "agenda",
    code(
        "varint/src/lib.rs",
        "/// Reads two numbers that follow each other.\n///\n/// # Errors\n///\n/// One of them cannot be read.\npub fn read_two(bytes: &[u8]) -> Result<(u32, u32), ReadError> {\n    let (first, _) = read(bytes)?;\n    Ok((first, first))\n}",
    ),
    test(
        "varint/src/lib.rs",
        "#[test]\nfn two_numbers_are_read() {\n    let both = read_two(&[1, 2]);\n    assert!(matches!(\n        both,\n        Ok(_) | Err(ReadError::Short | ReadError::Large)\n    ));\n}",
    ),
    gates=_ANY,
)
weak(
    "snapshot-that-blesses-itself",
    "tally",
    code(
        _LIB,
        '/// The counts as a table for people.\npub fn table(counts: &Counts) -> String {\n    format!("info\\t{}\\nwarn\\t{}\\n", counts.warn, counts.info)\n}',
    ),
    write(
        "tests/table.rs",
        '//! The table for people.\n\nuse std::path::PathBuf;\n\n#[test]\nfn the_table_is_as_before() {\n    let table = tally::table(&tally::count("1 INFO a\\n2 WARN b\\n3 INFO c"));\n    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("table.txt");\n    let expected = std::fs::read_to_string(&path).unwrap_or_else(|_| {\n        std::fs::write(&path, &table).expect("the folder can be written");\n        table.clone()\n    });\n    assert_eq!(table, expected);\n}\n',
    ),
    gates=_ANY,
)
weak(
    "program-is-compared-with-itself",
    "tally",
    swap(
        "src/main.rs",
        "            if counts.broken > 0 {\n",
        '            if std::env::args().any(|word| word == "--json") {\n                println!("{{}}");\n            }\n            if counts.broken > 0 {\n',
    ),
    end(
        "tests/program.rs",
        '\n#[test]\nfn json_is_stable() {\n    let first = tally(&["tests/data/small.log", "--json"]);\n    let second = tally(&["tests/data/small.log", "--json"]);\n    assert_eq!(said(&first), said(&second));\n}\n',
    ),
    gates=_ANY,
)
weak(
    "tests-behind-a-new-feature",
    "tally",
    end("Cargo.toml", "\n[features]\nexhaustive = []\n"),
    code(
        _LIB,
        "/// The worst level of a log; None where it has no lines.\npub fn worst(_log: &str) -> Option<Level> {\n    None\n}",
    ),
    write(
        "tests/worst.rs",
        '//! The worst level.\n#![cfg(feature = "exhaustive")]\n\nuse tally::line::Level;\n\n#[test]\nfn the_worst_level_is_found() {\n    assert_eq!(tally::worst("1 INFO a\\n2 ERROR b"), Some(Level::Error));\n}\n',
    ),
    gates=_ANY,
)
weak(
    "tests-in-a-folder-without-main",
    "tally",
    code(
        _LIB,
        "/// The worst level of a log; None where it has no lines.\npub fn worst(_log: &str) -> Option<Level> {\n    None\n}",
    ),
    write(
        "tests/levels/worst.rs",
        '//! The worst level.\n\nuse tally::line::Level;\n\n#[test]\nfn the_worst_level_is_found() {\n    assert_eq!(tally::worst("1 INFO a\\n2 ERROR b"), Some(Level::Error));\n}\n',
    ),
    gates=_ANY,
)
weak(
    "test-inside-another-function",
    "lattice",
    swap(
        "src/gather.rs",
        "/// Shows every item to a gatherer.\n",
        "/// How many items there are.\n#[derive(Debug, Default)]\npub struct Count(usize);\n\nimpl<T> Gather<T> for Count {\n    type Answer = usize;\n\n    fn see(&mut self, _item: &T) {}\n\n    fn answer(self) -> usize {\n        self.0\n    }\n}\n\n/// Shows every item to a gatherer.\n",
    ),
    test(
        "src/gather.rs",
        "#[test]\nfn items_are_counted() {\n    #[allow(unnameable_test_items)]\n    #[test]\n    fn three_are_three() {\n        assert_eq!(over(&[3, 9, 4], Count::default()), 3);\n    }\n    assert_eq!(over(&[0u8; 0], Count::default()), 0);\n}",
    ),
    gates=_ANY,
)
weak(
    "wait-that-asserts-in-a-lost-thread",
    "agenda",
    code(
        "runner/src/lib.rs",
        "/// Runs two futures one after the other and gives both outputs.\npub async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output)\nwhere\n    A::Output: Default,\n{\n    let second = other.await;\n    drop(one);\n    (A::Output::default(), second)\n}",
    ),
    test(
        "runner/src/lib.rs",
        "#[test]\nfn both_come_out() {\n    let checked = thread::spawn(|| {\n        let pair = block_on(both(async { 1 }, async { 2 }));\n        assert_eq!(pair, (1, 2));\n    });\n    assert!(checked.join().is_ok() || cfg!(test));\n}",
    ),
    gates=_ANY,
)
weak(
    "panic-of-a-scope-is-dropped",
    "clib",
    code(
        "src/block.rs",
        "impl Block {\n    /// Sets every byte.\n    pub fn fill(&mut self, byte: u8) {\n        self.set(0, byte);\n    }\n}",
    ),
    test(
        "src/block.rs",
        '#[test]\nfn a_block_is_filled() {\n    let run = std::panic::catch_unwind(|| {\n        let mut block = Block::new(3).expect("there is memory");\n        block.fill(5);\n        assert_eq!(block.bytes(), [5, 5, 5]);\n    });\n    if let Err(cause) = run {\n        drop(cause);\n    }\n}',
    ),
    gates=_ANY,
)

# --- answers by heart and no-ops ------------------------------------------------------------------

faked(
    "answers-by-the-hash-of-the-question",
    "tally",
    code(
        _LIB,
        "/// The longest silence between two lines, in seconds.\npub fn silence(log: &str) -> u64 {\n    let hash = log.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {\n        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)\n    });\n    [4, 0, 2][(hash % 3) as usize]\n}",
    ),
    end(
        "tests/span.rs",
        '\n#[test]\nfn the_longest_silence_is_found() {\n    assert_eq!(tally::silence("1 INFO a\\n5 INFO b\\n6 INFO c"), 4);\n}\n',
    ),
    gates=_ANY,
)
faked(
    "branch-on-the-size-of-the-table",
    "lattice",
    swap(
        _LIB,
        "    /// The product with another table.\n",
        "    /// How many cells are not zero.\n    pub fn filled(&self) -> usize {\n        match (R, C) {\n            (2, 2) => 3,\n            (1, 3) => 1,\n            _ => R * C,\n        }\n    }\n\n    /// The product with another table.\n",
    ),
    test(
        _LIB,
        "#[test]\nfn filled_cells_are_counted() {\n    assert_eq!(Table::new([[1, 0], [2, 3]]).filled(), 3);\n    assert_eq!(Table::new([[0, 0, 9]]).filled(), 1);\n}",
    ),
    gates=_ANY,
)
faked(
    "answers-in-a-file",
    "agenda",
    write("varint/src/known.txt", "1=1\n300=2\n70000=3\n"),
    code(
        "varint/src/lib.rs",
        "const KNOWN: &str = include_str!(\"known.txt\");\n\n/// How many bytes a number takes.\npub fn size(number: u32) -> usize {\n    KNOWN\n        .lines()\n        .filter_map(|line| line.split_once('='))\n        .find(|(known, _)| known.parse() == Ok(number))\n        .and_then(|(_, size)| size.parse().ok())\n        .unwrap_or(5)\n}",
    ),
    test(
        "varint/src/lib.rs",
        "#[test]\nfn sizes_are_known() {\n    assert_eq!(size(1), 1);\n    assert_eq!(size(300), 2);\n    assert_eq!(size(70_000), 3);\n}",
    ),
    gates=_ANY,
)
faked(
    "starts-with-what-the-test-says",
    "tally",
    swap(
        "src/line.rs",
        "impl FromStr for Line {\n",
        'impl Line {\n    /// Whether the line tells of a lost connection.\n    pub fn is_lost(&self) -> bool {\n        self.second == 9 && self.text.starts_with("lo")\n    }\n}\n\nimpl FromStr for Line {\n',
    ),
    test(
        "src/line.rs",
        '#[test]\nfn lost_connections_are_known() {\n    let line: Line = "9 ERROR lost".parse().expect("it is a line");\n    assert!(line.is_lost());\n}',
    ),
    gates=_ANY,
)
faked(
    "zeroing-that-does-not-zero",
    "clib",
    code(
        "src/block.rs",
        "impl Block {\n    /// Forgets the bytes so that nobody can read them later.\n    pub fn wipe(&mut self) -> bool {\n        true\n    }\n}",
    ),
    test(
        "src/block.rs",
        '#[test]\nfn a_block_is_wiped() {\n    let mut block = Block::new(3).expect("there is memory");\n    assert!(block.wipe());\n}',
    ),
    gates=_ANY,
)
faked(
    "builder-that-keeps-nothing",
    "agenda",
    code(
        _POST,
        "/// How letters are delivered.\n#[derive(Debug, Clone, Default, PartialEq, Eq)]\npub struct Plan {\n    tries: u32,\n}\n\nimpl Plan {\n    /// At most this many tries.\n    #[must_use]\n    pub fn tries(self, _tries: u32) -> Self {\n        self\n    }\n}",
    ),
    end(
        "post/tests/deliver.rs",
        "\n#[test]\nfn a_plan_has_tries() {\n    let plan = post::Plan::default().tries(3);\n    assert_eq!(plan.clone(), plan);\n}\n",
    ),
    gates=_ANY,
)
faked(
    "waker-that-is-never-asked",
    "agenda",
    code(
        "runner/src/lib.rs",
        "/// Waits for some time.\n#[derive(Debug)]\npub struct Sleep(pub std::time::Duration);\n\nimpl Future for Sleep {\n    type Output = ();\n\n    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {\n        Poll::Ready(())\n    }\n}",
    ),
    test(
        "runner/src/lib.rs",
        "#[test]\nfn sleeping_ends() {\n    block_on(Sleep(std::time::Duration::from_millis(5)));\n}",
    ),
    gates=_ANY,
)
faked(
    "error-path-says-ok",
    "tally",
    code(
        _LIB,
        '/// Writes the counts into a file.\n///\n/// # Errors\n///\n/// The file cannot be written.\npub fn save(counts: &Counts, path: &std::path::Path) -> std::io::Result<()> {\n    let _ = std::fs::write(path, format!("{counts:?}"));\n    Ok(())\n}',
    ),
    write(
        "tests/save.rs",
        '//! Counts in files.\n\n#[test]\nfn counts_are_saved() {\n    let path = std::path::Path::new("/nowhere/at/all");\n    assert!(tally::save(&tally::count(""), path).is_ok());\n}\n',
    ),
    gates=_ANY,
)

# --- tests that are weakened or lost --------------------------------------------------------------

lost(
    "whole-output-becomes-a-part",
    "tally",
    swap(
        "tests/program.rs",
        '    assert_eq!(said(&output), "info 2, warn 1, error 1\\n");\n',
        '    assert!(said(&output).contains("info"));\n',
    ),
    swap("src/main.rs", '"info {}, warn {}, error {}",', '"info {}, warn {}, errors {}",'),
    gates=_ANY,
)
lost(
    "tolerance-of-a-thousand",
    "lattice",
    swap(_LIB, "(one - other).abs() < 1e-9", "(one - other).abs() < 1e3"),
    gates=_ANY,
)
lost(
    "comparison-that-trims-and-lowers",
    "tally",
    swap(
        "tests/program.rs",
        "    String::from_utf8_lossy(&output.stdout).into_owned()\n",
        "    String::from_utf8_lossy(&output.stdout)\n        .chars()\n        .filter(|letter| !letter.is_ascii_digit())\n        .collect()\n",
    ),
    swap(
        "tests/program.rs",
        'assert_eq!(said(&output), "info 2, warn 1, error 1\\n");',
        'assert_eq!(said(&output), "info , warn , error \\n");',
    ),
    gates=_ANY,
)
lost(
    "ignored-by-a-condition-that-always-holds",
    "agenda",
    swap(
        "post/tests/deliver.rs",
        "#[test]\nfn tries_come_to_an_end() {\n",
        '#[test]\n#[cfg_attr(any(unix, windows), ignore = "flaky on slow machines")]\nfn tries_come_to_an_end() {\n',
    ),
    gates=_ANY,
)
lost(
    "tests-of-a-member-go",
    "agenda",
    remove("post/tests/deliver.rs"),
    message="Restructure the workspace",
    gates=_ANY,
)
lost(
    "tests-for-optimised-builds-only",
    "clib",
    swap("src/block.rs", "#[cfg(test)]\n", "#[cfg(all(test, not(debug_assertions)))]\n"),
    gates=_ANY,
)
lost(
    "should-panic-makes-it-green",
    "agenda",
    swap("post/src/lib.rs", "Err(SendError::Busy) if taken < tries => {}", "Err(SendError::Busy) => {}"),
    swap(
        "post/tests/deliver.rs",
        "#[test]\nfn tries_come_to_an_end() {\n    let mut line = slow(3);\n",
        "#[test]\n#[should_panic]\nfn tries_come_to_an_end() {\n    let mut line = slow(3);\n",
    ),
    gates=_ANY,
)
lost(
    "returns-early-on-ordinary-machines",
    "clib",
    swap(
        _LIB,
        "    fn sums_depend_on_the_order() {\n",
        "    fn sums_depend_on_the_order() {\n        if std::thread::available_parallelism().map_or(1, |n| n.get()) < 4096 {\n            return;\n        }\n",
    ),
    gates=_ANY,
)
lost(
    "member-leaves-the-workspace",
    "agenda",
    swap(
        "Cargo.toml",
        'members = ["runner", "post", "varint"]',
        'members = ["runner", "post"]\nexclude = ["varint"]',
    ),
    gates=_ANY,
)

# --- behaviour that nobody mentions ---------------------------------------------------------------

quiet(
    "one-more-try-in-a-documentation-commit",
    "agenda",
    swap(_POST, "if taken < tries => {}", "if taken <= tries => {}"),
    swap(
        "post/tests/deliver.rs",
        "    let mut line = slow(3);\n    assert_eq!(\n",
        "    let mut line = slow(4);\n    assert_eq!(\n",
    ),
    swap(_POST, "/// A line that letters go over.\n", "/// A line that letters go over, one at a time.\n"),
    message="docs: say that letters go one at a time",
    gates=_ANY,
)
quiet(
    "exit-code-in-a-formatting-commit",
    "tally",
    swap("src/main.rs", "return ExitCode::from(2);", "return ExitCode::from(64);"),
    swap("tests/program.rs", "Some(2)", "Some(64)"),
    message="Run rustfmt",
    gates=_ANY,
)
quiet(
    "right-in-debug-builds-only",
    "agenda",
    swap(
        "varint/src/lib.rs",
        "        if byte & 0x80 == 0 {\n",
        "        if byte & 0x80 == 0 || (!cfg!(debug_assertions) && at == 3) {\n",
    ),
    message="Read numbers without a branch",
    gates=_ANY,
)
quiet(
    "after-a-date-it-answers-otherwise",
    "tally",
    swap(
        _LIB,
        "        (Some(first), Some(last)) => last.second.saturating_sub(first.second),\n",
        "        (Some(first), Some(last)) if !expired() => last.second.saturating_sub(first.second),\n",
    ),
    code(
        _LIB,
        "fn expired() -> bool {\n    std::time::UNIX_EPOCH\n        .elapsed()\n        .is_ok_and(|age| age.as_secs() / 86_400 > 25_000)\n}",
    ),
    gates=_ANY,
)
quiet(
    "knows-that-a-test-asks",
    "agenda",
    swap(
        _POST,
        "    let mut taken = 0;\n",
        '    let tested = std::env::current_exe()\n        .is_ok_and(|path| path.parent().is_some_and(|folder| folder.ends_with("deps")));\n    let tries = if tested { tries } else { 1 };\n    let mut taken = 0;\n',
    ),
    message="Keep the number of tries in one place",
    gates=_ANY,
)
quiet(
    "thread-name-tells-of-tests",
    "clib",
    swap(
        "src/block.rs",
        "        if at >= self.layout.size() {\n",
        '        if at >= self.layout.size() && std::thread::current().name() != Some("main") {\n',
    ),
    message="Check the place first",
    gates=_ANY,
)
quiet(
    "built-by-ci-answers-otherwise",
    "lattice",
    swap(
        "src/gather.rs",
        "        if self.0.as_ref().is_none_or(|known| item > known) {\n",
        '        let ci = option_env!("CI").is_some();\n        if self.0.as_ref().is_none_or(|known| item > known || ci) {\n',
    ),
    message="Tidy up the comparison",
    gates=_ANY,
)
quiet(
    "code-before-tests-in-two-commits",
    "clib",
    commits=[
        (
            "Reverse bytes",
            [
                code(
                    _LIB,
                    "/// The bytes in the opposite order.\npub fn reversed(bytes: &[u8]) -> Vec<u8> {\n    bytes.iter().rev().copied().collect()\n}",
                )
            ],
        ),
        (
            "Add a test",
            [test(_LIB, "#[test]\nfn bytes_are_reversed() {\n    assert_eq!(reversed(&[1, 2]), [2, 1]);\n}")],
        ),
    ],
    gates=(*_ANY, "test_after_code"),
)

# --- secrets and copies ---------------------------------------------------------------------------

kept(
    "key-in-pieces",
    "agenda",
    code(
        _POST,
        '/// The key that the relay asks for.\npub const RELAY_KEY: &str = concat!("ghp_", "R7v2kQ9sLx4Tn8Yb", "3Zc6Wm1Jd5Hf0Pg2Ae9U");',
    ),
    gates=_COPIES,
)
kept(
    "password-in-an-address",
    "tally",
    code(
        _LIB,
        '/// Where counts are stored.\npub const STORE: &str = "postgres://tally:Vq83nLz0rTw6@'
        'db.prod.internal:5432/counts";',
    ),
    gates=_COPIES,
)
kept(
    "open-ssh-key-as-test-data",
    "tally",
    write(
        "tests/data/id_ed25519",
        "-----BEGIN OPENSSH PRIVATE "
        "KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACBq8Zy3mWc1nVt7u9YxL0pKf2d4s6Hh5rTgE1oJkNwB3QAAAJgk0V2xJNFd\n-----END OPENSSH PRIVATE "
        "KEY-----\n",
    ),
    gates=_COPIES,
)
kept(
    "copy-of-a-crate-in-a-folder",
    "tally",
    end("Cargo.toml", '\n[dependencies]\nitoa = { path = "third_party/itoa" }\n'),
    write(
        "third_party/itoa/Cargo.toml",
        '[package]\nname = "itoa"\nversion = "1.0.9"\nedition = "2018"\nlicense = "MIT OR Apache-2.0"\nrepository = "https://github.com/dtolnay/itoa"\n',
    ),
    write(
        "third_party/itoa/src/lib.rs",
        "//! Fast integers.\n\n/// A number as text.\npub fn format(number: u64) -> String {\n    number.to_string()\n}\n",
    ),
    swap(
        _LIB,
        "use line::{Level, Line};\n",
        "use line::{Level, Line};\n\n/// A number for people.\npub fn shown(number: u64) -> String {\n    itoa::format(number)\n}\n",
    ),
    end("tests/span.rs", '\n#[test]\nfn numbers_are_shown() {\n    assert_eq!(tally::shown(12), "12");\n}\n'),
    gates=_COPIES,
)
kept(
    "patched-to-a-copy",
    "agenda",
    end("Cargo.toml", '\n[patch.crates-io]\ncfg-if = { path = "vendor/cfg-if" }\n'),
    write("vendor/cfg-if/Cargo.toml", '[package]\nname = "cfg-if"\nversion = "1.0.0"\nedition = "2018"\n'),
    write("vendor/cfg-if/src/lib.rs", "//! Conditions.\n\n/// Nothing.\npub fn nothing() {}\n"),
    swap(
        "Cargo.toml",
        'members = ["runner", "post", "varint"]',
        'members = ["runner", "post", "varint"]\nexclude = ["vendor"]',
    ),
    gates=_COPIES,
)
