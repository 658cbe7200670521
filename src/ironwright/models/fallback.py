"""A chain of models: while the first cannot be had, the next one answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from ironwright.host.clock import seconds
from ironwright.models.paid_once import only_kept
from ironwright.models.steady import ModelGoneError, Patience
from ironwright.records.answered import ANSWERED_BY
from ironwright.records.errors import ModelError

BEFORE_A_SWITCH = Patience(tries=3, first_wait=1.0, longest_wait=20.0)
"""How long to go on with a model when another one could do the work. Times in seconds."""


@dataclass(frozen=True, slots=True)
class Link:
    """One model of a chain.

    Attributes:
        label: ``provider:id``.
        model: What answers; raises :class:`ModelGoneError` when it cannot be had.
    """

    label: str
    model: Model


class SwitchListener(Protocol):
    """Hears when another model takes over."""

    def switching(self, reason: str, label: str) -> None:
        """The model before could not be had, for this reason; the one with this label is asked now."""
        ...


class ModelChain(WrapperModel):
    """Asks the first of several models that can be had.

    A model that could not be had is not asked again for as long as its provider wishes, else for five
    minutes; then it is preferred again. An answer of any but the first says in its metadata whose it is.

    Args:
        links: The models, the preferred one first.
        listener: Hears of switches.
        kept: Answers are kept for a process that takes the work up again (:mod:`paid_once`). Then the first
            request asks for what any of the models answered already, so that an answer of the second is
            not paid for again from the first, which may be back by then.
    """

    def __init__(
        self, links: Sequence[Link], listener: SwitchListener | None = None, *, kept: bool = False
    ) -> None:
        super().__init__(links[0].model)
        self._links = tuple(links)
        self._listener = listener
        self._may_be_kept = kept
        self._rests_until = dict.fromkeys(range(len(links)), 0.0)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask.

        Raises:
            ModelGoneError: None of them can be had; says why for each.
            ModelError: The one that was asked does not take this request.
        """
        may_be_kept, self._may_be_kept = self._may_be_kept, False
        if may_be_kept:
            for position in range(len(self._links)):
                known = await self._kept(position, messages, model_settings, model_request_parameters)
                if known is not None:
                    return known
        failures: list[tuple[Link, ModelGoneError]] = []
        for position in self._order():
            link = self._links[position]
            if failures and self._listener:
                self._listener.switching(failures[-1][1].what, link.label)
            try:
                response = await link.model.request(messages, model_settings, model_request_parameters)
            except ModelGoneError as error:
                self._rests_until[position] = seconds() + error.rest
                failures.append((link, error))
                continue
            self._rests_until[position] = 0.0
            return self._signed(position, response)
        raise _none_left(failures)

    async def _kept(
        self,
        position: int,
        messages: list[ModelMessage],
        settings: ModelSettings | None,
        parameters: ModelRequestParameters,
    ) -> ModelResponse | None:
        """What a model answered to this before, to a process that is no more; None where it did not."""
        token = only_kept.set(True)
        try:
            response = await self._links[position].model.request(messages, settings, parameters)
        except ModelError:
            return None  # nothing is kept: it is asked in the ordinary way
        finally:
            only_kept.reset(token)
        return self._signed(position, response)

    def _signed(self, position: int, response: ModelResponse) -> ModelResponse:
        """The answer with the label of who gave it, where that is not the first."""
        if position == 0:
            return response
        label = self._links[position].label
        return replace(response, metadata={**(response.metadata or {}), ANSWERED_BY: label})

    def _order(self) -> list[int]:
        """Who is asked in which order: those that rest come last, who may be asked soonest first."""
        present = seconds()
        return sorted(
            range(len(self._links)),
            key=lambda position: max(self._rests_until[position] - present, 0.0),
        )


def _none_left(failures: Sequence[tuple[Link, ModelGoneError]]) -> ModelError:
    if len(failures) == 1:
        return failures[0][1]
    gone = ModelGoneError(
        "no model can be had: " + "; ".join(error.what for _, error in failures),
        where=", ".join(link.label for link, _ in failures),
        advice="Resume the run later, or name other models (--model, [models] fallback).",
    )
    gone.rest = min(error.rest for _, error in failures)
    return gone
