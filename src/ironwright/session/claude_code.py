"""The second engine: one attempt with Claude Code itself as the loop, under the same tools and guards.

Claude Code thinks, keeps its conversation and decides when it is done; all it can touch is what
:mod:`~ironwright.session.lent_tools` lends it, so its own tools for files and commands are switched off. A
whole attempt is one durable step. What a death of the process loses is told in :func:`work`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.tools import ToolDefinition

from ironwright.host import clock
from ironwright.host.leash import end_leashed
from ironwright.host.sandbox import inner_path
from ironwright.records.errors import IronwrightError, ModelError, RunError, ToolError
from ironwright.records.handoff import Handoff
from ironwright.records.report import Usage
from ironwright.session.attempt import AttemptResult, AttemptSpec, Question, Stopped, plain_step
from ironwright.session.brief import instructions, prompt
from ironwright.session.claude_code_place import (
    Conversation,
    Place,
    conversation_of,
    credential,
    model_id,
    program,
    require_claude_code,
    require_version,
)
from ironwright.session.claude_code_stream import (
    PREFIX,
    SERVER,
    RequestRecorder,
    calls_before,
    own_name,
    recorded_usage,
)
from ironwright.session.cut_off import undo_cut_off
from ironwright.session.lent_tools import LentTools
from ironwright.session.native import MAX_OUTPUT_CHARS, misbehaved

_MESSAGE_BYTES = 64 << 20
_ELSEWHERE = (
    "What you are told of an environment, a working directory or an operating system is about the program "
    "that carries your words, and nothing for you: you work in {place}, only with the tools that you have."
)
_GO_ON = (
    "The work was cut off and goes on now. The worktree is as your last finished call left it; a call that "
    "was under way is undone. Go on where you were."
)


async def work(spec: AttemptSpec) -> AttemptResult:
    """Work on an attempt until the agent stops; see :class:`ironwright.session.attempt.Engine`.

    Where the process dies on the way, the next try puts the worktree back to where the call that was under
    way started from, and goes on with the conversation as far as Claude Code wrote it down. The answer that
    was under way is lost, and asked and paid for again: Claude Code sends its requests itself.

    Raises:
        RunError: Nothing can be recorded any more (a full disk), or the history cannot be read.
        asyncio.CancelledError: The task was cancelled; nothing that it started runs any more.
    """
    started = clock.seconds()
    conversation = conversation_of(spec.history, spec.key)
    kept = spec.history or conversation.as_bytes()
    if spec.limits.max_usd is not None and spec.limits.max_usd <= 0:
        return AttemptResult(
            Stopped.LIMIT, "", Usage(), kept, clock.seconds() - started, reason=_dollars(spec)
        )

    async def act() -> dict[str, Any]:
        require_claude_code(spec.model.label)
        await undo_cut_off(spec)
        return await _Attempt(replace(spec, step=plain_step), conversation).work()

    try:
        value = await spec.step(f"{spec.key}/claude-code", act)
    except RunError:
        raise  # nothing can be recorded any more
    except IronwrightError as failed:
        return AttemptResult(
            Stopped.ERROR,
            "",
            recorded_usage(spec),
            kept,
            clock.seconds() - started,
            reason=failed.what,
            error=failed,
        )
    return AttemptResult(
        stopped=Stopped(value["stopped"]),
        summary=value["summary"],
        usage=Usage.from_json(value["usage"]),
        messages=value["messages"].encode(),
        seconds=clock.seconds() - started,
        questions=tuple(Question(**question) for question in value["questions"]),
        handoffs=tuple(Handoff.from_json(handoff) for handoff in value["handoffs"]),
        reason=value["reason"],
    )


class _Attempt:
    """One try of an attempt.

    Args:
        spec: The attempt.
        conversation: What it goes on from.
    """

    def __init__(self, spec: AttemptSpec, conversation: Conversation) -> None:
        self._spec = spec
        self._place = Place(spec)
        self._earlier = conversation.usage
        self._conversation = conversation
        self._recorder = RequestRecorder(spec, conversation.usage)
        self._tools = LentTools(spec, calls_before(spec))
        self._call_ids: defaultdict[str, deque[str]] = defaultdict(deque)
        self._limit = ""
        self._summary = ""
        self._stderr: deque[str] = deque(maxlen=20)

    async def work(self) -> dict[str, Any]:
        """Work until the agent stops; what comes of it is JSON data.

        Raises:
            IronwrightError: The model, Claude Code or this machine does not do its part.
        """
        spec = self._spec
        self._place.prepare(self._instructions())
        left = self._place.left_behind()
        if left is not None:
            self._conversation = replace(self._conversation, session=left[0], transcript=left[1])
        self._place.put(self._conversation)
        text = _GO_ON if left is not None else self._prompt()
        minutes = spec.limits.max_minutes
        try:
            async with asyncio.timeout(None if minutes is None else minutes * 60):
                definitions = await self._tools.open()
                await self._watched(self._converse(text, definitions))
        except TimeoutError:
            self._limit = f"the limit of {minutes:g} minutes was reached"
        except AgentRunError as behaviour:
            raise misbehaved(spec, behaviour) from behaviour
        finally:
            self._recorder.close()
            await self._tools.close()
        value = self._value()
        self._place.remove()
        return value

    def _value(self) -> dict[str, Any]:
        questions = self._tools.questions
        handoffs = self._tools.handoffs
        stopped = Stopped.LIMIT if self._limit else Stopped.FINISHED
        if questions or handoffs:
            stopped = Stopped.ASKED if questions else Stopped.HANDED_OFF
        session = self._conversation.session
        used = self._earlier + self._recorder.usage
        ended = Conversation(session, self._place.transcript(session), questions, used)
        return {
            "stopped": stopped.value,
            "summary": self._summary,
            "usage": self._recorder.usage.as_json(),
            "messages": ended.as_bytes().decode(),
            "questions": [question.as_json() for question in questions],
            "handoffs": [handoff.as_json() for handoff in handoffs],
            "reason": self._limit if stopped is Stopped.LIMIT else "",
        }

    async def _watched(self, conversing: Any) -> None:
        """Converse for as long as the tools can be called, and not longer than that."""
        task = asyncio.create_task(conversing)
        try:
            await asyncio.wait([task, self._tools.running], return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and self._tools.running.exception() is None:
                await asyncio.wait([task])  # it asked: the conversation ends by itself
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        if self._tools.running.done():
            self._tools.running.result()
        if not task.cancelled():
            task.result()

    async def _converse(self, text: str, definitions: Sequence[ToolDefinition]) -> None:
        from claude_agent_sdk import ClaudeSDKClient, ClaudeSDKError

        client = ClaudeSDKClient(self._options(definitions))
        ended = False
        try:
            await client.connect()
            await client.query(text)
            async for message in client.receive_response():
                self._hear(message)
            ended = True
        except ClaudeSDKError as error:
            raise self._broken(str(error)) from error
        finally:
            # It writes down the end of its conversation before it goes; otherwise nothing is waited for.
            if not ended:
                end_leashed(self._place.folder)
            with contextlib.suppress(ClaudeSDKError):
                await client.disconnect()
            if ended:
                end_leashed(self._place.folder)

    def _options(self, definitions: Sequence[ToolDefinition]) -> Any:
        from claude_agent_sdk import ClaudeAgentOptions, HookMatcher, create_sdk_mcp_server

        spec, place = self._spec, self._place
        server = create_sdk_mcp_server(SERVER, tools=[self._tool(item) for item in definitions])
        model = model_id(spec.model.label)
        key = credential(os.environ)
        after = [HookMatcher(hooks=[self._after_tool])]
        going_on = bool(self._conversation.transcript)
        return ClaudeAgentOptions(
            cli_path=place.start_script(program(), os.environ),
            cwd=place.working,
            env={**place.environment(model), key: os.environ[key]},
            model=model,
            system_prompt={"type": "file", "path": str(place.instructions)},
            tools=[],  # its own tools know neither sandbox nor guards
            mcp_servers={SERVER: server},
            strict_mcp_config=True,
            allowed_tools=[PREFIX + item.name for item in definitions],
            permission_mode="dontAsk",
            hooks={
                "PreToolUse": [HookMatcher(hooks=[self._before_tool])],
                "PostToolUse": after,
                "PostToolUseFailure": after,
            },
            setting_sources=[],
            skills=[],
            verbatim_prompts=True,
            include_partial_messages=True,
            max_buffer_size=_MESSAGE_BYTES,
            stderr=self._stderr.append,
            session_id=None if going_on else self._conversation.session,
            resume=self._conversation.session if going_on else None,
        )

    def _tool(self, definition: ToolDefinition) -> Any:
        from claude_agent_sdk import ToolAnnotations, tool

        # Longer results would be put into a file that the agent cannot read.
        hints = ToolAnnotations(maxResultSizeChars=8 * MAX_OUTPUT_CHARS)

        async def run(args: dict[str, Any]) -> dict[str, Any]:
            waiting = self._call_ids[_call_key(definition.name, args)]
            number = calls_before(self._spec) + 1
            call_id = waiting.popleft() if waiting else f"{self._spec.key}-call-{number}"
            answer = await self._tools.call(definition.name, args, call_id)
            return {"content": [{"type": "text", "text": answer.text}], "is_error": answer.failed}

        made = tool(definition.name, definition.description or "", definition.parameters_json_schema, hints)
        return made(run)

    async def _before_tool(self, given: Any, call_id: str | None, context: Any) -> Any:
        """Refuse what is no tool of ours, and remember by which id the model knows a call."""
        name = str(given["tool_name"])
        if not name.startswith(PREFIX):
            return _refused("Use the tools that you were given; this one is switched off.")
        if self._over():
            return {**_refused(self._limit), **_stop(self._limit)}
        if call_id:
            self._call_ids[_call_key(own_name(name), given.get("tool_input") or {})].append(call_id)
        return {}

    async def _after_tool(self, given: Any, call_id: str | None, context: Any) -> Any:
        """End the conversation where a question waits or a limit is reached."""
        if self._tools.questions or self._tools.handoffs:
            return _stop("an answer is waited for")
        return _stop(self._limit) if self._over() else {}

    def _over(self) -> bool:
        """Whether a limit is reached; notes which."""
        used, limits = self._recorder.usage, self._spec.limits
        if limits.max_usd is not None and used.dollars is not None and used.dollars >= limits.max_usd:
            self._limit = _dollars(self._spec)
        elif limits.max_turns is not None and used.requests >= limits.max_turns:
            self._limit = f"the limit of {limits.max_turns} turns was reached"
        return bool(self._limit)

    def _hear(self, message: Any) -> None:
        """Take in what Claude Code says."""
        from claude_agent_sdk import AssistantMessage, ResultMessage, StreamEvent, SystemMessage, TextBlock

        if isinstance(message, StreamEvent):
            self._recorder.event(message.event)
        elif isinstance(message, SystemMessage) and message.subtype == "init":
            require_version(str(message.data.get("claude_code_version", "")))
            self._conversation = replace(self._conversation, session=str(message.data["session_id"]))
        elif isinstance(message, AssistantMessage):
            said = "\n".join(block.text for block in message.content if isinstance(block, TextBlock))
            self._summary = said if said.strip() and message.error is None else self._summary
        elif isinstance(message, ResultMessage):
            self._recorder.settle(message.model_usage or {})
            self._judge(message)

    def _judge(self, result: Any) -> None:
        """Tell a conversation that ended from one that broke off.

        Raises:
            ModelError: The provider refused, or did not answer.
            ToolError: Claude Code itself failed.
        """
        waits = self._tools.questions or self._tools.handoffs
        if self._limit or waits or not (result.is_error or result.errors):
            return
        said = " ".join(str(result.result or "; ".join(result.errors or ()) or result.subtype).split())[:500]
        if result.subtype == "success":
            status = f" with HTTP status {result.api_error_status}" if result.api_error_status else ""
            raise ModelError(
                f"{self._spec.model.label} could not be asked by Claude Code{status}: {said}",
                where=self._spec.key,
                advice="Check the key and the provider's state; then resume the run.",
            )
        raise self._broken(said)

    def _broken(self, said: str) -> IronwrightError:
        last = f" ({' '.join(self._stderr)[-500:]})" if self._stderr else ""
        return ToolError(
            f"Claude Code broke off: {said}{last}",
            where=self._spec.key,
            advice="Resume the run to try again, or start one with --engine native.",
        )

    def _instructions(self) -> str:
        spec = self._spec
        place = inner_path(spec.workplace.sandbox, spec.workplace.mounts, spec.workplace.worktree)
        return f"{instructions(spec)}\n\n{_ELSEWHERE.format(place=place)}"

    def _prompt(self) -> str:
        """The user's turn: what was asked or handed over before with its answer, then the task."""
        parts = [
            f"Your question: {question.question}\nAnswer: {self._spec.answers[question.id]}"
            for question in self._conversation.questions
            if question.id in self._spec.answers
        ]
        parts += [f"Your handoff came back:\n{text}" for text in self._spec.handed_back.values()]
        return "\n\n".join([*parts, *filter(None, [prompt(self._spec)])]) or "Go on."


def _dollars(spec: AttemptSpec) -> str:
    return f"the limit of ${spec.limits.max_usd:g} was reached"


def _call_key(name: str, args: Mapping[str, Any]) -> str:
    return f"{name} {json.dumps(args, sort_keys=True)}"


def _refused(reason: str) -> dict[str, Any]:
    decision = {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": reason,
    }
    return {"hookSpecificOutput": decision}


def _stop(reason: str) -> dict[str, Any]:
    return {"continue_": False, "stopReason": reason}
