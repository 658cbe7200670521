"""What a rule of a team's own says, as it is written in ``ironwright.toml`` and kept in a contract."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["code", "crate", "text", "regex", "query"]

KINDS: Final[tuple[Kind, ...]] = ("code", "crate", "text", "regex", "query")
LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "rust": ("*.rs",),
    "toml": ("*.toml",),
    "markdown": ("*.md", "*.markdown"),
    "yaml": ("*.yml", "*.yaml"),
    "json": ("*.json",),
    "python": ("*.py",),
    "shell": ("*.sh",),
    "sql": ("*.sql",),
}
_LISTS = ("paths", "except", "languages")
_KEYS = {*KINDS, *_LISTS, "message", "tests", "library", "start"}
_CRATE = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern with what is said about it.

    Attributes:
        kind: ``code`` (Rust tokens), ``crate`` (a dependency's name), ``text``, ``regex`` or ``query`` (of
            tree-sitter, for Rust).
        pattern: What is looked for.
        message: What people are told; empty where the pattern says enough.
        paths: Only files that one of these patterns means; all files where empty.
        leaving_out: No file that one of these means.
        languages: Only files of these languages; for the Rust kinds always Rust.
        tests: Whether test code is looked at.
        library: Whether only library targets are looked at.
        start: Whether the text must stand at the file's start.
    """

    kind: Kind
    pattern: str
    message: str = ""
    paths: tuple[str, ...] = ()
    leaving_out: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tests: bool = True
    library: bool = False
    start: bool = False

    @property
    def is_rust(self) -> bool:
        """Whether it is looked for in Rust's own syntax."""
        return self.kind in ("code", "query", "crate")

    @property
    def globs(self) -> tuple[str, ...]:
        """The patterns of its languages' files; none for all files."""
        if self.is_rust:
            return LANGUAGES["rust"]
        return tuple(glob for language in self.languages for glob in LANGUAGES[language])


def entry(table: Mapping[str, Any]) -> str:
    """A rule's table as the text that a contract keeps.

    Raises:
        ValueError: The table is no rule; the message says why.
    """
    text = json.dumps(dict(table), sort_keys=True)
    read_rule(text)
    return text


def read_rule(text: str) -> Rule:
    """Read a rule: a table as JSON, or a bare pattern of Rust code.

    Raises:
        ValueError: It is neither.
    """
    if not text.lstrip().startswith("{"):
        if not text.strip():
            raise ValueError("a pattern is empty")
        return Rule("code", text.strip())
    try:
        table = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the rule {text!r} is no JSON: {error.msg}") from error
    return _from_table(table)


def _from_table(table: dict[str, Any]) -> Rule:
    unknown = sorted(table.keys() - _KEYS)
    if unknown:
        raise ValueError(f"a rule has no key {unknown[0]!r}; known: {', '.join(sorted(_KEYS))}")
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise ValueError(f"a rule has exactly one of {', '.join(KINDS)}")
    for key in (kinds[0], "message"):
        if not isinstance(table.get(key, ""), str) or (key != "message" and not table[key].strip()):
            raise ValueError(f"{key} must be a text that is not empty")
    for key in _LISTS:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{key} must be a list of texts")
    for key in ("tests", "library", "start"):
        if not isinstance(table.get(key, False), bool):
            raise ValueError(f"{key} must be true or false")  # noqa: TRY004  (one kind of refusal)
    strange = sorted(set(table.get("languages", [])) - LANGUAGES.keys())
    if strange:
        raise ValueError(f"there is no language {strange[0]!r}; known: {', '.join(LANGUAGES)}")
    kind = kinds[0]
    rule = Rule(
        kind,
        table[kind],
        table.get("message", ""),
        tuple(table.get("paths", ())),
        tuple(table.get("except", ())),
        tuple(table.get("languages", ())),
        table.get("tests", True),
        table.get("library", False),
        table.get("start", False),
    )
    _check_pattern(rule)
    return rule


def _check_pattern(rule: Rule) -> None:
    if rule.kind == "regex":
        try:
            re.compile(rule.pattern)
        except re.error as error:
            raise ValueError(f"regex {rule.pattern!r} is not valid: {error}") from error
    elif rule.kind == "crate" and not _CRATE.fullmatch(rule.pattern):
        raise ValueError(f"{rule.pattern!r} is no name of a crate")
    elif rule.kind == "query":
        from tree_sitter import Query, QueryError

        from ironwright.gates.rust.syntax import LANGUAGE

        try:
            Query(LANGUAGE, rule.pattern)
        except QueryError as error:
            raise ValueError(f"query {rule.pattern!r} is not valid: {error}") from error
