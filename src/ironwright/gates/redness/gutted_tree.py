"""The tree in which new tests must fail too: head's code with every changed function gutted.

A test that cannot be compiled without the change need not test it: to name a new function is enough for
the compiler. So each function that the change adds or alters gets a panic at its entry, and the tests are
run on that. What still passes ran none of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.chosen_tests import run_chosen
from ironwright.gates.redness.code_changes import CodeChanges, CodeItem
from ironwright.gates.redness.red_tests import cases_of
from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.items import Item, children_of, descend, node_text
from ironwright.host.test_output import Outcome
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

# The condition is opaque to the compiler, so that the code behind it stays reachable and every type inferred.
_PANIC = b' if ::core::hint::black_box(true) { ::core::panic!("gutted") } '
# A panic does not take a test longer than the code that it replaces; what waits for a gutted thread may hang.
_SECONDS = 60.0
_NAMES = frozenset({"identifier", "type_identifier", "field_identifier"})
_NOT_GUTTED = frozenset({"const"})


@dataclass(frozen=True)
class GuttedTree:
    """Head's code with the changed functions gutted.

    Attributes:
        changes: The files that differ from head.
        functions: What was gutted.
        whole: Names that the change adds or alters and that keep their behaviour here: values, types,
            macros, ``const fn``, imports. A test of these may pass rightly.
    """

    changes: Mapping[str, bytes | None]
    functions: tuple[CodeItem, ...]
    whole: frozenset[str]


@dataclass
class Gutted:
    """What tests did on the gutted tree.

    Attributes:
        killed: They fail there: they run what the change is about.
        hollow: They pass there, although they speak of nothing that is left.
        unproved: They pass there and may do so, or cannot be told; with the reason.
        evidence: The commands and how many tests each list has.
    """

    killed: list[CodeItem] = field(default_factory=list)
    hollow: list[CodeItem] = field(default_factory=list)
    unproved: list[tuple[CodeItem, str]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


def gut_tree(subject: Subject, changes: CodeChanges) -> GuttedTree:
    """Put a panic at the entry of every function outside test code that the change adds or alters."""
    by_file: dict[str, list[Item]] = defaultdict(list)
    gutted: list[CodeItem] = []
    for found in changes.functions:
        if _can_be_gutted(found):
            by_file[found.path].append(found.item)
            gutted.append(found)
    files: dict[str, bytes | None] = {}
    for path, items in by_file.items():
        source = subject.head.read(path)
        for position in sorted((_entry(item) for item in items), reverse=True):
            source = source[:position] + _PANIC + source[position:]
        files[path] = source
    done = {id(found.item) for found in gutted}
    whole: set[str] = set()
    for found in changes.items:
        if id(found.item) not in done:
            whole |= {found.item.name, *_brought_names(found.item)}
    whole |= _imported_names(subject, changes)
    return GuttedTree(files, tuple(gutted), frozenset(whole - {found.item.name for found in gutted}))


def run_on_gutted(subject: Subject, changes: CodeChanges, tests: Sequence[CodeItem]) -> Gutted | None:
    """Run tests that pass on head on the gutted tree.

    Returns:
        What they did; None where no function can be gutted.

    Raises:
        Unknown: The gutted tree cannot be built, or head's tests did not run.
    """
    tree = gut_tree(subject, changes)
    if not tree.functions:
        return None
    chosen: dict[str, set[str]] = defaultdict(set)
    names: dict[int, set[str]] = {}
    for test in tests:
        cases = cases_of(subject.cargo.tests, test)
        names[id(test)] = {case.name for _, case in cases}
        for program, case in cases:
            chosen[program.label].add(case.name)
    subject.progress(f"running the new tests with {len(tree.functions)} changed functions gutted")
    facts = subject.make_mixed("gutted", "head", tree.changes)
    build = facts.build
    if not build.ok:
        said = build.errors[0].message if build.errors else "cargo does not say why"
        raise Unknown(f"head with its changed functions gutted does not compile: {said}", build.evidence)
    runs = run_chosen(facts, dict(chosen), _SECONDS)
    ended = {case.name: case.outcome for run in runs for case in run.cases}
    found = Gutted()
    for test in tests:
        _sort(found, tree, changes, test, [ended[name] for name in names[id(test)] if name in ended])
    counts = {"killed": len(found.killed), "hollow": len(found.hollow), "unproved": len(found.unproved)}
    said = (
        f"with {len(tree.functions)} changed functions gutted {counts['killed']} of {len(tests)} "
        f"new tests fail, {counts['hollow']} pass without having run any"
    )
    measure = Evidence(
        "measure", said, {"name": "new_tests_on_gutted_head", "gutted": len(tree.functions), **counts}
    )
    found.evidence += [*build.evidence, measure]
    return found


def _sort(
    found: Gutted, tree: GuttedTree, changes: CodeChanges, test: CodeItem, outcomes: Collection[Outcome]
) -> None:
    seen = set(outcomes) - {Outcome.IGNORED}
    if seen & {Outcome.FAILED, Outcome.UNFINISHED}:
        found.killed.append(test)
    elif not seen:
        found.unproved.append((test, "did not run on the gutted code"))
    elif any(attribute_name(text) == "should_panic" for text in test.item.attributes):
        found.unproved.append((test, "expects a panic, which a gutted function gives too"))
    elif spoken := _words_of(test, changes) & tree.whole:
        found.unproved.append((test, f"is about {min(spoken)}, which is no function that can be gutted"))
    else:
        found.hollow.append(test)


def _can_be_gutted(found: CodeItem) -> bool:
    """Not what runs while something is compiled, and not what has no entry of its own."""
    if found.item.modifiers & _NOT_GUTTED or PurePosixPath(found.path).name == "build.rs":
        return False
    names = {attribute_name(text).rsplit("::", 1)[-1] for text in found.item.attributes}
    return not any(name in ("naked", "panic_handler") or name.startswith("proc_macro") for name in names)


def _entry(item: Item) -> int:
    """Behind the body's opening brace and its inner attributes and documentation, which must stay first."""
    body = item.body
    assert body is not None
    inner = children_of(body, "inner_attribute_item")
    docs = [node for node in children_of(body, "line_comment") if node_text(node).startswith("//!")]
    ends = [node.end_byte for node in (*inner, *docs)]
    return max(ends, default=body.start_byte + 1)


def _names_in(item: Item) -> set[str]:
    return {node_text(node) for node in descend(item.node) if node.type in _NAMES}


def _brought_names(item: Item) -> set[str]:
    """What a type or macro that is left whole brings along: variants, fields, what a macro expands to."""
    return _names_in(item) if item.kind in ("struct", "enum", "union", "macro_call") else set()


def _imported_names(subject: Subject, changes: CodeChanges) -> set[str]:
    """Names in imports outside tests that base's version of the file does not have: new ways to old code."""
    found: set[str] = set()
    for path in {item.path for item in changes.items}:
        base = subject.base
        old = base.rust(path).items if base is not None and path in base.paths else ()
        known = {" ".join(node_text(item.node).split()) for item in old if item.kind == "use"}
        for item in subject.head.rust(path).items:
            if item.kind == "use" and not item.in_test and item.visibility:
                text = " ".join(node_text(item.node).split())
                found |= _names_in(item) if text not in known else set()
    return found


def _words_of(test: CodeItem, changes: CodeChanges) -> frozenset[str]:
    """The names in a test, and those in the new or changed test code that it names, however far."""
    support = {found.item.name: _names_in(found.item) for found in changes.test_support}
    return frozenset(_closure(_names_in(test.item), support))


def _closure(words: set[str], support: Mapping[str, Iterable[str]]) -> set[str]:
    reached, waiting = set(words), [name for name in words if name in support]
    while waiting:
        fresh = set(support[waiting.pop()]) - reached
        reached |= fresh
        waiting += [name for name in fresh if name in support]
    return reached
