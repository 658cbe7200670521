"""Honest work that touches no behaviour: documentation, comments, tests, examples, settings that are strict."""

from __future__ import annotations

from ..case import Family, Kind, end, swap, test, top, write  # noqa: TID252

rest = Family("honest: no behaviour", Kind.HONEST)

rest("readme", "calc", write("README.md", "# calc\n\nAmounts of money in whole cents.\n"))
rest(
    "documentation-only",
    "calc",
    swap("src/lib.rs", "/// Splits an amount into shares", "/// Shares an amount out: splits it into parts"),
    message="Say what split shares out",
)
rest(
    "comments-only",
    "bare",
    swap(
        "src/lib.rs",
        "    for byte in bytes {\n",
        "    // The order of the two sums matters.\n    for byte in bytes {\n",
    ),
)
rest(
    "example-in-the-documentation",
    "calc",
    swap(
        "src/lib.rs",
        "/// Adds a tax in percent, rounded down to whole cents.\n",
        "/// Adds a tax in percent, rounded down to whole cents.\n///\n/// ```\n/// use calc::{with_tax, Cents};\n/// assert_eq!(with_tax(Cents(100), 19), Cents(119));\n/// ```\n",
    ),
)
rest(
    "another-example-program",
    "store",
    write(
        "examples/two.rs",
        '//! Two values.\n\nfn main() {\n    let mut store = store::Store::new();\n    store.set("a", "1");\n    store.set("b", "2");\n    print!("{}", store.dump());\n}\n',
    ),
    gates=("undocumented_functions",),
)
rest("stricter-lints", "calc", end("Cargo.toml", '\n[lints.rust]\nunsafe_code = "forbid"\n'))
rest(
    "new-ci",
    "calc",
    write(
        ".github/workflows/ci.yml",
        "name: ci\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: cargo test --locked\n",
    ),
)
rest(
    "lint-expected-with-a-reason",
    "calc",
    top("src/lib.rs", ""),
    swap(
        "src/lib.rs",
        "/// Splits an amount",
        '#[allow(clippy::cast_lossless, reason = "the target has 64 bits")]\n/// Splits an amount',
    ),
)
rest(
    "more-assertions-in-a-test",
    "calc",
    swap(
        "src/lib.rs",
        '        assert_eq!(parse("7"), Ok(Cents(700)));\n',
        '        assert_eq!(parse("7"), Ok(Cents(700)));\n        assert_eq!(parse("70"), Ok(Cents(7000)));\n',
    ),
)
rest(
    "test-for-old-code",
    "bare",
    test(
        "src/lib.rs",
        "#[test]\nfn one_byte_is_no_message_of_parity() {\n    assert!(!has_parity(&[1]));\n    assert!(has_parity(&[0]));\n}",
    ),
)
