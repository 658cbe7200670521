"""The dependencies that a Cargo.toml states, normalised so that only a change of meaning is a change."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from ironwright.records.errors import RepositoryError

_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")
_HEADER = re.compile(r"^\s*\[{1,2}\s*(?P<path>[^\[\]]+(?:\[[^\]]*\][^\[\]]*)*)\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*(?P<path>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def is_manifest(path: str) -> bool:
    """Whether a path (with ``/``) is a Cargo.toml outside of build output."""
    return path.rsplit("/", 1)[-1] == "Cargo.toml" and not path.startswith("target/")


def dependency_manifests(paths: Iterable[str]) -> tuple[str, ...]:
    """The manifests among a tree's paths, in order."""
    return tuple(sorted(path for path in paths if is_manifest(path)))


def dependency_entries(text: str, path: str = "Cargo.toml") -> dict[str, Any]:
    """Everything in a manifest that says what the package depends on, by its dotted name.

    These are the tables of dependencies (also under ``target`` and ``workspace``), ``patch`` and
    ``replace``, and the features that pull dependencies in (``dep:x``, ``x/feature``). A version string and
    a table that holds only that version are the same; so are lists in another order.

    Args:
        text: The manifest's text; an empty one has no dependencies.
        path: Its path, for errors.

    Raises:
        RepositoryError: It is not valid TOML, or a table of dependencies is no table; ``where`` names the
            line where it is known.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}:{line[1]}" if line else path
        raise RepositoryError(f"this is not valid TOML: {error}", where=where, advice="Repair it.") from error
    entries: dict[str, Any] = {}
    _take_tables(entries, "", data, path)
    for target, tables in _table(data, "target", path).items():
        _take_tables(entries, f"target.{target}.", tables, path)
    workspace = _table(data, "workspace", path)
    for name, value in _table(workspace, "dependencies", path).items():
        entries[f"workspace.dependencies.{name}"] = _normal(value)
    for kind in ("patch", "replace"):
        for name, value in _table(data, kind, path).items():
            entries[f"{kind}.{name}"] = _normal(value)
    for feature, enabled in _table(data, "features", path).items():
        pulled = [item for item in _strings(enabled) if "/" in item or item.startswith("dep:")]
        if pulled:
            entries[f"features.{feature}"] = sorted(pulled)
    return entries


def manifest_digest(text: str) -> str:
    """A digest that two manifests share exactly when they state the same dependencies.

    A missing manifest counts as an empty one. Text that is not valid TOML has a digest of its own that
    starts with ``invalid:``, so that recording a command never fails.
    """
    try:
        entries = dependency_entries(text)
    except RepositoryError:
        return "invalid:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    canonical = json.dumps(entries, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def changed_entries(before: str, after: str, path: str = "Cargo.toml") -> tuple[str, ...]:
    """The dotted names of the entries that differ between two texts of a manifest, in order.

    Raises:
        RepositoryError: As for :func:`dependency_entries`.
    """
    old, new = dependency_entries(before, path), dependency_entries(after, path)
    return tuple(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))


def entry_line(text: str, entry: str) -> int | None:
    """The 1-based line where a manifest starts to state an entry; None where it does not state it.

    Args:
        text: The manifest's text.
        entry: A name as :func:`dependency_entries` gives it.
    """
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = _parts(header["path"])
            if _names(table, entry):
                return number
        elif (key := _KEY.match(line)) and _names((*table, *_parts(key["path"])), entry):
            return number
    return None


def _take_tables(entries: dict[str, Any], prefix: str, data: Any, path: str) -> None:
    if not isinstance(data, Mapping):
        raise RepositoryError(f"[{prefix.rstrip('.')}] must be a table", where=path, advice="Repair it.")
    for kind in _TABLES:
        for spelling in {kind, kind.replace("-", "_")}:
            for name, value in _table(data, spelling, path).items():
                entries[f"{prefix}{kind}.{name}"] = _normal(value)


def _table(data: Mapping[str, Any], name: str, path: str) -> Mapping[str, Any]:
    value = data.get(name, {})
    if not isinstance(value, Mapping):
        raise RepositoryError(f"[{name}] must be a table", where=path, advice="Repair it.")
    return value


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return {"version": value}
    if isinstance(value, Mapping):
        return {key.replace("_", "-"): _normal_part(part) for key, part in value.items()}
    return value


def _normal_part(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value, key=str)
    return _normal(value) if isinstance(value, Mapping) else value


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(path))


def _names(parts: tuple[str, ...], entry: str) -> bool:
    """Whether a key's path is that of an entry or lies in it (``serde.version`` in ``serde``)."""
    written = ".".join(parts)
    for kind in _TABLES:
        written = written.replace(kind.replace("-", "_") + ".", kind + ".")
    return written == entry or written.startswith(entry + ".")


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
