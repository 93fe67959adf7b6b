"""Rows of background jobs. At most one of a kind runs, in whatever process."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from prompter.domain.job import JobKind, JobState, StoredJob
from prompter.domain.learning_outcome import LearningOutcome
from prompter.storage.rows import Rows
from prompter.storage.tables import accounts, jobs


class JobRows(Rows):
    def add(self, kind: JobKind, state: JobState, *, account_id: int | None, now: datetime) -> int:
        """Add a job. An index refuses a second one of its kind in the same open state."""
        return self._insert(
            jobs,
            kind=kind.value,
            state=state.value,
            asked_at=now,
            asked_by=account_id,
            step="",
            done=0,
        )

    def open(self, kind: JobKind, state: JobState) -> StoredJob | None:
        """Return the job of this kind in that open state, or None."""
        row = self._connection.execute(
            _WITH_NAME.where(jobs.c.kind == kind.value, jobs.c.state == state.value)
        ).one_or_none()
        return None if row is None else _job(row)

    def get(self, job_id: int) -> StoredJob | None:
        row = self._connection.execute(_WITH_NAME.where(jobs.c.id == job_id)).one_or_none()
        return None if row is None else _job(row)

    def list_recent(self, kind: JobKind, *, limit: int = 20) -> list[StoredJob]:
        """Return the last jobs of this kind, newest first."""
        rows = self._connection.execute(
            _WITH_NAME.where(jobs.c.kind == kind.value).order_by(jobs.c.id.desc()).limit(limit)
        )
        return [_job(row) for row in rows]

    def change(self, job_id: int, old: JobState, **values: Any) -> bool:
        """Change a job. Return False if it is no longer in the `old` state."""
        changed = self._connection.execute(
            update(jobs).where(jobs.c.id == job_id, jobs.c.state == old.value).values(**values)
        )
        return changed.rowcount == 1


_WITH_NAME = select(jobs, accounts.c.name.label("account_name")).join(
    accounts, accounts.c.id == jobs.c.asked_by, isouter=True
)


def _job(row: Row[Any]) -> StoredJob:
    return StoredJob(
        id=row.id,
        kind=JobKind(row.kind),
        state=JobState(row.state),
        asked_at=row.asked_at,
        asked_by=row.account_name,
        began_at=row.began_at,
        alive_until=row.alive_until,
        ended_at=row.ended_at,
        step=row.step,
        done=row.done,
        total=row.total,
        outcome=None if row.outcome is None else LearningOutcome.from_json(row.outcome),
        problem=row.problem,
    )
