"""``ironwright memory``: lists, searches, adds, edits and forgets the project's notes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode
from ironwright.records.note import Note, NoteError, NoteKind, parse_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ironwright.workflow.memory import Kept, ProjectMemory

_repo = click.option(
    "--repo", type=click.Path(path_type=Path), default=".", help="Any folder of the repository."
)


@click.group("memory")
def command() -> None:
    """List, search, add, edit or forget the project's notes; each is a file in .ironwright/memory."""


@command.command("list")
@_repo
@output_options("terminal", "json")
def list_notes(repo: Path, output: Output) -> int:
    """List the notes, newest first."""
    memory = _memory(repo)
    return _answer(memory.notes(), output, 'there are no notes yet; `ironwright memory add "…"` adds one')


@command.command("search")
@click.argument("words")
@_repo
@output_options("terminal", "json")
def search(words: str, repo: Path, output: Output) -> int:
    """Find notes by their words, best first."""
    return _answer(_memory(repo).search(words), output, f"no note has anything of {words!r}")


@command.command("recall")
@click.argument("task", default="")
@_repo
@output_options("terminal")
def recall(task: str, repo: Path, output: Output) -> int:
    """Print what an agent is shown before TASK: the notes that fit it, then the newest."""
    output.answer(_memory(repo).recall(task))
    return ExitCode.PASS


@command.command("show")
@click.argument("note_id", metavar="ID")
@_repo
@output_options("terminal", "json")
def show(note_id: str, repo: Path, output: Output) -> int:
    """Show a note; the beginning of its id is enough."""
    kept = _memory(repo).find(note_id)
    if output.format == "json":
        return _as_json([kept], output)
    output.answer(kept.note.as_file())
    return ExitCode.PASS


@command.command("add")
@click.argument("text")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in NoteKind]),
    default=NoteKind.FACT.value,
    show_default=True,
)
@click.option("--source", default="", help="What it rests on: a file and line, a commit, a person.")
@_repo
@output_options("terminal", "json")
def add(text: str, kind: str, source: str, repo: Path, output: Output) -> int:
    """Add a note; one that is known already, or that holds a secret, is refused."""
    note = Note(text, NoteKind(kind), date.today().isoformat(), source)
    kept = _memory(repo).add(note)
    if output.format == "json":
        return _as_json([kept], output)
    output.answer(f"noted in {kept.path}")
    return ExitCode.PASS


@command.command("edit")
@click.argument("note_id", metavar="ID")
@_repo
@output_options("terminal")
def edit(note_id: str, repo: Path, output: Output) -> int:
    """Open a note in $EDITOR; what cannot be read afterwards is not kept."""
    from ironwright.workflow.run_store import write_whole

    kept = _memory(repo).find(note_id)
    try:
        changed = click.edit(kept.note.as_file(), extension=".md")
    except click.ClickException as error:
        raise NoteError(
            error.format_message(),
            where=str(kept.path),
            advice="Set EDITOR, or edit the file itself.",
        ) from error
    if changed is None or parse_note(changed, str(kept.path)) == kept.note:
        output.answer("nothing was changed")
        return ExitCode.PASS
    write_whole(kept.path, changed.encode())
    output.answer(f"changed {kept.path}")
    return ExitCode.PASS


@command.command("forget")
@click.argument("note_id", metavar="ID")
@_repo
@output_options("terminal", "json")
def forget(note_id: str, repo: Path, output: Output) -> int:
    """Remove a note."""
    kept = _memory(repo).forget(note_id)
    if output.format == "json":
        return _as_json([kept], output)
    output.answer(f"forgotten: {kept.note.text}")
    return ExitCode.PASS


def _memory(repo: Path) -> ProjectMemory:
    from ironwright.interfaces.cli.project import project_root
    from ironwright.records.paths import ProjectPaths
    from ironwright.workflow.memory import ProjectMemory

    return ProjectMemory(ProjectPaths(project_root(repo)).memory)


def _answer(kept: Sequence[Kept], output: Output, none: str) -> int:
    if output.format == "json":
        return _as_json(kept, output)
    if not kept:
        output.remark(none)
        return ExitCode.PASS
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable

    canvas = Canvas(output.screen())
    canvas.table(
        [
            ("id", {"overflow": "fold"}),
            ("kind", {"no_wrap": True}),
            ("note", {"overflow": "fold", "ratio": 1}),
        ],
        [
            [
                canvas.text((printable(item.id), "bold")),
                canvas.text((item.note.kind.value, "dim")),
                canvas.text(printable(item.note.text)),
            ]
            for item in kept
        ],
    )
    output.answer(canvas.result())
    return ExitCode.PASS


def _as_json(kept: Sequence[Kept], output: Output) -> int:
    from ironwright.reporting.json import data_as_json

    output.answer(data_as_json({"notes": [item.as_json() for item in kept]}))
    return ExitCode.PASS
