"""Background jobs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prompter.domain.learning_outcome import LearningOutcome


class JobKind(StrEnum):
    LEARN = "learn"


class JobState(StrEnum):
    WAITING = "waiting"  # for a worker
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class StoredJob:
    """A job; `alive_until`: without a sign of life by then, its process has died."""

    id: int
    kind: JobKind
    state: JobState
    asked_at: datetime
    asked_by: str | None  # None: the schedule, or the command line
    began_at: datetime | None
    alive_until: datetime | None
    ended_at: datetime | None
    step: str
    done: int
    total: int | None
    outcome: LearningOutcome | None  # None: it is not done
    problem: str | None
