"""The process behind ``paid_once``: sends requests on, reads answers to their end, keeps them.

Kept are the bodies of complete answers that succeeded, and of their headers those that say how to read
them and which request it was. Requests are never kept, so no key is. Failed and broken-off answers are
passed on and forgotten: asking again is right then.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ironwright.host.clock import seconds
from ironwright.models.paid_once import (
    LOCK_NAME,
    ONLY_KEPT_HEADER,
    OWN_HEADERS,
    PROBLEM_HEADER,
    PROCESS_HEADER,
    STEP_HEADER,
    UPSTREAM_HEADER,
    socket_path,
)
from ironwright.models.whole_stream import is_whole

IDLE_SECONDS = 300.0
"""How long the server stays after its last request ended; a run that goes on later starts another."""

_SILENCE_SECONDS = 600.0
_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
        *("transfer-encoding", "upgrade", "host", "content-length"),
    )
)
_KEPT_HEADERS = ("content-type", "content-encoding", "request-id", "x-request-id", "retry-after")


class _Exchange:
    """One request's answer, as far as it has come; any number of readers follow it."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.chunks: list[bytes] = []
        self.done = False
        self.problem = ""
        self.had_whole: set[str] = set()
        self._changed = asyncio.Condition()

    async def begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        async with self._changed:
            self.status, self.headers = status, headers
            self._changed.notify_all()

    async def add(self, chunk: bytes) -> None:
        async with self._changed:
            self.chunks.append(chunk)
            self._changed.notify_all()

    async def end(self, problem: str = "") -> None:
        async with self._changed:
            self.done, self.problem = True, problem
            self._changed.notify_all()

    async def started(self) -> bool:
        """Wait for the answer's first line; False where none came."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.status or self.done)
        return bool(self.status)

    async def read(self, process: str) -> AsyncIterator[bytes]:
        """The body from its beginning, as it comes."""
        position = 0
        while True:
            async with self._changed:
                while not (len(self.chunks) > position or self.done):
                    await self._changed.wait()
            while position < len(self.chunks):  # all that has come goes on as one piece
                chunk = b"".join(self.chunks[position:])
                position = len(self.chunks)
                yield chunk
            if self.done and position == len(self.chunks):
                break
        if self.problem:
            # An end without the last chunk is how HTTP says that an answer was cut.
            raise ConnectionError(self.problem)
        self.had_whole.add(process)


class PaidOnceServer:
    """Sends requests on and keeps what came back.

    Args:
        folder: Where answers are kept.
        idle_seconds: How long to stay without a request.
    """

    def __init__(self, folder: Path, idle_seconds: float = IDLE_SECONDS) -> None:
        self._folder = folder
        self._idle_seconds = idle_seconds
        self._exchanges: dict[str, _Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_used = seconds()
        self._asked_to_end = asyncio.Event()
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(_SILENCE_SECONDS, connect=30.0), follow_redirects=False
        )

    @property
    def app(self) -> Starlette:
        """``/end`` ends the server (with ``?abandon`` at once); all else is a model's request."""
        methods = ["GET", "POST", "PUT", "DELETE", "PATCH"]
        return Starlette(
            routes=[
                Route("/end", self._end, methods=["POST"]),
                Route("/", self._handle, methods=methods),
            ]
        )

    async def until_idle(self) -> None:
        """Wait until nothing is under way and nobody came for a while, or until asked to end."""
        while not self._asked_to_end.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked_to_end.wait(), min(1.0, self._idle_seconds))
            if self._tasks:
                self._last_used = seconds()
            elif seconds() - self._last_used > self._idle_seconds:
                return

    async def finish(self) -> None:
        """Let the requests that are under way come to their end."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _end(self, request: Request) -> Response:
        if "abandon" in request.query_params:
            for task in self._tasks:
                task.cancel()
        self._asked_to_end.set()
        return JSONResponse({"ending": True}, headers={"connection": "close"})

    async def _handle(self, request: Request) -> Response:
        self._last_used = seconds()
        body = await request.body()
        upstream = request.headers.get(UPSTREAM_HEADER, "")
        process = request.headers.get(PROCESS_HEADER, "")
        if not upstream:
            return JSONResponse({"error": f"{UPSTREAM_HEADER} is missing"}, status_code=400)
        key = _key(request.headers.get(STEP_HEADER, ""), request.method, upstream, body)
        exchange = self._known(key, process)
        if exchange is None and ONLY_KEPT_HEADER in request.headers:
            return JSONResponse(
                {"error": {"type": "not_found", "message": "nothing is kept"}}, status_code=404
            )
        if exchange is None:
            exchange = _Exchange()
            self._exchanges[key] = exchange
            task = asyncio.create_task(self._send(key, exchange, request, upstream, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not await exchange.started():
            error = {"type": "error", "error": {"type": "connection_error", "message": exchange.problem}}
            said = exchange.problem.encode("ascii", "replace").decode() or "no answer"
            return JSONResponse(error, status_code=502, headers={PROBLEM_HEADER: " ".join(said.split())})
        response = StreamingResponse(exchange.read(process), status_code=exchange.status)
        response.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in exchange.headers]
        return response

    def _known(self, key: str, process: str) -> _Exchange | None:
        """The exchange that answers a request without sending it: one under way, or one that was kept."""
        exchange = self._exchanges.get(key)
        if exchange is None:
            exchange = self._read(key)
            if exchange is not None:
                self._exchanges[key] = exchange
        if exchange is None:
            return None
        spoilt = exchange.done and (exchange.problem or not 200 <= exchange.status < 300)
        return None if spoilt or process in exchange.had_whole else exchange

    async def _send(
        self, key: str, exchange: _Exchange, request: Request, upstream: str, body: bytes
    ) -> None:
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in _HOP_BY_HOP and name.lower() not in OWN_HEADERS
        ]
        sent = self._client.build_request(request.method, upstream, headers=headers, content=body)
        try:
            async with contextlib.aclosing(await self._client.send(sent, stream=True)) as answer:
                kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP]
                await exchange.begin(answer.status_code, kept)
                async for chunk in answer.aiter_raw():
                    await exchange.add(chunk)
        except httpx2.HTTPError as error:
            headers_of = {name.lower(): value for name, value in exchange.headers}
            if not is_whole(headers_of, exchange.chunks):
                await exchange.end(f"{type(error).__name__}: {error}".strip(": "))
                return
        except asyncio.CancelledError:
            await exchange.end("the run is over")
            return
        with contextlib.ExitStack() as kept_open:
            kept_file: BinaryIO | None = None
            if 200 <= exchange.status < 300:
                try:
                    kept_file = kept_open.enter_context(self._keep(key, exchange))
                except OSError as error:  # a full disk: the answer still reaches who asked; the log says it
                    _log(error)
            # The answer now outlives this process and the one that asked. Who asked need not wait for the
            # disk: the durable step that it becomes there survives a power cut by itself.
            await exchange.end()
            if kept_file is not None:
                try:
                    await asyncio.to_thread(os.fsync, kept_file.fileno())
                except OSError as error:
                    _log(error)

    def _keep(self, key: str, exchange: _Exchange) -> BinaryIO:
        """Write an answer down under its key; the file is whole, but not on the disk yet."""
        headers = [(k, v) for k, v in exchange.headers if k.lower() in _KEPT_HEADERS]
        body = b"".join(exchange.chunks)
        about = {"status": exchange.status, "headers": headers, "sha256": hashlib.sha256(body).hexdigest()}
        path = self._folder / f"{key}.answer"
        fresh = path.with_suffix(".new")
        file = open(fresh, "wb")  # noqa: SIM115  (the caller waits for the disk and closes it)
        try:
            file.write(json.dumps(about).encode() + b"\n" + body)
            file.flush()
            fresh.replace(path)
        except BaseException:
            file.close()
            raise
        return file

    def _read(self, key: str) -> _Exchange | None:
        """An answer that was kept; None where there is none, or a power cut left only a part of it."""
        try:
            head, _, body = (self._folder / f"{key}.answer").read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        try:
            about: dict[str, Any] = json.loads(head)
            if about["sha256"] != hashlib.sha256(body).hexdigest():
                return None
        except (ValueError, KeyError, TypeError):
            return None
        exchange = _Exchange()
        exchange.status = about["status"]
        exchange.headers = [(name, value) for name, value in about["headers"]]
        exchange.chunks, exchange.done = [body], True
        return exchange


def _log(error: OSError) -> None:
    print(f"an answer cannot be kept: {error}", file=sys.stderr, flush=True)


def _key(step: str, method: str, url: str, body: bytes) -> str:
    digest = hashlib.sha256()
    for part in (step.encode(), method.encode(), url.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:40]


async def serve(folder: Path, idle_seconds: float = IDLE_SECONDS) -> None:
    """Serve one folder until it is idle or told to end; a second server for the folder ends at once."""
    import uvicorn

    lock = await _only_server(folder)
    if lock is None:
        return
    service = PaidOnceServer(folder, idle_seconds)
    with socket_path(folder) as path:
        with contextlib.suppress(FileNotFoundError):
            Path(path).unlink()
        settings = uvicorn.Config(
            service.app, uds=path, log_level="warning", lifespan="off", access_log=False
        )
        server = uvicorn.Server(settings)
        serving = asyncio.create_task(server.serve())
        idle = asyncio.create_task(service.until_idle())
        await asyncio.wait((serving, idle), return_when=asyncio.FIRST_COMPLETED)
        # Whoever comes from now on finds no socket, and starts the next server.
        with contextlib.suppress(FileNotFoundError):
            Path(path).unlink()
        await service.finish()
        server.should_exit = True
        await serving
        idle.cancel()
        await service.close()
    os.close(lock)


async def _only_server(folder: Path) -> int | None:
    """The folder's lock, once a server that is ending has let go of it; None where another one stays."""
    lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(200):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.05)
        else:
            return lock
    os.close(lock)
    return None


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
