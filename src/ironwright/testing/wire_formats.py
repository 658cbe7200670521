"""A reply in the providers' own bytes: Anthropic Messages, OpenAI chat completions, OpenAI responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be said.

    Attributes:
        id: The message's id.
        model: The model's id.
        text: The text; may be empty.
        calls: ``(id, name, arguments as text)`` of each tool call.
        input_tokens: Reported input.
        output_tokens: Reported output.
    """

    id: str
    model: str
    text: str
    calls: tuple[tuple[str, str, str], ...]
    input_tokens: int
    output_tokens: int


def sse(data: Mapping[str, Any], event: str | None = None) -> bytes:
    """A server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def pieces(text: str) -> Iterator[str]:
    """The text in two deltas, so that clients have something to put together."""
    middle = len(text) // 2
    yield from (piece for piece in (text[:middle], text[middle:]) if piece)


def loaded(arguments: str) -> Any:
    """A call's arguments as data, for protocols that cannot carry what is no JSON."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {"malformed": arguments}


def anthropic_whole(reply: Reply) -> dict[str, Any]:
    """An Anthropic message."""
    content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}] if reply.text else []
    content += [
        {"type": "tool_use", "id": call, "name": name, "input": loaded(arguments)}
        for call, name, arguments in reply.calls
    ]
    return {
        "id": reply.id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": content,
        "stop_reason": "tool_use" if reply.calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
    }


def anthropic_events(reply: Reply) -> Iterator[bytes]:
    """An Anthropic message as its stream of events."""

    def event(kind: str, **data: Any) -> bytes:
        return sse({"type": kind, **data}, kind)

    start = {**anthropic_whole(reply), "content": [], "stop_reason": None}
    start["usage"] = {"input_tokens": reply.input_tokens, "output_tokens": 1}
    yield event("message_start", message=start)
    index = 0
    if reply.text:
        yield event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        for piece in pieces(reply.text):
            yield event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece})
        yield event("content_block_stop", index=index)
        index += 1
    for call, name, arguments in reply.calls:
        block = {"type": "tool_use", "id": call, "name": name, "input": {}}
        yield event("content_block_start", index=index, content_block=block)
        for piece in pieces(arguments):
            delta = {"type": "input_json_delta", "partial_json": piece}
            yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
        index += 1
    yield event(
        "message_delta",
        delta={"stop_reason": "tool_use" if reply.calls else "end_turn", "stop_sequence": None},
        usage={"output_tokens": reply.output_tokens},
    )
    yield event("message_stop")


def _chat_usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }


def chat_whole(reply: Reply) -> dict[str, Any]:
    """An OpenAI chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if reply.calls:
        message["tool_calls"] = [
            {"id": call, "type": "function", "function": {"name": name, "arguments": arguments}}
            for call, name, arguments in reply.calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if reply.calls else "stop"}
    return {
        "id": reply.id,
        "object": "chat.completion",
        "created": 0,
        "model": reply.model,
        "choices": [choice],
        "usage": _chat_usage(reply),
    }


def chat_events(reply: Reply) -> Iterator[bytes]:
    """An OpenAI chat completion as its stream of chunks."""

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        return sse(
            {
                "id": reply.id,
                "object": "chat.completion.chunk",
                "created": 0,
                "model": reply.model,
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            }
        )

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(reply.text):
        yield chunk({"content": piece})
    for index, (call, name, arguments) in enumerate(reply.calls):
        function = {"name": name, "arguments": ""}
        start = {"index": index, "id": call, "type": "function", "function": function}
        yield chunk({"tool_calls": [start]})
        for piece in pieces(arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, "tool_calls" if reply.calls else "stop")
    last = {"id": reply.id, "object": "chat.completion.chunk", "created": 0, "model": reply.model}
    yield sse({**last, "choices": [], "usage": _chat_usage(reply)})
    yield b"data: [DONE]\n\n"


def responses_whole(reply: Reply) -> dict[str, Any]:
    """An OpenAI response."""
    output: list[dict[str, Any]] = []
    if reply.text:
        output.append(_responses_message(reply, reply.text, "completed"))
    output += [_responses_call(call, name, arguments, "completed") for call, name, arguments in reply.calls]
    return {
        "id": reply.id,
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": reply.model,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": reply.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": reply.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": reply.input_tokens + reply.output_tokens,
        },
    }


def _responses_message(reply: Reply, text: str, status: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _responses_call(call: str, name: str, arguments: str, status: str) -> dict[str, Any]:
    return {
        "id": f"fc_{call}",
        "type": "function_call",
        "call_id": call,
        "name": name,
        "arguments": arguments,
        "status": status,
    }


def responses_events(reply: Reply) -> Iterator[bytes]:
    """An OpenAI response as its stream of events."""
    number = iter(range(1_000_000))

    def event(kind: str, **data: Any) -> bytes:
        return sse({"type": kind, "sequence_number": next(number), **data}, kind)

    empty = {**responses_whole(reply), "status": "in_progress", "output": [], "usage": None}
    yield event("response.created", response=empty)
    index = 0
    if reply.text:
        item = f"msg_{reply.id}"
        place = {"item_id": item, "output_index": index, "content_index": 0}
        opened = _responses_message(reply, "", "in_progress")
        yield event("response.output_item.added", output_index=index, item=opened)
        part = {"type": "output_text", "text": "", "annotations": []}
        yield event("response.content_part.added", part=part, **place)
        for piece in pieces(reply.text):
            yield event("response.output_text.delta", delta=piece, logprobs=[], **place)
        yield event("response.output_text.done", text=reply.text, logprobs=[], **place)
        yield event("response.content_part.done", part={**part, "text": reply.text}, **place)
        closed = _responses_message(reply, reply.text, "completed")
        yield event("response.output_item.done", output_index=index, item=closed)
        index += 1
    for call, name, arguments in reply.calls:
        place = {"item_id": f"fc_{call}", "output_index": index}
        opened = _responses_call(call, name, "", "in_progress")
        yield event("response.output_item.added", output_index=index, item=opened)
        for piece in pieces(arguments):
            yield event("response.function_call_arguments.delta", delta=piece, **place)
        yield event("response.function_call_arguments.done", arguments=arguments, name=name, **place)
        closed = _responses_call(call, name, arguments, "completed")
        yield event("response.output_item.done", output_index=index, item=closed)
        index += 1
    yield event("response.completed", response=responses_whole(reply))


WHOLE: Mapping[str, Callable[[Reply], dict[str, Any]]] = {
    "anthropic": anthropic_whole,
    "openai-chat": chat_whole,
    "openai-responses": responses_whole,
}
EVENTS: Mapping[str, Callable[[Reply], Iterator[bytes]]] = {
    "anthropic": anthropic_events,
    "openai-chat": chat_events,
    "openai-responses": responses_events,
}
