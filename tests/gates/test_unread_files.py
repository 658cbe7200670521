from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import Written, ended, journal, ran, started, used
from sentences import asks_for

from ironwright.gates.checks.unread_files import read_files
from ironwright.records.journal import EventKind
from ironwright.testing.gate_testing import Case

BASE = {"CLAUDE.md": "Rules.\n", "docs/design.md": "A design.\n"}
HEAD = {"src/lib.rs": "// x\n"}
RULES = {"files": ("CLAUDE.md",)}
DESIGN = {"named_in_task": True}
EDIT = used("edit_file", "src/lib.rs")


def case(name: str, *parts, params=RULES, base=BASE, **more) -> Case:
    return Case(name, base=base, head=HEAD, params=params, journal=journal(*parts), **more)


def command(name: str, phase: str, *inside) -> list:
    before: Written = (EventKind.COMMAND_STARTED, {"name": name, "phase": phase})
    return [before, started(f"{phase}-1-{name}"), *inside, (EventKind.COMMAND_ENDED, {"name": name})]


TASK = started(task="Build what docs/design.md says.")

PASSES = [
    case("read by a tool", used("read_file", "CLAUDE.md"), EDIT),
    case("read where the sandbox shows it", used("read_file", "/w/repo/CLAUDE.md"), EDIT),
    case(
        "read by its absolute path",
        (EventKind.WORKTREE_READY, {"path": "/home/a/tree", "branch": "b", "base": "c"}),
        started(),
        used("read_file", "/home/a/tree/CLAUDE.md"),
        EDIT,
    ),
    case("printed by a command", ran("cat CLAUDE.md docs/design.md && ls"), EDIT),
    case("supplied with the definition", started(supplied=["CLAUDE.md"]), EDIT),
    case(
        "read in a command before the work",
        command("memo", "before", ran("cat ./CLAUDE.md")),
        started(),
        EDIT,
    ),
    case("nothing was edited", used("read_file", "CLAUDE.md"), ended()),
    case("late, and then a repair", EDIT, used("read_file", "CLAUDE.md"), ended(), started("repair-1"), EDIT),
    case(
        "read first, and a repair that has not edited yet",
        used("read_file", "CLAUDE.md"),
        EDIT,
        started("r-1"),
    ),
    case("base has no such file", EDIT, base={}, mentions=("no such file",), findings=1),
    case(
        "what the definition brings with it is no file of base",
        started(supplied=["ironwright:snippets/a.md"]),
        EDIT,
        params={"files": ("snippets/a.md",)},
        findings=0,
    ),
    case("a name in a folder", used("read_file", "docs/design.md"), EDIT, params={"files": ("design.md",)}),
    case("the design that the task names", TASK, used("read_file", "docs/design.md"), EDIT, params=DESIGN),
    case("the task names none", EDIT, params=DESIGN),
]
FAILS = [
    case(
        "never read",
        EDIT,
        ended(),
        mentions=("CLAUDE.md was never read",),
        at=("CLAUDE.md", None),
        findings=1,
    ),
    case("read too late", EDIT, used("read_file", "CLAUDE.md"), mentions=("lines 4 and 2",), findings=1),
    case("only its end was seen", ran("tail -3 CLAUDE.md"), EDIT, findings=1),
    case("it could not be read", used("read_file", "CLAUDE.md", outcome="failed"), EDIT, findings=1),
    case("a command failed", ran("cat CLAUDE.md", 1), EDIT, findings=1),
    case("another file of another folder", used("read_file", "docs/CLAUDE.md"), EDIT, findings=1),
    case(
        "another agent read it",
        used("read_file", "CLAUDE.md"),
        ended(),
        started("attempt-2", agent="expert"),
        EDIT,
        findings=1,
    ),
    case(
        "the design that the task names", TASK, EDIT, params=DESIGN, at=("docs/design.md", None), findings=1
    ),
]
UNKNOWN = [
    Case("no journal", head=HEAD, params=RULES, mentions=("no journal",)),
    Case("no attempt", head=HEAD, params=RULES, journal=[], mentions=("no attempt",)),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Before you start, read CLAUDE.md", {"files": ("CLAUDE.md",)}),
        (
            "Read CLAUDE.md and `docs/design.md` before you write anything.",
            {"files": ("CLAUDE.md", "docs/design.md")},
        ),
        (
            "Read CLAUDE.md, the design document and the code it touches before you write anything.",
            {"files": ("CLAUDE.md",), "named_in_task": True},
        ),
        ("Read and follow the rules in `.agpm/snippets/a.md`", {"files": (".agpm/snippets/a.md",)}),
        ("Adhere strictly to standards established in CLAUDE.md files.", {"files": ("CLAUDE.md",)}),
        ("Read CLAUDE.md and the design document first.", {"files": ("CLAUDE.md",), "named_in_task": True}),
        ("Carefully review the architectural specification, identifying risks", {"named_in_task": True}),
    ],
)
def test_sentences_name_the_files(sentence, expected):
    found = asks_for("unread_files", sentence)
    assert found is not None
    assert {name: value for name, value in found.items() if name != "strength"} == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "Update README.md before each release.",
        "Write the findings to docs/report.md first.",
        "Read the error message before you change code.",
        "Design documents must be short.",
    ],
)
def test_sentences_that_ask_for_no_reading(sentence):
    assert asks_for("unread_files", sentence) is None


@given(st.text(max_size=60))
def test_any_words_are_read_without_an_error(words):
    assert all(read_files(words))
