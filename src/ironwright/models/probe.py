"""Finds out by tiny real requests what a model can do, where its server does not say or says too much."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ironwright.models.price import Tokens
from ironwright.models.providers import Wire
from ironwright.models.resolve import ResolvedModel
from ironwright.models.served import ABILITIES, Served
from ironwright.records.errors import ModelError

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.messages import ModelResponse, UserContent
    from pydantic_ai.models import ModelRequestParameters

MOST_TOKENS = 1000
"""The most that one answer of a probe may have; models that think need some hundred."""

_AT_MOST = Tokens(input=3 * 1000, output=3 * MOST_TOKENS)
"""Three requests of at most a thousand tokens each way."""

_ADD = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
_CAPITAL = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "letters": {"type": "integer"}},
    "required": ["city", "letters"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found.

    Attributes:
        model: The model with what was found; None where nothing could be told.
        dollars: What it cost; None where the price is not known.
        remarks: Why something could not be told.
    """

    model: Served
    dollars: float | None
    remarks: tuple[str, ...] = ()


def most_dollars(model: ResolvedModel) -> float | None:
    """What a probe costs at most, in US dollars; None where the price is not known."""
    return model.dollars(_AT_MOST)


async def probe(
    model: ResolvedModel,
    *,
    environ: Mapping[str, str] | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Probed:
    """Ask a model three small things: to call two tools, to keep to a schema, to name a picture's colour.

    Args:
        model: The model.
        environ: Where its key is; None for the process's own environment.
        transport: What carries the requests.
        progress: Told what is being tried.

    Raises:
        ModelError: It cannot be had (no server, no key, no credit), or answers nothing at all.
    """
    trial = _Trial(model, environ, transport, progress)
    found = Served(model.id)
    tools, parallel = await trial.tools()
    found = replace(found, tools=tools, parallel_tools=parallel)
    found = replace(found, structured_output=await trial.schema())
    found = replace(found, images=await trial.picture())
    if not trial.answered:
        raise ModelError(
            f"{model.label} answered none of the probe's requests ({'; '.join(trial.remarks)})",
            where=model.found,
            advice="Nothing was learned of it; try again later.",
        )
    if found.thinking is None and trial.thought:
        found = replace(found, thinking=True)
    if model.provider.wire is Wire.OLLAMA:
        found = replace(found, context=_loaded_context(model))
    return Probed(found, trial.dollars, tuple(trial.remarks))


def differences(before: Served, after: Served) -> tuple[str, ...]:
    """Where a probe found something else than the server says."""
    return tuple(
        f"{name.replace('_', ' ')}: the server says {_yes(said)}, the probe found {_yes(found)}"
        for name in ABILITIES
        if (said := getattr(before, name)) is not None
        and (found := getattr(after, name)) is not None
        and said != found
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


class _Trial:
    """The requests of one probe, and what they cost."""

    def __init__(
        self,
        model: ResolvedModel,
        environ: Mapping[str, str] | None,
        transport: httpx2.AsyncBaseTransport | None,
        progress: Callable[[str], None],
    ) -> None:
        from ironwright.models.connect import connect
        from ironwright.models.steady import Patience

        self._resolved = model
        self._progress = progress
        patience = Patience(tries=2, first_wait=1.0, longest_wait=20.0)
        self._model = connect(model, environ=environ, transport=transport, patience=patience)
        self.dollars: float | None = 0.0
        self.thought = False
        self.answered = False
        self.remarks: list[str] = []

    async def tools(self) -> tuple[bool, bool]:
        """Whether it calls a tool, and two in one answer."""
        from pydantic_ai.messages import ToolCallPart
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.tools import ToolDefinition

        tool = ToolDefinition(name="add", description="Adds two numbers.", parameters_json_schema=_ADD)
        answer = await self._ask(
            "calling tools",
            "Use the tool `add` twice in this one answer: once for 2 and 3, once for 40 and 2.",
            ModelRequestParameters(function_tools=[tool]),
        )
        if answer is None:
            return False, False
        calls = [part for part in answer.parts if isinstance(part, ToolCallPart) and part.tool_name == "add"]
        good = [call for call in calls if _adds(call)]
        if calls and not good:
            self.remarks.append("it calls tools, with arguments that cannot be used")
        return bool(good), len(good) > 1

    async def schema(self) -> bool:
        """Whether it keeps to a JSON schema."""
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.output import OutputObjectDefinition

        answer = await self._ask(
            "structured output",
            "The capital of France, and how many letters its name has.",
            ModelRequestParameters(
                output_mode="native",
                output_object=OutputObjectDefinition(json_schema=_CAPITAL, name="capital", strict=True),
                allow_text_output=True,
            ),
        )
        if answer is None:
            return False
        try:
            data = json.loads(answer.text or "")
        except (ValueError, RecursionError):
            return False
        return isinstance(data, dict) and set(data) == {"city", "letters"} and data["letters"] == 5

    async def picture(self) -> bool:
        """Whether it reads an image."""
        from pydantic_ai.messages import BinaryContent
        from pydantic_ai.models import ModelRequestParameters

        image = BinaryContent(_red_square(), media_type="image/png")
        question: list[UserContent] = ["Which colour is this? Answer with one word.", image]
        answer = await self._ask("images", question, ModelRequestParameters())
        return answer is not None and "red" in (answer.text or "").lower()

    async def _ask(
        self, what: str, prompt: str | list[UserContent], parameters: ModelRequestParameters
    ) -> ModelResponse | None:
        """Ask one thing; None where the provider refuses this kind of request."""
        from pydantic_ai.exceptions import UserError
        from pydantic_ai.messages import ModelRequest, ThinkingPart, UserPromptPart
        from pydantic_ai.settings import ModelSettings

        from ironwright.models.steady import ModelGoneError

        self._progress(f"{self._resolved.label}: {what}")
        request = ModelRequest([UserPromptPart(prompt)])
        try:
            answer = await self._model.request([request], ModelSettings(max_tokens=MOST_TOKENS), parameters)
        except ModelGoneError as error:
            if "answers with errors" not in error.what:
                raise  # not even there; some servers answer 500 to what they cannot do
            self.remarks.append(f"{what}: {error.what}")
            return None
        except (ModelError, UserError) as error:
            self.remarks.append(f"{what}: {error}".split("\n")[0])
            return None
        self.answered = True
        self.thought = self.thought or any(isinstance(part, ThinkingPart) for part in answer.parts)
        self._pay(answer)
        return answer

    def _pay(self, answer: ModelResponse) -> None:
        used = answer.usage
        tokens = Tokens(
            used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens
        )
        cost = self._resolved.dollars(tokens)
        self.dollars = None if cost is None or self.dollars is None else self.dollars + cost


def _adds(call: Any) -> bool:
    try:
        given = call.args_as_dict()
    except ValueError:
        return False
    return isinstance(given.get("a"), int) and isinstance(given.get("b"), int)


def _loaded_context(model: ResolvedModel) -> int | None:
    """The context window with which Ollama has loaded a model that was just asked."""
    from ironwright.models.ollama import OllamaClient

    with OllamaClient(model.found, silence=5.0) as client:
        try:
            return next((item.context for item in client.loaded() if item.name == model.id), None)
        except ModelError:
            return None  # an Ollama without /api/ps: the window stays unknown


def _red_square(side: int = 32) -> bytes:
    """A red picture in PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\xff\x00\x00" * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
