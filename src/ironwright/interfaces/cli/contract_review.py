"""``ironwright contract --review``, ``--accept``, ``--reject`` and ``--assist``: decisions into the lock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ironwright.records.contract import Strength
from ironwright.records.errors import ContractError, IronwrightError

if TYPE_CHECKING:
    from ironwright.contract.lock_file import Lock, LockedClause
    from ironwright.interfaces.cli.output import Output
    from ironwright.records.config import Config

_KEYS = "a accept, e edit, r reject, s skip, q stop"


def decide(
    lock: Lock,
    config: Config,
    output: Output,
    review: bool,
    accepted: tuple[int, ...],
    rejected: tuple[int, ...],
    why: str,
    assist: str | None,
) -> Lock:
    """Take in what was decided, writing the lock after each kind of decision.

    Raises:
        ContractError: A number or reason is wrong, or a review has no terminal.
        ModelError: The model cannot be asked.
    """
    from ironwright.contract.lock import save_lock
    from ironwright.contract.review import accept, reject
    from ironwright.gates.catalog import gates

    if review and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ContractError(
            "a review asks on a terminal, and there is none",
            where="--review",
            advice="Use --accept N and --reject N --why TEXT, or edit the lock.",
        )
    if both := sorted(set(accepted) & set(rejected)):
        raise ContractError(f"clause {both[0]} cannot be both accepted and rejected", where="--reject")
    if accepted or rejected:
        lock = accept(lock, accepted)
        lock = reject(lock, rejected, why) if rejected else lock
        save_lock(lock, gates())
    if assist is not None:
        lock = _assisted(lock, config, output, assist)
    return _reviewed(lock) if review else lock


def _assisted(lock: Lock, config: Config, output: Output, name: str) -> Lock:
    import asyncio

    from ironwright.contract.assist import INSTRUCTIONS, assist
    from ironwright.contract.lock import save_lock
    from ironwright.gates.catalog import gates
    from ironwright.models.connect import connect
    from ironwright.models.resolve import resolve
    from ironwright.models.single_answer import ask_once
    from ironwright.reporting import figures

    resolved = resolve(name, None, config)
    model = connect(resolved)
    costs: list[float | None] = []

    async def ask(prompt: str) -> str:
        answer = await ask_once(model, INSTRUCTIONS, prompt, resolved.dollars)
        costs.append(answer.dollars)
        return answer.text

    with output.progress() as progress:
        progress.step(f"asking {resolved.label} about what stayed unrecognised")
        done = asyncio.run(assist(lock, gates(), resolved.label, ask))
    save_lock(done.lock, gates())
    known = [cost for cost in costs if cost is not None]
    total = sum(known) if len(known) == len(costs) else None
    output.remark(
        f"{resolved.label} proposes a gate for {figures.count(len(done.proposed), 'clause')}"
        f"{' (' + ', '.join(f'#{number}' for number in done.proposed) + ')' if done.proposed else ''}; "
        f"none counts "
        f"before it is accepted; {figures.count(len(costs), 'request')}, {figures.dollars(total)}"
    )
    for text in done.unusable:
        output.remark(text)
    return done.lock


def _reviewed(lock: Lock) -> Lock:
    """Ask about every clause with a gate that nobody has decided about; each answer is kept at once."""
    from ironwright.contract.lock import save_lock
    from ironwright.contract.review import undecided
    from ironwright.gates.catalog import gates

    waiting = undecided(lock)
    if not waiting:
        click.echo("every clause with a gate is decided", err=True)
    for position, number in enumerate(waiting, start=1):
        _show(lock.clauses[number - 1], number, f"{position}/{len(waiting)}")
        changed = _one(lock, number)
        if changed is None:
            break
        if changed is not lock:
            lock = changed
            save_lock(lock, gates())
    return lock


def _show(entry: LockedClause, number: int, place: str) -> None:
    from ironwright.contract.lock_file import summary
    from ironwright.reporting.untrusted import printable

    clause = entry.clause
    click.echo(f"\n#{number}  ({place})  {printable(clause.path)}:{clause.line}", err=True)
    click.echo(f"    {printable(clause.sentence)}", err=True)
    click.echo(f"    → {printable(summary(clause))}", err=True)
    if entry.proposed:
        click.echo(f"      proposed by {printable(entry.proposed)}", err=True)


def _one(lock: Lock, number: int) -> Lock | None:
    """The lock after one decision; the same one for a skipped clause, None to stop."""
    from ironwright.contract.review import accept, reject

    while True:
        key = click.prompt(f"    {_KEYS}", default="s", show_default=False, err=True).strip().lower()[:1]
        try:
            if key == "a":
                return accept(lock, [number])
            if key == "r":
                return reject(
                    lock, [number], click.prompt("    why", default="", show_default=False, err=True)
                )
            if key == "e":
                return _edited(lock, number)
        except IronwrightError as error:
            click.echo(f"    {error.what}. {error.advice or ''}".rstrip(), err=True)
            continue
        if key == "q":
            return None
        if key == "s":
            return lock


def _edited(lock: Lock, number: int) -> Lock:
    from ironwright.contract.review import edit
    from ironwright.gates.catalog import gates

    clause = lock.clauses[number - 1].clause
    gate = click.prompt("    gate (- for none)", default=clause.gate or "-", err=True).strip()
    if gate == "-":
        return edit(lock, number, gates(), gate=None, params={}, strength=Strength.ADVISORY)
    stated = dict(clause.params) if gate == clause.gate else {}
    shown = _as_toml(stated)
    params = _from_toml(click.prompt("    params", default=shown or "none", err=True), lock.path)
    word = click.prompt(
        "    strength", type=click.Choice(["hard", "soft"]), default=_strength(clause.strength), err=True
    )
    return edit(lock, number, gates(), gate=gate, params=params, strength=Strength(word))


def _strength(strength: Strength) -> str:
    return "hard" if strength is Strength.ADVISORY else strength.value


def _as_toml(params: dict[str, Any]) -> str:
    import json

    return ", ".join(
        f"{name} = {json.dumps(list(value) if isinstance(value, tuple) else value)}"
        for name, value in params.items()
    )


def _from_toml(text: str, path: str) -> dict[str, Any]:
    """Parameters as ``minimum = 80, deny = ["pedantic"]``."""
    import tomllib

    if text.strip() in ("", "none"):
        return {}
    try:
        return dict(tomllib.loads(f"params = {{ {text} }}")["params"])
    except tomllib.TOMLDecodeError as error:
        raise ContractError(
            f"these parameters cannot be read ({error})",
            where=path,
            advice="Write them as: minimum = 80, x = true",
        ) from error
