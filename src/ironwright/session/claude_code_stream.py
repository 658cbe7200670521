"""Writes down each model request that Claude Code makes, from the events that it streams, and its cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ironwright.host import clock
from ironwright.records.journal import EventKind
from ironwright.records.report import Usage
from ironwright.session.attempt import AttemptSpec, RequestTokens


class RequestRecorder:
    """The model requests of one attempt, as the native engine's journal has them.

    Journal: ``model_request`` and ``model_response`` with the keys that
    :class:`~ironwright.session.durable_model.DurableModel` documents, without ``messages``. Claude Code sends
    requests by itself, so ``model_request`` is written when the answer begins.

    Args:
        spec: The attempt.
        earlier: What the conversation used in attempts before this one.
    """

    def __init__(self, spec: AttemptSpec, earlier: Usage) -> None:
        self._spec = spec
        self._earlier = earlier
        self._number = requests_before(spec)
        self._open: dict[str, Any] | None = None
        self._used: dict[str, int] = {}
        self._started = 0.0
        self.usage = recorded_usage(spec)
        """What the attempt used so far, with what the journal has of it from before."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Take in one event of the provider's stream.

        Raises:
            RunError: The journal cannot be written.
        """
        kind = event.get("type")
        if kind == "message_start":
            self.close()
            self._begin(event.get("message") or {})
        elif self._open is None:
            return
        elif kind == "content_block_start":
            block = event.get("content_block") or {}
            if block.get("type") == "tool_use":
                self._open["calls"].append(own_name(str(block.get("name", ""))))
        elif kind == "content_block_delta":
            delta = event.get("delta") or {}
            if delta.get("type") == "text_delta":
                self._open["text"] += len(str(delta.get("text", "")))
        elif kind == "message_delta":
            self._open["finish"] = (event.get("delta") or {}).get("stop_reason") or self._open["finish"]
            self._take(event.get("usage"))
        elif kind == "message_stop":
            self.close()

    def close(self) -> None:
        """Write down the answer that was under way, as far as it came: what was streamed is paid for."""
        if self._open is None:
            return
        data, self._open = self._open, None
        used = self._used
        tokens = RequestTokens(
            input=sum(used.get(name, 0) for name in _INPUTS),
            output=used.get("output_tokens", 0),
            cache_read=used.get("cache_read_input_tokens", 0),
            cache_write=used.get("cache_creation_input_tokens", 0),
        )
        usage = Usage(
            requests=1,
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cache_read_tokens=tokens.cache_read,
            cache_write_tokens=tokens.cache_write,
            dollars=self._spec.model.price(tokens),
        )
        self.usage += usage
        data |= {"usage": usage.as_json(), "seconds": round(clock.seconds() - self._started, 3)}
        name = f"{self._spec.key}/model-{self._number}/response"
        self._spec.journal.append(EventKind.MODEL_RESPONSE, data, name, recorded=True)

    def settle(self, model_usage: Mapping[str, Any]) -> None:
        """Write down what Claude Code paid for besides the answers that it streamed (to shorten its history).

        Args:
            model_usage: What it counts itself, by model, for all requests since the conversation began.

        Raises:
            RunError: The journal cannot be written.
        """
        self.close()
        known = self._earlier + self.usage
        cached = known.cache_read_tokens + known.cache_write_tokens
        counted = (
            known.input_tokens - cached,
            known.cache_read_tokens,
            known.cache_write_tokens,
            known.output_tokens,
        )
        unseen = {name: -count for name, count in zip(_COUNTED, counted, strict=True)}
        for counts in model_usage.values():
            for theirs, ours in _THEIR_NAMES.items():
                unseen[ours] += int(counts.get(theirs, 0))
        if any(count > 0 for count in unseen.values()):
            self._begin({"usage": {name: max(0, count) for name, count in unseen.items()}})
            self.close()

    def _begin(self, message: Mapping[str, Any]) -> None:
        self._number += 1
        self._started = clock.seconds()
        spec = self._spec
        about = {"attempt": spec.key, "number": self._number, "model": spec.model.label}
        name = f"{spec.key}/model-{self._number}/request"
        spec.journal.append(EventKind.MODEL_REQUEST, about, name, recorded=True)
        spec.progress(f"turn {self._number}: {spec.model.label} answers Claude Code")
        self._open = {**about, "text": 0, "calls": [], "finish": None}
        self._used = {}
        self._take(message.get("usage"))

    def _take(self, usage: Any) -> None:
        """Token counts are totals of the request so far: the last one of each kind counts."""
        if isinstance(usage, Mapping):
            counts = {name: usage[name] for name in _COUNTED if isinstance(usage.get(name), int)}
            self._used |= counts


_INPUTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_COUNTED = (*_INPUTS, "output_tokens")
_THEIR_NAMES = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cacheReadInputTokens": "cache_read_input_tokens",
    "cacheCreationInputTokens": "cache_creation_input_tokens",
}

SERVER = "ironwright"
"""The name under which Claude Code knows our tools."""

PREFIX = f"mcp__{SERVER}__"


def own_name(tool: str) -> str:
    """A tool's name as our journal and guards know it."""
    return tool.removeprefix(PREFIX)


def requests_before(spec: AttemptSpec) -> int:
    """How many model requests of this attempt the journal has."""
    return _count(spec, "model", "request")


def calls_before(spec: AttemptSpec) -> int:
    """How many tool calls of this attempt the journal has."""
    return _count(spec, "tool", "call")


def recorded_usage(spec: AttemptSpec) -> Usage:
    """What the attempt has used according to the journal."""
    usage = Usage()
    for number in range(1, requests_before(spec) + 1):
        answered = spec.journal.find(f"{spec.key}/model-{number}/response")
        if answered is not None:
            usage += Usage.from_json(answered.data["usage"])
    return usage


def _count(spec: AttemptSpec, what: str, which: str) -> int:
    number = 0
    while spec.journal.find(f"{spec.key}/{what}-{number + 1}/{which}") is not None:
        number += 1
    return number
