"""What each kind of model server says of its models, through its own interface.

Ollama: ``/api/tags``, ``/api/show``, ``/api/ps``. LM Studio: ``/api/v0/models``. llama.cpp: ``/props`` and
``meta`` in ``/v1/models``. vLLM: ``max_model_len`` in ``/v1/models``. Others: ``/v1/models``, with the
fields of OpenRouter where they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ironwright.models.ask_server import Enquiry
from ironwright.models.served import Served

Known = Callable[[tuple[Served, ...]], None]

OLLAMA = "ollama"
LM_STUDIO = "lmstudio"
LLAMA_CPP = "llamacpp"
VLLM = "vllm"
OTHER = "server"


def read_ollama(
    ask: Enquiry, known: Known, remembered: Mapping[str, Served], learned: Callable[[str, Served], None]
) -> bool:
    """Ask an Ollama; models whose digest is remembered are not asked about again.

    Args:
        ask: The conversation.
        known: Gets what is known so far.
        remembered: What was learned before, by digest of the weights.
        learned: Told what is new, with that digest.

    Returns:
        Whether an Ollama answered.
    """
    answer = ask.ask("/api/tags")
    listing = _objects(answer, "models")
    if not listing:
        return isinstance(answer, dict) and isinstance(answer.get("models"), list)
    models = [
        Served(str(item["name"]), digest=str(item.get("digest") or ""))
        for item in listing
        if isinstance(item.get("name"), str)
    ]
    known(tuple(models))
    loaded = {
        str(item.get("name")): _count(item.get("context_length"))
        for item in _objects(ask.ask("/api/ps"), "models")
    }
    for position, model in enumerate(models):
        before = remembered.get(model.digest) if model.digest else None
        told = replace(before, id=model.id) if before else shown(model.id, ask)
        if told is not None:
            models[position] = replace(told, digest=model.digest)
            if before is None:
                learned(model.digest, models[position])
        if loaded.get(model.id):
            models[position] = replace(models[position], context=loaded[model.id])
        known(tuple(models))
    return True


def shown(model: str, ask: Enquiry) -> Served | None:
    """What Ollama says of one model; None when it does not answer.

    Its OpenAI-compatible interface accepts tools for any model, also for those that cannot call them;
    only ``/api/show`` tells.
    """
    data = ask.ask("/api/show", {"model": model})
    if not isinstance(data, dict):
        return None
    told = data.get("capabilities")
    can = frozenset(item for item in told if isinstance(item, str)) if isinstance(told, list) else None
    info = data.get("model_info")
    lengths = [
        value
        for key, value in (info.items() if isinstance(info, dict) else ())
        if str(key).endswith(".context_length") and _count(value)
    ]
    return Served(
        model,
        context=_num_ctx(data.get("parameters")),
        tools=None if can is None else "tools" in can,
        images=None if can is None else "vision" in can,
        thinking=None if can is None else "thinking" in can,
        structured_output=True,  # the server itself holds the answer to a schema, whichever model it is
        context_limit=lengths[0] if lengths else None,
        chats=can is None or "completion" in can or "embedding" not in can,
    )


def _num_ctx(parameters: Any) -> int | None:
    """``num_ctx`` of a model file's parameters, which Ollama shows as lines of ``name  value``."""
    for line in parameters.splitlines() if isinstance(parameters, str) else ():
        words = line.split()
        if len(words) == 2 and words[0] == "num_ctx" and words[1].isdecimal():
            return _count(int(words[1]))
    return None


def read_openai(ask: Enquiry, known: Known, prefix: str) -> str:
    """Ask a server that speaks OpenAI's protocol, and its own interface where it has one.

    Args:
        ask: The conversation, from the server's origin.
        known: Gets what is known so far.
        prefix: The base URL's path: ``/v1``.

    Returns:
        The kind of server.
    """
    listing = _objects(ask.ask(f"{prefix}/models"), "data")
    items = [item for item in listing if isinstance(item.get("id"), str)]
    models = {str(item["id"]): _listed(item) for item in items}
    if not models:
        return OTHER
    known(tuple(models.values()))
    owners = {str(item.get("owned_by", "")).lower() for item in items}
    if "vllm" in owners:
        known(tuple(replace(model, structured_output=True) for model in models.values()))
        return VLLM
    own = _objects(ask.ask("/api/v0/models"), "data")
    studio = [item for item in own if item.get("id") in models and "max_context_length" in item]
    if studio:
        models |= {str(item["id"]): _of_lm_studio(item) for item in studio}
        known(tuple(models.values()))
        return LM_STUDIO
    props = ask.ask("/props")
    if isinstance(props, dict) and isinstance(props.get("default_generation_settings"), dict):
        known(tuple(model.known_from(_of_llama_cpp(model.id, props)) for model in models.values()))
        return LLAMA_CPP
    return OTHER


def _listed(item: Mapping[str, Any]) -> Served:
    """One entry of ``/v1/models``.

    ``max_model_len`` is vLLM's, ``meta.n_ctx`` and ``meta.n_ctx_train`` are llama.cpp's, the others are
    OpenRouter's.
    """
    meta = item.get("meta") if isinstance(item.get("meta"), dict) else {}
    made_of = item.get("architecture") if isinstance(item.get("architecture"), dict) else {}
    takes = item.get("supported_parameters")
    reads = made_of.get("input_modalities") if isinstance(made_of, dict) else None
    pricing = item.get("pricing") if isinstance(item.get("pricing"), dict) else {}
    assert isinstance(meta, dict)
    assert isinstance(pricing, dict)
    return Served(
        str(item["id"]),
        context=next(
            filter(None, (_count(item.get(key)) for key in ("max_model_len", "context_length"))), None
        )
        or _count(meta.get("n_ctx")),
        tools="tools" in takes if isinstance(takes, list) else None,
        structured_output="structured_outputs" in takes if isinstance(takes, list) else None,
        thinking="reasoning" in takes if isinstance(takes, list) else None,
        images="image" in reads if isinstance(reads, list) else None,
        context_limit=_count(meta.get("n_ctx_train")),
        input_mtok=_dollars(pricing.get("prompt")),
        output_mtok=_dollars(pricing.get("completion")),
    )


def _of_lm_studio(item: Mapping[str, Any]) -> Served:
    """One entry of LM Studio's own list; which context a model is loaded with stands there only if it is."""
    told = item.get("capabilities")
    kind = item.get("type")
    return Served(
        str(item["id"]),
        context=_count(item.get("loaded_context_length")),
        tools="tool_use" in told if isinstance(told, list) else None,
        structured_output=True,  # the server itself holds the answer to a schema
        images=kind == "vlm" if isinstance(kind, str) else None,
        context_limit=_count(item.get("max_context_length")),
        chats=kind != "embeddings",
    )


def _of_llama_cpp(model: str, props: Mapping[str, Any]) -> Served:
    """What llama.cpp says of the one model that it serves.

    Newer servers say what the chat template can do; of older ones the template itself tells.
    """
    settings = props["default_generation_settings"]
    caps = props.get("chat_template_caps")
    template = props.get("chat_template")
    modalities = props.get("modalities")
    tools: bool | None = None
    parallel: bool | None = None
    if isinstance(caps, dict):
        calls = caps.get("supports_tool_calls", caps.get("supports_tools"))
        tools = calls if isinstance(calls, bool) else None
        several = caps.get("supports_parallel_tool_calls")
        parallel = several if isinstance(several, bool) else None
    elif isinstance(template, str) and template:
        tools = "tool_calls" in template or "tools" in template
    return Served(
        model,
        context=_count(settings.get("n_ctx")) or _count(props.get("n_ctx")),
        tools=tools,
        parallel_tools=parallel,
        structured_output=True,  # by grammar, whichever model it is
        images=bool(modalities.get("vision")) if isinstance(modalities, dict) else None,
    )


def _objects(answer: Any, key: str) -> list[dict[str, Any]]:
    items = answer.get(key) if isinstance(answer, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _dollars(per_token: Any) -> float | None:
    """US dollars for a million tokens, from OpenRouter's price of one as a string."""
    try:
        price = float(per_token) * 1e6 if isinstance(per_token, str | int | float) else None
    except ValueError:
        return None
    return price if price is not None and 0 <= price < 1e6 else None
