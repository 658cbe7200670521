"""Sees to one workspace's manifests, Cargo.lock and dependencies before its first build."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.host.cargo_memory import Answer, PreparationMemory, manifests_key
from ironwright.host.cargo_metadata import Metadata, parse_metadata
from ironwright.host.cargo_problems import Blame, Problem, essential_text
from ironwright.records.errors import ToolError

if TYPE_CHECKING:
    from ironwright.host.cargo import CargoRun, CargoWorkspace

_STALE_LOCK = re.compile(r"(cannot update the lock file|needs to be updated but --locked)")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was done to one workspace before its first build.

    Attributes:
        metadata: What its manifests say.
        notes: What a report should say (a lock that was missing, settings that were refused).
        stale_lock: Cargo.lock, relative, where it does not match the manifests; None where it does.
    """

    metadata: Metadata
    notes: tuple[str, ...]
    stale_lock: str | None = None


class CargoError(ToolError):
    """Cargo cannot work on the checkout at all; ``problem`` says whose fault it is."""

    def __init__(self, problem: Problem) -> None:
        where = f"{problem.path}:{problem.line}" if problem.path and problem.line else problem.path or ""
        super().__init__(problem.message, where=where, advice=problem.advice)
        self.problem = problem


class Preparation:
    """Prepares one workspace, or remembers how it was prepared.

    Args:
        workspace: Cargo on the checkout.
        root: The workspace's topmost manifest's folder.
        circumstances: What cargo's answers depend on besides the checkout.
        progress: Told what is being done.

    Attributes:
        recalled: Whether the answer was remembered, and cargo not asked.
    """

    def __init__(
        self,
        workspace: CargoWorkspace,
        root: str,
        circumstances: tuple[str, ...],
        progress: Callable[[str], None],
    ) -> None:
        self._workspace = workspace
        self._root = root
        self._checkout = workspace.checkout
        self._progress = progress
        name = "prepared" if root == "." else f"prepared-{root.replace('/', '+')}"
        self._memory = PreparationMemory(workspace.target / f"{name}.json")
        self._circumstances = (root, *circumstances)
        self.recalled = False

    def prepare(self) -> Prepared:
        """Read the manifests, see to the lock, bring the dependencies here.

        Where nothing that cargo reads for it has changed, its last answer stands, and the lock that it wrote
        then is written again: versions that appeared in between do not change what is built. Where what was
        downloaded is gone, the build says so, and :meth:`forget` makes the next preparation a real one.

        Raises:
            CargoError: The manifests are refused, or dependencies cannot be had.
        """
        key = manifests_key(self._checkout, self._circumstances)
        known = self._memory.recall(key) if key else None
        if known is not None and self._restore(known.lock):
            metadata = parse_metadata(known.metadata.encode(), self._workspace.locate, self._checkout)
            self.recalled = True
            return Prepared(metadata, known.notes, known.stale_lock)
        return self._ask_cargo(key)

    def forget(self) -> None:
        """Ask cargo the next time."""
        self._memory.forget()

    def _restore(self, lock: tuple[str, str] | None) -> bool:
        """Write the remembered lock into the checkout; False where that would lead out of it."""
        if lock is None:
            return True
        path = self._place(lock[0])
        if path is None:
            return False
        part = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            part.write_text(lock[1], encoding="utf-8")
            part.replace(path)
        except OSError:
            return False
        return True

    def _place(self, relative: str) -> Path | None:
        """A file of the checkout by its relative path, unless a link stands on the way to it."""
        path = self._checkout / relative
        return path if path.parent.resolve() == (self._checkout.resolve() / relative).parent else None

    def _ask_cargo(self, key: str | None) -> Prepared:
        self._progress("reading the manifests")
        found = self._workspace.run(self._root, ("metadata", "--no-deps", "--format-version", "1"), "test")
        _demand(found)
        metadata = parse_metadata(found.done.stdout, self._workspace.locate, self._checkout)
        notes = [f"not honoured: {item}" for item in self._workspace.settings(self._root).refused]
        lock = posixpath.normpath(posixpath.join(metadata.root, "Cargo.lock"))
        stale, written = None, False
        if not (self._checkout / lock).exists():
            self._write_lock("generate-lockfile")
            notes.append("there is no Cargo.lock; the newest versions at hand were taken")
            written = True
        fetch = self._fetch()
        if not fetch.ok and _STALE_LOCK.search(fetch.done.error_text):
            stale = lock
            self._write_lock("update", "--workspace")
            notes.append(f"{stale} does not match the manifests; a renewed copy was used")
            written = True
            fetch = self._fetch()
        if not fetch.ok:
            self._progress("downloading dependencies")
            fetch = self._fetch(network=True)
        _demand(fetch)
        self._keep(key, found.done.text, notes, stale, lock if written else None)
        return Prepared(metadata, tuple(notes), stale)

    def _keep(
        self, key: str | None, metadata: str, notes: list[str], stale: str | None, written: str | None
    ) -> None:
        if key is None:
            return
        text = None
        if written is not None:
            place = self._place(written)
            if place is None or place.is_symlink():
                return  # the repository has a link there; what it leads to is not ours to write
            text = (written, place.read_text(encoding="utf-8"))
        self._memory.keep(key, Answer(metadata, tuple(notes), stale, text))

    def _fetch(self, *, network: bool = False) -> CargoRun:
        arguments = ["fetch", "--locked", "--target", self._workspace.toolchain.host]
        arguments = arguments if network else [*arguments, "--offline"]
        return self._workspace.run(self._root, arguments, "test", network=network)

    def _write_lock(self, *command: str) -> None:
        """Write Cargo.lock into the checkout, with what is here already or else from the network."""
        done = self._workspace.run(self._root, (*command, "--offline"), "test", writable_tree=True)
        if not done.ok:
            self._progress("choosing dependencies")
            done = self._workspace.run(self._root, command, "test", writable_tree=True, network=True)
        _demand(done)


def _demand(run: CargoRun) -> None:
    if not run.ok:
        text = essential_text(run.done)
        raise CargoError(run.problem or Problem(Blame.SURROUNDINGS, f"cargo failed: {text}"))
