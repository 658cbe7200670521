"""Carries the requests of AWS's client, which takes no transport, to the process that has them paid once.

The client signs a request for Bedrock's own address before it is sent; what is carried is that request,
byte for byte, so the signature holds. A repeated request has another signature and the same body, and the
body is what it is known by.
"""

from __future__ import annotations

import socket
from typing import Any

import urllib3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse  # type: ignore[import-untyped]
from botocore.exceptions import (  # type: ignore[import-untyped]
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from urllib3.connection import HTTPConnection

from ironwright.models.paid_once import PROBLEM_HEADER, Address, own_headers

_NOT_CARRIED = frozenset(("host", "content-length", "transfer-encoding", "connection", "expect"))


def carry(client: Any, address: Address, seconds: float) -> None:
    """Have a boto3 client's requests sent by the process at an address.

    Args:
        client: The client of ``bedrock-runtime``.
        address: Where the process listens.
        seconds: How long it may be silent.
    """

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return _send(request, address, seconds)

    client.meta.events.register("before-send.bedrock-runtime", send)


def _send(request: AWSPreparedRequest, address: Address, seconds: float) -> AWSResponse:
    """Send a signed request; what fails is told as the client's own connections tell it."""
    headers = {
        name: value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
        if name.lower() not in _NOT_CARRIED
    }
    connection = _SocketConnection(address.path, seconds)
    try:
        connection.request(
            request.method,
            "/",
            body=request.body,
            headers={**headers, **own_headers(request.url, address.process), "Connection": "close"},
            preload_content=False,
            decode_content=False,
        )
        response = connection.getresponse()
    except (TimeoutError, urllib3.exceptions.TimeoutError) as error:
        connection.close()
        raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except (OSError, urllib3.exceptions.HTTPError) as error:
        connection.close()
        raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
    problem = response.headers.get(PROBLEM_HEADER)
    if problem is not None:
        response.close()
        raise EndpointConnectionError(endpoint_url=request.url, error=problem)
    return AWSResponse(request.url, response.status, response.headers, response)


class _SocketConnection(HTTPConnection):
    """An HTTP connection over a local socket."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("paid-once", timeout=seconds)
        self._path = path
        self._seconds = seconds

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._seconds)
        connection.connect(self._path)
        return connection
