"""Makes the commented ``ironwright.toml`` of ``ironwright init`` from the settings' own definitions."""

from __future__ import annotations

import inspect
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from ironwright.gates.api import Gate
from ironwright.models.providers import PROVIDERS, ROLES
from ironwright.records.config import (
    CargoConfig,
    CheckConfig,
    ModelsConfig,
    RunConfig,
    SandboxConfig,
    parse_config,
)
from ironwright.records.errors import ConfigError

_SECTIONS = (CheckConfig, RunConfig, ModelsConfig, CargoConfig, SandboxConfig)
_EXAMPLES: Mapping[str, Any] = {
    "check.contract": "engineer",
    "check.base": "origin/main",
    "run.agent": "engineer",
    "run.model": "sonnet",
    "run.max_usd": 5.0,
    "run.worth_usd": 20.0,
    **{f"models.{role}": f"anthropic:{PROVIDERS['anthropic'].roles[role]}" for role in ROLES},
    "models.default": "sonnet",
    "models.requests_per_minute": 50,
}
"""What stands in the file for a key that is unset by default; commented out like every other."""

_HEAD = """\
# Settings of Ironwright for this repository. Every setting is commented out and shows the default (or an
# example, where nothing is set by default), so this file changes nothing until a line is uncommented.
# An option on the command line beats this file; this file beats what a definition says.
"""
_GATES_HEAD = """\
# Gates. `gate_id = true` under [gates] adds a gate to every contract, `false` removes it; a table sets its
# parameters, its scope (changed, all, ratchet) and its strength (hard refuses, soft is only shown).
# `ironwright gates list` names them all; `ironwright gates show ID` explains one.
"""


def settings_template(gates: Iterable[Gate]) -> str:
    """The text of a commented ``ironwright.toml``: every key with its meaning and default.

    Sections, keys and defaults come from the dataclasses in ``records.config``, the meanings from their
    docstrings, the gates' parameters from the gates: nothing is said twice, so nothing can go stale.
    """
    parts = [_HEAD]
    parts += [_section(section) for section in _SECTIONS]
    parts.append(_GATES_HEAD)
    parts += [_gate(gate) for gate in gates if gate.params]
    return "\n".join(parts)


def write_settings(path: Path, text: str) -> None:
    """Write the file whole or not at all; never over one that is there.

    Raises:
        ConfigError: The file exists, or cannot be written.
    """
    parse_config(text, str(path))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".ironwright-", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).chmod(0o644)
            os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    except FileExistsError as error:
        raise ConfigError(
            "the file is already there and was left as it is",
            where=str(path),
            advice="Edit it, or move it away first; `ironwright init --print` shows the template.",
        ) from error
    except OSError as error:
        raise ConfigError(f"the file cannot be written ({error.strerror})", where=str(path)) from error


def meanings(section: type) -> Mapping[str, str]:
    """What each attribute of a settings class means, from its docstring's ``Attributes`` part."""
    text = inspect.getdoc(section) or ""
    _, _, attributes = text.partition("Attributes:\n")
    found: dict[str, str] = {}
    for entry in re.finditer(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", attributes, re.MULTILINE):
        found[entry[1]] = " ".join(entry[2].split()).replace("``", "`")
    return found


def _section(section: type) -> str:
    heading = re.match(r"``\[(\w+)\]``: (.*)", (inspect.getdoc(section) or "").split("\n\n")[0], re.DOTALL)
    assert heading, f"{section.__name__} says which section it is"
    name, about = heading[1], " ".join(heading[2].split()).replace("``", "`")
    described = meanings(section)
    hints = get_type_hints(section)
    lines = [f"# {about[0].upper()}{about[1:]}", f"[{name}]"]
    for item in fields(section):
        unset = item.default is None
        value = _EXAMPLES.get(f"{name}.{item.name}", _blank(hints[item.name])) if unset else item.default
        lines += [f"# {described[item.name]}{' (Unset; an example:)' if unset else ''}"]
        lines += [f"# {item.name} = {toml_value(value)}", ""]
    return "\n".join(lines)


def _gate(gate: Gate) -> str:
    lines = [f"# {gate.summary}", f"# [gates.{gate.id}]"]
    for name, param in gate.params.items():
        allowed = f" One of: {', '.join(param.allowed)}." if param.allowed else ""
        value = _blank(param.type) if param.default is None else param.default
        lines.append(f"# {name} = {toml_value(value)}  # {param.meaning.rstrip('.')}.{allowed}")
    return "\n".join([*lines, ""])


def _blank(kind: Any) -> Any:
    return {int: 0, float: 0.0, bool: False, tuple: ()}.get(kind, "")


def toml_value(value: Any) -> str:
    """A setting's value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    # JSON's strings are TOML's basic strings (control characters are \u escapes in both).
    return json.dumps(str(value))
