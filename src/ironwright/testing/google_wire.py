"""A reply in the bytes of Google's Gemini API: ``generateContent`` and ``streamGenerateContent``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ironwright.testing.wire_formats import Reply, loaded, pieces, sse


def whole(reply: Reply) -> dict[str, Any]:
    """A ``GenerateContentResponse``."""
    parts = [{"text": reply.text}] if reply.text else []
    return _chunk(reply, [*parts, *_calls(reply)], "STOP")


def events(reply: Reply) -> Iterator[bytes]:
    """The same as server-sent events; Gemini sends each call whole, with the last chunk."""
    for piece in pieces(reply.text):
        yield sse(_chunk(reply, [{"text": piece}], None))
    yield sse(_chunk(reply, _calls(reply), "STOP"))


def error(status: int, message: str) -> dict[str, Any]:
    """A ``google.rpc.Status``."""
    names = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 403: "PERMISSION_DENIED"}
    return {"error": {"code": status, "message": message, "status": names.get(status, "UNKNOWN")}}


def conversation(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """``(role, what was said, called or answered)`` of a request's contents, as one line of text each."""
    lines = []
    for content in body["contents"]:
        for part in content["parts"]:
            kind = next((key for key in ("text", "functionCall", "functionResponse") if key in part), "")
            value = part.get(kind, "")
            lines.append((content["role"], value if isinstance(value, str) else json.dumps(value)))
    return lines


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {"functionCall": {"id": call, "name": name, "args": loaded(arguments)}}
        for call, name, arguments in reply.calls
    ]


def _chunk(reply: Reply, parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": reply.input_tokens,
            "candidatesTokenCount": reply.output_tokens,
            "totalTokenCount": reply.input_tokens + reply.output_tokens,
        },
        "modelVersion": reply.model,
        "responseId": reply.id,
    }
