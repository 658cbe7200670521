"""Remembers what was learned of models, with an expiry: what Ollama shows of them, what probes found."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ironwright.host.clock import epoch_seconds
from ironwright.models.served import Served
from ironwright.records.paths import cache_home

SCHEMA_VERSION = 1
SHOWN_SECONDS = 7 * 86_400.0
"""How long what Ollama showed of some weights is believed; other weights have another digest."""

PROBED_SECONDS = 30 * 86_400.0
"""How long what a probe found is believed."""


def memory_file() -> Path:
    """Where it is kept."""
    return cache_home() / "models" / "known.json"


@dataclass
class KnownModels:
    """What was learned of models.

    A memory that cannot be read is empty, and one that cannot be written stays as it was: everything in it
    can be asked again.

    Attributes:
        shown: What Ollama shows of models, by the digest of their weights.
        probed: What probes found, by :func:`probe_key`.
    """

    shown: dict[str, Served] = field(default_factory=dict)
    probed: dict[str, Served] = field(default_factory=dict)
    _when: dict[str, float] = field(default_factory=dict)
    _path: Path | None = None
    _changed: bool = False

    @classmethod
    def load(cls, path: Path | None = None, at: Callable[[], float] | None = None) -> KnownModels:
        """Read the memory, without what has expired.

        Args:
            path: The file; None for the user's own.
            at: The present time in seconds since 1970.
        """
        path = path or memory_file()
        moment = (at or epoch_seconds)()
        known = cls(_path=path)
        for kind, lasts, target in (
            ("shown", SHOWN_SECONDS, known.shown),
            ("probed", PROBED_SECONDS, known.probed),
        ):
            for key, when, model in _entries(path, kind):
                if 0 <= moment - when <= lasts:
                    target[key] = model
                    known._when[f"{kind} {key}"] = when
        return known

    def show(self, digest: str, model: Served, at: float | None = None) -> None:
        """Remember what Ollama shows of these weights."""
        if digest and self.shown.get(digest) != model:
            self.shown[digest] = model
            self._when[f"shown {digest}"] = epoch_seconds() if at is None else at
            self._changed = True

    def probe(self, key: str, model: Served, at: float | None = None) -> None:
        """Remember what a probe found."""
        self.probed[key] = model
        self._when[f"probed {key}"] = epoch_seconds() if at is None else at
        self._changed = True

    def forget_probes(self) -> None:
        """Believe no earlier probe any more."""
        self._changed = self._changed or bool(self.probed)
        self.probed.clear()

    def save(self) -> None:
        """Write it down whole, if something is new."""
        if not self._changed or self._path is None:
            return
        data = {
            "version": SCHEMA_VERSION,
            **{
                kind: {
                    key: {"at": self._when[f"{kind} {key}"], "model": model.as_json()}
                    for key, model in items.items()
                }
                for kind, items in (("shown", self.shown), ("probed", self.probed))
            },
        }
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):  # a read-only or full disk: it is asked again the next time
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(data), encoding="utf-8")
            fresh.replace(self._path)
        self._changed = False


def probe_key(where: str, model: str, digest: str = "") -> str:
    """The key of a model's probe: who serves it, its id, and its weights where they are known."""
    return f"{where}#{model}@{digest}"


def _entries(path: Path, kind: str) -> list[tuple[str, float, Served]]:
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(data, dict) or data.get("version") != SCHEMA_VERSION:
        return []
    items = data.get(kind)
    found = []
    for key, entry in items.items() if isinstance(items, Mapping) else ():
        with suppress(ValueError, KeyError, TypeError):
            found.append((str(key), float(entry["at"]), Served.from_json(entry["model"])))
    return found
