"""The project's memory: notes in ``.ironwright/memory/`` that are found by words and never kept twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ironwright.gates.secret_rules import find_secrets
from ironwright.records.journal import Event, EventKind
from ironwright.records.note import MAX_CHARS, Note, NoteError, NoteKind, parse_note
from ironwright.routing.words import Bm25, stems
from ironwright.workflow.run_store import write_whole

BUDGET = 4000
"""Characters of notes that an agent is shown before its task."""

ALIKE = 0.7
"""Share of words that two notes have in common (Jaccard index of their stems) when they say the same."""

RECALLED = ".ironwright/memory/for-this-task.md"
"""What a command inserts (``@.ironwright/memory/for-this-task.md``) to show the notes that fit the task."""

_MAX_FILE = 64 << 10
_NO_NOTES = "There are no notes yet."


@dataclass(frozen=True, slots=True)
class Kept:
    """A note that is in the memory.

    Attributes:
        id: Its file's stem.
        path: Its file.
        note: The note.
    """

    id: str
    path: Path
    note: Note

    def as_json(self) -> dict[str, str]:
        """The note with its id and file as JSON data."""
        return {"id": self.id, "path": str(self.path), **self.note.as_json()}


class ProjectMemory:
    """The notes of one project.

    Args:
        folder: ``.ironwright/memory`` of the user's checkout; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def notes(self) -> tuple[Kept, ...]:
        """All notes, newest first; those without a date last.

        Raises:
            NoteError: A file cannot be read as a note.
        """
        kept = [Kept(path.stem, path, _read(path)) for path in self._files()]
        return tuple(sorted(kept, key=lambda item: (item.note.date, item.id), reverse=True))

    def find(self, wanted: str) -> Kept:
        """The note whose id starts with a text.

        Raises:
            NoteError: None does, or several do.
        """
        fitting = [item for item in self.notes() if item.id.startswith(wanted)]
        exact = [item for item in fitting if item.id == wanted]
        if len(exact or fitting) == 1:
            return (exact or fitting)[0]
        if not fitting:
            raise NoteError(
                f"there is no note {wanted!r}", where=str(self.folder), advice="See `ironwright memory list`."
            )
        ids = ", ".join(item.id for item in fitting)
        raise NoteError(f"several notes begin with {wanted!r}: {ids}", where=str(self.folder))

    def search(self, text: str) -> tuple[Kept, ...]:
        """The notes that share words with a text, best first.

        Raises:
            NoteError: A file cannot be read as a note.
        """
        kept = self.notes()
        scores = Bm25([stems(_searchable(item)) for item in kept]).scores(stems(text))
        ranked = sorted(zip(scores, kept, strict=True), key=lambda pair: -pair[0])
        return tuple(item for score, item in ranked if score > 0)

    def objection(self, note: Note, pending: Sequence[Note] = ()) -> str | None:
        """Why a note is not to be kept; None where nothing speaks against it.

        Args:
            note: The note.
            pending: Notes that are not in the memory yet and will be.

        Raises:
            NoteError: A file of the memory cannot be read as a note.
        """
        text = note.text.strip()
        if not stems(text):
            return "it says nothing"
        if len(text) > MAX_CHARS:
            return f"it has {len(text)} characters, and a note has at most {MAX_CHARS}: keep what matters"
        secret = next(iter(find_secrets("note.md", f"{text}\n{note.source}")), None)
        if secret is not None:
            return f"it holds {secret.kind}, and secrets belong into no note"
        for other in (*(item.note for item in self.notes()), *pending):
            if _alike(text, other.text):
                return f"it is known already: {other.text.strip()}"
        return None

    def add(self, note: Note) -> Kept:
        """Keep a note in a file of its own.

        Raises:
            NoteError: Something speaks against it (:meth:`objection`).
            RunError: It cannot be written.
        """
        against = self.objection(note)
        if against is not None:
            raise NoteError(f"the note was not kept: {against}", where=str(self.folder))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NoteError(
                f"the folder of the notes cannot be made ({error.strerror})", where=str(self.folder)
            ) from error
        stem = f"{note.date or date.today().isoformat()}-{_slug(note.text)}"
        path = next(path for path in _names(self.folder, stem) if not path.exists())
        write_whole(path, note.as_file().encode())
        return Kept(path.stem, path, note)

    def forget(self, wanted: str) -> Kept:
        """Remove a note; what it was is returned.

        Raises:
            NoteError: There is no such note, or it cannot be removed.
        """
        kept = self.find(wanted)
        try:
            kept.path.unlink()
        except OSError as error:
            raise NoteError(f"the note cannot be removed ({error.strerror})", where=str(kept.path)) from error
        return kept

    def recall(self, text: str, budget: int = BUDGET) -> str:
        """The notes that an agent is shown for a task: those that fit it, then the newest, within a budget.

        Args:
            text: The task, or what is looked for.
            budget: Characters of the answer, about.

        Raises:
            NoteError: A file cannot be read as a note.
        """
        found = self.search(text)
        known = {item.id for item in found}
        return _within(budget, [*found, *(item for item in self.notes() if item.id not in known)])

    def _files(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [path for path in sorted(self.folder.glob("*.md")) if not path.name.startswith(".")]


class RunMemory:
    """The memory as one run sees it: what it proposes is kept only when its work is delivered.

    Args:
        memory: The project's memory.
        events: Gives the run's journal as it stands.
    """

    def __init__(self, memory: ProjectMemory, events: Callable[[], Sequence[Event]]) -> None:
        self._memory = memory
        self._events = events

    def objection(self, text: str, kind: str, source: str) -> str | None:
        """Why a note is refused; see :meth:`ProjectMemory.objection`."""
        if kind not in set(NoteKind):
            return f"{kind!r} is no kind of note; use one of {', '.join(NoteKind)}"
        pending = [_proposed(event.data) for event in self._events() if event.kind is EventKind.REMEMBERED]
        return self._memory.objection(Note(text, NoteKind(kind), source=source), pending)

    def recall(self, text: str) -> str:
        """The notes that fit a text."""
        return _within(BUDGET, self._memory.search(text)) if text.strip() else _NO_NOTES


def keep_proposed(
    memory: ProjectMemory, events: Sequence[Event], agent: str, run: str
) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
    """Keep what a delivered run proposed; what is there already is passed over.

    Returns:
        The notes that were kept, and a line for each that was not, with its reason.

    Raises:
        NoteError: A file of the memory cannot be read as a note.
        RunError: A note cannot be written.
    """
    kept: list[Kept] = []
    refused: list[str] = []
    for event in events:
        if event.kind is not EventKind.REMEMBERED:
            continue
        plain = _proposed(event.data)
        note = Note(plain.text, plain.kind, event.time[:10], plain.source, agent, run)
        against = memory.objection(note)
        if against is None:
            kept.append(memory.add(note))
        elif not any(item.note == note for item in memory.notes()):
            refused.append(f"a note was not kept: {against}")
    return tuple(kept), tuple(refused)


def _proposed(data: Mapping[str, str]) -> Note:
    return Note(data["text"], NoteKind(data["kind"]), source=data["source"])


def _read(path: Path) -> Note:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise NoteError(f"the note cannot be read ({error.strerror})", where=str(path)) from error
    if len(raw) > _MAX_FILE:
        raise NoteError(
            f"the note has {len(raw)} bytes, more than {_MAX_FILE}",
            where=str(path),
            advice="Split it, or move it out of the memory.",
        )
    try:
        return parse_note(raw.decode(), str(path))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise NoteError("the note is no UTF-8 text", where=f"{path}:{line}") from error


def _within(budget: int, kept: Sequence[Kept]) -> str:
    """The notes as a list, as many as fit; what did not fit is counted."""
    if not kept:
        return _NO_NOTES
    lines: list[str] = []
    room = budget
    for item in kept:
        line = _shown(item.note)
        if lines and len(line) > room:
            continue
        lines.append(line)
        room -= len(line)
    left = len(kept) - len(lines)
    if left:
        lines.append(f"({left} more; `recall` finds them by words)")
    return "\n".join(lines)


def _shown(note: Note) -> str:
    said = ", ".join(part for part in (note.date, note.source) if part)
    return f"- {note.kind}: {' '.join(note.text.split())}" + (f" ({said})" if said else "")


def _searchable(item: Kept) -> str:
    return f"{item.note.text} {item.note.source} {item.note.kind}"


def _alike(one: str, other: str) -> bool:
    first, second = set(stems(one)), set(stems(other))
    return bool(first) and len(first & second) / len(first | second) >= ALIKE


def _slug(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return "-".join(words[:6])[:48].strip("-") or "note"


def _names(folder: Path, stem: str) -> Iterator[Path]:
    yield folder / f"{stem}.md"
    number = 2
    while True:
        yield folder / f"{stem}-{number}.md"
        number += 1
