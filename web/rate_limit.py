"""At most so many events in a window of time."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from web.addresses import networks_of

_WIDE_FACTOR = 4  # how many times the events of a /64 its /48 may have


class RateLimit:
    """Counts events by key over a sliding window; in memory, for one process.

    The clock is monotonic and the number of keys bounded. The `limits` package reads the wall clock, and
    would make everybody wait for one that was set back. Its memory also keeps every key for ever.
    """

    def __init__(
        self,
        max_events: int,
        *,
        window_seconds: float = 60.0,
        max_keys: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Of more than `max_keys` keys, the one that has been idle for longest is forgotten."""
        self._max_events = max_events
        self._window = window_seconds
        self._max_keys = max_keys
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()  # the key that was used last is last

    def seconds_to_wait(self, key: str) -> float:
        """0.0, and the event counts; or the seconds until the next one is welcome, and it does not."""
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
        """The key's last event does not count after all."""
        with self._lock:
            if times := self._times.get(key):
                times.pop()

    def _forget_before(self, moment: float) -> None:
        """Forget keys whose last event is over: they stand first."""
        while self._times:
            key = next(iter(self._times))
            if self._times[key] and self._times[key][-1] > moment:
                return
            del self._times[key]


class AddressLimit:
    """Counts events by the networks that an address is in; of IPv6 its /48 may have four times as many."""

    def __init__(self, max_events: int, *, window_seconds: float = 60.0) -> None:
        self._limits = (
            RateLimit(max_events, window_seconds=window_seconds),
            RateLimit(_WIDE_FACTOR * max_events, window_seconds=window_seconds),
        )

    def seconds_to_wait(self, address: str) -> float:
        """0.0, and the event counts; or the seconds until the next one is welcome, and it does not."""
        counted: list[tuple[RateLimit, str]] = []
        for limit, network in zip(self._limits, networks_of(address), strict=False):
            if seconds := limit.seconds_to_wait(network):
                for other, its_network in counted:
                    other.take_back(its_network)
                return seconds
            counted.append((limit, network))
        return 0.0

    def take_back(self, address: str) -> None:
        """The address's last event does not count after all."""
        for limit, network in zip(self._limits, networks_of(address), strict=False):
            limit.take_back(network)
