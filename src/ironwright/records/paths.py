"""Where Ironwright keeps things: a repository's ``.ironwright/``, the user's cache and state folders."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

PROJECT_FOLDER = ".ironwright"
CONFIG_FILE = "ironwright.toml"


def cache_home() -> Path:
    """The user's cache folder for Ironwright; ``IRONWRIGHT_CACHE_HOME`` overrides it."""
    override = os.environ.get("IRONWRIGHT_CACHE_HOME")
    return Path(override) if override else Path(platformdirs.user_cache_dir("ironwright", appauthor=False))


def state_home() -> Path:
    """The user's state folder for Ironwright; ``IRONWRIGHT_STATE_HOME`` overrides it."""
    override = os.environ.get("IRONWRIGHT_STATE_HOME")
    return Path(override) if override else Path(platformdirs.user_state_dir("ironwright", appauthor=False))


def outcomes_file() -> Path:
    """The SQLite file of what became of attempts, of all the user's repositories."""
    return state_home() / "outcomes.sqlite"


def lock_name(agent: str) -> str:
    """The file name of an agent's lock; what a file name cannot hold becomes ``-``."""
    return (re.sub(r"[^\w.+-]+", "-", agent).strip(".-") or "agent") + ".toml"


@dataclass(frozen=True, slots=True)
class ProjectPaths:
    """The places that belong to one repository.

    Attributes:
        root: The top of the user's checkout.
    """

    root: Path

    @property
    def key(self) -> str:
        """A short stable name for this repository's place in the cache: stem and path digest."""
        digest = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:12]
        return f"{self.root.resolve().name}-{digest}"

    @property
    def config(self) -> Path:
        """``ironwright.toml``."""
        return self.root / CONFIG_FILE

    @property
    def runs(self) -> Path:
        """``.ironwright/runs``: a folder for each run, ignored by git."""
        return self.root / PROJECT_FOLDER / "runs"

    @property
    def contracts(self) -> Path:
        """``.ironwright/contracts``: the locks, meant to be reviewed and committed."""
        return self.root / PROJECT_FOLDER / "contracts"

    @property
    def memory(self) -> Path:
        """``.ironwright/memory``: the project's notes."""
        return self.root / PROJECT_FOLDER / "memory"

    @property
    def cache(self) -> Path:
        """This repository's folder in the user's cache: gate checkouts, target directories, verdicts."""
        return cache_home() / "repositories" / self.key

    @property
    def worktrees(self) -> Path:
        """This repository's folder of run worktrees, outside the user's checkout."""
        return state_home() / "worktrees" / self.key
