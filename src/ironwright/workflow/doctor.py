"""``ironwright doctor``: which tools, sandboxes and models are there, what is missing, and installing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ironwright.records.config import Config
from ironwright.records.errors import IronwrightError, ToolError

if TYPE_CHECKING:
    from ironwright.gates.api import Gate
    from ironwright.host.install import InstallResult

_BASICS = ("git", "rustc", "cargo", "cc")
"""What a check needs before any gate asks for a tool of its own."""

_SECONDS_BETWEEN_LINES = 1.0

_LANDLOCK_LEAVES_OPEN = (
    "no loopback network, so tests that open a port fail",
    "names, sizes and command lines of other files and processes can be seen",
)


@dataclass(frozen=True, slots=True)
class ToolState:
    """One tool, looked for.

    Attributes:
        name: The tool's name.
        purpose: What it is needed for.
        gates: Gates that are UNKNOWN without it.
        needed: Whether a check by the default contract needs it.
        path: Where it is; None when it is missing.
        version: What it says of its version; empty when it is missing or does not answer.
        problem: Why it does not serve; empty when it does.
        advice: How to install it; empty when it is there.
    """

    name: str
    purpose: str
    gates: tuple[str, ...]
    needed: bool
    path: str | None
    version: str = ""
    problem: str = ""
    advice: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is there and answers."""
        return self.path is not None and not self.problem


@dataclass(frozen=True, slots=True)
class SandboxState:
    """One kind of sandbox, tried out.

    Attributes:
        name: ``bubblewrap`` or ``landlock``.
        works: Whether a command ran in it and could not read outside.
        problem: Why it does not work.
        advice: What to do about it.
        leaves_open: What it does not enforce here.
    """

    name: str
    works: bool
    problem: str = ""
    advice: str = ""
    leaves_open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelState:
    """A key or a server that opens models; only its presence is known, never the key.

    Attributes:
        provider: The provider's name.
        found: The environment variable, or the URL.
        models: How many models a server offers; None for a key.
    """

    provider: str
    found: str
    models: int | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a machine offers.

    Attributes:
        tools: Every tool that something needs.
        sandboxes: Every kind of sandbox.
        models: What opens models.
        default_gates: Ids of the default contract's hard gates.
    """

    tools: tuple[ToolState, ...]
    sandboxes: tuple[SandboxState, ...]
    models: tuple[ModelState, ...]
    default_gates: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether everything is there that a check by the default contract needs."""
        return all(tool.ok for tool in self.tools if tool.needed) and any(box.works for box in self.sandboxes)

    def as_json(self) -> dict[str, Any]:
        """The diagnosis as JSON data."""
        return {
            "ready": self.ready,
            "default_gates": list(self.default_gates),
            "tools": [
                {
                    "name": tool.name,
                    "ok": tool.ok,
                    "needed": tool.needed,
                    "purpose": tool.purpose,
                    "gates": list(tool.gates),
                    "path": tool.path,
                    "version": tool.version,
                    "problem": tool.problem,
                    "advice": tool.advice,
                }
                for tool in self.tools
            ],
            "sandboxes": [
                {
                    "name": box.name,
                    "works": box.works,
                    "problem": box.problem,
                    "advice": box.advice,
                    "leaves_open": list(box.leaves_open),
                }
                for box in self.sandboxes
            ],
            "models": [
                {"provider": item.provider, "found": item.found, "models": item.models}
                for item in self.models
            ],
        }


def diagnose(config: Config, progress: Callable[[str], None]) -> Diagnosis:
    """Look at the machine; nothing is changed.

    Raises:
        ConfigError: The settings name a server that is no URL.
        ContractError: The settings make no default contract.
    """
    from ironwright.contract.compile import default_contract
    from ironwright.gates.catalog import gates
    from ironwright.records.contract import Strength

    catalog = gates()
    contract = default_contract(config, catalog)
    default = tuple(binding.gate for binding in contract.bindings if binding.strength is Strength.HARD)
    tools = tuple(
        _tool_state(name, users, name in _BASICS or bool(set(users) & set(default)), progress)
        for name, users in _tools_of(catalog).items()
    )
    progress("trying the sandboxes")
    sandboxes = (_bubblewrap(), _landlock())
    progress("looking for keys and for servers on this machine")
    return Diagnosis(tools, sandboxes, _models(config), default)


def install_missing(
    diagnosis: Diagnosis,
    progress: Callable[[str], None],
    on_result: Callable[[InstallResult], None],
    only: Sequence[str] = (),
) -> None:
    """Install every tool that is missing and that a gate or the sandbox needs.

    What the default contract needs comes first, what cargo has to compile last: that takes minutes each.

    Args:
        diagnosis: What was found before.
        progress: Told what is being done.
        on_result: Given what came of each tool.
        only: Names of the only tools to install; empty for all.

    Raises:
        ToolError: ``only`` names a tool that is not known.
    """
    from ironwright.host.install import install_tool
    from ironwright.host.tools import forget_tools, tool_named

    wanted = {tool_named(name).name for name in only}
    needed = {
        tool_named(tool.name).name: tool.needed or tool.name in wanted
        for tool in diagnosis.tools
        if tool.path is None
    }
    if not any(box.works for box in diagnosis.sandboxes):
        needed["bwrap"] = True
    missing = {name: tool_named(name) for name in needed if name in wanted or not wanted}

    def turn(name: str) -> tuple[bool, bool]:
        tool = missing[name]
        return not needed[name], not (tool.rustup or tool.apt)

    for name in sorted(missing, key=turn):
        progress(f"installing {name}")
        on_result(install_tool(missing[name], on_output=_Heard(name, progress)))
    forget_tools()


class _Heard:
    """Shows the last line that an installer wrote, once a second at most: some go on for minutes.

    Args:
        name: What is being installed.
        progress: Told of it.
    """

    def __init__(self, name: str, progress: Callable[[str], None]) -> None:
        self._name = name
        self._progress = progress
        self._part = b""
        self._shown_at = float("-inf")

    def __call__(self, chunk: bytes) -> None:
        """Take what was written; it may end in the middle of a line."""
        from ironwright.host import clock

        # Progress bars go back to the line's beginning instead of ending it.
        *whole, self._part = (self._part + chunk).replace(b"\r", b"\n").split(b"\n")
        lines = [text for line in whole if (text := line.decode("utf-8", "replace").strip())]
        if lines and clock.seconds() - self._shown_at >= _SECONDS_BETWEEN_LINES:
            self._shown_at = clock.seconds()
            self._progress(f"installing {self._name}: {lines[-1][:100]}")


def _tools_of(catalog: Mapping[str, Gate]) -> dict[str, tuple[str, ...]]:
    """Every tool that something needs with the gates that ask for it, the basic ones first."""
    found: dict[str, list[str]] = {name: [] for name in (*_BASICS, "bwrap")}
    for gate in catalog.values():
        for tool in gate.tools:
            found.setdefault(tool, []).append(gate.id)
    found["claude"] = []
    return {name: tuple(users) for name, users in found.items()}


def _tool_state(
    name: str, users: tuple[str, ...], needed: bool, progress: Callable[[str], None]
) -> ToolState:
    from ironwright.host.tools import MissingTool, find_tool

    progress(f"looking for {name}")
    found = find_tool(name)
    if isinstance(found, MissingTool):
        return ToolState(
            name, found.tool.purpose, users, needed, None, problem=found.reason, advice=found.advice
        )
    try:
        version = found.version()
    except ToolError as error:
        return ToolState(
            name, found.tool.purpose, users, needed, str(found.path), problem=error.what, advice=error.advice
        )
    return ToolState(name, found.tool.purpose, users, needed, str(found.path), version)


def _bubblewrap() -> SandboxState:
    from ironwright.host.cgroup import hierarchy
    from ironwright.host.choose_sandbox import choose_sandbox

    try:
        choose_sandbox("bubblewrap")
    except IronwrightError as error:
        return SandboxState("bubblewrap", False, error.what, error.advice)
    return SandboxState("bubblewrap", True, leaves_open=() if hierarchy() else (_watched(),))


def _landlock() -> SandboxState:
    from ironwright.host.cgroup import hierarchy
    from ironwright.host.choose_sandbox import choose_sandbox

    try:
        choose_sandbox("landlock")
    except IronwrightError as error:
        return SandboxState("landlock", False, error.what, error.advice)
    watched = () if hierarchy() else (_watched(),)
    return SandboxState("landlock", True, leaves_open=(*_LANDLOCK_LEAVES_OPEN, *watched))


def _watched() -> str:
    return "memory and processes are limited for each process and watched, not limited by a control group"


def _models(config: Config) -> tuple[ModelState, ...]:
    from ironwright.models.discover import discover

    return tuple(
        ModelState(item.provider.name, item.where, len(item.models) or None)
        for item in discover(config).found
    )
