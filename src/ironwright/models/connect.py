"""Makes the object that asks a resolved model, through the provider's own client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ironwright.models.paid_once import address_of
from ironwright.models.providers import Wire
from ironwright.records.errors import ModelError

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

    from ironwright.models.provider_limits import ProviderLimits
    from ironwright.models.resolve import ResolvedModel
    from ironwright.models.steady import ModelListener, Patience

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 300.0
"""How long a provider may send nothing at all; reasoning models are silent for minutes."""


def connect(
    resolved: ResolvedModel,
    *,
    environ: Mapping[str, str] | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    base_url: str | None = None,
    patience: Patience | None = None,
    listener: ModelListener | None = None,
    limits: ProviderLimits | None = None,
) -> Model:
    """Make a model that can be asked.

    Nothing is sent. The providers' own variables for their address are honoured (``ANTHROPIC_BASE_URL``,
    ``OPENAI_BASE_URL``, ``GOOGLE_GEMINI_BASE_URL``, ``AWS_ENDPOINT_URL_BEDROCK_RUNTIME``).

    Args:
        resolved: Which model.
        environ: Where the keys are; None for the process's own environment.
        transport: What carries the requests, in place of a direct connection. Bedrock's client takes only
            that of :func:`~ironwright.models.paid_once.paid_once`.
        base_url: Where to send the requests, in place of the provider's address.
        patience: How long to go on after failures.
        listener: Hears text and waiting.
        limits: What the provider asked of any run here; None keeps to what this model hears itself.

    Raises:
        ModelError: The key is gone, the provider's client rejects its settings, or this is a recording.
    """
    from pydantic_ai.exceptions import UserError

    from ironwright.models.steady import SteadyModel

    if resolved.is_recording:
        raise ModelError(f"{resolved.label} is a recording; it is opened by its file", where=resolved.found)
    environ = os.environ if environ is None else environ
    if resolved.provider.keys and not all(environ.get(key) for key in _opened_by(resolved)):
        raise ModelError(
            f"{resolved.label} needs {resolved.found}, which is not set any more", advice="Set it again."
        )
    try:
        model = _client_model(resolved, environ, transport, base_url)
    except (UserError, ValueError) as error:
        raise ModelError(
            f"the client for {resolved.label} cannot be made: {error}",
            where=resolved.found,
            advice="Check the provider's environment variables; `ironwright models` shows what is found.",
        ) from error
    return SteadyModel(model, resolved, patience=patience, listener=listener, limits=limits)


def _opened_by(resolved: ResolvedModel) -> tuple[str, ...]:
    return next((keys for keys in resolved.provider.keys if keys[0] == resolved.found), (resolved.found,))


def _client_model(
    resolved: ResolvedModel,
    environ: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None,
    base_url: str | None,
) -> Model:
    wire = resolved.provider.wire
    if wire is Wire.ANTHROPIC:
        return _anthropic(resolved, environ, transport, base_url)
    if wire is Wire.GOOGLE:
        return _google(resolved, environ, transport, base_url)
    if wire is Wire.BEDROCK:
        return _bedrock(resolved, environ, transport, base_url)
    return _openai(resolved, environ, transport, base_url)


def _http(transport: httpx2.AsyncBaseTransport | None) -> httpx2.AsyncClient:
    import httpx2

    timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    return httpx2.AsyncClient(timeout=timeout, transport=transport, follow_redirects=True)


def _anthropic(
    resolved: ResolvedModel,
    environ: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None,
    base_url: str | None,
) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    secret = environ[resolved.found]
    bearer = resolved.found == "ANTHROPIC_AUTH_TOKEN"
    client = AsyncAnthropic(
        api_key=None if bearer else secret,
        auth_token=secret if bearer else None,
        base_url=base_url or environ.get("ANTHROPIC_BASE_URL") or None,
        max_retries=0,
        http_client=_http(transport),
    )
    return AnthropicModel(resolved.id, provider=AnthropicProvider(anthropic_client=client))


def _openai(
    resolved: ResolvedModel,
    environ: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None,
    base_url: str | None,
) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = resolved.provider
    address = base_url or provider.base_url
    if address is None:
        address = environ.get("OPENAI_BASE_URL") or None
    elif provider.wire is Wire.OLLAMA and not address.rstrip("/").endswith("/v1"):
        address = f"{address.rstrip('/')}/v1"
    key = environ[resolved.found] if provider.keys else environ.get(provider.key_from or "")
    client = AsyncOpenAI(
        api_key=key or "none",  # for servers without keys the client still wants a word
        base_url=address,
        max_retries=0,
        http_client=_http(transport),
    )
    if provider.wire is Wire.OPENAI_RESPONSES:
        return OpenAIResponsesModel(resolved.id, provider=OpenAIProvider(openai_client=client))
    if provider.wire is Wire.OLLAMA:
        return OllamaModel(resolved.id, provider=OllamaProvider(openai_client=client))
    return OpenAIChatModel(resolved.id, provider=OpenAIProvider(openai_client=client))


def _google(
    resolved: ResolvedModel,
    environ: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None,
    base_url: str | None,
) -> Model:
    from google.genai.types import HttpRetryOptions
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(
        api_key=environ[resolved.found],
        http_client=_http(transport),
        base_url=base_url or environ.get("GOOGLE_GEMINI_BASE_URL") or None,
        retry_options=HttpRetryOptions(attempts=1),
    )
    return GoogleModel(resolved.id, provider=provider)


def _bedrock(
    resolved: ResolvedModel,
    environ: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None,
    base_url: str | None,
) -> Model:
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config as ClientConfig  # type: ignore[import-untyped]
    from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    # boto3 reads credentials, bearer token, profile and endpoint from the process's own environment; a
    # session of our own reads them now, where boto3's remembers what it once read.
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    try:
        client = boto3.Session(region_name=region).client(
            "bedrock-runtime",
            endpoint_url=base_url,
            config=ClientConfig(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=SILENCE_SECONDS,
                retries={"max_attempts": 0, "mode": "standard"},
            ),
        )
    except BotoCoreError as error:
        raise ModelError(
            f"the client for {resolved.label} cannot be made: {error}",
            where=resolved.found,
            advice="Set AWS_REGION, and check the AWS credentials.",
        ) from error
    if transport is not None:
        from ironwright.models.paid_once_bedrock import carry

        address = address_of(transport)
        if address is None:
            raise ValueError("the client of Bedrock cannot take this transport")
        carry(client, address, SILENCE_SECONDS)
    return BedrockConverseModel(resolved.id, provider=BedrockProvider(bedrock_client=client))
