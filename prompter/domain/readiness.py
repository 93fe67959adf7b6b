"""The stored readiness of a topic: evidence, state and changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from prompter.domain.evidence import SampleKind, Verdict
from prompter.domain.json_record import JsonRecord, json_key, json_list


class ReadinessState(StrEnum):
    """A topic's state on its way to automated replies."""

    COLLECTING = "collecting"  # the evidence does not allow it yet
    READY = "ready"  # it does, and a supervisor has to agree
    AUTOPILOT = "autopilot"
    DEMOTED = "demoted"  # its accuracy dropped, and it starts over
    HELD = "held"  # a supervisor has stopped it


class Mode(StrEnum):
    """The next step once a topic is ready."""

    MANUAL = "manual"  # a supervisor decides
    AUTOMATIC = "automatic"  # it goes live
    SHADOW = "shadow"  # nothing happens: it is only measured


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """A judgement of a turn."""

    verdict: Verdict
    right: bool | None
    lot: SampleKind | None


@dataclass(frozen=True, kw_only=True)
class LedgerTurn:
    """A turn that the bot would have answered alone with enough confidence, and all judgements of it."""

    id: int
    conversation_id: int
    received_at: datetime
    utterance: str | None = field(repr=False)
    topic: str
    article_id: str
    confidence: float
    is_waiting: bool
    is_automated: bool  # it was answered alone
    blind: bool
    tests: bool
    probability: float
    second_probability: float
    rows: tuple[LedgerRow, ...]  # oldest first


@dataclass(frozen=True, kw_only=True)
class ReplayedTurn:
    """A model's top suggestion for a randomly sampled turn that was judged before the model came."""

    turn_id: int
    topic: str
    article_id: str
    confidence: float
    right: bool


@dataclass(frozen=True, kw_only=True)
class StoredReadiness:
    """The readiness of a topic or group. `revision` grows with every change."""

    name: str
    state: ReadinessState
    mode: Mode | None
    threshold: float | None
    test_number: int
    test_began_at: datetime
    model: str
    live_since: datetime | None
    frozen: Mapping[float, float]  # with e-BH: log-e-values by threshold that they passed
    left_out: tuple[str, ...]  # topics of a group that miss the target accuracy themselves
    changed_at: datetime
    revision: int


@dataclass(frozen=True, kw_only=True)
class ReadinessChangeFacts(JsonRecord):
    """Details of a readiness change for supervisors. Each reason fills in its own fields."""

    answers_from: float | None = json_key()  # confidence from which the topic has answered alone since then
    model: str | None = json_key()  # model that has been tested since then
    version: str | None = json_key()  # a version that was measured to be no worse, and continues to answer
    changed: int = json_key(0)  # articles that this version suggests and the previous one did not
    topics: tuple[str, ...] = json_list(str)  # of a group, left out
    passed: float | None = json_key()  # the lowest threshold that has passed
    threshold: float | None = json_key()  # the lowest threshold tested, to which the next three fields belong
    estimate: float | None = json_key()  # share of right answers
    turns: int = json_key(0)
    judged_by_lot: int = json_key(0)
    audited: int = json_key(0)  # automated replies
    audited_wrong: int = json_key(0)
    articles: tuple[str, ...] = json_list(str)  # articles that were wrong and should be checked
    wrong_turns: tuple[int, ...] = json_list(int)  # the last wrong turns, oldest first


@dataclass(frozen=True, kw_only=True)
class ReadinessEvent:
    """A change of state, and its reason. `account_id` and `account_name` are None if it was automatic."""

    id: int
    name: str
    at: datetime
    state: ReadinessState
    reason: str
    facts: ReadinessChangeFacts
    account_id: int | None
    account_name: str | None
