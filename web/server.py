"""A uvicorn server with limits on its connections (`web.connections`) and on the size of headers.

uvicorn itself waits for ever for the rest of a request, and for a client that does not read.
"""

import asyncio
import errno
import math
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

import h11
import structlog
import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from web.addresses import with_mapped
from web.connections import ConnectionLimits, Connections, Stage
from web.problems import problem

# Connections accepted in one step of the event loop. asyncio also uses it as the system's backlog.
_ACCEPTED_AT_ONCE = 64
_MAX_PIPELINED = 32  # requests of a connection that wait for the response to an earlier request
_QUEUE = 1024  # connections that the system keeps until they are accepted
# Bytes of a response that the system buffers before the client reads. By default it buffers megabytes.
_MAX_UNSENT = 131_072
_TRANSPORT = "sufler.transport"  # the key of the connection's transport in a request's scope
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = structlog.get_logger(__name__)


class _StopsWithClient:
    """Stops the work on a response once its client is gone. uvicorn would read a file to its end.

    The application gets a ClientDisconnect where it sends.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope.get(_TRANSPORT)
        if transport is None:
            await self._app(scope, receive, send)
            return

        async def send_to_client(message: Message) -> None:
            if transport.is_closing():
                raise ClientDisconnect
            await send(message)

        with suppress(ClientDisconnect):
            await self._app(scope, receive, send_to_client)


class BoundedConfig(uvicorn.Config):
    """A configuration of uvicorn with our limits. Its protocols find the connections here."""

    def __init__(
        self, app: ASGIApp, limits: ConnectionLimits, *, http: type[asyncio.Protocol] | None = None
    ) -> None:
        super().__init__(
            _StopsWithClient(app),
            http=http or BoundedHttpTools,
            ws=BoundedSocket,
            ws_max_size=limits.max_message_bytes,
            timeout_keep_alive=limits.idle_seconds,
            h11_max_incomplete_event_size=limits.max_header_bytes,
            backlog=_ACCEPTED_AT_ONCE,
            proxy_headers=True,
            forwarded_allow_ips=[str(network) for network in with_mapped(limits.trusted_proxies)],
            log_config=None,
            access_log=False,  # people's addresses are personal data
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self.connections = Connections(limits)


class BoundedServer(uvicorn.Server):
    """A server that logs a failure to accept connections as one line, not as a traceback for each."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in self.servers:
            for listener in listening.sockets:
                # Accepted connections inherit the option.
                if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # not on Windows
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MAX_UNSENT)
        for listener in sockets or ():
            listener.listen(_QUEUE)
        asyncio.get_running_loop().set_exception_handler(_AcceptErrors())


class _AcceptErrors:
    """Handles errors outside of tasks. Errors caused by a lack of files are logged once a minute."""

    def __init__(self) -> None:
        self._told = -math.inf

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _OUT_OF_FILES or "socket" not in context:
            loop.default_exception_handler(context)
        elif loop.time() > self._told + 60:
            self._told = loop.time()
            log.error("connections_not_accepted", error=error.strerror)


class _Bounded(asyncio.Protocol):
    """The part that both of uvicorn's HTTP protocols share."""

    config: uvicorn.Config
    transport: asyncio.Transport
    cycle: Any  # the newest request, of one of two classes
    is_in_body: bool

    _head = 0  # bytes received of an incomplete head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if _bounds(self.config).admit(self.transport, self._time_out) is None:
            self._refuse(503, "too_many_connections", "too many connections: try again soon")

    def connection_lost(self, exc: Exception | None) -> None:
        _bounds(self.config).forget(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        max_bytes = _bounds(self.config).limits.max_header_bytes
        while data and not self.transport.is_closing():
            began_in_body, request = self.is_in_body, self.cycle
            room = max_bytes if began_in_body else max_bytes - self._head
            if room <= 0:
                self._refuse(431, "headers_too_large", f"the headers are larger than {max_bytes} bytes")
                return
            part, data = data[:room], data[room:]
            super().data_received(part)
            if self.transport.get_protocol() is not self:
                return  # the connection is a websocket now
            self._head = 0 if began_in_body or self.cycle is not request else self._head + len(part)
        self.note_stage()

    def note_stage(self) -> None:
        """Tell the connection limits which stage the connection is in."""
        if self.is_in_body:
            stage = Stage.BODY
        elif self.cycle is not None and not self.cycle.response_complete:
            stage = Stage.ANSWER
        elif self.cycle is None or self._head:
            stage = Stage.HEAD
        else:
            stage = Stage.IDLE
        _bounds(self.config).enter(self.transport, stage)

    def _time_out(self) -> None:
        is_answered = self.cycle is not None and self.cycle.response_started
        if is_answered and not self.cycle.response_complete:
            self.transport.abort()
        elif self._head or (self.is_in_body and not is_answered):
            self._refuse(408, "too_slow", "the request did not come in time")
        else:
            self.transport.close()  # a browser that opened the connection in advance would show our response

    def _refuse(self, status: int, error: str, message: str) -> None:
        """Answer a request that the application must not see, and close the connection."""
        response = problem(status, error, message, {"Connection": "close", "Cache-Control": "no-store"})
        if status == 503:
            response.headers["Retry-After"] = "5"
        head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        head += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(response.body)]))
        self.transport.close()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # nobody would read the application's response
            self.cycle.message_event.set()


class BoundedHttpTools(_Bounded, HttpToolsProtocol):
    """The faster HTTP protocol of uvicorn, on httptools."""

    is_in_body = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._requests: list[Any] = []  # not yet answered, oldest first

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for request in self._requests:  # uvicorn tells only the newest request
            request.disconnected = True
            request.message_event.set()

    def on_headers_complete(self) -> None:
        self.is_in_body = True
        before = self.cycle
        cast("dict[str, Any]", self.scope)[_TRANSPORT] = self.transport
        super().on_headers_complete()
        if self.cycle is not before:
            self._requests.append(self.cycle)
            if len(self._requests) > _MAX_PIPELINED:
                self.transport.abort()

    def on_message_complete(self) -> None:
        self.is_in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        del self._requests[:1]
        super().on_response_complete()
        self.note_stage()


class BoundedH11(_Bounded, H11Protocol):
    """The pure-Python HTTP protocol of uvicorn, on h11."""

    @property
    def is_in_body(self) -> bool:  # type: ignore[override]
        return self.conn.their_state is h11.SEND_BODY

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            cast("dict[str, Any]", self.cycle.scope)[_TRANSPORT] = self.transport

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.note_stage()


class BoundedSocket(WebSocketsSansIOProtocol):
    """A websocket that is counted as a connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        _bounds(self.config).enter(transport, Stage.SOCKET)

    def connection_lost(self, exc: Exception | None) -> None:
        _bounds(self.config).forget(self.transport)
        super().connection_lost(exc)


def _bounds(config: uvicorn.Config) -> Connections:
    assert isinstance(config, BoundedConfig)  # noqa: S101 - made for these protocols only
    return config.connections
