"""Refuses a model whose context window cannot hold the work, with the numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic_ai.messages import ModelMessage, ModelRequest, UserPromptPart
from pydantic_ai.models import ModelRequestParameters

from ironwright.records.errors import ModelError
from ironwright.session.attempt import ModelAccess

BYTES_PER_TOKEN = 4
"""English and Rust have 3.5 to 4.5 bytes a token with the tokenizers of current models; an estimate that is
rather too small refuses nothing that would have fitted."""

RESERVE_TOKENS = 4096
"""Room for the model's answer and for one result of a tool; less ends the work at the first file read."""


def require_room(
    access: ModelAccess, messages: Sequence[ModelMessage], parameters: ModelRequestParameters
) -> None:
    """Refuse an attempt whose first request leaves no room to work.

    Raises:
        ModelError: Definition, tools, task and reserve need more than the model's context window.
    """
    if access.context is None:
        return
    requests = [message for message in messages if isinstance(message, ModelRequest)]
    definition = _tokens((requests[-1].instructions or "") if requests else "")
    tools = _tokens(
        json.dumps(
            [[tool.name, tool.description, tool.parameters_json_schema] for tool in parameters.function_tools]
        )
    )
    task = sum(
        _tokens(part.content)
        for message in requests
        for part in message.parts
        if isinstance(part, UserPromptPart) and isinstance(part.content, str)
    )
    needed = definition + tools + task + RESERVE_TOKENS
    if needed <= access.context:
        return
    raise ModelError(
        f"{access.label} has a context window of {access.context:,} tokens, and this needs about {needed:,}: "
        f"definition and brief {definition:,}, tools {tools:,}, task {task:,}, and {RESERVE_TOKENS:,} for an "
        "answer and a tool's result",
        advice="Use a model with a larger window (--model), or serve this one with more: "
        "OLLAMA_CONTEXT_LENGTH for Ollama, --ctx-size for llama.cpp, --max-model-len for vLLM.",
    )


def _tokens(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)
