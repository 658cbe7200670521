"""What a person decides about the clauses of a lock: accepted, edited or rejected with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ironwright.contract.lock_file import REJECTED, Lock, LockedClause
from ironwright.contract.settings import checked_gate, checked_params
from ironwright.gates.api import Gate
from ironwright.records.contract import Clause, Strength
from ironwright.records.errors import ContractError


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what a definition demands is enforced, in numbers of clauses.

    Attributes:
        enforced: Clauses that a gate checks.
        advisory: Clauses that are told to the agent and not checked.
        rejected: Clauses that a person rejected as wrongly recognised.
    """

    enforced: int
    advisory: int
    rejected: int

    @property
    def share(self) -> float:
        """The share of enforced clauses among those that nobody rejected; 0 where there are none."""
        asked = self.enforced + self.advisory
        return self.enforced / asked if asked else 0.0

    def as_json(self) -> dict[str, Any]:
        """The numbers as JSON data."""
        return {
            "enforced": self.enforced,
            "advisory": self.advisory,
            "rejected": self.rejected,
            "share": round(self.share, 3),
        }


def coverage(clauses: Iterable[Clause]) -> Coverage:
    """Count what is enforced, advisory and rejected."""
    counted = {"enforced": 0, "advisory": 0, "rejected": 0}
    for clause in clauses:
        if clause.gate is not None and clause.strength is not Strength.ADVISORY:
            counted["enforced"] += 1
        elif clause.note.startswith(REJECTED):
            counted["rejected"] += 1
        else:
            counted["advisory"] += 1
    return Coverage(**counted)


def accept(lock: Lock, numbers: Sequence[int]) -> Lock:
    """The lock with clauses marked as right as they stand; a proposal counts from then on.

    Args:
        lock: The lock.
        numbers: The clauses' numbers, from 1, in the lock's order.

    Raises:
        ContractError: There is no clause of that number.
    """
    return _changed(lock, numbers, lambda entry: replace(entry, accepted=True, reject=""))


def reject(lock: Lock, numbers: Sequence[int], why: str) -> Lock:
    """The lock with clauses rejected: they ask for nothing any more.

    Raises:
        ContractError: There is no clause of that number, or no reason was given.
    """
    why = " ".join(why.split())
    if not why:
        raise ContractError(
            "a rejected clause needs its reason", where=lock.path, advice="Say it with --why TEXT."
        )
    return _changed(lock, numbers, lambda entry: replace(entry, reject=why, accepted=False))


def edit(
    lock: Lock,
    number: int,
    gates: Mapping[str, Gate],
    *,
    gate: str | None,
    params: Mapping[str, Any],
    strength: Strength,
) -> Lock:
    """The lock with a clause as a person wants it.

    Args:
        lock: The lock.
        number: The clause's number, from 1.
        gates: Every gate by id.
        gate: The gate that enforces it, or None for an advisory clause.
        params: What it states for the gate.
        strength: How binding it is.

    Raises:
        ContractError: There is no such clause, gate or parameter, or a value is of the wrong type.
    """
    where = f"{lock.path}: clause {number}"
    checked: dict[str, Any] = {}
    if gate is None:
        strength = Strength.ADVISORY
    else:
        checked = checked_params(checked_gate(gate, gates, where), params, where)

    def edited(entry: LockedClause) -> LockedClause:
        clause = replace(entry.clause, gate=gate, params=checked, strength=strength, note="")
        return replace(entry, clause=clause, reject="", accepted=True)

    return _changed(lock, [number], edited)


def undecided(lock: Lock) -> tuple[int, ...]:
    """The numbers of the clauses with a gate that nobody accepted or rejected, in the lock's order."""
    return tuple(
        number
        for number, entry in enumerate(lock.clauses, start=1)
        if entry.clause.gate is not None and not entry.accepted and not entry.reject
    )


def _changed(lock: Lock, numbers: Sequence[int], change: Any) -> Lock:
    clauses = list(lock.clauses)
    for number in numbers:
        if not 1 <= number <= len(clauses):
            raise ContractError(
                f"there is no clause {number}",
                where=lock.path,
                advice=f"The clauses are numbered from 1 to {len(clauses)}."
                if clauses
                else "The lock holds no clause.",
            )
        clauses[number - 1] = change(clauses[number - 1])
    return replace(lock, clauses=tuple(clauses))
