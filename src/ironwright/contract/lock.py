"""The lock of a contract: written, renewed with people's edits kept, refused when stale, and what decides."""

from __future__ import annotations

import difflib
import os
import shlex
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ironwright.contract.compile import agent_digest, bind, project_relative
from ironwright.contract.lock_file import Lock, LockedClause, load_lock, render_lock, summary
from ironwright.gates.api import Gate
from ironwright.records.config import Config, GateConfig
from ironwright.records.contract import Clause, Contract
from ironwright.records.definition import Agent
from ironwright.records.errors import ContractError
from ironwright.records.paths import PROJECT_FOLDER, lock_name

_CHANGED_RATIO = 0.6


def lock_path(folder: Path, agent: str) -> Path:
    """Where an agent's lock is: its name, with what a file name cannot hold replaced by ``-``."""
    return folder / lock_name(agent)


def load_contract(path: Path, agent: Agent, config: Config, gates: Mapping[str, Gate]) -> Contract:
    """The contract that an agent's lock decides, the user's settings applied.

    Raises:
        ContractError: The lock cannot be read, is malformed, or is stale.
    """
    lock = load_lock(path, gates)
    check_stale(lock, agent, gates)
    return contract_of_lock(lock, config, gates)


def contract_of_lock(lock: Lock, config: Config, gates: Mapping[str, Gate]) -> Contract:
    """The contract of a lock, without looking at the definition.

    Raises:
        ContractError: As for ``compile_contract``.
    """
    clauses = tuple(entry.decided for entry in lock.clauses)
    return bind(
        lock.agent, clauses, config, gates, digest=lock.digest, locked=lock.gates, lock_path=lock.path
    )


def check_stale(lock: Lock, agent: Agent, gates: Mapping[str, Gate]) -> None:
    """Refuse a lock whose definition has changed.

    Raises:
        ContractError: The text is not the one that the lock was made from; it names the sentences that
            appeared, disappeared and changed, and the command that renews the lock.
    """
    if lock.digest == agent_digest(agent):
        return
    from ironwright.contract.recognise import recognise

    old = [entry.clause for entry in lock.clauses]
    changes = _differences(old, recognise(agent, gates))
    listed = "; ".join(changes) if changes else "no obligation changed, only other text"
    raise ContractError(
        f"the contract of {lock.agent} is stale: its definition changed ({listed})",
        where=lock.path,
        advice=f"Review it and renew it: ironwright contract {shlex.quote(agent.path)}",
    )


def _differences(old: Sequence[Clause], new: Sequence[Clause]) -> list[str]:
    before = list(dict.fromkeys(clause.sentence for clause in old))
    after = {clause.sentence: clause.line for clause in new}
    gone = [sentence for sentence in before if sentence not in after]
    come = [sentence for sentence in after if sentence not in before]
    changes: list[str] = []
    for sentence in gone:
        near = difflib.get_close_matches(sentence, come, n=1, cutoff=_CHANGED_RATIO)
        if near:
            come.remove(near[0])
            changes.append(f'changed: "{sentence}" is now "{near[0]}" (line {after[near[0]]})')
        else:
            changes.append(f'disappeared: "{sentence}"')
    changes.extend(f'appeared: "{sentence}" (line {after[sentence]})' for sentence in come)
    return changes


def write_lock(path: Path, agent: Agent, gates: Mapping[str, Gate]) -> Lock:
    """Write or renew an agent's lock; the file is replaced as a whole or not at all.

    Edits of an earlier lock survive for every sentence that is unchanged, and for every gate.

    Returns:
        The lock as written.

    Raises:
        ContractError: The earlier lock is malformed, or the file cannot be written.
    """
    from ironwright.contract.recognise import recognise

    found = tuple(LockedClause(clause, summary(clause)) for clause in recognise(agent, gates))
    settings: Mapping[str, GateConfig] = {}
    if path.exists():
        previous = load_lock(path, gates)
        found = _with_edits(found, previous.clauses)
        settings = previous.gates
    root = path.resolve().parent
    root = root.parent.parent if root.parent.name == PROJECT_FOLDER else root
    found = tuple(
        replace(entry, clause=replace(entry.clause, path=project_relative(entry.clause.path, root)))
        for entry in found
    )
    lock = Lock(
        str(path), agent.name, project_relative(agent.path, root), agent_digest(agent), found, settings
    )
    save_lock(lock, gates)
    return lock


def save_lock(lock: Lock, gates: Mapping[str, Gate]) -> None:
    """Write a lock as a whole, or not at all.

    Raises:
        ContractError: The file cannot be written.
    """
    _write(Path(lock.path), render_lock(lock, gates))


def _with_edits(found: Iterable[LockedClause], previous: Iterable[LockedClause]) -> tuple[LockedClause, ...]:
    """Recognition's clauses, with the edits that people made to the same sentence and finding."""
    edits = [entry for entry in previous if entry.edited]
    renewed: list[LockedClause] = []
    for entry in found:
        match = next(
            (
                edit
                for edit in edits
                if edit.clause.sentence == entry.clause.sentence
                and edit.found.split(" ")[0] == entry.found.split(" ")[0]
            ),
            None,
        )
        if match is None:
            renewed.append(entry)
            continue
        edits.remove(match)
        clause = replace(match.clause, path=entry.clause.path, line=entry.clause.line)
        renewed.append(replace(match, clause=clause, found=entry.found))
    return tuple(renewed)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ContractError(
            f"the lock cannot be written ({error.strerror or error})",
            where=str(path),
            advice="Make the folder writable, or use --no-lock.",
        ) from error
