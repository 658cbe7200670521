"""Fills in a template, and knows of each line of the result which file and line it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from ironwright.agents.frontmatter import split_frontmatter
from ironwright.agents.source import MAX_BYTES, file_within, read_bytes, read_source
from ironwright.records.errors import DefinitionError

MAX_LEVELS = 10
"""Deepest chain of contents that are filled into one another, as in AGPM."""

_SYNTAX = re.compile(r"\{\{|\{%|\{#")
# Two characters that Unicode keeps out of every text enclose the origin of a line.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"{_OPEN}(\\d+):(\\d+){_CLOSE}")
_STRAY = re.compile(f"{_OPEN}[\\d:]*{_CLOSE}?|{_CLOSE}")


class Values(Protocol):
    """Gives the names that the template of a file may use."""

    def __call__(self, path: Path, chain: tuple[Path, ...]) -> Mapping[str, Any]:
        """The names for a file; ``chain`` is the files from the first one to it."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    """A template that was filled in.

    Attributes:
        text: The result.
        places: File and 1-based line that each line of the text comes from.
    """

    text: str
    places: tuple[tuple[str, int], ...]


def has_template(text: str) -> bool:
    """Whether a text holds any template syntax at all."""
    return _SYNTAX.search(text) is not None


def wants_templating(metadata: Mapping[str, Any]) -> bool:
    """Whether a frontmatter opts in: ``agpm: {templating: true}``."""
    settings = metadata.get("agpm")
    return isinstance(settings, Mapping) and settings.get("templating") is True


@dataclass(slots=True)
class Filler:
    """Fills in one definition and what it takes the content of.

    Attributes:
        root: The resolved root of the project; nothing outside it is read.
        values: The names that each file may use.
        read: Texts that were taken in, in order, with the files they are.
    """

    root: Path
    values: Values
    read: dict[Path, str] = field(default_factory=dict)
    _origins: list[str] = field(default_factory=list)
    _size: int = 0

    def fill(self, text: str, path: Path, first_line: int, shown: str) -> Filled:
        """Fill in a definition's body.

        Args:
            text: The body.
            path: Its file.
            first_line: 1-based line of the file where it starts.
            shown: What the file is called in places and errors.

        Raises:
            DefinitionError: The template has wrong syntax, uses a name that is not defined or a file that is
                missing, too large or outside the project, or unfolds without end; with file and line, and
                the chain of files that led there.
        """
        marked = self._filled(_clean(text), (path,), first_line, shown)
        return self._unmarked(marked, shown, first_line)

    def content(self, path: Path, chain: tuple[Path, ...]) -> str:
        """A file's text without its frontmatter, filled in where it opts in, its lines marked.

        Raises:
            DefinitionError: As for :meth:`fill`.
        """
        files = (*chain, path)
        if path in chain:
            raise _refused("the contents form a cycle", files, "Remove one of them.")
        if len(files) > MAX_LEVELS + 1:
            raise _refused(f"the contents go deeper than {MAX_LEVELS} levels", files, "Flatten them.")
        data = read_bytes(path)
        self._size += len(data)
        if self._size > MAX_BYTES:
            raise _refused("the contents exceed 1 MiB", files, "Take in less.")
        source = read_source(data, str(path))
        if source.unusable is not None and source.unusable.rule != "empty-file":
            raise _refused(source.unusable.message, files, source.unusable.advice)
        text, first_line, opted_in = source.text, 1, False
        if path.suffix.lower() in (".md", ".mdc", ".markdown"):
            front = split_frontmatter(text, str(path))
            text, first_line, opted_in = front.body, front.body_line, wants_templating(front.values)
        self.read[path] = text
        text = _clean(text.strip("\n") if first_line == 1 else text)
        if opted_in and has_template(text):
            return self._filled(text, files, first_line, str(path)).strip("\n")
        return self._mark(text, str(path), first_line).strip("\n")

    def _filled(self, text: str, chain: tuple[Path, ...], first_line: int, shown: str) -> str:
        from jinja2 import TemplateError

        from ironwright.agents.tera import MAX_CHARACTERS, Named, Tera
        from ironwright.agents.tera_filters import TeraError

        engine = Tera(mark=self._mark, content=lambda name: self._named(name, chain))
        engine.first_lines[shown] = first_line
        names = {key: Named(key, value) for key, value in self.values(chain[-1], chain).items()}
        try:
            code = engine.compile(text, shown, shown)
            template = engine.template_class.from_code(engine, code, engine.make_globals(None))
            parts: list[str] = []
            size = 0
            for part in template.generate(names):
                parts.append(part)
                size += len(part)
                if size > 2 * MAX_CHARACTERS:
                    raise TeraError("the template unfolds into more than 1 MiB")
            return "".join(parts)
        except DefinitionError:
            raise
        except (TemplateError, TeraError) as error:
            line = _line_in(error.__traceback__, shown) or getattr(error, "lineno", None) or 1
            problem = str(getattr(error, "message", None) or error) or type(error).__name__
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            line = _line_in(error.__traceback__, shown) or 1
            problem = str(error)
        except (RecursionError, MemoryError, SyntaxError):
            line, problem = 1, "it nests too deep to be filled in"
        raise _broken(problem, chain, first_line + line - 1, shown)

    def _named(self, name: Any, chain: tuple[Path, ...]) -> str:
        """The filter ``content``: the text of a file, named from the project's root."""
        from ironwright.agents.tera_filters import TeraError, written

        asked = str(written(name))
        path = file_within(self.root, self.root, asked)
        if path is None:
            missing = (self.root / asked).resolve().is_relative_to(self.root) if _is_name(asked) else True
            why = f"is not in {self.root}" if missing else "lies outside the project and is not read"
            raise TeraError(f"the file `{asked}` {why}")
        return self.content(path, chain)

    def _mark(self, text: str, origin: str, line: int) -> str:
        if origin not in self._origins:
            self._origins.append(origin)
        number = self._origins.index(origin)
        lines = text.split("\n")
        marked = [f"{part}{_OPEN}{number}:{line + row}{_CLOSE}\n" for row, part in enumerate(lines[:-1])]
        last = f"{lines[-1]}{_OPEN}{number}:{line + len(lines) - 1}{_CLOSE}" if lines[-1] else ""
        return "".join(marked) + last

    def _unmarked(self, marked: str, shown: str, first_line: int) -> Filled:
        texts: list[str] = []
        places: list[tuple[str, int]] = []
        lines = marked.split("\n")
        for number, line in enumerate(lines, 1):
            found = _MARK.search(line)
            if found:
                places.append((self._origins[int(found[1])], int(found[2])))
            elif not places:
                places.append((shown, first_line))
            elif not line and number == len(lines):  # what follows the last line end
                places.append((places[-1][0], places[-1][1] + 1))
            else:  # the text of a value: it stands where the line above it does
                places.append(places[-1])
            texts.append(_STRAY.sub("", line))
        return Filled("\n".join(texts), tuple(places))


def expand_values(text: str, names: Mapping[str, Any], path: Path, line: int) -> str:
    """Fill in a short text of a frontmatter, such as a dependency's path, that stands on that line.

    Raises:
        DefinitionError: It has wrong syntax, or uses a name that is not defined.
    """
    return Filler(path.parent, lambda _path, _chain: names).fill(text, path, line, str(path)).text


def _clean(text: str) -> str:
    return text.replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd")


def _is_name(name: str) -> bool:
    return 0 < len(name) < 4096 and "\0" not in name


def _line_in(traceback: TracebackType | None, shown: str) -> int | None:
    """The template's line in which an error arose: the innermost frame that is the template's."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == shown:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _broken(problem: str, chain: tuple[Path, ...], line: int, shown: str) -> DefinitionError:
    through = f" (through {' → '.join(str(path) for path in chain)})" if len(chain) > 1 else ""
    return DefinitionError(
        f"the template cannot be filled in: {problem.rstrip('.')}{through}",
        where=f"{shown}:{line}",
        advice="Correct the template; `{% raw %}` … `{% endraw %}` keeps braces as they are.",
    )


def _refused(what: str, chain: tuple[Path, ...], advice: str) -> DefinitionError:
    return DefinitionError(
        f"{what}: {' → '.join(str(path) for path in chain)}", where=str(chain[0]), advice=advice
    )
