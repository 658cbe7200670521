"""AGPM packages: the manifest ``agpm.toml``, its private part, and the lock, as far as agents need them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ironwright.agents.source import read_bytes
from ironwright.records.definition import LintFinding, Severity
from ironwright.records.errors import DefinitionError

MANIFEST = "agpm.toml"
PRIVATE_MANIFEST = "agpm.private.toml"
LOCK = "agpm.lock"
MANIFESTS = (MANIFEST, PRIVATE_MANIFEST, LOCK)

KINDS = ("agents", "commands", "snippets", "skills", "scripts", "hooks", "mcp-servers")
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One dependency of a manifest.

    Attributes:
        kind: ``agents``, ``snippets`` …
        name: Its key in the manifest.
        path: As written; a pattern where it has ``*``, ``?`` or ``[``.
        source: Name of the repository it comes from, or None for a local one.
        version: As written, or None.
        line: 1-based line of the manifest.
    """

    kind: str
    name: str
    path: str
    source: str | None
    version: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Locked:
    """One resource of the lock.

    Attributes:
        kind: ``agents``, ``snippets`` …
        name: The name that the manifest, or who depends on it, gives it.
        path: Its path in its source.
        installed_at: Where AGPM writes it, relative to the package's root.
        install: Whether it is written there at all.
        version: The resolved version, or None.
        source: Name of its repository, or None.
        resolved_commit: Git commit, or None.
        checksum: As written.
        line: 1-based line of the lock.
    """

    kind: str
    name: str
    path: str
    installed_at: str
    install: bool
    version: str | None
    source: str | None
    resolved_commit: str | None
    checksum: str
    line: int


@dataclass(frozen=True, slots=True)
class Package:
    """A folder with an ``agpm.toml``.

    Attributes:
        root: The resolved folder.
        project: The table ``[project]``: names for templates.
        entries: The manifest's dependencies.
        patches: Kind and name to the frontmatter keys that the manifest overrides.
        patch_places: Kind and name to ``file:line`` of the patch.
        locked: The lock's resources; empty without a lock.
        sources: Names of the repositories.
    """

    root: Path
    project: Mapping[str, Any]
    entries: tuple[Entry, ...]
    patches: Mapping[tuple[str, str], Mapping[str, Any]]
    patch_places: Mapping[tuple[str, str], str]
    locked: tuple[Locked, ...]
    sources: frozenset[str]

    def lock_of(self, path: Path) -> Locked | None:
        """The lock's entry of an installed file."""
        if not path.is_relative_to(self.root):
            return None
        relative = path.relative_to(self.root).as_posix()
        return next((item for item in self.locked if item.installed_at == relative and item.install), None)

    def names_of(self, kind: str, path: Path) -> tuple[str, ...]:
        """What the manifest and the lock call a file of this package."""
        found = [item.name for item in (self.lock_of(path),) if item is not None and item.kind == kind]
        for entry in self.entries:
            if entry.kind == kind and entry.source is None and path in self.files_of(entry):
                found.append(path.stem if _GLOB.search(entry.path) else entry.name)
        return tuple(dict.fromkeys(found))

    def patch_of(self, kind: str, path: Path) -> Mapping[str, Any]:
        """What the manifest overrides in a file's frontmatter."""
        if not self.patches:
            return {}
        names = self.names_of(kind, path)
        return {key: value for name in names for key, value in self.patches.get((kind, name), {}).items()}

    def files_of(self, entry: Entry) -> tuple[Path, ...]:
        """The files of a local dependency that are there, inside the package."""
        if entry.source is not None or Path(entry.path).is_absolute() or ".." in Path(entry.path).parts:
            return ()
        try:
            if _GLOB.search(entry.path):
                found = sorted(path.resolve() for path in self.root.glob(entry.path) if path.is_file())
            else:
                path = (self.root / entry.path).resolve()
                found = [path] if path.is_file() else []
        except (OSError, ValueError, RuntimeError, NotImplementedError):
            return ()  # a name that no file can have
        return tuple(path for path in found if path.is_relative_to(self.root))


def find_package(path: Path, project_root: Path) -> Package | None:
    """The package that a file belongs to: the nearest ``agpm.toml`` above it, not above the project's root.

    Raises:
        DefinitionError: A manifest or lock cannot be read; it names file and line.
    """
    root = project_root.resolve()
    for folder in path.resolve().parents:
        if (folder / MANIFEST).is_file():
            return load_package(folder)
        if folder == root or not folder.is_relative_to(root):
            break
    return None


def load_package(folder: Path) -> Package:
    """The package of a folder with an ``agpm.toml``.

    Raises:
        DefinitionError: A manifest or lock cannot be read; it names file and line.
    """
    stamps = tuple(_stamp(folder / name) for name in MANIFESTS)
    return _load(folder.resolve(), stamps)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _load(folder: Path, stamps: tuple[tuple[int, int] | None, ...]) -> Package:
    manifest, text = _read_toml(folder / MANIFEST)
    private, private_text = _read_toml(folder / PRIVATE_MANIFEST) if stamps[1] else ({}, "")
    lock, lock_text = _read_toml(folder / LOCK) if stamps[2] else ({}, "")
    entries = (
        *_entries(manifest, text, folder / MANIFEST),
        *_entries(private, private_text, folder / PRIVATE_MANIFEST),
    )
    patches, places = _patches(
        (manifest, text, folder / MANIFEST), (private, private_text, folder / PRIVATE_MANIFEST)
    )
    sources = {*_table(manifest, "sources"), *_table(private, "sources")}
    return Package(
        folder,
        _table(manifest, "project"),
        entries,
        patches,
        places,
        tuple(_locked(lock, lock_text)),
        frozenset(sources),
    )


def _read_toml(path: Path) -> tuple[dict[str, Any], str]:
    data = read_bytes(path)
    try:
        text = data.decode("utf-8")
        return tomllib.loads(text), text
    except UnicodeDecodeError as error:
        raise DefinitionError(
            "the file is not UTF-8",
            where=f"{path}:{_line_at(data, error.start)}",
            advice="Save it as UTF-8.",
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"\(at line (\d+)", str(error))
        problem = str(error).split(" (at")[0][:1].lower() + str(error).split(" (at")[0][1:]
        raise DefinitionError(
            f"this is not valid TOML: {problem or 'it nests too deep'}",
            where=f"{path}:{at[1] if at else 1}",
            advice="Correct that line.",
        ) from error


def _line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _table(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _entries(manifest: Mapping[str, Any], text: str, path: Path) -> Iterator[Entry]:
    for kind in KINDS:
        for name, value in _table(manifest, kind).items():
            line = _key_line(text, kind, name)
            if isinstance(value, str):
                yield Entry(kind, name, value, None, None, line)
                continue
            where = value.get("path") if isinstance(value, dict) else None
            if not isinstance(where, str):
                raise DefinitionError(
                    f"`{kind}.{name}` names no path",
                    where=f"{path}:{line}",
                    advice=f'Write `{name} = "path/to/file.md"` or a table with a `path`.',
                )
            source, version = value.get("source"), value.get("version")
            yield Entry(
                kind,
                name,
                where,
                source if isinstance(source, str) else None,
                version if isinstance(version, str) else None,
                line,
            )


def _key_line(text: str, table: str, key: str) -> int:
    """1-based line of a key; 1 where TOML writes it in a way that is not looked for."""
    inside = False
    wanted = re.compile(rf"""[ \t]*(?:{re.escape(table)}\.)?["']?{re.escape(key)}["']?[ \t]*[.=]""")
    header = re.compile(rf"""[ \t]*\[{re.escape(table)}(?:\.["']?{re.escape(key)}["']?)?\]""")
    for number, line in enumerate(text.split("\n"), 1):
        if header.match(line):
            inside = True
            if key in line.split("]")[0].removeprefix("[" + table):
                return number
        elif line.lstrip().startswith("["):
            inside = False
        elif wanted.match(line) and (inside or table in line.split("=")[0]):
            return number
    return 1


def _patches(
    *manifests: tuple[Mapping[str, Any], str, Path],
) -> tuple[dict[tuple[str, str], dict[str, Any]], dict[tuple[str, str], str]]:
    patches: dict[tuple[str, str], dict[str, Any]] = {}
    places: dict[tuple[str, str], str] = {}
    for data, text, path in manifests:
        for kind, names in _table(data, "patch").items():
            for name, values in names.items() if isinstance(names, dict) else ():
                if not isinstance(values, dict):
                    continue
                line = _key_line(text, f"patch.{kind}", name)
                where = f"{path}:{line}"
                known = patches.setdefault((kind, name), {})
                both = sorted(known.keys() & values.keys())
                if both:
                    raise DefinitionError(
                        f"`{both[0]}` of {kind}.{name} is patched in two files",
                        where=where,
                        advice=f"Keep it here or in {places[kind, name]}.",
                    )
                known.update(values)
                places.setdefault((kind, name), where)
    return patches, places


def _locked(lock: Mapping[str, Any], text: str) -> Iterator[Locked]:
    for kind in KINDS:
        starts = [n for n, line in enumerate(text.split("\n"), 1) if line.strip() == f"[[{kind}]]"]
        items = lock.get(kind)
        for number, item in enumerate(items if isinstance(items, list) else ()):
            if not isinstance(item, dict):
                continue

            def word(key: str, item: Mapping[str, Any] = item) -> str | None:
                value = item.get(key)
                return value if isinstance(value, str) else None

            yield Locked(
                kind,
                word("name") or "",
                word("path") or "",
                (word("installed_at") or "").replace("\\", "/"),
                item.get("install") is not False,
                word("version"),
                word("source"),
                word("resolved_commit"),
                word("checksum") or "",
                starts[number] if number < len(starts) else 1,
            )


def lint_package(folder: Path) -> tuple[LintFinding, ...]:
    """What is odd about a package's manifest and lock; a file that cannot be read is an ERROR."""
    try:
        package = load_package(folder)
    except DefinitionError as error:
        path, _, line = error.where.rpartition(":")
        at = int(line) if path and line.isdigit() else 1
        return (
            LintFinding("broken-manifest", Severity.ERROR, path or error.where, at, error.what, error.advice),
        )
    return (*_odd_entries(package), *_odd_patches(package), *_odd_lock(package))


def _odd_entries(package: Package) -> Iterator[LintFinding]:
    manifest = str(package.root / MANIFEST)
    for entry in package.entries:
        if entry.source is not None and entry.source not in package.sources:
            yield LintFinding(
                "unknown-source",
                Severity.WARNING,
                manifest,
                entry.line,
                f"`{entry.name}` comes from `{entry.source}`, which is not in [sources]",
                f"Add `{entry.source}` to [sources], or correct the name.",
            )
        elif entry.source is None and ".." not in Path(entry.path).parts and not package.files_of(entry):
            yield LintFinding(
                "missing-dependency",
                Severity.WARNING,
                manifest,
                entry.line,
                f"`{entry.name}` is {entry.path}, which is not there",
                "Correct the path, or remove the entry.",
            )


def _odd_patches(package: Package) -> Iterator[LintFinding]:
    patterned = {entry.kind for entry in package.entries if _GLOB.search(entry.path)}
    known = {(entry.kind, entry.name) for entry in package.entries}
    known |= {(item.kind, item.name) for item in package.locked}
    for kind, name in package.patches:
        if (kind, name) not in known and kind not in patterned:
            path, _, line = package.patch_places[kind, name].rpartition(":")
            yield LintFinding(
                "unknown-patch",
                Severity.WARNING,
                path,
                int(line),
                f"the patch of {kind}.{name} has nothing to change: the manifest has no such dependency",
                "Use the name of a dependency of the manifest.",
            )


def _odd_lock(package: Package) -> Iterator[LintFinding]:
    for item in package.locked:
        if item.kind not in ("agents", "commands", "snippets") or not item.install or not item.installed_at:
            continue
        if not (package.root / item.installed_at).is_file():
            yield LintFinding(
                "not-installed",
                Severity.INFO,
                str(package.root / LOCK),
                item.line,
                f"{item.installed_at} is locked and not there",
                "Run `agpm install`.",
            )
