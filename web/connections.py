"""Limits on the number of open connections, and on the time that each may take to send and to read.

A connection costs an open file, and a server without deadlines runs out of files sooner or later. So every
connection has a deadline while the server waits for the client. When there are too many connections, the
server closes the one that has waited for its client for longest: first a connection that waits for a
request, then an idle connection, then one whose client does not read the response. A connection that was
opened only a moment ago is closed only if there is no other candidate.
"""

import asyncio
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from web.addresses import Network, contains, network_of

# A connection is an open file, and the response that its client does not read may come from a second file.
_FILES_PER_CONNECTION = 2
# Files for the database, the models, other servers, and connections that were accepted beyond the limit.
_OTHER_FILES = 256
_YOUNG_SECONDS = 0.2  # after this time an honest client has sent its request
_SCAN_SECONDS = 0.05  # between two scans for clients that do not read


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """Limits on connections, in number, seconds and bytes.

    `max_header_bytes` covers the request line and all headers together. `body_seconds` is also the time
    after which a response that the client has stopped reading is given up.
    """

    max_connections: int
    max_connections_per_address: int  # trusted proxies are exempt: all clients are behind them
    header_seconds: float  # from the connection, or the first byte, to the end of the headers
    body_seconds: float
    idle_seconds: int  # between two requests
    max_header_bytes: int
    max_message_bytes: int = 1_000_000  # of one websocket message
    trusted_proxies: tuple[Network, ...] = ()


class Stage(Enum):
    """The stage of a connection, which says whether the client or the server has to act next."""

    HEAD = auto()  # the client: a request's headers are incomplete
    BODY = auto()  # the client: its body is incomplete
    ANSWER = auto()  # the server
    IDLE = auto()  # neither: the last request has been answered
    SOCKET = auto()  # both: websockets stay open for hours, and are pinged


@dataclass(eq=False, kw_only=True)
class Connection:
    """An open connection with its stage and the time at which the stage began."""

    transport: asyncio.Transport
    address: str
    time_out: Callable[[], None]
    stage: Stage
    since: float
    unread: int = 0  # bytes that wait for the client to read
    last_read: float  # when there were no unread bytes, or fewer than before


class Connections:
    """The open connections of one server.

    Use it from the event loop's thread only.
    """

    def __init__(self, limits: ConnectionLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._open: dict[asyncio.BaseTransport, Connection] = {}
        self._per_address: Counter[str] = Counter()
        # Each is ordered by the longest wait: for a request, for the next request, for the client to read.
        self.waiting: OrderedDict[Connection, None] = OrderedDict()
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        self._unread: OrderedDict[Connection, None] = OrderedDict()
        self._next_scan = -math.inf
        self._interval = min(1.0, limits.header_seconds / 4, limits.body_seconds / 4)
        self._next_look: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, transport: asyncio.Transport, time_out: Callable[[], None]) -> Connection | None:
        """Count a new connection. Return None if the limit is reached and no other connection can be closed.

        `time_out` is called when the client has missed its deadline.
        """
        address = self._address_to_count(transport)
        limits = self.limits
        is_full = len(self._open) >= limits.max_connections
        if address and self._per_address[address] >= limits.max_connections_per_address:
            if not self._make_room(address):
                return None
        elif is_full and not self._make_room():
            return None
        now = self._clock()
        connection = Connection(
            transport=transport,
            address=address,
            time_out=time_out,
            stage=Stage.HEAD,
            since=now,
            last_read=now,
        )
        self._open[transport] = connection
        self.waiting[connection] = None
        self._per_address[address] += 1
        if self._next_look is None:
            self._look_later()
        return connection

    def enter(self, transport: asyncio.BaseTransport, stage: Stage) -> None:
        """Note the stage that the connection enters."""
        connection = self._open.get(transport)
        if connection is None or connection.stage is stage:
            return
        connection.stage = stage
        connection.since = self._clock()
        self._leave_groups(connection)
        if stage in (Stage.HEAD, Stage.BODY):
            self.waiting[connection] = None
        elif stage is Stage.IDLE:
            self._idle[connection] = None

    def forget(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection that is closed."""
        connection = self._open.pop(transport, None)
        if connection is None:
            return
        self._leave_groups(connection)
        self._per_address[connection.address] -= 1
        if not self._per_address[connection.address]:
            del self._per_address[connection.address]

    def _address_to_count(self, transport: asyncio.Transport) -> str:
        """Return the peer's address as the limit per address counts it, or "" for a trusted proxy."""
        peer = transport.get_extra_info("peername")
        host = peer[0] if isinstance(peer, tuple) else ""
        return "" if contains(self.limits.trusted_proxies, host) else network_of(host)

    def _make_room(self, address: str | None = None) -> bool:
        """Close the most expendable connection, of `address` if given, and tell whether there was any."""
        now = self._clock()
        candidate = self._first(self.waiting, address)
        if candidate is None or now - candidate.since < _YOUNG_SECONDS:
            self._scan(now)
            unread = (
                connection for connection in self._unread if connection.transport.get_write_buffer_size()
            )
            candidate = self._first(self._idle, address) or self._first(unread, address) or candidate
        if candidate is None:
            return False
        self._drop(candidate)
        return True

    def _first(self, group: Iterable[Connection], address: str | None) -> Connection | None:
        return next(
            (connection for connection in group if address is None or connection.address == address), None
        )

    def _scan(self, now: float) -> None:
        """Note clients that have not read their responses, at most once in `_SCAN_SECONDS`."""
        if now < self._next_scan:
            return
        self._next_scan = now + _SCAN_SECONDS
        for connection in self._open.values():
            if connection.stage is Stage.ANSWER and connection.transport.get_write_buffer_size():
                self._unread.setdefault(connection)

    def _leave_groups(self, connection: Connection) -> None:
        for group in (self.waiting, self._idle, self._unread):
            group.pop(connection, None)

    def _drop(self, connection: Connection) -> None:
        self.forget(connection.transport)
        connection.transport.abort()

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(self._interval, self._look)

    def _look(self) -> None:
        """Close the connections of clients whose deadline has passed."""
        now = self._clock()
        for connection in list(self._open.values()):
            self._check(connection, now)
        self._next_look = None
        if self._open:
            self._look_later()

    def _check(self, connection: Connection, now: float) -> None:
        limits = self.limits
        unread = connection.transport.get_write_buffer_size()
        if unread == 0:
            self._unread.pop(connection, None)
        if unread == 0 or unread < connection.unread:
            connection.last_read = now
        connection.unread = unread
        waited = now - connection.since
        if now - connection.last_read > limits.body_seconds:
            self._drop(connection)
        elif connection.transport.is_closing():
            pass  # the rest of the response is still being sent
        elif (connection.stage is Stage.HEAD and waited > limits.header_seconds) or (
            connection.stage is Stage.BODY and waited > limits.body_seconds
        ):
            connection.time_out()


def connections_that_fit(n_connections: int) -> int:
    """Raise the limit of open files as far as `n_connections` need. Return how many fit."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return n_connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _FILES_PER_CONNECTION * n_connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return n_connections
    return max(soft // 4, soft - _OTHER_FILES) // _FILES_PER_CONNECTION
