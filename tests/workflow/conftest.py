"""Real repositories for the workflow's tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

MANIFEST = '[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2021"\n'
LIBRARY = "//! A tiny crate.\n\n/// Adds one.\npub fn add_one(n: i32) -> i32 {\n    n + 1\n}\n"


def git(folder: Path, *arguments: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "Ada Example")
    git(folder, "config", "user.email", "ada@example.org")
    (folder / "Cargo.toml").write_text(MANIFEST)
    (folder / "Cargo.lock").write_text('version = 4\n\n[[package]]\nname = "tiny"\nversion = "0.1.0"\n')
    (folder / ".gitignore").write_text("/target\n")
    (folder / "src").mkdir()
    (folder / "src" / "lib.rs").write_text(LIBRARY)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "Start the crate")
    return folder


def user_state(folder: Path) -> dict[str, str]:
    """What a run must not change: HEAD, index, files, stash, configuration and the user's branches."""
    refs = git(folder, "for-each-ref", "--format=%(refname) %(objectname)")
    return {
        "head": (folder / ".git" / "HEAD").read_text(),
        "index": git(folder, "ls-files", "--stage"),
        "status": git(folder, "status", "--porcelain"),
        "config": (folder / ".git" / "config").read_text(),
        "stash": git(folder, "stash", "list"),
        "refs": "\n".join(line for line in refs.splitlines() if "refs/heads/ironwright/" not in line),
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "tiny")


@pytest.fixture
def new_repository(tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: make_repository(tmp_path / name)
