"""Tells whether a streamed answer had said everything when its connection broke."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence

_LAST_EVENTS = frozenset(("message_stop", "response.completed", "response.incomplete", "response.failed"))
"""Names of the event with which Anthropic's and OpenAI's streams end."""


def is_whole(headers: Mapping[str, str], chunks: Sequence[bytes]) -> bool:
    """Whether an event stream's last event is the one that ends it in its provider's protocol.

    Such an answer was made and billed in full, so a connection that breaks after it takes nothing away.

    Args:
        headers: Of the answer, names in lower case.
        chunks: Its body, as far as it came.
    """
    if not headers.get("content-type", "").startswith("text/event-stream"):
        return False
    body = _decoded(headers.get("content-encoding", "identity"), b"".join(chunks))
    if body is None:
        return False
    text = body.replace(b"\r\n", b"\n").decode("utf-8", "replace")
    if not text.endswith("\n\n"):
        return False  # the last event itself may be cut
    events = [event for event in text.split("\n\n") if event.strip()]
    return bool(events) and _ends(events[-1])


def _ends(event: str) -> bool:
    fields: dict[str, str] = {}
    for line in event.split("\n"):
        name, _, value = line.partition(":")
        fields[name] = fields.get(name, "") + value.removeprefix(" ")
    if fields.get("event") in _LAST_EVENTS or fields.get("data") == "[DONE]":
        return True
    try:
        data = json.loads(fields.get("data", ""))
    except (ValueError, RecursionError):
        return False
    candidates = data.get("candidates") if isinstance(data, dict) else None  # Google's
    return isinstance(candidates, list) and any(
        isinstance(item, dict) and item.get("finishReason") for item in candidates
    )


def _decoded(encoding: str, body: bytes) -> bytes | None:
    """The body as far as it can be decoded; None for an encoding that cannot be read in part."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return None
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body)
    except zlib.error:
        return None
