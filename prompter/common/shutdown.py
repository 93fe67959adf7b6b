"""Waiting that ends early when the program stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


async def sleep_unless_stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait, and return True as soon as `stop` is set or False when the time is over."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


class Backoff:
    """Waits twice as long after each failure in a row."""

    def __init__(self, *, first_seconds: float, max_seconds: float) -> None:
        self._first = first_seconds
        self._max_seconds = max_seconds
        self._failures = 0

    def record_success(self) -> None:
        self._failures = 0

    async def wait(self, stop: asyncio.Event, *, min_seconds: float = 0) -> None:
        """Wait after a failure, at least `min_seconds`. Return at once when `stop` is set."""
        seconds = min(self._max_seconds, self._first * 2 ** min(self._failures, 30))
        self._failures += 1
        await sleep_unless_stopped(stop, max(seconds, min_seconds))


@asynccontextmanager
async def stop_task(stop: asyncio.Event) -> AsyncIterator[asyncio.Task[object]]:
    """Provide a task that is done when `stop` is set, to be awaited together with others."""
    task: asyncio.Task[object] = asyncio.create_task(stop.wait())
    try:
        yield task
    finally:
        task.cancel()
