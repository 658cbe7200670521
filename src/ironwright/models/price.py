"""What models cost, from the price table that ships with genai-prices; nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version

from ironwright.models.providers import Provider


@dataclass(frozen=True, slots=True)
class Price:
    """A model's list price.

    Attributes:
        input_mtok: US dollars for a million input tokens (of a short prompt, where long ones cost more).
        output_mtok: The same for output tokens.
        context: Its context window in tokens, where the table says.
        source: Where the numbers come from.
    """

    input_mtok: float
    output_mtok: float
    context: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one request used, as the provider counts it; input includes cache reads and writes."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


FREE = Price(0.0, 0.0, None, "runs on this machine")


def price_of(provider: Provider, model: str) -> Price | None:
    """A model's price, or None when it is not known."""
    if provider.local and not model.endswith(
        "-cloud"
    ):  # Ollama forwards "-cloud" models to its hosted service
        return FREE
    if provider.price_id is None:
        return None
    million = 1_000_000
    single = _calculate(provider, model, Tokens(input=1000, output=1000))
    if single is None:
        return None
    cost_in, cost_out, context = single
    factor = million / 1000
    source = f"genai-prices {version('genai-prices')}"
    return Price(float(cost_in) * factor, float(cost_out) * factor, context, source)


def dollars(provider: Provider, model: str, tokens: Tokens) -> float | None:
    """What a request cost in US dollars, or None when the model's price is not known."""
    if provider.local and not model.endswith("-cloud"):
        return 0.0
    if provider.price_id is None:
        return None
    cost = _calculate(provider, model, tokens)
    return None if cost is None else float(cost[0] + cost[1])


def _calculate(provider: Provider, model: str, tokens: Tokens) -> tuple[Decimal, Decimal, int | None] | None:
    from genai_prices import Usage, calc_price  # 0.4 s: only what shows or counts money pays for it

    usage = Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
    )
    try:
        cost = calc_price(usage, model, provider_id=provider.price_id)
    except LookupError:
        return None
    return cost.input_price, cost.output_price, cost.model.context_window
