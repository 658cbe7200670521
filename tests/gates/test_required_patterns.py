from __future__ import annotations

import json

import pytest
from sentences import asks_for

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

SPDX = "// SPDX-License-Identifier: MIT"


def rule(**table) -> dict:
    return {"rules": (json.dumps(table),)}


HEADER = rule(text=SPDX, start=True, languages=["rust"])
DOCS = {"crate_attributes": ("#![deny(missing_docs)]",)}
DERIVE = {"error_derive": "thiserror"}
DERIVED = '#[derive(Debug, thiserror::Error)]\npub enum ReadError {\n    #[error("x")]\n    A,\n}\n'
BY_HAND = "#[derive(Debug)]\npub enum ReadError {\n    A,\n}\n"

PASSES = [
    Case("a header", head={"src/lib.rs": f"{SPDX}\nfn f() {{}}\n"}, params=HEADER),
    Case(
        "an old file without one",
        base={"src/lib.rs": "fn f() {}\n"},
        head={"src/lib.rs": "fn g() {}\n"},
        params=HEADER,
        findings=0,
    ),
    Case(
        "a moved file without one",
        base={"src/a.rs": "fn f() {}\n"},
        head={"src/a.rs": None, "src/b.rs": "fn f() {}\n"},
        params=HEADER,
    ),
    Case("another language", head={"a.py": "x\n"}, params=HEADER),
    Case("an attribute", head={"src/lib.rs": "#![deny(missing_docs)]\n"}, params=DOCS),
    Case(
        "a stricter attribute among others",
        head={"src/lib.rs": "#![forbid(unsafe_code, missing_docs)]\n"},
        params=DOCS,
    ),
    Case(
        "a module is no root",
        head={"src/lib.rs": "#![deny(missing_docs)]\nmod a;\n", "src/a.rs": ""},
        params=DOCS,
    ),
    Case("derived errors", head={"src/lib.rs": DERIVED}, params=DERIVE),
    Case(
        "private and old error types",
        base={"src/lib.rs": BY_HAND},
        head={"src/lib.rs": BY_HAND + "\nstruct OtherError;\n"},
        params=DERIVE,
    ),
    Case("an error of a program", head={"src/main.rs": BY_HAND + "fn main() {}\n"}, params=DERIVE),
]
FAILS = [
    Case("no header", head={"src/lib.rs": f"fn f() {{}}\n{SPDX}\n"}, params=HEADER, at=("src/lib.rs", 1)),
    Case(
        "a header that is gone",
        base={"src/lib.rs": f"{SPDX}\n"},
        head={"src/lib.rs": "fn f() {}\n"},
        params=HEADER,
    ),
    Case(
        "an old file under scope all",
        base={"src/lib.rs": ""},
        head={"a.md": ""},
        params=HEADER,
        scope=Scope.ALL,
    ),
    Case(
        "an attribute is missing",
        head={"src/lib.rs": "#![warn(missing_docs)]\n"},
        params=DOCS,
        mentions=("#![deny(missing_docs)]",),
    ),
    Case(
        "an error by hand",
        head={"src/lib.rs": BY_HAND},
        params=DERIVE,
        at=("src/lib.rs", 2),
        mentions=("`ReadError`", "thiserror"),
    ),
    Case(
        "a query finds nothing",
        head={"src/lib.rs": "fn f() {}\n"},
        params=rule(query='(mod_item name: (identifier) @n (#eq? @n "tests"))', message="no tests here"),
        mentions=("no tests here",),
    ),
]
UNKNOWN = [
    Case("a rule that is none", head={"src/lib.rs": ""}, params={"rules": ("{",)}, mentions=("no JSON",)),
    Case(
        "syntax of a file that does not parse",
        head={"src/lib.rs": "fn f( {\n"},
        params=rule(query="(mod_item) @m"),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "name", "value"),
    [
        (
            "Every crate must declare `#![warn(missing_docs)]`.",
            "crate_attributes",
            ("#![warn(missing_docs)]",),
        ),
        ("Add `#![deny(missing_docs)]` to lib.rs.", "crate_attributes", ("#![deny(missing_docs)]",)),
        ("Define error types with `thiserror`.", "error_derive", "thiserror"),
    ],
)
def test_prose_names_what_is_required(sentence, name, value):
    asked = asks_for("required_patterns", sentence)
    assert asked
    assert asked[name] == value


def test_a_quoted_header_is_a_rule():
    asked = asks_for("required_patterns", f"Every source file must start with `{SPDX}`.")
    assert asked
    assert json.loads(asked["rules"][0]) == {"text": SPDX, "start": True, "languages": ["rust"]}


@pytest.mark.parametrize(
    "sentence",
    [
        "Use thiserror or anyhow.",
        "Consider error handling.",
        "Never use thiserror.",
        "Every file starts with a comment.",
    ],
)
def test_prose_that_requires_nothing_precise(sentence):
    asked = asks_for("required_patterns", sentence)
    assert asked is None or asked["strength"] == "soft"
