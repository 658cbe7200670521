"""Refuses functions whose documentation leaves out what was asked for: parameters, errors, an example ….

What it checks:
    The documentation of every function that the change adds or alters (scope ``all``: of every one) has
    the demanded ``sections``, each where it applies: ``purpose`` (a first paragraph that says what it is
    for), ``parameters`` (every parameter named, where there are any), ``returns`` (where it returns a
    value), ``errors`` (where it returns a Result), ``panics`` (where its body panics by its own words:
    ``unwrap``, ``expect``, ``panic!``, ``assert!`` …), ``safety`` (an ``unsafe fn``), ``performance`` and
    ``example`` (always). A section is a heading in its usual spellings (``# Arguments``, ``# Parameters``,
    ``**Errors**:``), or, where that is idiomatic, a sentence: "Returns …", a parameter in backticks, "Fails
    when …", ``O(n)``, a code block. Which functions are looked at is as for ``undocumented_functions``;
    one without any documentation is named once.

Why:
    A caller must know what to pass, what comes back, and how it fails, without reading the body.

Evidence:
    The number of functions looked at, and of missing sections by kind.

Unknown when:
    The parser finds no sense in a file in scope. What a macro makes is not seen.
"""

from __future__ import annotations

from collections import Counter

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.docs import ADVICE, SECTIONS, missing_sections, must_be_documented, says_something
from ironwright.gates.rust.items import Item
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

# The sentence has to speak of documentation of code; one that only names errors or examples asks nothing.
_ABOUT = (
    r"(?=.*(?:\bdocument(?:ed|ing|ation|s)?\b|\bdoc(?:string|[ -]comment|s)s?\b|\brustdocs?\b|///))"
    r"(?=.*(?:\bfunctions?\b|\bmethods?\b|\b(?:public|exported) apis?\b|\bitems?\b|"
    r"\bcomments?\b|\bdocstrings?\b|\brustdocs?\b))"
    r"(?!.*(?:\b(?:not|never|avoid|without|no need)\b|n't\b))"
    r"(?!.*\b(?:endpoints?|responses?|readme|test plans?|match(?:es)? documented)\b)"
)
_VERB = r"(?:document|explain|describ|includ|cover|with|contain|list|stat|specif|provid|has|have|add|for)\w*"


def _asks_for(section: str, words: str, example: str) -> Phrasing:
    return Phrasing(
        rf"^{_ABOUT}.*\b{_VERB}\b.*?(?:\b(?:{words})\b|#\s*(?:{words})\b)",
        example,
        params={"sections": (section,)},
    )


_SEED_LIKE = "Give every function documentation comments explaining {}."

GATE = Gate(
    id="missing_doc_sections",
    summary="documentation without the sections that were asked for",
    cost=Cost.TREE,
    phrasings=(
        _asks_for("purpose", r"(?:its |their )?purposes?", _SEED_LIKE.format("purpose and errors")),
        _asks_for("parameters", r"parameters?|arguments?", _SEED_LIKE.format("purpose, parameters")),
        _asks_for("returns", r"return(?:ed)?[ -](?:values?|types?)", _SEED_LIKE.format("return values")),
        _asks_for(
            "errors",
            r"error (?:conditions?|cases|sections?)|errors(?= and | or |,|\.|$| sections?)|possible errors",
            _SEED_LIKE.format("parameters and error conditions"),
        ),
        _asks_for(
            "panics", r"panics?(?: conditions?| sections?)?", "Document errors and panics of functions."
        ),
        _asks_for(
            "safety",
            r"safety (?:sections?|invariants|requirements|contracts?|comments)",
            "Unsafe functions are documented with a # Safety section and safety invariants.",
        ),
        _asks_for(
            "performance",
            r"performance characteristics|(?:time |algorithmic )?complexity",
            _SEED_LIKE.format("performance characteristics"),
        ),
        _asks_for(
            "example",
            r"(?:usage |code |working |runnable )?examples?(?: code| usage)?",
            "Include examples in doc comments.",
        ),
        *(
            Phrasing(
                rf"(?:#+\s*|[\"'])(?:{heading})\b[\"']?(?=[^.;]*\b(?:sections?|doc(?:s|umentation|"
                rf"strings?|[ -]comments?)?|document\w*|rustdoc)\b|\s*$)"
                r"|(?<=\bdocument )(?:all |any |every |each |the |possible )*"
                + (word or "(?!)")
                + r"(?=[^.;]*\b(?:sections?|rustdoc|doc comments?)\b)",
                f"Document it in a `# {example}` section of the doc comment.",
                params={"sections": (section,)},
            )
            for section, heading, word, example in (
                ("parameters", "arguments?|parameters?|params", "(?:arguments|parameters)", "Arguments"),
                ("returns", "returns?", "return values?", "Returns"),
                ("errors", "errors?", "errors?", "Errors"),
                ("panics", "panics?", "panics?", "Panics"),
                ("safety", "safety", "", "Safety"),
                ("example", "examples?", "", "Examples"),
            )
        ),
        Phrasing(
            r"^(?=.*\b(?:docs?|documentation|docstrings?|doc[ -]comments?|documented|rustdoc|sections?)\b)"
            r"(?=.*(?:\bexamples?\b|\bsections?\b|\bparameters?\b|\barguments?\b|\breturn values?\b|"
            r"\berror conditions\b|\bpanics\b))"
            r"(?!.*\b(?:not|never|avoid|without|no need|readme|endpoints?)\b)"
            r".*?\b(?:public|exported)\s+(?:apis?|items?|functions?|methods?|types?|interfaces?|fns?)\b",
            "Public APIs must have doc comments with examples.",
            params={"items": "public"},
        ),
        Phrasing(
            r"^\W*performance characteristics documentation\b",
            "Performance characteristics documentation",
            params={"sections": ("performance",)},
            strength=Strength.SOFT,
        ),
        Phrasing(
            r"^\W*example-driven (?:api )?documentation\b",
            "Example-driven documentation",
            params={"sections": ("example",)},
            strength=Strength.SOFT,
        ),
    ),
    params={
        "sections": Param(
            tuple,
            ("purpose", "errors", "panics", "safety"),
            "The sections that a function's documentation must have where they apply.",
            allowed=SECTIONS,
        ),
        "items": Param(
            str,
            "all",
            "Whose documentation is judged: `all` functions, or `public` ones.",
            stricter=min,  # "all" is more than "public", and sorts before it
            allowed=("all", "public"),
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look at the documentation of every function in scope."""
    judged, wanted = TreeScope(subject, scope), frozenset(params["sections"])
    failures, unreadable, seen = [], [], 0
    lacking: Counter[str] = Counter()
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
            seen += 1
            missing = dict(missing_sections(item, wanted))
            lacking.update(missing.keys())
            if missing:
                failures.append(_finding(path, item, missing))
    counted = ", ".join(f"{name} {lacking[name]}" for name in SECTIONS if lacking[name]) or "none"
    evidence = Evidence(
        "measure",
        f"functions looked at: {seen}; missing sections: {counted}",
        {
            "name": "missing sections",
            "value": lacking.total(),
            "unit": "sections",
            "by_section": dict(lacking),
        },
    )
    named = ", ".join(section for section in SECTIONS if section in wanted)
    good = f"documentation has {named} where they apply (functions in scope: {seen})"
    if not seen:
        good = "no functions in scope"
    return settle(
        failures,
        (),
        unreadable,
        good,
        f"functions whose documentation lacks what was asked for: {{n}} of {seen}",
        evidence,
    )


def _finding(path: str, item: Item, missing: dict[str, str]) -> Finding:
    if not says_something(item.doc, item.name):
        message = f"`{item.name}` has no documentation, so it lacks {', '.join(missing.values())}"
    else:
        message = f"the documentation of `{item.name}` does not say {', '.join(missing.values())}"
    return Finding(path, item.line, message, " ".join(ADVICE[section] for section in missing))
