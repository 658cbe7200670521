"""A model that plays a recording, for the demonstration and for tests; labelled as such everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ironwright.models.price import FREE
from ironwright.models.providers import RECORDING
from ironwright.models.resolve import ResolvedModel
from ironwright.records.errors import ModelError

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model, ModelRequestParameters
    from pydantic_ai.settings import ModelSettings

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """One recorded answer.

    Attributes:
        text: What the model said; may be empty.
        calls: ``(tool, arguments)`` of each tool call.
    """

    text: str
    calls: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """Turns that are played in order, whatever is asked.

    Attributes:
        name: What the recording is called in reports.
        source: The file that it came from.
        turns: The answers.
    """

    name: str
    source: str
    turns: tuple[RecordedTurn, ...]

    @property
    def resolved(self) -> ResolvedModel:
        """The recording in place of a model: ``recording:<name>``, which costs nothing."""
        return ResolvedModel(RECORDING, self.name, self.source, "a recording is played", FREE)


def load_recording(path: Path) -> Recording:
    """Read a recording.

    The file is JSON: ``{"version": 1, "name": …, "turns": [{"text": …, "calls": […]}]}``, where a call is
    ``{"tool": …, "args": {…}}``.

    Raises:
        ModelError: It cannot be read, or is no recording.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"the recording cannot be read ({error})", where=str(path)) from error
    return parse_recording(text, str(path))


def parse_recording(text: str, source: str) -> Recording:
    """Read the text of a recording.

    Raises:
        ModelError: As for :func:`load_recording`.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the recording is no JSON: {error}", where=source) from error
    if not isinstance(data, dict) or data.get("version") != SCHEMA_VERSION:
        raise ModelError(f"this is no recording of version {SCHEMA_VERSION}", where=source)
    name, turns = data.get("name"), data.get("turns")
    if not isinstance(name, str) or not name or not isinstance(turns, list) or not turns:
        raise ModelError("a recording has a name and at least one turn", where=source)
    return Recording(name, source, tuple(_turn(item, number, source) for number, item in enumerate(turns)))


def _turn(item: Any, number: int, source: str) -> RecordedTurn:
    where = f"{source}: turn {number + 1}"
    if not isinstance(item, dict) or set(item) - {"text", "calls"}:
        raise ModelError("a turn has text and calls, and nothing else", where=where)
    text, calls = item.get("text", ""), item.get("calls", [])
    if not isinstance(text, str) or not isinstance(calls, list) or not (text or calls):
        raise ModelError("a turn says something or calls a tool", where=where)
    for call in calls:
        if (
            not isinstance(call, dict)
            or set(call) != {"tool", "args"}
            or not isinstance(call["tool"], str)
            or not isinstance(call["args"], dict)
        ):
            raise ModelError('a call is {"tool": "…", "args": {…}}', where=where)
    return RecordedTurn(text, tuple((call["tool"], call["args"]) for call in calls))


def play(recording: Recording) -> Model:
    """The model that plays a recording.

    Which turn comes next is read off the conversation (how many answers it holds), so that a resumed run
    goes on at the right place.
    """
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models import Model
    from pydantic_ai.usage import RequestUsage

    class RecordedModel(Model):
        """Plays turns; asks nobody."""

        @property
        def model_name(self) -> str:
            return recording.name

        @property
        def system(self) -> str:
            return "recording"

        async def request(
            self,
            messages: list[ModelMessage],
            model_settings: ModelSettings | None,
            model_request_parameters: ModelRequestParameters,
        ) -> ModelResponse:
            position = sum(1 for message in messages if message.kind == "response")
            if position >= len(recording.turns):
                raise ModelError(
                    f"the recording {recording.name!r} ends after {len(recording.turns)} answers, "
                    "and another one was asked for",
                    where=recording.source,
                    advice="The work took another course than when it was recorded; use a real model.",
                )
            turn = recording.turns[position]
            parts: list[Any] = [TextPart(turn.text)] if turn.text else []
            parts += [
                ToolCallPart(tool, dict(args), tool_call_id=f"recorded-{position + 1}-{number + 1}")
                for number, (tool, args) in enumerate(turn.calls)
            ]
            return ModelResponse(
                parts,
                usage=RequestUsage(),
                model_name=recording.name,
                provider_name="recording",
                finish_reason="tool_call" if turn.calls else "stop",
            )

    return RecordedModel()
