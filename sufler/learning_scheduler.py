"""Start learning when it is due, in its own process, while the service keeps answering."""

import asyncio
import multiprocessing
from collections.abc import Callable
from datetime import datetime, time, timedelta
from multiprocessing.process import BaseProcess

import structlog

from prompter.common.safe_errors import describe_without_content
from prompter.common.shutdown import sleep_unless_stopped
from prompter.domain.job import JobKind
from prompter.jobs import Jobs
from prompter.models.registry import Versions
from prompter.storage import Store

_DAY = timedelta(days=1)
_LOOK = 2.0  # seconds between two checks for work

log = structlog.get_logger(__name__)


def last_due(at: str, now: datetime) -> datetime:
    """Return the last moment not after `now`, in its time zone, when the clock showed `at` (`HH:MM`).

    >>> from datetime import UTC
    >>> last_due("03:00", datetime(2026, 3, 2, 2, 59, tzinfo=UTC)).isoformat()
    '2026-03-01T03:00:00+00:00'
    """
    today = datetime.combine(now.date(), time.fromisoformat(at), now.tzinfo)
    return today if today <= now else today - timedelta(days=1)


def local_now() -> datetime:
    """Return the local time of the machine."""
    return datetime.now().astimezone()


class LearningScheduler:
    """Starts learning on request, and every day at a given time."""

    def __init__(
        self,
        store: Store,
        *,
        daily_at: str | None,
        learn: Callable[[], None],
        now: Callable[[], datetime] = local_now,
    ) -> None:
        """`daily_at` is `HH:MM`. `learn` is called in its own process."""
        self._daily_at = daily_at
        self._learn_once = learn
        self._jobs = Jobs(store)
        self._versions = Versions(store)
        self._now = now

    def is_due(self) -> bool:
        """Tell whether learning was requested, or the daily time has passed since the last run."""
        if self._jobs.is_waiting(JobKind.LEARN):
            return True
        if self._daily_at is None:
            return False
        last = self._jobs.list_recent(JobKind.LEARN)
        use = self._versions.current_activation()
        since = last[0].asked_at if last else use.at if use else None
        now = self._now()
        # If the clock was days ahead and was corrected, learning must not wait until that time comes.
        return since is not None and (since < last_due(self._daily_at, now) or since > now + _DAY)

    async def run(self, stop: asyncio.Event) -> None:
        """Check and learn until `stop` is set. A job in progress is then aborted and changes nothing."""
        while not stop.is_set():
            try:
                if await asyncio.to_thread(self.is_due):
                    await self._learn(stop)
            except Exception as error:
                log.error("background_work_failed", work="learning", error=describe_without_content(error))
            await sleep_unless_stopped(stop, _LOOK)

    async def _learn(self, stop: asyncio.Event) -> None:
        process = await asyncio.to_thread(self._start)
        try:
            while process.is_alive() and not stop.is_set():
                await sleep_unless_stopped(stop, 0.2)
        finally:
            if process.is_alive():
                process.terminate()
            await asyncio.to_thread(process.join)

    def _start(self) -> BaseProcess:
        # Not forked: threads and locks of this process must not be copied in an arbitrary state.
        process = multiprocessing.get_context("spawn").Process(
            target=self._learn_once, name="sufler-learn", daemon=True
        )
        process.start()
        return process
