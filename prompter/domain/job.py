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
    """A background job. If it gives no sign of life until `alive_until`, its process has died."""

    id: int
    kind: JobKind
    state: JobState
    asked_at: datetime
    asked_by: str | None  # None: by the schedule or the command line
    began_at: datetime | None
    alive_until: datetime | None
    ended_at: datetime | None
    step: str
    done: int
    total: int | None
    outcome: LearningOutcome | None  # None until it is done
    problem: str | None
