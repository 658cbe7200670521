"""The tools that we add: ``check``, ``ask``, ``delegate``, ``remember``, ``recall``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_ai.exceptions import CallDeferred, ToolFailed
from pydantic_ai.tools import RunContext
from pydantic_ai.toolsets import FunctionToolset

from ironwright.records.handoff import Handoff
from ironwright.records.journal import EventKind
from ironwright.records.note import NoteError
from ironwright.session.attempt import AttemptSpec, Memory, Partners

ASK = "ask"
CHECK = "check"
REMEMBER = "remember"
RECALL = "recall"
DELEGATE = "delegate"


def own_tools(spec: AttemptSpec) -> FunctionToolset[None]:
    """The toolset of one attempt.

    Journal: ``question`` ``{"attempt", "id", "question", "assumed", "unattended"}`` when the agent asks;
    ``remembered`` ``{"attempt", "text", "kind", "source"}`` when it proposes a note.
    """
    toolset: FunctionToolset[None] = FunctionToolset(id="ironwright")

    async def ask(ctx: RunContext[None], question: str, assumption: str) -> str:
        """Ask the user about an ambiguity that matters.

        Args:
            ctx: The run.
            question: One precise question.
            assumption: What you will assume if nobody answers.
        """
        data: dict[str, Any] = {
            "attempt": spec.key,
            "id": ctx.tool_call_id,
            "question": question,
            "assumed": assumption,
            "unattended": spec.unattended,
        }
        spec.journal.append(EventKind.QUESTION, data, f"{spec.key}/question-{ctx.tool_call_id}")
        if not spec.unattended:
            raise CallDeferred({"question": question, "assumed": assumption})
        return "Nobody can answer now. Go on with your assumption; it is recorded and shown in the report."

    toolset.add_function(ask, name=ASK)
    if spec.check is not None:
        run_check = spec.check

        async def check() -> str:
            """Run the gates on your work as it is now and return what they find."""
            return await run_check()

        toolset.add_function(check, name=CHECK)
    if spec.partners is not None:
        _add_delegate(toolset, spec, spec.partners)
    if spec.memory is not None:
        _add_memory(toolset, spec, spec.memory)
    return toolset


def _add_delegate(toolset: FunctionToolset[None], spec: AttemptSpec, partners: Partners) -> None:
    async def delegate(
        ctx: RunContext[None],
        agent: str,
        finding: str,
        attempted: str,
        question: str,
        suspicion: str = "",
        files: list[str] | None = None,
    ) -> str:
        """Hand a part of the work to another agent; its verdicts and answer come back to you."""
        if agent not in partners.names:
            raise ToolFailed(f"{agent!r} may not be asked. You may ask: {', '.join(partners.names)}.")
        refusal = partners.refusal(agent)
        if refusal:
            raise ToolFailed(f"{agent} may not be asked: {refusal}")
        handoff = Handoff(
            ctx.tool_call_id or "", agent, finding, attempted, suspicion, question, tuple(files or ())
        )
        raise CallDeferred({"handoff": handoff.as_json()})

    offered = "; ".join(f"{name}: {what}" for name, what in partners.names.items())
    told = f"Hand a part of the work to another agent; its answer and verdicts come back. Agents: {offered}"
    toolset.add_function(delegate, name=DELEGATE, description=told)


def _add_memory(toolset: FunctionToolset[None], spec: AttemptSpec, memory: Memory) -> None:
    async def remember(ctx: RunContext[None], text: str, kind: str, source: str) -> str:
        """Propose a short note for whoever works here next; kind: decision, convention, pitfall or fact.

        Args:
            ctx: The run.
            text: The note.
            kind: What it is about.
            source: File and line, or command, that it rests on.
        """
        key = f"{spec.key}/note-{ctx.tool_call_id}"
        if spec.journal.find(key) is None:
            against = _told(memory.objection, text, kind, source)
            if against is not None:
                raise ToolFailed(f"Not noted: {against}")
        data = {"attempt": spec.key, "text": text, "kind": kind, "source": source}
        spec.journal.append(EventKind.REMEMBERED, data, key)
        return "Noted; it is kept when this work is delivered."

    async def recall(words: str) -> str:
        """Search the project's notes."""
        return _told(memory.recall, words) or ""

    toolset.add_function(remember, name=REMEMBER)
    toolset.add_function(recall, name=RECALL)


def _told(ask: Callable[..., str | None], *words: str) -> str | None:
    """What the memory answers; one that cannot be read is the user's to repair, and no end of the work."""
    try:
        return ask(*words)
    except NoteError as error:
        raise ToolFailed(f"The notes cannot be read: {error.what} ({error.where}).") from error
