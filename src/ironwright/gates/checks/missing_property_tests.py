"""Refuses parsers and serialisers that no property test reaches.

What it checks:
    Every public function that the change adds or alters (scope ``all``: every one) and that reads text or
    bytes into a value, or writes a value as text or bytes (by its name and types together: ``parse``,
    ``decode``, ``from_bytes``, ``FromStr``, ``TryFrom<&str>``; ``encode``, ``serialize``, ``to_bytes``), is
    reached by at least one property test: ``proptest``, ``quickcheck``, ``arbtest``, ``bolero``, a Kani
    proof, or a fuzz target. To be reached is to be named by it or by what it calls.

Why:
    The inputs that break a parser are those that nobody thought of. A property over generated inputs (it
    never panics; what was written is read back the same) finds them, examples do not.

Evidence:
    The functions looked at and the number of property tests in the committed tree.

Unknown when:
    The parser finds no sense in a file in scope. Tests that a macro makes are seen by the names in its call.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

_PROPERTY = r"(?:property[- ](?:based )?test(?:s|ing)?|(?:proptest|quickcheck|arbtest)s?(?: tests?)?)"
_CODEC = r"(?:pars(?:er|ing)|serializ|serialis|deserializ|encod|decod|codec|round[- ]?trip)\w*"

GATE = Gate(
    id="missing_property_tests",
    summary="parsers and serialisers that no property test reaches",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b(?:every|all|each|any) (?:new |public )?{_CODEC}[^.;]{{0,50}}\b{_PROPERTY}",
            "Every parser must have property tests.",
        ),
        Phrasing(
            rf"\b(?:write|add|require|include|create) {_PROPERTY}[^.;]{{0,40}}\b(?:for|of|on) "
            rf"(?:\w+ ){{0,3}}{_CODEC}",
            "Write property tests for all parsers.",
        ),
        Phrasing(
            rf"\b{_PROPERTY}\b(?!\s*:\s*use\s+`?\w+\()",
            "Property-based testing with proptest",
            strength=Strength.SOFT,
        ),
        Phrasing(
            r"\b(?:round[- ]?trips?|(?:de)?seriali[sz]ation|encod\w+|decod\w+|pars(?:ers?|ing))"
            r"\b[^.;]{0,30}\b(?:property[- ]test(?:ed|s)?|proptest(?:ed)?)\b",
            "Serialization round trips must be property tested.",
        ),
    ),
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for the property tests of every parser and serialiser in scope."""
    del params
    from ironwright.gates.codecs import PropertyTests, is_codec

    judged = TreeScope(subject, scope)
    tests = PropertyTests(subject.head)
    failures, unreadable, seen = [], [], 0
    for path in judged.paths:
        if path in subject.head.test_files or {"examples", "benches", "fuzz"} & set(path.split("/")[:-1]):
            continue
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        for item in file.functions:
            kind = is_codec(item)
            if not kind or not judged.holds(file, item):
                continue
            seen += 1
            if not tests.reach(item):
                failures.append(Finding(path, item.line, *_wrong(item.name, kind)))
    evidence = Evidence(
        "measure",
        f"parsers and serialisers looked at: {seen}; property tests: {tests.count if seen else 'not asked'}",
        {"name": "parsers and serialisers", "value": seen, "unit": "functions", "unreached": len(failures)},
    )
    good = f"property tests reach every parser and serialiser in scope ({seen})"
    good = good if seen else "no parser or serialiser in scope"
    return settle(failures, (), unreadable, good, "without a property test: {n}", evidence)


def _wrong(name: str, kind: str) -> tuple[str, str]:
    if kind == "reads":
        return (
            f"`{name}` reads text or bytes, and no property test reaches it",
            "State with proptest, quickcheck or arbtest that it never panics, and that it reads back what is "
            "written.",
        )
    return (
        f"`{name}` writes text or bytes, and no property test reaches it",
        "State with proptest, quickcheck or arbtest that what it writes is read back the same.",
    )
