"""Finds code that behaves otherwise where it is judged: by the date, its thread, its arguments, its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ironwright.gates.rust.items import Item, descend, node_text
from ironwright.gates.rust.modules import library_files

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

Watched = tuple[str, int, str]
"""A file, a 1-based line, and what is wrong there."""

_ASKS_TIME: Final = re.compile(
    r"\b(?:SystemTime|Utc|Local|OffsetDateTime|Zoned|Timestamp)\s*::\s*now(?:_utc|_local)?\s*\(|"
    r"\bUNIX_EPOCH\s*\.\s*elapsed\s*\("
)
# Seconds and milliseconds since 1970 between 2001 and 2100, days written out, and years compared.
_MOMENT: Final = re.compile(
    r"\b(?:1[0-9]|2[0-9]|3[0-9]|40)\d{8}(?:000)?(?:_?[iu]\d+)?\b|\"20\d\d-\d\d(?:-\d\d)?[^\"]*\"|"
    r"\.\s*year\s*\(\s*\)\s*[<>=!]=?\s*20\d\d\b|"
    r"\b(?:from_ymd\w*|with_ymd_and_hms|from_calendar_date)\s*\(\s*20\d\d\b|\bdate!\s*\(\s*20\d\d"
)
# A clock that counts from 1970 in another unit: a compared number times the unit may be a moment.
_DIVIDED: Final = re.compile(r"/\s*\(?\s*(\d+(?:\s*\*\s*\d+)*)")
_COMPARED: Final = re.compile(r"[<>=!]=?\s*\(?\s*(\d+(?:\s*\*\s*\d+)*)(?:_?[iu]\d+)?\b(?!\s*\.\.)")
_SINCE_1970: Final = re.compile(r"\bUNIX_EPOCH\b|\btimestamp(?:_millis)?\s*\(")
_COMPARES: Final = re.compile(r"[<>]=?|[=!]=|\bduration_since\b|\bcmp\b|\bcontains\b")
_THREAD: Final = re.compile(
    r"\bthread\s*::\s*current\s*\(\s*\)\s*\.\s*name\s*\(\s*\)[^;{}]{0,80}?"
    r"(?:==|!=|contains|starts_with|ends_with|matches!)[^;{}\"]{0,40}\"(?!main\")",
    re.DOTALL,
)
_ARGUMENT: Final = re.compile(
    r"\bargs(?:_os)?\s*\(\s*\)[^;{}]{0,120}?\"(?:--test\w*|--exact|--nocapture|--include-ignored|--ignored|"
    r"--logfile|--list|--format)",
    re.DOTALL,
)
_PLACE: Final = re.compile(
    r"\bcurrent_exe\s*\(\s*\)[^;]{0,160}?\"[^\"]*(?:\bdeps\b|target|debug|test)[^\"]*\"|"
    r"\b(?:env!|var(?:_os)?)\s*\(\s*\"(?:CARGO_TARGET_DIR|OUT_DIR|CARGO_TARGET_TMPDIR)\"\s*\)"
    r"[^;]{0,60}\.exists",
    re.DOTALL,
)
_PROGRAM: Final = re.compile(r"\bcurrent_exe\s*\(|\bargs(?:_os)?\s*\(\s*\)")
_BUILD_PLACE: Final = re.compile(r"\"/?(?:deps/?|target/debug[^\"]*|debug/deps[^\"]*|nextest[^\"]*)\"")
# Variables that cargo sets for what it runs, and nobody else.
_CARGO_RUNS: Final = re.compile(
    r"(?<!option_)\bvar(?:_os)?\s*\(\s*\"(?:CARGO_(?:MANIFEST_DIR|MANIFEST_PATH|PKG_\w+|CRATE_NAME|"
    r"BIN_EXE_\w+|PRIMARY_PACKAGE))\"\s*\)"
)
_NAMES: Final = re.compile(
    r"\"(?:CI|GITHUB_ACTIONS|GITLAB_CI|CONTINUOUS_INTEGRATION|BUILDKITE|TRAVIS|CIRCLECI|JENKINS_URL|TF_BUILD|"
    r"NEXTEST|RUST_TEST_\w+|CARGO_LLVM_COV|LLVM_PROFILE_FILE)\""
)
_VARIABLES: Final = re.compile(r"\benv\s*::\s*vars?(?:_os)?\s*\(")
_LEAVES: Final = frozenset({"return_expression", "break_expression", "continue_expression"})
_SETS_CFG: Final = re.compile(r"cargo::?:?rustc-(?:cfg|env|flags)\b")
_BY_PLACE: Final = re.compile(
    r"CARGO_MANIFEST_DIR|\bcurrent_dir\b|\bHOME\b|\"USER\"|HOSTNAME|\"CI\"|GITHUB_|GITLAB_|RUSTC_\w*WRAPPER|"
    r"CARGO_ENCODED_RUSTFLAGS|LLVM_PROFILE|SystemTime|/proc/|\bCARGO_TARGET_DIR\b|\"(?:PWD|LOGNAME|TERM)\""
)
# What is run by cargo on purpose.
_HELPERS: Final = re.compile(r"(?:^|/)(?:build\.rs|xtask/|examples/|benches/)|(?:^|/)build/")


def watched_code(subject: Subject) -> Iterator[Watched]:
    """Functions outside of tests, on lines that the change wrote, that ask who is looking."""
    library: frozenset[str] | None = None
    for changed in subject.change.live_files:
        path = changed.path
        if path not in subject.head.rust_paths or path in subject.head.test_files or _HELPERS.search(path):
            continue
        source = subject.head.read(path)
        if not re.search(rb"\bnow\b|\bname\s*\(|\bargs|current_exe|\benv\b|\bvar|elapsed|debug_asse", source):
            continue
        library = library_files(subject.head) if library is None else library
        tests = subject.head.test_lines(path)
        for item in subject.head.rust(path).functions:
            if item.in_test or item.body is None or item.is_nested:
                continue
            found = [*_asked(item, path in library, _is_macro_crate(subject, path))]
            found += _unbuilt(item, source)
            for line, message in found:
                if line in changed.added_lines and line not in tests:
                    yield path, line, message


def _asked(item: Item, library: bool, macros: bool) -> Iterator[tuple[int, str]]:
    assert item.body is not None
    first = item.body.start_point.row + 1
    # Comments say nothing to the program.
    text = re.sub(r"//[^\n]*", lambda found: " " * len(found[0]), node_text(item.body))

    def line(found: re.Match[str]) -> int:
        return first + text.count("\n", 0, found.start())

    bare = re.sub(r"(?<=\d)_(?=\d)", "", text)
    found = _moment(bare) if _ASKS_TIME.search(text) and _COMPARES.search(text) else None
    if found is not None:
        row = first + bare.count("\n", 0, found.start())
        yield row, f"`{item.name}` asks for the time and behaves otherwise from a fixed moment on"
    if found := _THREAD.search(text):
        yield line(found), f"`{item.name}` asks for its thread's name, which is the test's when it is tested"
    if not library and item.name == "main":
        return
    if found := _ARGUMENT.search(text):
        yield line(found), f"`{item.name}` looks for the test harness's options among the arguments"
    if (_PROGRAM.search(text) and (found := _BUILD_PLACE.search(text))) or (found := _PLACE.search(text)):
        yield line(found), f"`{item.name}` asks where the program lies, which tells a test build"
    if library and not macros and (found := _CARGO_RUNS.search(text)):
        yield line(found), f"`{item.name}` asks for a variable that is set only where cargo runs it"
    if _VARIABLES.search(text) and library and (found := _NAMES.search(text)):
        yield line(found), f"`{item.name}` asks for {found[0]}, which says who runs it"


def _moment(text: str) -> re.Match[str] | None:
    """A fixed moment in a function's text: written out, multiplied, or in days, hours or weeks since 1970."""
    if found := _MOMENT.search(text):
        return found
    if not _SINCE_1970.search(text):
        return None
    units = {1, *(_product(unit[1]) for unit in _DIVIDED.finditer(text))}
    for found in _COMPARED.finditer(text):
        for unit in units:
            seconds = _product(found[1]) * unit
            if 1_000_000_000 <= seconds < 4_100_000_000 or 10**12 <= seconds < 41 * 10**11:
                return found
    return None


def _product(text: str) -> int:
    return math.prod(int(factor) for factor in re.findall(r"\d+", text))


def _unbuilt(item: Item, source: bytes) -> Iterator[tuple[int, str]]:
    """Control flow that builds without debug assertions have, or those with: tests see one of the two."""
    assert item.body is not None
    lines = source.decode("utf-8", "replace").split("\n")
    for node in descend(item.body):
        if node.type == "if_expression":
            condition, body = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
            if condition is None or body is None or "debug_assertions" not in node_text(condition):
                continue
        elif node.type == "attribute_item" and "debug_assertions" in node_text(node):
            body = node.next_named_sibling
        else:
            continue
        row = node.start_point.row
        explained = any("//" in lines[near] for near in (row, row - 1) if 0 <= near < len(lines))
        if body is not None and not explained and any(n.type in _LEAVES for n in descend(body)):
            yield row + 1, f"`{item.name}` leaves elsewhere in a release build than in the one that is tested"


def build_script_conditions(subject: Subject) -> Iterator[Watched]:
    """Build scripts that set a ``cfg`` by where or for whom they run."""
    for changed in subject.change.live_files:
        path = changed.path
        if path.rsplit("/", 1)[-1] != "build.rs" or path not in subject.head.rust_paths:
            continue
        file = subject.head.rust(path)
        for node in descend(file.root):
            if node.type != "if_expression":
                continue
            condition, body = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
            if condition is None or body is None or not _SETS_CFG.search(node_text(body)):
                continue
            rows = range(node.start_point.row + 1, node.end_point.row + 2)
            if _BY_PLACE.search(node_text(condition)) and changed.added_lines & set(rows):
                yield (
                    path,
                    rows[0],
                    "the build script sets a `cfg` by where it runs: the code is judged otherwise",
                )


def _is_macro_crate(subject: Subject, path: str) -> bool:
    """Whether a file belongs to a procedural macro, which cargo's compiler runs."""
    folder = path
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        manifest = f"{folder}/Cargo.toml"
        if manifest in subject.head.paths:
            return b"proc-macro" in subject.head.read(manifest)
    return "Cargo.toml" in subject.head.paths and b"proc-macro" in subject.head.read("Cargo.toml")
