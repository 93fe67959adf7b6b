"""Record when a session or an API token was last used, seldom and outside the request itself."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from prompter.common.clock import Clock
from prompter.common.safe_errors import describe_without_content

log = structlog.get_logger(__name__)

INTERVAL = timedelta(minutes=1)
_MAX_IDS = 10_000  # kept in this process; the id that was written longest ago is forgotten first

Defer = Callable[[Callable[[], None]], object]


def run_now(work: Callable[[], None]) -> None:
    """Do the work before going on."""
    work()


class LastSeen:
    """Writes when an id was last seen, at most once a minute for each id.

    A request must not wait for the database's writers only to record this: `defer` may hand the write
    to another thread. A write that fails is logged, and the next sighting tries again.
    """

    def __init__(self, write: Callable[[int, datetime], None], *, clock: Clock, defer: Defer) -> None:
        self._write = write
        self._clock = clock
        self._defer = defer
        self._noted: OrderedDict[int, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, seen_id: int, stored: datetime | None) -> None:
        """Record that the id was seen now. `stored` is the moment that the database holds."""
        now = self._clock()
        if _is_recent(stored, now):
            return
        with self._lock:
            if _is_recent(self._noted.get(seen_id), now):
                return
            self._noted[seen_id] = now
            self._noted.move_to_end(seen_id)
            if len(self._noted) > _MAX_IDS:
                self._noted.popitem(last=False)
        self._defer(lambda: self._try(seen_id, now))

    def _try(self, seen_id: int, now: datetime) -> None:
        try:
            self._write(seen_id, now)
        except Exception as error:
            log.warning("last_seen_not_written", error=describe_without_content(error))


def _is_recent(moment: datetime | None, now: datetime) -> bool:
    """Return whether `moment` is less than a minute old.

    A future moment comes from a clock that was set back since, and does not count.
    """
    return moment is not None and now - INTERVAL < moment <= now
