"""When is it worth to read everything again?"""

import time
from collections.abc import Callable
from typing import TypeVar

from prompter_api.desk.frame import in_thread
from prompter_api.desk.seats import Seat

T = TypeVar("T")
_SECONDS = 30.0  # after which also what nobody has judged may look different: the traffic
_REST = 10.0  # a page that took a second to read is left alone for so many


class ReadinessNews:
    """Reads only what may be new; asking costs two short queries."""

    def __init__(self, seat: Seat, clock: Callable[[], float] = time.monotonic) -> None:
        self._seat = seat
        self._clock = clock
        self._last: tuple[int, int] | None = None
        self._read_at = self._not_before = float("-inf")

    async def read(self, look: Callable[[], T]) -> T | None:
        """What `look` finds; None if nobody has judged or changed anything for a while.

        Raises:
            SignedOut: the account may not work any more.
            Forbidden: it is no supervisor's any more.
        """
        began = self._clock()
        if began < self._not_before:
            return None
        change = await in_thread(self._seat.readiness_changed)
        if change == self._last and began < self._read_at + _SECONDS:
            return None
        found = await in_thread(look)
        self._last, self._read_at = change, began
        self._not_before = self._clock() + _REST * (self._clock() - began)
        return found
