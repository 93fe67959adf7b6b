"""Limit concurrent password checks, as each hash takes 64 MiB and the cores for a tenth of a second."""

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from prompter_api.errors import TooManyAtOnce

R = TypeVar("R")

_RETRY_SECONDS = 5  # by then the queue has been served


class PasswordChecks:
    """Runs password hashing in its own threads, at most `max_concurrency` at once.

    A caller who gets no turn within `wait_seconds` seconds, or finds `max_waiting` others waiting, has to try
    again later, because a backlog of hashes would take memory and cores from customers. Known callers wait
    up to `known_wait_seconds` seconds and are never turned away at once, so strangers cannot crowd them out.
    """

    def __init__(
        self,
        *,
        max_concurrency: int = 2,
        max_waiting: int = 20,
        wait_seconds: float = 2.0,
        known_wait_seconds: float = 10.0,
    ) -> None:
        self._threads = CapacityLimiter(max_concurrency)
        self._turns = anyio.Semaphore(max_concurrency)
        self._max_waiting = max_waiting
        self._wait_seconds = wait_seconds
        self._known_wait_seconds = known_wait_seconds
        self._waiting = 0

    async def run(self, work: Callable[[], R], *, is_known: bool = False) -> R:
        """Run `work` in a thread and return its result.

        Raises:
            TooManyAtOnce: when too many are waiting already, or the turn did not come in time.
        """
        try:
            self._turns.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait(is_known=is_known)
        try:
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._turns.release()

    async def _wait(self, *, is_known: bool) -> None:
        if self._waiting >= self._max_waiting and not is_known:
            raise TooManyAtOnce(_RETRY_SECONDS)
        self._waiting += 1
        try:
            with anyio.fail_after(self._known_wait_seconds if is_known else self._wait_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise TooManyAtOnce(_RETRY_SECONDS) from None
        finally:
            self._waiting -= 1
