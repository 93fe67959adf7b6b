"""Long work that may not be done twice at once: asked for, taken, told of, ended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from prompter.common.clock import SLACK, Clock, utc_now
from prompter.common.errors import PrompterError
from prompter.domain.account import Account
from prompter.domain.job import JobKind, JobState, StoredJob
from prompter.domain.learning_outcome import LearningOutcome
from prompter.storage import Conflict, Store

_SIGN_OF_LIFE = 5.0  # seconds between two
_DEAD_AFTER = timedelta(seconds=60)
_DIED = "the process that worked on it has ended: nothing was changed, start it again"


class JobRunning(PrompterError):
    """Somebody is at it already."""


class Job:
    """A job under way; whoever has it tells how far it is."""

    def __init__(self, store: Store, job_id: int, clock: Clock) -> None:
        self.id = job_id
        self.outcome: LearningOutcome | None = None  # of a job that is done
        self._store = store
        self._clock = clock
        self._step = ""
        self._done = 0
        self._total: int | None = None

    def report_progress(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Say what is being done; it is written with the next sign of life."""
        self._step, self._done, self._total = step, done, total

    def advance(self, more: int) -> None:
        """Say that so many more of the step are done."""
        self._done += more

    def heartbeat(self) -> None:
        """Write how far it is, and that somebody is still at it."""
        with self._store.write() as tx:
            tx.jobs.change(
                self.id,
                JobState.RUNNING,
                step=self._step,
                done=self._done,
                total=self._total,
                alive_until=self._clock() + _DEAD_AFTER,
            )


class Jobs:
    """The use cases of whoever asks for long work and does it."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def enqueue(self, kind: JobKind, account: Account | None) -> StoredJob:
        """Ask for it to be done soon; if it is asked for or under way already, that one is returned."""
        self._fail_stale(kind)
        try:
            with self._store.write() as tx:
                open_ = tx.jobs.open(kind, JobState.RUNNING) or tx.jobs.open(kind, JobState.WAITING)
                if open_ is not None:
                    return open_
                added = tx.jobs.add(
                    kind,
                    JobState.WAITING,
                    account_id=account.id if account else None,
                    now=self._clock(),
                )
                return _found(tx.jobs.get(added))
        except Conflict:
            return self.enqueue(kind, account)  # somebody else has just asked

    def waiting(self, kind: JobKind) -> bool:
        """Whether it is asked for and nobody is at it."""
        with self._store.read() as tx:
            return tx.jobs.open(kind, JobState.WAITING) is not None

    def last(self, kind: JobKind) -> list[StoredJob]:
        """The last jobs, newest first."""
        self._fail_stale(kind)
        with self._store.read() as tx:
            return tx.jobs.last(kind)

    @contextmanager
    def running(self, kind: JobKind) -> Iterator[Job]:
        """Take the job that waits, or a new one; done when the block ends, or failed with its error.

        Raises:
            JobRunning: somebody else is at it.
        """
        job = Job(self._store, self._claim(kind), self._clock)
        stop = threading.Event()

        def live() -> None:
            while not stop.wait(_SIGN_OF_LIFE):
                job.heartbeat()

        signs = threading.Thread(target=live, name="signs of life", daemon=True)
        signs.start()
        try:
            yield job
        except BaseException as error:
            stop.set()
            signs.join()
            problem = " ".join(str(error).split()) or type(error).__name__
            self._end(job, JobState.FAILED, problem=problem)
            raise
        stop.set()
        signs.join()
        self._end(job, JobState.DONE, outcome=job.outcome.to_json() if job.outcome else None)

    def _claim(self, kind: JobKind) -> int:
        self._fail_stale(kind)
        now = self._clock()
        try:
            with self._store.write() as tx:
                waiting = tx.jobs.open(kind, JobState.WAITING)
                job_id = (
                    waiting.id if waiting else tx.jobs.add(kind, JobState.WAITING, account_id=None, now=now)
                )
                tx.jobs.change(
                    job_id,
                    JobState.WAITING,
                    state=JobState.RUNNING.value,
                    began_at=now,
                    alive_until=now + _DEAD_AFTER,
                )
        except Conflict:
            raise JobRunning("it is already running: wait until it has finished") from None
        return job_id

    def _end(self, job: Job, state: JobState, **values: Any) -> None:
        with self._store.write() as tx:
            tx.jobs.change(job.id, JobState.RUNNING, state=state.value, ended_at=self._clock(), **values)

    def _fail_stale(self, kind: JobKind) -> None:
        """A job whose process has died has failed."""
        now = self._clock()
        with self._store.read() as tx:
            running = tx.jobs.open(kind, JobState.RUNNING)
        if running is None or running.alive_until is None:
            return
        if running.alive_until > now + _DEAD_AFTER + SLACK:
            # The clock was set back. Whoever is alive says so again within seconds.
            with self._store.write() as tx:
                tx.jobs.change(running.id, JobState.RUNNING, alive_until=now + _DEAD_AFTER)
            return
        if running.alive_until > now:
            return
        with self._store.write() as tx:
            tx.jobs.change(
                running.id, JobState.RUNNING, state=JobState.FAILED.value, ended_at=now, problem=_DIED
            )


def _found(job: StoredJob | None) -> StoredJob:
    assert job is not None  # noqa: S101 - it was added in this transaction
    return job
