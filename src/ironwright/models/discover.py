"""Finds what the user can use: keys in the environment, model servers on this machine or named by them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ironwright.host.clock import seconds
from ironwright.models.ask_server import Enquiry, ask_at_once
from ironwright.models.known_models import KnownModels, probe_key
from ironwright.models.providers import KEYED, LOCAL, PROVIDERS, SERVER, Provider, Wire
from ironwright.models.served import Served
from ironwright.models.server_apis import read_ollama, read_openai, shown
from ironwright.records.config import Config
from ironwright.records.errors import ConfigError

PROBE_SECONDS = 0.8
"""How long a server may take to say what it offers; all are asked at once, so this bounds the search."""

__all__ = ["PROBE_SECONDS", "Discovery", "Found", "Served", "ask_ollama", "discover", "ollama_address"]


@dataclass(frozen=True, slots=True)
class Found:
    """A provider that can be used.

    Attributes:
        provider: The provider; a server's base URL is filled in.
        where: What opens it: the name of an environment variable, or a URL.
        models: What a server offers; empty for providers that are opened by a key.
    """

    provider: Provider
    where: str
    models: tuple[Served, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """Everything that was found, keys first, then the servers that the configuration names, then loopback.

    Attributes:
        found: What can be used.
        silent: Base URLs from ``[models] servers`` that did not answer.
        probed: What probes found, by ``known_models.probe_key``.
    """

    found: tuple[Found, ...]
    silent: tuple[str, ...] = ()
    probed: Mapping[str, Served] = field(default_factory=dict)

    def named(self, name: str) -> tuple[Found, ...]:
        """What was found of the provider with this name."""
        return tuple(item for item in self.found if item.provider.name == name)

    def described(self, item: Found, model: Served) -> Served:
        """A model with what a probe found, which counts more than what its server says."""
        known = self.probed.get(probe_key(item.where, model.id, model.digest))
        return model if known is None else model.known_from(known)


def discover(config: Config, environ: Mapping[str, str] | None = None, *, refresh: bool = False) -> Discovery:
    """Look for keys and servers; takes at most about a second.

    Which servers answer and what they offer is asked each time. What a model can do is remembered by the
    digest of its weights, where the server names one.

    Args:
        config: For ``[models] servers``.
        environ: The environment; None for the process's own.
        refresh: Ask again what is remembered, and forget what probes found.

    Raises:
        ConfigError: An entry of ``[models] servers`` is no http or https URL.
    """
    environ = os.environ if environ is None else environ
    keyed = tuple(
        Found(provider, keys[0])
        for provider in KEYED
        for keys in [next((keys for keys in provider.keys if all(environ.get(key) for key in keys)), None)]
        if keys
    )
    named = [_configured(url, config) for url in config.models.servers]
    local = [_located(provider, environ) for provider in LOCAL]
    taken = {_parts(provider)[0] for provider in named}
    asked = [*named, *(provider for provider in local if _parts(provider)[0] not in taken)]
    known = KnownModels.load()
    if refresh:
        known.forget_probes()
    answers = _ask_all(asked, {} if refresh else dict(known.shown), known.show, environ)
    known.save()
    served = tuple(Found(provider, provider.base_url or "", models) for provider, models in answers if models)
    silent = tuple(
        url for url, (_, models) in zip(config.models.servers, answers, strict=False) if not models
    )
    return Discovery((*keyed, *served), silent, dict(known.probed))


def _configured(url: str, config: Config) -> Provider:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"models.servers has {url!r}, which is no base URL",
            where=config.path,
            advice='Write it as "http://host:port/v1".',
        )
    return replace(SERVER, base_url=url.rstrip("/"), key_from=config.models.server_key)


def _located(provider: Provider, environ: Mapping[str, str]) -> Provider:
    """Ollama's own variable says where it listens."""
    host = environ.get("OLLAMA_HOST") if provider.wire is Wire.OLLAMA else None
    if not host:
        return provider
    url = ollama_address(host)
    return replace(provider, base_url=url, local=_is_loopback(url))


def ollama_address(host: str | None) -> str:
    """Where an Ollama listens, from what ``OLLAMA_HOST`` says; None is its default."""
    if not host:
        return PROVIDERS["ollama"].base_url or ""
    url = host if "//" in host else f"http://{host}"
    parts = urlsplit(url)
    name = "127.0.0.1" if parts.hostname in (None, "0.0.0.0", "::") else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 11434)
    shown = f"[{name}]" if ":" in str(name) else name
    return f"{parts.scheme}://{shown}:{port}"


def _is_loopback(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    return name in ("localhost", "::1") or name.startswith("127.")


def _parts(provider: Provider) -> tuple[str, str]:
    """A server's origin, and the path at which it speaks OpenAI's protocol."""
    base = provider.base_url or ""
    if provider.wire is Wire.OLLAMA or not base.endswith("/v1"):
        return base, "" if provider.wire is not Wire.OLLAMA else "/v1"
    return base.removesuffix("/v1"), "/v1"


_Answer = tuple[Provider, tuple[Served, ...]]


def _ask_all(
    providers: Sequence[Provider],
    remembered: Mapping[str, Served],
    learned: Callable[[str, Served], None],
    environ: Mapping[str, str],
) -> list[_Answer]:
    """Ask every server at once; who has not answered in time counts as silent, however slowly it drips."""
    nothing: _Answer = (SERVER, ())

    def question(position: int, ask: Enquiry, known: Callable[[_Answer], None]) -> None:
        _ask(providers[position], ask, known, remembered, learned)

    origins = [_parts(provider)[0] for provider in providers]
    keys = [environ.get(provider.key_from or "") for provider in providers]
    headers = [{"Authorization": f"Bearer {key}"} if key else {} for key in keys]
    return ask_at_once(
        list(zip(origins, headers, strict=True)), question, limit=PROBE_SECONDS, nothing=nothing
    )


def _ask(
    provider: Provider,
    ask: Enquiry,
    known: Callable[[_Answer], None],
    remembered: Mapping[str, Served],
    learned: Callable[[str, Served], None],
) -> None:
    """Ask one server what it offers; one that only its address names is asked what it is, too."""
    origin, prefix = _parts(provider)
    last: list[tuple[Served, ...]] = [()]

    def as_kind(kind: Provider) -> Callable[[tuple[Served, ...]], None]:
        def tell(models: tuple[Served, ...]) -> None:
            last[0] = models
            known((kind, models))

        return tell

    if provider.wire is Wire.OLLAMA:
        read_ollama(ask, as_kind(provider), remembered, learned)
        return
    if provider.name == SERVER.name:
        ollama = replace(
            PROVIDERS["ollama"], base_url=origin, local=_is_loopback(origin), key_from=provider.key_from
        )
        if read_ollama(ask, as_kind(ollama), remembered, learned):
            return
    kind = read_openai(ask, as_kind(provider), prefix)
    if kind in PROVIDERS and kind != SERVER.name and last[0]:
        # A server of its own kind may listen where another usually does.
        told = replace(
            PROVIDERS[kind],
            base_url=provider.base_url,
            local=_is_loopback(origin),
            key_from=provider.key_from,
        )
        known((told, last[0]))


def ask_ollama(base_url: str, model: str) -> Served | None:
    """What Ollama says of one model, or None when it does not answer within :data:`PROBE_SECONDS`."""
    ask = Enquiry(base_url, seconds() + PROBE_SECONDS)
    try:
        return shown(model, ask)
    finally:
        ask.end()
