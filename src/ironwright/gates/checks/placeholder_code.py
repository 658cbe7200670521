"""Refuses code that only stands for code: todo!, "in a real implementation", elided bodies.

What it checks:
    What the change adds (scope ``all``: everything) outside of tests holds no ``todo!``,
    ``unimplemented!`` or ``panic!("not implemented")``; no comment that says the real code is missing
    ("in a real implementation", "TODO: implement", "placeholder implementation", "... existing code
    ..."); and no function that does nothing but return an empty value (``Ok(())``, ``None``,
    ``Default::default()`` …) beside a comment that excuses it ("for now", "stub", "dummy"), and none that
    ignores every parameter (and what it borrows to change) and always answers ``true``, ``Ok(())`` or
    another plain value, unless its name says so or a trait asks for it. The mere word "placeholder" is no
    finding: user interfaces and queries have them. ``todo_comments`` refuses every TODO and FIXME.

Why:
    A placeholder compiles, often passes its tests, and is reported as done.

Evidence:
    The number of files looked at.

Unknown when:
    The parser finds no sense in a file in scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.comments import Comment
from ironwright.gates.rust.expressions import Use, uses
from ironwright.gates.rust.items import Item, node_text
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_MISSING = (
    r"\bin (?:a|the) (?:real|full|actual|complete|production)[ -](?:world )?"
    r"(?:implementation|version|app|system)\b",
    r"\bin production,? (?:you|we|this|it) (?:would|should|'d)\b|\bin reality,? (?:you|we|this) would\b",
    r"\b(?:real|actual|full|proper) (?:implementation|logic|code) "
    r"(?:would|will|should|goes|here|later|pending)\b",
    r"\b(?:would|should|to) (?:be implemented|go) here\b",
    r"\b(?:TODO|FIXME|XXX)\b\W{0,3}(?:actually |properly |really )?(?:implement|fill (?:this )?in|finish|"
    r"write (?:this|the)|add (?:real |actual |the )?(?:implementation|logic)|"
    r"replace (?:this )?(?:stub|placeholder|dummy|with (?:a |the )?(?:real|actual|proper)))\b",
    r"\bplaceholder (?:implementation|logic|code|body|function|method|until|for now)\b",
    r"\b(?:stub|dummy) (?:implementation|logic|body)\b(?! (?:for|in|of) (?:\w+ )?tests?\b)",
    r"\bstubbed (?:out|for now)\b|\bjust a (?:stub|placeholder)\b",
    r"\bnot (?:yet )?implemented(?: yet)?\s*[.!]?\s*$",
    r"\bimplement(?:ation)? (?:this |it )?(?:later|goes here|omitted|left out)\b|\bleft as an exercise\b",
    r"\b(?:rest|remainder) of (?:the |this )?(?:code|implementation|function|file|methods?)\b"
    r"(?= (?:unchanged|remains|stays|goes|here|is the same|as before|omitted)|\s*(?:\.{3}|…))",
    r"^\W*(?:\.{3}|…)\s*\(?(?:the )?(?:existing|rest of|remaining|other|previous) (?:the )?"
    r"(?:code|implementation|fields?|methods?|functions?|logic|imports?|tests?|file|module)\b",
)
_SAYS_MISSING = re.compile("|".join(_MISSING), re.IGNORECASE)
_EXCUSES = re.compile(
    r"\b(?:for now|placeholder|stub|dummy|temporary|temporarily|simplified|simulat\w+|pretend|hard-?coded|"
    r"not (?:yet )?(?:implemented|supported)|unimplemented|would (?:be|go|do|call|need)|TODO|FIXME|later)\b",
    re.IGNORECASE,
)
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
_UNFINISHED = re.compile(
    r"not (?:yet )?implemented|unimplemented|\btodo\b|implement (?:me|this)", re.IGNORECASE
)
# Bodies that compute nothing: an empty value of a common type, perhaps wrapped.
_EMPTY = (
    r"(?:\(\)|true|false|0(?:\.0)?|\"\"|None|vec!\[\]|(?:\w+::)*(?:new|default|empty)\(\)|"
    r"String::from\(\"\"\))"
)
_EMPTY_BODY = re.compile(rf"(?:return\s*)?(?:{_EMPTY}|(?:Ok|Some)\({_EMPTY}\))?;?")

_PLAIN = r"true|false|None|-?\d[\w.]*|\(\)|(?:\w+::)*(?:Equal|Less|Greater)"
_PLAIN_ANSWER = re.compile(rf"(?:return )?(?:(?:Ok|Some|Err) ?\( ?)?(?:{_PLAIN})(?: ?\))?;?")
# Who is called so promises to be constant.
_CONSTANT_BY_NAME = re.compile(
    r"always|never|noop|no_op|nop\b|default|any\b|all\b|ignor|accept|reject|const|allow|deny|disabled|null",
    re.IGNORECASE,
)
# A statement that only names a variable, so that nobody complains that it is unused.
_DROP = re.compile(r"\blet _ = &?(\w+) ?; ?|\bdrop\((\w+)\) ?; ?|(?<![\w.])_ = &?(\w+) ?; ?")
_SAYING = (
    r"(?:println|print|eprintln|eprint|dbg|(?:log::|tracing::)?(?:trace|debug|info|warn))! ?\([^;]*\) ?; ?"
)
_ONLY_SAYS = re.compile(
    rf"(?:{_SAYING})+(?:return )?(?:(?:Ok|Some) ?\( ?)?(?:true|false|-?\d[\w.]*)(?: ?\))?;?"
)
_SAYS_BY_NAME = re.compile(r"print|show|log|report|warn|say|tell|greet|usage|help|hello|dump|trace|debug")
# A call whose outcome is thrown away: by a nameless binding, or by `.ok()` as a statement.
_DROPPED_RESULT = re.compile(
    r"\blet _ = ([\w:.]+(?:\([^;]*?\))?[\w:.]*)\([^;]*\) ?;|(?:^|[;{}] ?)([\w:.]+)\([^;{}]*\) ?\. ?ok\(\) ?;"
)
# Macros out of which no error comes.
_NEVER_LEAVES = frozenset(
    {"format", "format_args", "vec", "println", "print", "eprintln", "eprint", "concat", "stringify", "dbg"}
    | {"trace", "debug", "info", "warn", "error", "matches", "include_str", "include_bytes", "env"}
)
_COMPARES = re.compile(r"\b(?:PartialEq|PartialOrd|Ord)\b")

GATE = Gate(
    id="placeholder_code",
    summary="code that only stands for code that is missing",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:placeholders?|stub(?:bed)?s?|dummy|(?:mock|fake)(?! code)|incomplete|partial|"
            r"half-finished|unfinished)\s+(?:code|implementations?|functions?|methods?|logic|bodies)\b",
            "Never leave placeholder implementations.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:todo|unimplemented)!(?:\(\))?",
            "Do not leave todo!() or unimplemented!() behind.",
            negative=True,
        ),
        Phrasing(
            r"\bTODOs?\b(?:\s*(?:/|,|or|and)\s*(?:FIXME|HACK|XXX)s?)*(?:\s+comments?)?"
            r"(?:\s+(?:in|left|behind|remain\w*)\b|\s*$|[.;,])",
            "Leave no TODO comments in the code.",
            params={"todo_comments": True},
            negative=True,
        ),
        Phrasing(
            r"\bplaceholders?\b(?:\s*(?:/|,|or|and)\s*(?:TODOs?|stubs?|mocks?))+",
            "Code must be functional: no placeholders, TODOs or stubs.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:implement|write|deliver|provide|produce)\w*\b[^.;]{0,30}\b(?:complete|fully functional|"
            r"fully working|production-ready)\b[^.;]{0,20}\bcode\b[^.;]{0,20}"
            r"\b(?:no|without|never)\b[^.;]{0,10}\b(?:placeholders?|stubs?)",
            "Write complete code without placeholders.",
        ),
        Phrasing(
            r"\b(?:no|without|zero|never any)\s+(?:any\s+)?(?:stubs?|placeholders?|TODOs?|mocks?)"
            r"\b(?:\s*(?:,|/|or|and|&)\s*(?:no\s+)?(?:stubs?|placeholders?|TODOs?|mocks?|"
            r"FIXMEs?|dummies))*(?=\s*(?:$|[.;,!)—–-]|left|allowed|in (?:the )?(?:code|production|final)))",
            "Implement everything: no placeholders, no stubs.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:leav|writ|add|us|submit|deliver|commit|ship|creat|generat|insert|includ)"
            r"\w*\s+(?:any\s+|behind\s+)?"
            r"(?:placeholders?|stubs?|half-finished work|unfinished code|stubbed code)\b"
            r"(?!\s+(?:tests?|for|in (?:sql|queries|templates?|tests?|fixtures)|the|text|values?|names?))",
            "Do not leave placeholders.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:leav\w+|deliver\w*|submit\w*|commit\w*|ship\w*)\s+(?:\w+\s+)?(?:code|features?|"
            r"functions?|work|tasks?|implementations?)\s+"
            r"(?:unfinished|incomplete|half[- ]done|half[- ]finished|unimplemented|partially (?:done|"
            r"implemented))\b",
            "Never leave code unfinished.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:placeholder|stub(?:bed)?|dummy|simulated|fake)(?:\s*(?:,|/|or|and)\s*(?:placeholder|"
            r"stub(?:bed)?|dummy|simulated|fake|mock))+\s+"
            r"(?:code|implementations?|functions?|logic)\b",
            "Never use placeholder or simulated code.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:no|without|zero)\s+(?:any\s+)?placeholder\s+(?:stubs?|bodies|values in code|methods?)\b",
            "No placeholder stubs.",
            negative=True,
        ),
    ),
    params={
        "todo_comments": Param(
            bool,
            False,
            "Whether every TODO, FIXME and XXX comment is refused.",
            stricter=lambda one, other: one or other,
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for placeholders in the code in scope."""
    judged = TreeScope(subject, scope)
    failures, unreadable, seen = [], [], 0
    for path in judged.paths:
        if path in subject.head.test_files:
            continue
        file = subject.head.rust(path)
        seen += 1
        if file.error_lines:
            unreadable.append(file)
            continue
        found = [*_macros(file), *_comments(file, params["todo_comments"]), *_empty_functions(file)]
        found += _indifferent_functions(file)
        lines: set[int] = set()
        for line, message, advice, owner in sorted(found, key=lambda entry: entry[0]):
            if line in lines or line in file.test_lines or not judged.holds_line(path, line):
                continue
            if owner is not None and not judged.holds(file, owner):
                continue
            lines.add(line)
            failures.append(Finding(path, line, message, advice))
    evidence = Evidence(
        "measure",
        f"files looked at: {seen}",
        {"name": "placeholders", "value": len(failures), "unit": "places", "files": seen},
    )
    return settle(
        failures,
        (),
        unreadable,
        f"no placeholders in the files in scope ({seen})",
        "placeholders: {n}",
        evidence,
    )


_Found = tuple[int, str, str, Item | None]
_WRITE_IT = "Write the real code, or take the item out and say in the report that it is missing."


def _macros(file: RustFile) -> Iterator[_Found]:
    for use in uses(file.root):
        if use.kind == "macro" and _is_placeholder(use) and not _in_macro_definition(use.node):
            yield (
                use.line,
                f"`{use.name}!` stands for missing code",
                _WRITE_IT,
                _owner(file, use.node.start_byte),
            )


def _is_placeholder(use: Use) -> bool:
    if use.name in ("todo", "unimplemented"):
        return True
    if use.name != "panic" or use.arguments is None:
        return False
    return bool(_UNFINISHED.search(node_text(use.arguments)))


def _in_macro_definition(node: Node) -> bool:
    current: Node | None = node
    while current is not None and current.type != "macro_definition":
        current = current.parent
    return current is not None


def _comments(file: RustFile, every_todo: bool) -> Iterator[_Found]:
    for comment in file.comments:
        for offset, text in enumerate(comment.text.split("\n")):
            if found := _SAYS_MISSING.search(text):
                message = f'the comment says that code is missing: "{found[0].strip()}"'
                yield comment.line + offset, message, _WRITE_IT, _owner(file, comment.start_byte)
            elif every_todo and (found := _TODO.search(text)):
                advice = "Do it, or open an issue and take the comment out."
                yield comment.line + offset, f"a {found[0]} comment", advice, _owner(file, comment.start_byte)


def _empty_functions(file: RustFile) -> Iterator[_Found]:
    """Functions that return an empty value beside a comment that excuses it."""
    for item in file.functions:
        body = item.body
        if item.in_test or body is None:
            continue
        inside = [c for c in file.comments if body.start_byte <= c.start_byte < body.end_byte]
        if not inside or not _EMPTY_BODY.fullmatch(_code_of(file, body, inside)):
            continue
        excuse = next((found for comment in inside if (found := _EXCUSES.search(comment.text))), None)
        if excuse:
            message = f'`{item.name}` returns an empty value and excuses it: "{excuse[0]}"'
            yield item.line, message, _WRITE_IT, item


def _indifferent_functions(file: RustFile) -> Iterator[_Found]:
    """Functions that ignore all that they are given and always give the same plain answer.

    Implementations of traits may have nothing to do, but not those that say what is equal or greater.
    """
    for item in file.functions:
        owner, body = item.parent, item.body
        if item.in_test or body is None or _CONSTANT_BY_NAME.search(item.name):
            continue
        if any(
            attribute_name(text) in ("cfg", "cfg_attr", "no_mangle", "unsafe") for text in item.attributes
        ):
            continue
        asked_for = owner is not None and (owner.kind == "trait" or " for " in owner.name)
        if owner is not None and asked_for and not _COMPARES.search(owner.name):
            continue
        inside = [c for c in file.comments if body.start_byte <= c.start_byte < body.end_byte]
        text = _code_of(file, body, inside)
        rest, dropped = _without_drops(text)
        if _PLAIN_ANSWER.fullmatch(rest) and _ignores_everything(item, dropped):
            message = f"`{item.name}` ignores all that it is given and always gives the same answer"
            yield item.line, message, _WRITE_IT, item
        elif _ONLY_SAYS.fullmatch(text) and item.name != "main" and not _SAYS_BY_NAME.search(item.name):
            message = f"`{item.name}` only prints that it does something, and always gives the same answer"
            yield item.line, message, _WRITE_IT, item
        elif _never_fails(item, text) and (found := _DROPPED_RESULT.search(text)):
            dropper = found[1] or found[2]
            message = f"`{item.name}` promises an error and never gives one: it drops what `{dropper}` says"
            yield item.line, message, "Hand the failure on (`?`), or take the Result away.", item


def _without_drops(text: str) -> tuple[str, frozenset[str]]:
    """A body without the statements that only name a parameter, and what they name."""
    dropped = frozenset(name for found in _DROP.findall(text) for name in found if name)
    return _DROP.sub("", text).strip(), dropped


def _ignores_everything(item: Item, dropped: frozenset[str]) -> bool:
    """Whether a function has parameters, or is to change ``self``, and uses nothing of that."""
    changes_self = re.search(r"\(\s*&\s*(?:'\w+\s+)?mut\s+self\b", node_text(item.node).partition("{")[0])
    return bool(item.parameters or changes_self) and all(
        given.pattern.startswith("_") or given.pattern in dropped for given in item.parameters
    )


def _never_fails(item: Item, text: str) -> bool:
    """Whether a function returns a Result that is ``Ok`` whatever happens."""
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)  # `{:?}` in a text hands nothing on
    result = re.match(r"(?:\w+::)*\w*Result\b", item.return_type or "") is not None
    ends_well = re.search(r"(?:^|[;}] ?)(?:return )?Ok ?\([^;]*\);?$", text) is not None
    return (
        result
        and ends_well
        and re.search(r"\?|\bErr\b|\breturn\b(?! Ok)", text) is None
        and (set(re.findall(r"\b(\w+) ?!", text)) <= _NEVER_LEAVES)
    )


def _code_of(file: RustFile, body: Node, comments: list[Comment]) -> str:
    """A body's code without braces, comments and white space, but with what separates words."""
    text = bytearray(file.source[body.start_byte : body.end_byte])
    for comment in comments:
        start, end = comment.start_byte - body.start_byte, comment.end_byte - body.start_byte
        text[start:end] = b" " * (end - start)
    return " ".join(text.decode("utf-8", "replace").strip().removeprefix("{").removesuffix("}").split())


def _owner(file: RustFile, byte: int) -> Item | None:
    around = [item for item in file.functions if item.start_byte <= byte < item.end_byte]
    return around[-1] if around else None
