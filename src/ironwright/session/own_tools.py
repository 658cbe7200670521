"""The tools that we add to those for files and commands: ``check`` and ``ask``."""

from __future__ import annotations

from typing import Any

from pydantic_ai.exceptions import CallDeferred
from pydantic_ai.tools import RunContext
from pydantic_ai.toolsets import FunctionToolset

from ironwright.records.journal import EventKind
from ironwright.session.attempt import AttemptSpec

ASK = "ask"
CHECK = "check"


def own_tools(spec: AttemptSpec) -> FunctionToolset[None]:
    """The toolset of one attempt.

    Journal: ``question`` ``{"attempt", "id", "question", "assumed", "unattended"}`` when the agent asks.
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
    return toolset
