from __future__ import annotations

import pytest

from ironwright.gates.checks.skipped_commands import GATE
from ironwright.records.journal import EventKind, read_journal
from ironwright.testing.gate_testing import Case, write_journal

BOTH = {"before": ("memo",), "after": ("lint", "commit")}
ATTEMPT = [(EventKind.ATTEMPT_STARTED, {}), (EventKind.ATTEMPT_ENDED, {})]
END = (EventKind.RUN_ENDED, {})


def ran(name: str, phase: str, ok: bool = True):
    return [
        (EventKind.COMMAND_STARTED, {"name": name, "phase": phase}),
        (EventKind.COMMAND_ENDED, {"name": name, "phase": phase, "ok": ok}),
    ]


MEMO, LINT, COMMIT = ran("memo", "before"), ran("lint", "after"), ran("commit", "after")
HEAD = {"src/lib.rs": "// x\n"}


def case(name: str, journal, params=BOTH, **more) -> Case:
    return Case(name, head=HEAD, params=params, journal=journal, **more)


PASSES = [
    case("all in order", [*MEMO, *ATTEMPT, *LINT, *COMMIT]),
    case("several attempts", [*MEMO, *ATTEMPT, *ATTEMPT, *LINT, *COMMIT, END]),
    case("one failed and ran again", [*MEMO, *ATTEMPT, *ran("lint", "after", ok=False), *LINT, *COMMIT]),
    case("a slash in the parameter", [*MEMO, *ATTEMPT], {"before": ("/memo",)}),
    case("work on a command is no attempt", [MEMO[0], *ATTEMPT, MEMO[1], *ATTEMPT, *LINT, *COMMIT]),
    case("none demanded", [*ATTEMPT], {}),
]
FAILS = [
    case("the first was left out", [*ATTEMPT, *LINT, *COMMIT], findings=1, mentions=("/memo did not run",)),
    case("the first came too late", [*ATTEMPT, *MEMO, *LINT, *COMMIT], findings=1, mentions=("/memo",)),
    case(
        "the first failed", [*ran("memo", "before", ok=False), *ATTEMPT, *LINT, *COMMIT], mentions=("failed",)
    ),
    case("the last was left out", [*MEMO, *ATTEMPT, *LINT, END], findings=1, mentions=("/commit did not",)),
    case("nothing ran after the work", [*MEMO, *ATTEMPT, END], findings=2),
    case("another attempt came after them", [*MEMO, *ATTEMPT, *LINT, *COMMIT, *ATTEMPT, END], findings=2),
    case("the wrong order", [*MEMO, *ATTEMPT, *COMMIT, *LINT], findings=1, mentions=("order",)),
]
UNKNOWN = [
    case("no journal", None, mentions=("no journal",)),
    case("no attempt", [*MEMO], mentions=("no attempt",)),
    case("the run is still at work", [*MEMO, *ATTEMPT], mentions=("/lint, /commit", "still at work")),
]


@pytest.mark.parametrize(
    ("journal", "params", "reason"),
    [
        ([*MEMO, *ATTEMPT], BOTH, "/lint, /commit is due when the work is done"),
        ([*MEMO, *ATTEMPT, *LINT, *COMMIT, *ATTEMPT], BOTH, "/lint, /commit is due when the work is done"),
        ([*MEMO, *ATTEMPT], {"before": ("memo",), "after": ()}, ""),
        ([*ATTEMPT], BOTH, ""),  # what was missed before the work is known at once
    ],
)
def test_in_mid_run_only_what_is_known_is_judged(journal, params, reason, tmp_path):
    assert GATE.not_due is not None
    assert GATE.not_due(read_journal(write_journal(tmp_path / "journal.jsonl", journal)), params) == reason


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "Before starting your tasks run the /memo command found in .claude/commands/memo.md",
            {"before": "/memo"},
        ),
        ("AFTER completing your tasks, confirm done: run the /lint command", {"after": "/lint"}),
        ("Run /lint and /commit when you are done", {"after": "/lint and /commit"}),
        ("After finishing, use /lint, then /team:commit", {"after": "/lint, then /team:commit"}),
        ("Ask the user before you run rm -rf /tmp/test", {}),
        ("use /react imports (not /next)", {}),
        ("Use the files in /src/app first", {}),
    ],
)
def test_phrasings_tell_before_from_after(sentence, expected):
    found: dict[str, str] = {}
    for phrasing in GATE.phrasings:
        match = phrasing.regex.search(sentence)
        found |= {name: value for name, value in (match.groupdict() if match else {}).items() if value}
    assert found == expected
