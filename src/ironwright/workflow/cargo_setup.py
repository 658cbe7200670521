"""Puts a checkout, the sandbox and the toolchain together for the gates' questions to cargo."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ironwright.host.process import Limits
from ironwright.records.config import Config, SandboxConfig

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.subject import SourceTree
    from ironwright.host.choose_sandbox import Mode


def limits_of(settings: SandboxConfig) -> Limits:
    """The limits of one command that runs untrusted code."""
    return Limits(
        seconds=settings.seconds,
        memory_mb=settings.memory_mb,
        processes=settings.processes,
        output_bytes=settings.output_mb << 20,
        disk_mb=settings.disk_mb,
    )


def cargo_facts(
    checkout: Path,
    target: Path,
    tree: SourceTree,
    config: Config,
    sandbox: str,
    progress: Callable[[str], None],
    stop: threading.Event,
) -> CargoFacts:
    """Cargo's answers about one clean checkout.

    Args:
        checkout: The checkout, which jobs see read-only.
        target: Where cargo's target directories lie.
        tree: The same files, for what has to be read of them.
        config: The user's settings.
        sandbox: ``auto``, ``bubblewrap``, ``landlock`` or ``none``.
        progress: Told what is being done.
        stop: Ends what runs when set.

    Raises:
        SandboxError: There is no sandbox and ``none`` was not asked for.
        ToolError: There is no Rust toolchain.
    """
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.host.cargo import CargoWorkspace
    from ironwright.host.choose_sandbox import choose_sandbox
    from ironwright.host.toolchain import toolchain

    workspace = CargoWorkspace(
        checkout=checkout,
        target=target,
        sandbox=choose_sandbox(cast("Mode", sandbox)),
        toolchain=toolchain(),
        config=config.cargo,
        limits=limits_of(config.sandbox),
        stop=stop,
    )
    return CargoFacts(workspace, tree, progress)
