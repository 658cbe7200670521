"""Repairs what is mechanical in a definition file, and nothing that would change what it says."""

from __future__ import annotations

import codecs
import contextlib
import difflib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ironwright.agents.frontmatter import Frontmatter, entry_lines, load_mapping, split_frontmatter
from ironwright.agents.lint_names import is_known_tool, written_tool
from ironwright.agents.parse import parse_agent
from ironwright.agents.source import read_bytes, read_source
from ironwright.agents.tools import parse_tools
from ironwright.records.definition import Agent
from ironwright.records.errors import DefinitionError

_TOOL_KEYS = ("tools", "allowed-tools", "disallowedTools")
_WORDS_OF_OPENCODE = ("mode", "permission")


@dataclass(frozen=True, slots=True)
class Fix:
    """A definition file that would be repaired.

    Attributes:
        path: The file.
        before: Its bytes.
        after: Its bytes once repaired.
        reasons: What is repaired, one sentence each.
    """

    path: Path
    before: bytes
    after: bytes
    reasons: tuple[str, ...]

    def diff(self) -> str:
        """What would change, as a unified diff; line ends and marks that are not seen are named above it."""
        old = self.before.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
        new = self.after.decode("utf-8")
        name = self.path.as_posix().lstrip("/")
        lines = difflib.unified_diff(
            old.replace("\r", "\n").splitlines(), new.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
        )
        return "".join(f"{line}\n" for line in (*(f"# {reason}" for reason in self.reasons), *lines))


def propose_fix(path: Path) -> Fix | None:
    """What is mechanical to repair in a Markdown definition; None where there is nothing.

    Repaired are byte order marks, line ends, other encodings than UTF-8, a frontmatter that is no valid YAML
    or is not closed, and how tools are written. The body's text stays as it is. A repair after which the
    definition would not be read as before is not proposed.

    Raises:
        DefinitionError: The file cannot be read.
    """
    before = read_bytes(path)
    source = read_source(before, str(path))
    if source.unusable is not None:
        return None
    text, reasons = _decoded(before)
    was = parse_agent(before, path)
    front = split_frontmatter(text, str(path))
    if front.present:
        text, more = _frontmatter(text, front)
        reasons += more
    after = text.encode("utf-8", "surrogatepass")
    if not reasons or after == before:
        return None
    return Fix(path, before, after, tuple(reasons)) if _same(was, parse_agent(after, path)) else None


def write_fix(fix: Fix) -> None:
    """Replace the file by its repaired form; never half of it.

    Raises:
        DefinitionError: It cannot be written, or was changed since it was read.
    """
    path = fix.path.resolve()  # a link stays a link
    try:
        if path.read_bytes() != fix.before:
            raise DefinitionError(
                "the file was changed meanwhile", where=str(fix.path), advice="Run `agents lint --fix` again."
            )
        mode = path.stat().st_mode & 0o7777
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(fix.after)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, mode)  # noqa: PTH101
            os.replace(name, path)  # noqa: PTH105
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108
            raise
    except OSError as error:
        raise DefinitionError(
            f"the file cannot be written: {error.strerror or error}",
            where=str(fix.path),
            advice="Nothing of it was changed. Check its permissions and the disk's space.",
        ) from error


def _decoded(data: bytes) -> tuple[str, list[str]]:
    reasons = []
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
        reasons.append("saved as UTF-8 instead of UTF-16")
    else:
        if data.startswith(codecs.BOM_UTF8):
            data = data[3:]
            reasons.append("the byte order mark is removed")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
            reasons.append("saved as UTF-8 instead of Windows-1252")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        reasons.append("lines end with LF")
    return text, reasons


def _frontmatter(text: str, front: Frontmatter) -> tuple[str, list[str]]:
    """The text with its frontmatter repaired; the body is kept as it stands."""
    lines = text.split("\n")
    opening = next(number for number, line in enumerate(lines) if line.strip())
    inner = lines[opening + 1 : front.body_line - 1]
    closed = bool(inner) and bool(re.fullmatch(r"-{3,}[ \t]*", inner[-1]))
    inner = inner[:-1] if closed else inner
    values, _ = load_mapping("\n".join(inner))
    reasons = []
    if opening > 0:
        reasons.append("the blank lines before the frontmatter are removed")
    if values is None:
        inner = _as_yaml(inner)
        reasons.append("the frontmatter is valid YAML")
    if not closed:
        reasons.append("the frontmatter is closed")
    tidy = _tidy_tools(inner, front.values)
    if tidy is not None:
        inner = tidy
        reasons.append("the tools are written as their host knows them")
    if not reasons:
        return text, []
    while inner and not inner[-1].strip():
        inner.pop()
    return "\n".join(("---", *inner, "---", *lines[front.body_line - 1 :])), reasons


def _as_yaml(lines: list[str]) -> list[str]:
    """A frontmatter as valid YAML: what is valid alone stays as written, the rest is quoted."""
    written: list[str] = []
    for key, value, chunk in entry_lines(lines):
        alone, _ = load_mapping("\n".join(chunk))
        if alone == {key: value}:
            written += chunk
        else:
            text = value.replace("\\r\\n", "\n").replace("\\n", "\n") if isinstance(value, str) else value
            written += _dumped(key, text)
    return written


def _dumped(key: str, value: Any) -> list[str]:
    text = yaml.dump({key: value}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1 << 30)
    return text.rstrip("\n").split("\n")


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, so that people can read it."""


def _represent(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent)


def _tidy_tools(lines: list[str], values: Mapping[str, Any]) -> list[str] | None:
    """The lines with tools written once each and in their own case; None where that is so already."""
    if any(key in values for key in _WORDS_OF_OPENCODE) or "name" not in values:
        return None  # OpenCode writes its tools in small letters
    result, changed = list(lines), False
    for number, line in enumerate(lines):
        key, colon, stated = line.partition(":")
        if key not in _TOOL_KEYS or not colon or not isinstance(values.get(key), str):
            continue
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if not stated.strip() or stated.strip()[0] in "|>[\"'#" or following.startswith((" ", "\t")):
            continue
        names = parse_tools(values[key])
        if names is None or not all(is_known_tool(name) for name in names):
            continue  # another host's names
        tidy = f"{key}: {', '.join(dict.fromkeys(written_tool(name) for name in names))}"
        if tidy != line.rstrip() and load_mapping(tidy)[0] is not None:
            result[number], changed = tidy, True
    return result if changed else None


def _same(was: Agent, now: Agent) -> bool:
    """Whether a definition is read as before."""

    def tools(agent: Agent) -> list[str] | None:
        return None if agent.tools is None else sorted({written_tool(name) for name in agent.tools})

    def rest(agent: Agent) -> dict[str, Any]:
        return {key: value for key, value in agent.metadata.items() if key not in _TOOL_KEYS}

    return (
        (was.name, was.description, was.model, was.body) == (now.name, now.description, now.model, now.body)
        and tools(was) == tools(now)
        and rest(was) == rest(now)
        and all(item.rule != "broken-frontmatter" for item in now.findings)
    )
