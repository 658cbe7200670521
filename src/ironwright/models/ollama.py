"""A client of Ollama's own interface: what it has, fetching models, conversations, embeddings, keep-alive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ironwright.records.errors import ModelError

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 600.0
"""How long it may send nothing: loading a large model from a slow disk takes minutes."""


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A model that an Ollama has.

    Attributes:
        name: Its name with its tag.
        bytes: Its size on the disk; in memory for one that is loaded.
        digest: Of its manifest.
        parameters: Its size as the server says it (``8.2B``); may be empty.
        quantization: How its weights are stored (``Q4_K_M``); may be empty.
        context: The context window that it is loaded with, in tokens; None while it is not loaded.
    """

    name: str
    bytes: int
    digest: str
    parameters: str = ""
    quantization: str = ""
    context: int | None = None


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull has come.

    Attributes:
        status: What is being done.
        digest: The layer that is fetched; empty between layers.
        total: Bytes of this layer; 0 where it is not known.
        completed: Bytes of it that are here.
    """

    status: str
    digest: str = ""
    total: int = 0
    completed: int = 0


@dataclass(frozen=True, slots=True)
class OllamaCall:
    """A tool call of an answer."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OllamaPiece:
    """A piece of an answer.

    Attributes:
        text: What it says.
        thinking: What it thinks.
        calls: The tools that it calls.
        done: Why the answer is over (``stop``, ``length``); empty before its end.
        input_tokens: Tokens that were read; with the end only.
        output_tokens: Tokens that were made; with the end only.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[OllamaCall, ...] = ()
    done: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a model is asked.

    Attributes:
        model: Its name.
        messages: ``{"role", "content", …}`` of each message, as Ollama takes them.
        tools: Function tools in OpenAI's form.
        schema: A JSON schema that the answer must keep to; None for free text.
        options: Ollama's own (``num_ctx``, ``temperature``, …).
        keep_alive: How long it stays loaded afterwards: seconds, a duration (``"5m"``), 0 to unload it, -1
            for ever; None for the server's default.
        think: Whether it thinks first; None for the model's default.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    schema: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    keep_alive: float | str | None = None
    think: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The request as Ollama takes it."""
        data: dict[str, Any] = {"model": self.model, "messages": list(self.messages), "stream": True}
        optional = {
            "tools": list(self.tools) or None,
            "format": self.schema,
            "options": dict(self.options) or None,
            "keep_alive": self.keep_alive,
            "think": self.think,
        }
        return data | {key: value for key, value in optional.items() if value is not None}


class OllamaClient:
    """Asks one Ollama; use it as a context manager.

    Every method raises :class:`ModelError` where the server does not answer, does not have the model, says
    that something is wrong, or breaks off.

    Args:
        base_url: Where it listens (``discover.ollama_address``).
        key: Sent as a bearer token, for servers behind one; None sends none.
        silence: Seconds for which it may send nothing.
    """

    def __init__(self, base_url: str, *, key: str | None = None, silence: float = SILENCE_SECONDS) -> None:
        import httpx2

        self._url = base_url.rstrip("/")
        self._http = httpx2.Client(
            base_url=self._url,
            timeout=httpx2.Timeout(silence, connect=CONNECT_SECONDS),
            headers={"Authorization": f"Bearer {key}"} if key else None,
            trust_env=False,
        )

    def __enter__(self) -> OllamaClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def list(self) -> tuple[OllamaModel, ...]:
        """The models that it has."""
        return _models(self._ask("GET", "/api/tags"))

    def loaded(self) -> tuple[OllamaModel, ...]:
        """The models that are in its memory now."""
        return _models(self._ask("GET", "/api/ps"))

    def show(self, model: str) -> Mapping[str, Any]:
        """What it says of a model: ``capabilities``, ``model_info``, ``parameters`` and more."""
        return self._ask("POST", "/api/show", {"model": model}, model)

    def pull(self, model: str) -> Iterator[PullProgress]:
        """Fetch a model; one that was broken off goes on where it stopped.

        Yields:
            How far it has come, many times a second; it is there when the iterator ends.
        """
        status = ""
        for line in self._stream("/api/pull", {"model": model, "stream": True}, model):
            status = str(line.get("status", ""))
            yield PullProgress(
                status,
                str(line.get("digest") or ""),
                _count(line.get("total")),
                _count(line.get("completed")),
            )
        if status != "success":
            raise ModelError(
                f"Ollama stopped fetching {model} before it was there",
                where=self._url,
                advice="Pull it again.",
            )

    def chat(self, request: ChatRequest) -> Iterator[OllamaPiece]:
        """Ask a model.

        Yields:
            The answer in pieces; the last one says why it is over.
        """
        done = ""
        for line in self._stream("/api/chat", request.as_json(), request.model):
            message = line.get("message")
            said = message if isinstance(message, dict) else {}
            done = str(line.get("done_reason") or "stop") if line.get("done") else ""
            yield OllamaPiece(
                text=str(said.get("content") or ""),
                thinking=str(said.get("thinking") or ""),
                calls=_calls(said.get("tool_calls")),
                done=done,
                input_tokens=_count(line.get("prompt_eval_count")),
                output_tokens=_count(line.get("eval_count")),
            )
        if not done:
            raise ModelError(f"the answer of {request.model} broke off", where=self._url, advice="Ask again.")

    def embed(self, model: str, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """The embedding of each text."""
        answer = self._ask("POST", "/api/embed", {"model": model, "input": list(texts)}, model)
        vectors = answer.get("embeddings")
        if not isinstance(vectors, list) or len(vectors) != len(texts) or not all(map(_is_vector, vectors)):
            raise ModelError(
                f"{model} did not give an embedding for each of {len(texts)} texts",
                where=self._url,
                advice="Use an embedding model; `ollama show MODEL` lists `embedding` among what it can do.",
            )
        return tuple(tuple(float(number) for number in vector) for vector in vectors)

    def keep(self, model: str, keep_alive: float | str) -> None:
        """Load a model and keep it for so long; 0 unloads it. Returns when that is done."""
        self._ask("POST", "/api/generate", {"model": model, "keep_alive": keep_alive, "stream": False}, model)

    def _ask(
        self, method: str, path: str, payload: Mapping[str, Any] | None = None, model: str = ""
    ) -> Mapping[str, Any]:
        with self._told():
            answer = self._http.request(method, path, json=payload)
            return self._good(answer, model)

    def _stream(self, path: str, payload: Mapping[str, Any], model: str) -> Iterator[Mapping[str, Any]]:
        with self._told(), self._http.stream("POST", path, json=payload) as answer:
            if answer.status_code != 200:
                answer.read()
                self._good(answer, model)
            for line in answer.iter_lines():
                if line.strip():
                    yield self._object(line, model)

    def _good(self, answer: httpx2.Response, model: str) -> Mapping[str, Any]:
        if answer.status_code == 200:
            return self._object(answer.text, model)
        problem = _problem(answer.text) or f"HTTP {answer.status_code}"
        if answer.status_code == 404 and model:
            raise ModelError(
                f"Ollama does not have {model} ({problem})",
                where=self._url,
                advice=f"Fetch it with `ironwright models pull {model}`.",
            )
        raise ModelError(f"Ollama cannot do it: {problem}", where=self._url, advice=_advice(problem))

    def _object(self, text: str, model: str) -> Mapping[str, Any]:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise ModelError("what answers here is no Ollama", where=self._url, advice="Check OLLAMA_HOST.")
        if data.get("error"):
            problem = str(data["error"])
            about = f"{model}: " if model else ""
            raise ModelError(f"Ollama says: {about}{problem}", where=self._url, advice=_advice(problem))
        return data

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our words what went wrong on the way."""
        import httpx2

        try:
            yield
        except httpx2.ConnectError as error:
            raise ModelError(
                "no Ollama answers",
                where=self._url,
                advice="Start it with `ollama serve`, or set OLLAMA_HOST.",
            ) from error
        except httpx2.TimeoutException as error:
            raise ModelError(
                "Ollama does not answer any more", where=self._url, advice="Its log says what it does."
            ) from error
        except httpx2.HTTPError as error:
            raise ModelError(
                f"the connection to Ollama broke ({error})", where=self._url, advice="Try again."
            ) from error


def _models(data: Mapping[str, Any]) -> tuple[OllamaModel, ...]:
    items = data.get("models")
    found = []
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            continue
        details = item.get("details") if isinstance(item.get("details"), dict) else {}
        found.append(
            OllamaModel(
                item["name"],
                _count(item.get("size")),
                str(item.get("digest") or ""),
                str((details or {}).get("parameter_size") or ""),
                str((details or {}).get("quantization_level") or ""),
                _count(item.get("context_length")) or None,
            )
        )
    return tuple(found)


def _calls(items: Any) -> tuple[OllamaCall, ...]:
    found = []
    for item in items if isinstance(items, list) else ():
        function = item.get("function") if isinstance(item, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            given = function.get("arguments")
            found.append(OllamaCall(function["name"], given if isinstance(given, dict) else {}))
    return tuple(found)


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(number, int | float) for number in value)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _problem(text: str) -> str:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _advice(problem: str) -> str:
    """What to do about the errors that Ollama is known for."""
    text = problem.lower()
    if "file does not exist" in text or "not found" in text:
        return "Check the name at https://ollama.com/library."
    if "memory" in text:
        return "Choose a smaller model or quantization, or unload another one (`ollama stop MODEL`)."
    if "no space left" in text:
        return "Make room where Ollama keeps its models (OLLAMA_MODELS)."
    if "does not support tools" in text:
        return "Ironwright works with such a model in text; choose it with --model."
    return "Its log says more (`journalctl -u ollama`, or where `ollama serve` runs)."
