"""Makes every tool call a guarded, durable, journalled step whose effect happens exactly once."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from pydantic import TypeAdapter
from pydantic_ai.capabilities import AbstractCapability, CapabilityOrdering
from pydantic_ai.exceptions import CallDeferred, ModelRetry, ToolFailed, ToolFailedError, ToolRetryError
from pydantic_ai.messages import ToolCallPart, ToolReturnPart
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_core import to_jsonable_python

from ironwright.host import clock
from ironwright.records.journal import Event, EventKind
from ironwright.records.manifest import dependency_manifests, manifest_digest
from ironwright.records.shell_reading import dependency_command
from ironwright.session.attempt import AttemptSpec
from ironwright.session.guard import COMMAND_TOOL, WRITING_TOOLS, Guard
from ironwright.session.sandbox_workspace import SandboxWorkspace

_RETURN: TypeAdapter[ToolReturnPart] = TypeAdapter(ToolReturnPart)
_CHANGING = WRITING_TOOLS | {COMMAND_TOOL}
_MAX_ARGUMENT = 2000
_MAX_COMMAND = 100_000
"""Characters of a command that its result keeps: what ran is evidence, so it is cut only when absurd."""

_SKIPPED_FOLDERS = frozenset(("target", ".git", "node_modules", ".ironwright"))


@dataclass
class ToolSteps(AbstractCapability[None]):
    """Wraps every tool call in a step named ``<key>/tool-<n>``.

    Calls run one at a time, so that ``n`` is the same whenever the run gets there. Journal:

    - ``tool_call`` ``{"attempt", "number", "call", "tool", "args", "tree_before"}`` before it runs; on the
      disk before it can change the worktree. Long texts in ``args`` stand as ``{"bytes", "sha256",
      "start"}``; ``tree_before`` only for tools that can change the worktree.
    - ``tool_result`` ``{"attempt", "number", "call", "tool", "outcome", "bytes", "sha256", "seconds"}`` after
      it; ``outcome`` is ``done``, ``failed`` (told to the agent as final), ``retry`` (asked to call again) or
      ``asked``. For tools that can change the worktree also ``tree_after`` and ``changed`` (paths): their
      event is written while the model already thinks, before the next call at the latest. For commands also
      ``command``, ``exit_code``, ``timed_out``, ``output_bytes`` and ``output_sha256`` of all that
      it printed.
    - ``guard_refused`` ``{"attempt", "number", "call", "tool", "rule", "reason"}`` in place of a result.
    - ``dependency_command`` ``{"argv", "cwd", "exit_code", "before", "after"}``, the last two with the digest
      of each manifest's dependencies by its path.

    A call whose ``tool_call`` is in the journal and that runs again was in flight when the process died:
    the worktree is first put back to ``tree_before``.
    """

    spec: AttemptSpec
    workspace: SandboxWorkspace
    guard: Guard
    calls_before: int = 0
    """Calls of this attempt that are not gone through again, and keep their numbers."""

    def __post_init__(self) -> None:
        self._number = self.calls_before
        self._tree: str | None = None
        self._looking: asyncio.Task[None] | None = None

    def get_ordering(self) -> CapabilityOrdering:
        """Outermost: what other capabilities do to a result (shortening it) is part of the step."""
        return CapabilityOrdering(position="outermost")

    async def wrap_tool_execute(
        self,
        ctx: RunContext[None],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: dict[str, Any],
        handler: Any,
    ) -> Any:
        """Guard, run and record one call."""
        await self.settle()
        self._number += 1
        step = f"{self.spec.key}/tool-{self._number}"
        about = {
            "attempt": self.spec.key,
            "number": self._number,
            "call": call.tool_call_id,
            "tool": call.tool_name,
        }
        plain = to_jsonable_python(args, fallback=str)
        event, was_announced = await self._announce(step, about, plain)

        async def act() -> Any:
            self.spec.progress(_line(call.tool_name, plain))
            if was_announced:
                await self._undo(event)
            return await self._act(call, plain, lambda: handler(args), event)

        value = await self.spec.step(step, act)
        self._record(step, about, value, event)
        return _replayed(value)

    async def _announce(self, step: str, about: Mapping[str, Any], args: Any) -> tuple[Event, bool]:
        """Write down that a call is about to run, with the tree that it starts from.

        Returns:
            The event, and whether an earlier process had written it.
        """
        name = f"{step}/call"
        known = self.spec.journal.find(name)
        if known is not None:
            return known, True
        data = {**about, "args": _shortened(args)}
        if about["tool"] in _CHANGING and self.spec.trees:
            if self._tree is None:
                self._tree = await anyio.to_thread.run_sync(self.spec.trees.snapshot)
            data["tree_before"] = self._tree
        # The workspace waits for the disk before a command starts, and `_act` before a file is written.
        return self.spec.journal.append(EventKind.TOOL_CALL, data, name, recorded=True), False

    async def _undo(self, event: Event) -> None:
        """Put the worktree back to where a call that was cut off started from."""
        before = event.data.get("tree_before")
        if before is None or self.spec.trees is None:
            return
        if await anyio.to_thread.run_sync(self.spec.trees.snapshot) != before:
            await anyio.to_thread.run_sync(self.spec.trees.restore, before)
        self._tree = before

    async def _act(self, call: ToolCallPart, args: Any, run: Any, event: Event) -> dict[str, Any]:
        """Run a call; every way in which it can end is data, so that a replay ends the same way."""
        refusal = self.guard.refusal(call.tool_name, args)
        if refusal is not None:
            return {"outcome": "refused", "rule": refusal.rule, "text": refusal.reason}
        if call.tool_name in WRITING_TOOLS:
            await anyio.to_thread.run_sync(self.spec.journal.sync)
        started = clock.seconds()
        command = str(args.get("command", "")) if call.tool_name == COMMAND_TOOL else None
        dependency = dependency_command(command) if command is not None else None
        before = self._manifests() if dependency else None
        self.workspace.last = None
        value = await _outcome(call, run)
        value["seconds"] = round(clock.seconds() - started, 3)
        if command is not None:
            value["command"] = self._command_data(command)
        if dependency is not None and self.workspace.last is not None:
            value["dependency"] = {
                "argv": list(dependency.argv),
                "cwd": ".",
                "exit_code": self.workspace.last.exit_code,
                "before": before,
                "after": self._manifests(),
            }
        value["text"] = value.get("text", "") + self._remark(event)
        return value

    async def settle(self) -> None:
        """Wait until the last call's effect on the worktree is written down.

        Raises:
            RunError: It could not be written.
        """
        looking, self._looking = self._looking, None
        if looking is not None:
            await looking

    async def _look(self, before: str, data: dict[str, Any], name: str) -> None:
        """Write down a result with what the call changed."""
        assert self.spec.trees is not None
        after = await anyio.to_thread.run_sync(self.spec.trees.snapshot)
        changed: Sequence[str] = ()
        if after != before:
            changed = await anyio.to_thread.run_sync(self.spec.trees.changed, before, after)
        self._tree = after
        data |= {"tree_after": after, "changed": sorted(changed)}
        self.spec.journal.append(EventKind.TOOL_RESULT, data, name, recorded=True)

    def _remark(self, event: Event) -> str:
        """Where the command before this call went around the rules; the journal says what it changed."""
        last = self.spec.journal.find(f"{self.spec.key}/tool-{event.data['number'] - 1}/result")
        if last is None or not last.data.get("changed") or "command" not in last.data:
            return ""
        if dependency_command(last.data["command"]) is not None:
            return ""
        remark = ""
        manifests = dependency_manifests(last.data["changed"])
        if manifests:
            remark += (
                f"\n[{', '.join(manifests)} was changed by the command before this one. Dependencies that "
            )
            remark += (
                "change other than by `cargo add` or `cargo remove` are refused at the end: undo such a "
            )
            remark += "change and use those commands.]"
        protected = self.guard.protected(last.data["changed"])
        if protected:
            remark += (
                f"\n[The command before this one changed {', '.join(protected)}, which is protected: put "
            )
            remark += "it back as it was.]"
        return remark

    def _command_data(self, command: str) -> dict[str, Any]:
        last = self.workspace.last
        if last is None:
            return {"command": command[:_MAX_COMMAND], "exit_code": None}
        output = last.stdout + last.stderr
        return {
            "command": command[:_MAX_COMMAND],
            "exit_code": last.exit_code,
            "timed_out": last.timed_out,
            "output_bytes": len(output),
            "output_sha256": hashlib.sha256(output).hexdigest(),
        }

    def _manifests(self) -> dict[str, str]:
        """The digest of each manifest's dependencies by its path."""
        top = self.spec.workplace.worktree
        paths = []
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name not in _SKIPPED_FOLDERS]
            if "Cargo.toml" in names:
                paths.append((Path(folder) / "Cargo.toml").relative_to(top).as_posix())
        digests = {}
        for path in dependency_manifests(paths):
            text = self.workspace.files.read(f"{self.workspace.files.seen_at}/{path}").decode(
                "utf-8", "replace"
            )
            digests[path] = manifest_digest(text)
        return digests

    def _record(self, step: str, about: Mapping[str, Any], value: Mapping[str, Any], event: Event) -> None:
        """Write down how a call ended; a step that was replayed finds its events there."""
        journal = self.spec.journal
        if value["outcome"] == "refused":
            data = {**about, "rule": value["rule"], "reason": value["text"]}
            journal.append(EventKind.GUARD_REFUSED, data, f"{step}/result")
            return
        if dependency := value.get("dependency"):
            journal.append(EventKind.DEPENDENCY_COMMAND, dependency, f"{step}/dependency")
        text = str(value.get("text", "")).encode("utf-8", "replace")
        data = {
            **about,
            "outcome": value["outcome"],
            "bytes": len(text),
            "sha256": hashlib.sha256(text).hexdigest(),
            "seconds": value["seconds"],
            **value.get("command", {}),
        }
        known = journal.find(f"{step}/result")
        before = event.data.get("tree_before")
        if known is not None:
            self._tree = known.data.get("tree_after", self._tree)
        elif before is None:
            journal.append(EventKind.TOOL_RESULT, data, f"{step}/result", recorded=True)
        else:
            # Nothing changes the worktree while the model thinks: there is time to look at it then.
            self._looking = asyncio.create_task(self._look(before, data, f"{step}/result"))


async def _outcome(call: ToolCallPart, run: Any) -> dict[str, Any]:
    try:
        result = await run()
    except (ToolFailed, ToolFailedError) as error:
        return {"outcome": "failed", "text": str(error)}
    except (ModelRetry, ToolRetryError) as error:
        return {"outcome": "retry", "text": str(error)}
    except CallDeferred as deferred:
        return {"outcome": "asked", "metadata": deferred.metadata}
    if isinstance(result, str):
        return {"outcome": "done", "text": result}
    part = ToolReturnPart(call.tool_name, content=result, tool_call_id=call.tool_call_id)
    return {"outcome": "done", "part": _RETURN.dump_python(part, mode="json")}


def _replayed(value: Mapping[str, Any]) -> Any:
    """End a call the way its recorded value says."""
    outcome = value["outcome"]
    if outcome in ("failed", "refused"):
        raise ToolFailed(value["text"])
    if outcome == "retry":
        raise ModelRetry(value["text"])
    if outcome == "asked":
        raise CallDeferred(value["metadata"])
    return _RETURN.validate_python(value["part"]).content if "part" in value else value["text"]


def _shortened(value: Any) -> Any:
    """Arguments for the journal: long texts by size, digest and beginning."""
    if isinstance(value, str) and len(value) > _MAX_ARGUMENT:
        raw = value.encode("utf-8", "replace")
        return {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest(), "start": value[:200]}
    if isinstance(value, Mapping):
        return {str(key): _shortened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(item) for item in value]
    return value


def _line(tool: str, args: Any) -> str:
    """One line on what is being done."""
    subject = next((str(args[key]) for key in ("command", "path", "question") if args.get(key)), "")
    return f"{tool} {' '.join(subject.split())[:120]}".rstrip()
