"""Refuses new public items that no test reaches.

What it checks:
    Every public function, method and type that the change adds (scope ``all``: every one) outside of tests,
    examples and build scripts is named by a test, a bench, an example or an example in documentation that
    rustdoc runs, or by something that those name in turn: helpers, functions, types, macros, and ``main``
    where a test starts the program. Names stand for all that bear them, so what is refused here is reached by
    no test at all. Implementations of traits, what ``#[doc(hidden)]`` hides, and types without code of their
    own (``items = "functions"``) owe nothing; ``items = "all"`` adds types.

Why:
    What no test reaches may do anything, and nobody will notice when it does something else tomorrow.

Evidence:
    The number of new public items and of names that tests reach. Whether what they reach is also checked is
    for ``low_coverage`` and ``surviving_mutants``.

Unknown when:
    The parser finds no sense in a file in scope, or in a test file where something seems not to be reached.
"""

from __future__ import annotations

import re

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.items import Item
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_TYPES = frozenset({"struct", "enum", "union", "trait"})
_NEW = r"(?:(?:new|public|exported|added|api)\s+)*"
_THING = r"(?:functions?|methods?|apis?|items?|features?|functionality|code|behaviou?rs?|endpoints?|modules?)"

GATE = Gate(
    id="missing_tests",
    summary="new public items that no test reaches",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b(?:every|each|all|any)\s+{_NEW}{_THING}\s+(?:must\s+|should\s+|needs?\s+to\s+|has\s+to\s+"
            rf"|have\s+to\s+)?"
            r"(?:has|have|gets?|needs?|requires?|comes? with|includes?|be (?:covered|accompanied) by|be te"
            r"sted|"
            r"is tested|are tested|ships? with)\b(?:[^.;]{0,30}\btests?\b|(?<=tested))",
            "Every public function must have a test.",
        ),
        Phrasing(
            rf"\b(?:write|add|create|provide|include)\s+(?:\w+\s+){{0,3}}tests?\s+(?:for|with|covering)\s+"
            rf"(?:every|each|all|any)\s+"
            rf"{_NEW}{_THING}\b",
            "Write tests for all new functions.",
        ),
        Phrasing(
            rf"\b(?:no|never)\b[^.;]{{0,30}}\b(?:new|public|untested)\s+{_NEW}{_THING}\s+without\s+(?:a\s+"
            rf"|any\s+)?(?:\w+\s+)?tests?\b"
            rf"|\b(?:add|merge|ship|commit|leave|deliver|introduce)\w*\s+(?:any\s+|new\s+)*untested\s+"
            rf"{_THING}\b",
            "Never add new functions without tests.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:write|add|create|include|provide|develop|implement)\s+(?:both\s+|comprehensive\s+|"
            r"thorough\s+|meaningful,?\s+|extensive\s+|"
            r"good\s+|proper\s+|appropriate\s+|new\s+|relevant\s+|all\s+)*(?:unit|integration)(?:\s*(?:,|"
            r"and|/|&|or|\+)+\s*(?:unit|integration|"
            r"end-to-end|e2e|doc\w*))*\s+tests?\b(?!\s+(?:first|before|in|under|inside|into|live|go|to)\b)",
            "Write unit tests, integration tests",
        ),
        Phrasing(
            r"\b(?:write|add|create|include|provide)\s+(?:\w+,?\s+){0,2}?(?:comprehensive|thorough|"
            r"extensive|automated),?\s+"
            r"(?:\w+\s+)?tests?\b(?!\s+(?:first|before|coverage|suite|plan|report|strateg\w+|data|"
            r"cases? for)\b)",
            "Write meaningful, comprehensive tests.",
        ),
        Phrasing(
            r"\b(?:write|add|develop|create)\s+(?:\w+\s+)?tests?\s+(?:alongside|together with|along with|"
            r"as you)\b",
            "Write tests alongside implementation.",
        ),
        Phrasing(
            r"\btests?\s+(?:are|is|must be|should be|have to be)\s+(?:mandatory|required|obligatory|"
            r"added|written|included|provided)\b"
            r"(?!\s+(?:first|before|prior|in|under|as)\b)[^.;]{0,20}(?:\b(?:for|with|alongside)"
            r"\b[^.;]{0,40})?",
            "Tests are required for all new behavior.",
        ),
        Phrasing(
            r"\b(?:add|write|include|provide|update)\s+(?:or\s+update\s+)?(?:\w+\s+)?tests?\s+(?:for|"
            r"with|when|whenever|covering)\s+(?:\w+\s+){0,3}?"
            r"(?:new|changed|change|changes|behaviou?r|feature|features|functionality|code|logic|"
            r"bug ?fix\w*|public|modif\w+)\b",
            "Add tests for behavior changes.",
        ),
        Phrasing(
            r"\b(?:every|each|all|any)\s+(?:new\s+)?(?:changes?|features?|functionality|behaviou?rs?|"
            r"code paths?|bug ?fix(?:es)?|code|pull requests?|modules?)\b[^.;]{0,20}"
            r"\b(?:needs?|requires?|must|should|ha(?:s|ve)|comes? with|includes?|gets?)"
            r"\b(?:(?!\bpass)[^.;]){0,25}\b(?:tests?\b(?!\s+coverage)|tested)",
            "Every new feature must have tests.",
        ),
        Phrasing(
            r"\buntested (?:code|functions?|features?|changes|logic)\b|\b(?:code|features?|functions?|"
            r"changes|functionality)\s+without\s+(?:any\s+|accompanying\s+|corresponding\s+)?tests?\b",
            "Never add code without tests.",
            negative=True,
        ),
        Phrasing(
            r"^\W*unit tests?\s+(?:and|,|&)\s+\w+(?:\s+\w+)?\s+tests?\W*$",
            "Unit tests and integration tests",
        ),
        Phrasing(
            r"\bnew\s+(?:functionality|features?|code|behaviou?r|functions?)"
            r"\s+(?:always\s+)?(?:requires?|needs?|must have|gets?)\s+(?:\w+\s+)?tests?\b(?!\s+coverage)"
            r"|\bcover\s+(?:all\s+|every\s+|any\s+)?(?:new|changed)\s+(?:code|functions?|features?|"
            r"behaviou?r|functionality)\s+(?:with|by)\s+(?:\w+\s+)?tests?\b",
            "New functionality requires tests.",
        ),
        Phrasing(
            r"\b(?:add|write|update)\s+(?:or\s+(?:update|add)\s+)?(?:\w+\s+)?tests?\s+to\s+(?:ensure|cover|"
            r"exercise|verify|prove)\b[^.;]{0,40}\bnew\s+(?:functionality|features?|code|behaviou?r|"
            r"functions?)\b",
            "Add or update tests to ensure adequate coverage of new functionality.",
        ),
    ),
    params={
        "items": Param(
            str,
            "functions",
            "Which items must be reached: `functions` (with methods), or `all`, which adds types.",
            stricter=min,  # "all" sorts before "functions"
            allowed=("all", "functions"),
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare the public items in scope with the names that tests reach."""
    from ironwright.gates.rust.reach import reached_names

    judged = TreeScope(subject, scope)
    before = _names_before(subject) if scope is Scope.CHANGED else frozenset()
    new: list[tuple[str, Item]] = []
    unreadable = []
    for path in judged.paths:
        if path in subject.head.test_files or not _shipped(path):
            continue
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        new += [
            (path, item)
            for item in file.items
            if _owes(item, params["items"]) and item.name not in before and judged.holds(file, item)
        ]
    reached = reached_names(subject.head) if new else frozenset()
    failures = [_finding(path, item) for path, item in new if item.name not in reached]
    if failures:
        broken = [path for path in subject.head.test_files if subject.head.rust(path).error_lines]
        unreadable += [subject.head.rust(path) for path in sorted(broken)]
        if broken:
            failures = []  # what is written there may reach them
    evidence = Evidence(
        "measure",
        f"{len(new)} new public items, {len(reached)} names reached by tests",
        {"name": "unreached items", "value": len(failures), "unit": "items", "items": len(new)},
    )
    good = f"a test reaches every public item in scope ({len(new)})" if new else "no public items in scope"
    return settle(failures, (), unreadable, good, "public items that no test reaches: {n}", evidence)


def _names_before(subject: Subject) -> frozenset[str]:
    """The names that base had in the files that differ: what moved or was altered is not new."""
    if subject.base is None:
        return frozenset()
    known = [path for path in subject.change.files if path in subject.base.rust_paths]
    return frozenset(item.name for path in known for item in subject.base.rust(path).items)


def _shipped(path: str) -> bool:
    *folders, name = path.split("/")
    return name != "build.rs" and not {"examples", "tests", "benches", "fuzz"} & set(folders)


def _owes(item: Item, items: str) -> bool:
    if item.in_test or item.in_trait_impl or not item.is_public or item.is_nested:
        return False
    if any(re.match(r"doc\s*\(\s*hidden", text) for text in item.attributes):
        return False
    parent = item.parent
    if parent is not None and parent.kind == "extern_block":
        return False
    if item.kind == "function":
        return item.body is not None
    return items == "all" and item.kind in _TYPES


def _finding(path: str, item: Item) -> Finding:
    what = "function" if item.kind == "function" else item.kind
    message = f"no test reaches the public {what} `{item.qualified_name}`"
    return Finding(path, item.line, message, "Write a test that calls it and asserts what it answers.")
