"""Refuses code of a lower layer that uses a higher one.

What it checks:
    On the lines that the change adds (scope ``all``: on every line), no module uses what it may not.
    ``layers`` lists modules or packages from the top down: each may use those below it, none those above
    it; names with ``|`` between them share a layer and are strangers to each other. ``forbidden`` lists
    pairs (``domain -> infrastructure``). A name means a module of any crate (``domain``,
    ``domain::model``) with all below it, or a package of the workspace. Imports, with ``crate``, ``self``,
    ``super`` and braces resolved, and full paths in code and macros count; test code does not unless
    ``tests`` is on.

Why:
    A dependency upwards makes a circle, and nothing in it can be understood, tested or replaced alone.

Evidence:
    The number of modules in layers and of uses between them.

Unknown when:
    No module or package has a name that is listed, nothing is listed, or the parser finds no sense in a file
    in scope. What a glob import brings in is taken for what it names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.module_paths import ModulePaths, Use
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_NAME = r"`?(?:crate::|src/)?[a-z][\w-]*(?:(?:::|/)[a-z][\w-]*)*`?"
_WHAT = r"(?:\s+(?:module|layer|crate|package))?"
_DEPEND = (
    r"(?:depend(?:s|ing)? (?:up)?on|use[sd]?|import(?:s|ing)?(?: from)?|reference[sd]?|know about|call(?:s)"
    r"? into)"
)


def read_layers(words: str) -> tuple[str, ...]:
    """The layers that words with arrows name, from the top down."""
    return tuple(_plain(part) for part in re.split(r"\s*(?:->|→|>)\s*", words) if part.strip())


def read_pair(words: str) -> tuple[str, ...]:
    """The pair that a sentence of prohibition names."""
    names = re.findall(r"`([a-z][\w:/-]*)`|\b([a-z]\w*)\s+(?:module|layer|crate)\b", words)
    found = [_plain(quoted or bare) for quoted, bare in names]
    return (f"{found[0]} -> {found[-1]}",) if len(found) > 1 and found[0] != found[-1] else ()


def _plain(name: str) -> str:
    return name.strip("` ").removeprefix("crate::").removeprefix("src/").replace("/", "::").replace("-", "_")


GATE = Gate(
    id="layering",
    summary="code that uses a layer above its own",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"(?:\bthe\s+)?(?P<forbidden>(?:`[a-z][\w:/-]*`{_WHAT}|[a-z]\w*\s+(?:module|layer|crate))\s+("
            rf"?:must|should|may|"
            rf"can|does|do)\s?(?:never|not)\s+{_DEPEND}\s+(?:the\s+|anything (?:from|in)\s+(?:the\s+)?)?"
            rf"(?:`[a-z][\w:/-]*`{_WHAT}|[a-z]\w*\s+(?:module|layer|crate)))",
            "The `domain` module must not depend on `infrastructure`.",
            negative=True,
            code_marks=True,
        ),
        Phrasing(
            rf"(?:\bthe\s+)?(?P<forbidden>\b[a-z]\w*\s+(?:module|layer|crate)\s+(?:must|should|may|can|doe"
            rf"s|do)\s?(?:never|not)"
            rf"\s+{_DEPEND}\s+(?:the\s+|anything (?:from|in)\s+(?:the\s+)?)?[a-z]\w*\s+(?:module|layer|cra"
            rf"te))\b",
            "The domain layer must never import from the api layer.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:layers?|dependenc(?:y|ies)(?: direction| flow)?)\b[^.;:]{{0,40}}:\s*(?P<layers>{_NAME}"
            rf"(?:\s*(?:->|→|>)\s*{_NAME})+)",
            "Layers, from the top: `api -> service -> domain`.",
        ),
    ),
    params={
        "layers": Param(
            tuple,
            (),
            "Modules or packages from the top down; `a | b` share a layer.",
            read=read_layers,
        ),
        "forbidden": Param(
            tuple,
            (),
            "Pairs such as `domain -> api`: the first may not use the second.",
            read=read_pair,
        ),
        "tests": Param(
            bool, False, "Whether test code counts too.", stricter=lambda one, other: one or other
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@dataclass(frozen=True, slots=True)
class _Order:
    """Which layer may not use which.

    Attributes:
        barred: Pairs of names: the first may not use the second.
    """

    barred: tuple[tuple[str, str], ...]

    @property
    def names(self) -> frozenset[str]:
        """Every name that is spoken of."""
        return frozenset(name for pair in self.barred for name in pair)


def _order(params: Params) -> _Order:
    barred: list[tuple[str, str]] = []
    rows = [[_plain(name) for name in row.split("|") if name.strip()] for row in params["layers"]]
    for position, row in enumerate(rows):
        barred += [(one, other) for one in row for other in row if one != other]
        barred += [(lower, upper) for upper_row in rows[:position] for upper in upper_row for lower in row]
    for pair in params["forbidden"]:
        one, arrow, other = pair.partition("->")
        if not arrow or not one.strip() or not other.strip():
            raise Unknown(f"{pair!r} is no pair; write `domain -> api`")
        barred.append((_plain(one), _plain(other)))
    if not barred:
        raise Unknown("no layers are given; list them in `layers` or `forbidden`")
    return _Order(tuple(dict.fromkeys(barred)))


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look at what each module in a layer uses."""
    order, judged = _order(params), TreeScope(subject, scope)
    modules = ModulePaths(subject.head)
    missing = sorted(name for name in order.names if not modules.has(name))
    if missing:
        raise Unknown(f"no module or package is named {', '.join(missing)}; correct the names of the layers")
    failures, unreadable, placed, crossing = [], [], 0, 0
    for path in judged.paths:
        own = [name for name in order.names if modules.stands_in(path, name)]
        file = subject.head.rust(path)
        inline = any(modules.inline_in(file, name) for name in order.names)
        if not own and not inline:
            continue
        placed += 1
        if file.error_lines:
            unreadable.append(file)
            continue
        skipped = frozenset() if params["tests"] else subject.head.test_lines(path)
        for use in modules.uses(file):
            pairs = _crossed(order, modules, use)
            crossing += bool(pairs)
            if pairs and use.line not in skipped and judged.holds_line(path, use.line):
                failures.append(_finding(path, use, pairs[0]))
    evidence = Evidence(
        "measure",
        f"{placed} files of layers looked at, uses against the order: {crossing}",
        {"name": "uses against the order", "value": crossing, "unit": "uses", "files": placed},
    )
    good = "no layer uses one that it may not"
    return settle(failures, (), unreadable, good, "uses of a layer that may not be used: {n}", evidence)


def _crossed(order: _Order, modules: ModulePaths, use: Use) -> Sequence[tuple[str, str]]:
    return [
        (own, other)
        for own, other in order.barred
        if modules.within(use.owner, own)
        and modules.within(use.target, other)
        and not modules.within(use.owner, other)
        and not (modules.within(use.target, own) and own.startswith(other))
    ]


def _finding(path: str, use: Use, pair: tuple[str, str]) -> Finding:
    own, other = pair
    advice = f"Let `{own}` define what it needs as a trait, and `{other}` give it; or move the code."
    return Finding(path, use.line, f"`{own}` uses `{use.written}` of `{other}`, which it may not", advice)
