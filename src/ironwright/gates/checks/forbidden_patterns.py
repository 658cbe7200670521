"""Refuses what a team's own rules forbid: a crate, a type, a call, a text, or any piece of syntax.

What it checks:
    On the lines that the change adds (scope ``all``: on every line), nothing matches one of ``rules``. A rule
    is a table in ``ironwright.toml`` (``[[gates.forbidden_patterns.rules]]``) with a ``message`` and one of
    ``code`` (Rust as one writes it, such as ``Box<dyn Error>``: layout, paths before a name and further
    bounds do not matter, comments and strings are no code, ``T`` in brackets is any type), ``crate`` (its
    use and its line in a manifest), ``text``, ``regex`` or ``query`` (tree-sitter's, for Rust); with
    ``paths``, ``except`` and ``languages`` it says where, ``tests = false`` leaves test code out and
    ``library = true`` all but library targets. A rule that is only a text means ``code``.

Why:
    Every team has lessons of its own, and a linter knows none of them.

Evidence:
    The number of files searched and of rules.

Unknown when:
    A rule cannot be read, or asks for syntax in a file in which the parser finds no sense.
"""

from __future__ import annotations

import json
import re

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.patterns.rules import Rule, entry
from ironwright.gates.patterns.search import files_of, places, read_rules, shown, unreadable
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

# Crates that prose forbids by name; other lower-case words in quotes may be anything (`any`, `main`).
_CRATES = (
    r"(?:lazy[_-]static|once_cell|failure|error[_-]chain|quick-error|anyhow|eyre|chrono|openssl|native-tls|"
    r"async-std|async-trait|rand|log|env_logger|structopt|serde_yaml|actix-web|rocket|diesel|unsafe-libyaml|"
    r"derive_more|static_assertions|num_cpus|parking_lot|crossbeam|itertools|maplit|memmap|tempdir|dotenv)"
)
# What other gates judge with more sense than a pattern has.
_OTHERS = (
    r"(?!(?:std::)?(?:process::)?(?:e?print(?:ln)?|dbg|todo|unimplemented|panic|unreachable|assert\w*|unwr"
    r"ap\w*|"
    r"expect\w*|ignore|allow|unsafe)\b)(?!#!?\[(?:ignore|allow|expect|cfg|rustfmt)\b)"
)
_CODE = (
    rf"`{_OTHERS}(?:(?-i:[A-Za-z_]\w*(?:::\w+)+)(?:!|\(\))?|&?(?-i:(?:\w+::)*[A-Z]\w*)<[^`\n]{{1,60}}>|"
    rf"(?-i:(?:\w+::)*[a-z_]\w*!)(?:\(\))?|#!?\[[^`\n]{{1,60}}\]|(?-i:static mut)|{_CRATES})`"
)
_BETWEEN = r"(?:,\s*(?:or\s+|and\s+|nor\s+)?|\s+(?:or|and|nor)\s+|\s*/\s*)"
_LIST = rf"{_CODE}(?:{_BETWEEN}{_CODE})*"
_NEVER = (
    r"(?:\b(?:no|never|not|cannot|avoid|refrain from|forbidden to|ban(?:ned)?:?|forbid(?:den)?:?|"
    r"prohibited:?)|n['’]t)\s+(?:ever\s+|any\s+|the\s+)?"
)
_USE = (
    r"(?:us(?:e|ing|age of)|call(?:ing)?|import(?:ing)?|return(?:ing)?|add(?:ing)?|depend(?:ing)? on|reach("
    r"?:ing)? for|the)\s+"
)
_KIND = r"(?:\s+(?:crate|macro|macros|type|types|function|attribute|attributes|calls?|dependency|errors?))?"
# A prohibition with a condition cannot be judged from the code alone.
_END = (
    r"(?=\s*(?:$|[.;!)(]|,\s|\s[–—-]\s|[:]|\s(?:ever|at all|anywhere|here|in (?:new|production|our|this|the) "
    r"(?:code|codebase|project|repository|crate)|anymore|any more|it is|they are|it's|because)\b))"
    r"(?![^.;]*\b(?:unless|without|except|until|when|while|where possible|if)\b)"
)


def read_names(words: str) -> tuple[str, ...]:
    """The rules that words of a sentence state: one for each name, for code that is no test."""
    names = re.findall(r"`([^`]+)`", words) or re.findall(rf"\b{_CRATES}\b", words, re.IGNORECASE)
    rules = []
    for name in dict.fromkeys(names):
        kind = "crate" if re.fullmatch(_CRATES, name, re.IGNORECASE) else "code"
        rules.append(json.dumps({kind: name, "tests": False}, sort_keys=True))
    return tuple(rules)


GATE = Gate(
    id="forbidden_patterns",
    summary="what a team's own rules forbid in its code",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"{_NEVER}(?:{_USE})?(?P<rules>{_LIST}){_KIND}{_END}",
            "Never use `lazy_static` or `std::mem::forget`.",
            negative=True,
            code_marks=True,
        ),
        Phrasing(
            rf"{_NEVER}(?:{_USE})(?:the\s+)?(?P<rules>{_CRATES})\b{_KIND}{_END}",
            "Never use lazy_static.",
            negative=True,
        ),
        Phrasing(
            rf"(?P<rules>{_LIST}){_KIND}(?=\s+(?:is|are)\s+(?:strictly\s+)?(?:forbidden|prohibited|banned|"
            r"(?:not|never) (?:allowed|permitted))\b\s*(?:$|[.;!]))",
            "`Box<dyn Error>` is forbidden.",
            negative=True,
            code_marks=True,
        ),
        Phrasing(
            rf"\buse\b[^.;]{{1,60}}?\b(?:instead of|rather than|in place of|and not|over)\s+(?:the\s+)?"
            rf"(?P<rules>{_LIST}){_KIND}\s*(?:$|[.;!,(])",
            "Use `std::sync::LazyLock` instead of `lazy_static`.",
            code_marks=True,
        ),
    ),
    params={
        "rules": Param(
            tuple,
            (),
            "What is forbidden: patterns of Rust code, or tables as described above.",
            read=read_names,
            entry=entry,
        )
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Search the files in scope for every rule."""
    judged, rules = TreeScope(subject, scope), read_rules(params["rules"])
    failures, doubtful, searched = [], {}, set()
    touched = {file.path for file in subject.change.live_files}
    for rule in rules:
        for path in files_of(rule, subject.head):
            if scope is Scope.CHANGED and path not in touched:
                continue
            searched.add(path)
            if unreadable(rule, subject.head, path):
                doubtful[path] = subject.head.rust(path)
                continue
            failures += [
                _finding(rule, path, line)
                for line in places(rule, subject.head, path)
                if judged.holds_line(path, line) and not _moved(subject, judged, path, line)
            ]
    evidence = Evidence(
        "measure",
        f"{len(searched)} files searched for {len(rules)} patterns",
        {"name": "forbidden patterns", "value": len(failures), "unit": "places", "files": len(searched)},
    )
    good = "nothing in scope matches a forbidden pattern" if rules else "no pattern is forbidden"
    return settle(
        failures, (), doubtful.values(), good, "places that match a forbidden pattern: {n}", evidence
    )


def _finding(rule: Rule, path: str, line: int) -> Finding:
    if rule.message:
        return Finding(path, line, rule.message, f"Take {shown(rule)} out of this line.")
    return Finding(
        path, line, f"{shown(rule)} is forbidden here", "Use what the definition asks for instead."
    )


def _moved(subject: Subject, judged: TreeScope, path: str, line: int) -> bool:
    """Whether a line stands in a function that was only moved or indented anew."""
    if not path.endswith(".rs"):
        return False
    file = subject.head.rust(path)
    around = [item for item in file.items if item.kind == "function" and line in item.lines]
    return bool(around) and not judged.holds(file, around[-1])
