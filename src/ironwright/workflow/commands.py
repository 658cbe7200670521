"""The commands that a contract wants before and after the work (``/memo``, ``/lint``, ``/commit``)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ironwright.host.process import Limits
from ironwright.host.sandbox import Job, inner_path
from ironwright.records.definition import Command
from ironwright.records.errors import DefinitionError
from ironwright.records.journal import Event, EventKind
from ironwright.records.note import NoteError
from ironwright.session.attempt import AttemptResult, Stopped
from ironwright.workflow.context import RunContext
from ironwright.workflow.memory import RECALLED, ProjectMemory
from ironwright.workflow.phases import Phase, work_phase

_SHELL_LIMITS = Limits(seconds=120, output_bytes=1 << 20)


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How a command ended.

    Attributes:
        name: Without the slash.
        ok: Whether there is evidence that it was carried out; the agent's word is none.
        reason: What the evidence is, or what is missing.
        result: The phase's result; None where the command could not be started.
    """

    name: str
    ok: bool
    reason: str
    result: AttemptResult | None


async def run_command(
    run: RunContext, name: str, phase: str, number: int, history: bytes | None
) -> CommandOutcome:
    """Have the agent carry out a command, in the conversation so far, and judge by evidence whether it did.

    Args:
        run: The run.
        name: The command's name.
        phase: ``before`` or ``after``.
        number: How often the commands of this phase were gone through.
        history: The conversation so far.
    """
    key = f"{phase}-{number}-{name}"
    told = {"name": name, "phase": phase}
    run.journal.append(EventKind.COMMAND_STARTED, told, f"{key}/command-started")
    command = run.plan.commands.get(name)
    if command is None:
        outcome = CommandOutcome(name, False, "nobody defines this command", None)
    else:
        outcome = await _carry_out(run, command, key, history)
    run.journal.append(
        EventKind.COMMAND_ENDED,
        {**told, "ok": outcome.ok, "reason": outcome.reason},
        f"{key}/command-ended",
    )
    return outcome


async def _carry_out(run: RunContext, command: Command, key: str, history: bytes | None) -> CommandOutcome:
    async def expand() -> dict[str, Any]:
        return await asyncio.to_thread(_expanded, command, run)

    expanded = await run.step(f"{key}/expand", expand)
    if expanded["problem"]:
        return CommandOutcome(command.name, False, expanded["problem"], None)
    result = await work_phase(run, Phase(key, expanded["text"], history))
    if result.stopped is not Stopped.FINISHED:
        return CommandOutcome(command.name, False, result.reason or f"it ended by {result.stopped}", result)
    ok, reason = await _evidence(run, command, key)
    return CommandOutcome(command.name, ok, reason, result)


def _expanded(command: Command, run: RunContext) -> dict[str, Any]:
    from ironwright.agents.commands import ShellOutput, expand_command, project_reader

    workspace, sandbox = run.workspace, run.sandbox
    in_tree = project_reader(workspace.tree)

    def read(name: str) -> str | None:
        if name != RECALLED:
            return in_tree(name)
        return ProjectMemory(run.ground.project.memory).recall(run.record.request.task)

    def shell(line: str) -> ShellOutput:
        mounts = workspace.mounts(sandbox)
        cwd = inner_path(sandbox, mounts, workspace.tree)
        done = sandbox.run(Job(["bash", "-c", line], mounts, cwd, limits=_SHELL_LIMITS))
        return ShellOutput(done.exit_code, done.text, done.error_text)

    try:
        expanded = expand_command(command, "", shell, read)
    except (DefinitionError, NoteError) as error:
        return {"text": "", "problem": error.what}
    return {"text": expanded.text, "problem": ""}


async def _evidence(run: RunContext, command: Command, key: str) -> tuple[bool, str]:
    """What the worktree and the journal say of a command that the agent calls done."""
    if command.name.rsplit(":", 1)[-1] == "commit" or "git commit" in command.body:
        state = await asyncio.to_thread(run.workspace.state)
        tree, _, head = state.partition("@")
        committed = await asyncio.to_thread(run.workspace.tree_at, head)
        if committed != tree:
            return False, "the worktree holds changes that the agent did not commit"
        return True, f"everything is committed in {head[:12]}"
    failed = _last_failed_cargo(run.journal.events, key)
    if failed is not None:
        return False, f"its last `{failed}` failed"
    return True, "the agent ended it, and none of its cargo commands was left failing"


def _last_failed_cargo(events: tuple[Event, ...], key: str) -> str | None:
    """The last run of a cargo command in a phase, where it failed; None where none is left failing."""
    last: dict[str, tuple[str, bool]] = {}
    for event in events:
        if event.kind is not EventKind.TOOL_RESULT or not event.step.startswith(f"{key}/"):
            continue
        line = str(event.data.get("command", "")).strip()
        if line.startswith("cargo "):
            last[" ".join(line.split()[:2])] = (line, event.data.get("exit_code") != 0)
    failing = [line for line, failed in last.values() if failed]
    return failing[-1] if failing else None
