"""Rate limits: at most a given number of events in a sliding window of time."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from web.addresses import networks_of

_WIDE_FACTOR = 4  # the limit of a /48 network, as a multiple of the limit of a /64


class RateLimit:
    """Counts events by key over a sliding window, in the memory of one process.

    The clock is monotonic and the number of keys bounded. The `limits` package reads the wall clock, so
    after that was set back everybody would have to wait. It also keeps every key in memory for ever.
    """

    def __init__(
        self,
        max_events: int,
        *,
        window_seconds: float = 60.0,
        max_keys: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The least recently used key is forgotten when there are more than `max_keys` keys."""
        self._max_events = max_events
        self._window = window_seconds
        self._max_keys = max_keys
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()  # in order of use, the latest last

    def seconds_to_wait(self, key: str) -> float:
        """Count the event and return 0.0. Over the limit, count nothing and return the seconds to wait."""
        with self._lock:
            now = self._clock()
            self._forget_before(now - self._window)
            times = self._times.get(key)
            if times is None:
                times = self._times[key] = deque()
            while times and times[0] <= now - self._window:
                times.popleft()
            if len(times) >= self._max_events:
                return times[0] + self._window - now
            times.append(now)
            self._times.move_to_end(key)
            if len(self._times) > self._max_keys:
                self._times.popitem(last=False)
            return 0.0

    def take_back(self, key: str) -> None:
        """Uncount the key's last event."""
        with self._lock:
            if times := self._times.get(key):
                times.pop()

    def _forget_before(self, moment: float) -> None:
        """Forget keys whose last event is older than the window. They come first in the order."""
        while self._times:
            key = next(iter(self._times))
            if self._times[key] and self._times[key][-1] > moment:
                return
            del self._times[key]


class AddressLimit:
    """Counts events by the networks of an address. An IPv6 /48 may have four times as many as a /64."""

    def __init__(self, max_events: int, *, window_seconds: float = 60.0) -> None:
        self._limits = (
            RateLimit(max_events, window_seconds=window_seconds),
            RateLimit(_WIDE_FACTOR * max_events, window_seconds=window_seconds),
        )

    def seconds_to_wait(self, address: str) -> float:
        """Count the event and return 0.0. Over the limit, count nothing and return the seconds to wait."""
        counted: list[tuple[RateLimit, str]] = []
        for limit, network in zip(self._limits, networks_of(address), strict=False):
            if seconds := limit.seconds_to_wait(network):
                for passed_limit, its_network in counted:
                    passed_limit.take_back(its_network)
                return seconds
            counted.append((limit, network))
        return 0.0

    def take_back(self, address: str) -> None:
        """Uncount the address's last event."""
        for limit, network in zip(self._limits, networks_of(address), strict=False):
            limit.take_back(network)
