"""The time, as a part that tests replace, and rules that hold when somebody sets the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

SLACK = timedelta(minutes=1)  # the clocks of two machines may differ by this much
_TOLERANCE = timedelta(seconds=2)  # a slewed clock, or a thread that had to wait, is no jump


def utc_now() -> datetime:
    return datetime.now(UTC)


def is_over(until: datetime, now: datetime, *, max_wait: timedelta) -> bool:
    """Return whether a wait until `until` is over.

    A wait that ends later than `max_wait` allows began before the clock was set back, so it counts as over.

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
    """Maximum waits. A longer remaining wait means that it began before the clock was set back."""

    undo: timedelta  # a reply that can be undone
    lease: timedelta  # a reply that is being sent
    turn: timedelta  # a turn whose customer may still be writing
    retry: timedelta = timedelta(minutes=5)  # a reply that the messenger has not accepted


@dataclass(frozen=True, kw_only=True)
class Jump:
    """A jump of the clock between two checks: somebody has set it, or the machine has slept."""

    before: datetime  # the clock at the last check
    now: datetime
    by: timedelta  # beyond the time that has passed; negative if the clock was set back


class ClockWatch:
    """Compares the clock, which can be set, with a monotonic one."""

    def __init__(self, clock: Clock = utc_now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._monotonic = monotonic
        self._last = clock(), monotonic()

    def look(self) -> Jump | None:
        """Return the clock's jump since the last check, or None if there was none."""
        (before, began), (now, ended) = self._last, (self.clock(), self._monotonic())
        self._last = now, ended
        by = now - before - timedelta(seconds=ended - began)
        return Jump(before=before, now=now, by=by) if abs(by) > _TOLERANCE else None
