"""Asks a model one thing, without tools or a conversation, and tells what the answer cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ironwright.models.price import Tokens
from ironwright.records.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_ai.models import Model


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said.

    Attributes:
        text: Its words.
        tokens: What was sent and received.
        dollars: What it cost in US dollars, or None where no price is known.
    """

    text: str
    tokens: Tokens
    dollars: float | None

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON data."""
        used = self.tokens
        return {
            "text": self.text,
            "tokens": [used.input, used.output, used.cache_read, used.cache_write],
            "dollars": self.dollars,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Answer:
        """Read back what :meth:`as_json` wrote."""
        return cls(data["text"], Tokens(*data["tokens"]), data["dollars"])


async def ask_once(
    model: Model,
    instructions: str,
    prompt: str,
    price: Callable[[Tokens], float | None],
    *,
    most_tokens: int = 8_000,
) -> Answer:
    """Ask a model one thing.

    Args:
        model: The model, connected.
        instructions: What it is to do.
        prompt: What it is to do it with.
        price: US dollars for the tokens of a request.
        most_tokens: How long the answer may be, in tokens.

    Raises:
        ModelError: It cannot be reached, or it said nothing.
    """
    from pydantic_ai.messages import ModelRequest, TextPart, UserPromptPart
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.settings import ModelSettings

    request = ModelRequest(parts=[UserPromptPart(content=prompt)], instructions=instructions)
    response = await model.request([request], ModelSettings(max_tokens=most_tokens), ModelRequestParameters())
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    used = response.usage
    tokens = Tokens(used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens)
    if not text.strip():
        raise ModelError(f"{model.model_name} answered nothing", advice="Ask again, or use another model.")
    return Answer(text, tokens, price(tokens))


def json_in(text: str) -> str:
    """The JSON list in a model's answer, without the words or the fence that stand around it."""
    start, end = text.find("["), text.rfind("]")
    return text[start : end + 1] if 0 <= start < end else ""
