"""Silent, slow or non-reading clients do not harm others."""

import http.client
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from websockets.sync.client import connect

from tests.browser import serve
from tests.e2e.product import wait_for
from tests.shipped import CONNECTION_LIMITS
from web.addresses import address_of
from web.connections import Connections, connections_that_fit
from web.header_limit import HeaderLimit
from web.server import BoundedConfig, BoundedH11, BoundedHttpTools

pytestmark = pytest.mark.slow  # clients that let others wait

LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)
MUCH_PARTS = 300  # more than the system takes for a client that does not read
PROTOCOLS = [BoundedHttpTools, BoundedH11]


def application() -> FastAPI:
    app = FastAPI()
    app.add_middleware(HeaderLimit, max_bytes=32_768)

    @app.get("/address")
    async def address(request: Request) -> str:
        return address_of(request)

    @app.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.get("/much")
    async def much() -> StreamingResponse:
        def parts() -> Iterator[bytes]:
            for _ in range(MUCH_PARTS):
                parts_made.append(1)
                yield b"x" * 65_536

        return StreamingResponse(parts())

    @app.get("/late")
    def late() -> PlainTextResponse:
        released.wait(20)
        return PlainTextResponse("late")

    @app.websocket("/socket")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        with suppress(Exception):
            while True:
                await websocket.send_text(await websocket.receive_text())

    return app


released = threading.Event()
parts_made: list[int] = []


class Site:
    """A running server and helpers to use it."""

    def __init__(self, url: str, connections: Connections) -> None:
        self.url = url
        self.connections = connections
        self.port = int(url.rsplit(":", 1)[1])

    def open(self, *parts: bytes) -> socket.socket:
        """Connect, send, and keep the connection open."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        for part in parts:
            client.sendall(part)
        return client

    def get(self, path: str, *forwarded: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            connection.putrequest("GET", path)
            for value in forwarded:
                connection.putheader("X-Forwarded-For", value)
            connection.endheaders()
            return connection.getresponse().read()

    def is_well(self) -> bool:
        return self.get("/address") == b'"127.0.0.1"'


@contextmanager
def run_site(protocol: type[Any] = BoundedHttpTools, **limits: Any) -> Iterator[Site]:
    quick: dict[str, Any] = {
        "header_seconds": 0.3,
        "body_seconds": 0.6,
        "idle_seconds": 1,
        "trusted_proxies": LOOPBACK,
    }
    config = BoundedConfig(application(), replace(CONNECTION_LIMITS, **(quick | limits)), http=protocol)
    with serve(application(), config) as url:
        yield Site(url, config.connections)


def all_of(client: socket.socket) -> bytes:
    """Read everything that the server sends until it closes the connection."""
    said = b""
    with closing(client), suppress(ConnectionError):
        while part := client.recv(65_536):
            said += part
    return said


HALF = b"GET /address HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_BODY = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nxxx"
MUCH = b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_half_open_connections_are_bounded_and_end_and_others_are_served(protocol: type[Any]) -> None:
    with run_site(protocol, max_connections=40) as site, ExitStack() as left_open:
        for number in range(15):
            for parts in ((), (HALF,), (HALF_BODY,), (MUCH,)):
                left_open.enter_context(closing(site.open(*parts)))
            if number % 5 == 4:
                assert site.is_well()
                assert len(site.connections) <= 40
        wait_for(lambda: len(site.connections) == 0, seconds=20)
        assert site.is_well()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_does_not_come_in_time_is_refused(protocol: type[Any]) -> None:
    with run_site(protocol) as site:
        clients = [site.open(*parts) for parts in ((), (HALF,), (HALF_BODY,))]
        silent, half, half_body = (all_of(client) for client in clients)
        assert silent == b""  # a browser that opened it in case would show what it is told
        for said in (half, half_body):
            assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
            assert b'"error":"too_slow"' in said
            assert said.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_client_that_reads_is_served_however_much_it_is(protocol: type[Any]) -> None:
    with run_site(protocol) as site:
        assert len(site.get("/much")) == MUCH_PARTS * 65_536


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "head",
    [
        [b"GET /address HTTP/1.1\r\nHost: x\r\n" + b"X: 1\r\n" * 200 + b"\r\n"],
        [b"GET /address HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000],
        [b"GET /address HTTP/1.1\r\nHost: x\r\n", *[b"X: " + b"x" * 4000 + b"\r\n"] * 9],
        [b"GET /address?" + b"x" * 40_000],
        # A request that is answered first does not hide the one behind it.
        [b"GET /address HTTP/1.1\r\nHost: x\r\n\r\nGET /address HTTP/1.1\r\nX: " + b"x" * 300_000],
    ],
)
def test_headers_are_bounded(protocol: type[Any], head: list[bytes]) -> None:
    with run_site(protocol, header_seconds=20) as site:
        with suppress(ConnectionError):
            client = site.open()
            for part in head:
                client.sendall(part)
        assert b"HTTP/1.1 431 " in all_of(client)
        assert site.is_well()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_many_requests_go_over_one_connection(protocol: type[Any]) -> None:
    with run_site(protocol) as site:
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        with closing(connection):
            for size in (0, 10, 100_000, 1):
                connection.request("POST", "/length", body=b"x" * size, headers={"X": "x" * 30_000})
                assert connection.getresponse().read() == str(size).encode()
        # All at once: each is answered in its turn.
        request = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nxxxxx"
        assert all_of(site.open(request * 20)).count(b"HTTP/1.1 200 OK") == 20


def test_nobody_is_told_an_answer_that_has_left(caplog: pytest.LogCaptureFixture) -> None:
    with run_site() as site:
        for _ in range(4):
            site.open(MUCH * 8).close()
            site.open(MUCH * 1000).close()  # more than are waited for
        wait_for(lambda: len(site.connections) == 0)
        assert site.is_well()
    assert caplog.messages == []  # asyncio warns of each write that nobody reads


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_is_made_for_a_client_that_is_gone(protocol: type[Any]) -> None:
    parts_made.clear()
    with run_site(protocol) as site:
        all_gone = [site.open(MUCH) for _ in range(5)]
        wait_for(lambda: parts_made)
        for client in all_gone:
            client.close()
        wait_for(lambda: len(site.connections) == 0)
        assert site.is_well()
    assert len(parts_made) < 5 * MUCH_PARTS / 2


def has_stalled() -> bool:
    """Return True if the server has stopped sending, so all clients' buffers are full."""
    before = len(parts_made)
    time.sleep(0.2)
    return 0 < before == len(parts_made)


def test_clients_that_do_not_read_give_way_before_one_that_has_just_come() -> None:
    parts_made.clear()
    with run_site(max_connections=3, body_seconds=20) as site, ExitStack() as left_open:
        for _ in range(3):
            left_open.enter_context(closing(site.open(MUCH)))
        wait_for(has_stalled)
        with closing(site.open()) as new, closing(site.open()):
            new.sendall(b"GET /address HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b'"127.0.0.1"' in all_of(new)
        assert len(site.connections) <= 3


def test_where_nobody_can_be_done_without_a_new_one_is_refused() -> None:
    with run_site(max_connections=3) as site:
        with ExitStack() as left_open:
            for _ in range(3):
                left_open.enter_context(closing(site.open(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")))
            wait_for(lambda: not site.connections.waiting)
            said = all_of(site.open())
            assert said.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"retry-after: 5\r\n" in said
            released.set()
        wait_for(site.is_well)


def test_one_address_does_not_take_the_room_of_others() -> None:
    limits: dict[str, Any] = {"max_connections_per_address": 5, "header_seconds": 20}
    with run_site(**limits, trusted_proxies=()) as site, ExitStack() as left_open:
        for _ in range(30):
            left_open.enter_context(closing(site.open(HALF)))
        wait_for(lambda: len(site.connections) == 5)
        assert site.is_well()  # its own half requests give way
    with run_site(**limits) as site, ExitStack() as left_open:  # behind a proxy is everybody
        for _ in range(30):
            left_open.enter_context(closing(site.open(HALF)))
        wait_for(lambda: len(site.connections) == 30)


def test_websockets_stay_open_and_count() -> None:
    with run_site(max_connections=4) as site, ExitStack() as left_open:
        sockets = [left_open.enter_context(connect(f"ws://127.0.0.1:{site.port}/socket")) for _ in range(3)]
        wait_for(lambda: all_of(site.open()) == b"")  # one that says nothing has met its end meanwhile
        assert len(site.connections) == 3
        for websocket in sockets:
            websocket.send("still there")
            assert websocket.recv(20) == "still there"


def test_only_trusted_proxies_say_who_is_asking() -> None:
    def ask(site: Site, *forwarded: str) -> Any:
        return json.loads(site.get("/address", *forwarded))

    with run_site(trusted_proxies=()) as site:
        assert ask(site, "192.0.2.1") == "127.0.0.1"
    with run_site(trusted_proxies=(ipaddress.ip_network("192.0.2.0/24"),)) as site:
        assert ask(site, "203.0.113.9") == "127.0.0.1"
    with run_site(trusted_proxies=(*LOOPBACK, ipaddress.ip_network("192.0.2.0/24"))) as site:
        assert ask(site, "203.0.113.9") == "203.0.113.9"
        # Each proxy appends whom it was asked by: what stands before a stranger is the stranger's word.
        assert ask(site, "10.0.0.1, 203.0.113.9, 192.0.2.7") == "203.0.113.9"
        assert ask(site, "10.0.0.1", "203.0.113.9", "192.0.2.7") == "203.0.113.9"
        assert ask(site, "2001:db8::1") == "2001:db8::1"


def test_files_are_left_for_other_things() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert connections_that_fit(300) == 300
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 2 * 300 + 256
        fit = connections_that_fit(10**9)
        assert 2 * fit <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
