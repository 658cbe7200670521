from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx2
import pytest

from ironwright.models.paid_once import current_step, end_server, paid_once
from ironwright.models.paid_once_server import PaidOnceServer, serve
from ironwright.testing.quiet_server import QuietServer


class Upstream:
    """A provider that counts what it was asked, and answers in pieces."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self.cut = False
        self.pause = 0.0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                owner.asked.append({"path": self.path, "body": body.decode(), **dict(self.headers.items())})
                self.send_response(owner.status)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Set-Cookie", "secret=1")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for number in range(3):
                    piece = f"answer {len(owner.asked)} piece {number};".encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                    if owner.cut:
                        self.close_connection = True
                        return
                    time.sleep(owner.pause)
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/messages"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "recordings"
    yield path
    if path.exists():
        end_server(path)


async def ask(folder: Path, url: str, step: str, body: str = "{}", process: str = "first") -> str:
    current_step.set(step)
    async with paid_once(folder, process) as transport, httpx2.AsyncClient(transport=transport) as http:
        answer = await http.post(url, content=body, headers={"authorization": "Bearer key-1"})
        return answer.text


def test_a_request_goes_through_with_its_own_headers_and_address(folder: Path, upstream: Upstream) -> None:
    text = asyncio.run(ask(folder, upstream.url, "attempt-1/model-1", '{"a": 1}'))
    assert text == "answer 1 piece 0;answer 1 piece 1;answer 1 piece 2;"
    (asked,) = upstream.asked
    assert asked["path"] == "/v1/messages"
    assert asked["body"] == '{"a": 1}'
    assert asked["authorization"] == "Bearer key-1"
    assert asked["Host"].startswith("127.0.0.1:")
    assert not any(name.lower().startswith("x-ironwright") for name in asked)


def test_the_same_step_of_a_later_process_is_answered_from_disk(folder: Path, upstream: Upstream) -> None:
    first = asyncio.run(ask(folder, upstream.url, "attempt-1/model-1"))
    end_server(folder)
    assert asyncio.run(ask(folder, upstream.url, "attempt-1/model-1", process="second")) == first
    assert len(upstream.asked) == 1
    asyncio.run(ask(folder, upstream.url, "attempt-1/model-2"))
    asyncio.run(ask(folder, upstream.url, "attempt-1/model-1", '{"other": 1}'))
    assert len(upstream.asked) == 3


def test_a_repetition_by_the_same_process_is_a_new_request(folder: Path, upstream: Upstream) -> None:
    async def twice() -> tuple[str, str]:
        return (await ask(folder, upstream.url, "s"), await ask(folder, upstream.url, "s"))

    first, second = asyncio.run(twice())
    assert first.startswith("answer 1")
    assert second.startswith("answer 2")


def test_an_answer_on_its_way_when_the_asker_dies_is_finished_and_given_to_the_next(
    folder: Path, upstream: Upstream
) -> None:
    upstream.pause = 0.3

    async def leave_early() -> None:
        current_step.set("attempt-1/model-1")
        async with (
            paid_once(folder) as transport,
            httpx2.AsyncClient(transport=transport) as http,
            http.stream("POST", upstream.url, content=b"{}") as answer,
        ):
            async for _ in answer.aiter_raw():
                return

    asyncio.run(leave_early())
    assert asyncio.run(ask(folder, upstream.url, "attempt-1/model-1", process="second")).endswith(
        "answer 1 piece 2;"
    )
    assert len(upstream.asked) == 1


def test_a_run_that_is_over_waits_for_no_answer(folder: Path, upstream: Upstream) -> None:
    upstream.pause = 20.0

    async def leave_early() -> None:
        current_step.set("attempt-1/model-1")
        async with (
            paid_once(folder) as transport,
            httpx2.AsyncClient(transport=transport) as http,
            http.stream("POST", upstream.url, content=b"{}") as answer,
        ):
            async for _ in answer.aiter_raw():
                return

    asyncio.run(leave_early())
    began = time.monotonic()
    end_server(folder, abandon=True)
    assert time.monotonic() - began < 5
    assert list(folder.glob("*.answer")) == []


def test_failed_and_cut_answers_are_not_kept(folder: Path, upstream: Upstream) -> None:
    upstream.status = 429
    assert asyncio.run(ask(folder, upstream.url, "s")).startswith("answer 1")
    upstream.status, upstream.cut = 200, True
    with pytest.raises(httpx2.HTTPError):
        asyncio.run(ask(folder, upstream.url, "s"))
    assert list(folder.glob("*.answer")) == []
    upstream.cut = False
    assert asyncio.run(ask(folder, upstream.url, "s", process="second")).startswith("answer 3")


def test_keys_and_cookies_are_not_written_down(folder: Path, upstream: Upstream) -> None:
    asyncio.run(ask(folder, upstream.url, "s"))
    (kept,) = folder.glob("*.answer")
    head = json.loads(kept.read_bytes().partition(b"\n")[0])
    assert [name.lower() for name, _ in head["headers"]] == ["content-type"]
    for path in folder.iterdir():
        if path.is_file():
            assert b"key-1" not in path.read_bytes()


def test_an_unreachable_provider_is_an_error_of_the_gateway(folder: Path) -> None:
    async def go() -> int:
        async with paid_once(folder) as transport, httpx2.AsyncClient(transport=transport) as http:
            return (await http.post("http://127.0.0.1:9/", content=b"{}")).status_code

    assert asyncio.run(go()) == 502


def test_a_folder_too_deep_for_a_socket_works(tmp_path: Path, upstream: Upstream) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60) / "recordings"
    try:
        assert asyncio.run(ask(deep, upstream.url, "s")).startswith("answer 1")
    finally:
        end_server(deep)


def test_an_idle_server_ends_by_itself(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    asyncio.run(asyncio.wait_for(serve(tmp_path, idle_seconds=0.1), timeout=10))
    assert not (tmp_path / "socket").exists()


def test_a_request_that_names_no_provider_is_refused(tmp_path: Path) -> None:
    async def go() -> int:
        server = PaidOnceServer(tmp_path)
        transport = httpx2.ASGITransport(app=server.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://paid-once") as http:
            status = (await http.post("/", content=b"{}")).status_code
        await server.close()
        return status

    assert asyncio.run(go()) == 400


def test_an_answer_that_a_power_cut_left_in_part_is_asked_for_again(folder: Path, upstream: Upstream) -> None:
    asyncio.run(ask(folder, upstream.url, "s"))
    end_server(folder)
    (kept,) = folder.glob("*.answer")
    whole = kept.read_bytes()
    for number, left in enumerate((b"", whole[:20], whole[:-1], b"\0" * len(whole)), start=2):
        kept.write_bytes(left)
        answer = asyncio.run(ask(folder, upstream.url, "s", process=f"process {number}"))
        assert answer.startswith(f"answer {number} ")
        end_server(folder)
    assert len(upstream.asked) == 5
