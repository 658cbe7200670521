"""``ironwright.toml``: what it may hold, read strictly, every error with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ironwright.records.errors import ConfigError

ENGINES = ("native", "claude-code")
"""What can carry a conversation with a model; the first is the default."""


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """``[check]``: what ``ironwright check`` does without options.

    Attributes:
        contract: The agent whose contract applies, by name or file; without it the default contract.
        base: What a change is measured against; without it the merge-base with the default branch.
    """

    contract: str | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class RunConfig:
    """``[run]``: limits of a run. Money in US dollars, time in minutes.

    Attributes:
        agent: The agent that works, by name or file; without it the task chooses one.
        engine: What carries the conversation with the model, ``native`` or ``claude-code``.
        model: The model that works; without it the one that the definition names.
        reviewer: The model that is asked at the end of a run about the clauses that no gate checks; without
            it nobody is asked.
        repairs: How often the agent may repair what the gates refused.
        max_usd: What a run may cost, in US dollars; without it there is no limit.
        worth_usd: What a proved result is worth, in US dollars, against which the cost of tries is weighed;
            without it 20, about twenty minutes of a developer.
        max_turns: How many model requests a run may make.
        max_minutes: How long a run may work, in minutes.
        handoffs: Agents that every agent may hand work to, besides those that its definition names.
        handoff_depth: How often work may be handed on from one agent to the next.
        protected: Files that the agent may not edit, as globs from the repository's top.
    """

    agent: str | None = None
    engine: str = ENGINES[0]
    model: str | None = None
    reviewer: str | None = None
    repairs: int = 3
    max_usd: float | None = None
    worth_usd: float | None = None
    max_turns: int = 200
    max_minutes: float = 60.0
    handoffs: tuple[str, ...] = ()
    handoff_depth: int = 2
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelsConfig:
    """``[models]``: what the names in definitions mean here; servers are base URLs.

    Attributes:
        haiku: The model that a definition's ``haiku`` means here, as ``provider:id``.
        sonnet: The same for ``sonnet``.
        opus: The same for ``opus``.
        default: The model for definitions that name none, or ``inherit``.
        servers: Base URLs of OpenAI-compatible servers and of Ollama, besides those found on this machine.
        server_key: The environment variable whose value opens those servers; without it none is sent.
        fallback: Models to go on with, in this order, while the chosen one cannot be had: ``provider:id``, or
            a provider's name for its model of the same size.
        requests_per_minute: The most requests to one provider, of all runs of this machine together; without
            it only what providers ask for is kept to.
    """

    haiku: str | None = None
    sonnet: str | None = None
    opus: str | None = None
    default: str | None = None
    servers: tuple[str, ...] = ()
    server_key: str | None = None
    fallback: tuple[str, ...] = ()
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class CargoConfig:
    """``[cargo]``: how the crate is built for the gates.

    Attributes:
        features: Features to switch on.
        all_features: Whether all features are switched on.
        no_default_features: Whether the default features are switched off.
    """

    features: tuple[str, ...] = ()
    all_features: bool = False
    no_default_features: bool = False


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """``[sandbox]``: limits of every command that runs untrusted code.

    Attributes:
        memory_mb: Memory of a command with all its children, in MiB.
        processes: Processes and threads at once.
        disk_mb: What a command may write to temporary places, in MiB.
        seconds: How long one command may take, in seconds.
        output_mb: Output kept of one command, in MiB; beyond that the middle is dropped.
    """

    memory_mb: int = 8192
    processes: int = 1024
    disk_mb: int = 8192
    seconds: float = 900.0
    output_mb: int = 64


@dataclass(frozen=True, slots=True)
class GateConfig:
    """``[gates.<id>]``: settings that beat prose.

    Attributes:
        enabled: True adds the gate to every contract, False removes it, None leaves it to the contract.
        scope: ``changed``, ``all`` or ``ratchet``.
        strength: ``hard`` or ``soft``.
        params: The gate's own parameters.
        line: Where the table starts, for errors.
    """

    enabled: bool | None = None
    scope: str | None = None
    strength: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    line: int = 1


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of ``ironwright.toml``; every part has a default."""

    path: str = "ironwright.toml"
    check: CheckConfig = CheckConfig()
    run: RunConfig = RunConfig()
    models: ModelsConfig = ModelsConfig()
    cargo: CargoConfig = CargoConfig()
    sandbox: SandboxConfig = SandboxConfig()
    gates: Mapping[str, GateConfig] = field(default_factory=dict)


_SECTIONS: dict[str, type] = {
    "check": CheckConfig,
    "run": RunConfig,
    "models": ModelsConfig,
    "cargo": CargoConfig,
    "sandbox": SandboxConfig,
}

Section = TypeVar("Section")


def load_config(path: Path) -> Config:
    """Read ``ironwright.toml``; a missing file gives the defaults.

    Raises:
        ConfigError: The file is unreadable, is no TOML, or has an unknown key or a value of the wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config(path=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration cannot be read ({error})", where=str(path)) from error
    return parse_config(text, str(path))


def parse_config(text: str, path: str) -> Config:
    """Read the text of an ``ironwright.toml``.

    Raises:
        ConfigError: As for :func:`load_config`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}:{line[1]}" if line else path
        raise ConfigError(f"this is not valid TOML: {error}", where=where) from error
    gates = data.pop("gates", {})
    unknown = sorted(set(data) - set(_SECTIONS))
    if unknown:
        raise ConfigError(
            f"unknown section [{unknown[0]}]",
            where=f"{path}:{_line_of(text, unknown[0], section=True)}",
            advice=f"Known sections: {', '.join([*_SECTIONS, 'gates.<id>'])}.",
        )
    sections: dict[str, Any] = {
        name: _section(cls, data.get(name, {}), name, text, path) for name, cls in _SECTIONS.items()
    }
    if not isinstance(gates, dict):
        raise ConfigError("[gates] must be a table", where=f"{path}:{_line_of(text, 'gates')}")
    gate_settings = {gate: _gate(gate, value, text, path) for gate, value in gates.items()}
    return Config(path=path, gates=gate_settings, **sections)


def _gate(gate: str, value: Any, text: str, path: str) -> GateConfig:
    line = _line_of(text, f"gates.{gate}", section=True)
    if isinstance(value, bool):
        return GateConfig(enabled=value, line=_line_of(text, gate))
    if not isinstance(value, dict):
        raise ConfigError(
            f"gates.{gate} must be true, false or a table of settings", where=f"{path}:{_line_of(text, gate)}"
        )
    params = dict(value)
    enabled = params.pop("enabled", True)
    scope = params.pop("scope", None)
    strength = params.pop("strength", None)
    if not isinstance(enabled, bool):
        raise ConfigError("enabled must be true or false", where=f"{path}:{line}")
    if scope not in (None, "changed", "all", "ratchet"):
        raise ConfigError(
            f"scope cannot be {scope!r}", where=f"{path}:{line}", advice="Use changed, all or ratchet."
        )
    if strength not in (None, "hard", "soft"):
        raise ConfigError(
            f"strength cannot be {strength!r}", where=f"{path}:{line}", advice="Use hard or soft."
        )
    return GateConfig(enabled, scope, strength, params, line)


def _section(cls: type[Section], data: Any, name: str, text: str, path: str) -> Section:
    if not isinstance(data, dict):
        raise ConfigError(f"[{name}] must be a table", where=f"{path}:{_line_of(text, name)}")
    hints = get_type_hints(cls)
    known = {item.name: item for item in fields(cls)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in data.items():
        where = f"{path}:{_line_of(text, key)}"
        if key not in known:
            raise ConfigError(
                f"unknown key {key!r} in [{name}]", where=where, advice=f"Known keys: {', '.join(known)}."
            )
        values[key] = _typed(value, hints[key], f"{name}.{key}", where)
    assert all(item.default is not MISSING for item in known.values()), "every key has a default"
    return cls(**values)


def _typed(value: Any, hint: Any, key: str, where: str) -> Any:
    if get_origin(hint) is tuple:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ConfigError(f"{key} must be a list of strings", where=where)
    allowed = [kind for kind in (get_args(hint) or (hint,)) if kind is not type(None)]
    for kind in allowed:
        if isinstance(value, bool) != (kind is bool):
            continue
        if isinstance(value, kind):
            _check_sign(value, key, where)
            return value
        if kind is float and isinstance(value, int):
            _check_sign(value, key, where)
            return float(value)
    names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
    raise ConfigError(
        f"{key} must be {' or '.join(names[kind] for kind in allowed)}, not {value!r}", where=where
    )


def _check_sign(value: Any, key: str, where: str) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise ConfigError(f"{key} cannot be negative", where=where)


def _line_of(text: str, key: str, *, section: bool = False) -> int:
    bare = re.escape(key)
    pattern = rf"^\s*\[+\s*{bare}\b" if section else rf"^\s*\[*\s*\"?{bare}\"?\s*[\].=]"
    found = re.search(pattern, text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 + found[0].count("\n") if found else 1
