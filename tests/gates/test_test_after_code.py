from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest
from journals import journal, ran, used
from sentences import asks_for

from ironwright.testing.gate_testing import MANIFEST, Case

OLD = "pub fn one() -> u32 {\n    1\n}\n"
NEW = OLD + "\npub fn two() -> u32 {\n    2\n}\n"
STUB = OLD + '\n/// Two.\npub fn two() -> u32 {\n    todo!("next")\n}\n'
TYPE = OLD + "\npub struct Two(pub u32);\n"
TEST = "#[test]\nfn counts_to_two() {\n    assert_eq!(small::two(), 2);\n}\n"
INLINE = "\n#[cfg(test)]\nmod tests {\n    #[test]\n"
INLINE += "    fn counts() {\n        assert_eq!(super::two(), 2);\n    }\n}\n"
BASE = {"Cargo.toml": MANIFEST, "src/lib.rs": OLD}
CODE, TESTS = {"src/lib.rs": NEW}, {"tests/two.rs": TEST}


def tree_id(files: Mapping[str, str]) -> str:
    """The id that git gives to a tree of files."""
    entries: dict[str, tuple[bytes, str]] = {}
    folders: dict[str, dict[str, str]] = {}
    for path, text in files.items():
        name, _, rest = path.partition("/")
        if rest:
            folders.setdefault(name, {})[rest] = text
        else:
            entries[name] = (b"100644", _object(b"blob", text.encode()))
    for name, inside in folders.items():
        entries[name] = (b"40000", tree_id(inside))
    ordered = sorted(entries.items(), key=lambda item: item[0] + "/" * (item[1][0] == b"40000"))
    return _object(
        b"tree", b"".join(m + b" " + n.encode() + b"\0" + bytes.fromhex(i) for n, (m, i) in ordered)
    )


def _object(kind: bytes, content: bytes) -> str:
    return hashlib.sha1(kind + b" %d\0" % len(content) + content).hexdigest()


def story(name: str, *steps: Mapping[str, str], base: Mapping[str, str] = BASE, **more) -> Case:
    """A run in which each step wrote some files; the trees of all of them are in the repository."""
    files, calls = dict(base), []
    for step in steps:
        files |= step
        calls.append(used("write_file", min(step), sorted(step), after=f"{tree_id(files)}@{'c' * 40}"))
    return Case(name, base=base, head=steps[-1], between=steps[:-1], journal=journal(*calls), **more)


PASSES = [
    story("tests first", TESTS, CODE, findings=0),
    story("a body that only panics is no code", {"src/lib.rs": STUB}, TESTS, CODE, findings=0),
    story("types may come first", {"src/lib.rs": TYPE}, TESTS, {"src/lib.rs": TYPE + NEW}, findings=0),
    story(
        "tests inside the file first", {"src/lib.rs": STUB + INLINE}, {"src/lib.rs": NEW + INLINE}, findings=0
    ),
    story("in one step", {"src/lib.rs": NEW + INLINE}, findings=1, mentions=("in one step",)),
    story("put right", CODE, {"src/lib.rs": OLD}, TESTS, CODE, findings=0),
    story(
        "code that was given up", {"src/a.rs": "fn gone() {\n    one();\n}\n"}, {"src/a.rs": ""}, TESTS, CODE
    ),
    story("no new tests", CODE, mentions=("no new or changed test",)),
    story("only tests", TESTS, mentions=("no new or changed function",)),
    story(
        "a second round of tests", TESTS, CODE, {"tests/more.rs": TEST.replace("counts", "adds")}, findings=0
    ),
]
FAILS = [
    story(
        "code first",
        CODE,
        TESTS,
        mentions=("`two`", "journal line 2", "line 4"),
        at=("src/lib.rs", 5),
        findings=1,
    ),
    story(
        "tests inside the file, later", CODE, {"src/lib.rs": NEW + INLINE}, at=("src/lib.rs", 5), findings=1
    ),
    story(
        "a test that was given up is none",
        {"tests/old.rs": TEST.replace("counts_to_two", "other")},
        {**CODE, "tests/old.rs": ""},
        TESTS,
        findings=1,
    ),
    story("put back, but without tests", CODE, {"src/lib.rs": OLD}, CODE, TESTS, findings=1),
    story("an old function changed first", {"src/lib.rs": OLD.replace("1\n", "7 - 6\n")}, TESTS, findings=1),
]
UNKNOWN = [
    Case("no journal", base=BASE, head={**CODE, **TESTS}, mentions=("no journal",)),
    Case(
        "the code comes from nowhere",
        base=BASE,
        head={**CODE, **TESTS},
        journal=journal(ran("ls")),
        mentions=("does not show where `two`",),
    ),
    Case(
        "no state was recorded",
        base=BASE,
        head={**CODE, **TESTS},
        journal=journal(used("write_file", "src/lib.rs")),
        mentions=("names no state",),
    ),
    Case(
        "the states are gone",
        base=BASE,
        head={**CODE, **TESTS},
        journal=journal(used("write_file", "src/lib.rs", after="d" * 40)),
        mentions=("cannot be read",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "Write all code following TDD principles - tests must be written before implementation",
        "Tests must be written before the implementation: write a test, see it fail, then make it pass.",
        "Work test-first.",
        "NEVER write production code before its tests",
    ],
)
def test_sentences_that_ask_for_it(sentence):
    found = asks_for("test_after_code", sentence)
    assert found is not None
    assert found["strength"] == "hard"


def test_when_appropriate_is_a_wish():
    found = asks_for(
        "test_after_code", "Write tests alongside implementation (TDD approach when appropriate)"
    )
    assert found is not None
    assert found["strength"] == "soft"


@pytest.mark.parametrize(
    "sentence", ["Run the tests before you commit.", "Read the code before writing tests."]
)
def test_sentences_that_do_not(sentence):
    assert asks_for("test_after_code", sentence) is None
