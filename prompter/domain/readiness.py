"""What is known about the readiness of a topic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from prompter.domain.evidence import SampleKind, Verdict
from prompter.domain.json_record import JsonRecord, json_key, json_list


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
class ReadinessChangeFacts(JsonRecord):
    """What a supervisor is told about a change: each reason gives the facts that belong to it."""

    answers_from: float | None = json_key()  # confidence from which on the topic answers alone since then
    model: str | None = json_key()  # that the topic is tested for since then
    version: str | None = json_key()  # a version that was measured to be no worse, and answers on
    changed: int = json_key(0)  # articles that this version answers with and the one before did not
    topics: tuple[str, ...] = json_list(str)  # of a group, left out
    passed: float | None = json_key()  # the laxest threshold that has passed
    threshold: float | None = json_key()  # the laxest one that is tested, which the next three are about
    estimate: float | None = json_key()  # share of right answers
    turns: int = json_key(0)
    judged_by_lot: int = json_key(0)
    audited: int = json_key(0)  # answers given alone
    audited_wrong: int = json_key(0)
    articles: tuple[str, ...] = json_list(str)  # that were wrong: to be looked at again
    wrong_turns: tuple[int, ...] = json_list(int)  # the last of them, oldest first


@dataclass(frozen=True, kw_only=True)
class ReadinessEvent:
    """A change of state, and why; `account_id` and `account_name` None: by itself."""

    id: int
    name: str
    at: datetime
    state: ReadinessState
    reason: str
    facts: ReadinessChangeFacts
    account_id: int | None
    account_name: str | None
