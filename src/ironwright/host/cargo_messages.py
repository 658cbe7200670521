"""Reads cargo's JSON messages: the compiler's diagnostics, the artefacts, and what build scripts asked for.

Programs that run inside the compiler (procedural macros) can print lines into this stream. So nothing here
decides whether a command succeeded: that is its exit code alone. And an executable that two messages name
differently is reported in :attr:`Messages.conflicts` instead of being believed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Locate = Callable[[str], str | None]
"""Turns a file name as the compiler writes it into a path relative to the repository's root, or None."""

_MAX_EXPANSIONS = 256


@dataclass(frozen=True, slots=True)
class Span:
    """A place that a diagnostic points at, at the outermost macro call.

    Attributes:
        path: File relative to the repository's root; None where it lies outside.
        line: First line, 1-based.
        column: First column, 1-based.
        end_line: Last line.
        end_column: Last column.
        primary: Whether it is the place of the error and not a side remark.
        label: What the compiler wrote under it; may be empty.
        macro: The outermost macro that was expanded (``vec!``), empty where none was.
    """

    path: str | None
    line: int
    column: int
    end_line: int
    end_column: int
    primary: bool
    label: str = ""
    macro: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message of the compiler, clippy or rustdoc.

    Attributes:
        level: ``error``, ``warning``, ``note``, ``help`` or ``failure-note``; an internal compiler error is
            ``error: internal compiler error``.
        code: ``E0308``, ``unused_variables``, ``clippy::eq_op``; empty where there is none.
        message: The message's first line.
        rendered: The whole of it as the compiler prints it.
        spans: Where it points; primary places first.
        notes: The texts of the notes and helps below it.
        package_id: The package that was being compiled.
        target_name: The target that was being compiled.
        target_kind: Its first kind (``lib``, ``bin``, ``test``, ``example``, ``bench``, ``proc-macro``).
    """

    level: str
    code: str
    message: str
    rendered: str
    spans: tuple[Span, ...]
    notes: tuple[str, ...]
    package_id: str
    target_name: str
    target_kind: str

    @property
    def is_error(self) -> bool:
        """Whether it stops the build."""
        return self.level.startswith("error")

    @property
    def place(self) -> Span | None:
        """The first primary place, or None."""
        return next((span for span in self.spans if span.primary), None)

    @property
    def path(self) -> str | None:
        """The file of the first primary place."""
        return self.place.path if self.place else None

    @property
    def line(self) -> int | None:
        """The line of the first primary place, where its file is known."""
        return self.place.line if self.place and self.place.path else None


@dataclass(frozen=True, slots=True)
class Artefact:
    """What was built for one target, or was still fresh.

    Attributes:
        package_id: Its package.
        target_name: Its target.
        target_kind: The target's first kind.
        source: The target's root file relative to the repository's root, or None where outside.
        is_test: Whether it was compiled as a test.
        executable: Where the program lies, as the job sees it; None for libraries.
        files: Everything that was written for it, as the job sees it.
        fresh: Whether it was there already.
    """

    package_id: str
    target_name: str
    target_kind: str
    source: str | None
    is_test: bool
    executable: str | None
    files: tuple[str, ...]
    fresh: bool


@dataclass(frozen=True, slots=True)
class BuildScript:
    """What a build script asked for.

    Attributes:
        package_id: Its package.
        out_dir: ``OUT_DIR``, as the job sees it.
        env: Variables for the compiler and for programs that cargo starts.
        linked_paths: Folders to search for libraries, without their ``native=`` marks.
    """

    package_id: str
    out_dir: str
    env: tuple[tuple[str, str], ...]
    linked_paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Messages:
    """Everything that one cargo command said.

    Attributes:
        diagnostics: In the order of the output, repetitions left out.
        artefacts: One for each target and mode.
        build_scripts: One for each package that has one.
        conflicts: Targets for which two different executables were named: somebody else wrote messages.
    """

    diagnostics: tuple[Diagnostic, ...]
    artefacts: tuple[Artefact, ...]
    build_scripts: tuple[BuildScript, ...]
    conflicts: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that stop a build."""
        return tuple(item for item in self.diagnostics if item.is_error)


def parse_messages(output: bytes, locate: Locate) -> Messages:
    """Read the standard output of a cargo command with ``--message-format=json``; never raises.

    Args:
        output: The output; lines that are no message of cargo's are skipped.
        locate: Where files lie.
    """
    diagnostics: dict[tuple[Any, ...], Diagnostic] = {}
    artefacts: dict[tuple[str, str, str, bool], Artefact] = {}
    scripts: dict[str, BuildScript] = {}
    conflicts: list[str] = []
    for data in _objects(output.splitlines()):
        reason = data.get("reason")
        if reason == "compiler-message":
            diagnostic = _diagnostic(data, locate)
            if not _is_summary(diagnostic):
                key = (diagnostic.level, diagnostic.code, diagnostic.message, diagnostic.spans)
                diagnostics.setdefault(key, diagnostic)
        elif reason == "compiler-artifact":
            artefact = _artefact(data, locate)
            identity = (
                artefact.package_id,
                artefact.target_kind,
                artefact.target_name,
                artefact.is_test,
            )
            known = artefacts.setdefault(identity, artefact)
            if known.executable != artefact.executable:
                conflicts.append(f"{artefact.target_kind} {artefact.target_name}")
        elif reason == "build-script-executed":
            script = _build_script(data)
            scripts[script.package_id] = script
    return Messages(
        tuple(diagnostics.values()), tuple(artefacts.values()), tuple(scripts.values()), tuple(conflicts)
    )


def _objects(lines: Iterable[bytes]) -> Iterable[Mapping[str, Any]]:
    for line in lines:
        if not line.startswith(b"{"):
            continue
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue  # printed by a program in the compiler, not by cargo
        if isinstance(data, dict):
            yield data


def _is_summary(diagnostic: Diagnostic) -> bool:
    """Whether it only counts others ("aborting due to 2 previous errors", "3 warnings emitted")."""
    if diagnostic.level == "failure-note":
        return True
    if diagnostic.spans or diagnostic.code:
        return False
    return diagnostic.message.startswith("aborting due to") or (
        diagnostic.level == "warning" and diagnostic.message.endswith(("warning emitted", "warnings emitted"))
    )


def _diagnostic(data: Mapping[str, Any], locate: Locate) -> Diagnostic:
    message = _mapping(data.get("message"))
    target = _mapping(data.get("target"))
    spans = sorted(
        (_span(_mapping(item), locate) for item in _list(message.get("spans"))),
        key=lambda span: not span.primary,
    )
    return Diagnostic(
        level=_text(message.get("level")),
        code=_text(_mapping(message.get("code")).get("code")),
        message=_text(message.get("message")),
        rendered=_text(message.get("rendered")),
        spans=tuple(spans),
        notes=tuple(_text(_mapping(child).get("message")) for child in _list(message.get("children"))),
        package_id=_text(data.get("package_id")),
        target_name=_text(target.get("name")),
        target_kind=_first(target.get("kind")),
    )


def _span(data: Mapping[str, Any], locate: Locate) -> Span:
    outer, macro = data, ""
    for _ in range(_MAX_EXPANSIONS):
        expansion = _mapping(outer.get("expansion"))
        if not _mapping(expansion.get("span")):
            break
        macro = _text(expansion.get("macro_decl_name"))
        outer = _mapping(expansion["span"])
    return Span(
        path=locate(_text(outer.get("file_name"))),
        line=_number(outer.get("line_start")),
        column=_number(outer.get("column_start")),
        end_line=_number(outer.get("line_end")),
        end_column=_number(outer.get("column_end")),
        primary=data.get("is_primary") is True,
        label=_text(data.get("label")),
        macro=macro,
    )


def _artefact(data: Mapping[str, Any], locate: Locate) -> Artefact:
    target = _mapping(data.get("target"))
    executable = data.get("executable")
    return Artefact(
        package_id=_text(data.get("package_id")),
        target_name=_text(target.get("name")),
        target_kind=_first(target.get("kind")),
        source=locate(_text(target.get("src_path"))),
        is_test=_mapping(data.get("profile")).get("test") is True,
        executable=executable if isinstance(executable, str) else None,
        files=tuple(_text(item) for item in _list(data.get("filenames"))),
        fresh=data.get("fresh") is True,
    )


def _build_script(data: Mapping[str, Any]) -> BuildScript:
    pairs = [item for item in _list(data.get("env")) if isinstance(item, list) and len(item) == 2]
    return BuildScript(
        package_id=_text(data.get("package_id")),
        out_dir=_text(data.get("out_dir")),
        env=tuple((_text(key), _text(value)) for key, value in pairs),
        linked_paths=tuple(_text(p).rpartition("=")[2] for p in _list(data.get("linked_paths"))),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1


def _first(value: Any) -> str:
    return next((item for item in _list(value) if isinstance(item, str)), "")
