"""What earlier runs on the same task say for an escalation, and the refusal of one without evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ironwright.gates.failed_attempts import count_failures, failed_attempts
from ironwright.records.contract import Contract, Strength
from ironwright.records.errors import ContractError, RunError
from ironwright.records.journal import read_journal
from ironwright.records.paths import ProjectPaths
from ironwright.workflow.run_store import RunStore

GATE = "premature_escalation"


def earlier_failures(project: ProjectPaths, task: str) -> tuple[Mapping[str, str], ...]:
    """The failed attempts of the project's earlier runs on a task, oldest first.

    A task is the same when its words are. A run whose journal is damaged is no evidence and is left out.
    """
    return tuple(_failures(RunStore(project), _folded(task)))


def refuse_premature(
    contract: Contract, agent: str, earlier: Sequence[Mapping[str, str]], *, overridden: bool
) -> None:
    """Refuse an agent for escalation before it costs anything, where its gate could only refuse its work.

    Args:
        contract: The agent's contract.
        agent: Its name.
        earlier: Failed attempts of earlier runs.
        overridden: Whether a person allowed it.

    Raises:
        ContractError: Fewer attempts failed than the contract demands.
    """
    bound = [b for b in contract.bindings if b.gate == GATE and b.strength is Strength.HARD]
    if overridden or not bound:
        return
    standard, minimum = bound[0].params["standard"], bound[0].params["minimum"]
    failed = count_failures((item["agent"] for item in earlier), agent, standard)
    if agent == standard or failed >= minimum:
        return
    first = standard or "another agent"
    raise ContractError(
        f"{agent} is for escalation only: {minimum} failed attempts of {first} on this task are asked for, "
        f"and {failed} are recorded",
        where=", ".join(bound[0].sources) or contract.name,
        advice=f"Let {first} try first (`--agent {standard or 'NAME'}`), or allow it with "
        '`--override-escalation "REASON"`.',
    )


def _failures(store: RunStore, task: str) -> Iterator[Mapping[str, str]]:
    for listed in reversed(store.list()):
        if listed.problem or _folded(listed.task) != task:
            continue
        try:
            journal = read_journal(store.find(listed.run_id).journal)
        except RunError:
            continue
        for item in failed_attempts(journal):
            yield {"run": listed.run_id, "agent": item.agent, "attempt": item.attempt, "why": item.why}


def _folded(task: str) -> str:
    return " ".join(task.split()).casefold()
