"""Installs missing tools: by rustup, else Debian's packages, else cargo, and says what it did."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ironwright.host.process import Completed, Limits, OutputListener, run
from ironwright.host.toolchain import Toolchain, toolchain_or_none
from ironwright.host.tools import (
    FoundTool,
    MissingTool,
    Tool,
    apt_package,
    find_tool,
    forget_tools,
)
from ironwright.records.errors import ToolError

_LIMITS = Limits(seconds=1800, output_bytes=1 << 20)


@dataclass(frozen=True, slots=True)
class InstallStep:
    """One command that was run to install something.

    Attributes:
        argv: The command.
        exit_code: How it ended.
        seconds: Wall time.
        said: The last lines that it printed, on whichever stream.
    """

    argv: tuple[str, ...]
    exit_code: int
    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class InstallResult:
    """What came of an installation.

    Attributes:
        tool: What was to be installed.
        steps: All commands that were run, in order; empty where it was there already or no way is open.
        outcome: The tool, looked up again afterwards.
    """

    tool: Tool
    steps: tuple[InstallStep, ...]
    outcome: FoundTool | MissingTool

    @property
    def ok(self) -> bool:
        """Whether the tool is here now."""
        return isinstance(self.outcome, FoundTool)


def install_tool(
    tool: Tool, *, on_output: OutputListener | None = None, stop: threading.Event | None = None
) -> InstallResult:
    """Install a tool in the first way that works.

    Success is judged by finding the tool afterwards, not by an exit code. Nothing that asks a
    question is run: sudo only with ``-n``, apt only non-interactively.

    Args:
        tool: What to install.
        on_output: Hears what the installers print.
        stop: Ends the installation when it is set.
    """
    steps: list[InstallStep] = []
    outcome = find_tool(tool.name)
    for commands in _ways(tool):
        if isinstance(outcome, FoundTool) or (stop is not None and stop.is_set()):
            break
        for argv in commands:
            steps.append(_step(argv, on_output, stop))
        forget_tools()
        outcome = find_tool(tool.name)
    return InstallResult(tool, tuple(steps), outcome)


def _ways(tool: Tool) -> list[list[list[str]]]:
    """The ways that are open on this machine, best first, each as its commands."""
    rust = toolchain_or_none()
    ways: list[list[list[str]]] = []
    if tool.rustup and rust is not None and rust.rustup is not None:
        ways.append([[str(rust.rustup), "component", "add", tool.rustup, *_toolchain_name(rust)]])
    package = apt_package(tool, rust)
    apt = _apt()
    if package and apt is not None:
        install = [*apt, "install", "--yes", "--no-install-recommends", package]
        ways.append([install])
        ways.append([[*apt, "update"], install])
    cargo = rust.program("cargo") if rust is not None else None
    if tool.cargo and cargo is not None:
        ways.append([[str(cargo), "install", "--locked", tool.cargo]])
    return ways


def _toolchain_name(rust: Toolchain) -> list[str]:
    """Name rustup's toolchain, so that no override of the current folder picks another one."""
    if rust.sysroot.parent.name == "toolchains":
        return ["--toolchain", rust.sysroot.name]
    return []


def _apt() -> list[str] | None:
    """apt-get with the rights that it needs, None where there is no way to get them unasked."""
    program = shutil.which("apt-get")
    if program is None:
        return None
    if os.geteuid() == 0:
        return [program]
    sudo = shutil.which("sudo")
    if sudo is None or not run([sudo, "-n", "true"], limits=Limits(seconds=10)).ok:
        return None
    return [sudo, "-n", "DEBIAN_FRONTEND=noninteractive", program]


def _step(argv: Sequence[str], on_output: OutputListener | None, stop: threading.Event | None) -> InstallStep:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = run(argv, cwd=Path("/"), env=environment, limits=_LIMITS, on_output=on_output, stop=stop)
    except ToolError as error:
        return InstallStep(tuple(argv), 127, 0.0, error.what)
    return InstallStep(tuple(argv), done.exit_code, done.seconds, _last_lines(done))


def _last_lines(done: Completed) -> str:
    lines = [line.rstrip() for line in (done.text + "\n" + done.error_text).splitlines() if line.strip()]
    return "\n".join(lines[-5:])
