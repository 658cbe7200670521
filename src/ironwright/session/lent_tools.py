"""Lends our tools to a loop that is not ours: guarded, journalled and sandboxed as in the native engine.

The tools live in a loop of the native engine's kind, whose "model" only passes on the calls of the other
loop and takes the results back. So whatever the native engine does with a call (validating it, guarding it,
keeping it a step, shortening its result) is done here by the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai import Agent as Loop
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import DeferredToolRequests, ToolDefinition
from pydantic_ai.usage import RequestUsage, UsageLimits

from ironwright.records.errors import RunError
from ironwright.records.handoff import Handoff
from ironwright.session.attempt import AttemptSpec, Question
from ironwright.session.guard import Guard
from ironwright.session.native import (
    TOOL_RETRIES,
    handoffs_of,
    own_definition,
    questions_of,
    tool_capabilities,
)
from ironwright.session.own_tools import own_tools
from ironwright.session.sandbox_workspace import SandboxWorkspace
from ironwright.session.tool_steps import ToolSteps

ASKED = "The question was put to the user. End your turn now; the answer comes as the next message."
HANDED_OFF = "It is handed over. End your turn now; what comes of it is the next message."
_NO_MORE = "This conversation is over: no tool can be called any more."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to.

    Attributes:
        text: For the agent.
        failed: Whether it did not do what it was called for.
    """

    text: str
    failed: bool


class LentTools:
    """The tools of one attempt, to be called one at a time from any task of the event loop.

    Args:
        spec: The attempt; its step runner runs each call.
        calls_before: How many calls of this attempt the journal has already.
    """

    def __init__(self, spec: AttemptSpec, calls_before: int = 0) -> None:
        self._spec = spec
        self._workspace = SandboxWorkspace(spec.workplace, spec.journal.sync)
        guard = Guard(self._workspace.files, spec.protected, own_definition(spec), spec.forbidden)
        self._steps = ToolSteps(spec, self._workspace, guard, calls_before)
        self._turn = asyncio.Lock()
        self._calls: asyncio.Queue[ToolCallPart | None] = asyncio.Queue()
        self._tools: asyncio.Future[Sequence[ToolDefinition]] = asyncio.get_running_loop().create_future()
        self._open: tuple[str, asyncio.Future[Answer]] | None = None
        self._loop: asyncio.Task[Any] | None = None
        self.questions: tuple[Question, ...] = ()
        """What the agent wants to know; after it asked, no tool can be called."""
        self.handoffs: tuple[Handoff, ...] = ()
        """What it hands to others; the same."""

    @property
    def running(self) -> asyncio.Task[Any]:
        """Ends when no tool can be called any more; fails when that is not as it should be."""
        assert self._loop is not None
        return self._loop

    async def open(self) -> Sequence[ToolDefinition]:
        """Get ready, and say which tools there are."""
        loop = Loop(
            FunctionModel(self._next, model_name="lent tools"),
            output_type=[str, DeferredToolRequests],
            toolsets=[own_tools(self._spec)],
            capabilities=tool_capabilities(self._spec, self._steps),
            retries={"tools": TOOL_RETRIES},
        )
        self._loop = asyncio.create_task(self._run(loop))
        await asyncio.wait([self._tools, self._loop], return_when=asyncio.FIRST_COMPLETED)
        if not self._tools.done():
            self._loop.result()  # raises what went wrong
            raise RunError("the tools ended before they were used", where=self._spec.key)
        return self._tools.result()

    async def call(self, name: str, args: Mapping[str, Any], call_id: str) -> Answer:
        """Call a tool, after those that were called before it.

        Raises:
            Exception: Nothing can be recorded any more, or the agent calls wrongly again and again; the same
                comes out of :attr:`running`.
        """
        async with self._turn:
            if self.running.done():
                return Answer(_NO_MORE, failed=True)
            waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._open = (call_id, waiting)
            self._calls.put_nowait(ToolCallPart(name, dict(args), tool_call_id=call_id))
            await asyncio.wait([waiting, self.running], return_when=asyncio.FIRST_COMPLETED)
            self._open = None
            if waiting.done():
                return waiting.result()
            output = self.running.result()
            self.questions, self.handoffs = questions_of(output), handoffs_of(output)
            told = ASKED if self.questions else HANDED_OFF if self.handoffs else _NO_MORE
            return Answer(told, failed=told == _NO_MORE)

    async def close(self) -> None:
        """End the running call, and wait until nothing of it runs and its effect is written down."""
        if self._loop is not None:
            if self._open is not None:
                self._loop.cancel()
            self._calls.put_nowait(None)
            await asyncio.wait([self._loop])
        try:
            await self._steps.settle()
        finally:
            await self._workspace.close()

    async def _run(self, loop: Loop[None, Any]) -> Any:
        with loop.parallel_tool_call_execution_mode("sequential"):
            done = await loop.run(
                "Call the tools.",
                usage_limits=UsageLimits(request_limit=None),
                workspace=self._workspace,
                run_id=self._spec.key,
                conversation_id=self._spec.key,
            )
        return done.output

    async def _next(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        """Hand over what the last call came to, and wait for the next."""
        if not self._tools.done():
            self._tools.set_result(tuple(info.function_tools))
        elif self._open is not None:
            call_id, waiting = self._open
            waiting.set_result(_answer(messages[-1], call_id))
        call = await self._calls.get()
        usage = RequestUsage(input_tokens=1)  # the caller's own model is what costs; this says "do not guess"
        return ModelResponse(parts=[TextPart("done") if call is None else call], usage=usage)


def _answer(message: ModelMessage, call_id: str) -> Answer:
    """What a message of the loop says of a call."""
    for part in message.parts:
        if isinstance(part, ToolReturnPart) and part.tool_call_id == call_id:
            text = part.model_response_str(wrap_if_error=False)
            return Answer(text, failed=part.outcome != "success")
    raise RunError(f"the call {call_id} was not answered")
