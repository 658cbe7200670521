from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ironwright.host.cargo_messages import parse_messages

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
REASONS = st.sampled_from(["compiler-message", "compiler-artifact", "build-script-executed", "x"])


def span(path: str, line: int, *, primary: bool = True, expansion: Any = None) -> dict[str, Any]:
    return {
        "file_name": path,
        "line_start": line,
        "line_end": line,
        "column_start": 1,
        "column_end": 2,
        "is_primary": primary,
        "label": None,
        "expansion": expansion,
    }


def message(*spans: dict[str, Any], code: str | None = "E0308", level: str = "error") -> dict[str, Any]:
    return {
        "reason": "compiler-message",
        "package_id": "p",
        "target": {"name": "small", "kind": ["lib"]},
        "message": {
            "level": level,
            "code": {"code": code} if code else None,
            "message": "mismatched types",
            "rendered": "error: mismatched types",
            "spans": list(spans),
            "children": [],
        },
    }


def artefact(executable: str | None) -> dict[str, Any]:
    return {
        "reason": "compiler-artifact",
        "package_id": "p",
        "target": {"name": "small", "kind": ["lib"], "src_path": "/w/repo/src/lib.rs"},
        "profile": {"test": True},
        "executable": executable,
        "filenames": [],
        "fresh": False,
    }


def parse(*data: Any) -> Any:
    return parse_messages("\n".join(json.dumps(item) for item in data).encode(), lambda path: path)


def test_the_primary_place_comes_first():
    found = parse(message(span("a.rs", 1, primary=False), span("b.rs", 2))).diagnostics[0]
    assert (found.path, found.line) == ("b.rs", 2)


def test_a_place_in_a_macro_is_where_the_outermost_macro_is_called():
    inner = span("m.rs", 9, expansion={"span": span("a.rs", 3), "macro_decl_name": "outer!"})
    found = parse(message(span("/core.rs", 7, expansion={"span": inner, "macro_decl_name": "inner!"})))
    place = found.diagnostics[0].place
    assert (place.path, place.line, place.macro) == ("a.rs", 3, "outer!")


def test_one_message_of_a_library_and_its_tests_is_reported_once():
    assert len(parse(message(span("a.rs", 1)), message(span("a.rs", 1))).diagnostics) == 1


def test_summaries_are_left_out():
    summary = message(code=None)
    summary["message"]["message"] = "aborting due to 1 previous error"
    assert parse(summary).diagnostics == ()


def test_an_error_without_a_place_is_kept():
    assert len(parse(message(code=None)).errors) == 1


def test_two_executables_for_one_target_are_a_conflict():
    assert parse(artefact("/w/target/a"), artefact("/w/target/b")).conflicts
    assert not parse(artefact("/w/target/a"), artefact("/w/target/a")).conflicts


def test_linked_paths_lose_their_marks():
    script = {"reason": "build-script-executed", "package_id": "p", "linked_paths": ["native=/w/target/x"]}
    assert parse(script).build_scripts[0].linked_paths == ("/w/target/x",)


@given(st.lists(st.binary()))
def test_any_bytes_are_read(lines: list[bytes]):
    parse_messages(b"\n".join(lines), lambda path: path)


@given(st.lists(st.tuples(REASONS, st.dictionaries(st.sampled_from(["message", "target", "profile"]), JSON))))
def test_any_json_is_read(items: list[tuple[str, dict[str, Any]]]):
    found = parse(*({**data, "reason": reason} for reason, data in items))
    assert all(item.line is None or item.line >= 1 for item in found.diagnostics)


@given(st.integers(min_value=0, max_value=400))
def test_expansions_of_any_depth_end(depth: int):
    place = span("a.rs", 1)
    for _ in range(depth):
        place = span("m.rs", 2, expansion={"span": place, "macro_decl_name": "m!"})
    assert parse(message(place)).diagnostics[0].place is not None
