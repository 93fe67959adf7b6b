"""Readiness of the process for load balancers. As anybody may ask, one check serves all requests."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import structlog

from prompter.common.safe_errors import trace

_MAX_WAIT = 1.5  # seconds that a request waits for a check in progress

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A part that has to work. `run` raises an error if it does not, and may name the part by NotReady."""

    name: str  # one word, shown to everybody
    run: Callable[[], object]
    timeout_seconds: float = _MAX_WAIT  # a check that takes longer has failed


class NotReady(Exception):
    """A part does not work. The text is its name, one word."""


class Readiness:
    """Checks all parts one by one in its own thread, at most every `max_age_seconds` seconds."""

    def __init__(
        self,
        checks: Sequence[Check] = (),
        *,
        max_age_seconds: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = tuple(checks)
        self._max_age = max_age_seconds
        self._clock = clock
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ready")
        self._pending: Future[str | None] | None = None
        self._checked_at = 0.0
        self._at: tuple[Check, float] | None = None  # the check in progress, and its start
        self._last: str | None = None

    async def find_failure(self) -> str | None:
        """Return the name of a part that does not work, or None if all work."""
        with self._lock:
            pending = self._pending
            if pending is None or (pending.done() and self._clock() > self._checked_at + self._max_age):
                pending = self._pending = self._thread.submit(self._run)
        await asyncio.wait([asyncio.wrap_future(pending)], timeout=_MAX_WAIT)
        if pending.done():
            return pending.result()
        at = self._at
        if at is not None and self._clock() > at[1] + at[0].timeout_seconds:
            return at[0].name
        return self._last

    def _run(self) -> str | None:
        failed: str | None = None
        for check in self._checks:
            self._at = check, self._clock()
            try:
                check.run()
            except Exception as error:
                failed = str(error) if isinstance(error, NotReady) else check.name
                if failed != self._last:  # logged once, not every two seconds
                    log.error("not_ready", part=failed, trace=trace(error))
                break
        self._at, self._last, self._checked_at = None, failed, self._clock()
        return failed
