from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentences import asks_for

from ironwright.gates.promotional_words import is_readable, judge_message
from ironwright.records.journal import EventKind
from ironwright.testing.gate_testing import _IDENTITY, Case, SmallCrate
from ironwright.workflow.change import change_commits, resolve_change

HEAD = {"src/lib.rs": "// x\n"}


def case(name: str, message: str, **more) -> Case:
    return Case(name, head=HEAD, message=message, **more)


PASSES = [
    case("a fact", "Refuse durations without a unit\n\nThe caller could not tell 5 from 5s.", findings=0),
    case("a conventional prefix", "fix(parser): reject empty input"),
    case("a short subject that a body explains", "Fix tests\n\nThe clock was read twice."),
    case("a judging word that is a fact", "Make the reader robust against cut lines", findings=1),
    case("what it quotes", 'Remove "blazingly fast, production-ready" from the README'),
    case("a name in code", "Rename `awesome_parser` to `parser`"),
    case("an emoji that stands for the kind of change", "✨ Add days"),
    case("a long subject is a remark", "Add " + "a" * 80, findings=1),
    case("a convention's word", "Use perfect hashing for the keywords"),
    case(
        "the task's own words",
        "Make the crate production-ready",
        journal=[(EventKind.RUN_STARTED, {"task": "Make the crate production-ready"})],
    ),
]
FAILS = [
    case("claims quality", "Add a production-ready parser", mentions=("“production-ready”",), findings=1),
    case(
        "several words that judge",
        "Add comprehensive, robust and elegant parsing",
        mentions=("“comprehensive”, “robust”, “elegant”",),
        findings=1,
    ),
    case(
        "advertises",
        "Add days\n\n🤖 Generated with [Claude Code](https://claude.ai/code)",
        mentions=("advertises",),
    ),
    case("celebrates", "Add days 🚀🎉\n\n✨ Done!", mentions=("🚀",), findings=1),
    case("one word", "wip", mentions=("says nothing",), findings=1),
    case("a kind and nothing else", "fix: updates", mentions=("says nothing",)),
    case("empty", "", mentions=("says nothing",)),
    case("only points", "...", mentions=("says nothing",)),
    Case("an earlier commit", head=HEAD, between=({"src/a.rs": "// a\n"},), message="update", findings=1),
]
UNKNOWN = [case("other letters", "Добавить разбор дней", mentions=("Latin",))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


def test_uncommitted_work_has_no_message(tmp_path):
    crate = SmallCrate(tmp_path)
    crate.commit({"Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\n', "src/lib.rs": ""}, "wip")
    crate.write(HEAD)
    assert change_commits(resolve_change(tmp_path, None, "WORKTREE")) == ()


def test_merges_are_not_judged(tmp_path):
    crate = SmallCrate(tmp_path)
    base = crate.commit({"Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\n', "src/lib.rs": ""})
    head = crate.commit(HEAD, "Add a comment")
    merge = crate.repository.commit_tree(crate.repository.tree_of(head), [base, head], "wip", _IDENTITY)
    commits = change_commits(resolve_change(tmp_path, base, merge))
    assert [(commit.subject, commit.parents) for commit in commits] == [("Add a comment", 1), ("wip", 2)]


@pytest.mark.parametrize(
    "message",
    [
        "Bump version to 1.2.3",
        "Use the fast path when the buffer is full",
        "Improve the error message for a missing unit",
        "Add advanced search syntax to the grammar",
        "Speed up parsing 1.4 times: 12.1 ms to 8.6 ms on the benchmark",
        "deps: update clap",
        "Initial commit",
        "Reject exceptional values (NaN)",
    ],
)
def test_facts_are_no_praise(message):
    assert [fault for fault in judge_message(message) if not fault.remark] == []


@pytest.mark.parametrize(
    "message",
    [
        "feat: world-class error handling",
        "Implement blazing-fast zero-copy parser",
        "Enterprise-grade logging, best practices throughout",
        "feat: 100% complete implementation",
        "Fix\n\nCo-Authored-By: A <a@example.invalid>",
        "Made with ❤️",
        "chore: minor changes",
    ],
)
def test_praise_and_emptiness_are_found(message):
    assert [fault for fault in judge_message(message) if not fault.remark]


@given(st.text())
def test_any_message_is_judged_without_an_error(message):
    judge_message(message)
    is_readable(message)


@pytest.mark.parametrize(
    "sentence",
    [
        "Clear commit messages that describe what was implemented (be factual, not promotional)",
        "Commit messages must be factual: what was changed and why, without praise.",
        "Never use emojis in commit messages.",
        "Write meaningful commit messages.",
    ],
)
def test_sentences_that_ask_for_it(sentence):
    assert asks_for("promotional_commits", sentence) is not None


@pytest.mark.parametrize(
    "sentence",
    ["Write factual reports.", "Commit often.", "Use emojis in the terminal output.", "Be objective."],
)
def test_sentences_that_do_not(sentence):
    assert asks_for("promotional_commits", sentence) is None
