"""Clauses, their binding to gates, and the contract that they make up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Strength(StrEnum):
    """How binding a clause is.

    HARD clauses refuse work, SOFT ones ("aim for", "if applicable") are checked and shown,
    ADVISORY ones have no gate and are passed to the agent as text only.
    """

    HARD = "hard"
    SOFT = "soft"
    ADVISORY = "advisory"


class Scope(StrEnum):
    """What of the tree a gate judges: what the change touches, everything, or "no file gets worse"."""

    CHANGED = "changed"
    ALL = "all"
    RATCHET = "ratchet"


@dataclass(frozen=True, slots=True)
class Clause:
    """One obligation found in an agent's text.

    Attributes:
        path: The file that holds the sentence (the definition, or an included snippet).
        line: 1-based line where the sentence starts.
        sentence: The obligation as written, white space folded.
        gate: The gate that enforces it, or None when it stays advisory.
        params: The gate's parameters that this sentence states (only those).
        strength: How binding it is.
        note: Why it is soft or advisory, or what was assumed; may be empty.
    """

    path: str
    line: int
    sentence: str
    gate: str | None
    params: Mapping[str, Any] = field(default_factory=dict)
    strength: Strength = Strength.HARD
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The clause in the documented JSON shape of ``ironwright contract``."""
        data: dict[str, Any] = {
            "line": self.line,
            "sentence": self.sentence,
            "gate": self.gate,
            "params": dict(self.params),
            "strength": self.strength.value,
            "path": self.path,
        }
        if self.note:
            data["note"] = self.note
        return data


@dataclass(frozen=True, slots=True)
class Binding:
    """A gate with the parameters, scope and strength that a contract demands of it.

    Attributes:
        gate: The gate's id.
        params: All of the gate's parameters, defaults filled in.
        scope: What of the tree it judges.
        strength: HARD or SOFT.
        sources: ``path:line`` of the clauses (or ``ironwright.toml``) that demand it.
    """

    gate: str
    params: Mapping[str, Any]
    scope: Scope = Scope.CHANGED
    strength: Strength = Strength.HARD
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """An agent's clauses, each bound to a gate with parameters, or marked advisory.

    Attributes:
        name: The agent's name, or ``default``.
        clauses: Every obligation found, in the order of the text.
        bindings: One for each gate that the contract demands, in the gates' order of cost.
        digest: SHA-256 (hex) of the definition's text with its includes; empty for ``default``.
        before: Commands that must run before the work (``memo``), without the slash.
        after: Commands that must run after it (``lint``, ``commit``).
        notes: What a person should know: conflicts resolved by "strictest wins", settings that beat prose.
    """

    name: str
    clauses: tuple[Clause, ...]
    bindings: tuple[Binding, ...]
    digest: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
