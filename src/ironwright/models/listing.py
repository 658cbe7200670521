"""What ``ironwright models`` shows: each model that can be used, its price, what the short names mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ironwright.models.discover import Discovery, discover
from ironwright.models.price import price_of
from ironwright.models.providers import ROLES
from ironwright.models.resolve import ResolvedModel, resolve
from ironwright.records.config import Config
from ironwright.records.errors import ModelError


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model that can be used.

    Attributes:
        provider: The provider's name.
        id: The model's id.
        context: Its context window in tokens, or None when nobody says.
        input_mtok: US dollars for a million input tokens, or None when its price is not known.
        output_mtok: The same for output tokens.
        roles: Which of ``haiku``, ``sonnet``, ``opus`` and ``default`` resolve to it here.
        found: What opens it: an environment variable, or a URL.
    """

    provider: str
    id: str
    context: int | None
    input_mtok: float | None
    output_mtok: float | None
    roles: tuple[str, ...]
    found: str

    def as_json(self) -> dict[str, Any]:
        """The model as JSON data."""
        return {
            "provider": self.provider,
            "id": self.id,
            "context": self.context,
            "input_usd_per_mtok": self.input_mtok,
            "output_usd_per_mtok": self.output_mtok,
            "roles": list(self.roles),
            "found": self.found,
        }


def list_models(
    config: Config, *, environ: Mapping[str, str] | None = None, discovery: Discovery | None = None
) -> tuple[ModelInfo, ...]:
    """Every model that can be used: those behind each provider's short names, and all that servers offer.

    An empty result means that nothing can be used; ``models.resolve.resolve`` says what to set.
    """
    found = discovery or discover(config, environ)
    roles: dict[tuple[str, str, str], list[str]] = {}
    for role in (*ROLES, "default"):
        resolved = _resolved(None if role == "default" else role, config, found)
        if resolved is not None:
            key = (resolved.provider.name, resolved.id, resolved.found)
            roles.setdefault(key, []).append(role)
    offered: dict[tuple[str, str, str], tuple[Any, int | None]] = {}
    for item in found.found:
        ids = dict.fromkeys(item.provider.roles.values()) | {model.id: model.context for model in item.models}
        for model, context in ids.items():
            offered[item.provider.name, model, item.where] = (item.provider, context)
    for key in roles:
        if key not in offered:  # an id that only the configuration names
            offered[key] = (next(i.provider for i in found.found if i.where == key[2]), None)
    return tuple(
        _info(provider, key, context, tuple(roles.get(key, ())))
        for key, (provider, context) in offered.items()
    )


def _resolved(role: str | None, config: Config, found: Discovery) -> ResolvedModel | None:
    try:
        return resolve(role, None, config, discovery=found)
    except ModelError:
        return None  # this name means nothing here, which the list shows by its absence


def _info(provider: Any, key: tuple[str, str, str], context: int | None, roles: tuple[str, ...]) -> ModelInfo:
    listed = price_of(provider, key[1])
    return ModelInfo(
        provider=key[0],
        id=key[1],
        context=context or (listed.context if listed else None),
        input_mtok=listed.input_mtok if listed else None,
        output_mtok=listed.output_mtok if listed else None,
        roles=roles,
        found=key[2],
    )
