"""What a run's journal says of its task: the words, and the documents of the base tree that they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ironwright.gates.journal_calls import inner
from ironwright.records.journal import Event, EventKind

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

_DOCUMENT = re.compile(r"(?:[\w.@-]+/)*[\w.-]+\.(?:mdx?|txt|adoc|rst)")


def tasks_of(journal: Sequence[Event]) -> tuple[str, ...]:
    """The texts of the tasks, each once, in the order in which they were given."""
    kinds = (EventKind.RUN_STARTED, EventKind.ATTEMPT_STARTED)
    said = (str(event.data.get("task", "")) for event in journal if event.kind in kinds)
    return tuple(dict.fromkeys(text for text in said if text.strip()))


def named_documents(subject: Subject, tasks: Sequence[str]) -> tuple[str, ...]:
    """The text documents of the tree before the change (head's, where there is none) that tasks name."""
    tree = subject.base or subject.head
    found = [inner(path) for task in tasks for path in _DOCUMENT.findall(task)]
    return tuple(dict.fromkeys(path for path in found if path in tree.paths))
