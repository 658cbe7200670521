"""Which items a change adds or alters, and the tree in which its tests must be red."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.gates.redness.red_tree import CompileError, build_red_tree, cut_errors
from ironwright.gates.subject import Subject
from ironwright.records.config import Config
from ironwright.records.contract import Contract
from ironwright.testing.gate_testing import MANIFEST, SmallCrate
from ironwright.workflow.change import resolve_change
from ironwright.workflow.check import CheckRequest, ContractSource, build_subject

BASE = """/// Adds.
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[cfg(test)]
mod tests {
    use super::{add};

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3);
    }
}
"""
HEAD = """/// Adds two numbers.
pub fn add(a: i32, b: i32) -> i32 { a + b } // same

pub fn double(a: i32) -> i32 {
    a * 2
}

#[cfg(test)]
mod tests {
    use super::{add, double};

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3);
    }

    #[test]
    fn doubles() {
        assert_eq!(double(2), 4);
    }
}
"""


def subject_of(folder: Path, base: dict[str, str], head: dict[str, str | None]) -> Subject:
    crate = SmallCrate(folder)
    crate.commit({"Cargo.toml": MANIFEST, **base})
    crate.commit(head)
    source = ContractSource("none", "none", lambda: Contract("none", (), ()))
    request = CheckRequest(folder, source, Config(), base="HEAD~1", head="HEAD")
    return build_subject(request, resolve_change(folder, "HEAD~1", "HEAD"), ExitStack())


def test_layout_and_comments_are_no_change_and_new_items_are(tmp_path: Path) -> None:
    changes = CodeChanges(subject_of(tmp_path / "c", {"src/lib.rs": BASE}, {"src/lib.rs": HEAD}))
    assert [found.item.name for found in changes.functions] == ["double"]
    assert [found.item.name for found in changes.tests] == ["doubles"]
    assert changes.tests[0].new


def test_moving_a_function_to_another_file_is_no_change(tmp_path: Path) -> None:
    moved = {"src/lib.rs": "mod sums;\npub use sums::add;\n", "src/sums.rs": BASE}
    changes = CodeChanges(subject_of(tmp_path / "c", {"src/lib.rs": BASE}, moved))
    assert changes.functions == ()
    assert changes.tests == ()


def test_white_space_inside_a_literal_is_a_change(tmp_path: Path) -> None:
    base = 'pub fn sign() -> &\'static str {\n    "a=b"\n}\n'
    head = base.replace("a=b", "a = b")
    changes = CodeChanges(subject_of(tmp_path, {"src/lib.rs": base}, {"src/lib.rs": head}))
    assert [found.item.name for found in changes.items] == ["sign"]


def test_a_changed_body_is_a_change_of_a_known_function(tmp_path: Path) -> None:
    head = BASE.replace("a + b", "b + a + 0")
    changes = CodeChanges(subject_of(tmp_path / "c", {"src/lib.rs": BASE}, {"src/lib.rs": head}))
    assert [(found.item.name, found.new) for found in changes.functions] == [("add", False)]


def test_the_red_tree_has_base_code_and_head_tests(tmp_path: Path) -> None:
    subject = subject_of(tmp_path / "c", {"src/lib.rs": BASE}, {"src/lib.rs": HEAD})
    source = build_red_tree(subject).changes["src/lib.rs"]
    assert source is not None
    text = source.decode()
    assert "pub fn double" not in text
    assert "fn doubles()" in text
    assert text.count("fn adds()") == 1
    assert "a + b\n" in text


def test_a_test_of_a_new_file_is_homeless(tmp_path: Path) -> None:
    head = {"src/lib.rs": "pub mod more;\n" + BASE, "src/more.rs": HEAD}
    tree = build_red_tree(subject_of(tmp_path / "c", {"src/lib.rs": BASE}, head))
    assert {(path, item.name) for path, item in tree.homeless} == {
        ("src/more.rs", "adds"),
        ("src/more.rs", "doubles"),
    }


def test_dev_dependencies_and_test_data_come_from_head(tmp_path: Path) -> None:
    manifest = MANIFEST + '\n[dependencies]\nx = "1"\n\n[dev-dependencies]\ny = "2"\n'
    head = {
        "Cargo.toml": manifest,
        "tests/data/a.txt": "1",
        "tests/a.rs": "#[test] fn a() {}",
        "notes.txt": "n",
    }
    changes = build_red_tree(subject_of(tmp_path / "c", {"src/lib.rs": BASE}, head)).changes
    merged = changes["Cargo.toml"]
    assert merged is not None
    assert b"[dev-dependencies]" in merged
    assert b"\n[dependencies]" not in merged
    assert changes["tests/data/a.txt"] == b"1"
    assert "notes.txt" not in changes


@pytest.mark.parametrize(
    ("line", "column", "message", "gone", "kept"),
    [
        (8, 22, "unresolved import `super::double`", "double}", "{add"),
        (17, 20, "cannot find function `double` in this scope", "fn doubles", "fn adds"),
    ],
)
def test_an_error_cuts_the_smallest_part_and_is_understood(
    tmp_path: Path, line: int, column: int, message: str, gone: str, kept: str
) -> None:
    subject = subject_of(tmp_path / "c", {"src/lib.rs": BASE}, {"src/lib.rs": HEAD})
    tree = build_red_tree(subject)
    names = CodeChanges(subject).names
    cuts, stray = cut_errors(subject, tree, [CompileError("src/lib.rs", line, column, message)], names)
    assert stray == []
    assert [cut.attributed for cut in cuts] == [True]
    text = (tree.changes["src/lib.rs"] or b"").decode()
    assert gone not in text
    assert kept in text


def test_an_error_outside_test_code_is_stray(tmp_path: Path) -> None:
    subject = subject_of(tmp_path / "c", {"src/lib.rs": BASE}, {"src/lib.rs": HEAD})
    cuts, stray = cut_errors(
        subject, build_red_tree(subject), [CompileError("src/lib.rs", 3, 5, "x")], frozenset()
    )
    assert cuts == []
    assert len(stray) == 1
