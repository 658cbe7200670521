"""Splits a definition file into frontmatter and body, also where the frontmatter is no valid YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ironwright.records.definition import LintFinding, Severity

_FENCE = re.compile(r"-{3,}[ \t]*$")
_KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?=\s|$)")
_LOOSE_KEY = re.compile(r"([A-Za-z_][\w-]*):")
_FIRST_KEY = re.compile(r"""["']?[A-Za-z_][\w-]*["']?[ \t]*:""")
_HEADING = re.compile(r"#{1,6}[ \t]+\S")
_BLOCK_MARK = re.compile(r"[|>][+-]?\d?[+-]?[ \t]*(?:\n|$)")
# Words that start a line of a dialogue inside a description; they are never keys of a definition.
_DIALOGUE = frozenset(
    (
        *("user", "assistant", "context", "commentary", "human", "system", "claude", "situation", "scenario"),
        *("example", "examples", "result", "response", "note", "trigger", "input", "output", "question"),
        *("answer", "task"),
    )
)
# What the YAML parser says, and what a person would say.
_PLAIN_PROBLEMS = (
    ("mapping values are not allowed", "an unquoted value holds `: `"),
    ("expected comment or line break", "an unquoted value begins with `|` or `>`"),
    ("expected alphabetic or numeric", "an unquoted value begins with `*` or `&`"),
    ("did not find expected key", "a value goes on after its closing bracket or quote"),
    ("cannot start any token", "an unquoted value begins with a character that YAML reserves"),
    ("could not find expected ':'", "a line is neither `key: value` nor indented"),
)
_MAX_DEPTH = 64
_MAX_NODES = 20_000
"""A frontmatter that unfolds into more values than this (YAML aliases) is not read as YAML."""


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """A definition file, split.

    Attributes:
        values: The keys and values of the frontmatter; empty where there is none.
        body: What follows the frontmatter; a suffix of the text.
        body_line: 1-based line where the body starts.
        present: Whether there is a frontmatter.
        findings: What was odd about it.
    """

    values: Mapping[str, Any]
    body: str
    body_line: int
    present: bool
    findings: tuple[LintFinding, ...] = ()


def split_frontmatter(text: str, path: str) -> Frontmatter:
    """Split a normalised text; it never raises, and reads whatever a person would read as frontmatter.

    It tries YAML first. Where YAML refuses, it reads line by line: a new key starts only at column 0, is no
    word of a dialogue, does not stand inside an open ``<example>`` and was not seen before; every other
    line continues the value above it.
    """
    lines = text.split("\n")
    opening = next((number for number, line in enumerate(lines) if line.strip()), None)
    if opening is None or not _FENCE.match(lines[opening]):
        return _none(text, path)
    closing, closed = _closing(lines, opening)
    inner = lines[opening + 1 : closing]
    first = next((line for line in inner if line.strip() and not line.lstrip().startswith("#")), None)
    if (first is None and not closed) or (first is not None and not _FIRST_KEY.match(first)):
        return _none(text, path)  # the dashes are a rule across the page
    findings: list[LintFinding] = []
    values, problem = _load_yaml("\n".join(inner))
    if values is None:
        closing, closed = _earlier_closing(lines, opening, closing, closed)
        inner = lines[opening + 1 : closing]
        values = _read_lines(inner)
        message, row = problem or ("it is no mapping of keys to values", 0)
        line = min(opening + 2 + row, closing + 1, len(lines))
        findings.append(_broken(path, line, f"the frontmatter is not valid YAML: {message}"))
    if not closed:
        advice = "Add a line `---` after it."
        findings.append(_broken(path, opening + 1, "the frontmatter is never closed", advice))
    if opening > 0:
        advice = "Start the file with `---`."
        findings.append(_broken(path, opening + 1, "blank lines stand before the frontmatter", advice))
    findings.extend(_truncations(inner, opening + 2, values, path))
    start = closing + 1 if closed else closing
    return Frontmatter(values, "\n".join(lines[start:]), start + 1, True, tuple(findings))


def _none(text: str, path: str) -> Frontmatter:
    finding = LintFinding(
        "no-frontmatter",
        Severity.WARNING,
        path,
        1,
        "the file has no frontmatter; its name and description are guessed",
        "Start it with `---`, `name: …`, `description: …`, `---`.",
    )
    return Frontmatter({}, text, 1, False, (finding,) if text.strip() else ())


def _broken(
    path: str,
    line: int,
    message: str,
    advice: str = "Quote the value, or start it with `|` and indent what follows.",
) -> LintFinding:
    return LintFinding("broken-frontmatter", Severity.WARNING, path, line, message, advice)


def _closing(lines: list[str], opening: int) -> tuple[int, bool]:
    """The line (0-based) that ends the frontmatter, and whether it is a fence."""
    for number in range(opening + 1, len(lines)):
        if _FENCE.match(lines[number]):
            return number, True
    return _unfenced_end(lines, opening), False


def _unfenced_end(lines: list[str], opening: int) -> int:
    for number in range(opening + 1, len(lines)):
        if _HEADING.match(lines[number]):
            return number
        if not lines[number].strip():
            following = next((line for line in lines[number:] if line.strip()), "")
            if not _is_new_key(following, {}, in_example=False):
                return number
    return len(lines)


def _earlier_closing(lines: list[str], opening: int, closing: int, closed: bool) -> tuple[int, bool]:
    """Where YAML refused, a rule of dashes far down in the body may have been taken for the end.

    A heading after a blank line that is not inside an example starts the body.
    """
    depth = 0
    for number in range(opening + 1, closing):
        depth += lines[number].count("<example>") - lines[number].count("</example>")
        if depth <= 0 and _HEADING.match(lines[number]) and not lines[number - 1].strip():
            return number, False
    return closing, closed


def load_mapping(text: str) -> tuple[dict[str, Any] | None, tuple[str, int] | None]:
    """A YAML text's mapping, or None with what is wrong and on which row (0-based); never raises."""
    return _load_yaml(text)


def _load_yaml(text: str) -> tuple[dict[str, Any] | None, tuple[str, int] | None]:
    """The mapping, or None with what is wrong and on which row (0-based)."""
    try:
        if _is_too_deep(text):
            return None, (f"it nests deeper than {_MAX_DEPTH} levels", 0)
        loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line if error.problem_mark else 0
        problem = error.problem or "it cannot be read"
        problem = next((plain for words, plain in _PLAIN_PROBLEMS if words in problem), problem)
        return None, (problem, row)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, AttributeError, OverflowError) as error:
        return None, (str(error).split("\n")[0] or type(error).__name__, 0)
    if loaded is None:
        return {}, None
    if not isinstance(loaded, dict):
        return None, ("it is no mapping of keys to values", 0)
    if _unfolds(loaded):
        return None, ("its aliases unfold into too many values", 0)
    values = {str(key): value for key, value in loaded.items()}
    if any(not isinstance(value, str) and _is_scalar(value) for value in values.values()):
        # `name: on` is a name, not a truth value: texts are taken as written.
        written = yaml.load(text, Loader=yaml.CBaseLoader)
        for key in ("name", "description", "model"):
            if key in values and values[key] is not None and isinstance(written.get(key), str):
                values[key] = written[key]
    return values, None


def _is_too_deep(text: str) -> bool:
    """Whether values nest so deep that the loader, which recurses in C, would overflow its stack."""
    if sum(map(text.count, "[{-?:")) <= _MAX_DEPTH:
        return False
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            return True
    return False


def _is_scalar(value: object) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _unfolds(value: object) -> bool:
    left = _MAX_NODES
    stack = [value]
    while stack:
        item = stack.pop()
        left -= 1
        if left < 0:
            return True
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list | tuple | set):
            stack.extend(item)
    return False


def _is_new_key(line: str, seen: Mapping[str, object], *, in_example: bool) -> str | None:
    match = _LOOSE_KEY.match(line)
    if not match or in_example or match[1] in seen or match[1].lower() in _DIALOGUE:
        return None
    return match[1]


def entry_lines(lines: list[str]) -> list[tuple[str, Any, list[str]]]:
    """Key, value and lines of each entry of a frontmatter that is read line by line."""
    return [
        (key, _value(key, chunk), [f"{key}:{chunk[0]}", *chunk[1:]]) for key, chunk in _chunks(lines).items()
    ]


def _read_lines(lines: list[str]) -> dict[str, Any]:
    return {key: _value(key, chunk) for key, chunk in _chunks(lines).items()}


def _chunks(lines: list[str]) -> dict[str, list[str]]:
    chunks: dict[str, list[str]] = {}
    current: list[str] | None = None
    depth = 0
    for line in lines:
        key = _is_new_key(line, chunks, in_example=depth > 0)
        if key is not None:
            current = chunks[key] = [line[len(key) + 1 :]]
            depth = 0
        elif current is not None:
            current.append(line)
        depth = max(0, depth + line.count("<example>") - line.count("</example>"))
    return chunks


def _value(key: str, chunk: list[str]) -> Any:
    """One key's value: as YAML where this part alone is valid, else as text."""
    alone, _ = _load_yaml("\n".join([f"{key}:{chunk[0]}", *chunk[1:]]))
    if alone is not None and set(alone) == {key}:
        return alone[key]
    text = "\n".join(chunk).strip()
    text = _BLOCK_MARK.sub("", text, count=1) if _BLOCK_MARK.match(text) else text
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text.replace('\\"', '"').strip()


def _truncations(
    lines: list[str], first_line: int, values: Mapping[str, Any], path: str
) -> Iterator[LintFinding]:
    """Values of ``name`` and ``description`` that YAML cut at `` #``, as it does in plain scalars."""
    for row, line in enumerate(lines):
        match = _KEY.match(line)
        if not match or match[1] not in ("name", "description") or not isinstance(values.get(match[1]), str):
            continue
        raw = line[match.end() :].strip()
        cut = re.search(r"\s#", raw)
        if not cut or raw[0] in "\"'|>" or values[match[1]].strip() != raw[: cut.start()].strip():
            continue
        yield LintFinding(
            "truncated-value",
            Severity.WARNING,
            path,
            first_line + row,
            f"`{match[1]}` ends at ` #`: YAML takes “{raw[cut.start() :].strip()[:60]}” for a comment",
            "Quote the value.",
        )
