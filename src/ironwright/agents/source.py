"""Turns the bytes of a definition file into text with lines, and says what was odd about them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from ironwright.records.definition import LintFinding, Severity
from ironwright.records.errors import DefinitionError

MAX_BYTES = 1 << 20
"""Largest definition file that is read: 1 MiB, the limit that AGPM sets for included content."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NEWLINES = re.compile(r"\r\n?")
# A character of a UTF-8 sequence that was read as Windows-1252 and saved again: the lead byte as a letter,
# then one to three continuation bytes (0x80 to 0xBF) as what Windows-1252 shows for them.
_CONTINUATION = (
    "\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)
_MOJIBAKE = re.compile(
    f"[\u00c2-\u00df][{_CONTINUATION}]|[\u00e0-\u00ef][{_CONTINUATION}]{{2}}|[\u00f0-\u00f4][{_CONTINUATION}]{{3}}"
)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A definition file's text, ready to be read line by line.

    Attributes:
        path: The file, as given.
        text: Decoded; without byte order mark; line ends are LF; without the indent that all of its
            lines share. It has the lines of the file, so line numbers agree.
        findings: What was odd.
    """

    path: str
    text: str
    findings: tuple[LintFinding, ...]

    @property
    def unusable(self) -> LintFinding | None:
        """The finding that says why the file cannot be used at all, if there is one."""
        return next((item for item in self.findings if item.severity == Severity.ERROR), None)


def read_bytes(path: Path) -> bytes:
    """A definition file's bytes.

    Raises:
        DefinitionError: It does not exist, is a folder or no ordinary file, is larger than
            :data:`MAX_BYTES`, or cannot be read.
    """
    where = str(path)
    try:
        if path.is_dir():
            raise DefinitionError(
                "this is a folder, not a definition file", where=where, advice="Name one of the files in it."
            )
        if path.exists() and not path.is_file():
            raise DefinitionError("this is not an ordinary file", where=where, advice="Name a Markdown file.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(size, where)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise DefinitionError(
            "there is no such file", where=where, advice="`ironwright agents list` shows what there is."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DefinitionError(
            f"the file cannot be read: {reason}", where=where, advice="Check its name and permissions."
        ) from error
    if len(data) > MAX_BYTES:
        raise _too_large(len(data), where)
    return data


def read_tolerantly(path: Path) -> tuple[bytes, tuple[LintFinding, ...]]:
    """A file's bytes; one that cannot be read is kept as a finding, so that naming it says why."""
    try:
        return read_bytes(path), ()
    except DefinitionError as error:
        rule = "too-large" if "too large" in error.what else "unreadable-file"
        return b"", (LintFinding(rule, Severity.ERROR, str(path), 1, error.what, error.advice),)


def file_within(root: Path, base: Path, name: str) -> Path | None:
    """The file that ``base / name`` is once links are followed; None where it is none or leaves ``root``.

    Args:
        root: A resolved folder.
        base: What the name is relative to.
        name: A path; an absolute one is taken as it is.
    """
    try:
        path = (base / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None  # a loop of links, or a name that no file can have


def _too_large(size: int, where: str) -> DefinitionError:
    return DefinitionError(
        f"the file is too large to be a definition: {size / (1 << 20):.1f} MiB, the limit is 1 MiB",
        where=where,
        advice="Move what is not an instruction out of it.",
    )


def read_source(content: str | bytes, path: str) -> SourceText:
    """Decode and normalise a definition file's content; whatever it holds, it never raises.

    Content that cannot be used gets one finding of severity ERROR: ``empty-file``, ``binary-file`` or
    ``too-large``.
    """
    findings: list[LintFinding] = []
    size = len(content) if isinstance(content, bytes) else len(content.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        error = _too_large(size, path)
        findings.append(LintFinding("too-large", Severity.ERROR, path, 1, error.what, error.advice))
    if isinstance(content, str):
        text = content
    else:
        text, odd = _decode(content, path)
        findings.extend(odd)
    text = _NEWLINES.sub("\n", text.removeprefix("\ufeff"))
    nul = text.find("\0")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        what = "the file holds NUL bytes: it is not text"
        findings.append(LintFinding("binary-file", Severity.ERROR, path, line, what, "Name a Markdown file."))
    elif not text.strip():
        advice = "Write the agent's instructions into it."
        findings.append(LintFinding("empty-file", Severity.ERROR, path, 1, "the file is empty", advice))
    return SourceText(path, _dedent(text), tuple(findings))


def _decode(data: bytes, path: str) -> tuple[str, tuple[LintFinding, ...]]:
    def odd(line: int, message: str) -> tuple[LintFinding, ...]:
        return (LintFinding("encoding", Severity.WARNING, path, line, message, "Save the file as UTF-8."),)

    if data.startswith(_UTF16_MARKS):
        return data.decode("utf-16", "replace"), odd(1, "the file is UTF-16; other tools cannot read it")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        text = data.decode("cp1252", "replace")
        if b"\0" in data:
            return text, ()  # it is no text at all, which is said once
        line = data.count(b"\n", 0, error.start) + 1
        return text, odd(line, f"byte 0x{data[error.start]:02x} is not UTF-8; read as Windows-1252")


def _dedent(text: str) -> str:
    """Remove the indent that all lines share: an indented file would be one block of code to Markdown."""
    if text[:1] not in (" ", "\t", "\n"):
        return text
    lines = text.split("\n")
    filled = [line for line in lines if line.strip(" \t")]
    if not filled:
        return text
    # The smallest and the largest text share exactly what all of them share.
    pairs = zip(min(filled), max(filled), strict=False)
    shared = itertools.takewhile(lambda pair: pair[0] == pair[1] and pair[0] in " \t", pairs)
    indent = "".join(char for char, _ in shared)
    if not indent:
        return text
    return "\n".join(line.removeprefix(indent) if line.strip(" \t") else line.strip(" \t") for line in lines)


def repair_mojibake(line: str) -> str | None:
    """The line as it was before UTF-8 was misread as Windows-1252, or None where nothing looks misread."""
    repaired = _MOJIBAKE.sub(_restore, line)
    return repaired if repaired != line else None


def _restore(match: re.Match[str]) -> str:
    # Windows-1252 leaves five bytes undefined; programs pass those through as C1 control characters.
    data = b"".join(bytes([ord(char)]) if ord(char) < 0x100 else char.encode("cp1252") for char in match[0])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
