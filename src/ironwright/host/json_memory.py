"""Remembers one answer of a tool in a file, under a key that says what the answer depends on."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path


class JsonMemory:
    """One answer, kept as JSON beside the target directories that it belongs to.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, key: str) -> object | None:
        """The answer kept under a key; None where there is none, or where it cannot be read."""
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return data["answer"] if data["key"] == key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # the tool is asked again

    def keep(self, key: str, answer: object) -> None:
        """Keep an answer in place of any other."""
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # not remembered costs the question the next time
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"key": key, "answer": answer}), encoding="utf-8")
            part.replace(self._path)

    def forget(self) -> None:
        """Keep nothing."""
        with contextlib.suppress(OSError):
            self._path.unlink()
