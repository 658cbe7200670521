"""``ironwright demo``: the main job on a small crate that it makes itself, with a recorded model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ironwright.host.process import run
from ironwright.records.errors import RepositoryError
from ironwright.records.paths import ProjectPaths
from ironwright.workflow.request import RunRequest

TASK = (
    "Let `parse` read milliseconds and days (`250ms`, `2d`) and durations of several parts (`1h30m`); "
    "the README names them as a known gap."
)
AGENT = "ironwright:engineer"
RECORDING_NOTE = (
    "The model's part was a recording: no model was asked and nothing was paid. "
    "The sandbox, cargo, the gates, the journal and this report are real."
)

# The history that the crate is born with: (subject, files). A file of ours that git would act on or cargo
# would find inside this package is stored under another name.
_HISTORY: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "Read seconds, minutes and hours",
        {
            "Cargo.toml": "Cargo.toml",
            "Cargo.lock": "Cargo.lock",
            "gitignore": ".gitignore",
            "src/error.rs": "src/error.rs",
            "src/lib.rs": "src/lib.rs",
        },
    ),
    ("Test what the crate promises", {"tests/parse.rs": "tests/parse.rs", "README.md": "README.md"}),
)
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ironwright demo",
    "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_COMMITTER_NAME": "Ironwright demo",
    "GIT_COMMITTER_EMAIL": "demo@localhost",
}


@dataclass(frozen=True, slots=True)
class DemoCrate:
    """A repository with a small crate that has a real gap.

    Attributes:
        folder: The top of its checkout.
    """

    folder: Path


def make_crate(folder: Path) -> DemoCrate:
    """Write the crate with its history of two commits into an empty folder; it has no dependencies.

    Raises:
        RepositoryError: The folder is not empty, or git fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise RepositoryError(
            "the demonstration needs an empty folder",
            where=str(folder),
            advice="Give another one with --folder.",
        )
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "config", "user.name", _IDENTITY["GIT_AUTHOR_NAME"])
    _git(folder, "config", "user.email", _IDENTITY["GIT_AUTHOR_EMAIL"])
    source = resources.files("ironwright.workflow") / "demo_crate"
    for subject, files in _HISTORY:
        for stored, name in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.joinpath(stored).read_bytes())
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--no-verify", "-m", subject)
    return DemoCrate(folder)


def demo_request(crate: DemoCrate, *, sandbox: str = "auto") -> RunRequest:
    """The run that the demonstration shows: the bundled engineer, with the recording as its model."""
    recording = Path(str(resources.files("ironwright.workflow") / "demo_recording.json"))
    return RunRequest(
        task=TASK,
        folder=crate.folder,
        agent=AGENT,
        recording=recording,
        unattended=True,
        sandbox=sandbox,
        notes=(RECORDING_NOTE,),
    )


def forget_crate(crate: DemoCrate) -> None:
    """Remove what was cached for the crate; its repository, branch and report stay."""
    shutil.rmtree(ProjectPaths(crate.folder).cache, ignore_errors=True)


def _git(folder: Path, *arguments: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    fixed = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "core.autocrlf=false"]
    done = run(
        ["git", *fixed, *arguments],
        cwd=folder,
        env={**environment, **_IDENTITY, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    if not done.ok:
        raise RepositoryError(f"git {arguments[0]} failed: {done.error_text.strip()}", where=str(folder))
