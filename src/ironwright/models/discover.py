"""Finds what the user can use: keys in the environment, model servers on this machine or named by them."""

from __future__ import annotations

import http.client
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ironwright.host.clock import seconds
from ironwright.models.providers import KEYED, LOCAL, SERVER, Provider, Wire
from ironwright.records.config import Config
from ironwright.records.errors import ConfigError

PROBE_SECONDS = 0.8
"""How long a server may take to list its models; all are asked at once, so this bounds the whole search."""

_MAX_ANSWER = 4 << 20


@dataclass(frozen=True, slots=True)
class Served:
    """A model that a server offers.

    Attributes:
        id: Its id.
        context: Its context window in tokens, where the server says.
        tools: Whether it can call tools, where the server says.
    """

    id: str
    context: int | None = None
    tools: bool | None = None


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
    """

    found: tuple[Found, ...]
    silent: tuple[str, ...] = ()

    def named(self, name: str) -> tuple[Found, ...]:
        """What was found of the provider with this name."""
        return tuple(item for item in self.found if item.provider.name == name)


def discover(config: Config, environ: Mapping[str, str] | None = None) -> Discovery:
    """Look for keys and servers; takes at most about a second.

    Args:
        config: For ``[models] servers``.
        environ: The environment; None for the process's own.

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
    named = [_configured(url, config.path) for url in config.models.servers]
    local = [_located(provider, environ) for provider in LOCAL]
    known = {provider.base_url for provider in named}
    asked = [*named, *(provider for provider in local if provider.base_url not in known)]
    answers = _ask_all(asked)
    served = tuple(
        Found(provider, provider.base_url or "", models)
        for provider, models in zip(asked, answers, strict=True)
        if models
    )
    silent = tuple(
        provider.base_url or ""
        for provider, models in zip(named, answers[: len(named)], strict=True)
        if not models
    )
    return Discovery((*keyed, *served), silent)


def _configured(url: str, path: str) -> Provider:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"models.servers has {url!r}, which is no base URL",
            where=path,
            advice='Write it as "http://host:port/v1".',
        )
    return replace(SERVER, base_url=url.rstrip("/"))


def _located(provider: Provider, environ: Mapping[str, str]) -> Provider:
    """Ollama's own variable says where it listens."""
    host = environ.get("OLLAMA_HOST") if provider.wire is Wire.OLLAMA else None
    if not host:
        return provider
    url = host if "//" in host else f"http://{host}"
    parts = urlsplit(url)
    name = "127.0.0.1" if parts.hostname in (None, "0.0.0.0", "::") else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 11434)
    loopback = name in ("localhost", "::1") or str(name).startswith("127.")
    return replace(provider, base_url=f"{parts.scheme}://{name}:{port}", local=loopback)


def _ask_all(providers: list[Provider]) -> list[tuple[Served, ...]]:
    """Ask every server at once; who has not answered in time counts as silent, however slowly it drips."""
    answers: list[tuple[Served, ...]] = [()] * len(providers)

    def ask(position: int) -> None:
        answers[position] = _ask(providers[position])

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(len(providers))]
    deadline = seconds() + PROBE_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - seconds()))
    return list(answers)


def _ask(provider: Provider) -> tuple[Served, ...]:
    """The models that a server lists; empty when nobody answers or the answer is no list of models."""
    base = provider.base_url or ""
    listing = _get(f"{base}/v1/models" if provider.wire is Wire.OLLAMA else f"{base}/models")
    if not isinstance(listing, dict) or not isinstance(listing.get("data"), list):
        return ()
    ids = [item for item in listing["data"] if isinstance(item, dict) and isinstance(item.get("id"), str)]
    return tuple(Served(item["id"], _context(item)) for item in ids)


def _context(item: Mapping[str, Any]) -> int | None:
    """A window: ``max_model_len`` of vLLM, ``meta.n_ctx`` of llama.cpp, ``context_length`` of OpenRouter."""
    meta = item.get("meta")
    candidates = (
        item.get("max_model_len"),
        item.get("context_length"),
        meta.get("n_ctx") if isinstance(meta, dict) else None,
    )
    return next((value for value in candidates if isinstance(value, int) and value > 0), None)


def ask_ollama(base_url: str, model: str) -> Served | None:
    """What Ollama says of one model, or None when it does not answer.

    Its OpenAI-compatible interface accepts tools for any model, also for those that cannot call them;
    only ``/api/show`` tells.
    """
    shown = _get(f"{base_url}/api/show", {"model": model})
    if not isinstance(shown, dict):
        return None
    capabilities = shown.get("capabilities")
    info = shown.get("model_info")
    lengths = [
        value
        for key, value in (info.items() if isinstance(info, dict) else ())
        if key.endswith(".context_length") and isinstance(value, int)
    ]
    tools = "tools" in capabilities if isinstance(capabilities, list) else None
    return Served(model, lengths[0] if lengths else None, tools)


def _get(url: str, payload: Mapping[str, Any] | None = None) -> Any:
    """The JSON answer of a server, or None when it gives none in time; never through a proxy."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PROBE_SECONDS)
    try:
        body = None if payload is None else json.dumps(payload)
        connection.request(
            "GET" if body is None else "POST", parts.path, body, {"Accept": "application/json"}
        )
        answer = connection.getresponse()
        raw = answer.read(_MAX_ANSWER)
        return json.loads(raw) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None  # nobody there, or nobody who speaks this protocol: not found is the answer
    finally:
        connection.close()
