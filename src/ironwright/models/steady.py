"""A model that does not give up at the first bad moment: streams, waits, asks again, then says why not."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import anyio
from pydantic_ai import exceptions
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from ironwright.models.paid_once import only_kept
from ironwright.records.errors import ModelError

if TYPE_CHECKING:
    from ironwright.models.provider_limits import ProviderLimits
    from ironwright.models.resolve import ResolvedModel

_MAX_SHOWN = 400
_WORTH_TELLING = 1.0
_COME_BACK = "Resume the run then, or use another model (--model, or [models] fallback)."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on asking. Times in seconds.

    Attributes:
        tries: Requests in all.
        first_wait: Pause before the second; each further one doubles it.
        longest_wait: No pause is longer. A provider that asks for more (``Retry-After``) ends the waiting.
    """

    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0


class ModelListener(Protocol):
    """Hears what a model does while it does it."""

    def said(self, text: str) -> None:
        """A piece of text arrived."""
        ...

    def waiting(self, reason: str, seconds: float) -> None:
        """A request failed in a way that passes; it is sent again after so many seconds."""
        ...


class ModelGoneError(ModelError):
    """A model that cannot be had now, or not with this key; another one may do the work.

    Attributes:
        rest: Seconds after which it is worth asking again.
    """

    rest = 300.0


class SteadyModel(WrapperModel):
    """Streams every request, and repeats those that fail in a way that passes.

    Refusals for load (429, 503, 529), server errors, connections that fail or break off, and answers that
    end in the middle are repeated with a growing pause; what the provider says in ``Retry-After`` wins.
    Everything else, and the end of patience, is a :class:`ModelError` that says what to do; a
    :class:`ModelGoneError` where another model could go on. The provider's own client repeats nothing. What
    a provider asked of one run is kept to by all.
    """

    def __init__(
        self,
        wrapped: Model,
        resolved: ResolvedModel,
        *,
        patience: Patience | None = None,
        listener: ModelListener | None = None,
        limits: ProviderLimits | None = None,
    ) -> None:
        super().__init__(wrapped)
        self._resolved = resolved
        self._limits = limits
        self._patience = patience or Patience()
        self._listener = listener

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the model.

        Raises:
            ModelGoneError: It cannot be had, or not any more; says why and what to do.
            ModelError: It does not take this request.
        """
        pause = self._patience.first_wait
        for left in range(self._patience.tries - 1, -1, -1):
            await self._turn()
            try:
                return await self._ask(messages, model_settings, model_request_parameters)
            except (exceptions.AgentRunError, exceptions.UserError, _CutOffError) as error:
                if not _passes(error):
                    raise self._lasting(error) from error
                wait = getattr(error, "retry_after", None)
                if self._limits and wait and _for_load(error):
                    self._limits.rest(wait)
                if left == 0 or (wait or 0) > self._patience.longest_wait:
                    raise self._exhausted(error, wait) from error
                if wait is None:
                    wait = min(pause, self._patience.longest_wait) * random.uniform(0.8, 1.2)
                pause *= 2
                if self._limits and _for_load(error):
                    self._limits.rest(wait)
                if self._listener:
                    self._listener.waiting(_short(error), wait)
                await anyio.sleep(wait)
        raise AssertionError("the last try either returns or raises")

    async def _turn(self) -> None:
        """Wait until a request may be sent, as the provider asked any run of this machine to."""
        if self._limits is None or only_kept.get():
            return
        wait = self._limits.resting()
        if wait > self._patience.longest_wait:
            gone = ModelGoneError(
                f"{self._resolved.label} asked to be left alone for another {wait:.0f} s",
                where=self._resolved.found,
                advice=_COME_BACK,
            )
            gone.rest = wait
            raise gone
        wait = self._limits.take()
        if wait > 0:
            if self._listener and wait >= _WORTH_TELLING:
                self._listener.waiting("all runs here share what the provider allows", wait)
            await anyio.sleep(wait)

    async def _ask(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> ModelResponse:
        async with self.wrapped.request_stream(messages, settings, parameters) as stream:
            async for event in stream:
                if self._listener and (text := _text_of(event)):
                    self._listener.said(text)
            response = stream.get()
        if response.state != "complete" or response.finish_reason is None:
            raise _CutOffError("the answer broke off before its end")
        return response

    def _exhausted(self, error: Exception, wait: float | None) -> ModelError:
        if wait is not None and wait > self._patience.longest_wait:
            advice = f"The provider asks to come back in {wait:.0f} s. {_COME_BACK}"
        else:
            advice = (
                f"Asked {self._patience.tries} times. Resume the run later, or use another model (--model)."
            )
        gone = ModelGoneError(
            f"{self._resolved.label} {_how_it_failed(error)}: {_short(error)}",
            where=self._resolved.found,
            advice=advice,
        )
        gone.rest = wait or gone.rest
        return gone

    def _lasting(self, error: Exception) -> ModelError:
        opened_by = self._resolved.found
        label = self._resolved.label
        kinds: Sequence[tuple[type[Exception], str, str]] = (
            (
                exceptions.ModelAuthenticationError,
                f"{label} refused the key",
                f"Check {opened_by}: it may be mistyped, expired, or lack access to this model.",
            ),
            (
                exceptions.ModelNotFoundError,
                f"the provider does not know the model {label}",
                "`ironwright models` lists what can be used; choose with --model.",
            ),
            (
                exceptions.ModelQuotaExceededError,
                f"the account behind {opened_by} has no credit left for {label}",
                "Top it up at the provider, or use another model; the run can be resumed.",
            ),
            (
                exceptions.ModelContextWindowExceededError,
                f"the conversation no longer fits into the context window of {label}",
                "Use a model with a larger window, or split the task.",
            ),
        )
        for kind, what, advice in kinds:
            if isinstance(error, kind):
                larger = kind is exceptions.ModelContextWindowExceededError
                error_kind = ModelError if larger else ModelGoneError
                return error_kind(f"{what} ({_short(error)})", where=opened_by, advice=advice)
        return ModelError(
            f"{label} rejected the request: {_short(error)}",
            where=opened_by,
            advice="If it is a compatible server, `ironwright models --probe` finds out whether it "
            "supports tool calls for this model.",
        )


class _CutOffError(Exception):
    """The stream ended without the provider's own end."""


def _for_load(error: Exception) -> bool:
    """Whether the provider has too much to do, so that every other run had better wait as well."""
    if isinstance(error, exceptions.ModelRateLimitError | exceptions.ModelOverloadedError):
        return True
    return isinstance(error, exceptions.ModelHTTPError) and error.status_code in (429, 503, 529)


def _how_it_failed(error: Exception) -> str:
    """What went wrong each time, in words that do not blame the network for what a server answered."""
    if _unreachable(error):
        return "could not be reached"
    if isinstance(error, exceptions.ModelRateLimitError):
        return "refuses requests for load"
    if isinstance(error, exceptions.ModelHTTPError):
        return "answers with errors"
    return "does not answer in full"


def _unreachable(error: Exception) -> bool:
    """Whether no server was there at all; the recording process between us says so as a gateway would."""
    if isinstance(error, exceptions.ModelHTTPError):
        inner = error.body.get("error") if isinstance(error.body, dict) else None
        return isinstance(inner, dict) and inner.get("type") == "connection_error"
    return isinstance(error, exceptions.ModelConnectionError) and "closed connection" not in str(error)


def _passes(error: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, exceptions.ModelQuotaExceededError | exceptions.ModelRequestRejectedError):
        return False
    if isinstance(
        error,
        _CutOffError
        | exceptions.ModelRateLimitError
        | exceptions.ModelUnavailableError
        | exceptions.ModelServerError
        | exceptions.ModelConnectionError
        | exceptions.UnexpectedModelBehavior,
    ):
        return True
    if isinstance(error, exceptions.ModelHTTPError):
        return error.status_code in (408, 409, 425) or error.status_code >= 500
    return isinstance(error, exceptions.ModelAPIError)


def _short(error: Exception) -> str:
    """The error on one line, without anything that an environment variable keeps secret."""
    if isinstance(error, exceptions.ModelHTTPError) and _unreachable(error):
        text = _message_in(error.body) or "no connection"
    elif isinstance(error, exceptions.ModelHTTPError):
        text = f"HTTP {error.status_code}: {_message_in(error.body) or error.body or type(error).__name__}"
    else:
        text = getattr(error, "message", None) or str(error) or type(error).__name__
    text = " ".join(str(text).split())
    for name, value in os.environ.items():
        if len(value) >= 8 and name.endswith(("_KEY", "_TOKEN", "_SECRET")) and value in text:
            text = text.replace(value, f"${name}")
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + " …"


def _message_in(body: object) -> str | None:
    """The provider's own words: ``{"error": {"message": …}}`` or ``{"message": …}``."""
    if not isinstance(body, dict):
        return None
    inner = body.get("error", body)
    message = inner.get("message") if isinstance(inner, dict) else inner
    return message if isinstance(message, str) else None


def _text_of(event: object) -> str:
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""
