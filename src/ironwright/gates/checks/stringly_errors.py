"""Refuses errors that are text: Result<_, String>, Box<dyn Error> in a library's interface, Err("…".into()).

What it checks:
    Where the change touches it (scope ``all``: everywhere), functions of a package's library that others
    can call do not return ``Result<_, E>`` with an ``E`` that says nothing by its type: ``String``,
    ``&str``, ``Cow<str>``, ``()``, ``Box<str>``, and ``Box<dyn Error>`` or ``anyhow::Error`` unless
    ``allow_boxed`` is on. An alias of the file (``type Result<T> = Result<T, String>``) counts as what it
    stands for. In all of a library's code outside of tests, ``.map_err(|e| e.to_string())`` and
    ``Err("…".into())`` are findings where the function's own error type is not given elsewhere. Functions
    of a trait's implementation are left alone, their signature is the trait's, and so are ``main``, tests,
    examples, binaries, ``#[no_mangle]`` and binding functions. ``code = "all"`` takes in binaries and
    functions that are not public.

Why:
    A caller cannot match on a sentence; the cause is lost where it becomes text.

Evidence:
    The number of functions with a Result that were looked at.

Unknown when:
    The parser finds no sense in a file in scope. Types behind an imported alias are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.attributes import split_arguments
from ironwright.gates.rust.expressions import uses
from ironwright.gates.rust.items import Item, node_text
from ironwright.gates.rust.modules import library_files
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_TEXT = re.compile(
    r"(?:(?:std|alloc)::string::)?String|&(?:'\w+)?(?:mut)?str|(?:std::borrow::|"
    r"alloc::borrow::)?Cow<(?:'\w+,)?str>|"
    r"(?:Box|Rc|Arc|std::sync::Arc|std::rc::Rc)<str>|\(\)"
)
_BOXED = re.compile(
    r"(?:std::boxed::)?Box<dyn(?:\w+::)*Error(?:\+[\w']+)*>|(?:anyhow|eyre|color_eyre)::(?:Error|Report)"
)
_ALIAS = re.compile(r"\btype\s+(?P<name>\w*Result)\s*(?:<[^=]*>)?\s*=\s*(?P<type>[^;]+);")
_RESULT = re.compile(r"(?P<path>(?:\w+::)*)(?P<name>\w*Result)(?:<(?P<arguments>.*)>)?$", re.DOTALL)
# Functions that others call by a convention that has no room for types of our own.
_BOUND = re.compile(
    r"no_mangle|wasm_bindgen|pyfunction|pymethods|napi|tauri::command|command\b|export_name|uniffi"
)

GATE = Gate(
    id="stringly_errors",
    summary="errors that are text instead of types",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:custom|typed|structured|explicit|specific|dedicated|own|domain|concrete|meaningful)\s+error\s+"
            r"(?:types?|enums?)\b",
            "Use appropriate error handling with custom error types.",
        ),
        Phrasing(
            r"\bthiserror\b`?\s*(?:/|,|\+|&|or|and)\s*(?:for librar\w+,?\s*)?`?(?:anyhow|eyre)\b",
            "Use custom errors with thiserror or anyhow.",
            params={"allow_boxed": True},
        ),
        Phrasing(
            r"\b(?:use|with|via|define|prefer|through|derive)\b[^.;]{0,40}\bthiserror\b"
            r"(?!`?\s*(?:/|,|\+|&|or|and)\s*(?:for librar\w+,?\s*)?`?(?:anyhow|eyre)\b)",
            "Use thiserror for library errors.",
        ),
        Phrasing(
            r"\bResult<[^>]*,\s*(?:String|&str|&'static str)>|"
            r"\bString\s+(?:as\s+(?:an?\s+)?)?errors?(?: types?)?\b|"
            r"\bstring(?:ly)?[ -](?:typed\s+)?errors?\b|\berrors? as strings?\b",
            "Never return Result<T, String>.",
            negative=True,
        ),
        Phrasing(
            r"\bBox<dyn (?:std::error::)?Error(?:[^>]*)>(?=[^.;]{0,40}\b(?:librar|public|api)\w*)",
            "No Box<dyn Error> in public APIs.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:us|return|represent|model|pass|throw)\w*\s+(?:plain\s+|bare\s+|raw\s+)?(?:strings?|"
            r"`?String`?|&str)\s+(?:as|for)\s+(?:an?\s+|the\s+)?errors?\b",
            "Don't use strings as errors.",
            negative=True,
        ),
        Phrasing(
            r"\berrors?\s+(?:must|should|ha(?:s|ve) to|are|is)\s+(?:always\s+|"
            r"all\s+)?(?:be\s+)?(?:modell?ed as\s+|defined as\s+|represented (?:as|by)\s+)?"
            r"(?:an?\s+)?(?:strongly[- ]|well[- ]|properly\s+)?(?:typed|enums?\b|enum types?|structured)\b",
            "Errors must be typed enums.",
        ),
        Phrasing(
            r"\b(?:use|return|define|prefer|create|provide|expose|model)s?\b[^.;]{0,20}\b(?:typed|"
            r"structured|custom|specific)\s+errors?\b(?! (?:messages?|codes?|responses?|handling|format))"
            r"|\bmodel\s+(?:all\s+)?errors?\s+(?:as|with)\s+(?:\w+\s+)?(?:enums?|types?)\b",
            "Return structured errors.",
        ),
        Phrasing(
            r"\b(?:every|each|all)\s+(?:public\s+|library\s+)?(?:crates?|modules?|librar(?:y|ies)|"
            r"components?)\b[^.;]{0,20}\b(?:defines?|ha(?:s|ve)|exposes?|needs?)\b"
            r"[^.;]{0,15}\berror\s+(?:enums?|types?)\b",
            "Every crate defines an error enum.",
        ),
        Phrasing(
            r"\b(?:anyhow|eyre)\b(?:::\w+)?[^.;]{0,20}\b(?:in|from|for)\s+(?:any\s+|the\s+|your\s+|"
            r"public\s+)*librar(?:y|ies)\b",
            "Do not use anyhow in library code.",
            negative=True,
        ),
    ),
    params={
        "allow_boxed": Param(
            bool,
            False,
            "Whether a library's functions may return `Box<dyn Error>` or `anyhow::Error`.",
            stricter=lambda one, other: one and other,
        ),
        "code": Param(
            str,
            "library",
            "Which functions are judged: a `library`'s public ones, or `all`.",
            stricter=min,
            allowed=("all", "library"),
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_ADVICE = "Define an error type (an enum that implements std::error::Error, `thiserror` helps) and return it."


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look at the errors of the functions in scope."""
    judged, library = TreeScope(subject, scope), library_files(subject.head)
    everything = params["code"] == "all"
    failures, unreadable, seen = [], [], 0
    for path in judged.paths:
        if path in subject.head.test_files or not (everything or path in library):
            continue
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        aliases = _aliases(file)
        for item in file.functions:
            if not _is_judged(item, everything) or not judged.holds(file, item):
                continue
            error = _error_type(item.return_type or "", aliases)
            if error is None:
                continue
            seen += 1
            head = range(item.line, (file.line_of(item.body.start_byte) if item.body else item.end_line) + 1)
            if any(judged.holds_line(path, line) for line in head) and _says_nothing(
                error, params["allow_boxed"]
            ):
                failures.append(
                    Finding(path, item.line, f"`{item.name}` returns the error `{error}`", _ADVICE)
                )
        for line, message in _made_text(file, aliases):
            if judged.holds_line(path, line) and not any(found.line == line for found in failures):
                failures.append(Finding(path, line, message, _ADVICE))
    evidence = Evidence(
        "measure",
        f"{seen} functions with a Result looked at",
        {"name": "functions with a Result", "value": seen, "unit": "functions", "stringly": len(failures)},
    )
    return settle(
        failures,
        (),
        unreadable,
        "every error in scope has a type of its own",
        "{n} errors are text",
        evidence,
    )


def _is_judged(item: Item, everything: bool) -> bool:
    if item.in_test or item.in_trait_impl or item.is_nested or item.name == "main":
        return False
    if item.parent is not None and item.parent.kind == "extern_block":
        return False
    own = (*item.attributes, *(item.parent.attributes if item.parent is not None else ()))
    if "extern" in item.modifiers or any(_BOUND.search(text) for text in own):
        return False
    return everything or item.is_public


def _aliases(file: RustFile) -> dict[str, str]:
    """The file's own names for a Result, with what they stand for, and ``Result`` as a crate's by import."""
    text = file.source.decode("utf-8", "replace")
    found = {match["name"]: "".join(match["type"].split()) for match in _ALIAS.finditer(text)}
    if match := re.search(r"\buse\s+(anyhow|eyre|color_eyre)::(?:\{[^}]*\bResult\b[^}]*\}|Result\s*;)", text):
        found.setdefault("Result", f"Result<T,{match[1]}::Error>")
    return found


def _error_type(returned: str, aliases: dict[str, str], depth: int = 0) -> str | None:
    """The error of a Result as written; None where it is no Result, or its error is not stated."""
    text = re.sub(r"\bdyn\s+", "dyn ", " ".join(returned.split()))
    text = re.sub(r"\s*([<>,&+=])\s*", r"\1", text)
    wrapped = re.match(
        r"impl.*\bFuture<Output=(.*)>(?:\+[\w']+)*$|(?:\w+::)*(?:Option|BoxFuture)<(?:'\w+,)?(.*)>$", text
    )
    if wrapped:
        text = wrapped[1] or wrapped[2]
    found = _RESULT.match(text)
    if found is None:
        return None
    if found["path"] in ("anyhow::", "eyre::", "color_eyre::"):
        return f"{found['path']}Error"
    arguments = _split(found["arguments"] or "")
    if len(arguments) >= 2:
        return arguments[1]
    if found["name"] in aliases and not found["path"] and depth < 3:
        return _error_type(aliases[found["name"]], {}, depth + 1)
    return None


def _split(text: str) -> list[str]:
    """Split types at commas that stand outside of all brackets."""
    if not text:
        return []
    rounded = text.replace("<", "\x01(").replace(">", ")\x02")
    return [part.replace("\x01(", "<").replace(")\x02", ">") for part in split_arguments(rounded)]


def _says_nothing(error: str, allow_boxed: bool) -> bool:
    plain = error.replace(" ", "")
    return bool(_TEXT.fullmatch(plain)) or (not allow_boxed and bool(_BOXED.fullmatch(plain)))


def _made_text(file: RustFile, aliases: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Where an error becomes text on its way: ``.map_err(|e| e.to_string())``, ``Err("…".into())``."""
    for use in uses(file.root):
        if use.in_macro or use.arguments is None or use.name not in ("map_err", "Err"):
            continue
        around = [i for i in file.items if i.start_byte <= use.node.start_byte < i.end_byte]
        functions = [item for item in around if item.kind == "function"]
        if not functions or any(item.in_test for item in around) or functions[-1].name == "main":
            continue
        error = _error_type(functions[-1].return_type or "", aliases)
        # A typed error that is made from text by `From` is the author's own choice.
        if functions[-1].in_trait_impl or error is None or not _TEXT.fullmatch(error.replace(" ", "")):
            continue
        if not _is_judged(functions[-1], everything=True):
            continue
        text = "".join(node_text(use.arguments).split())
        if use.name == "map_err" and re.fullmatch(
            r"\((?:\|_?\w+(?::[^|]*)?\|(?:\w+\.to_string\(\)|format!\(.*\)|\".*\"\.(?:into|to_string|"
            r"to_owned)\(\))|"
            r"(?:\w+::)*to_string)\)",
            text,
        ):
            yield use.line, f"`{functions[-1].name}` turns an error into text, and its cause is lost"
        elif use.name == "Err" and re.fullmatch(
            r"\((?:b?\"[^\"]*\"(?:\.(?:into|to_string|to_owned)\(\))?|format!\(.*\)|String::from\(.*\))\)",
            text,
        ):
            yield use.line, f"`{functions[-1].name}` returns text as an error"
