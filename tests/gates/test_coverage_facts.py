from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.cargo.answers import differences
from ironwright.gates.cargo.coverage import parse_lcov
from ironwright.gates.cargo.findings import ranges, shown_ranges

LINES = st.dictionaries(st.integers(1, 10**6), st.integers(0, 10**12), max_size=20)


@given(st.dictionaries(st.from_regex(r"[a-z]+\.rs", fullmatch=True), LINES, max_size=5))
def test_what_a_report_says_is_read_back(files: dict[str, dict[int, int]]):
    records = []
    for path, lines in files.items():
        records += [
            f"SF:/w/repo/{path}",
            *(f"DA:{line},{count}" for line, count in lines.items()),
            "end_of_record",
        ]
    assert parse_lcov("\n".join(records), lambda path: path.removeprefix("/w/repo/")) == files


@given(st.text())
def test_any_text_is_read(text: str):
    parse_lcov(text, lambda path: path or None)


def test_files_outside_the_repository_are_left_out():
    report = "SF:/registry/a.rs\nDA:1,1\nend_of_record\nSF:b.rs\nDA:2,3\n"
    assert parse_lcov(report, lambda path: None if path.startswith("/") else path) == {"b.rs": {2: 3}}


def test_the_most_often_executed_instance_counts():
    assert parse_lcov("SF:a\nDA:1,0\nDA:1,4\nDA:1,2", lambda path: path) == {"a": {1: 4}}


@given(st.sets(st.integers(1, 60)))
def test_ranges_hold_exactly_the_lines(lines: set[int]):
    found = ranges(lines)
    assert {line for first, last in found for line in range(first, last + 1)} == lines
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(found))


def test_ranges_for_people():
    assert shown_ranges({3, 7, 8, 9}) == "3, 7-9"


@given(
    st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=8),
    st.lists(st.sampled_from([b"a", b"b"]), max_size=8),
)
def test_differences_are_empty_for_equal_files_only_and_lie_within(old: list[bytes], new: list[bytes]):
    before, after = b"\n".join(old), b"\n".join(new)
    found = differences(before, after)
    assert bool(found) == (before != after)
    assert all(1 <= first <= last <= max(1, len(old)) for first, last in found)
