"""Let the threads of a process write to SQLite in turn."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from prompter.common.errors import DatabaseBusy


class WriterQueue:
    """Lets one thread write at a time, in the order of arrival.

    SQLite has one writer at a time and no queue: waiting writers retry now and then, and the one that
    retries at the right moment is next. With many writers, some would wait for seconds.
    """

    def __init__(self, *, max_waiting: int = 100) -> None:
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._is_busy = False
        self._waiting: deque[threading.Event] = deque()

    def __len__(self) -> int:
        """Return the number of waiting threads."""
        return len(self._waiting)

    @contextmanager
    def turn(self, timeout_seconds: float) -> Iterator[float]:
        """Wait for the turn, and yield the rest of the timeout in seconds.

        Raises:
            DatabaseBusy: when others write for longer than the timeout, or too many wait already.
        """
        until = time.monotonic() + timeout_seconds
        self._take(timeout_seconds)
        try:
            yield max(0.0, until - time.monotonic())
        finally:
            self._pass_on()

    def _take(self, timeout_seconds: float) -> None:
        with self._lock:
            if not self._is_busy:
                self._is_busy = True
                return
            if len(self._waiting) >= self._max_waiting:
                raise DatabaseBusy(f"{self._max_waiting} others wait to write to the database already")
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(timeout_seconds):
            return
        with self._lock:
            if called.is_set():  # just now
                return
            self._waiting.remove(called)
        raise DatabaseBusy(f"the database has been busy with other writes for {timeout_seconds:g} seconds")

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_busy = False
