"""The toolchain's own repairs of a worktree: rustfmt, and what rustc and clippy can apply by machine."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ironwright.host.cargo_metadata import topmost_manifests
from ironwright.host.process import Completed, Limits
from ironwright.host.sandbox import Job, Mount, Sandbox, inner_path
from ironwright.records.config import CargoConfig

# The suggestions are applied to what is there, committed or not: the caller keeps what was there before.
_APPLY = (
    "--workspace",
    "--all-targets",
    "--broken-code",
    "--allow-dirty",
    "--allow-staged",
    "--allow-no-vcs",
)


@dataclass(frozen=True, slots=True)
class Repairer:
    """A program that repairs Rust code by itself.

    Attributes:
        name: What people call it.
        tool: What must be installed for it, by its name among the external tools; empty for cargo alone.
        arguments: Of cargo.
        builds: Whether it compiles, and so is told of features.
    """

    name: str
    tool: str
    arguments: tuple[str, ...]
    builds: bool = True


COMPILER = Repairer("cargo fix", "", ("fix", *_APPLY))
CLIPPY = Repairer("cargo clippy --fix", "cargo-clippy", ("clippy", "--fix", *_APPLY))
FORMATTER = Repairer("cargo fmt", "rustfmt", ("fmt", "--all"), builds=False)
REPAIRERS: Mapping[str, Repairer] = {each.name: each for each in (COMPILER, CLIPPY, FORMATTER)}
"""All of them by name, in the order in which they must run: what one writes, the next tidies."""


@dataclass(frozen=True, slots=True)
class RepairPlace:
    """Where repairers work.

    Attributes:
        worktree: The tree on this machine; one of ``mounts`` shows it writable.
        sandbox: What runs them; they compile, and so run, the tree's code.
        mounts: What they see.
        env: Added to their environment.
        limits: Of each command.
        config: Which features to build with.
    """

    worktree: Path
    sandbox: Sandbox
    mounts: Sequence[Mount]
    env: Mapping[str, str]
    limits: Limits
    config: CargoConfig


def run_repairer(
    repairer: Repairer, place: RepairPlace, lints: Sequence[str], stop: threading.Event
) -> tuple[Completed, ...]:
    """Let a program repair every workspace of a tree, without network.

    Args:
        repairer: The program.
        place: Where it works.
        lints: Lints beyond the defaults that clippy is asked for, by their full names.
        stop: Ends the running command when it is set.

    Returns:
        How it ended, for each topmost manifest until one was stopped.

    Raises:
        SandboxError: The sandbox could not be set up.
    """
    top = inner_path(place.sandbox, place.mounts, place.worktree)
    found = []
    for root in topmost_manifests(place.worktree):
        argv = ["cargo", *repairer.arguments]
        argv += ["--manifest-path", posixpath.normpath(posixpath.join(top, root, "Cargo.toml"))]
        if repairer.builds:
            argv += _features(place.config)
        if repairer is CLIPPY and lints:
            argv += ["--", *(word for lint in lints for word in ("-W", lint))]
        env = {
            "CARGO_NET_OFFLINE": "true",
            "CARGO_TERM_COLOR": "never",
            "CARGO_TERM_PROGRESS_WHEN": "never",
            **place.env,
        }
        job = Job(argv=argv, mounts=tuple(place.mounts), cwd=top, env=env, limits=place.limits)
        found.append(place.sandbox.run(job, stop=stop))
        if stop.is_set():
            break
    return tuple(found)


def _features(config: CargoConfig) -> list[str]:
    arguments = ["--all-features"] if config.all_features else []
    arguments += ["--no-default-features"] if config.no_default_features else []
    return [*arguments, *(["--features", ",".join(config.features)] if config.features else [])]
