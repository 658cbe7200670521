"""Refuses functions without a documentation comment that says something.

What it checks:
    Every function and method that the change adds or alters (scope ``all``: every one) has a ``///``
    comment, a ``/** */`` comment or a ``#[doc]`` attribute that tells more than the function's own name:
    neither empty nor "Get name." on ``get_name``. A trait's methods count; their implementations inherit
    the trait's documentation and do not. Test code, foreign functions in ``extern`` blocks, what is marked
    ``#[doc(hidden)]``, and a ``main`` whose file says what the program does do not count. ``items =
    "public"`` asks it of ``pub`` functions only. A function that was only moved or indented anew counts as
    not altered.

Why:
    Whoever changes the function next sees what it promises, not only what it happens to do.

Evidence:
    The number of functions looked at in the committed tree.

Unknown when:
    The parser finds no sense in a file in scope. What a macro makes is not seen.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.docs import must_be_documented, says_something
from ironwright.gates.rust.items import Item
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

_DOCS = r"(?:rust)?doc(?:umentation)?[ -]?(?:comments?|strings?)|rustdocs?|documentation|///"
_PUBLIC = r"(?:public|exported)(?:ly (?:visible|exported))?"
_THING = r"(?:functions?|methods?|fns?)"
_PUBLIC_THING = (
    rf"(?:{_PUBLIC} (?:rust )?(?:apis?|items?|interfaces?|{_THING}|types?(?: and {_THING})?|code))"
)

GATE = Gate(
    id="undocumented_functions",
    summary="functions without a documentation comment that says something",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b(?:every|all|each|any)\s+(?:new\s+|single\s+)?{_THING}\b[^.;]{{0,60}}?"
            rf"\b(?:ha(?:s|ve)|with|needs?|requires?|includes?|carr(?:y|ies)|gets?)"
            rf"\b[^.;]{{0,40}}?(?:{_DOCS})",
            "Ensure every function has extensive, detailed documentation comments.",
        ),
        Phrasing(
            rf"\bdocument\s+(?:every|all|each)\s+(?:new\s+)?{_THING}\b",
            "Document all functions.",
        ),
        Phrasing(
            rf"\b(?:every|all|each)\s+(?:new\s+)?{_THING}\b[^.;]{{0,30}}\b(?:is|are|be)\s+"
            r"(?:\w+ly\s+|well[ -])?documented",
            "All functions must be documented.",
        ),
        Phrasing(
            rf"\bdocument\s+(?:(?:every|all|each|any)\s+)?(?:new\s+)?{_PUBLIC_THING}",
            "Document all public APIs with doc comments.",
            params={"items": "public"},
        ),
        Phrasing(
            rf"\b(?:every|all|each|any)?\s*(?:new\s+)?{_PUBLIC_THING}\b[^.;]{{0,50}}?(?:{_DOCS}|"
            rf"documented)\b",
            "Ensure all public APIs have proper rustdoc comments.",
            params={"items": "public"},
        ),
        Phrasing(
            rf"\b(?:{_DOCS})[^.;]{{0,30}}?\b(?:to|for|on)\s+(?:every|all|each|"
            rf"any)?\s*(?:new\s+)?{_PUBLIC_THING}",
            "Add doc comments to all public items.",
            params={"items": "public"},
        ),
        Phrasing(
            rf"\b(?:{_DOCS})[^.;]{{0,30}}?\b(?:to|for|on)\s+(?:every|all|each)\s+(?:new\s+)?{_THING}",
            "Write documentation comments for every function.",
        ),
        Phrasing(
            r"\bwell[ -]documented with\b[^.;]{0,20}\bdoc(?:umentation)? comments?"
            r"|\badd\s+(?:comprehensive|complete|thorough)\s+(?:rustdoc|doc comments?)",
            "Write code that is well-documented with clear doc comments.",
            params={"items": "public"},
        ),
        Phrasing(
            rf"\bundocumented\s+(?:{_PUBLIC}\s+)?(?:apis?|items?|{_THING}|code|types?)\b(?=[^.;]*)",
            "Leave no undocumented functions behind.",
            negative=True,
        ),
        Phrasing(
            rf"\bundocumented\s+{_PUBLIC}\s+(?:apis?|items?|{_THING}|code|types?)\b"
            rf"|\b{_PUBLIC}\s+(?:apis?|items?|{_THING}|types?)\s+undocumented\b",
            "No undocumented public items.",
            params={"items": "public"},
            negative=True,
        ),
        Phrasing(
            r"\b(?:deny|forbid|warn|enable|enforce|require)\w*\b[^.;]{0,12}\bmissing[_ ]docs?\b",
            "Set #![deny(missing_docs)] in every library.",
            params={"items": "public"},
        ),
        Phrasing(
            rf"\b(?:every|all|each|any)\s+(?:new\s+)?{_PUBLIC}\s+(?:(?:struct|enum|trait|function|fn|"
            rf"method|type|module|constant|item|api|macro)s?(?:,\s*|\s+and\s+|,\s*and\s+|\s+or\s+|\s*/\s*)*)+"
            rf"[^.;]{{0,40}}?(?:{_DOCS}|\bdocumented|///)",
            "Every public struct, enum and trait must have a docstring.",
            params={"items": "public"},
        ),
        Phrasing(
            r"\ball\s+(?:new\s+|rust\s+|your\s+)?code\b[^.;]{0,20}\b(?:is|be|are)\s+(?:\w+ly\s+|well[- "
            r"]?\s?)?documented\b"
            r"|\badd\s+(?:comprehensive|complete|thorough|full)\s+documentation\b",
            "All new code must be documented.",
        ),
        Phrasing(
            rf"\b(?:use|write)\b[^.;]{{0,15}}///[^.;]{{0,25}}\b(?:for|on)\s+(?:all\s+|"
            rf"every\s+)?{_PUBLIC_THING}",
            "Use /// for public APIs.",
            params={"items": "public"},
        ),
        Phrasing(
            r"\bdocument\s+(?:all\s+|any\s+|every\s+)?new\s+(?:\w+\s+)?(?:functions?|utilities|helpers|"
            r"modules?|code|apis?|methods?|types?)\b",
            "Document new shared utilities thoroughly.",
        ),
        Phrasing(
            r"^\W*(?:comprehensive|complete|full|thorough)\s+(?:public\s+)?apis?\s+documentation\b",
            "Comprehensive API documentation",
            params={"items": "public"},
            strength=Strength.SOFT,
        ),
        Phrasing(
            r"\b(?:always|must)\s+(?:add|write|include|provide)"
            r"\s+(?:rust\s+)?(?:(?:rust)?doc(?:umentation)?[ -]comments?|rustdoc|docstrings?)\b",
            "Always add documentation comments.",
        ),
        Phrasing(
            r"\b(?:ensure|make sure|keep|verify)\s+(?:that\s+)?(?:all\s+|the\s+|your\s+|new\s+)*code\s+"
            r"(?:is\s+|stays\s+|remains\s+)?(?:always\s+)?(?:well|fully|properly|completely)[ -]documented\b",
            "Ensure code is well-documented.",
        ),
        Phrasing(
            r"\bdoc(?:string|umentation comment|[ -]comment)s?\s+(?:exists?|is present|"
            r"are present)\b[^.;]{0,30}"
            r"\b(?:for|on|of)\s+(?:all|each|every|changed|new|modified)\b[^.;]{0,15}\bfunctions?\b",
            "A docstring exists for each changed function.",
        ),
    ),
    params={
        "items": Param(
            str,
            "all",
            "Which functions must be documented: `all`, or `public`.",
            stricter=min,  # "all" is more than "public", and sorts before it
            allowed=("all", "public"),
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look at every function in scope."""
    judged = TreeScope(subject, scope)
    failures, unreadable, seen = [], [], 0
    for path in judged.paths:
        if path in subject.head.test_files:
            continue
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        for item in file.functions:
            if not must_be_documented(item, params["items"]) or not judged.holds(file, item):
                continue
            if item.name == "main" and item.parent is None and file.doc is not None:
                continue  # the file says what the program does
            seen += 1
            if not says_something(item.doc, item.name):
                failures.append(Finding(path, item.line, *_wrong(item)))
    kind = "public functions" if params["items"] == "public" else "functions"
    evidence = Evidence(
        "measure",
        f"{kind} looked at: {seen}",
        {"name": "functions", "value": seen, "unit": "functions", "undocumented": len(failures)},
    )
    good = f"{kind} in scope are documented ({seen})" if seen else f"no {kind} in scope"
    return settle(failures, (), unreadable, good, f"{kind} without documentation: {{n}} of {seen}", evidence)


def _wrong(item: Item) -> tuple[str, str]:
    if item.doc is None:
        return (
            f"`{item.name}` has no documentation comment",
            "Say above it with `///` what it does and promises.",
        )
    return f"the documentation of `{item.name}` says no more than its name", "Say what it does and promises."
