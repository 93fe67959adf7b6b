"""Learning in the background: when it is due, in a process of its own, while the service answers."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from datetime import datetime, time, timedelta
from multiprocessing.process import BaseProcess

import structlog

from prompter.common.safe_errors import describe
from prompter.domain.job import JobKind
from prompter.jobs import JobRunning, Jobs
from prompter.models.registry import Versions
from prompter.storage import Store
from sufler.settings import Settings

_DAY = timedelta(days=1)
_LOOK = 2.0  # seconds between two looks whether there is something to do

log = structlog.get_logger(__name__)


def last_due(at: str, now: datetime) -> datetime:
    """The last moment, up to `now` and in its time zone, that the clock showed `at` (`HH:MM`).

    >>> from datetime import UTC
    >>> last_due("03:00", datetime(2026, 3, 2, 2, 59, tzinfo=UTC)).isoformat()
    '2026-03-01T03:00:00+00:00'
    """
    today = datetime.combine(now.date(), time.fromisoformat(at), now.tzinfo)
    return today if today <= now else today - timedelta(days=1)


class Teacher:
    """Learns when somebody asks for it, and every day at the time that the settings name."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._settings = settings
        self._jobs = Jobs(store)
        self._versions = Versions(store)
        self._now = now

    def is_due(self) -> bool:
        """Whether it is asked for, or the day's time has passed since it was last done."""
        if self._jobs.waiting(JobKind.LEARN):
            return True
        at = self._settings.learning.at
        if at is None:
            return False
        last = self._jobs.last(JobKind.LEARN)
        use = self._versions.in_use()
        since = last[0].asked_at if last else use.at if use else None
        now = self._now()
        # Where the clock was wrong by days and is right again, nobody waits until it is that late.
        return since is not None and (since < last_due(at, now) or since > now + _DAY)

    async def run(self, stop: asyncio.Event) -> None:
        """Look and learn until `stop`; a job that is under way then breaks off, and nothing has changed."""
        while not stop.is_set():
            try:
                if await asyncio.to_thread(self.is_due):
                    await self._learn(stop)
            except Exception as error:
                log.error("background_work_failed", work="learning", error=describe(error))
            await _pause(stop, _LOOK)

    async def _learn(self, stop: asyncio.Event) -> None:
        process = await asyncio.to_thread(self._start)
        try:
            while process.is_alive() and not stop.is_set():
                await _pause(stop, 0.2)
        finally:
            if process.is_alive():
                process.terminate()
            await asyncio.to_thread(process.join)

    def _start(self) -> BaseProcess:
        # Not forked: threads and locks of this process must not be copied in the middle of something.
        process = multiprocessing.get_context("spawn").Process(
            target=learn_in_background, args=(self._settings,), name="sufler-learn", daemon=True
        )
        process.start()
        return process


def learn_in_background(settings: Settings) -> None:
    """Learn once, giving way to whatever else the machine has to do."""
    from sufler import bootstrap
    from sufler.learning import learn_now
    from sufler.logs import configure_logs

    if hasattr(os, "nice"):
        os.nice(10)
    configure_logs()
    with bootstrap.open_store(settings) as store:
        try:
            learn_now(settings, store)
        except JobRunning:
            log.info("learning_is_under_way_elsewhere")
        except Exception as error:
            log.error("learning_failed", error=describe(error))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
