"""Digests of everything that a verdict can depend on, by the names that a gate's ``inputs`` uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from ironwright.host import clock
from ironwright.host.checkout import entries_digest
from ironwright.host.git import Entry, Repository
from ironwright.records.change import Commit
from ironwright.workflow.change import ResolvedChange, change_commits
from ironwright.workflow.verdict_cache import (
    code_identity,
    key_of,
    toolchain_identity,
    write_cache,
)

_LINK, _SUBMODULE = "120000", "160000"


class ContentIdentity:
    """The digests of one check, each made when it is first asked for.

    ``head`` and ``base`` are whole trees. ``code`` leaves out what cannot change what cargo answers: plain
    comments in Rust files; ``commented_code`` keeps where comments stand in functions, for clippy;
    ``surface`` leaves out the bodies of functions as well, for rustdoc. All of them
    fall back to whole files where a build script could read sources.

    Args:
        resolved: The change.
        settings: What of the user's settings matters.
        journal: The run's journal, or None.
    """

    def __init__(self, resolved: ResolvedChange, settings: str, journal: Path | None) -> None:
        self._resolved = resolved
        self._settings = settings
        self._journal = journal
        self._makers: Mapping[str, Callable[[], str]] = {
            "head": lambda: resolved.change.head_tree,
            "base": lambda: resolved.change.base_tree or "",
            "journal": self._journal_digest,
            "day": lambda: clock.now()[:10],
            "history": lambda: key_of(commit.id for commit in self._commits),
            "commits": lambda: key_of(commit.message for commit in self._commits),
            "toolchain": toolchain_identity,
            "program": code_identity,
            "settings": lambda: key_of([settings]),
            "rust": lambda: self._suffixed((".rs",)),
            "manifests": lambda: self._suffixed(("Cargo.toml", "Cargo.lock")),
            "code": lambda: self._code("code"),
            "commented_code": lambda: self._code("commented_code"),
            "surface": lambda: self._code("surface"),
        }
        self._known: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The digest of one input.

        Raises:
            KeyError: There is no such input.
        """
        if name not in self._known:
            self._known[name] = self._makers[name]()
        return self._known[name]

    @property
    def whole(self) -> list[str]:
        """The digests of everything, the trees as they are."""
        return [
            self.of(name)
            for name in (
                "head",
                "base",
                "journal",
                "commits",
                "history",
                "day",
                "toolchain",
                "program",
                "settings",
            )
        ]

    def _journal_digest(self) -> str:
        return hashlib.sha256(self._journal.read_bytes()).hexdigest() if self._journal else ""

    @cached_property
    def _commits(self) -> tuple[Commit, ...]:
        return change_commits(self._resolved)

    @cached_property
    def _entries(self) -> tuple[dict[str, Entry], ...]:
        change, repository = self._resolved.change, self._resolved.repository
        return tuple(repository.entries(tree) for tree in (change.head_tree, change.base_tree) if tree)

    def _suffixed(self, suffixes: tuple[str, ...]) -> str:
        return key_of(entries_digest(entries, suffixes) for entries in self._entries)

    def _code(self, kind: str) -> str:
        known = CodeDigests(self._resolved.project.cache / "code-digests.json", self._resolved.repository)
        parts = []
        for entries in self._entries:
            # A build script may read any source, comments and all, and make code of it.
            scripted = any(path.rpartition("/")[2] == "build.rs" for path in entries)
            rust = {
                p: e for p, e in entries.items() if p.endswith(".rs") and e.mode not in (_LINK, _SUBMODULE)
            }
            digests = {} if scripted else known.of(kind, rust)
            lines = [
                f"{path}\0{digests.get(entry.oid, entry.oid)}\n" for path, entry in sorted(entries.items())
            ]
            parts.append(key_of(lines))
        known.keep()
        return key_of(parts)


class CodeDigests:
    """Digests of Rust files' code by object id, remembered so that only new content is ever parsed.

    Args:
        path: Where they are remembered.
        repository: Where files are read.
    """

    def __init__(self, path: Path, repository: Repository) -> None:
        self._path = path
        self._repository = repository
        self._program = code_identity()
        self._memory: dict[str, list[str]] = self._read()
        self._fresh: dict[str, list[str]] = {}

    def of(self, kind: str, entries: Mapping[str, Entry]) -> dict[str, str]:
        """The digests of some files by object id; kind is ``code``, ``commented_code`` or ``surface``."""
        position = ("code", "commented_code", "surface").index(kind)
        wanted = {entry.oid for entry in entries.values()}
        unknown = wanted - self._memory.keys() - self._fresh.keys()
        if unknown:
            from ironwright.gates.rust.code import code_text
            from ironwright.gates.rust.surface import surface_text
            from ironwright.gates.rust.syntax import parse_rust

            for oid, content in self._repository.blobs(sorted(unknown)).items():
                file = parse_rust("x.rs", content)
                texts = (code_text(file), code_text(file, keep_places=True), surface_text(file))
                self._fresh[oid] = [hashlib.sha256(text).hexdigest() for text in texts]
        return {oid: (self._fresh.get(oid) or self._memory[oid])[position] for oid in wanted}

    def keep(self) -> None:
        """Remember what was new; what another check wrote in between is kept too."""
        if not self._fresh:
            return
        merged = {**self._read(), **self._memory, **self._fresh}
        write_cache(self._path, json.dumps({"program": self._program, "digests": merged}))
        self._memory, self._fresh = merged, {}

    def _read(self) -> dict[str, list[str]]:
        try:
            data = json.loads(self._path.read_bytes())
            # Another version of the program may take other things for code.
            return dict(data["digests"]) if data["program"] == self._program else {}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return {}  # never written, or cut off: everything is parsed again
