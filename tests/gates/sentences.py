"""What a sentence of a definition asks of a gate, read as a contract reads it."""

from __future__ import annotations

from typing import Any

from ironwright.contract.recognise import recognise
from ironwright.gates.catalog import gates
from ironwright.records.definition import Agent


def asks_for(gate: str, sentence: str, heading: str = "Rules") -> dict[str, Any] | None:
    """The parameters that a sentence states for a gate; None where it does not ask for the gate."""
    body = f"# {heading}\n\n- {sentence}\n"
    for clause in recognise(Agent("engineer", "", "engineer.md", body, body, 1), gates()):
        if clause.gate == gate:
            return {**clause.params, "strength": clause.strength.value}
    return None
