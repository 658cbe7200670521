"""What changed between two contracts: clauses that came, went or ask for something else, and gates."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ironwright.contract.lock_file import summary
from ironwright.records.contract import Binding, Clause, Contract

_ALIKE = 0.6
"""From this likeness on two sentences are one that was reworded."""
_MOST_COMPARED = 400


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        kind: ``appeared``, ``disappeared``, ``reworded``, ``asks`` (the same sentence asks for something
            else) or ``gate`` (what the contract as a whole demands of a gate).
        line: The line in the newer definition; in the older one for what disappeared; 0 for gates.
        sentence: The sentence, or the gate's id.
        before: What it was; empty for what appeared.
        after: What it is; empty for what disappeared.
    """

    kind: str
    line: int
    sentence: str
    before: str
    after: str

    def as_json(self) -> dict[str, Any]:
        """The difference as JSON data."""
        return {
            "kind": self.kind,
            "line": self.line,
            "sentence": self.sentence,
            "before": self.before,
            "after": self.after,
        }


def differences(old: Contract, new: Contract) -> tuple[Difference, ...]:
    """Clauses in the order of the newer text, then what disappeared, then gates."""
    before, after = _by_sentence(old.clauses), _by_sentence(new.clauses)
    gone = [sentence for sentence in before if sentence not in after]
    found: list[Difference] = []
    for sentence, clauses in after.items():
        asked = _asked(clauses)
        if sentence in before:
            earlier = _asked(before[sentence])
            if earlier != asked:
                found.append(Difference("asks", clauses[0].line, sentence, earlier, asked))
            continue
        near = difflib.get_close_matches(sentence, gone[:_MOST_COMPARED], n=1, cutoff=_ALIKE)
        if near:
            gone.remove(near[0])
            found.append(
                Difference(
                    "reworded", clauses[0].line, sentence, f"{near[0]} [{_asked(before[near[0]])}]", asked
                )
            )
        else:
            found.append(Difference("appeared", clauses[0].line, sentence, "", asked))
    for sentence in gone:
        clauses = before[sentence]
        found.append(Difference("disappeared", clauses[0].line, sentence, _asked(clauses), ""))
    return (*found, *_gates(old.bindings, new.bindings))


def _by_sentence(clauses: Sequence[Clause]) -> dict[str, list[Clause]]:
    grouped: dict[str, list[Clause]] = {}
    for clause in clauses:
        grouped.setdefault(clause.sentence, []).append(clause)
    return grouped


def _asked(clauses: Sequence[Clause]) -> str:
    return "; ".join(sorted({summary(clause) if clause.gate else "advisory" for clause in clauses}))


def _gates(old: Sequence[Binding], new: Sequence[Binding]) -> list[Difference]:
    before: Mapping[str, str] = {binding.gate: _demand(binding) for binding in old}
    after: Mapping[str, str] = {binding.gate: _demand(binding) for binding in new}
    return [
        Difference("gate", 0, gate, before.get(gate, ""), after.get(gate, ""))
        for gate in dict.fromkeys((*before, *after))
        if before.get(gate) != after.get(gate)
    ]


def _demand(binding: Binding) -> str:
    parts = [binding.strength.value, binding.scope.value]
    for name, value in binding.params.items():
        shown = ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        parts.append(f"{name}={shown}")
    return " ".join(parts)
