"""Verdicts of earlier checks, found by everything that they depend on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import ironwright
from ironwright.host.toolchain import rustup_home, visible
from ironwright.records.errors import StorageError
from ironwright.records.report import CheckReport
from ironwright.records.verdict import Status, Verdict

_CODE = ("gates", "host", "records", "contract", "workflow")


class VerdictCache:
    """Keeps verdicts and whole reports by key; UNKNOWN is never kept, as its cause may be gone tomorrow.

    Args:
        folder: Where they are kept.
        enabled: False finds nothing and keeps nothing.
    """

    def __init__(self, folder: Path, *, enabled: bool = True) -> None:
        self._folder = folder
        self._enabled = enabled

    def report(self, key: str) -> CheckReport | None:
        """The report kept under a key, its verdicts marked as cached."""
        data = self._load(key)
        if data is None:
            return None
        report = CheckReport.from_json(data)
        return replace(report, verdicts=tuple(replace(v, cached=True) for v in report.verdicts))

    def keep_report(self, key: str, report: CheckReport) -> None:
        """Keep a report in which nothing is UNKNOWN."""
        if all(verdict.status is not Status.UNKNOWN for verdict in report.verdicts):
            self._store(key, report.as_json())

    def verdict(self, key: str) -> Verdict | None:
        """The verdict kept under a key, marked as cached."""
        data = self._load(key)
        return None if data is None else replace(Verdict.from_json(data), cached=True)

    def keep_verdict(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict unless it is UNKNOWN."""
        if verdict.status is not Status.UNKNOWN:
            self._store(key, verdict.as_json())

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}.json"

    def _load(self, key: str) -> dict[str, object] | None:
        if not self._enabled:
            return None
        try:
            data = json.loads(self._path(key).read_bytes())
        except (FileNotFoundError, json.JSONDecodeError):
            return None  # never kept, or cut off by a crash: the gate runs again
        return data if isinstance(data, dict) else None

    def _store(self, key: str, data: dict[str, object]) -> None:
        if not self._enabled:
            return
        write_cache(self._path(key), json.dumps(data))


def write_cache(path: Path, text: str) -> None:
    """Write a file of the cache, whole or not at all.

    Raises:
        StorageError: It cannot be written; the gates, which build beside it, could not work either.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # the error that matters is the one that is raised
            part.unlink()
        raise StorageError(
            f"the cache cannot be written ({error.strerror})",
            where=str(path),
            advice="Make room there, or set IRONWRIGHT_CACHE_HOME to a folder that can be written.",
        ) from error


def key_of(parts: Iterable[str]) -> str:
    """A digest over parts of which none can run into the next."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogateescape")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


@cache
def code_identity() -> str:
    """Identifies the code that verdicts come from, by its files' sizes and times: an edit renews them all."""
    package = Path(ironwright.__file__).parent
    parts = [ironwright.__version__]
    for name in _CODE:
        for folder, _, files in sorted(os.walk(package / name)):
            for file in sorted(files):
                if file.endswith(".py"):
                    found = (Path(folder) / file).stat()
                    parts.append(f"{folder}/{file} {found.st_size} {found.st_mtime_ns}")
    return key_of(parts)


@cache
def toolchain_identity() -> str:
    """Identifies the Rust toolchain without starting it, by what decides on it and its files' times."""
    home = rustup_home(Path(shutil.which("rustc") or "/usr/bin/rustc"))
    parts = [os.environ.get("RUSTUP_TOOLCHAIN", "")]
    places = [home / "settings.toml"]
    places += visible(home, "toolchains/*/lib") + visible(home, "update-hashes/*")
    places += [Path(found) for name in ("rustc", "cargo") if (found := shutil.which(name))]
    for place in places:
        if os.path.exists(place):  # noqa: PTH110  (False, too, where another user's rights forbid to look)
            found_stat = place.stat()
            parts.append(f"{place.resolve()} {found_stat.st_size} {found_stat.st_mtime_ns}")
    return key_of(parts)
