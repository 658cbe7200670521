"""The external programs that Ironwright uses: what each is for, where it is, and how to get it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from ironwright.host.inside import SYSTEM_PATH
from ironwright.host.process import Limits, run
from ironwright.host.toolchain import (
    Toolchain,
    cargo_home,
    rustup_home,
    toolchain,
    toolchain_or_none,
    visible,
)
from ironwright.records.errors import ToolError

Finder = Callable[[Toolchain | None, str], Path | None]


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and all that is known about it; nothing of it has been looked up.

    Attributes:
        name: What gates call it, which is also the program's name.
        purpose: What Ironwright needs it for, as the end of "needed for …".
        find: Looks for it: given the toolchain (None where there is no rustc) and the name.
        rustup: The rustup component that brings it; empty for none.
        apt: The Debian package that brings it, ``{llvm}`` standing for rustc's LLVM major; empty for none.
        cargo: The crate whose ``cargo install`` brings it; empty for none.
        version: The arguments that make it say its version.
        advice: What to do where none of the three is known or possible.
    """

    name: str
    purpose: str
    find: Finder
    rustup: str = ""
    apt: str = ""
    cargo: str = ""
    version: tuple[str, ...] = ("--version",)
    advice: str = ""


@dataclass(frozen=True, slots=True)
class FoundTool:
    """A program that is here.

    Attributes:
        tool: What it is.
        path: Where; a sandbox shows it at the same path (but git and bwrap, which we start ourselves, may be
            where only the caller's PATH leads).
    """

    tool: Tool
    path: Path

    def version(self) -> str:
        """The first line that it prints about its version, asked of the program itself.

        Raises:
            ToolError: It cannot be started or does not answer.
        """
        answer = run(
            [str(self.path), *self.tool.version],
            cwd=Path("/"),
            limits=Limits(seconds=30, output_bytes=1 << 16),
        )
        lines = [
            line.strip()
            for line in answer.text.splitlines()
            if "version" in line or any(map(str.isdigit, line))
        ]
        if not answer.ok or not lines:
            raise ToolError(
                f"{self.tool.name} does not tell its version (exit code {answer.exit_code})",
                where=str(self.path),
                advice=_install_advice(self.tool, toolchain_or_none()),
            )
        return lines[0]


@dataclass(frozen=True, slots=True)
class MissingTool:
    """A program that is not here, or not in the version that is needed.

    Attributes:
        tool: What it is.
        reason: Why it counts as missing, as a sentence without a full stop.
        advice: How to install it on this machine.
    """

    tool: Tool
    reason: str
    advice: str

    @property
    def explanation(self) -> str:
        """Reason and advice in one line, for a verdict UNKNOWN."""
        return f"{self.reason}; {self.advice[:1].lower()}{self.advice[1:]}"


@lru_cache(maxsize=64)
def find_tool(name: str) -> FoundTool | MissingTool:
    """Look for a program by Ironwright's name for it; remembered until :func:`forget_tools`.

    No process is started, except that of asking rustc about itself once.

    Raises:
        ToolError: No tool has this name.
    """
    tool = tool_named(name)
    rust = toolchain_or_none()
    path = tool.find(rust, tool.name)
    if path is not None:
        return FoundTool(tool, path)
    return MissingTool(tool, _why_missing(tool, rust), _install_advice(tool, rust))


def tool_named(name: str) -> Tool:
    """What is known of a tool by its name or the one that people use.

    Raises:
        ToolError: No tool has this name.
    """
    tool = TOOLS.get(ALIASES.get(name, name))
    if tool is None:
        raise ToolError(f"no tool is named {name}", advice=f"Known are: {', '.join(TOOLS)}.")
    return tool


def require_tool(name: str) -> Path:
    """The path of a program.

    Raises:
        ToolError: It is missing; says how to install it.
    """
    found = find_tool(name)
    if isinstance(found, MissingTool):
        raise ToolError(found.reason, advice=found.advice)
    return found.path


def forget_tools() -> None:
    """Look anew the next time: something may have been installed."""
    find_tool.cache_clear()
    toolchain.cache_clear()


def _on_path(_: Toolchain | None, name: str) -> Path | None:
    """Where we ourselves would start it: what stands elsewhere is of no use."""
    found = shutil.which(name)
    return Path(found) if found else None


def _in_system(_: Toolchain | None, name: str) -> Path | None:
    """Where a sandbox shows it: the system's folders only."""
    found = shutil.which(name, path=":".join(SYSTEM_PATH))
    return Path(found) if found else None


def _in_toolchain(rust: Toolchain | None, name: str) -> Path | None:
    return rust.program(name) if rust else None


def _installed_by_cargo(_: Toolchain | None, name: str) -> Path | None:
    found = shutil.which(name, path=":".join([str(cargo_home() / "bin"), *SYSTEM_PATH]))
    return Path(found) if found else None


def _of_own_llvm(rust: Toolchain | None, name: str) -> Path | None:
    """The LLVM tool of rustc's own LLVM major: another major does not read its profiles."""
    if rust is None:
        return None
    candidates = [rust.llvm_bin / name]
    if rust.llvm_major:
        candidates += [
            Path(f"/usr/bin/{name}-{rust.llvm_major}"),
            Path(f"/usr/lib/llvm-{rust.llvm_major}/bin/{name}"),
            Path(f"/usr/lib/llvm{rust.llvm_major}/bin/{name}"),
            Path(f"/usr/lib64/llvm{rust.llvm_major}/bin/{name}"),
        ]
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def _of_nightly(_: Toolchain | None, name: str) -> Path | None:
    """A program of a nightly toolchain of rustup's, the newest name first."""
    shim = shutil.which("rustc") or str(cargo_home() / "bin" / "rustc")
    folders = visible(rustup_home(Path(shim)), "toolchains/nightly*")[::-1]
    found = (folder / "bin" / name for folder in folders)
    return next((path.resolve() for path in found if os.access(path, os.X_OK)), None)


def _of_agent_sdk(_: Toolchain | None, name: str) -> Path | None:
    """What claude-agent-sdk brings along, else what is in PATH; of no use without that library."""
    library = find_spec("claude_agent_sdk")
    if library is None or library.origin is None:
        return None
    bundled = Path(library.origin).parent / "_bundled" / name
    return bundled if bundled.is_file() else _on_path(None, name)


def _why_missing(tool: Tool, rust: Toolchain | None) -> str:
    if tool.find is _of_own_llvm and rust is not None:
        major = rust.llvm_major or "(unknown)"
        return f"{tool.name} of LLVM {major}, which rustc {rust.version} is built with, was not found"
    if tool.find in (_in_toolchain, _of_own_llvm) and rust is None:
        return f"{tool.name} was not found, because there is no rustc"
    if tool.find is _of_agent_sdk and find_spec("claude_agent_sdk") is None:
        return "claude-agent-sdk is not installed"
    if tool.find is _of_nightly:
        return f"{tool.name} was not found in a nightly toolchain"
    return f"{tool.name} was not found"


def _install_advice(tool: Tool, rust: Toolchain | None) -> str:
    ways = []
    if tool.rustup and rust is not None and rust.rustup is not None:
        ways.append(f"`rustup component add {tool.rustup}`")
    package = apt_package(tool, rust)
    if package:
        ways.append(f"`apt-get install {package}`")
    if tool.cargo:
        ways.append(f"`cargo install --locked {tool.cargo}`")
    if tool.find in (_in_toolchain, _of_own_llvm) and rust is None:
        ways = ["Rust from https://rustup.rs"]
    if not ways:
        return tool.advice
    return f"Install it with {' or '.join(ways)}, or run `ironwright doctor --install`."


def apt_package(tool: Tool, rust: Toolchain | None) -> str:
    """The Debian package that brings a tool; empty where none is known (as without an LLVM major)."""
    if "{llvm}" not in tool.apt:
        return tool.apt
    return tool.apt.format(llvm=rust.llvm_major) if rust is not None and rust.llvm_major else ""


_MIRI_ADVICE = (
    "Install it with `rustup toolchain install nightly --component miri,rust-src` and then "
    "`cargo +nightly miri setup`."
)
_CLAUDE_ADVICE = (
    "Install it with `pip install 'ironwright[claude-code]'`, which brings Claude Code along, or use the "
    "native engine."
)
_RUST_ADVICE = "Install Rust from https://rustup.rs."

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("rustc", "compiling", _in_toolchain, apt="rustc", advice=_RUST_ADVICE),
        Tool(
            "cargo", "building and testing", _in_toolchain, rustup="cargo", apt="cargo", advice=_RUST_ADVICE
        ),
        Tool("rustdoc", "documentation and its tests", _in_toolchain, rustup="rustc", apt="rustc"),
        Tool("rustfmt", "formatting", _in_toolchain, rustup="rustfmt", apt="rustfmt"),
        Tool("cargo-fmt", "formatting", _in_toolchain, rustup="rustfmt", apt="rustfmt"),
        Tool("cargo-clippy", "lints", _in_toolchain, rustup="clippy", apt="rust-clippy"),
        Tool("llvm-cov", "coverage", _of_own_llvm, rustup="llvm-tools", apt="llvm-{llvm}"),
        Tool("llvm-profdata", "coverage", _of_own_llvm, rustup="llvm-tools", apt="llvm-{llvm}"),
        Tool("cc", "linking", _in_system, apt="gcc"),
        Tool("git", "reading and writing repositories", _on_path, apt="git"),
        Tool("bwrap", "the sandbox", _on_path, apt="bubblewrap"),
        Tool("prlimit", "the sandbox's limits", _in_system, apt="util-linux"),
        Tool("valgrind", "instruction counts and memory profiles", _in_system, apt="valgrind"),
        Tool("cargo-mutants", "mutation testing", _installed_by_cargo, cargo="cargo-mutants"),
        Tool("cargo-semver-checks", "API compatibility", _installed_by_cargo, cargo="cargo-semver-checks"),
        Tool("cargo-machete", "unused dependencies", _installed_by_cargo, cargo="cargo-machete"),
        Tool("cargo-audit", "known vulnerabilities", _installed_by_cargo, cargo="cargo-audit"),
        Tool("cargo-miri", "undefined behaviour", _of_nightly, advice=_MIRI_ADVICE),
        Tool("claude", "`ironwright run --engine claude-code`", _of_agent_sdk, advice=_CLAUDE_ADVICE),
    )
}
"""Every tool by name."""

ALIASES: dict[str, str] = {"clippy": "cargo-clippy"}
"""Names that people use for a tool whose program is called otherwise."""
