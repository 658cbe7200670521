"""What ``ironwright models`` shows: each model that can be used, what it can do and costs, what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ironwright.models.chain import chain_from
from ironwright.models.discover import Discovery, Found, discover
from ironwright.models.hosted import hosted_abilities
from ironwright.models.price import price_of
from ironwright.models.providers import ROLES
from ironwright.models.resolve import ResolvedModel, resolve
from ironwright.models.served import ABILITIES, Served
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
        can: What it can do, as far as anybody says.
        serves: What a run uses it for: ``standard`` (definitions without a model, and ``sonnet``),
            ``advanced`` (``opus``), ``reviewer`` (``[run] reviewer``), ``fallback``.
        probed: Whether a probe has found out what it can do.
    """

    provider: str
    id: str
    context: int | None
    input_mtok: float | None
    output_mtok: float | None
    roles: tuple[str, ...]
    found: str
    can: Served
    serves: tuple[str, ...] = ()
    probed: bool = False

    @property
    def label(self) -> str:
        """``provider:id``."""
        return f"{self.provider}:{self.id}"

    @property
    def works_by(self) -> str:
        """How it acts: ``tools``, ``text`` (one written command a turn), or ``-`` for who does not chat."""
        if not self.can.chats:
            return "-"
        return "text" if self.can.tools is False else "tools"

    def as_json(self) -> dict[str, Any]:
        """The model as JSON data; null is "nobody says"."""
        return {
            "provider": self.provider,
            "id": self.id,
            "context": self.context,
            "context_limit": self.can.context_limit,
            "input_usd_per_mtok": self.input_mtok,
            "output_usd_per_mtok": self.output_mtok,
            "roles": list(self.roles),
            "serves": list(self.serves),
            "works_by": self.works_by,
            "abilities": {name: getattr(self.can, name) for name in ABILITIES},
            "probed": self.probed,
            "found": self.found,
        }


_Key = tuple[str, str, str]


def list_models(
    config: Config, *, environ: Mapping[str, str] | None = None, discovery: Discovery | None = None
) -> tuple[ModelInfo, ...]:
    """Every model that can be used: those behind each provider's short names, and all that servers offer.

    An empty result means that nothing can be used; ``models.resolve.resolve`` says what to set.
    """
    found = discovery or discover(config, environ)
    roles = _roles(config, found)
    serves = _serves(config, found)
    offered: dict[_Key, tuple[Found, Served]] = {}
    for item in found.found:
        for model in dict.fromkeys(item.provider.roles.values()):
            offered[item.provider.name, model, item.where] = (item, Served(model))
        for served in item.models:
            offered[item.provider.name, served.id, item.where] = (item, served)
    for key in (*roles, *serves):
        if key not in offered:  # an id that only the configuration names
            there = next((item for item in found.found if item.where == key[2]), None)
            if there is not None:
                offered[key] = (there, Served(key[1]))
    return tuple(
        _info(found, item, served, tuple(roles.get(key, ())), tuple(serves.get(key, ())))
        for key, (item, served) in offered.items()
    )


def _roles(config: Config, found: Discovery) -> dict[_Key, list[str]]:
    """Which short names mean which model here."""
    roles: dict[_Key, list[str]] = {}
    for role in (*ROLES, "default"):
        resolved = _resolved(None if role == "default" else role, config, found)
        if resolved is not None:
            roles.setdefault(_key(resolved), []).append(role)
    return roles


def _serves(config: Config, found: Discovery) -> dict[_Key, list[str]]:
    """What a run uses which model for."""
    serves: dict[_Key, list[str]] = {}
    standard = _resolved(None, config, found)
    named = [("standard", standard), ("advanced", _resolved("opus", config, found))]
    if config.run.reviewer:
        named.append(("reviewer", _resolved(config.run.reviewer, config, found)))
    if standard is not None:
        chain = chain_from(standard, config, discovery=found)
        named += [("fallback", model) for model in chain.models[1:]]
    for use, resolved in named:
        if resolved is not None:
            serves.setdefault(_key(resolved), []).append(use)
    return serves


def _key(resolved: ResolvedModel) -> _Key:
    return resolved.provider.name, resolved.id, resolved.found


def _resolved(role: str | None, config: Config, found: Discovery) -> ResolvedModel | None:
    try:
        return resolve(role, None, config, discovery=found)
    except ModelError:
        return None  # this name means nothing here, which the list shows by its absence


def _info(
    found: Discovery, item: Found, served: Served, roles: tuple[str, ...], serves: tuple[str, ...]
) -> ModelInfo:
    listed = price_of(item.provider, served.id)
    known = hosted_abilities(item.provider, served.id).known_from(served) if item.provider.keys else served
    can = found.described(item, known)
    return ModelInfo(
        provider=item.provider.name,
        id=served.id,
        context=can.window or (listed.context if listed else None),
        input_mtok=listed.input_mtok if listed else can.input_mtok,
        output_mtok=listed.output_mtok if listed else can.output_mtok,
        roles=roles,
        found=item.where,
        can=can,
        serves=serves,
        probed=can is not known,
    )
