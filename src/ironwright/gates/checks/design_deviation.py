"""Refuses code that is not what its design document declares.

What it checks:
    Every item that the Rust blocks of the document declare (``documents``, and those that the run's task
    names) is there in head under its name and as declared: a function's parameter types, result, ``async``,
    ``const`` and ``unsafe``; a type's fields with their types and visibility; an enum's variants with what
    they hold; a trait's bounds; an alias's or constant's type; and the visibility of each. The names of
    parameters, attributes, layout and paths before names do not matter. Fields and variants beyond the
    design are remarks. ``partial`` makes items that are missing altogether remarks too, for work in
    increments. Blocks below headings such as "Examples", "Alternatives" or "Future", and blocks that hold
    statements, are no declarations.

Why:
    Others build against the design while this is written, and meet what was agreed or nothing.

Evidence:
    The items that the documents declare and how many of them were found as declared.

Unknown when:
    A document that ``documents`` names is not there, its Rust cannot be parsed, or the parser finds no sense
    in a file where something seems to be missing. What a document says in prose is not compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.design_document import Declared, read_design
from ironwright.gates.journal_tasks import named_documents, tasks_of
from ironwright.gates.path_patterns import matches_any
from ironwright.gates.rust.shapes import Shape, shapes_of
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_DESIGN = (
    r"(?:(?:architect\w*|technical|agreed|given|original|approved)\s+)*(?:designs?|specifications?|specs?|"
    r"architectures?)(?:\s+documents?)?"
)
Placed = tuple[str, Shape]


def read_documents(words: str) -> tuple[str, ...]:
    """The documents that words of a sentence name."""
    return tuple(dict.fromkeys(re.findall(r"(?:[\w.@-]+/)*[\w.-]+\.(?:mdx?|adoc|rst)", words)))


GATE = Gate(
    id="design_deviation",
    summary="code that is not what its design document declares",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b(?:match(?:es)?|conform\w*\s+to|adher\w+\s+to|follow\w*|implement\w*|translate\w*)\s+(?:e"
            rf"xactly\s+|"
            rf"precisely\s+|faithfully\s+)*(?:the\s+|all\s+|every\s+)*{_DESIGN}\s*(?:exactly|faithfully|pr"
            rf"ecisely|"
            r"to the letter|without deviation\w*)",
            "Implement the design exactly.",
        ),
        Phrasing(
            rf"\b(?:exactly|faithfully|precisely|strictly)\s+(?:match(?:es)?|implement\w*|follow\w*|realiz"
            rf"\w+|"
            rf"translat\w+|adher\w+\s+to|conform\w*\s+to)\s+(?:the\s+|an?\s+|all\s+)*(?:\w+\s+)?{_DESIGN}",
            "Faithfully implement the architectural design.",
        ),
        Phrasing(
            r"\b(?:api\s+)?(?:contracts?|signatures?|interfaces?|types?)\b[^.;]{0,30}\b(?:match(?:es)?|con"
            r"form\w*\s+to|"
            rf"agree\s+with|follow\w*|are as in)\s+(?:the\s+|all\s+)*{_DESIGN}",
            "Ensure API contracts match specifications.",
        ),
        Phrasing(
            rf"\b(?:deviat\w+|depart\w*|diverg\w+|stray\w*)\s+from\s+(?:the\s+|an?\s+)*{_DESIGN}",
            "Never deviate from the design.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:translat\w*|implement\w*|turn\w*|realiz\w*)\b[^.;]{0,60}?\b(?:precisely|exactly|"
            r"faithfully)\s+(?:match\w*|follow\w*|reflect\w*|realiz\w*)\b",
            "Translate architectural designs into working code that precisely matches the intended design.",
        ),
        Phrasing(
            r"\b(?:verify|ensure|check|confirm|make sure|validate)\b(?:\s+that)?\s+(?:all\s+|every\s+|"
            r"each\s+|the\s+)*(?:architectur\w+|design|specified|specification)\s+"
            r"(?:requirements?|constraints?|decisions?|components?)\b[^.;]{0,20}\b(?:met|satisfied|"
            r"implemented|fulfilled|respected)\b",
            "Verify all architectural requirements are met.",
        ),
        Phrasing(
            r"\b(?:verify|ensure|check|confirm|make sure|validate)\b[^.;]{0,40}\b(?:covers?|handles?|"
            r"implements?|includes?)\s+(?:all\s+|the\s+|every\s+)*specified\b"
            r"|\b(?:work|behave|function|integrate)s?\s+as\s+(?:designed|specified)\b",
            "Confirm error handling covers specified cases.",
        ),
        Phrasing(
            r"\bimplement\s+(?:the\s+)?(?:original|given|agreed|approved|documented)\s+(?:design|"
            r"architecture|specification|spec|plan)\b",
            "Implement the original design unless directed otherwise.",
        ),
        Phrasing(
            r"\b(?:code|implementation|everything)\b[^.;]{0,20}\b(?:must|should|has to)\s+(?:exactly\s+|"
            r"strictly\s+)?(?:match|follow|conform to|adhere to)\s+"
            r"(?:the\s+)?(?:design|specification|spec|architecture|architect's design)\b",
            "The implementation must match the design.",
        ),
        Phrasing(
            r"\b(?:exactly|faithfully|precisely|strictly)\s+(?:implement|follow|realize)"
            r"\s+(?:the\s+)?architect(?:'s|ure's)?\s+(?:design|vision|specification|plan)\b",
            "Faithfully implement the architect's design.",
        ),
    ),
    params={
        "documents": Param(
            tuple,
            (),
            "Design documents besides those of the task, as patterns of paths.",
            read=read_documents,
        ),
        "partial": Param(
            bool,
            False,
            "Whether items of the design may still be missing.",
            stricter=lambda one, other: one and other,
        ),
    },
    inputs=("head", "base", "journal"),
    scopes=(Scope.ALL,),
    process=True,
    applies_with=("documents",),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare what the documents declare with what head holds."""
    del scope  # a design is about the whole
    documents = _documents(subject, params)
    if not documents:
        return passed("no design document is named, so there is none to deviate from")
    declared: list[tuple[str, Declared]] = []
    unread: list[str] = []
    for path in documents:
        tree = subject.head if path in subject.head.paths else subject.base
        text = tree.read(path).decode("utf-8", "replace") if tree is not None else ""
        items, lines = read_design(text)
        declared += [(path, item) for item in items]
        unread += [f"{path}:{line}" for line in lines]
    present, broken = _present(subject)
    failures: list[Finding] = []
    remarks: list[Finding] = []
    found = 0
    for path, item in declared:
        same = present.get((_family(item.shape), item.shape.name), [])
        if not same:
            finding = _missing(path, item)
            (remarks if params["partial"] else failures).append(finding)
            continue
        problems, extra = _best(item, same)
        found += not problems
        failures += problems
        remarks += extra
    evidence = Evidence(
        "measure",
        f"{len(declared)} items declared by {', '.join(documents)}; as declared: {found}",
        {"name": "items as designed", "value": found, "unit": "items", "declared": len(declared)},
    )
    if failures and broken and all(finding.line is None for finding in failures):
        raise Unknown(
            f"the syntax of {broken[0]} was not understood; what is missing may be there", (evidence,)
        )
    if failures:
        return failed(f"deviations from the design: {len(failures)}", tuple(failures), evidence)
    if unread:
        raise Unknown(f"the Rust of {unread[0]} was not understood, so it was not compared", (evidence,))
    good = f"all {len(declared)} items are as designed" if declared else "the design declares nothing in Rust"
    if remarks and params["partial"]:
        good = f"what is there of {len(declared)} items is as designed"
    return passed(good, evidence, findings=tuple(remarks))


def _documents(subject: Subject, params: Params) -> tuple[str, ...]:
    named: list[str] = []
    trees = [tree for tree in (subject.head, subject.base) if tree is not None]
    for pattern in params["documents"]:
        found = sorted({path for tree in trees for path in tree.paths if matches_any(path, (pattern,))})
        if not found:
            raise Unknown(f"there is no design document {pattern!r}; correct its path in `documents`")
        named += found
    if subject.journal is not None:
        named += named_documents(subject, tasks_of(subject.journal))
    return tuple(dict.fromkeys(named))


def _present(subject: Subject) -> tuple[Mapping[tuple[str, str], list[Placed]], list[str]]:
    """What head declares outside of tests, by family and name, and the files that could not be read."""
    present: dict[tuple[str, str], list[Placed]] = defaultdict(list)
    broken = []
    for path in subject.head.rust_paths:
        if path in subject.head.test_files:
            continue
        file = subject.head.rust(path)
        if file.error_lines:
            broken.append(path)
        for shape in shapes_of(file.items):
            present[(_family(shape), shape.name)].append((path, shape))
    return present, broken


def _family(shape: Shape) -> str:
    """Kinds that one name cannot be at once, as one: a struct where an enum is designed deviates."""
    return "type" if shape.kind in ("struct", "enum", "union", "type", "trait") else shape.kind


def _missing(path: str, item: Declared) -> Finding:
    message = f"the design has the {item.shape.kind} `{item.shape.name}`, the code has not"
    return Finding(
        path,
        None,
        f"{message} (line {item.shape.line})",
        "Write it as designed, or ask for the design to change.",
    )


def _best(item: Declared, same: Sequence[Placed]) -> tuple[list[Finding], list[Finding]]:
    """The deviations of the one that deviates least among items of one name."""
    compared = [(list(_deviations(item, *placed)), list(_beyond(item, *placed))) for placed in same]
    return min(compared, key=lambda pair: len(pair[0]))


def _deviations(item: Declared, path: str, is_: Shape) -> Iterator[Finding]:
    wanted = item.shape
    advice = f"Do as the design says (line {wanted.line}), or ask for it to change."

    def deviates(what: str, designed: str, written: str) -> Finding:
        message = (
            f"{what} `{wanted.name}` is `{written or 'private'}`, the design has `{designed or 'private'}`"
        )
        return Finding(path, is_.line, message, advice)

    if is_.kind != wanted.kind:
        yield deviates("the kind of", wanted.kind, is_.kind)
        return
    if wanted.visibility and wanted.visibility != is_.visibility:
        yield deviates("the visibility of", wanted.visibility, is_.visibility)
    if wanted.head != is_.head:
        yield deviates(f"the {wanted.kind}", wanted.head or wanted.name, is_.head or is_.name)
    for name, holds in wanted.parts.items():
        part = f"`{name}`" if not name.isdigit() else f"number {name}"
        if name not in is_.parts:
            message = f"`{wanted.name}` lacks {part}, which the design has"
            yield Finding(path, is_.line, message, advice)
        elif is_.parts[name] != holds:
            message = f"{part} of `{wanted.name}` is `{is_.parts[name]}`, the design has `{holds}`"
            yield Finding(path, is_.line, message, advice)


def _beyond(item: Declared, path: str, is_: Shape) -> Iterator[Finding]:
    if item.complete and is_.kind == item.shape.kind and item.shape.parts:
        for name in is_.parts:
            if name not in item.shape.parts:
                yield Finding(path, is_.line, f"`{is_.name}` has `{name}`, which the design has not")
