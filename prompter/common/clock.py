"""The time, as a part that tests replace, and what holds when somebody sets the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

SLACK = timedelta(minutes=1)  # the clocks of two machines may differ by so much
_TOLERANCE = timedelta(seconds=2)  # a clock that is slewed, or a thread that had to wait, is no jump


def utc_now() -> datetime:
    return datetime.now(UTC)


def is_over(until: datetime, now: datetime, *, max_wait: timedelta) -> bool:
    """Whether a wait until then is over; one that ends later than it can began before the clock was set back.

    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> [
    ...     is_over(noon + timedelta(seconds=seconds), noon, max_wait=timedelta(seconds=5))
    ...     for seconds in (-1, 4, 3600)
    ... ]
    [True, False, True]
    """
    return until <= now or until > now + max_wait + SLACK


@dataclass(frozen=True, kw_only=True)
class Waits:
    """How long each thing may wait at most; what is to wait longer began before the clock was set back."""

    undo: timedelta = timedelta(seconds=5)  # a reply that can be taken back
    retry: timedelta = timedelta(minutes=5)  # one that the messenger has not taken
    lease: timedelta = timedelta(seconds=60)  # one that is being sent
    turn: timedelta = timedelta(seconds=10)  # a turn, for its customer to go on writing


@dataclass(frozen=True, kw_only=True)
class Jump:
    """Somebody has set the clock between two looks, or the machine has slept."""

    before: datetime  # the clock at the last look
    now: datetime
    by: timedelta  # beyond the time that has passed; below zero: set back


class ClockWatch:
    """Compares the clock, which may be set, with one that always goes on."""

    def __init__(self, clock: Clock = utc_now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._monotonic = monotonic
        self._last = clock(), monotonic()

    def look(self) -> Jump | None:
        """What has happened to the clock since the last look; None: nothing."""
        (before, began), (now, ended) = self._last, (self.clock(), self._monotonic())
        self._last = now, ended
        by = now - before - timedelta(seconds=ended - began)
        return Jump(before=before, now=now, by=by) if abs(by) > _TOLERANCE else None
