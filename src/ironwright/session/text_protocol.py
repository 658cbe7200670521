"""Lets a model without tool calling work: it writes one fenced command a turn, which becomes a tool call.

What is below it sees ordinary tool calls, so guards, journal and durable steps are the same. An answer that
holds no usable command is told how to write one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_ai.exceptions import ModelRetry
from pydantic_ai.messages import (
    InstructionPart,
    ModelMessage,
    ModelRequestPart,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext, ToolDefinition

DONE = "done"
"""The command that ends the work; what stands in it is the summary."""

_OURS = "text-"
"""How the ids of our calls begin: those stand in the text of the answer already."""

_UNUSABLE = "ironwright_unusable"
_SUMMARY = "ironwright_summary"
_SHELLS = frozenset(("bash", "sh", "shell", "zsh", "console"))
_COMMAND_TOOL = "run_command"
_FENCE = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,})[ \t]*(?P<word>[\w.+-]*)[^\n`]*$")
_THOUGHT = re.compile(r"^.*?</think(?:ing)?>", re.DOTALL)
_VALUE = re.compile(r"^(?P<key>[A-Za-z_]\w*)\s*[:=]\s?(?P<value>.*)$")
_OPENS = re.compile(r"^<<<\s*(?P<key>[A-Za-z_]\w*)\s*$")

_RULES = """\
# How to act

You act by writing exactly one command in each answer, as a fenced block that begins with the command's \
name. You may think in a few lines before it; write nothing after it. You then get its result, and write \
the next. Never write a result yourself.

Short arguments are lines `name: value`. An argument of several lines stands between `<<<name` and `>>>`, \
each on a line of its own, exactly as it is meant:

{example}

The commands:

{commands}
- `{done}`: everything is done; in the block write a short factual summary instead of arguments."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that an answer holds.

    Attributes:
        tool: The tool's name, or :data:`DONE`.
        args: Its arguments; for :data:`DONE` the summary under ``summary``.
    """

    tool: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why an answer holds no command, in words for the model."""

    reason: str


def parse(text: str, tools: Sequence[ToolDefinition]) -> Command | Unusable:
    """Read the one command out of an answer.

    A fence whose word is neither a tool's name nor ``done`` is shown code and counts for nothing; a shell's
    name means the tool that runs commands.

    Args:
        text: What the model said.
        tools: The tools that there are.
    """
    by_name = {tool.name: tool for tool in tools}
    blocks, unclosed = _blocks(_THOUGHT.sub("", text, count=1), frozenset(by_name))
    if len(blocks) > 1:
        names = ", ".join(f"`{name}`" for name, _ in blocks)
        return Unusable(
            f"Your answer holds {len(blocks)} commands ({names}); none was run. Write one, and wait for it."
        )
    if not blocks:
        return Unusable("Your answer holds no command, so nothing was done.")
    name, lines = blocks[0]
    if unclosed:
        return Unusable(f"The block of `{name}` is not closed, so it was not run: it may be cut off.")
    if name == DONE:
        return Command(DONE, {"summary": "\n".join(lines).strip()})
    read = _arguments(lines, by_name[name])
    return read if isinstance(read, Unusable) else Command(name, read)


def _blocks(text: str, tools: frozenset[str]) -> tuple[list[tuple[str, list[str]]], bool]:
    """The fenced commands of an answer, and whether the last one is still open at its end."""
    found: list[tuple[str, list[str]]] = []
    marks, name, inside = "", "", False
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        fence = _FENCE.match(line)
        if not marks:
            if fence:
                marks, name, lines, inside = fence["marks"], _named(fence["word"], tools), [], False
            continue
        if inside:  # a fence within a long argument is part of it
            inside = line.rstrip() != ">>>"
        elif fence and not fence["word"] and fence["marks"].startswith(marks):
            if name:
                found.append((name, lines))
            marks = ""
            continue
        elif name and name != DONE and _OPENS.match(line):
            inside = True
        lines.append(line)
    if marks and name:
        found.append((name, lines))
        return found, True
    return found, False


def _named(word: str, tools: frozenset[str]) -> str:
    """The command that a fence's word means; empty for shown code."""
    if word in tools or word == DONE:
        return word
    return _COMMAND_TOOL if word.lower() in _SHELLS and _COMMAND_TOOL in tools else ""


def _arguments(lines: Sequence[str], tool: ToolDefinition) -> dict[str, Any] | Unusable:
    properties: Mapping[str, Any] = tool.parameters_json_schema.get("properties", {})
    text = "\n".join(lines).strip("\n")
    if text.lstrip().startswith("{"):
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            given = None
        if isinstance(given, dict):
            return given
    sole = _sole(tool)
    values = _written(lines, properties)
    if isinstance(values, str) and sole and text.strip():
        return {sole: text}
    if isinstance(values, str):
        return Unusable(f"`{tool.name}` was not run: {values}.")
    if sole and sole not in values and text.strip():
        return {sole: text}
    missing = [name for name in tool.parameters_json_schema.get("required", ()) if name not in values]
    if missing:
        return Unusable(f"`{tool.name}` was not run: it needs {', '.join(missing)}.")
    return {name: _typed(value, properties.get(name, {})) for name, value in values.items()}


def _sole(tool: ToolDefinition) -> str | None:
    """The one required text of a tool: its block may hold just that."""
    required = tool.parameters_json_schema.get("required", ())
    if len(required) != 1:
        return None
    schema = tool.parameters_json_schema.get("properties", {}).get(required[0], {})
    return str(required[0]) if schema.get("type") == "string" else None


def _written(lines: Sequence[str], properties: Mapping[str, Any]) -> dict[str, str] | str:
    """Arguments as lines and sections; a text says what is wrong with them."""
    values: dict[str, str] = {}
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line.strip():
            continue
        opens, value = _OPENS.match(line), _VALUE.match(line)
        key = (opens or value or {"key": ""})["key"]
        if key not in properties:
            known = ", ".join(properties) or "none"
            return f"{line.strip()[:80]!r} is no argument of it (its arguments: {known})"
        if key in values:
            return f"{key} is given twice"
        if opens:
            end = next((n for n in range(position, len(lines)) if lines[n].rstrip() == ">>>"), None)
            if end is None:
                return f"the argument {key} is not closed by a line `>>>`"
            values[key] = "\n".join(lines[position:end])
            position = end + 1
        elif value:
            values[key] = value["value"].strip()
    return values


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    """A written value as its schema wants it; what does not fit stays text, and the tool says so."""
    kinds = {schema.get("type"), *(kind.get("type") for kind in schema.get("anyOf", ()))}
    if "string" in kinds or kinds == {None}:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


class TextProtocolModel(WrapperModel):
    """Speaks with a model in text only, and answers as if it called tools.

    Args:
        wrapped: The model.
    """

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask; the answer's command becomes a tool call, and its text stays as it was."""
        tools = model_request_parameters.function_tools
        plain = [_plain(message, tools) for message in messages]
        parts = model_request_parameters.instruction_parts
        if parts is not None:
            parts = [*parts, InstructionPart(content=rules(tools))]
        parameters = replace(
            model_request_parameters, function_tools=[], output_tools=[], instruction_parts=parts
        )
        response = await self.wrapped.request(plain, model_settings, parameters)
        command = parse(_said(response), tools)
        if isinstance(command, Unusable):
            return replace(
                response, metadata={**(response.metadata or {}), _UNUSABLE: _advice(command, tools)}
            )
        if command.tool == DONE:
            summary = command.args["summary"] or "Done."
            return replace(response, metadata={**(response.metadata or {}), _SUMMARY: summary})
        mark = hashlib.sha256(f"{len(messages)} {command}".encode()).hexdigest()[:12]
        call = ToolCallPart(command.tool, dict(command.args), tool_call_id=f"{_OURS}{len(messages)}-{mark}")
        return replace(response, parts=[*response.parts, call], finish_reason="tool_call")


def final_words(ctx: RunContext[None], output: Any) -> Any:
    """The summary of an answer that ends the work; the output validator of a loop over this protocol.

    Raises:
        ModelRetry: The answer holds no usable command; says how to write one.
    """
    last = next((item for item in reversed(ctx.messages) if isinstance(item, ModelResponse)), None)
    said = (last.metadata or {}) if last is not None else {}
    if isinstance(output, str) and _UNUSABLE in said:
        raise ModelRetry(said[_UNUSABLE])
    return said.get(_SUMMARY, output) if isinstance(output, str) else output


def _advice(unusable: Unusable, tools: Sequence[ToolDefinition]) -> str:
    return (
        f"{unusable.reason} Write one fenced block that begins with a command's name, like this:\n\n"
        f"{_example(tools)}\n\nWhen everything is done, write:\n\n```{DONE}\nwhat you changed\n```"
    )


def rules(tools: Sequence[ToolDefinition]) -> str:
    """How to write commands, and which there are."""
    commands = "\n".join(_described(tool) for tool in tools)
    return _RULES.format(example=_example(tools), commands=commands, done=DONE)


def _described(tool: ToolDefinition) -> str:
    schema = tool.parameters_json_schema
    required = schema.get("required", ())
    arguments = []
    for name, about in schema.get("properties", {}).items():
        notes = [] if name in required else ["optional"]
        if about.get("type", "string") != "string":
            notes.append(str(about["type"]))
        if about.get("description"):
            notes.append(str(about["description"]).strip().rstrip("."))
        arguments.append(f"{name} ({'; '.join(notes)})" if notes else name)
    said = " ".join((tool.description or "").split())
    return f"- `{tool.name}`: {said}" + (f" Arguments: {', '.join(arguments)}." if arguments else "")


def _example(tools: Sequence[ToolDefinition]) -> str:
    names = {tool.name for tool in tools}
    if "edit_file" in names:
        return (
            "```edit_file\npath: src/lib.rs\n<<<old_text\nfn one() -> u8 {\n    2\n>>>\n<<<new_text\n"
            "fn one() -> u8 {\n    1\n>>>\n```"
        )
    if _COMMAND_TOOL in names:
        return f"```{_COMMAND_TOOL}\ncargo test\n```"
    name = next(iter(sorted(names)), DONE)
    return f"```{name}\nname: value\n```"


def _said(response: ModelResponse) -> str:
    return "".join(part.content for part in response.parts if isinstance(part, TextPart))


def _plain(message: ModelMessage, tools: Sequence[ToolDefinition]) -> ModelMessage:
    """A message as text only: calls as the blocks that they were written as, results as the user's words."""
    if isinstance(message, ModelResponse):
        return _plain_response(message, tools)
    parts: list[ModelRequestPart] = []
    for part in message.parts:
        if isinstance(part, ToolReturnPart):
            parts.append(UserPromptPart(f"Result of `{part.tool_name}`:\n\n{part.model_response_str()}"))
        elif isinstance(part, RetryPromptPart):
            plain = part.content if isinstance(part.content, str) else part.model_response()
            about = f"`{part.tool_name}` was not run: " if part.tool_name else ""
            parts.append(UserPromptPart(about + plain))
        else:
            parts.append(part)
    instructions = message.instructions
    if instructions is not None:
        instructions = f"{instructions}\n\n{rules(tools)}"
    return replace(message, parts=parts, instructions=instructions)


def _plain_response(message: ModelResponse, tools: Sequence[ToolDefinition]) -> ModelResponse:
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    kept = [part for part in message.parts if isinstance(part, TextPart)]
    # A call of ours stands in the text already; one of a model with tools has to be written out.
    for call in calls:
        if not call.tool_call_id.startswith(_OURS):
            block = f"```{call.tool_name}\n{json.dumps(call.args_as_dict(), ensure_ascii=False)}\n```"
            kept.append(TextPart(block))
    return replace(message, parts=kept or [TextPart("(nothing)")])
