"""Finds the texts that a definition asks to read (snippets, ``@path`` imports) and reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ironwright.agents.source import MAX_BYTES, file_within, read_source
from ironwright.library import LIBRARY_SCHEME, library_path
from ironwright.records.definition import Include, LintFinding, Severity
from ironwright.records.errors import DefinitionError

MAX_LEVELS = 10
"""Deepest chain of includes, as in AGPM."""

MAX_IMPORTS = 5
"""Deepest chain of imports of a project's instructions, as in Claude Code, which passes over deeper ones."""

_FENCE = re.compile(r"[ \t]*(?:[-*+>][ \t]+)*(`{3,}|~{3,})")
_SNIPPET = re.compile(r"(?:\./)?\.(?:agpm|claude|opencode)/snippets/[\w./-]*[\w-]\.(?:md|txt)")
_BUNDLED = re.compile(re.escape(LIBRARY_SCHEME) + r"(snippets)/([\w-]+)\.md")
_IMPORT = re.compile(r"(?<![\w`@/.])@((?:~/|\.{1,2}/|/)?[\w.-]+(?:/[\w.-]+)*)")
_IMPORT_SUFFIXES = frozenset((".md", ".mdc", ".txt", ".markdown", ".rst"))
_CODE_SPAN = re.compile(r"`[^`\n]*`")
_ASKS = re.compile(r"\b(?:read|follow|includ\w*|load|apply|import|consult|obey|guidelines)\b", re.IGNORECASE)
_OPTIONAL = re.compile(
    r"\b(?:if (?:it )?(?:exists|present|available|any)|optional(?:ly)?|when present)\b", re.IGNORECASE
)
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+")


@dataclass(frozen=True, slots=True)
class Reference:
    """A place where a text asks for another.

    Attributes:
        name: The path as written.
        line: 1-based line of that text.
        required: False where the words around it say "if it exists".
    """

    name: str
    line: int
    required: bool = True


def find_references(text: str, first_line: int = 1) -> tuple[Reference, ...]:
    """The texts that a definition asks to read and follow, in order, each once.

    A snippet counts where its line or the sentence that leads to its list asks to read, follow or include
    it; ``@path`` counts outside code. Code blocks are examples and ask for nothing.
    """
    found: dict[str, Reference] = {}
    lead_in = ""
    for number, line in prose_lines(text, first_line):
        if line.strip() and not _LIST_ITEM.match(line):
            lead_in = line
        if "snippets/" not in line and "@" not in line:
            continue
        required = not _OPTIONAL.search(line)
        if _ASKS.search(line) or _ASKS.search(lead_in):
            for match in (*_SNIPPET.finditer(line), *_BUNDLED.finditer(line)):
                found.setdefault(match[0], Reference(match[0], number, required))
        for match in _IMPORT.finditer(_CODE_SPAN.sub(lambda code: " " * len(code[0]), line)):
            name = match[1].rstrip(".")
            if name.strip("./~"):
                certain = Path(name).suffix.lower() in _IMPORT_SUFFIXES
                found.setdefault(name, Reference(name, number, required and certain))
    return tuple(found.values())


def prose_lines(text: str, first_line: int) -> Iterator[tuple[int, str]]:
    """The lines of a Markdown text that stand in no fenced code block, with their numbers."""
    fence = ""
    for number, line in enumerate(text.split("\n"), first_line):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif fence and match and match[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        elif not fence:
            yield number, line


@dataclass(slots=True)
class _Reader:
    root: Path
    strict: bool = True
    includes: list[Include] = field(default_factory=list)
    findings: list[LintFinding] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)
    size: int = 0

    def read(
        self, text: str, first_line: int, chain: tuple[str, ...], files: tuple[Path, ...], top: int | None
    ) -> None:
        """Read what ``text`` (the last file of the chain) asks for, and what that asks for."""
        for reference in find_references(text, first_line):
            line = top if top is not None else reference.line
            path = self._locate(reference, chain[-1], files)
            if path is None:
                continue
            if path in files and self.strict:
                raise _refused("the includes form a cycle", (*chain, str(path)), "Remove one of them.")
            if path in self.seen or path in files:
                continue
            if not self.strict and len(chain) > MAX_IMPORTS:
                self._missing(reference, chain[-1], f"is imported deeper than {MAX_IMPORTS} levels")
                continue
            if len(chain) > MAX_LEVELS:
                raise _refused(
                    f"the includes go deeper than {MAX_LEVELS} levels", (*chain, str(path)), "Flatten them."
                )
            content = self._content(path, (*chain, str(path)))
            if content is None:
                self._missing(reference, chain[-1], "cannot be read as text")
                continue
            self.seen.add(path)
            # A bundled file goes by its name: where it is installed means nothing to anybody else.
            shown = Path(reference.name) if _BUNDLED.fullmatch(reference.name) else path
            self.includes.append(Include(reference.name, shown, line, content))
            self.read(content, 1, (*chain, str(path)), (*files, path), line)

    def _locate(self, reference: Reference, asked_in: str, files: tuple[Path, ...]) -> Path | None:
        bundled = _BUNDLED.fullmatch(reference.name)
        if bundled:
            path = library_path(bundled[1], bundled[2])
            if path is None:
                self._missing(reference, asked_in, "is not in the bundled library")
            return path
        bases = [self.root, *(file.parent for file in files[-1:])]
        for base in () if reference.name.startswith("~") else bases:
            path = file_within(self.root, base, reference.name)
            if path is not None:
                return path
        if reference.required:
            inside = any(_is_below(base / reference.name, self.root) for base in bases)
            why = "was not found" if inside else "lies outside the project and is not read"
            self._missing(reference, asked_in, why)
        return None

    def _missing(self, reference: Reference, asked_in: str, why: str) -> None:
        self.findings.append(
            LintFinding(
                "missing-include",
                Severity.WARNING,
                asked_in,
                reference.line,
                f"`{reference.name}` {why}; the agent works without it",
                f"Put it below {self.root}, or remove the sentence that asks for it.",
            )
        )

    def _content(self, path: Path, chain: tuple[str, ...]) -> str | None:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError:
            return None  # reported by the caller as a missing include
        self.size += len(data)
        if self.size > MAX_BYTES:
            raise _refused("the included texts exceed 1 MiB", chain, "Include less.")
        source = read_source(data, str(path))
        return None if source.unusable and source.unusable.rule == "binary-file" else source.text


def _is_below(path: Path, root: Path) -> bool:
    """Whether a path is below a folder by its words, whatever is there."""
    return "~" not in path.parts and Path(os.path.normpath(path)).is_relative_to(root)


def _refused(what: str, chain: tuple[str, ...], advice: str) -> DefinitionError:
    return DefinitionError(f"{what}: {' → '.join(chain)}", where=chain[0], advice=advice)


def resolve_includes(
    text: str, first_line: int, path: str, project_root: Path, *, instructions: bool = False
) -> tuple[tuple[Include, ...], tuple[LintFinding, ...]]:
    """Read what a definition includes, directly and through what it includes.

    Paths are tried relative to the project's root, then to the file that asks. Nothing outside the project
    is read, also not through links.

    Args:
        text: The text that asks (a definition's body).
        first_line: 1-based line of the file where the text starts.
        path: The file; ``ironwright:<name>`` for a bundled one.
        project_root: The project's root.
        instructions: The text is a project's own instructions: as in Claude Code a file that is being read
            already, and what is deeper than :data:`MAX_IMPORTS` levels, is passed over.

    Returns:
        The includes in the order of reading, each file once, with the line of ``text`` that led to it;
        and a finding ``missing-include`` for each that could not be read.

    Raises:
        DefinitionError: A cycle, more than 10 levels, or more than 1 MiB; it names the chain of files.
    """
    reader = _Reader(project_root.resolve(), not instructions)
    files = () if path.startswith(LIBRARY_SCHEME) else (Path(path).resolve(),)
    reader.read(text, first_line, (path,), files, None)
    return tuple(reader.includes), tuple(reader.findings)
