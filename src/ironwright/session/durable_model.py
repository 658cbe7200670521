"""Makes every model request a durable, journalled step."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from ironwright.host import clock
from ironwright.records.journal import EventKind
from ironwright.records.report import Usage
from ironwright.session.attempt import AttemptSpec
from ironwright.session.context_room import require_room

_RESPONSE: TypeAdapter[ModelResponse] = TypeAdapter(ModelResponse)


class DurableModel(WrapperModel):
    """Asks the model in steps named ``<key>/model-<n>``, and counts what they cost.

    Journal: ``model_request`` ``{"attempt", "number", "model", "messages"}`` before a request;
    ``model_response`` ``{"attempt", "number", "model", "text", "calls", "finish", "usage", "seconds"}`` after
    it, where ``model`` is the one that answered, ``text`` the number of characters said and ``calls`` the
    names of the tools called.
    """

    def __init__(self, spec: AttemptSpec) -> None:
        super().__init__(spec.model.model)
        self._spec = spec
        self._number = 0
        self.usage = Usage()
        self.answered_at = 0.0
        """When the last answer was there (monotonic seconds)."""

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask, or return what this step was answered before."""
        self._number += 1
        spec, number = self._spec, self._number
        name = f"{spec.key}/model-{number}"
        about = {"attempt": spec.key, "number": number, "model": spec.model.label}
        if number == 1:
            require_room(spec.model, messages, model_request_parameters)
        spec.journal.append(
            EventKind.MODEL_REQUEST, {**about, "messages": len(messages)}, f"{name}/request", recorded=True
        )

        async def ask() -> Any:
            spec.progress(f"turn {number}: asking {spec.model.label}")
            started = clock.seconds()
            response = await self.wrapped.request(messages, model_settings, model_request_parameters)
            return {
                "response": _RESPONSE.dump_python(response, mode="json"),
                "seconds": round(clock.seconds() - started, 3),
            }

        value = await spec.step(name, ask)
        response = _RESPONSE.validate_python(value["response"])
        usage = self._count(response)
        self.usage = self.usage + usage
        data = {
            **about,
            "model": spec.model.answered_by(response),
            "text": sum(len(part.content) for part in response.parts if isinstance(part, TextPart)),
            "calls": [part.tool_name for part in response.parts if isinstance(part, ToolCallPart)],
            "finish": response.finish_reason,
            "usage": usage.as_json(),
            "seconds": value["seconds"],
        }
        spec.journal.append(EventKind.MODEL_RESPONSE, data, f"{name}/response", recorded=True)
        self.answered_at = clock.seconds()
        return response

    def _count(self, response: ModelResponse) -> Usage:
        used = response.usage
        return Usage(
            requests=1,
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            cache_read_tokens=used.cache_read_tokens,
            cache_write_tokens=used.cache_write_tokens,
            dollars=self._spec.model.cost(response),
        )
