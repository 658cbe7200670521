"""``ironwright contract``: every obligation of a definition, and which gate checks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ContractError

if TYPE_CHECKING:
    from ironwright.records.contract import Clause, Contract
    from ironwright.reporting.canvas import Canvas

_BAR = 30
_NO_GATE = "no gate enforces this"


@click.command("contract")
@click.argument("words", metavar="FILE|NAME | diff A B", nargs=-1, required=True)
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="The project it is for.")
@click.option("--no-lock", is_flag=True, help="Only print; write no lock for review.")
@click.option("--review", is_flag=True, help="Go through the clauses on a terminal: accept, edit, reject.")
@click.option("--accept", "accepted", type=int, multiple=True, metavar="N", help="Accept clause N.")
@click.option(
    "--reject", "rejected", type=int, multiple=True, metavar="N", help="Reject clause N; needs --why."
)
@click.option("--why", default="", metavar="TEXT", help="Why the clauses are rejected.")
@click.option("--assist", metavar="MODEL", help="Let a model propose gates for what stayed unrecognised.")
@output_options("terminal", "json")
def command(
    words: tuple[str, ...],
    repo: Path,
    no_lock: bool,
    review: bool,
    accepted: tuple[int, ...],
    rejected: tuple[int, ...],
    why: str,
    assist: str | None,
    output: Output,
) -> int:
    """Print every obligation of a definition with its gate; write the lock that a person can review.

    The lock is .ironwright/contracts/AGENT.toml; what a person decided in it survives. What a model
    proposes (--assist) counts only once it is accepted.

    "diff A B" tells what changed between two definitions: files, names, or REVISION:PATH in git.
    """
    from ironwright.interfaces.cli.project import in_repository, project_root
    from ironwright.records.config import load_config
    from ironwright.records.paths import ProjectPaths

    root = project_root(repo)
    paths = ProjectPaths(root)
    config = load_config(paths.config)
    if words[0] == "diff" and len(words) == 3:
        from ironwright.interfaces.cli.contract_changes import show_differences

        return show_differences(words[1], words[2], root, config, output)
    if len(words) != 1:
        raise click.UsageError("name one definition, or: diff A B")
    decides = bool(review or accepted or rejected or assist)
    if why and not rejected:
        raise click.UsageError("--why gives the reason for --reject")
    if no_lock and decides:
        raise click.UsageError("decisions are kept in the lock: leave out --no-lock")
    from ironwright.agents.find import resolve_agent
    from ironwright.contract.compile import compile_contract
    from ironwright.gates.catalog import gates

    agent = resolve_agent(words[0], root)
    locked = None
    if no_lock or not in_repository(root):
        if decides:
            raise ContractError(
                "there is no lock to decide in",
                where=str(root),
                advice="Decisions are kept in .ironwright/contracts of a git repository; run it there.",
            )
        contract = compile_contract(agent, config, gates(), root)
    else:
        from ironwright.contract.lock import contract_of_lock, lock_path, write_lock

        locked = write_lock(lock_path(paths.contracts, agent.name), agent, gates())
        if decides:
            from ironwright.interfaces.cli.contract_review import decide

            locked = decide(locked, config, output, review, accepted, rejected, why, assist)
        contract = contract_of_lock(locked, config, gates())
    lock = None if locked is None else Path(locked.path)
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
    from ironwright.contract.review import coverage

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
        "coverage": coverage(contract.clauses).as_json(),
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
    _write_coverage(canvas, contract)
    canvas.blank()
    numbers = {id(clause): number for number, clause in enumerate(contract.clauses, start=1)}
    canvas.line((f"{count(len(gated), 'clause')} checked by a gate", "bold green"))
    for clause in gated:
        _write_clause(canvas, clause, numbers[id(clause)])
    canvas.blank()
    canvas.line(
        (f"{count(len(advisory), 'clause')} advisory", "bold yellow"),
        ("  (told to the agent, not checked)", "dim"),
    )
    for clause in advisory:
        _write_clause(canvas, clause, numbers[id(clause)])
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


def _write_coverage(canvas: Canvas, contract: Contract) -> None:
    """A small bar: how much of what the definition demands is enforced."""
    from ironwright.contract.review import coverage

    counted = coverage(contract.clauses)
    filled = round(counted.share * _BAR)
    words = [f"{counted.enforced} enforced", f"{counted.advisory} advisory"]
    if counted.rejected:
        words.append(f"{counted.rejected} rejected")
    canvas.line(
        ("█" * filled, "green"),
        ("░" * (_BAR - filled), "yellow"),
        f" {round(100 * counted.share)} % enforced  ",
        (", ".join(words), "dim"),
    )


def _write_clause(canvas: Canvas, clause: Clause, number: int) -> None:
    from ironwright.reporting.untrusted import printable

    gate = clause.gate or "advisory"
    params = f" {_params(clause.params)}" if clause.params else ""
    strength = "" if clause.strength.value in ("hard", "advisory") else f" {clause.strength.value}"
    canvas.line(
        (f"#{number:<3} ", "dim"),
        (f"{printable(clause.path)}:{clause.line}  ", "cyan"),
        (gate, "bold" if clause.gate else "yellow"),
        params,
        (strength, "yellow"),
        indent=2,
        fold=False,
    )
    canvas.line(printable(clause.sentence), indent=6)
    if clause.note and clause.note != _NO_GATE:
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
