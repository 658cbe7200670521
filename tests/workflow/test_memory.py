"""The project's memory, by itself and as a run uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ironwright.records.journal import EventKind, read_journal
from ironwright.records.note import MAX_CHARS, Note, NoteError, NoteKind
from ironwright.records.report import Outcome, RunReport
from ironwright.workflow.launch import run_task
from ironwright.workflow.memory import BUDGET, ProjectMemory
from ironwright.workflow.request import RunRequest

from .conftest import git

RETRY = Note("Retries double their delay, because the server bans steady callers.", NoteKind.DECISION)
PARSER = Note("The parser keeps spans as byte offsets.", NoteKind.CONVENTION, "2026-01-05", "src/parse.rs:9")


@pytest.fixture
def memory(tmp_path: Path) -> ProjectMemory:
    return ProjectMemory(tmp_path / ".ironwright" / "memory")


def test_a_note_is_a_file_that_a_person_can_read_and_edit(memory: ProjectMemory) -> None:
    kept = memory.add(PARSER)
    assert kept.path.name == "2026-01-05-the-parser-keeps-spans-as-byte.md"
    text = kept.path.read_text()
    assert text.startswith("---\nkind: convention\ndate: 2026-01-05\nsource: src/parse.rs:9\n---\n")
    kept.path.write_text(text.replace("byte offsets", "character offsets"))
    assert memory.find(kept.id).note.text == "The parser keeps spans as character offsets."


def test_notes_are_found_by_their_words_best_first(memory: ProjectMemory) -> None:
    for note in (PARSER, RETRY, Note("The parser never allocates.")):
        memory.add(note)
    assert memory.search("spans of the parser")[0].note.text == PARSER.text
    assert [item.note.text for item in memory.search("retry delays")] == [RETRY.text]
    assert memory.search("databases") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("  \n", "says nothing"),
        ("word " * MAX_CHARS, "at most"),
        ("The parser keeps spans as byte offsets!", "known already"),
        ("Log in with ghp_" + "a8Kd02LmQz7RtYw4Xs9PvB3nHj6FgC1eUo5T" + " first.", "a GitHub token"),
    ],
)
def test_what_is_empty_long_known_or_secret_is_not_kept(memory: ProjectMemory, text: str, why: str) -> None:
    memory.add(PARSER)
    with pytest.raises(NoteError, match=why):
        memory.add(Note(text))
    assert len(memory.notes()) == 1


def test_recalled_notes_stay_within_their_budget_and_say_what_is_left_out(memory: ProjectMemory) -> None:
    for number in range(60):
        name = "".join(chr(ord("a") + int(digit)) * 2 for digit in f"{number:02}")
        memory.add(Note(f"Table {name} is owned by module {name}mod and read by {name}job, {name}web. " * 3))
    text = memory.recall("what does table bbhh hold")
    assert text.startswith("- fact: Table bbhh is owned")
    assert len(text) < BUDGET + 100
    assert "more; `recall` finds them" in text


def test_an_empty_memory_says_so(memory: ProjectMemory) -> None:
    assert memory.recall("anything") == "There are no notes yet."
    assert memory.notes() == ()


def test_unreadable_notes_are_named(memory: ProjectMemory) -> None:
    memory.folder.mkdir(parents=True)
    (memory.folder / "bad.md").write_bytes(b"fine\n\xff\xfe")
    with pytest.raises(NoteError) as caught:
        memory.notes()
    assert caught.value.where.endswith("bad.md:2")
    (memory.folder / "bad.md").write_bytes(b"x" * 100_000)
    with pytest.raises(NoteError, match="100000 bytes"):
        memory.notes()


def test_a_note_is_forgotten_by_the_beginning_of_its_id(memory: ProjectMemory) -> None:
    first = memory.add(PARSER)
    memory.add(Note("The lexer owns the source.", date="2026-01-06"))
    with pytest.raises(NoteError, match="several notes"):
        memory.forget("2026-01")
    with pytest.raises(NoteError, match="no note"):
        memory.forget("2025")
    assert memory.forget("2026-01-05").note == PARSER
    assert not first.path.exists()
    assert len(memory.notes()) == 1


AGENT = """---
name: keeper
description: Keeps notes.
---
- [ ] Run the /memo command before you start.
- Never write stub tests.
"""
NOTE = {"text": "The crate stays without dependencies.", "kind": "decision", "source": "Cargo.toml:1"}


@pytest.fixture
def project(repository: Path) -> Path:
    agent = repository / ".claude" / "agents" / "keeper.md"
    agent.parent.mkdir(parents=True)
    agent.write_text(AGENT)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Add an agent")
    return repository


def play(project: Path, folder: Path, code: str, *calls: dict[str, object]) -> RunReport:
    """A run whose agent recalls the notes, makes calls, and writes code."""
    turns = [
        {"text": "No note matters.", "calls": []},
        {"text": "", "calls": list(calls)},
        {"text": "", "calls": [{"tool": "write_file", "args": {"path": "src/lib.rs", "content": code}}]},
        {"text": "Done.", "calls": []},
    ]
    recording = folder / "recording.json"
    recording.write_text(json.dumps({"version": 1, "name": "keeper", "turns": turns}))
    task = "Say what the crate is for, with no dependencies"
    return run_task(RunRequest(task, project, agent="keeper", recording=recording, repairs=0))


GOOD = "//! A crate for small things.\n\npub fn one() -> u32 {\n    1\n}\n"
STUB = GOOD + "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn one() {}\n}\n"


@pytest.mark.slow
def test_delivered_work_keeps_its_notes_and_the_next_run_is_shown_them(project: Path, tmp_path: Path) -> None:
    remember = {"tool": "remember", "args": NOTE}
    again = {"tool": "remember", "args": {**NOTE, "text": "The crate stays without any dependencies."}}
    report = play(project, tmp_path, GOOD, remember, again)
    assert report.outcome is Outcome.DELIVERED, report.reason
    kept = ProjectMemory(project / ".ironwright" / "memory").notes()
    assert [(item.note.text, item.note.source, item.note.agent) for item in kept] == [
        (NOTE["text"], "Cargo.toml:1", "keeper")
    ]
    assert kept[0].note.run == report.run_id
    assert any(note.startswith("noted in ") for note in report.notes)
    journal = read_journal(Path(report.journal))
    assert [event.data["text"] for event in journal if event.kind is EventKind.REMEMBERED] == [NOTE["text"]]
    outcomes = [
        event.data["outcome"]
        for event in journal
        if event.kind is EventKind.TOOL_RESULT and event.data["tool"] == "remember"
    ]
    assert outcomes == ["done", "failed"]

    second = play(
        project, tmp_path, GOOD.replace("small", "tiny"), {"tool": "recall", "args": {"words": "x"}}
    )
    started = [e for e in read_journal(Path(second.journal)) if e.kind is EventKind.ATTEMPT_STARTED]
    assert f"- decision: {NOTE['text']}" in started[0].data["task"]


@pytest.mark.slow
def test_refused_work_leaves_its_notes_in_the_journal_only(project: Path, tmp_path: Path) -> None:
    report = play(project, tmp_path, STUB, {"tool": "remember", "args": NOTE})
    assert report.outcome is Outcome.REFUSED
    assert ProjectMemory(project / ".ironwright" / "memory").notes() == ()
    kinds = [event.kind for event in read_journal(Path(report.journal))]
    assert EventKind.REMEMBERED in kinds


@pytest.mark.slow
def test_a_damaged_note_ends_the_recall_with_its_place(project: Path, tmp_path: Path) -> None:
    folder = project / ".ironwright" / "memory"
    folder.mkdir(parents=True)
    (folder / "bad.md").write_text("---\nkind: rumour\n---\nText\n")
    report = play(project, tmp_path, GOOD, {"tool": "remember", "args": NOTE})
    assert any("'rumour' is no kind of note" in note for note in report.notes)
