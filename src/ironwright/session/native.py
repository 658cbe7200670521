"""The native engine: one attempt as a pydantic-ai agent with the harness's tools over our sandbox."""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pydantic_ai import Agent as Loop
from pydantic_ai import exceptions
from pydantic_ai.capabilities import AbstractCapability, Caching
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse, TextPart
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, RunContext, ToolDefinition
from pydantic_ai.usage import UsageLimits
from pydantic_ai_harness.compaction import ClearToolResults
from pydantic_ai_harness.filesystem import FileSystem
from pydantic_ai_harness.repair_tool_arguments import RepairToolArguments
from pydantic_ai_harness.shell import Shell
from pydantic_ai_harness.spend import Budget, SpendLimits
from pydantic_ai_harness.tool_output_limits import Band, ToolOutputLimits, Truncate

from ironwright.host import clock
from ironwright.records.errors import IronwrightError, LimitError, ModelError, RunError
from ironwright.records.handoff import Handoff
from ironwright.records.report import Usage
from ironwright.session.attempt import AttemptResult, AttemptSpec, Question, Stopped
from ironwright.session.brief import instructions, prompt
from ironwright.session.durable_model import DurableModel
from ironwright.session.guard import Guard
from ironwright.session.own_tools import ASK, DELEGATE, own_tools
from ironwright.session.sandbox_workspace import SandboxWorkspace
from ironwright.session.text_protocol import TextProtocolModel, final_words
from ironwright.session.tool_steps import ToolSteps

COMMAND_SECONDS = 600.0
"""How long a command may take when the agent names no time; a cold build of a large crate takes minutes."""

MAX_OUTPUT_CHARS = 48_000
"""Characters that a tool's result keeps: its beginning and its end."""

TOOL_RETRIES = 5
"""Calls in a row of one tool with arguments that cannot be used; then the attempt ends."""

OUTPUT_RETRIES = 3
"""Answers in a row without a word or a call; then the attempt ends."""

_CLEAR_AT = 0.7
_KEEP_PAIRS = 12
_DEFAULT_WINDOW = 128_000

# The tools by the names that definitions use for them.
_FILE_TOOLS = {
    "read": ("read_file",),
    "notebookread": ("read_file",),
    "edit": ("read_file", "edit_file"),
    "multiedit": ("read_file", "edit_file"),
    "write": ("read_file", "write_file"),
    "glob": ("list_files",),
    "ls": ("list_files",),
    "grep": ("grep",),
}
_ORDER = ("read_file", "write_file", "edit_file", "list_files", "grep")

_SHORT = {
    "read_file": "Read a text file with line numbers.",
    "write_file": "Create a file or replace its whole content.",
    "edit_file": "Replace exact text in a file; old_text must occur exactly once.",
    "run_command": "Run a shell command in the worktree and return its output and exit code.",
}
_DESCRIBED = {
    ("run_command", "timeout_seconds"): f"Default {COMMAND_SECONDS:.0f}",
    ("read_file", "offset"): "First line, from 0",
    ("read_file", "limit"): "Number of lines",
    ("ask", "assumption"): "What you will assume if nobody answers",
}
_LEFT_OUT = {("edit_file", "replacements")}


@dataclass
class _ShortDescriptions(AbstractCapability[None]):
    """Says the same of the tools in fewer words, as every request carries them."""

    async def prepare_tools(
        self, ctx: RunContext[None], tool_defs: list[ToolDefinition]
    ) -> list[ToolDefinition]:
        return [_shorter(tool) for tool in tool_defs]


def _shorter(tool: ToolDefinition) -> ToolDefinition:
    """A tool without what its parameters' names say; the harness still validates by its own schema."""
    schema = {key: value for key, value in tool.parameters_json_schema.items() if key != "$defs"}
    properties = {}
    for name, value in schema.get("properties", {}).items():
        if (tool.name, name) in _LEFT_OUT:
            continue
        kinds = [kind for kind in value.get("anyOf", [value]) if kind.get("type") != "null"]
        short = {"type": kinds[0]["type"]} if len(kinds) == 1 and set(kinds[0]) >= {"type"} else dict(value)
        described = _DESCRIBED.get((tool.name, name))
        properties[name] = {**short, "description": described} if described else short
    schema["properties"] = properties
    if tool.name == "edit_file":
        schema["required"] = ["path", "old_text", "new_text"]
    return replace(tool, description=_SHORT.get(tool.name, tool.description), parameters_json_schema=schema)


def tools_of(names: Sequence[str] | None) -> tuple[tuple[str, ...], bool]:
    """The file tools for a definition's tool names, and whether it may run commands.

    A definition that names none gets all. ``Grep``, ``Glob`` and ``LS`` are tools of their own only where
    there is no ``Bash``: a shell searches as well, and every tool costs room in each request.
    """
    words = {name.split("(", 1)[0].strip().lower() for name in names or ("*",)}
    if "*" in words:
        return ("read_file", "write_file", "edit_file"), True
    shell = "bash" in words or "shell" in words
    chosen = {tool for word in words for tool in _FILE_TOOLS.get(word, ())}
    if shell:
        chosen -= {"list_files", "grep"}
    return tuple(tool for tool in _ORDER if tool in chosen), shell


async def work(spec: AttemptSpec) -> AttemptResult:
    """Work on an attempt until the agent stops; see :class:`ironwright.session.attempt.Engine`.

    Raises:
        RunError: Nothing can be recorded any more (a full disk), or the history cannot be read.
        asyncio.CancelledError: The task was cancelled; nothing that it started runs any more.
    """
    started = clock.seconds()
    history = _history(spec)
    if spec.limits.max_usd is not None and spec.limits.max_usd <= 0:
        reason = f"the limit of ${spec.limits.max_usd:g} was reached"
        kept = ModelMessagesTypeAdapter.dump_json(history)
        return AttemptResult(Stopped.LIMIT, "", Usage(), kept, clock.seconds() - started, reason=reason)
    textual = spec.model.tools is False
    if textual:
        spec = replace(spec, model=replace(spec.model, model=TextProtocolModel(spec.model.model)))
    model = DurableModel(spec)
    workspace = SandboxWorkspace(spec.workplace, spec.journal.sync)
    guard = Guard(workspace.files, spec.protected, own_definition(spec), spec.forbidden)
    steps = ToolSteps(spec, workspace, guard)
    loop = Loop(
        model,
        instructions=instructions(spec),
        output_type=[str, DeferredToolRequests],
        toolsets=[own_tools(spec)],
        capabilities=_capabilities(spec, steps),
        retries={"tools": TOOL_RETRIES, "output": OUTPUT_RETRIES},
    )
    if textual:
        loop.output_validator(final_words)
    messages: list[ModelMessage] = history
    stopped, reason = Stopped.FINISHED, ""
    error: IronwrightError | None = None
    output: Any = None
    minutes = spec.limits.max_minutes
    try:
        with loop.parallel_tool_call_execution_mode("sequential"):
            async with (
                asyncio.timeout(None if minutes is None else minutes * 60),
                loop.iter(
                    prompt(spec),
                    message_history=history or None,
                    deferred_tool_results=_answers(spec),
                    usage_limits=UsageLimits(request_limit=spec.limits.max_turns),
                    workspace=workspace,
                    run_id=spec.key,  # not random: a replayed attempt sends the same bytes
                    conversation_id=spec.key,
                ) as run,
            ):
                try:
                    async for _ in run:
                        pass
                finally:
                    messages = run.all_messages()
                    await steps.settle()
                output = run.result.output if run.result else None
    except TimeoutError:
        stopped, reason = Stopped.LIMIT, f"the limit of {minutes:g} minutes was reached"
    except exceptions.UsageLimitExceeded as limit:
        stopped, reason = Stopped.LIMIT, _limit_reason(spec, limit)
    except RunError:
        raise  # nothing can be recorded any more
    except IronwrightError as failed:
        stopped, reason, error = Stopped.ERROR, failed.what, failed
    except exceptions.UserError as misuse:
        error = ModelError(f"{spec.model.label} cannot be used: {misuse}", where=spec.key)
        stopped, reason = Stopped.ERROR, error.what
    except exceptions.AgentRunError as behaviour:
        error = misbehaved(spec, behaviour)
        stopped, reason = Stopped.ERROR, error.what
    finally:
        await workspace.close()
    questions = questions_of(output)
    handoffs = handoffs_of(output)
    if questions or handoffs:
        stopped = Stopped.ASKED if questions else Stopped.HANDED_OFF
    return AttemptResult(
        stopped=stopped,
        summary=output if isinstance(output, str) else _last_words(messages),
        usage=model.usage,
        messages=ModelMessagesTypeAdapter.dump_json(messages),
        seconds=clock.seconds() - started,
        questions=questions,
        handoffs=handoffs,
        reason=reason,
        error=error,
    )


def tool_capabilities(spec: AttemptSpec, steps: ToolSteps) -> list[AbstractCapability[None]]:
    """The tools for files and commands that a definition names, and all that belongs to calling them."""
    files, shell = tools_of(spec.agent.tools)
    capabilities: list[AbstractCapability[None]] = [steps, _ShortDescriptions(), RepairToolArguments()]
    if files:
        capabilities.append(
            FileSystem(tools=files, content_hashes=False, read_only_patterns=[], max_retries=TOOL_RETRIES)
        )
    if shell:
        capabilities.append(
            Shell(
                tools=["run_command"],
                denied_commands=[],
                allow_interactive=True,
                default_timeout=COMMAND_SECONDS,
                max_output_chars=4 * MAX_OUTPUT_CHARS,
            )
        )
    shortened = Band(over=MAX_OUTPUT_CHARS, action=Truncate(max_chars=MAX_OUTPUT_CHARS))
    return [*capabilities, ToolOutputLimits(bands=[shortened])]


def _capabilities(spec: AttemptSpec, steps: ToolSteps) -> list[AbstractCapability[None]]:
    capabilities = tool_capabilities(spec, steps)
    capabilities += [
        ClearToolResults(
            max_fraction=_CLEAR_AT,
            context_window=spec.model.context or _DEFAULT_WINDOW,
            keep_pairs=_KEEP_PAIRS,
            min_clear_tokens=20_000,
        ),
        Caching(),
    ]
    if spec.limits.max_usd is not None:
        budget = Budget[None](usd=Decimal(str(spec.limits.max_usd)), window="run")
        capabilities.append(SpendLimits(budgets=[budget], price=_price(spec), on_unpriced="raise"))
    return capabilities


def _price(spec: AttemptSpec) -> Any:
    def price(response: ModelResponse) -> Decimal | None:
        cost = spec.model.cost(response)
        return None if cost is None else Decimal(str(cost))

    return price


def _history(spec: AttemptSpec) -> list[ModelMessage]:
    if spec.history is None:
        return []
    try:
        return list(ModelMessagesTypeAdapter.validate_json(spec.history))
    except ValueError as error:
        raise RunError(
            "the earlier conversation cannot be read", where=spec.key, advice="Start a new run."
        ) from error


def _answers(spec: AttemptSpec) -> DeferredToolResults | None:
    if not spec.answers and not spec.handed_back:
        return None
    answers = {call: f"Answer: {text}" for call, text in spec.answers.items()}
    return DeferredToolResults(calls={**answers, **spec.handed_back})


def own_definition(spec: AttemptSpec) -> str | None:
    """The definition's path in the worktree, when the repository itself holds it."""
    path = posixpath.normpath(spec.agent.path)
    if path.startswith("/"):
        top = str(spec.workplace.worktree).rstrip("/") + "/"
        return path[len(top) :] if path.startswith(top) else None
    return None if ":" in path or path.startswith("..") else path


def questions_of(output: Any) -> tuple[Question, ...]:
    """What the agent wants to know, when the loop ended with calls of ``ask``."""
    if not isinstance(output, DeferredToolRequests):
        return ()
    return tuple(
        Question(
            call.tool_call_id,
            str(output.metadata.get(call.tool_call_id, {}).get("question", "")),
            str(output.metadata.get(call.tool_call_id, {}).get("assumed", "")),
        )
        for call in output.calls
        if call.tool_name == ASK
    )


def handoffs_of(output: Any) -> tuple[Handoff, ...]:
    """What the agent hands to others, when the loop ended with calls of ``delegate``."""
    if not isinstance(output, DeferredToolRequests):
        return ()
    return tuple(
        Handoff.from_json(output.metadata[call.tool_call_id]["handoff"])
        for call in output.calls
        if call.tool_name == DELEGATE
    )


def _limit_reason(spec: AttemptSpec, error: exceptions.UsageLimitExceeded) -> str:
    from pydantic_ai_harness.spend import SpendLimitExceeded

    if isinstance(error, SpendLimitExceeded):
        return f"the limit of ${spec.limits.max_usd:g} was reached"
    return f"the limit of {spec.limits.max_turns} turns was reached"


def misbehaved(spec: AttemptSpec, error: exceptions.AgentRunError) -> IronwrightError:
    """A model that cannot be worked with: it keeps calling tools wrongly, or says nothing."""
    if isinstance(error, exceptions.UnexpectedModelBehavior):
        return ModelError(
            f"{spec.model.label} does not answer in a usable way: {_in_short(error)}",
            where=spec.key,
            advice="Use a model that can call tools reliably (--model); the run can be resumed.",
        )
    return LimitError(f"the attempt ended early: {' '.join(str(error).split())[:300]}", where=spec.key)


def _in_short(error: exceptions.UnexpectedModelBehavior) -> str:
    """What the model did, without the library's advice to programmers."""
    called = re.search(r"Tool '(.*?)' exceeded max retries", error.message)
    if called:
        return f"it called `{called[1]}` wrongly {TOOL_RETRIES + 1} times in a row"
    if "output retries" in error.message:
        return f"it said nothing {OUTPUT_RETRIES + 1} times in a row"
    return " ".join(error.message.split())[:300]


def _last_words(messages: Sequence[ModelMessage]) -> str:
    for message in reversed(messages):
        if isinstance(message, ModelResponse):
            text = "\n".join(part.content for part in message.parts if isinstance(part, TextPart))
            if text.strip():
                return text
    return ""
