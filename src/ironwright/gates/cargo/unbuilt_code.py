"""Finds changed code under a ``cfg`` of the repository's own making that this build left out.

A build script or a compiler flag decides on such a condition, and may decide otherwise elsewhere: what is
left out here has neither been compiled nor run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tree_sitter import Node

from ironwright.gates.rust.attributes import argument_text, attribute_name
from ironwright.gates.rust.conditions import Built, evaluate
from ironwright.gates.rust.items import children_of, descend, node_text
from ironwright.gates.suites.targets import TestTargets
from ironwright.records.change import FileStatus

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

# What runs, or decides on what runs; imports, modules and fields alone do not.
_RUNS = frozenset(
    {
        "call_expression",
        "binary_expression",
        "macro_invocation",
        "return_expression",
        "assignment_expression",
        "compound_assignment_expr",
        "function_item",
    }
)


def unbuilt_code(
    subject: Subject, coverage: Mapping[str, Mapping[int, int]]
) -> Iterator[tuple[str, int, str]]:
    """File, line and condition of the changed code that only a condition of the repository's own keeps out.

    Args:
        subject: The change.
        coverage: The lines that can run in this build, by file.
    """
    targets: TestTargets | None = None
    for path, changed in sorted(subject.change.files.items()):
        if changed.status is FileStatus.DELETED or path not in subject.head.rust_paths:
            continue
        if path in subject.head.test_files or b"cfg" not in subject.head.read(path):
            continue
        targets = targets or TestTargets(subject.head)
        features = targets.features(path)
        tests = subject.head.test_lines(path)
        built = coverage.get(path, {})
        for node in descend(subject.head.rust(path).root):
            condition = _condition(node)
            guarded = _guarded(node) if condition is not None else None
            if condition is None or guarded is None or evaluate(condition, features) is not Built.UNKNOWN:
                continue
            lines = range(guarded.start_point.row + 1, guarded.end_point.row + 2)
            if tests.isdisjoint(lines) and not changed.added_lines.isdisjoint(lines):
                runs = any(inner.type in _RUNS for inner in descend(guarded))
                if runs and not any(line in built for line in lines):
                    yield path, lines.start, condition


def _condition(node: Node) -> str | None:
    if node.type != "attribute_item":
        return None
    attribute = children_of(node, "attribute")
    text = node_text(attribute[0]) if attribute else ""
    return argument_text(text) if attribute_name(text) == "cfg" else None


def _guarded(attribute: Node) -> Node | None:
    """What an attribute is about: the next thing that is neither an attribute nor a comment."""
    node = attribute.next_named_sibling
    while node is not None and (node.type == "attribute_item" or "comment" in node.type):
        node = node.next_named_sibling
    return node
