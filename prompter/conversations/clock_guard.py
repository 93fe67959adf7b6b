"""Keep stored moments right when the clock is set: nothing waits too long, and nothing leaves early."""

import threading
from datetime import timedelta

import structlog

from prompter.common.clock import ClockWatch, Jump, Waits, utc_now
from prompter.storage import Store

log = structlog.get_logger(__name__)


class ClockGuard:
    """Corrects stored moments when the clock jumps, and once at the start, as it may have jumped before.

    Nothing waits for ever without it, as readers of due rows ignore moments that lie further ahead than
    the wait can be. The guard makes this exact, and logs it.
    """

    def __init__(self, store: Store, waits: Waits, *, watch: ClockWatch | None = None) -> None:
        self._store = store
        self._waits = waits
        self._clock = watch.clock if watch else utc_now
        self._watch = watch or ClockWatch()
        self._lock = threading.Lock()
        self._is_new = True
        self._jumps: list[Jump] = []  # not yet applied to the database

    def run_once(self) -> bool:
        """Check the clock and correct stored moments. Return True if it has jumped."""
        with self._lock:  # a concurrent caller must not act before this is done
            if (jump := self._watch.look()) is not None:
                log.warning("clock_jumped", seconds=round(jump.by.total_seconds(), 1))
                self._jumps.append(jump)
            if not self._jumps and not self._is_new:
                return False
            self._mend()
            found = bool(self._jumps)
            self._jumps, self._is_new = [], False
            return found

    def _mend(self) -> None:
        now = self._clock()
        with self._store.write() as tx:
            tx.outbox.wait_anew(now, self._waits, slack=timedelta(0))
            tx.outbox.claim_anew(now, self._waits, slack=timedelta(0))
            tx.conversations.wait_anew(now, self._waits)
            tx.conversations.bound_holds(now)
            forward = [jump.before for jump in self._jumps if jump.by > timedelta(0)]
            if forward:
                tx.outbox.keep_undo(min(forward), now, self._waits)
                tx.outbox.keep_claims(min(forward), now, self._waits)
