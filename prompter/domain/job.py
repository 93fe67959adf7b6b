"""Background jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


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
    outcome: Mapping[str, Any] | None
    problem: str | None
