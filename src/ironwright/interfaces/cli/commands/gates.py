"""``ironwright gates``: lists the gates and explains one."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from ironwright.interfaces.cli.output import Output, output_options

if TYPE_CHECKING:
    from ironwright.gates.api import Gate, GateModule


@click.group("gates")
def command() -> None:
    """List gates, or explain one."""


@command.command("list")
@output_options("terminal", "json")
def list_gates(output: Output) -> int:
    """List every gate with what it refuses, cheapest first."""
    from ironwright.gates.catalog import gates
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.json import data_as_json

    known = gates()
    if output.format == "json":
        output.answer(data_as_json({"gates": [gate_as_data(gate) for gate in known.values()]}))
        return 0
    canvas = Canvas(output.screen())
    canvas.table(
        [
            ("gate", {"no_wrap": True}),
            ("refuses", {"overflow": "fold", "ratio": 1}),
            ("needs", {"no_wrap": True}),
        ],
        [
            [
                canvas.text((gate.id, "bold")),
                canvas.text(gate.summary),
                canvas.text((gate.cost.name.lower(), "dim")),
            ]
            for gate in known.values()
        ],
    )
    output.answer(canvas.result())
    return 0


@command.command("show")
@click.argument("gate_id", metavar="ID")
@output_options("terminal", "json")
def show_gate(gate_id: str, output: Output) -> int:
    """Explain one gate: what it checks, why, its evidence, its parameters, how prose asks for it."""
    from ironwright.gates.catalog import gate_modules
    from ironwright.reporting.json import data_as_json

    modules = gate_modules()
    if gate_id not in modules:
        import difflib

        from ironwright.records.errors import ConfigError

        near = difflib.get_close_matches(gate_id, modules, n=3)
        hint = f"Did you mean {', '.join(near)}? " if near else ""
        raise ConfigError(
            f"there is no gate {gate_id!r}", advice=f"{hint}`ironwright gates list` names them all."
        )
    module = modules[gate_id]
    if output.format == "json":
        output.answer(data_as_json({**gate_as_data(module.GATE), "about": inspect.getdoc(module) or ""}))
    else:
        output.answer(_gate_as_text(module, output))
    return 0


def gate_as_data(gate: Gate) -> dict[str, Any]:
    """A gate's specification as JSON data."""
    return {
        "id": gate.id,
        "summary": gate.summary,
        "cost": gate.cost.name.lower(),
        "params": {
            name: {
                "type": param.type.__name__,
                "default": list(param.default) if isinstance(param.default, tuple) else param.default,
                "meaning": param.meaning,
                "allowed": list(param.allowed),
            }
            for name, param in gate.params.items()
        },
        "requires": list(gate.requires),
        "tools": list(gate.tools),
        "scopes": [scope.value for scope in gate.scopes],
        "process": gate.process,
        "phrasings": [phrasing.example for phrasing in gate.phrasings],
    }


def _gate_as_text(module: GateModule, output: Output) -> str:
    from ironwright.reporting.canvas import Canvas

    gate = module.GATE
    canvas = Canvas(output.screen())
    canvas.line((gate.id, "bold"))
    canvas.blank()
    for line in (inspect.getdoc(module) or gate.summary).split("\n"):
        canvas.line(line.replace("``", "`"), indent=2)
    canvas.blank()
    facts = {
        "scopes": ", ".join(scope.value for scope in gate.scopes) + " (the first is the default)",
        "requires": ", ".join(gate.requires),
        "tools": ", ".join(gate.tools),
    }
    for name, value in facts.items():
        if value:
            canvas.line((f"{name:<10}", "dim"), value, indent=2)
    for name, param in gate.params.items():
        allowed = f" One of: {', '.join(param.allowed)}." if param.allowed else ""
        canvas.line(
            ("parameter ", "dim"), (name, "bold"), f" = {param.default!r}: {param.meaning}{allowed}", indent=2
        )
    for phrasing in gate.phrasings:
        canvas.line(("prose     ", "dim"), f"“{phrasing.example}”", indent=2)
    return canvas.result()
