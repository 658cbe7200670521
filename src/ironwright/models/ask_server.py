"""Puts small JSON questions to a model server, and is done with it when the time is up."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ironwright.host.clock import seconds

_MAX_ANSWER = 4 << 20
_PIECE = 1 << 16

Asked = TypeVar("Asked")


class Enquiry:
    """A conversation with one server that ends at a fixed moment, however slowly the server drips.

    Never goes through a proxy: what is looked for is on this machine or named by the user.

    Args:
        origin: ``http://host:port``; a path in it is put before every question's.
        deadline: When it is over (monotonic seconds).
        headers: Sent with every question.
    """

    def __init__(self, origin: str, deadline: float, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(origin)
        self._prefix = parts.path.rstrip("/")
        self._deadline = deadline
        self._headers = {"Accept": "application/json", **(headers or {})}
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port)
        self._over = False

    def ask(self, path: str, payload: Mapping[str, Any] | None = None) -> Any:
        """The server's JSON answer, or None when it gives none in time.

        Args:
            path: What to ask.
            payload: Sent as JSON by POST; None asks by GET.
        """
        left = self._deadline - seconds()
        if left <= 0 or self._over:
            return None
        try:
            self._patience(left)
            body = None if payload is None else json.dumps(payload)
            kind = {} if body is None else {"Content-Type": "application/json"}
            method = "GET" if body is None else "POST"
            self._connection.request(method, self._prefix + path, body, {**self._headers, **kind})
            answer = self._connection.getresponse()
            raw = self._read(answer)
            return json.loads(raw) if answer.status == 200 and raw is not None else None
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            self._connection.close()
            return None  # nobody there, or nobody who speaks this protocol: not found is the answer

    def end(self) -> None:
        """Break off; a thread that still reads gets nothing more."""
        self._over = True
        connected = self._connection.sock
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def _patience(self, left: float) -> None:
        self._connection.timeout = left
        if self._connection.sock is not None:
            self._connection.sock.settimeout(left)

    def _read(self, answer: http.client.HTTPResponse) -> bytes | None:
        """The body; None where it is too long or does not end in time."""
        pieces: list[bytes] = []
        size = 0
        while piece := answer.read1(_PIECE):
            size += len(piece)
            pieces.append(piece)
            if size > _MAX_ANSWER or seconds() > self._deadline or self._over:
                self._connection.close()
                return None
        answer.close()  # the connection is free for the next question only then
        return b"".join(pieces)


def ask_at_once(
    origins: Sequence[tuple[str, Mapping[str, str]]],
    question: Callable[[int, Enquiry, Callable[[Asked], None]], None],
    *,
    limit: float,
    nothing: Asked,
) -> list[Asked]:
    """Ask several servers at the same time; takes no longer than the limit.

    Args:
        origins: The servers, each with the headers of every question to it.
        question: Gets a server's position, the conversation with it, and where to put what is known so
            far: what was put there last counts when the time is up.
        limit: Seconds for all of it.
        nothing: The answer of who did not answer.
    """
    answers = [nothing] * len(origins)
    deadline = seconds() + limit
    enquiries = [Enquiry(origin, deadline, headers) for origin, headers in origins]
    over = threading.Event()

    def work(position: int) -> None:
        def known(answer: Asked) -> None:
            if not over.is_set():
                answers[position] = answer

        question(position, enquiries[position], known)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(len(origins))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - seconds()))
    over.set()
    for enquiry in enquiries:
        enquiry.end()
    return list(answers)
