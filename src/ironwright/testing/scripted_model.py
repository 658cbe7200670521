"""A scripted model behind a real HTTP server on 127.0.0.1: the providers' own formats, with faults."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Literal
from urllib.parse import unquote

from ironwright.testing import bedrock_wire, google_wire, wire_formats
from ironwright.testing.quiet_server import QuietServer
from ironwright.testing.wire_formats import Reply

Protocol = Literal["anthropic", "openai-chat", "openai-responses", "ollama", "google", "bedrock"]

_PATHS = {
    "/v1/messages": "anthropic",
    "/v1/chat/completions": "openai-chat",
    "/v1/responses": "openai-responses",
}
_CLOUD_PATHS = re.compile(
    r"/v1(?:beta)?/models/(?P<google>[^/:]+):(?P<method>generateContent|streamGenerateContent)$"
    r"|/model/(?P<bedrock>[^/]+)/(?P<operation>converse|converse-stream)$"
)
"""Paths that hold the model's id, and say whether the answer is to be a stream."""
_WHOLE: Mapping[str, Callable[[Reply], dict[str, Any]]] = {
    **wire_formats.WHOLE,
    "google": google_wire.whole,
    "bedrock": bedrock_wire.whole,
}
_EVENTS: Mapping[str, Callable[[Reply], Iterator[bytes]]] = {
    **wire_formats.EVENTS,
    "google": google_wire.events,
    "bedrock": bedrock_wire.events,
}


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call of a scripted turn.

    Attributes:
        name: The tool's name, existing or not.
        args: Its arguments; a string is sent as it is, so that it can be no JSON at all.
        id: The call's id; empty for one made from the turn's position.
    """

    name: str
    args: Mapping[str, Any] | str = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """How a turn goes wrong.

    Attributes:
        status: Answer with this HTTP status instead of a reply (429, 500, 529 …).
        retry_after: Value of the ``Retry-After`` header in seconds, with ``status``.
        cut_after: Close the connection after this many stream events.
        garbage: Send bytes that are no event stream, with status 200.
        delay: Wait this many seconds before the first byte.
    """

    status: int | None = None
    retry_after: float | None = None
    cut_after: int | None = None
    garbage: bool = False
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the scripted model.

    Attributes:
        text: What it says; may be empty.
        calls: Tools that it calls.
        input_tokens: What it reports as input.
        output_tokens: What it reports as output.
        fault: What goes wrong instead; a faulty turn is used up by one request.
    """

    text: str = ""
    calls: Sequence[ToolUse] = ()
    input_tokens: int = 100
    output_tokens: int = 20
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A request that the server got.

    Attributes:
        at: When its last byte was read (monotonic seconds).
        path: The URL's path, without its query.
        headers: Its headers, names in lower case.
        body: Its bytes.
    """

    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON data."""
        return json.loads(self.body)


Script = Sequence[Turn] | Callable[[Received], Turn]


class ScriptedServer:
    """A model server that plays a script.

    Use it as a context manager. A sequence is played turn by turn, one a request; a callable is asked
    for each request. When a sequence is used up, the server answers 400 "the script is used up".

    Args:
        script: What the model answers.
        protocol: What :attr:`base_url` is for; the server answers every protocol by path.
        model: The id that it lists and reports.
        pages: JSON answers by path, which come before its own: what a kind of server says of its models.
            A callable gets the request's JSON. Bytes are sent as they are; a pair is status and answer.
    """

    def __init__(
        self,
        script: Script,
        protocol: Protocol = "anthropic",
        *,
        model: str = "scripted-1",
        pages: Mapping[str, Any] | None = None,
    ) -> None:
        self.protocol = protocol
        self.model = model
        self.pages = dict(pages or {})
        self.visited: list[str] = []
        self.requests: list[Received] = []
        self.answered: list[float] = []
        self._script = script
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:port``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        """What a client of this protocol takes as its base URL."""
        return f"{self.url}/v1" if self.protocol.startswith("openai") else self.url

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def take(self, request: Received) -> tuple[int, Turn | None]:
        """Record a request and pick its turn; returns the request's position and None when used up."""
        with self._lock:
            position = len(self.requests)
            self.requests.append(request)
            if callable(self._script):
                return position, self._script(request)
            return position, self._script[position] if position < len(self._script) else None

    def done(self) -> None:
        """Note that a reply's last byte was sent."""
        with self._lock:
            self.answered.append(time.monotonic())


class _Server(QuietServer):
    owner: ScriptedServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """The server keeps its requests; it prints nothing."""

    def do_GET(self) -> None:
        model = self.server.owner.model
        if self._page(self.path, None):
            return
        if self.path == "/v1/models":
            self._send_json(200, {"object": "list", "data": [{"id": model, "object": "model"}]})
        elif self.path == "/api/tags" and self.server.owner.protocol == "ollama":
            self._send_json(200, {"models": [{"name": model, "model": model}]})
        else:
            self._send_json(404, {"error": {"message": f"no such path: {self.path}"}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = self.path.split("?")[0]
        if self._page(path, body):
            return
        if path == "/api/show" and self.server.owner.protocol == "ollama":
            self._send_json(200, {"capabilities": ["completion", "tools"], "model_info": {}})
            return
        wanted = _wanted(path, body)
        if wanted is None:
            self._send_json(404, {"error": {"message": f"no such path: {path}"}})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(time.monotonic(), path, headers, body)
        position, turn = self.server.owner.take(received)
        if turn is None:
            self._refuse(wanted.wire, 400, "invalid_request_error", _USED_UP)
            return
        self._answer(wanted, turn, position)
        self.server.owner.done()

    def do_DELETE(self) -> None:
        self.do_POST()

    def _page(self, path: str, body: bytes | None) -> bool:
        """Answer with a page, where there is one."""
        owner = self.server.owner
        if path not in owner.pages:
            return False
        owner.visited.append(path)
        page = owner.pages[path]
        answer = page(json.loads(body) if body else None) if callable(page) else page
        status, data = answer if isinstance(answer, tuple) else (200, answer)
        if isinstance(data, bytes):
            self._send_bytes(status, "application/x-ndjson", data)
        else:
            self._send_json(status, data)
        return True

    def _answer(self, wanted: _Wanted, turn: Turn, position: int) -> None:
        fault = turn.fault or Fault()
        if fault.delay:
            time.sleep(fault.delay)
        if fault.status is not None:
            extra = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            kind = "overloaded_error" if fault.status == 529 else "api_error"
            self._refuse(wanted.wire, fault.status, kind, f"scripted {fault.status}", extra)
            return
        stream_type = bedrock_wire.STREAM_TYPE if wanted.wire == "bedrock" else "text/event-stream"
        if fault.garbage:
            self._send_bytes(200, stream_type, b"\x00\xffthis is no event stream\n\n{]\n\n")
            return
        reply = Reply(
            id=f"turn-{position}",
            model=wanted.model or self.server.owner.model,
            text=turn.text,
            calls=tuple(
                (call.id or f"call_{position}_{number}", call.name, _args(call))
                for number, call in enumerate(turn.calls)
            ),
            input_tokens=turn.input_tokens,
            output_tokens=turn.output_tokens,
        )
        if not wanted.stream:
            self._send_json(200, _WHOLE[wanted.wire](reply))
            return
        self._stream(stream_type, _EVENTS[wanted.wire](reply), fault.cut_after)

    def _refuse(
        self, wire: str, status: int, kind: str, message: str, extra: Mapping[str, str] | None = None
    ) -> None:
        """Answer with an error, in the words of the protocol."""
        headers = dict(extra or {})
        body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}}
        if wire == "google":
            body = google_wire.error(status, message)
        elif wire == "bedrock":
            body = bedrock_wire.error(status, message)
            headers["x-amzn-ErrorType"] = bedrock_wire.ERROR_TYPES.get(status, "InternalServerException")
        self._send_json(status, body, headers)

    def _stream(self, kind: str, events: Iterator[bytes], cut_after: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, event in enumerate(events):
            if number == cut_after:
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _send_json(self, status: int, data: Any, extra: Mapping[str, str] | None = None) -> None:
        self._send_bytes(status, "application/json", json.dumps(data).encode(), extra)

    def _send_bytes(
        self, status: int, kind: str, body: bytes, extra: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request asks for: a protocol, a model, and whether as a stream."""

    wire: str
    model: str
    stream: bool


def _wanted(path: str, body: bytes) -> _Wanted | None:
    """Read it out of the path, or out of the body where it stands there; None where nobody speaks so."""
    if path in _PATHS:
        request = json.loads(body)
        return _Wanted(_PATHS[path], str(request.get("model", "")), bool(request.get("stream")))
    found = _CLOUD_PATHS.match(path)
    if found is None:
        return None
    if found["google"]:
        return _Wanted("google", found["google"], found["method"].startswith("stream"))
    return _Wanted("bedrock", unquote(found["bedrock"]), found["operation"].endswith("stream"))


_USED_UP = "the script is used up"


def _args(call: ToolUse) -> str:
    return call.args if isinstance(call.args, str) else json.dumps(dict(call.args))
