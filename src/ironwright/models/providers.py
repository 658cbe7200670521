"""The providers of models: which keys open them, what the short names mean there, how they are priced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Wire(StrEnum):
    """The protocol that a provider speaks."""

    ANTHROPIC = "anthropic"
    OPENAI_RESPONSES = "openai-responses"
    OPENAI_CHAT = "openai-chat"
    OLLAMA = "ollama"
    GOOGLE = "google"
    BEDROCK = "bedrock"
    RECORDING = "recording"


ROLES = ("haiku", "sonnet", "opus")
"""The short names that definitions use for a model, cheapest first."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    Attributes:
        name: The prefix in ``provider:id``.
        wire: The protocol that it speaks.
        keys: Environment variables that open it, in order of preference; each entry is a group of
            variables that must all be set.
        roles: What the short names mean there.
        prefixes: Beginnings of model ids that are this provider's own.
        price_id: Its name in the price table; None where its models have no list price.
        base_url: Where it is, for providers that speak OpenAI's protocol; None for the client's default.
        local: It runs on this machine, and using it costs no money.
        key_from: The environment variable whose value is sent along; for servers that are found by address.
    """

    name: str
    wire: Wire
    keys: tuple[tuple[str, ...], ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    price_id: str | None = None
    base_url: str | None = None
    local: bool = False
    key_from: str | None = None

    @property
    def advice(self) -> str:
        """The variable to set to open it."""
        return " and ".join(self.keys[0]) if self.keys else ""


# The short names mean the newest general model of that size in the price table that Ironwright is locked
# to (genai-prices 0.2.3 of November 2026); `[models]` in ironwright.toml overrides each of them.
_CLAUDE = {"haiku": "claude-haiku-5-5", "sonnet": "claude-sonnet-5-5", "opus": "claude-opus-5-5"}

_HOSTED = (
    Provider(
        "anthropic",
        Wire.ANTHROPIC,
        keys=(("ANTHROPIC_API_KEY",), ("ANTHROPIC_AUTH_TOKEN",)),
        roles=_CLAUDE,
        prefixes=("claude-",),
        price_id="anthropic",
    ),
    Provider(
        "openai",
        Wire.OPENAI_RESPONSES,
        keys=(("OPENAI_API_KEY",),),
        roles={"haiku": "gpt-6-luna", "sonnet": "gpt-6.1-sol", "opus": "gpt-6-astra"},
        prefixes=("gpt-", "o1", "o3", "o4", "codex-"),
        price_id="openai",
    ),
    Provider("openai-chat", Wire.OPENAI_CHAT, keys=(("OPENAI_API_KEY",),), price_id="openai"),
    Provider(
        "google",
        Wire.GOOGLE,
        keys=(("GOOGLE_API_KEY",), ("GEMINI_API_KEY",)),
        roles={"haiku": "gemini-3.5-flash-lite", "sonnet": "gemini-3.8-flash", "opus": "gemini-4-argon"},
        prefixes=("gemini-",),
        price_id="google",
    ),
    Provider(
        "bedrock",
        Wire.BEDROCK,
        keys=(
            ("AWS_BEARER_TOKEN_BEDROCK",),
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            ("AWS_PROFILE",),
        ),
        roles={role: f"us.anthropic.{name}" for role, name in _CLAUDE.items()},
        prefixes=("us.anthropic.", "eu.anthropic.", "global.anthropic.", "anthropic.", "amazon."),
        price_id="aws",
    ),
    Provider(
        "openrouter",
        Wire.OPENAI_CHAT,
        keys=(("OPENROUTER_API_KEY",),),
        roles={
            "haiku": "anthropic/claude-haiku-5.5",
            "sonnet": "anthropic/claude-sonnet-5.5",
            "opus": "anthropic/claude-opus-5.5",
        },
        price_id="openrouter",
        base_url="https://openrouter.ai/api/v1",
    ),
)

# Providers whose own models have no sizes that answer to the short names: a definition's `sonnet` never
# lands there by itself, `provider:id` does.
_COMPATIBLE = tuple(
    Provider(name, Wire.OPENAI_CHAT, keys=((key,),), price_id=price_id, base_url=url)
    for name, key, price_id, url in (
        ("deepseek", "DEEPSEEK_API_KEY", "deepseek", "https://api.deepseek.com/v1"),
        ("groq", "GROQ_API_KEY", "groq", "https://api.groq.com/openai/v1"),
        ("mistral", "MISTRAL_API_KEY", "mistral", "https://api.mistral.ai/v1"),
        ("xai", "XAI_API_KEY", "x-ai", "https://api.x.ai/v1"),
        ("together", "TOGETHER_API_KEY", "together", "https://api.together.xyz/v1"),
        ("fireworks", "FIREWORKS_API_KEY", "fireworks", "https://api.fireworks.ai/inference/v1"),
        ("cerebras", "CEREBRAS_API_KEY", "cerebras", "https://api.cerebras.ai/v1"),
    )
)

_LOCAL = (
    Provider("ollama", Wire.OLLAMA, base_url="http://127.0.0.1:11434", local=True),
    Provider("lmstudio", Wire.OPENAI_CHAT, base_url="http://127.0.0.1:1234/v1", local=True),
    Provider("llamacpp", Wire.OPENAI_CHAT, base_url="http://127.0.0.1:8080/v1", local=True),
    Provider("vllm", Wire.OPENAI_CHAT, base_url="http://127.0.0.1:8000/v1", local=True),
)

SERVER = Provider("server", Wire.OPENAI_CHAT)
"""A server named in ``[models] servers`` or by its address; what it costs is not known."""

RECORDING = Provider("recording", Wire.RECORDING, local=True)
"""A recording that is played back; no model is asked."""

KEYED: tuple[Provider, ...] = (*_HOSTED, *_COMPATIBLE)
"""Providers that a key opens, in the order in which the short names look for one."""

LOCAL: tuple[Provider, ...] = _LOCAL
"""Servers that may run on this machine."""

PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider for provider in (*KEYED, *LOCAL, SERVER, RECORDING)
}
"""Every provider by its name."""
