"""Tells of what kind a task is, by its words: the same words always give the same kind."""

from __future__ import annotations

from enum import StrEnum

from ironwright.routing.words import stems

_READ = 4000
"""Characters of a task that are read; what is asked for stands at its beginning."""


class TaskKind(StrEnum):
    """What a task asks for."""

    FIX = "fix"
    FEATURE = "feature"
    TESTS = "tests"
    DOCS = "docs"
    REFACTORING = "refactoring"
    PERFORMANCE = "performance"
    LINT = "lint"
    DEPENDENCIES = "dependencies"
    OTHER = "other"


_WORDS = {
    TaskKind.FIX: "fix bug crash panic panics wrong broken fails regression repair debug deadlock leak "
    "overflow incorrect hang hangs misbehaves",
    TaskKind.FEATURE: "feature implement support introduce extend",
    TaskKind.TESTS: "test tests coverage proptest fuzz untested",
    TaskKind.DOCS: "document documentation docs readme comment doctest changelog",
    TaskKind.REFACTORING: "refactor rename split extract simplify restructure deduplicate cleanup "
    "reorganize move",
    TaskKind.PERFORMANCE: "performance slow fast faster optimize speed latency allocation benchmark "
    "throughput",
    TaskKind.LINT: "lint clippy warning warnings rustfmt format formatting",
    TaskKind.DEPENDENCIES: "dependency dependencies upgrade bump semver lockfile",
}
_WEAK = {TaskKind.FEATURE: "add new create build write", TaskKind.FIX: "error issue"}
"""Words that say little by themselves: "add tests" asks for tests."""
_WEAK_WEIGHT = 0.4
_FADING = 0.05
"""How much less each later word counts: what is asked for comes before its background."""


def task_kind(task: str) -> TaskKind:
    """The kind of a task in the user's words; OTHER where none of the known words occurs."""
    scores = dict.fromkeys(TaskKind, 0.0)
    for place, stem in enumerate(stems(task[:_READ])):
        for kind, weight in _MEANINGS.get(stem, ()):
            scores[kind] += weight / (1 + _FADING * place)
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] > 0 else TaskKind.OTHER


def _meanings() -> dict[str, list[tuple[TaskKind, float]]]:
    found: dict[str, list[tuple[TaskKind, float]]] = {}
    for words, weight in ((_WORDS, 1.0), (_WEAK, _WEAK_WEIGHT)):
        for kind, text in words.items():
            for stem in dict.fromkeys(stems(text)):
                found.setdefault(stem, []).append((kind, weight))
    return found


_MEANINGS = _meanings()
