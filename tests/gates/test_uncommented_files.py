from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.checks.uncommented_files import _share
from ironwright.gates.rust.syntax import parse_rust
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

HEAD = "//! Counts things for the report.\n\n"
PLAIN = "".join(f"fn f{n}() {{\n    g({n});\n}}\n\n" for n in range(12))
TOLD = "".join(
    f"// Step {n} depends on the one before it.\nfn f{n}() {{\n    g({n});\n}}\n\n" for n in range(12)
)
LICENCE = "".join(f"// Copyright line {n} of the licence text.\n" for n in range(12)) + "\n"


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


PASSES = [
    Case("a file that explains itself", head=lib(HEAD + TOLD), findings=0),
    Case("a short file with a head", head=lib(HEAD + "fn f() {}\n"), findings=0),
    Case("a comment before the first item", head=lib("// Counts things for the report.\nfn f() {}\n")),
    Case("only modules and imports", head=lib("mod a;\nuse b::c;\n"), mentions=("no source files",)),
    Case("a test file", head={"tests/it.rs": PLAIN}, findings=0),
    Case("an old file that changed little", base=lib(PLAIN), head=lib(PLAIN + "fn x() {}\n"), findings=0),
    Case(
        "an old file whose new part is explained",
        base=lib(PLAIN),
        head=lib(PLAIN + TOLD.replace("fn f", "fn h")),
    ),
    Case(
        "only moved to another file",
        base={"src/a.rs": HEAD + TOLD},
        head={"src/a.rs": None, "src/b.rs": HEAD + TOLD},
    ),
    Case("a lower share is asked for", head=lib(HEAD + PLAIN), params={"min_share": 1.0}),
    Case(
        "no worse than before",
        base=lib(PLAIN),
        head=lib("// Why it is so long.\n" + PLAIN),
        scope=Scope.RATCHET,
    ),
    Case("documentation counts", head=lib(HEAD + TOLD.replace("// Step", "/// Step")), findings=0),
]
FAILS = [
    Case("no head", head=lib("fn f() {}\n"), at=("src/lib.rs", 1), mentions=("what it is for",), findings=1),
    Case("only a licence", head=lib(LICENCE + "fn f() {}\n"), at=("src/lib.rs", 1)),
    Case("too few comments", head=lib(HEAD + PLAIN), mentions=("2.7 %", "8 %"), findings=1),
    Case("the licence is no comment", head=lib(LICENCE + HEAD + PLAIN), mentions=("less than 8 %",)),
    Case(
        "code in comments",
        head=lib(HEAD + TOLD.replace("// Step", "// let step = ").replace("before it.", "x;")),
    ),
    Case(
        "one comment many times",
        head=lib(
            HEAD + "".join(f"// A helper of the report.\nfn f{n}() {{\n    g({n});\n}}\n" for n in range(12))
        ),
    ),
    Case("rules are no comments", head=lib(HEAD + PLAIN.replace("\n\n", "\n// -----\n"))),
    Case("an old file that grew", base=lib(HEAD), head=lib(HEAD + PLAIN)),
    Case("a test file, where they count", head={"tests/it.rs": PLAIN}, params={"tests": True}),
    Case("everything under scope all", base=lib(PLAIN), head={"a.md": ""}, scope=Scope.ALL, findings=2),
    Case(
        "worse than before",
        base=lib(HEAD + TOLD),
        head=lib(HEAD + PLAIN),
        scope=Scope.RATCHET,
        mentions=("before",),
    ),
]
UNKNOWN = [Case("a file that does not parse", head=lib("fn f( {\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@given(st.text(alphabet="/! \nabc{};fn()", max_size=200))
def test_a_share_is_a_percentage(text):
    file = parse_rust("src/lib.rs", text.encode())
    assert 0.0 <= _share(file, frozenset(range(1, file.line_count + 1)), ()) <= 100.0
