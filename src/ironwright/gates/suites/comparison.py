"""Follows all tests of a change from base to head, with what the manifests and documentation switch off."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.conditions import Built
from ironwright.gates.rust.items import node_text
from ironwright.gates.rust.modules import declares_modules
from ironwright.gates.suites.losses import Loss, Surroundings, assertion_losses, losses, tolerance_losses
from ironwright.gates.suites.pairs import CodeUnderTest, pair_tests
from ironwright.gates.suites.suite import TestCode, TestSuite
from ironwright.gates.suites.targets import TestTargets
from ironwright.records.change import FileStatus
from ironwright.records.manifest import is_manifest

if TYPE_CHECKING:
    from ironwright.gates.rust.items import Item
    from ironwright.gates.rust.syntax import RustFile
    from ironwright.gates.subject import SourceTree, Subject

# Whoever defines one of these again decides what all assertions mean.
_STANDARD = frozenset(
    {
        "assert",
        "assert_eq",
        "assert_ne",
        "assert_matches",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "panic",
        "unreachable",
        "prop_assert",
        "prop_assert_eq",
    }
)
_CASE_COUNT = re.compile(rb"\bwith_cases\s*\(\s*([\d_]+)|\bcases\s*:\s*([\d_]+)|\.tests\s*\(\s*([\d_]+)\s*\)")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*([^\n`]*)\n(.*?)^\s*(?:```|~~~)\s*$", re.DOTALL | re.MULTILINE)
_RUN_INFO = re.compile(r"(?:rust|should_panic|edition\d+|test_harness|standalone|E\d+)?")
_PROGRAM = re.compile(r"CARGO_BIN_EXE_([\w-]+)")
# A statement of an example, without its white space and perhaps hidden, behind which nothing of it runs.
_LEAVES = re.compile(r"#?(?:return\b[^;]*;|(?:std::)?(?:process::)?exit\(\d+\);)")

Located = tuple[str, Loss]


class TestComparison:
    """The tests of base beside the tests of head.

    Args:
        subject: A change with a base tree.

    Raises:
        ValueError: There is no base tree.
    """

    def __init__(self, subject: Subject) -> None:
        if subject.base is None:
            raise ValueError("tests are followed from a base tree")
        self._subject = subject
        self._base: SourceTree = subject.base
        self._head: SourceTree = subject.head
        self._under_test = CodeUnderTest(subject)

    @property
    def unreadable(self) -> tuple[RustFile, ...]:
        """The changed files in which the parser finds no sense, of those that have or had tests."""
        head_paths = {code.path for code in (*self._head_suite.tests, *self._head_suite.support)}
        had = {code.path for code in self._base_suite.tests}
        changed = {file.path for file in self._subject.change.live_files}
        files = [f for f in self._head_suite.files if f.error_lines and f.path in changed]
        return tuple(f for f in files if f.path in head_paths | had)

    @property
    def counts(self) -> tuple[int, int]:
        """How many tests base ran in the files concerned, and how many of them were found again."""
        ran = [test for test in self._pairs if test.reach.built == Built.YES]
        return len(ran), sum(self._pairs[test] is not None for test in ran)

    def losses(self) -> Iterator[Located]:
        """Everything that was lost, with the file of head (of base, where head has not got it)."""
        for before, after in self._pairs.items():
            if before.reach.built < Built.YES:
                continue
            if after is None:
                yield from self._removed(before)
            else:
                yield from ((after.path, loss) for loss in self._compared(before, after))
        yield from self._support_losses()
        yield from self._shadowing_macros()
        yield from self._case_counts()
        yield from self._documentation()

    def _removed(self, test: TestCode) -> Iterator[Located]:
        if self._under_test.is_gone(test.names) or self._replacement(test) is not None:
            return
        if self._program_is_gone(test):
            return
        message = f"the test `{test.name}` (line {test.line} before) is gone, and what it tested is not"
        yield test.path, Loss(0, message)

    def _program_is_gone(self, test: TestCode) -> bool:
        """Whether the test starts a program of its package whose source the change takes away."""
        for name in _PROGRAM.findall(test.text):
            folder = posixpath.dirname(posixpath.dirname(test.path))
            sources = [f"src/bin/{name}.rs", f"src/bin/{name}/main.rs", "src/main.rs"]
            paths = [posixpath.join(folder, source) for source in sources]
            if any(path in self._base.paths for path in paths) and not any(
                path in self._head.paths for path in paths
            ):
                return True
        return False

    def _replacement(self, test: TestCode) -> TestCode | None:
        """A new test that holds all of a removed one, or one about the same code that demands as much."""
        demand = sum(found.demand for found in test.assertions)
        significant = test.names | {word for found in test.assertions for word in found.literals}
        subjects = self._subjects(test)
        for code in self._fresh:
            if not code.is_test or code.reach.built < Built.YES:
                continue
            if significant and len(significant & code.words) >= 0.9 * len(significant):
                return code
            if (
                code not in self._replacing
                and subjects
                and subjects <= self._subjects(code)
                and sum(found.demand for found in code.assertions if not found.guards) >= max(demand, 1)
                and self._under_test.changed_for(test)
            ):
                self._replacing.add(code)
                return code
        return None

    @cached_property
    def _replacing(self) -> set[TestCode]:
        return set()

    def _subjects(self, test: TestCode) -> frozenset[str]:
        """The functions of the repository that a test calls itself."""
        return test.names & self._under_test.functions

    def _compared(self, before: TestCode, after: TestCode) -> Iterator[Loss]:
        if not after.is_test:
            if not self._is_called(after):
                yield Loss(after.line, f"`{after.name}` is no test any more: its `#[test]` is gone")
            return
        if after.reach.built < Built.YES:
            yield Loss(after.line, f"the test `{after.name}` does not run any more: {after.reach.why}")
            return
        known = {attribute_name(text) for text in before.attributes}
        for text in after.attributes:
            name = attribute_name(text)
            if name not in known and name.rsplit("::", 1)[-1] in self._attribute_macros:
                message = f"is rewritten by the repository's own macro `#[{name}]` now"
                yield Loss(after.line, f"the test `{after.name}` {message}")
        elsewhere = tuple(code for code in self._fresh if code is not after)
        around = Surroundings(elsewhere, self._under_test.is_gone, self._under_test.changed_for)
        for loss in losses(before, after, around):
            yield Loss(loss.line, f"the test `{after.name}` {loss.message}", loss.grave)

    @cached_property
    def _attribute_macros(self) -> frozenset[str]:
        """The attribute macros that head's own packages define."""
        found = set()
        for path in self._head.rust_paths:
            if b"proc_macro_attribute" in self._head.read(path):
                found |= {
                    item.name
                    for item in self._head.rust(path).functions
                    if any(attribute_name(text) == "proc_macro_attribute" for text in item.attributes)
                }
        return frozenset(found)

    def _is_called(self, code: TestCode) -> bool:
        suite = self._head_suite
        mains = [other for other in suite.support if other.name == "main" and other.path == code.path]
        tests = [test for test in suite.tests if test.reach.built == Built.YES]
        return any(code.name in caller.names for caller in (*tests, *mains))

    def _support_losses(self) -> Iterator[Located]:
        """Helpers and macros of tests that assert less than before."""
        now = {(code.path, code.kind, code.qualified): code for code in self._head_suite.support}
        around = Surroundings(tuple(self._fresh), self._under_test.is_gone, self._under_test.changed_for)
        for before in self._base_suite.support:
            after = now.get((before.path, before.kind, before.qualified))
            if after is None or after.text == before.text:
                continue
            for loss in tolerance_losses(before, after) if after.makes_value else ():
                yield after.path, Loss(loss.line, f"`{after.name}`, which tests use, {loss.message}")
            for loss in assertion_losses(before, after, around):
                # What makes a value for tests asserts in passing; what only asserts is part of the tests.
                grave = loss.grave and not after.makes_value
                yield after.path, Loss(loss.line, f"`{after.name}`, which tests use, {loss.message}", grave)

    def _shadowing_macros(self) -> Iterator[Located]:
        for file in self._subject.change.live_files:
            if file.path not in self._head.rust_paths:
                continue
            old = {node_text(item.node) for item in self._macros(self._base, file.path)}
            for item in self._macros(self._head, file.path):
                if node_text(item.node) not in old:
                    message = f"a macro takes the name of the standard `{item.name}!`: assertions mean less"
                    yield file.path, Loss(item.line, message)

    def _macros(self, tree: SourceTree, path: str) -> list[Item]:
        if path not in tree.rust_paths:
            return []
        return [item for item in tree.rust(path).items if item.kind == "macro" and item.name in _STANDARD]

    def _case_counts(self) -> Iterator[Located]:
        """Property tests that try fewer cases."""
        for file in self._subject.change.live_files:
            path = file.path
            if path not in self._base.rust_paths or path not in self._head.rust_paths:
                continue
            before, after = self._base.read(path), self._head.read(path)
            old = [_count(found) for found in _CASE_COUNT.finditer(before)]
            new = [(_count(found), found.start()) for found in _CASE_COUNT.finditer(after)]
            if len(old) != len(new) or not self._head.test_lines(path):
                continue
            for was, (now, start) in zip(old, new, strict=True):
                line = after.count(b"\n", 0, start) + 1
                if now < was and line in self._head.test_lines(path):
                    yield path, Loss(line, f"property tests try {now} cases; before {was}")

    def _documentation(self) -> Iterator[Located]:
        """Documentation examples that cargo test ran and does not run any more."""
        if self._targets is not None:
            base, head = self._targets
            for root, manifest in head.without_doctests.items():
                if root in self._base.paths and root not in base.without_doctests:
                    yield manifest, Loss(0, "`doctest = false` switches the documentation's examples off")
        for file in self._subject.change.live_files:
            path = file.path
            if path not in self._base.rust_paths or path not in self._head.rust_paths:
                continue
            old = {body for _line, info, body in _examples(self._base.rust(path)) if _runs(info)}
            for line, info, body in _examples(self._head.rust(path)):
                if _runs(info) and (leave := _LEAVES.search(body)) and _LEAVES.sub("", body) in old:
                    yield (
                        path,
                        Loss(line, f"a documentation example ends at `{leave[0]}` before it asserts"),
                    )
                if body in old and not _runs(info):
                    yield (
                        path,
                        Loss(line, f"a documentation example is not run any more: it is marked `{info}`"),
                    )

    @cached_property
    def _pairs(self) -> dict[TestCode, TestCode | None]:
        return pair_tests(self._base_suite, self._head_suite)

    @cached_property
    def _fresh(self) -> tuple[TestCode, ...]:
        """Head's test code that base does not have like this, by its text."""
        suite = self._base_suite
        old = {(code.name, code.text, code.attributes) for code in (*suite.tests, *suite.support)}
        return tuple(
            code
            for code in (*self._head_suite.tests, *self._head_suite.support)
            if (code.name, code.text, code.attributes) not in old
        )

    @cached_property
    def _base_suite(self) -> TestSuite:
        paths = {p for p in self._subject.change.files if p in self._base.rust_paths}
        targets = self._targets
        return TestSuite(self._base, paths | self._shifted, targets[0] if targets else None)

    @cached_property
    def _head_suite(self) -> TestSuite:
        paths = {p for p in self._subject.change.files if p in self._head.rust_paths}
        targets = self._targets
        return TestSuite(self._head, paths | self._shifted, targets[1] if targets else None)

    @cached_property
    def _targets(self) -> tuple[TestTargets, TestTargets] | None:
        """Which files a test run compiles on either side; None where the change cannot have moved that."""
        for path, changed in self._subject.change.files.items():
            if is_manifest(path):
                break
            if not path.endswith(".rs"):
                continue
            sides = [tree.read(path) for tree in (self._base, self._head) if path in tree.paths]
            if changed.status != FileStatus.MODIFIED or any(map(_moves_files, sides)):
                break
        else:
            return None
        return TestTargets(self._base), TestTargets(self._head)

    @cached_property
    def _shifted(self) -> frozenset[str]:
        """Unchanged files that a test run compiles otherwise than before."""
        if self._targets is None:
            return frozenset()
        base, head = self._targets
        moved = {
            path
            for path, built in base.files.items()
            if path in self._head.rust_paths
            and path in self._base.rust_paths
            and head.files.get(path, Built.NO) < built
        }
        if any(is_manifest(path) for path in self._subject.change.files):
            moved |= {
                path
                for path in self._base.rust_paths
                if path in self._head.rust_paths
                and base.features(path) != head.features(path)
                and b"feature" in self._head.read(path)
            }
        return frozenset(moved)


def _moves_files(source: bytes) -> bool:
    return declares_modules(source) or b"include!" in source or b"#![cfg" in source


def _count(found: re.Match[bytes]) -> int:
    return int(next(group for group in found.groups() if group is not None).replace(b"_", b"") or b"0")


def _examples(file: RustFile) -> Iterator[tuple[int, str, str]]:
    """The documentation examples of a file: line of the item, what stands behind the fence, the code."""
    docs = [(item.line, item.doc) for item in file.items if item.doc and not item.in_test]
    if file.doc:
        docs.append((1, file.doc))
    for line, doc in docs:
        for found in _FENCE.finditer(doc + "\n"):
            yield line, found[1].strip(), "".join(found[2].split())


def _runs(info: str) -> bool:
    return all(_RUN_INFO.fullmatch(part.strip()) for part in re.split(r"[,\s]+", info))
