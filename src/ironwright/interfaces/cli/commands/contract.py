"""``ironwright contract``: every obligation of a definition, and which gate checks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ironwright.interfaces.cli.output import Output, output_options

if TYPE_CHECKING:
    from ironwright.records.contract import Clause, Contract
    from ironwright.reporting.canvas import Canvas


@click.command("contract")
@click.argument("file", metavar="FILE|NAME")
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="The project it is for.")
@click.option("--no-lock", is_flag=True, help="Only print; write no lock for review.")
@output_options("terminal", "json")
def command(file: str, repo: Path, no_lock: bool, output: Output) -> int:
    """Print every obligation of a definition with its gate; write the lock that a person can review.

    The lock is .ironwright/contracts/AGENT.toml; what a person decided in it survives.
    """
    from ironwright.agents.find import resolve_agent
    from ironwright.contract.compile import compile_contract
    from ironwright.gates.catalog import gates
    from ironwright.interfaces.cli.project import in_repository, project_root
    from ironwright.records.config import load_config
    from ironwright.records.paths import ProjectPaths

    root = project_root(repo)
    paths = ProjectPaths(root)
    agent = resolve_agent(file, root)
    config = load_config(paths.config)
    lock = None
    if no_lock or not in_repository(root):
        contract = compile_contract(agent, config, gates())
    else:
        from ironwright.contract.lock import contract_of_lock, lock_path, write_lock

        lock = lock_path(paths.contracts, agent.name)
        contract = contract_of_lock(write_lock(lock, agent, gates()), config, gates())
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json(contract_as_data(contract, agent.path, lock)))
    else:
        output.answer(_as_text(contract, agent.path, output))
    if lock is not None:
        output.remark(f"the lock is {lock}: review it, change what is wrong, commit it")
    elif not no_lock:
        output.remark("no lock was written: this folder is in no git repository")
    return 0


def contract_as_data(contract: Contract, path: str, lock: Path | None) -> dict[str, Any]:
    """A contract as JSON data; ``clauses`` has the documented shape."""
    return {
        "name": contract.name,
        "path": path,
        "digest": contract.digest,
        "clauses": [clause.as_json() for clause in contract.clauses],
        "gates": [
            {
                "id": binding.gate,
                "params": dict(binding.params),
                "scope": binding.scope.value,
                "strength": binding.strength.value,
                "sources": list(binding.sources),
            }
            for binding in contract.bindings
        ],
        "before": list(contract.before),
        "after": list(contract.after),
        "notes": list(contract.notes),
        "lock": None if lock is None else str(lock),
    }


def _as_text(contract: Contract, path: str, output: Output) -> str:
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.figures import count
    from ironwright.reporting.untrusted import printable

    canvas = Canvas(output.screen())
    gated = [clause for clause in contract.clauses if clause.gate is not None]
    advisory = [clause for clause in contract.clauses if clause.gate is None]
    canvas.line(("Contract of ", "bold"), (printable(contract.name), "bold"), f"  {printable(path)}")
    canvas.blank()
    canvas.line((f"{count(len(gated), 'clause')} checked by a gate", "bold green"))
    for clause in gated:
        _write_clause(canvas, clause)
    canvas.blank()
    canvas.line(
        (f"{count(len(advisory), 'clause')} advisory", "bold yellow"),
        ("  (told to the agent, not checked)", "dim"),
    )
    for clause in advisory:
        _write_clause(canvas, clause)
    canvas.blank()
    canvas.line(("Gates", "bold"))
    canvas.table(
        [
            ("gate", {"no_wrap": True}),
            ("strength", {"no_wrap": True}),
            ("scope", {"no_wrap": True}),
            ("parameters", {"overflow": "fold"}),
            ("because of", {"overflow": "fold"}),
        ],
        [
            [
                canvas.text((binding.gate, "bold")),
                canvas.text(binding.strength.value),
                canvas.text(binding.scope.value),
                canvas.text(_params(binding.params)),
                canvas.text((_sources(binding.sources, path), "dim")),
            ]
            for binding in contract.bindings
        ],
    )
    for name, commands in (("before", contract.before), ("after", contract.after)):
        if commands:
            canvas.line((f"{name} the work: ", "dim"), ", ".join(f"/{printable(item)}" for item in commands))
    for note in contract.notes:
        canvas.line(("note ", "dim"), printable(note))
    return canvas.result()


def _write_clause(canvas: Canvas, clause: Clause) -> None:
    from ironwright.reporting.untrusted import printable

    gate = clause.gate or "advisory"
    params = f" {_params(clause.params)}" if clause.params else ""
    strength = "" if clause.strength.value in ("hard", "advisory") else f" {clause.strength.value}"
    canvas.line(
        (f"{printable(clause.path)}:{clause.line}  ", "cyan"),
        (gate, "bold" if clause.gate else "yellow"),
        params,
        (strength, "yellow"),
        indent=2,
        fold=False,
    )
    canvas.line(printable(clause.sentence), indent=6)
    if clause.note and clause.gate is not None:
        canvas.line((printable(clause.note), "dim"), indent=6)


def _sources(sources: tuple[str, ...], path: str) -> str:
    """Where a gate comes from; of the definition itself only the lines are named."""
    from ironwright.reporting.untrusted import printable

    own = f"{path}:"
    lines = [source.removeprefix(own) for source in sources if source.startswith(own)]
    others = [source for source in sources if not source.startswith(own)]
    word = "line" if len(lines) == 1 else "lines"
    return printable(", ".join([*([f"{word} {', '.join(lines)}"] if lines else []), *others]))


def _params(params: Any) -> str:
    from ironwright.reporting.untrusted import printable

    def shown(value: Any) -> str:
        return ", ".join(str(item) for item in value) if isinstance(value, tuple | list) else str(value)

    return printable(" ".join(f"{name}={shown(value)}" for name, value in params.items()))
