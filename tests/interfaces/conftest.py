"""The command line as a user meets it: a process, its two streams and its exit code."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_repository import PROGRAM, commit, git

_LIB = "//! A crate.\n\n/// Twice a number.\npub fn twice(x: u32) -> u32 {\n    x.saturating_mul(2)\n}\n"


@dataclass(frozen=True)
class Answer:
    """What the program said."""

    code: int
    out: str
    err: str


Cli = Callable[..., Answer]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs the program in a folder with a home of its own; no key, no terminal, and never a traceback."""
    home = tmp_path / "home"
    home.mkdir()

    def call(*arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Answer:
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.endswith(("_API_KEY", "_AUTH_TOKEN")) and not key.startswith(("AWS_", "GIT_"))
        }
        environment.setdefault("CARGO_HOME", str(Path.home() / ".cargo"))  # what was downloaded stays at hand
        environment.update(HOME=str(home), **(env or {}))
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=cwd or tmp_path,
            env=environment,
            capture_output=True,
            timeout=280,
            check=False,
        )
        answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in answer.err + answer.out
        return answer

    return call


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    """A repository with a small crate: two commits, clean."""
    folder = tmp_path / "crate"
    folder.mkdir()
    git(folder, "init", "--quiet")
    manifest = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'
    lock = 'version = 4\n\n[[package]]\nname = "small"\nversion = "0.1.0"\n'
    commit(
        folder,
        {
            "Cargo.toml": manifest,
            "Cargo.lock": lock,
            "src/lib.rs": "//! A crate.\n",
            ".gitignore": "/target\n",
        },
    )
    commit(folder, {"src/lib.rs": _LIB})
    return folder
