"""A reply in the bytes of Amazon Bedrock: ``Converse`` and ``ConverseStream`` with AWS's event framing."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from ironwright.testing.wire_formats import Reply, loaded, pieces

STREAM_TYPE = "application/vnd.amazon.eventstream"

_STRING = 7
"""The type of a header's value: a string after its length in two bytes."""

ERROR_TYPES = {
    400: "ValidationException",
    403: "AccessDeniedException",
    408: "ModelTimeoutException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
"""What the header ``x-amzn-ErrorType`` says with a status."""


def whole(reply: Reply) -> dict[str, Any]:
    """A ``ConverseResponse``."""
    content: list[dict[str, Any]] = [{"text": reply.text}] if reply.text else []
    content += [
        {"toolUse": {"toolUseId": call, "name": name, "input": loaded(arguments)}}
        for call, name, arguments in reply.calls
    ]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _stop_reason(reply),
        **_measured(reply),
    }


def events(reply: Reply) -> Iterator[bytes]:
    """The same as a ``ConverseStreamResponse``: one binary message an event."""
    yield event("messageStart", {"role": "assistant"})
    index = 0
    if reply.text:
        for piece in pieces(reply.text):
            yield event("contentBlockDelta", {"contentBlockIndex": index, "delta": {"text": piece}})
        yield event("contentBlockStop", {"contentBlockIndex": index})
        index += 1
    for call, name, arguments in reply.calls:
        start = {"toolUse": {"toolUseId": call, "name": name}}
        yield event("contentBlockStart", {"contentBlockIndex": index, "start": start})
        for piece in pieces(arguments):
            delta = {"toolUse": {"input": piece}}
            yield event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})
        yield event("contentBlockStop", {"contentBlockIndex": index})
        index += 1
    yield event("messageStop", {"stopReason": _stop_reason(reply)})
    yield event("metadata", _measured(reply))


def error(status: int, message: str) -> dict[str, Any]:
    """The body of an error; its kind stands in a header."""
    return {"message": message}


def event(kind: str, payload: Mapping[str, Any]) -> bytes:
    """One event of a stream, framed."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps(payload).encode())


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A message of AWS's event stream encoding.

    Both lengths (big-endian, the whole message and its headers) and their CRC-32, the headers, the
    payload, and the CRC-32 of all that precedes it.
    """
    encoded = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", _STRING, len(value))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 12 + len(encoded) + len(payload) + 4, len(encoded))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", zlib.crc32(message))


def _stop_reason(reply: Reply) -> str:
    return "tool_use" if reply.calls else "end_turn"


def _measured(reply: Reply) -> dict[str, Any]:
    total = reply.input_tokens + reply.output_tokens
    usage = {"inputTokens": reply.input_tokens, "outputTokens": reply.output_tokens, "totalTokens": total}
    return {"usage": usage, "metrics": {"latencyMs": 1}}
