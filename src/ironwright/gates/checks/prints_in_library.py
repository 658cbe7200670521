"""Refuses library code that prints: println!, eprintln!, print!, eprint!, dbg!.

What it checks:
    On the lines that the change adds (scope ``all``: on every line), code of a package's library target
    does not call the macros in ``forbid``, and does not fetch ``std::io::stdout()`` to write to it. Binaries,
    examples, tests and build scripts may print. A library that only serves the binary of its own package
    (the package has both, and is not to be published) may print too, except with ``dbg!``; so may a
    function whose documentation or name says that it prints (``print_table``). ``code = "all"`` judges
    everything but tests, examples and build scripts for ``dbg!``, which nobody leaves in on purpose.

Why:
    What a library prints, its callers cannot turn off, redirect or parse around.

Evidence:
    The number of library files looked at and of calls found.

Unknown when:
    The parser finds no sense in a file in scope. What a macro expands to is not seen.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from posixpath import dirname, join

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.expressions import Use, uses
from ironwright.gates.rust.items import Item
from ironwright.gates.rust.modules import library_files
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import SourceTree, Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_MACROS = ("println", "print", "eprintln", "eprint", "dbg")
_PRINTS_BY_NAME = re.compile(r"(?:^|_)(?:print|eprint|display|show|dump|render)(?:_|s?$|ln)")
_PRINTS_BY_DOC = re.compile(
    r"\b(?:prints?|writes?|dumps?|shows?|reports?)\b[^.]{0,60}\b(?:std(?:out|err|io)|"
    r"standard (?:output|error)|terminal|console|screen)\b|^\s*Prints?\b",
    re.IGNORECASE,
)
_MACRO = r"`?(?:e?print(?:ln)?|dbg)!(?:\(\))?`?"

GATE = Gate(
    id="prints_in_library",
    summary="library code that prints",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"{_MACRO}(?:\s*(?:/|,|or|and)\s*(?:or\s+)?{_MACRO})*(?:\s+(?:macros?|statements?|calls?))?"
            r"[^.;]{0,30}\b(?:in|from|inside)\s+(?:any\s+|the\s+|your\s+|production\s+)*"
            r"(?:librar(?:y|ies)|production)\b",
            "No println! in library code.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:use|prefer)\b[^.;]{{0,40}}\b(?:tracing|log(?:ging)?|structured logging)\b[^.;]{{0,30}}"
            rf"\b(?:instead of|rather than|not|over|never)\s+{_MACRO}",
            "Use tracing instead of println!.",
        ),
        Phrasing(
            rf"\b(?:leave|leav\w+|forget|commit|remain|remov\w+|keep)\b[^.;]{{0,20}}"
            rf"(?:{_MACRO}|\bdebug (?:prints?|output|statements?))",
            "Do not leave dbg! behind.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:never|avoid|no|don't|do not)\b(?:\s+(?:use|using|call))?\s+{_MACRO}"
            rf"(?:\s*(?:/|,|or|and)\s*(?:or\s+)?{_MACRO})*\s*(?:$|[.,;:—–(-]|for (?:logging|debugging))",
            "Never use println! for logging.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:no|without|zero|any|leftover)\s+(?:\w+\s+)?(?:debug(?:ging)?\s+(?:prints?|print "
            r"statements?|output)|print statements?|"
            rf"leftover\s+{_MACRO})\b",
            "No debug print statements.",
            negative=True,
        ),
        Phrasing(
            rf"\bleftover\s+{_MACRO}",
            "No leftover dbg! macros.",
            negative=True,
        ),
        Phrasing(
            rf"{_MACRO}(?:\s*(?:/|,|or|and)\s*(?:or\s+)?{_MACRO})*(?=\s+(?:is|are)"
            rf"\s+(?:strictly\s+)?(?:forbidden|banned|prohibited|not allowed))",
            "println! is forbidden outside of main.rs.",
            negative=True,
        ),
        Phrasing(
            r"\blibrar(?:y|ies)(?: code| crates?)?\s+(?:must|should|may|can|do|does)(?:n't| not| never)"
            r"\s+(?:ever\s+)?(?:print|write to std(?:out|err))\b"
            r"|\bprint(?:s|ing)?\s+(?:\w+\s+){0,3}?(?:from|in|inside)\s+(?:any\s+|the\s+)?librar(?:y|ies)\b",
            "Never print from library code.",
            negative=True,
        ),
    ),
    params={
        "forbid": Param(tuple, _MACROS, "The macros that must not be called.", allowed=_MACROS),
        "code": Param(
            str,
            "library",
            "Which code is judged: `library` targets, or `all`, which adds `dbg!` in binaries.",
            stricter=min,
            allowed=("all", "library"),
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_ADVICE = "Return the text, take an `impl Write`, or use the project's logging (`tracing`, `log`)."


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for what prints in the library code in scope."""
    judged, forbidden = TreeScope(subject, scope), frozenset(params["forbid"])
    library = library_files(subject.head)
    private = _serving_a_binary(subject.head)
    failures, remarks, unreadable, seen = [], [], [], 0
    for path in judged.paths:
        in_library = path in library
        if path in subject.head.test_files or (
            not in_library and (params["code"] != "all" or not _shipped(path))
        ):
            continue
        file = subject.head.rust(path)
        seen += 1
        if file.error_lines:
            unreadable.append(file)
            continue
        for use, owner in _prints(file, forbidden):
            if not judged.holds_line(path, use.line) or (owner and not judged.holds(file, owner)):
                continue
            if use.name != "dbg" and not in_library:
                continue
            shown = f"`{use.name}!`" if use.kind == "macro" else f"`{use.name}()`"
            where = f" in `{owner.name}`" if owner else ""
            if use.name != "dbg" and _is_meant(path, private, owner):
                remarks.append(Finding(path, use.line, f"{shown}{where} prints, as it is meant to"))
            else:
                failures.append(Finding(path, use.line, f"{shown}{where} prints from a library", _ADVICE))
    evidence = Evidence(
        "measure",
        f"{seen} files looked at, {len(failures) + len(remarks)} calls that print",
        {"name": "calls that print", "value": len(failures), "unit": "calls", "files": seen},
    )
    good = "nothing prints in the library files in scope" if seen else "no library files in scope"
    return settle(failures, remarks, unreadable, good, "{n} calls print from a library", evidence)


def _prints(file: RustFile, forbidden: frozenset[str]) -> Iterator[tuple[Use, Item | None]]:
    for use in uses(file.root):
        is_print = use.kind == "macro" and use.name in forbidden
        fetches = use.kind == "function" and use.path in (
            "std::io::stdout",
            "io::stdout",
            "std::io::stderr",
            "io::stderr",
        )
        if not is_print and not (fetches and "print" in forbidden):
            continue
        start = use.node.start_byte
        around = [item for item in file.items if item.start_byte <= start < item.end_byte]
        if any(item.in_test or item.kind == "macro" for item in around):
            continue
        functions = [item for item in around if item.kind == "function"]
        if fetches and functions and _hands_out(functions[-1]):
            continue
        yield use, functions[-1] if functions else None


def _hands_out(function: Item) -> bool:
    """Whether a function returns what it writes to, so that its caller decides."""
    return bool(re.search(r"Stdout|Stderr|Write\b|Writer", function.return_type or ""))


def _is_meant(path: str, private: frozenset[str], owner: Item | None) -> bool:
    if path in private:
        return True
    return owner is not None and bool(
        _PRINTS_BY_NAME.search(owner.name) or _PRINTS_BY_DOC.search(owner.doc or "")
    )


def _serving_a_binary(tree: SourceTree) -> frozenset[str]:
    """The files of packages with a binary that are not published: their library is the program's own."""
    packages = {}
    for path in tree.paths:
        if path == "Cargo.toml" or path.endswith("/Cargo.toml"):
            packages[dirname(path)] = _is_private_program(tree, dirname(path), path)
    found = set()
    for path in tree.rust_paths:
        folder = dirname(path)
        while folder not in packages and folder:
            folder = dirname(folder)
        if packages.get(folder):
            found.add(path)
    return frozenset(found)


def _is_private_program(tree: SourceTree, folder: str, manifest: str) -> bool:
    try:
        data = tomllib.loads(tree.read(manifest).decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return False  # cargo reports it
    package = data.get("package", {})
    source = join(folder, "src/")
    has_binary = "bin" in data or source + "main.rs" in tree.paths
    has_binary = has_binary or any(path.startswith(source + "bin/") for path in tree.rust_paths)
    return has_binary and isinstance(package, dict) and package.get("publish") in (False, [])


def _shipped(path: str) -> bool:
    parts = path.split("/")
    return parts[-1] != "build.rs" and not {"examples", "tests", "benches"} & set(parts)
