"""The lock's file: its format, how it is read with every error at its line, and how it is rendered."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ironwright.contract.compile import bind
from ironwright.contract.settings import checked_gate, checked_params, checked_scope
from ironwright.gates.api import Gate
from ironwright.records.config import Config, GateConfig
from ironwright.records.contract import Binding, Clause, Strength
from ironwright.records.errors import ContractError

if TYPE_CHECKING:
    from tomlkit.items import AoT, InlineTable, Table

SCHEMA: Final = 1
_ADVICE = "Correct it, or delete the file to start anew."
_TOP = {"schema": int, "agent": str, "definition": str, "digest": str, "clauses": list, "gates": dict}
_CLAUSE = {
    "line": int,
    "path": str,
    "sentence": str,
    "gate": str,
    "params": dict,
    "strength": str,
    "found": str,
    "note": str,
    "reject": str,
    "accepted": bool,
    "proposed": str,
}
_GATE = {"strength": str, "scope": str, "enabled": bool, "params": dict, "found": dict}
_OPTIONAL = {"note", "reject", "accepted", "proposed", "params", "clauses", "gates"}
REJECTED: Final = "rejected: "
"""How the note of a clause begins that a person rejected."""
_HEADER = """\
The contract of the agent {agent}: every obligation found in its text, and the gate that enforces it.
Review it, edit it, commit it. It decides as long as the text is the one below; renewing it keeps edits:

    ironwright contract {definition}

In a clause:  set gate, params or strength ("hard", "soft", "advisory"), or reject = "why it is wrong".
              "proposed" names the model that proposed the gate: it counts once accepted = true stands there.
In a gate:    set strength, scope or params, or enabled = false. This beats the clauses.
Leave "found" alone: it is what was recognised, and tells your edits apart.
"""


@dataclass(frozen=True, slots=True)
class LockedClause:
    """A clause as the lock holds it.

    Attributes:
        clause: The clause as it stands in the file, edits included.
        found: What recognition had found, in one line; an edit is whatever differs from it.
        reject: Why a person rejected the clause; empty where nobody did.
        line: The lock's line where the entry starts.
        accepted: Whether a person said that it is right as it stands.
        proposed: The model that proposed the gate; a proposal counts only once it is accepted.
    """

    clause: Clause
    found: str
    reject: str = ""
    line: int = 1
    accepted: bool = False
    proposed: str = ""

    @property
    def edited(self) -> bool:
        """Whether a person decided about the entry, or a model proposed something for it."""
        return bool(self.reject or self.accepted or self.proposed) or summary(self.clause) != self.found

    @property
    def decided(self) -> Clause:
        """The clause as the contract uses it: a rejected one asks for nothing."""
        if self.reject:
            note = f"{REJECTED}{self.reject}"
        elif self.proposed and not self.accepted:
            note = f"{self.proposed} proposes {summary(self.clause)}: accept or reject it in a review"
        else:
            return self.clause
        return replace(self.clause, gate=None, params={}, strength=Strength.ADVISORY, note=note)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file's content.

    Attributes:
        path: The file.
        agent: The agent's name.
        definition: The definition's file as it was given.
        digest: Digest of the text that the clauses came from.
        clauses: Every obligation, in the order of the text.
        gates: What a person set for whole gates: only what differs from what the clauses make.
    """

    path: str
    agent: str
    definition: str
    digest: str
    clauses: tuple[LockedClause, ...]
    gates: Mapping[str, GateConfig] = field(default_factory=dict)


def summary(clause: Clause) -> str:
    """Gate, strength and parameters of a clause in one line: ``low_coverage hard minimum=90``."""
    parts = [clause.gate or "none", clause.strength.value]
    for name in sorted(clause.params):
        value = clause.params[name]
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        parts.append(f"{name}={shown}")
    return " ".join(parts)


def load_lock(path: Path, gates: Mapping[str, Gate]) -> Lock:
    """Read a lock.

    Raises:
        ContractError: It cannot be read, is no TOML, or says something that no lock can say; ``where``
            names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(
            f"the lock cannot be read ({error})", where=str(path), advice="Make it readable, or delete it."
        ) from error
    return parse_lock(text, str(path), gates)


def parse_lock(text: str, path: str, gates: Mapping[str, Gate]) -> Lock:
    """Read the text of a lock.

    Raises:
        ContractError: As for :func:`load_lock`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        named = re.search(r"line (\d+)", str(error))
        where = f"{path}:{named[1] if named else text.count(chr(10)) + 1}"
        raise ContractError(f"this is not valid TOML: {error}", where=where, advice=_ADVICE) from error
    _check_keys(data, _TOP, "the lock", f"{path}:1")
    if data["schema"] != SCHEMA:
        raise ContractError(
            f"this lock has schema {data['schema']}; this version reads {SCHEMA}",
            where=f"{path}:{_line(text, 'schema')}",
            advice="Use the version that wrote it, or delete the file to start anew.",
        )
    starts = [text.count("\n", 0, found.start()) + 1 for found in re.finditer(r"(?m)^\[\[clauses\]\]", text)]
    clauses = []
    for index, entry in enumerate(data.get("clauses", [])):
        line = starts[index] if index < len(starts) else 1
        clauses.append(_clause(entry, f"{path}:{line}", line, gates))
    settings: dict[str, GateConfig] = {}
    for gate, table in data.get("gates", {}).items():
        line = _line(text, rf"\[gates\.\"?{re.escape(gate)}")
        setting = _setting(gate, table, f"{path}:{line}", line, gates)
        if setting is not None:
            settings[gate] = setting
    return Lock(path, data["agent"], data["definition"], data["digest"], tuple(clauses), settings)


def _line(text: str, start: str) -> int:
    found = re.search(rf"(?m)^\s*{start}", text)
    return text.count("\n", 0, found.end()) + 1 if found else 1


def _check_keys(data: Any, known: Mapping[str, type], what: str, where: str) -> None:
    if not isinstance(data, dict):
        _refuse(f"{what} must be a table", where)
    for key, value in data.items():
        if key not in known:
            raise ContractError(
                f"unknown key {key!r} in {what}", where=where, advice=f"Known keys: {', '.join(known)}."
            )
        if type(value) is not known[key]:
            _refuse(f"{key} has a value of the wrong type in {what}", where)
    for key in known:
        if key not in data and key not in _OPTIONAL and known is not _GATE:
            _refuse(f"{what} has no {key}", where)


def _refuse(what: str, where: str) -> NoReturn:
    raise ContractError(what, where=where, advice=_ADVICE)


def _clause(entry: Any, where: str, line: int, gates: Mapping[str, Gate]) -> LockedClause:
    _check_keys(entry, _CLAUSE, "a clause", where)
    strength = _strength(entry["strength"], where)
    gate, params = None, {}
    if entry["gate"]:
        gate = checked_gate(entry["gate"], gates, where)
        params = checked_params(gate, entry.get("params", {}), where)
        if strength is Strength.ADVISORY and "reject" not in entry and entry["found"].split(" ")[0] == "none":
            strength = Strength.HARD  # naming a gate for an advisory clause demands it
    elif entry.get("params"):
        _refuse("a clause without a gate has no params", where)
    else:
        strength = Strength.ADVISORY
    clause = Clause(
        entry["path"],
        entry["line"],
        entry["sentence"],
        gate.id if gate else None,
        params,
        strength,
        entry.get("note", ""),
    )
    return LockedClause(
        clause,
        entry["found"],
        entry.get("reject", ""),
        line,
        entry.get("accepted", False),
        entry.get("proposed", ""),
    )


def _strength(value: str, where: str) -> Strength:
    try:
        return Strength(value)
    except ValueError:
        raise ContractError(
            f"strength cannot be {value!r}", where=where, advice="Use hard, soft or advisory."
        ) from None


def _setting(gate_id: str, table: Any, where: str, line: int, gates: Mapping[str, Gate]) -> GateConfig | None:
    """What a person set for a gate: whatever differs from ``found``; None where nothing does."""
    gate = checked_gate(gate_id, gates, where)
    _check_keys(table, _GATE, f"gates.{gate_id}", where)
    found = table.get("found")
    params = checked_params(gate, table.get("params", {}), where)
    scope, strength = table.get("scope"), table.get("strength")
    checked_scope(gate, scope, where)
    if strength is not None and _strength(strength, where) is Strength.ADVISORY:
        raise ContractError(
            "a gate is hard or soft", where=where, advice="Use enabled = false to leave the gate out."
        )
    if table.get("enabled") is False:
        return GateConfig(False, None, None, {}, line)
    if found is None:
        return GateConfig(True, scope, strength, params, line)
    known = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    changed = {name: value for name, value in params.items() if known.get(name) != value}
    scope = scope if scope != known.get("scope") else None
    strength = strength if strength != known.get("strength") else None
    if not changed and scope is None and strength is None:
        return None
    return GateConfig(None, scope, strength, changed, line)


def render_lock(lock: Lock, gates: Mapping[str, Gate]) -> str:
    """The lock's text; reading it gives the same lock."""
    import tomlkit

    document = tomlkit.document()
    for text in _HEADER.format(
        agent=_one_line(lock.agent), definition=_one_line(lock.definition)
    ).splitlines():
        document.add(tomlkit.comment(text) if text else tomlkit.comment(""))
    document.add(tomlkit.nl())
    document["schema"] = SCHEMA
    document["agent"] = lock.agent
    document["definition"] = lock.definition
    document["digest"] = lock.digest
    made = bind(lock.agent, [entry.decided for entry in lock.clauses], Config(), gates)
    tables = tomlkit.table(is_super_table=True)
    for binding in made.bindings:
        tables[binding.gate] = _gate_table(binding, lock.gates.get(binding.gate))
    for gate, setting in lock.gates.items():
        if gate not in tables:
            tables[gate] = _own_table(setting)
    document["gates"] = tables
    document["clauses"] = _clause_tables(lock)
    return tomlkit.dumps(document)


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)


def _inline(values: Mapping[str, Any]) -> InlineTable:
    import tomlkit

    table = tomlkit.inline_table()
    for name, value in values.items():
        table[name] = list(value) if isinstance(value, tuple) else value
    return table


def _gate_table(binding: Binding, setting: GateConfig | None) -> Table:
    import tomlkit

    table = tomlkit.table()
    table.comment(_one_line(", ".join(binding.sources)))
    setting = setting or GateConfig()
    if setting.enabled is False:
        table["enabled"] = False
    table["strength"] = setting.strength or binding.strength.value
    table["scope"] = setting.scope or binding.scope.value
    if binding.params:
        table["params"] = _inline({**binding.params, **setting.params})
    table["found"] = _inline(
        {"strength": binding.strength.value, "scope": binding.scope.value, **binding.params}
    )
    return table


def _own_table(setting: GateConfig) -> Table:
    """A gate that a person added: without ``found``, so that all of it stays theirs."""
    import tomlkit

    table = tomlkit.table()
    table["enabled"] = setting.enabled is not False
    if setting.strength:
        table["strength"] = setting.strength
    if setting.scope:
        table["scope"] = setting.scope
    if setting.params:
        table["params"] = _inline(setting.params)
    return table


def _clause_tables(lock: Lock) -> AoT:
    import tomlkit

    tables = tomlkit.aot()
    for entry in lock.clauses:
        table = tomlkit.table()
        table["line"] = entry.clause.line
        table["path"] = entry.clause.path
        table["sentence"] = entry.clause.sentence
        table["gate"] = entry.clause.gate or ""
        if entry.clause.params:
            table["params"] = _inline(entry.clause.params)
        table["strength"] = entry.clause.strength.value
        table["found"] = entry.found
        if entry.clause.note:
            table["note"] = entry.clause.note
        if entry.reject:
            table["reject"] = entry.reject
        if entry.proposed:
            table["proposed"] = entry.proposed
        if entry.accepted:
            table["accepted"] = True
        tables.append(table)
    return tables
