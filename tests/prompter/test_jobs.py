from datetime import timedelta

import pytest

from prompter.accounts.service import Accounts
from prompter.domain.account import Role
from prompter.domain.job import JobKind, JobState
from prompter.domain.learning_outcome import LearningOutcome, Result
from prompter.jobs import JobRunning, Jobs
from prompter.storage import Store
from tests.fakes import FAST_HASHER, FakeClock

LEARN = JobKind.LEARN


def test_a_job_is_asked_for_once_taken_and_done(store: Store) -> None:
    clock = FakeClock()
    jobs = Jobs(store, clock=clock)
    vera = Accounts(store, hasher=FAST_HASHER).add("vera", Role.SUPERVISOR, "correct horse")
    assert not jobs.is_waiting(LEARN)
    asked = jobs.enqueue(LEARN, vera)
    assert (asked.state, asked.asked_by) == (JobState.WAITING, "vera")
    assert jobs.enqueue(LEARN, None).id == asked.id
    assert jobs.is_waiting(LEARN)
    with jobs.run(LEARN) as job:
        assert job.id == asked.id
        assert not jobs.is_waiting(LEARN)
        job.report_progress("learning", total=10)
        job.advance(4)
        job.heartbeat()
        (shown,) = jobs.list_recent(LEARN)
        assert (shown.state, shown.step, shown.done, shown.total) == (JobState.RUNNING, "learning", 4, 10)
        assert jobs.enqueue(LEARN, vera).id == job.id
        job.outcome = LearningOutcome(result=Result.PROMOTED)
    (shown,) = jobs.list_recent(LEARN)
    assert (shown.state, shown.outcome, shown.problem) == (
        JobState.DONE,
        LearningOutcome(result=Result.PROMOTED),
        None,
    )


def test_two_at_once_are_refused(store: Store) -> None:
    jobs = Jobs(store, clock=FakeClock())
    with jobs.run(LEARN) as first:
        with pytest.raises(JobRunning, match="already running"), jobs.run(LEARN):
            pass
        assert [(job.id, job.state) for job in jobs.list_recent(LEARN)] == [(first.id, JobState.RUNNING)]
    with jobs.run(LEARN):
        pass
    assert [job.state for job in jobs.list_recent(LEARN)] == [JobState.DONE, JobState.DONE]


def test_a_job_that_breaks_has_failed_with_its_reason(store: Store) -> None:
    jobs = Jobs(store, clock=FakeClock())
    with pytest.raises(OSError, match="No space"), jobs.run(LEARN):
        raise OSError(28, "No space left on device")
    (shown,) = jobs.list_recent(LEARN)
    assert (shown.state, shown.problem) == (JobState.FAILED, "[Errno 28] No space left on device")


def test_a_job_whose_process_died_does_not_stand_in_the_way(store: Store) -> None:
    clock = FakeClock()
    jobs = Jobs(store, clock=clock)
    with store.write() as tx:  # a process that was killed has left this
        dead = tx.jobs.add(LEARN, JobState.WAITING, account_id=None, now=clock())
        until = clock() + timedelta(seconds=60)
        tx.jobs.change(dead, JobState.WAITING, state=JobState.RUNNING.value, alive_until=until)
    clock.forward(59)
    with pytest.raises(JobRunning), jobs.run(LEARN):
        pass
    clock.forward(2)
    with jobs.run(LEARN) as job:
        assert job.id != dead
    alive, failed = jobs.list_recent(LEARN)
    assert (alive.state, failed.state) == (JobState.DONE, JobState.FAILED)
    assert "has ended" in str(failed.problem)
