"""What hosted models can do, from the profiles that pydantic-ai keeps of them."""

from __future__ import annotations

from ironwright.models.providers import Provider, Wire
from ironwright.models.served import Served


def hosted_abilities(provider: Provider, model: str) -> Served:
    """What is known of a model behind a key; what nobody says stays open.

    A provider's parallel tool calls are part of its protocol, whichever of its models is asked.
    """
    profile = _profile(provider, model)
    if profile is None:
        return Served(model)
    tools = profile.get("supports_tools", True)
    return Served(
        model,
        tools=tools,
        parallel_tools=tools,
        structured_output=profile.get("supports_json_schema_output", False),
        images=profile.get("supports_image_input", True),
        thinking=profile.get("supports_thinking", False),
    )


def _profile(provider: Provider, model: str) -> dict[str, bool] | None:
    """The profile of the model's family; None for a family that has none."""
    from pydantic_ai.profiles.anthropic import anthropic_model_profile
    from pydantic_ai.profiles.google import google_model_profile
    from pydantic_ai.profiles.openai import openai_model_profile

    start = model.find("claude-")
    if start >= 0:  # Bedrock and OpenRouter put their own words before the family's name
        found = anthropic_model_profile(model[start:].replace(".", "-"))
    elif provider.wire is Wire.GOOGLE:
        found = google_model_profile(model)
    elif provider.price_id == "openai":
        found = openai_model_profile(model)
    else:
        return None
    return {key: value for key, value in (found or {}).items() if isinstance(value, bool)}
