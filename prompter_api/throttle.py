"""How often somebody may try to log in."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from prompter_api.errors import TooManyTries
from web.addresses import network_of

_MOST_KEYS = 10_000  # names and addresses remembered; the one idle for longest is forgotten


class LoginThrottle:
    """Counts failed logins per name and per address, in this process's memory.

    A name is counted whether or not there is such an account, so the answer does not tell. Tries
    are counted before the password is checked: many at once cannot slip through. Somebody who
    knows a name can keep its owner from logging in for a while, but not end a session.
    """

    def __init__(
        self,
        *,
        per_name: int = 10,
        per_address: int = 50,
        window_seconds: float = 300,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_name = per_name
        self._per_address = per_address
        self._window = window_seconds
        self._clock = clock
        self._tries: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, name: str, address: str) -> None:
        """Count a try.

        Raises:
            TooManyTries: there were too many; this one is not counted.
        """
        now = self._clock()
        with self._lock:
            limits = {_name_key(name): self._per_name, _address_key(address): self._per_address}
            recent = {key: self._recent(key, now) for key in limits}
            full = [tries for key, tries in recent.items() if len(tries) >= limits[key]]
            if full:
                raise TooManyTries(max(1, math.ceil(max(tries[0] for tries in full) + self._window - now)))
            for key, tries in recent.items():
                self._tries[key] = [*tries, now]
                self._tries.move_to_end(key)
            while len(self._tries) > _MOST_KEYS:
                self._tries.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The name starts afresh; the address only loses this try, or one account would unlock them all."""
        with self._lock:
            self._tries.pop(_name_key(name), None)
            if tries := self._tries.get(_address_key(address)):
                tries.pop()

    def _recent(self, key: str, now: float) -> list[float]:
        return [when for when in self._tries.get(key, ()) if when > now - self._window]


def _name_key(name: str) -> str:
    return f"name {name.strip().lower()[:100]}"


def _address_key(address: str) -> str:
    return f"address {network_of(address)}"
