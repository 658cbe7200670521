"""Follows a run's worktree from step to step: when its new code and its new tests came into it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ironwright.gates.api import Unknown
from ironwright.gates.journal_calls import Call
from ironwright.gates.redness.code_changes import CodeChanges, bare_text, judged_items
from ironwright.gates.rust.syntax import RustFile, parse_rust
from ironwright.gates.subject import Subject

# A body that only stands for one: tests of a function that does not exist do not compile without it.
_PLACEHOLDER = re.compile(
    rb"\{\s*(?:let\s+_\s*=[^;{}]*;\s*)*(?:(?:std::|core::)?(?:todo|unimplemented|panic|unreachable)!\s*"
    rb"[(\[{][^;]*[)\]}]\s*;?)?\s*\}",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Step:
    """The worktree after a call, as far as the change's code and tests are concerned.

    Attributes:
        call: The call; None for the state that everything started from.
        code: The functions of the change that have a body which base has not.
        tests: The tests of the change that are there.
    """

    call: Call | None
    code: frozenset[str]
    tests: frozenset[str]


class CodeHistory:
    """The steps in which the functions and tests of a change came about.

    Only what head still has counts, by name: code and tests that were tried and given up do not.

    Args:
        subject: The change.
        calls: The run's calls.
    """

    def __init__(self, subject: Subject, calls: Sequence[Call]) -> None:
        self._subject = subject
        self._calls = [call for call in calls if any(path.endswith(".rs") for path in call.changed)]
        changes = CodeChanges(subject)
        self._functions = frozenset(found.item.qualified_name for found in changes.functions)
        self._tests = frozenset(found.item.name for found in changes.tests)
        self._base = self._base_texts()

    def steps(self) -> Iterator[Step]:
        """The state at the start, and after each call that changed Rust files.

        Raises:
            Unknown: The journal names no tree for a step, or the tree cannot be read.
        """
        yield Step(None, frozenset(), frozenset())
        code: dict[str, frozenset[str]] = {}
        tests: dict[str, frozenset[str]] = {}
        for call in self._calls:
            if not call.after:
                raise Unknown(f"the journal names no state of the worktree after {call.shown}")
            for path in call.changed:
                if path.endswith(".rs"):
                    code[path], tests[path] = self._look(call.after, path)
            yield Step(call, frozenset().union(*code.values()), frozenset().union(*tests.values()))

    def _look(self, tree: str, path: str) -> tuple[frozenset[str], frozenset[str]]:
        """The change's functions and tests in one file of one state."""
        content = self._subject.read_at(tree, path)
        if content is None:
            return frozenset(), frozenset()
        file = parse_rust(path, content)
        code, tests = set(), set()
        for item in judged_items(file):
            if item.kind != "function" or bare_text(file, item) in self._base:
                continue
            if item.is_test:
                tests.add(item.name)
            elif item.in_test or self._is_test_file(path) or item.body is None:
                continue
            elif not _PLACEHOLDER.fullmatch(content[item.body.start_byte : item.body.end_byte]):
                code.add(item.qualified_name)
        return frozenset(code) & self._functions, frozenset(tests) & self._tests

    def _is_test_file(self, path: str) -> bool:
        base = self._subject.base
        return path in self._subject.head.test_files or (base is not None and path in base.test_files)

    def _base_texts(self) -> frozenset[bytes]:
        base = self._subject.base
        if base is None:
            return frozenset()
        paths = {path for call in self._calls for path in call.changed} | self._subject.change.files.keys()
        files: list[RustFile] = [base.rust(path) for path in base.rust_paths if path in paths]
        return frozenset(bare_text(file, item) for file in files for item in judged_items(file))
