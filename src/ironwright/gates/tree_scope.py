"""Says what of the trees a gate judges, and settles its answer: what the change touches, or everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ironwright.gates.api import Answer, Unknown, failed, passed
from ironwright.gates.rust.items import Item
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.records.change import FileStatus
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

# So many unreadable files are named in a reason; the rest is counted.
_NAMED_FILES = 3


class TreeScope:
    """What of a change's trees is judged under a scope.

    Code that was only moved, also to another file, or only indented anew is not touched: it is recognised
    by its text among the functions that base had in the changed files.

    Args:
        subject: The change.
        scope: ``CHANGED`` judges what the change touches; the others judge everything.
    """

    def __init__(self, subject: Subject, scope: Scope) -> None:
        self._subject = subject
        self._everything = scope != Scope.CHANGED
        self._before = _base_texts(subject) if not self._everything else {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The Rust files to look at, in order."""
        every = self._subject.head.rust_paths
        if self._everything:
            return every
        touched = {file.path for file in self._subject.change.live_files}
        return tuple(path for path in every if path in touched)

    def holds(self, file: RustFile, item: Item) -> bool:
        """Whether an item is judged: its text, with attributes and documentation, is new or was changed."""
        if self._everything:
            return True
        return _folded(file, item) not in self._before.get(item.name, ())

    def holds_line(self, path: str, line: int) -> bool:
        """Whether a line of the head version is judged."""
        if self._everything:
            return True
        changed = self._subject.change.files.get(path)
        return changed is not None and line in changed.added_lines


def settle(
    failures: Sequence[Finding],
    remarks: Sequence[Finding],
    unreadable: Iterable[RustFile],
    good: str,
    bad: str,
    *evidence: Evidence,
) -> Answer:
    """FAIL where there are failures, UNKNOWN where files could not be understood, else PASS with remarks.

    Args:
        failures: What is wrong.
        remarks: What is shown but refuses nothing; left out of a FAIL so that it says only what to repair.
        unreadable: Files in scope in which the parser found no sense.
        good: The reason of a PASS.
        bad: The reason of a FAIL; ``{n}`` is the number of failures.
        evidence: What the answer rests on.

    Raises:
        Unknown: There are no failures, but files that could not be understood.
    """
    if failures:
        ordered = sorted(failures, key=lambda found: (found.path or "", found.line or 0, found.message))
        return failed(bad.format(n=len(ordered)), tuple(ordered), *evidence)
    files = list(unreadable)
    if files:
        named = ", ".join(f"{file.path}:{file.error_lines[0]}" for file in files[:_NAMED_FILES])
        more = f" and {len(files) - _NAMED_FILES} more" if len(files) > _NAMED_FILES else ""
        raise Unknown(
            f"the syntax of {named}{more} was not understood; compile_errors says whether it is valid Rust, "
            "and what the parser does not know yet must be judged by a person",
            evidence,
        )
    return passed(good, *evidence, findings=tuple(remarks))


def _base_texts(subject: Subject) -> dict[str, set[bytes]]:
    """The texts of all items that base had in the files that the change touches, by the item's name."""
    texts: dict[str, set[bytes]] = defaultdict(set)
    if subject.base is None:
        return texts
    for path, changed in subject.change.files.items():
        if changed.status == FileStatus.ADDED or path not in subject.base.rust_paths:
            continue
        file = subject.base.rust(path)
        for item in file.items:
            texts[item.name].add(_folded(file, item))
    return texts


def _folded(file: RustFile, item: Item) -> bytes:
    return b" ".join(file.source[item.start_byte : item.end_byte].split())
