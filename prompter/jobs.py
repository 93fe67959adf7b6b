"""Exclusive background jobs: enqueue, claim, heartbeat, finish. At most one job of a kind runs."""

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

_SIGN_OF_LIFE = 5.0  # seconds between two heartbeats
_DEAD_AFTER = timedelta(seconds=60)
_DIED = "the process that worked on it has ended: nothing was changed, start it again"


class JobRunning(PrompterError):
    """Another process runs this job already."""


class Job:
    """A running job. Its process reports progress."""

    def __init__(self, store: Store, job_id: int, clock: Clock) -> None:
        self.id = job_id
        self.outcome: LearningOutcome | None = None  # of a job that is done
        self._store = store
        self._clock = clock
        self._step = ""
        self._done = 0
        self._total: int | None = None

    def report_progress(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Set the current step and its progress. They are written with the next heartbeat."""
        self._step, self._done, self._total = step, done, total

    def advance(self, more: int) -> None:
        """Add to the number of finished items of the step."""
        self._done += more

    def heartbeat(self) -> None:
        """Write the progress, and that the process is still alive."""
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
    """The use cases of background jobs."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def enqueue(self, kind: JobKind, account: Account | None) -> StoredJob:
        """Enqueue a job, or return the job of this kind that waits or runs already."""
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
                return _require(tx.jobs.get(added))
        except Conflict:
            return self.enqueue(kind, account)  # somebody else enqueued it at the same time

    def is_waiting(self, kind: JobKind) -> bool:
        """Return whether a job of this kind waits for a worker."""
        with self._store.read() as tx:
            return tx.jobs.open(kind, JobState.WAITING) is not None

    def list_recent(self, kind: JobKind) -> list[StoredJob]:
        """Return the last jobs, newest first."""
        self._fail_stale(kind)
        with self._store.read() as tx:
            return tx.jobs.list_recent(kind)

    @contextmanager
    def run(self, kind: JobKind) -> Iterator[Job]:
        """Claim the waiting job or a new one. It ends done when the block ends, or failed with its error.

        Raises:
            JobRunning: when another process runs a job of this kind.
        """
        job = Job(self._store, self._claim(kind), self._clock)
        stop = threading.Event()

        def keep_alive() -> None:
            while not stop.wait(_SIGN_OF_LIFE):
                job.heartbeat()

        signs = threading.Thread(target=keep_alive, name="signs of life", daemon=True)
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
        """Mark a job as failed if its process has died."""
        now = self._clock()
        with self._store.read() as tx:
            running = tx.jobs.open(kind, JobState.RUNNING)
        if running is None or running.alive_until is None:
            return
        if running.alive_until > now + _DEAD_AFTER + SLACK:
            # The clock was set back. A living process writes its next heartbeat within seconds.
            with self._store.write() as tx:
                tx.jobs.change(running.id, JobState.RUNNING, alive_until=now + _DEAD_AFTER)
            return
        if running.alive_until > now:
            return
        with self._store.write() as tx:
            tx.jobs.change(
                running.id, JobState.RUNNING, state=JobState.FAILED.value, ended_at=now, problem=_DIED
            )


def _require(job: StoredJob | None) -> StoredJob:
    assert job is not None  # noqa: S101 - it was added in this transaction
    return job
