"""What is known about the readiness of a topic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from prompter.domain.evidence import SampleKind, Verdict


class ReadinessState(StrEnum):
    """Whether a topic may answer alone."""

    COLLECTING = "collecting"  # the evidence does not allow it yet
    READY = "ready"  # it does; a supervisor has to agree
    AUTOPILOT = "autopilot"
    DEMOTED = "demoted"  # it slipped, and collects anew
    HELD = "held"  # a supervisor has stopped it


class Mode(StrEnum):
    """What happens once a topic is ready."""

    MANUAL = "manual"  # a supervisor decides
    AUTOMATIC = "automatic"  # it goes live
    SHADOW = "shadow"  # nothing: it is only measured


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One judgement of a turn."""

    verdict: Verdict
    right: bool | None
    lot: SampleKind | None


@dataclass(frozen=True, kw_only=True)
class LedgerTurn:
    """A turn that the bot would have answered alone if it was sure enough, and all judgements of it."""

    id: int
    conversation_id: int
    received_at: datetime
    utterance: str | None = field(repr=False)
    topic: str
    article_id: str
    confidence: float
    is_waiting: bool
    by_bot: bool  # it was answered alone
    blind: bool
    tests: bool
    probability: float
    second_probability: float
    rows: tuple[LedgerRow, ...]  # oldest first


@dataclass(frozen=True, kw_only=True)
class ReplayedTurn:
    """What a model would have suggested first in a turn that was judged by lot before it came."""

    turn_id: int
    topic: str
    article_id: str
    confidence: float
    right: bool


@dataclass(frozen=True, kw_only=True)
class StoredReadiness:
    """Where a topic or group stands. `revision` grows with every change."""

    name: str
    state: ReadinessState
    mode: Mode | None
    threshold: float | None
    test_number: int
    test_began_at: datetime
    model: str
    live_since: datetime | None
    frozen: Mapping[float, float]  # with e-BH: log-e-values by threshold that they passed
    left_out: tuple[str, ...]  # topics of a group that are below the bar themselves
    changed_at: datetime
    revision: int


@dataclass(frozen=True, kw_only=True)
class ReadinessEvent:
    """A change of state, and why; `account_id` and `account_name` None: by itself."""

    id: int
    name: str
    at: datetime
    state: ReadinessState
    reason: str
    facts: Mapping[str, Any]
    account_id: int | None
    account_name: str | None
