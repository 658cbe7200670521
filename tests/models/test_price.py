from __future__ import annotations

import pytest

from ironwright.models.price import FREE, Tokens, dollars, price_of
from ironwright.models.providers import KEYED, PROVIDERS


def test_every_short_name_of_every_provider_has_a_price() -> None:
    for provider in KEYED:
        for model in provider.roles.values():
            assert price_of(provider, model) is not None, f"{provider.name}:{model}"


def test_cached_tokens_are_cheaper() -> None:
    anthropic = PROVIDERS["anthropic"]
    full = dollars(anthropic, "claude-sonnet-5-5", Tokens(input=10_000, output=0))
    cached = dollars(anthropic, "claude-sonnet-5-5", Tokens(input=10_000, output=0, cache_read=10_000))
    assert full == pytest.approx(0.02)
    assert cached is not None
    assert full is not None
    assert cached < full / 2


def test_an_unknown_model_has_no_price_rather_than_none_at_all() -> None:
    assert price_of(PROVIDERS["openai"], "gpt-of-tomorrow-9") is None
    assert dollars(PROVIDERS["openai"], "gpt-of-tomorrow-9", Tokens(1, 1)) is None
    assert price_of(PROVIDERS["server"], "gpt-5.4") is None


def test_what_runs_on_this_machine_costs_nothing_but_what_it_forwards_does() -> None:
    assert price_of(PROVIDERS["ollama"], "qwen3:8b") == FREE
    assert price_of(PROVIDERS["ollama"], "qwen3:480b-cloud") is None
