"""The model of a run: chosen before anything is made, connected when the work begins."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ironwright.records.config import Config
from ironwright.records.errors import ModelError
from ironwright.workflow.request import RunRequest

if TYPE_CHECKING:
    import httpx2

    from ironwright.session.attempt import ModelAccess, RequestTokens

RECORDING_LABEL = "recording"


def choose_model(
    request: RunRequest,
    agent_model: str | None,
    config: Config,
    max_usd: float | None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """The model's label (``provider:id``), found without asking it anything.

    Raises:
        ModelError: There is none that can be used, or a limit in dollars cannot be kept.
    """
    if request.recording is not None:
        from ironwright.models.recorded import load_recording

        return f"{RECORDING_LABEL}:{load_recording(request.recording).name}"
    from ironwright.models.resolve import resolve

    resolved = resolve(request.model, agent_model, config, environ=environ)
    resolved.require_price(max_usd)
    return resolved.label


def choose_reviewer(
    request: RunRequest,
    config: Config,
    max_usd: float | None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """The label of the model that ``[run] reviewer`` names; empty where it names none, or nobody is asked.

    Raises:
        ModelError: It cannot be used, or a limit in dollars cannot be kept.
    """
    if config.run.reviewer is None or request.recording is not None:
        return ""
    from ironwright.models.resolve import resolve

    resolved = resolve(config.run.reviewer, None, config, environ=environ)
    resolved.require_price(max_usd)
    return resolved.label


def open_model(
    request: RunRequest,
    label: str,
    config: Config,
    transport: httpx2.AsyncBaseTransport | None,
    environ: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> ModelAccess:
    """Connect to the model that was chosen.

    Args:
        request: Names the recording, where one is played.
        label: What :func:`choose_model` returned.
        config: The user's settings.
        transport: Carries the requests.
        environ: Where the keys are; None for the process's own environment.
        progress: Told when a request failed in a way that passes, and how long is waited.

    Raises:
        ModelError: It cannot be used any more (its key is gone, its server does not answer).
    """
    from ironwright.models.chain import chain_from, connect_chain
    from ironwright.models.discover import discover
    from ironwright.models.price import Tokens
    from ironwright.models.resolve import resolve
    from ironwright.session.attempt import ModelAccess

    if request.recording is not None:
        from ironwright.models.recorded import load_recording, play

        return ModelAccess(play(load_recording(request.recording)), label, lambda tokens: 0.0)
    wanted = request.model if request.model and "#" in request.model else label
    environ = os.environ if environ is None else environ
    found = discover(config, environ)
    resolved = resolve(wanted, None, config, discovery=found)
    if resolved.label != label:
        raise ModelError(
            f"the run was started with {label}, and {resolved.label} answers to that name now",
            advice="Set what opened it before; `ironwright models` shows what is found.",
        )

    limit = request.max_usd if request.max_usd is not None else config.run.max_usd
    chain = chain_from(resolved, config, discovery=found, max_usd=limit)
    for name, reason in chain.left_out:
        if progress is not None:
            progress(f"{name} of [models] fallback is left out: {reason}")

    def price(tokens: RequestTokens) -> float | None:
        return price_of(label, tokens)

    def price_of(answered_by: str, tokens: RequestTokens) -> float | None:
        used = Tokens(tokens.input, tokens.output, tokens.cache_read, tokens.cache_write)
        answering = chain.labelled(answered_by)
        return None if answering is None else answering.dollars(used)

    listener = None if progress is None else _Waits(progress)
    model = connect_chain(chain, config, transport=transport, environ=environ, listener=listener)
    windows = [item.context for item in chain.models if item.context]
    return ModelAccess(model, resolved.label, price, min(windows, default=None), resolved.tools, price_of)


@dataclass(frozen=True, slots=True)
class _Waits:
    """Tells people why nothing happens while a provider is waited for."""

    progress: Callable[[str], None]

    def said(self, text: str) -> None:
        """What a model says stands in the report."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Say what failed and when it is tried again."""
        self.progress(f"{reason}; asking again in {seconds:.0f} s")

    def switching(self, reason: str, label: str) -> None:
        """Say who goes on, and why."""
        self.progress(f"{reason}; going on with {label}")
