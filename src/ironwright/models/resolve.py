"""Turns what a definition, an option or the configuration calls a model into one that the user has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ironwright.models import price
from ironwright.models.discover import Discovery, Found, discover
from ironwright.models.price import Price, Tokens
from ironwright.models.providers import KEYED, PROVIDERS, ROLES, SERVER, Provider, Wire
from ironwright.models.served import Served
from ironwright.records.config import Config
from ironwright.records.errors import ModelError

_SET_A_KEY = (
    "Set ANTHROPIC_API_KEY, OPENAI_API_KEY, GOOGLE_API_KEY or OPENROUTER_API_KEY, or AWS credentials for "
    "Bedrock, or start a local server (`ollama serve`, then `ironwright models pull NAME`), or name one "
    "under [models] servers in ironwright.toml. `ironwright models` shows what is found."
)


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model that can be asked.

    Attributes:
        provider: Who serves it; a server's base URL is filled in.
        id: The id to ask for.
        found: What opens it: an environment variable, or a URL.
        reason: Why this one: which word was resolved, and whose it was.
        price: Its list price, or None when it is not known.
        context: Its context window in tokens, or None when nobody says.
        tools: Whether it can call tools; None when nobody says. One that cannot is told to write commands.
    """

    provider: Provider
    id: str
    found: str
    reason: str
    price: Price | None
    context: int | None = None
    tools: bool | None = None

    @property
    def label(self) -> str:
        """``provider:id``, the way reports name it; the wire variant ``openai-chat`` counts as its own."""
        return f"{self.provider.name}:{self.id}"

    @property
    def is_recording(self) -> bool:
        """Whether no model is asked and a recording is played."""
        return self.provider.wire is Wire.RECORDING

    def dollars(self, tokens: Tokens) -> float | None:
        """What a request cost, or None when the price is not known."""
        return None if self.price is None else price.dollars(self.provider, self.id, tokens)

    def require_price(self, max_usd: float | None) -> None:
        """Refuse a limit in dollars that could not be kept.

        Raises:
            ModelError: ``max_usd`` is set and the model's price is not known.
        """
        if max_usd is not None and self.price is None:
            raise ModelError(
                f"a limit of ${max_usd:g} cannot be kept: the price of {self.label} is not known",
                where=self.found,
                advice="Use --max-turns or --max-minutes instead (and remove max_usd from ironwright.toml), "
                "or choose a model with a list price; `ironwright models` shows prices.",
            )


def resolve(
    name: str | None,
    agent_model: str | None,
    config: Config,
    *,
    environ: Mapping[str, str] | None = None,
    discovery: Discovery | None = None,
) -> ResolvedModel:
    """Find the model to work with.

    The first that is given wins: ``name`` (an option), ``[run] model``, the definition's own,
    ``[models] default``, and in the end ``sonnet``. ``inherit`` and ``default`` count as not given.

    Args:
        name: ``haiku``, ``sonnet``, ``opus``, a full id, ``provider:id`` or a server's ``URL#id``.
        agent_model: The same as a definition writes it.
        config: For ``[run] model`` and ``[models]``.
        environ: The environment; None for the process's own.
        discovery: What was found before; None to look now.

    Raises:
        ModelError: Nothing that can be used answers to it; says what to set.
    """
    found = discovery or discover(config, environ)
    asked = (
        (name, "--model"),
        (config.run.model, "[run] model in ironwright.toml"),
        (agent_model, "the definition"),
        (config.models.default, "[models] default in ironwright.toml"),
        ("sonnet", "the default"),
    )
    word, origin = next((word.strip(), origin) for word, origin in asked if word and _given(word))
    chosen = _choose(word, origin, config, found)
    return _described(*chosen, reason=f"{word!r} of {origin}")


def _given(word: str) -> bool:
    return word.strip().lower() not in ("", "inherit", "default", "auto")


def _choose(word: str, origin: str, config: Config, found: Discovery) -> tuple[Found, Served]:
    role = word.lower()
    if role in ROLES:
        override = {"haiku": config.models.haiku, "sonnet": config.models.sonnet, "opus": config.models.opus}
        mapped = override[role]
        if mapped and mapped.lower() != role:
            if mapped.lower() in ROLES:
                raise ModelError(
                    f"[models] {role} is {mapped!r}, which is a short name itself",
                    where=config.path,
                    advice="Give a full id or provider:id.",
                )
            return _full(mapped, f"[models] {role} in {config.path}", found)
        return _by_role(role, origin, found)
    return _full(word, origin, found)


def _by_role(role: str, origin: str, found: Discovery) -> tuple[Found, Served]:
    for item in found.found:
        if role in item.provider.roles:
            return item, found.described(item, Served(item.provider.roles[role]))
    servers = [item for item in found.found if item.models]
    served = [
        (item, found.described(item, model)) for item in servers for model in item.models if model.chats
    ]
    # A model that calls tools comes before one that has to be told how to write commands.
    best = min(served, key=lambda pair: pair[1].tools is False, default=None)
    if best is not None:
        return best
    if servers:
        models = ", ".join(model.id for item in servers for model in item.models)
        raise ModelError(
            "none of the local models holds conversations",
            where=", ".join(item.where for item in servers),
            advice=f"Found {models}. Load one that chats, or set a key.",
        )
    keyed = ", ".join(item.provider.name for item in found.found)
    if keyed:
        raise ModelError(
            f"{role!r} (asked for by {origin}) means nothing at {keyed}",
            advice=f"Set [models] {role} in ironwright.toml or --model to provider:id.",
        )
    silent = f" {', '.join(found.silent)} of [models] servers did not answer." if found.silent else ""
    raise ModelError(
        "no model can be used: no key is set and no model server answers", advice=_SET_A_KEY + silent
    )


def _full(word: str, origin: str, found: Discovery) -> tuple[Found, Served]:
    url = urlsplit(word)
    if url.scheme in ("http", "https") and url.fragment:
        base = word.split("#", 1)[0].rstrip("/")
        there = next((item for item in found.found if item.where == base), None)
        item = there or Found(replace(SERVER, base_url=base), base)
        known = next((model for model in item.models if model.id == url.fragment), Served(url.fragment))
        return item, _chatting(item, found.described(item, known))
    prefix, _, rest = word.partition(":")
    if prefix in PROVIDERS and rest:
        return _at(PROVIDERS[prefix], rest, origin, found)
    for item in found.found:  # a server's own ids may hold a colon (`qwen3:8b`)
        for model in item.models:
            if word in (model.id, model.id.removesuffix(":latest")):
                return item, _chatting(item, found.described(item, model))
    for provider in KEYED:
        if word.startswith(provider.prefixes):
            return _at(provider, word, origin, found)
    raise ModelError(
        f"the model {word!r} (asked for by {origin}) is not known",
        advice="Write provider:id, for example anthropic:claude-sonnet-5-5 or ollama:qwen3:8b. Providers: "
        + ", ".join(name for name in PROVIDERS if name not in ("server", "recording")),
    )


def _at(provider: Provider, model: str, origin: str, found: Discovery) -> tuple[Found, Served]:
    usable = found.named(provider.name)
    if not usable:
        if provider.keys:
            raise ModelError(
                f"{model} (asked for by {origin}) needs a key for {provider.name}",
                advice=f"Set {provider.advice}, or choose another model with --model or under [models] in "
                "ironwright.toml.",
            )
        raise ModelError(
            f"{model} (asked for by {origin}) needs {provider.name}, which does not answer",
            where=provider.base_url or "",
            advice=f"Start it, or name its address under [models] servers. {_SET_A_KEY}",
        )
    if provider.keys:
        return usable[0], found.described(usable[0], Served(model))
    for item in usable:
        for offered in item.models:
            if model in (offered.id, offered.id.removesuffix(":latest")):
                return item, _chatting(item, found.described(item, offered))
    offers = ", ".join(offered.id for item in usable for offered in item.models)
    raise ModelError(
        f"{provider.name} does not serve {model}", where=usable[0].where, advice=f"It serves: {offers}."
    )


def _chatting(item: Found, model: Served) -> Served:
    if model.chats:
        return model
    raise ModelError(
        f"{model.id} makes embeddings; it holds no conversations, so it cannot work on files",
        where=item.where,
        advice="Choose a model that chats; `ironwright models` lists them.",
    )


def _described(item: Found, served: Served, reason: str) -> ResolvedModel:
    listed = price.price_of(item.provider, served.id)
    context = served.window or (listed.context if listed else None)
    tools = served.tools
    if tools is None and item.provider.roles:
        tools = True  # every model that a hosted provider offers for the short names calls tools
    return ResolvedModel(item.provider, served.id, item.where, reason, listed, context, tools)
