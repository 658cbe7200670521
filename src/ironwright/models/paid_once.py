"""Model requests that are paid once: they go through a process that finishes and keeps what it was asked for.

No journal can know how a request ended that was on its way when the process died. So a small process of its
own sends it: it reads the answer to its end whether or not somebody still listens, keeps it in the run's
folder, and gives it to whoever asks the same again in the same durable step.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.host.background import start_background
from ironwright.host.clock import seconds
from ironwright.records.errors import RunError

if TYPE_CHECKING:
    import httpx2

current_step: ContextVar[str] = ContextVar("current_step", default="")
"""The durable step that is being done; two equal requests of one step are one request."""

only_kept: ContextVar[bool] = ContextVar("only_kept", default=False)
"""Whether only an answer that is there, or on its way, is wanted; nothing is sent to the provider then."""

UPSTREAM_HEADER = "x-ironwright-upstream"
STEP_HEADER = "x-ironwright-step"
PROCESS_HEADER = "x-ironwright-process"
PROBLEM_HEADER = "x-ironwright-problem"
"""Says in an answer that nobody was reached, and why."""
ONLY_KEPT_HEADER = "x-ironwright-only-kept"
OWN_HEADERS = frozenset((UPSTREAM_HEADER, STEP_HEADER, PROCESS_HEADER, ONLY_KEPT_HEADER))

SOCKET_NAME = "socket"
LOCK_NAME = "server.lock"
PROGRAM = "ironwright.models.paid_once_server"
_START_SECONDS = 60.0
_END_SECONDS = 30.0
_LONGEST_SOCKET_PATH = 100
THIS_PROCESS = secrets.token_hex(8)
"""Marks our requests: one that is repeated by the process that had its whole answer is meant as a new one."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a folder's server listens, for clients that cannot take a transport.

    Attributes:
        path: The socket's path.
        process: Who asks.
    """

    path: str
    process: str


def own_headers(url: str, process: str) -> dict[str, str]:
    """What the server is told with a request: where it goes, in which durable step, and who asks."""
    wanted = {ONLY_KEPT_HEADER: "yes"} if only_kept.get() else {}
    return {UPSTREAM_HEADER: url, STEP_HEADER: current_step.get(), PROCESS_HEADER: process, **wanted}


def address_of(transport: httpx2.AsyncBaseTransport) -> Address | None:
    """The address behind a transport of :func:`paid_once`; None for any other transport."""
    address = getattr(transport, "address", None)
    return address if isinstance(address, Address) else None


@contextlib.contextmanager
def socket_path(folder: Path) -> Iterator[str]:
    """The path of the server's socket, short enough for the kernel however deep the folder lies."""
    path = folder / SOCKET_NAME
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        yield str(path)
        return
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET_NAME}"
    finally:
        os.close(handle)


@contextlib.asynccontextmanager
async def paid_once(folder: Path, process: str = THIS_PROCESS) -> AsyncIterator[httpx2.AsyncBaseTransport]:
    """A transport for models' HTTP clients, over the folder's server; one is started where none runs.

    The server goes on when this process dies, ends a while after its last request, and is told to end by
    :func:`end_server`.

    Args:
        folder: The run's recordings; made when missing.
        process: Who asks.

    Raises:
        RunError: The folder cannot be written, or the server does not start.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"recordings cannot be kept ({error.strerror})", where=str(folder)) from error
    with socket_path(folder) as path:
        await _ensure_server(folder, path)
        transport = _make_transport(path, process)
        try:
            yield transport
        finally:
            await transport.aclose()


def end_server(folder: Path, *, abandon: bool = False) -> None:
    """Tell the folder's server to end, and wait until it has; nothing happens where none runs.

    A request that is under way is finished and kept first, for at most half a minute.

    Args:
        folder: The run's recordings.
        abandon: Break off what is under way: the run is over, and nobody will ever ask for that answer.
    """
    target = b"/end?abandon" if abandon else b"/end"
    with socket_path(folder) as path, contextlib.suppress(OSError), _connected(path) as connection:
        connection.sendall(b"POST " + target + b" HTTP/1.1\r\nhost: paid-once\r\ncontent-length: 0\r\n\r\n")
        connection.settimeout(5)
        connection.recv(4096)
        with open(folder / LOCK_NAME, "rb") as lock:
            deadline = seconds() + _END_SECONDS
            while seconds() < deadline:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(0.02)
                else:
                    return


async def _ensure_server(folder: Path, path: str) -> None:
    if _answers(path):
        return
    log = folder / "server.log"
    await asyncio.to_thread(start_background, [sys.executable, "-m", PROGRAM, str(folder)], log)
    deadline = seconds() + _START_SECONDS
    while not _answers(path):
        if seconds() > deadline:
            raise RunError(
                "the process that keeps models' answers does not start",
                where=str(log),
                advice="The log says why; resume the run when that is repaired.",
            )
        await asyncio.sleep(0.02)


@contextlib.contextmanager
def _connected(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        yield connection


def _answers(path: str) -> bool:
    try:
        with _connected(path):
            return True
    except OSError:
        return False


def _make_transport(path: str, process: str) -> httpx2.AsyncBaseTransport:
    import httpx2

    class PaidOnceTransport(httpx2.AsyncBaseTransport):
        """Sends each request over the socket, with where it is meant to go in a header."""

        def __init__(self) -> None:
            self.address = Address(path, process)
            self._socket = httpx2.AsyncHTTPTransport(uds=path)

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            body = await request.aread()
            headers = [
                (name, value)
                for name, value in request.headers.raw
                if name.lower() not in (b"host", b"transfer-encoding", b"content-length")
            ]
            own = own_headers(str(request.url), process)
            headers += [(name.encode(), value.encode()) for name, value in own.items()]
            sent = httpx2.Request(
                request.method,
                "http://paid-once/",
                headers=headers,
                content=body,
                extensions=request.extensions,
            )
            return await self._socket.handle_async_request(sent)

        async def aclose(self) -> None:
            await self._socket.aclose()

    return PaidOnceTransport()
