"""Every tree gate under every scope: an old offence that nobody touched, and one more of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ironwright.gates.api import Cost
from ironwright.gates.catalog import gates
from ironwright.records.contract import Scope
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import run_gate

# What these refuse is a change itself, not a state of the tree: there is no old offence.
COMPARING = {
    "weakened_tests",
    "loosened_guardrails",
    "test_after_code",
    "out_of_scope_edits",
    "unmentioned_changes",
}
# What a design declares is there or not, whatever the change touched.
WHOLE = {"design_deviation"}
TREE_GATES = sorted(
    name
    for name, gate in gates().items()
    if gate.cost is Cost.TREE and not gate.tools and name not in COMPARING | WHOLE
)


@dataclass(frozen=True)
class Offence:
    """A file with one offence, and the same file with one more.

    Attributes:
        old: The file as it is in base.
        more: The file with one offence more.
        path: Where it stands.
        params: The gate's parameters.
        with_files: What else both sides hold.
    """

    old: str
    more: str
    path: str = "src/lib.rs"
    params: tuple[tuple[str, object], ...] = ()
    with_files: tuple[tuple[str, str], ...] = ()


def twice(text: str, **more) -> Offence:
    """An offence in a function, and the same again under another name."""
    return Offence(text, text + "\n" + text.replace("one", "two"), **more)


OFFENCES = {
    "missing_tests": twice("pub fn one() {}\n"),
    "naming_conventions": Offence("pub fn isOne() {}\n", "pub fn isOne() {}\npub fn isTwo() {}\n"),
    "misplaced_tests": twice(
        "#[test]\nfn one() {\n    assert_eq!(1, 2);\n}\n", params=(("unit_tests", "inline"),)
    ),
    "layering": Offence(
        "use crate::api::A;\npub struct B(A);\n",
        "use crate::api::A;\nuse crate::api::C;\npub struct B(A, C);\n",
        path="src/domain.rs",
        params=(("layers", ("api", "domain")),),
        with_files=(
            ("src/lib.rs", "pub mod api;\npub mod domain;\n"),
            ("src/api.rs", "pub struct A;\npub struct C;\n"),
        ),
    ),
    "forbidden_patterns": twice(
        "pub fn one(a: u8) {\n    std::mem::forget(a);\n}\n", params=(("rules", ("mem::forget",)),)
    ),
    "required_patterns": twice("pub enum oneError {\n    A,\n}\n", params=(("error_derive", "thiserror"),)),
    "unsafe_code": twice("pub fn one(a: *const u8) -> u8 {\n    unsafe { *a }\n}\n"),
    "blocking_in_async": twice(
        "pub async fn one() {\n    std::thread::sleep(std::time::Duration::from_secs(1));\n}\n"
    ),
    "hardcoded_answers": twice(
        'pub fn one(a: &str) -> u64 {\n    if a == "adversary" {\n        return 1234;\n    }\n'
        "    a.bytes().fold(0, |sum, byte| sum + u64::from(byte))\n}\n\n"
        '#[test]\nfn t_one() {\n    assert_eq!(one("adversary"), 1234);\n}\n'
    ),
    "leaked_secrets": Offence(
        'const A: &str = "AKIAQ3EGRJ7XW2LPZT5N";\n',
        'const A: &str = "AKIAQ3EGRJ7XW2LPZT5N";\nconst B: &str = "AKIAZ7PLXQ2WRT5NE3GJ";\n',
    ),
    "missing_doc_sections": twice(
        "/// Reads a number from a text.\npub fn one(a: &str) -> Result<u8, std::num::ParseIntError> {\n"
        "    a.parse()\n}\n",
        params=(("sections", ("errors",)),),
    ),
    "missing_property_tests": twice("pub fn parse_one(a: &str) -> Option<u8> {\n    a.parse().ok()\n}\n"),
    "oversized_files": Offence("// x\n" * 201, "// x\n" * 202),
    "panicking_library_code": twice("pub fn one(a: Option<u8>) -> u8 {\n    a.unwrap()\n}\n"),
    "placeholder_code": twice("pub fn one() -> u8 {\n    todo!()\n}\n"),
    "prints_in_library": twice('pub fn one() {\n    println!("x");\n}\n'),
    "stringly_errors": twice("pub fn one() -> Result<(), String> {\n    Ok(())\n}\n"),
    "stub_tests": twice("#[test]\nfn one() {\n    assert!(true);\n}\n", path="tests/a.rs"),
    "uncommented_files": Offence(
        "//! Adds.\n" + "pub fn a() {}\n" * 40, "//! Adds.\n" + "pub fn a() {}\n" * 60
    ),
    "undocumented_functions": twice("pub fn one() {}\n"),
    "unexplained_unsafe": twice("pub fn one(a: *const u8) -> u8 {\n    unsafe { *a }\n}\n"),
    "unlogged_failures": twice('pub fn one() {\n    let _ = std::fs::remove_file("x");\n}\n'),
}


def judge(gate: str, head: dict, scope: Scope, folder, base: dict | None = None):
    offence = OFFENCES[gate]
    before = {offence.path: offence.old, **dict(offence.with_files)} if base is None else base
    return run_gate(gate, before, head, params=dict(offence.params), scope=scope, folder=folder)


def test_every_tree_gate_has_its_offence_here():
    assert sorted(OFFENCES) == TREE_GATES


@pytest.mark.parametrize("gate", TREE_GATES)
def test_every_tree_gate_knows_every_scope(gate):
    assert gates()[gate].scopes == (Scope.CHANGED, Scope.ALL, Scope.RATCHET)


@pytest.mark.parametrize("gate", sorted(COMPARING))
def test_what_compares_judges_the_change_alone(gate):
    assert gates()[gate].scopes == (Scope.CHANGED,)


@pytest.mark.parametrize("gate", TREE_GATES)
@pytest.mark.parametrize(
    ("scope", "status"),
    [(Scope.CHANGED, Status.PASS), (Scope.ALL, Status.FAIL), (Scope.RATCHET, Status.PASS)],
    ids=["changed", "all", "ratchet"],
)
def test_an_old_offence_that_nobody_touched_fails_under_all_only(gate, scope, status, tmp_path):
    verdict = judge(gate, {"notes.txt": "Something else.\n"}, scope, tmp_path)
    assert verdict.status is status, verdict.reason


@pytest.mark.parametrize("gate", TREE_GATES)
def test_one_offence_more_in_a_file_fails_under_ratchet(gate, tmp_path):
    offence = OFFENCES[gate]
    verdict = judge(gate, {offence.path: offence.more}, Scope.RATCHET, tmp_path)
    assert verdict.status is Status.FAIL, verdict.reason
    assert {found.path for found in verdict.findings} == {offence.path}


RATCHETED = "panicking_library_code"


def test_ratchet_names_the_new_offence_and_not_the_old_one(tmp_path):
    verdict = judge(RATCHETED, {"src/lib.rs": OFFENCES[RATCHETED].more}, Scope.RATCHET, tmp_path)
    assert [found.line for found in verdict.findings] == [6]


def test_under_ratchet_code_may_move_to_another_file(tmp_path):
    text = OFFENCES[RATCHETED].old
    head = {"src/lib.rs": "pub mod a;\n", "src/a.rs": "//! Moved here.\n\n" + text}
    assert judge(RATCHETED, head, Scope.RATCHET, tmp_path).status is Status.PASS


def test_under_ratchet_an_offence_in_another_file_is_no_excuse(tmp_path):
    verdict = judge(
        RATCHETED,
        {"src/lib.rs": "pub mod a;\n", "src/a.rs": OFFENCES[RATCHETED].more},
        Scope.RATCHET,
        tmp_path,
    )
    assert verdict.status is Status.FAIL
    assert len(verdict.findings) == 1


def test_under_ratchet_what_cannot_be_read_before_is_unknown(tmp_path):
    verdict = judge(
        RATCHETED,
        {"src/lib.rs": OFFENCES[RATCHETED].old},
        Scope.RATCHET,
        tmp_path,
        base={"src/lib.rs": "pub fn one( {\n"},
    )
    assert verdict.status is Status.UNKNOWN
    assert "before the change" in verdict.reason
