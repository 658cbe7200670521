"""Says which paths of a repository a pattern such as ``src/parser/**`` or ``*.rs`` means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path (relative, with ``/``) is meant by one of some patterns."""
    return any(matches(path, pattern) for pattern in patterns)


def matches(path: str, pattern: str) -> bool:
    """Whether a path is meant by a pattern.

    ``*`` and ``?`` stay within a folder's name, ``**`` spans folders. A pattern without a slash means a name
    at any depth; one that names a folder means all that is below it; a leading ``/`` or ``./`` means the
    repository's top.
    """
    return _compiled(pattern).fullmatch(path) is not None


def leaves_repository(pattern: str) -> bool:
    """Whether a pattern means nothing inside the repository: ``../x``, ``~/x``, or nothing at all."""
    return not pattern.strip("./") or ".." in pattern.split("/") or pattern.startswith("~")


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    at_top = pattern.startswith(("/", "./"))
    text = pattern.removeprefix("./").strip("/")
    expression = "".join(_part(piece) for piece in re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", text))
    anywhere = "" if at_top or "/" in text else r"(?:.*/)?"
    return re.compile(f"{anywhere}{expression}(?:/.*)?", re.DOTALL)


def _part(piece: str) -> str:
    known = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    if piece in known:
        return known[piece]
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        inside = piece[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[{'^' + inside[1:] if inside.startswith('!') else inside.replace('^', chr(92) + '^')}]"
    return re.escape(piece)
