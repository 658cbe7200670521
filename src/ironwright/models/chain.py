"""Chooses the models that may go on with the work of one that cannot be had, and connects them all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ironwright.models.connect import connect
from ironwright.models.discover import Discovery, discover
from ironwright.models.provider_limits import limits_of
from ironwright.models.providers import PROVIDERS, ROLES
from ironwright.models.resolve import ResolvedModel, resolve
from ironwright.records.config import Config
from ironwright.records.errors import ModelError

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

    from ironwright.models.steady import Patience


class ChainListener(Protocol):
    """Hears what a chain of models does."""

    def said(self, text: str) -> None:
        """A piece of text arrived."""
        ...

    def waiting(self, reason: str, seconds: float) -> None:
        """A request failed in a way that passes; it is sent again after so many seconds."""
        ...

    def switching(self, reason: str, label: str) -> None:
        """The model before could not be had, for this reason; the one with this label is asked now."""
        ...


@dataclass(frozen=True, slots=True)
class Chain:
    """A model and those that may go on for it.

    Attributes:
        models: The models, the preferred one first.
        left_out: ``(name, reason)`` of each fallback that cannot take over.
    """

    models: tuple[ResolvedModel, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    def labelled(self, label: str) -> ResolvedModel | None:
        """The model with this label; None where it is no part of the chain."""
        return next((model for model in self.models if model.label == label), None)


def chain_from(
    first: ResolvedModel,
    config: Config,
    *,
    environ: Mapping[str, str] | None = None,
    discovery: Discovery | None = None,
    max_usd: float | None = None,
) -> Chain:
    """The chain that ``[models] fallback`` makes of a model.

    Left out is who cannot be used, has no price where money is limited, cannot call tools where the first
    one can, or has a smaller context window.

    Args:
        first: The preferred model.
        config: For ``[models] fallback``.
        environ: The environment; None for the process's own.
        discovery: What was found before; None to look now.
        max_usd: The limit in US dollars; None for none.
    """
    if not config.models.fallback:
        return Chain((first,))
    found = discovery or discover(config, environ)
    models, left_out = [first], []
    for name in config.models.fallback:
        try:
            model = resolve(_word(name, first, found), None, config, discovery=found)
            model.require_price(max_usd)
        except ModelError as error:
            left_out.append((name, error.what))
            continue
        reason = _unfit(model, first)
        if reason:
            left_out.append((name, reason))
        elif all(model.label != known.label or model.found != known.found for known in models):
            models.append(model)
    return Chain(tuple(models), tuple(left_out))


def _word(name: str, first: ResolvedModel, found: Discovery) -> str:
    """A provider's name means its model of the size of the first one."""
    if name not in PROVIDERS:
        return name
    size = next((role for role in ROLES if first.provider.roles.get(role) == first.id), "sonnet")
    if size in PROVIDERS[name].roles:
        return f"{name}:{PROVIDERS[name].roles[size]}"
    offered = [model for item in found.named(name) for model in item.models if model.chats]
    best = min(offered, key=lambda model: model.tools is False, default=None)
    return f"{name}:{best.id}" if best else f"{name}:?"


def _unfit(model: ResolvedModel, first: ResolvedModel) -> str:
    if model.tools is False and first.tools is not False:
        return f"{model.label} cannot call tools, and {first.label} can"
    if model.context and first.context and model.context * 2 < first.context:
        return (
            f"{model.label} has a context window of {model.context:,} tokens, less than half of "
            f"{first.context:,}"
        )
    return ""


def connect_chain(
    chain: Chain,
    config: Config,
    *,
    environ: Mapping[str, str] | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    listener: ChainListener | None = None,
    patience: Patience | None = None,
) -> Model:
    """Connect to a chain; a chain of one is that model.

    Args:
        chain: What :func:`chain_from` returned.
        config: For ``[models] requests_per_minute``.
        environ: Where the keys are; None for the process's own environment.
        transport: What carries the requests and keeps answers (:mod:`paid_once`).
        listener: Hears text, waiting and switches.
        patience: How long to go on with a model before the next one takes over.

    Raises:
        ModelError: A client cannot be made.
    """
    from ironwright.models.fallback import BEFORE_A_SWITCH, Link, ModelChain

    environ = os.environ if environ is None else environ
    alone = len(chain.models) == 1
    links = [
        Link(
            model.label,
            connect(
                model,
                environ=environ,
                transport=transport,
                listener=None if listener is None else _ForLink(model.label, listener),
                patience=patience or (None if alone else BEFORE_A_SWITCH),
                limits=limits_of(
                    model.provider, environ, model.found, per_minute=config.models.requests_per_minute
                ),
            ),
        )
        for model in chain.models
    ]
    return links[0].model if alone else ModelChain(links, listener, kept=transport is not None)


@dataclass(frozen=True, slots=True)
class _ForLink:
    """Says of which model a listener hears."""

    label: str
    listener: ChainListener

    def said(self, text: str) -> None:
        self.listener.said(text)

    def waiting(self, reason: str, seconds: float) -> None:
        self.listener.waiting(f"{self.label}: {reason}", seconds)
