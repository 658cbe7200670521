from __future__ import annotations

import re

import pytest

from ironwright.gates.checks.missing_doc_sections import GATE
from ironwright.testing.gate_testing import Case

EVERYTHING = ("purpose", "parameters", "returns", "errors", "performance", "example")
COMPLETE = """\
/// Divides one number by another.
///
/// # Arguments
///
/// * `dividend` - what is divided
/// * `divisor` - by what
///
/// # Returns
///
/// The whole part of the quotient.
///
/// # Errors
///
/// [`Zero`] when `divisor` is 0.
///
/// # Performance
///
/// Constant time, no allocation.
///
/// # Examples
///
/// ```
/// assert_eq!(small::divide(6, 3), Ok(2));
/// ```
pub fn divide(dividend: u32, divisor: u32) -> Result<u32, Zero> {
    Ok(dividend / divisor)
}
"""
IDIOMATIC = """\
/// Divides `dividend` by `divisor` and returns the whole part; fails when the latter is 0. O(1).
///
/// ```
/// small::divide(6, 3);
/// ```
pub fn divide(dividend: u32, divisor: u32) -> Result<u32, Zero> {
    todo()
}
"""


def without(text: str, heading: str) -> str:
    changed = re.sub(rf"/// # {heading}\n///\n(?:/// .+\n)+(?:///\n)?", "", text)
    assert changed != text
    return changed


def lacks(heading: str, says: str) -> Case:
    return Case(
        f"no {heading}",
        head={"src/lib.rs": without(COMPLETE, heading)},
        params={"sections": EVERYTHING},
        mentions=(says,),
        findings=1,
    )


PASSES = [
    Case("every section as a heading", head={"src/lib.rs": COMPLETE}, params={"sections": EVERYTHING}),
    Case(
        "every section in idiomatic sentences",
        head={"src/lib.rs": IDIOMATIC},
        params={"sections": EVERYTHING},
    ),
    Case(
        "nothing to say about parameters, return value and errors",
        head={"src/lib.rs": "/// Rings the bell.\nfn ring(&self) {}\n"},
        params={"sections": ("purpose", "parameters", "returns", "errors", "panics", "safety")},
    ),
    Case(
        "a Result of nothing returns nothing",
        head={"src/lib.rs": "/// Rings.\n///\n/// # Errors\n/// When stuck.\nfn r() -> io::Result<()> {}\n"},
        params={"sections": ("returns", "errors")},
    ),
    Case(
        "formatting's own Result has no errors of its own",
        head={"src/lib.rs": "/// Shows it.\nfn show() -> fmt::Result {}\n"},
        params={"sections": ("errors", "returns")},
    ),
    Case(
        "bold headings and other spellings",
        head={"src/lib.rs": "/// Adds.\n///\n/// **Parameters**:\n/// - a: one\nfn f(a: u8) {}\n"},
        params={"sections": ("parameters",)},
    ),
    Case(
        "an unused parameter is described without its underscore",
        head={"src/lib.rs": "/// Takes `size`.\nfn f(_size: u8, _: u8) {}\n"},
        params={"sections": ("parameters",)},
    ),
    Case("test code", head={"src/lib.rs": "#[test]\nfn f() -> Result<(), E> {}\n"}),
    Case(
        "panics of a nested function are its own",
        head={
            "src/lib.rs": "/// O.\nfn f() {\n    /// # Panics\n    /// Ever.\n    fn g() { panic!() }\n}\n"
        },
        params={"sections": ("panics",)},
    ),
]
FAILS = [
    lacks("Arguments", "its parameters (dividend)"),
    lacks("Returns", "what it returns"),
    lacks("Errors", "when it returns an error"),
    lacks("Performance", "its performance"),
    lacks("Examples", "an example"),
    Case(
        "no purpose",
        head={"src/lib.rs": COMPLETE.replace("/// Divides one number by another.\n///\n", "")},
        params={"sections": EVERYTHING},
        mentions=("what it is for",),
        findings=1,
    ),
    Case(
        "a parameter left out under the heading",
        head={"src/lib.rs": "/// Adds.\n///\n/// # Arguments\n/// * `a` - one\nfn f(a: u8, b: u8) {}\n"},
        params={"sections": ("parameters",)},
        mentions=("(b)",),
    ),
    Case(
        "an unwrap without a word on panics",
        head={"src/lib.rs": "/// Opens it.\nfn f() {\n    g().unwrap();\n}\n"},
        mentions=("when it panics",),
        at=("src/lib.rs", 2),
    ),
    Case(
        "an unwrap inside a macro's arguments",
        head={"src/lib.rs": '/// Opens it.\nfn f() {\n    println!("{}", g().unwrap());\n}\n'},
        mentions=("when it panics",),
    ),
    Case(
        "an unsafe function without a safety section",
        head={"src/lib.rs": "/// Reads memory.\npub unsafe fn f() {}\n"},
        mentions=("what its caller must guarantee",),
    ),
    Case(
        "no documentation at all is one finding",
        head={"src/lib.rs": "fn f(a: u8) -> Result<u8, E> {}\n"},
        params={"sections": EVERYTHING},
        findings=1,
        mentions=("no documentation",),
    ),
]
UNKNOWN = [Case("a file that does not parse", head={"src/lib.rs": "fn f( {\n"}, mentions=("src/lib.rs",))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "sections"),
    [
        (
            "Every function needs documentation comments on purpose, parameters, return values, error "
            "conditions, performance characteristics, and usage examples, explaining all of them",
            set(EVERYTHING),
        ),
        ("Document error responses of all API endpoints", set()),
        ("Include examples in doc comments: Show how to use the API", {"example"}),
        (
            "Document errors and panics: Using # Errors and # Panics sections in doc comments",
            {"errors", "panics"},
        ),
        ("Use realistic examples and handle errors", set()),
    ],
)
def test_phrasings_name_the_sections_of_a_sentence(sentence, sections):
    asked = {name for p in GATE.phrasings if p.regex.search(sentence) for name in p.params["sections"]}
    assert asked == sections
