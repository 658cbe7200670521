"""Tera's filters and tests, on plain values and with bounded results."""

from __future__ import annotations

import json
import math
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import UndefinedError

MAX_CHARACTERS = 1 << 20
"""Most characters of one text that a filter makes."""

_MAX_RANGE = 10_000


class TeraError(Exception):
    """Something that a template asks for and cannot have; the message is for people."""


def written(value: Any) -> Any:
    """A value as Tera writes it: nothing for null, ``true`` and ``false``, lists in brackets."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "[object]"
    if isinstance(value, list | tuple):
        return f"[{', '.join(str(written(item)) for item in value)}]"
    return value


def tera_range(end: int, start: int = 0, step_by: int = 1) -> range:
    """``range(end=…, start=…, step_by=…)``, of at most 10,000 numbers."""
    if not all(isinstance(value, int) for value in (end, start, step_by)) or step_by < 1:
        raise TeraError("`range` needs whole numbers, and a step of at least 1")
    numbers = range(start, end, step_by)
    if len(numbers) > _MAX_RANGE:
        raise TeraError(f"`range` has more than {_MAX_RANGE:,} numbers")
    return numbers


def _value(value: Any) -> Any:
    if isinstance(value, Undefined):
        raise UndefinedError(str(value._undefined_hint))
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(_value(value), str):
        raise TeraError(f"the filter `{name}` needs a text")
    return str(value)


def _list(value: Any, name: str) -> Sequence[Any]:
    if isinstance(_value(value), str | Mapping) or not isinstance(value, Sequence):
        raise TeraError(f"the filter `{name}` needs a list")
    return value


def _bounded(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise TeraError("a text of the template exceeds 1 MiB")
    return text


def _of_text(name: str, change: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: change(_text(value, name))


def _default(value: Any, otherwise: Any = None, /, **named: Any) -> Any:
    fallback = named.get("value", otherwise)
    return fallback if isinstance(value, Undefined) or value is None else value


def _replace(value: Any, *positional: str, **named: str) -> str:
    text = _text(value, "replace")
    old, new = positional if len(positional) == 2 else (named.get("from"), named.get("to"))
    if not isinstance(old, str) or not isinstance(new, str) or not old:
        raise TeraError("the filter `replace` needs `from` and `to`")
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_CHARACTERS:
        raise TeraError("a text of the template exceeds 1 MiB")
    return text.replace(old, new)


def _join(value: Any, sep: str = "") -> str:
    items = [str(written(item)) for item in _list(value, "join")]
    if sum(map(len, items)) + len(sep) * len(items) > MAX_CHARACTERS:
        raise TeraError("a text of the template exceeds 1 MiB")
    return sep.join(items)


def _truncate(value: Any, length: int = 255, end: str = "…") -> str:
    text = _text(value, "truncate")
    return text if len(text) <= length else text[: max(0, int(length))] + end


def _length(value: Any) -> int:
    if not isinstance(_value(value), str | Mapping | Sequence):
        raise TeraError("the filter `length` needs a text, a list or a mapping")
    return len(value)


def _reverse(value: Any) -> Any:
    return value[::-1] if isinstance(_value(value), str) else list(reversed(_list(value, "reverse")))


def _nth(value: Any, n: int = 0) -> Any:
    items = _list(value, "nth")
    return items[n] if 0 <= n < len(items) else None


def _slice(value: Any, start: int = 0, end: int | None = None) -> Any:
    return list(_list(value, "slice"))[start:end]


def _attribute(item: Any, path: str | None) -> Any:
    for key in (path or "").split(".") if path else ():
        if not isinstance(item, Mapping) or key not in item:
            raise TeraError(f"`{path}` is not defined in every item of the list")
        item = item[key]
    return item


def _sort(value: Any, attribute: str | None = None) -> list[Any]:
    try:
        return sorted(_list(value, "sort"), key=lambda item: _attribute(item, attribute))
    except TypeError as error:
        raise TeraError("the filter `sort` needs values of one kind") from error


def _unique(value: Any, attribute: str | None = None, case_sensitive: bool = False) -> list[Any]:
    seen: list[Any] = []
    kept: list[Any] = []
    for item in _list(value, "unique"):
        key = _attribute(item, attribute)
        key = key.lower() if isinstance(key, str) and not case_sensitive else key
        if key not in seen:
            seen.append(key)
            kept.append(item)
    return kept


def _filter(value: Any, /, attribute: str, **named: Any) -> list[Any]:
    wanted = named.get("value")
    kept = []
    for item in _list(value, "filter"):
        found = item.get(attribute) if isinstance(item, Mapping) else None
        if found == wanted if "value" in named else found is not None:
            kept.append(item)
    return kept


def _map(value: Any, attribute: str) -> list[Any]:
    return [_attribute(item, attribute) for item in _list(value, "map")]


def _group_by(value: Any, attribute: str) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in _list(value, "group_by"):
        groups.setdefault(str(_attribute(item, attribute)), []).append(item)
    return groups


def _concat(value: Any, **named: Any) -> list[Any]:
    more = named.get("with")
    return [*_list(value, "concat"), *(more if isinstance(more, list | tuple) else [more])]


def _split(value: Any, pat: str) -> list[str]:
    return _text(value, "split").split(pat or None)


def _get(value: Any, key: str, default: Any = None) -> Any:
    if not isinstance(_value(value), Mapping):
        raise TeraError("the filter `get` needs a mapping")
    return value.get(key, default)


def _number(value: Any, name: str) -> int | float:
    if isinstance(_value(value), bool) or not isinstance(value, int | float):
        raise TeraError(f"the filter `{name}` needs a number")
    return value


def _round(value: Any, method: str = "common", precision: int = 0) -> float:
    number = _number(value, "round") * 10**precision
    ways: Mapping[str, Callable[[float], float]] = {
        "ceil": math.ceil,
        "floor": math.floor,
        "common": lambda x: math.floor(x + 0.5),
    }
    if method not in ways:
        raise TeraError("the filter `round` knows the methods ceil, common, floor")
    result = ways[method](number) / 10**precision
    return int(result) if precision == 0 else result


def _int(value: Any, default: int = 0, base: int = 10) -> int:
    try:
        return int(value, base) if isinstance(_value(value), str) else int(value)
    except (TypeError, ValueError):
        return default


def _float(value: Any, default: float = 0.0) -> float:
    try:
        return float(_value(value))
    except (TypeError, ValueError):
        return default


def _json(value: Any, pretty: bool = False) -> str:
    def plain(item: Any) -> Any:
        if isinstance(item, Mapping):
            return {str(key): plain(item[key]) for key in item}
        return [plain(part) for part in item] if isinstance(item, list | tuple) else item

    return _bounded(json.dumps(plain(_value(value)), indent=2 if pretty else None, default=str))


def _indent(value: Any, prefix: str = "    ", first: bool = False, blank: bool = False) -> str:
    lines = _text(value, "indent").split("\n")
    if len(prefix) * len(lines) > MAX_CHARACTERS:
        raise TeraError("a text of the template exceeds 1 MiB")
    return "\n".join(
        prefix + line if (number or first) and (blank or line.strip()) else line
        for number, line in enumerate(lines)
    )


def _slugify(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _pluralize(value: Any, singular: str = "", plural: str = "s") -> str:
    return singular if abs(_number(value, "pluralize")) == 1 else plural


def _trim_pattern(name: str, start: bool) -> Callable[..., str]:
    def trim(value: Any, pat: str) -> str:
        text = _text(value, name)
        while pat and (text.startswith(pat) if start else text.endswith(pat)):
            text = text[len(pat) :] if start else text[: -len(pat)]
        return text

    return trim


def _escape(text: str) -> str:
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "/": "&#x2F;"}
    return _bounded("".join(marks.get(char, char) for char in text))


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(_number(value, "abs")),
    "addslashes": _of_text("addslashes", lambda text: re.sub(r"([\\'\"])", r"\\\1", text)),
    "as_str": lambda value: str(written(_value(value))),
    "capitalize": _of_text("capitalize", str.capitalize),
    "concat": _concat,
    "default": _default,
    "escape": _of_text("escape", _escape),
    "filter": _filter,
    "first": lambda value: _nth(value, 0),
    "float": _float,
    "get": _get,
    "group_by": _group_by,
    "indent": _indent,
    "int": _int,
    "join": _join,
    "json_encode": _json,
    "last": lambda value: next(iter(reversed(_list(value, "last"))), None),
    "length": _length,
    "linebreaksbr": _of_text("linebreaksbr", lambda text: text.replace("\n", "<br>")),
    "lower": _of_text("lower", str.lower),
    "map": _map,
    "nth": _nth,
    "pluralize": _pluralize,
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "safe": _value,
    "slice": _slice,
    "slugify": _of_text("slugify", _slugify),
    "sort": _sort,
    "spaceless": _of_text("spaceless", lambda text: re.sub(r">\s+<", "><", text)),
    "split": _split,
    "striptags": _of_text("striptags", lambda text: re.sub(r"<[^<>]*>", "", text)),
    "title": _of_text("title", str.title),
    "trim": _of_text("trim", str.strip),
    "trim_end": _of_text("trim_end", str.rstrip),
    "trim_end_matches": _trim_pattern("trim_end_matches", start=False),
    "trim_start": _of_text("trim_start", str.lstrip),
    "trim_start_matches": _trim_pattern("trim_start_matches", start=True),
    "truncate": _truncate,
    "unique": _unique,
    "upper": _of_text("upper", str.upper),
    "urlencode": _of_text("urlencode", lambda text: urllib.parse.quote(text, safe="/")),
    "urlencode_strict": _of_text("urlencode_strict", lambda text: urllib.parse.quote(text, safe="")),
    "wordcount": _of_text("wordcount", lambda text: len(text.split())),
}
"""Tera's filters. Left out: what needs the time (``date``) or reads a size in words (``filesizeformat``)."""


def _contains(value: Any, needle: Any) -> bool:
    if not isinstance(_value(value), str | Mapping | Sequence):
        raise TeraError("the test `containing` needs a text, a list or a mapping")
    if isinstance(value, str) and not isinstance(needle, str):
        raise TeraError("a text can only contain a text")
    return needle in value


TESTS: dict[str, Callable[..., bool]] = {
    "containing": _contains,
    "defined": lambda value: not isinstance(value, Undefined),
    "divisibleby": lambda value, by: bool(by) and _number(value, "divisibleby") % by == 0,
    "ending_with": lambda value, end: _text(value, "ending_with").endswith(end),
    "even": lambda value: _number(value, "even") % 2 == 0,
    "iterable": lambda value: isinstance(value, Sequence | Mapping) and not isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "odd": lambda value: _number(value, "odd") % 2 == 1,
    "starting_with": lambda value, start: _text(value, "starting_with").startswith(start),
    "string": lambda value: isinstance(value, str),
    "undefined": lambda value: isinstance(value, Undefined),
}
"""Tera's tests. Left out: ``matching``, whose patterns could keep a machine busy for ever."""
