"""What operators decided, and which decisions count as evidence."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What a person did with the first suggestion, or said of it."""

    ACCEPTED = "accepted"
    EDITED_COSMETIC = "edited_cosmetic"
    EDITED_SUBSTANTIVE = "edited_substantive"
    PICKED_OTHER = "picked_other"
    REJECTED = "rejected"
    WROTE_OWN = "wrote_own"
    UNDECIDED = "undecided"
    CONFIRMED = "confirmed"  # a second person, who did not know the first verdict, finds it right
    REFUTED = "refuted"  # or wrong


class ReviewKind(StrEnum):
    """Why a second person is asked."""

    SECOND = "second"  # an accepted suggestion was drawn
    SETTLE = "settle"  # the operator wrote an answer of their own
    AUDIT = "audit"  # the bot answered alone
    CHECK = "check"  # and the customer was unhappy: no draw, so no evidence
    GOLD = "planted"  # both answers are known to be wrong: this measures the judge


class Signal(StrEnum):
    """What a customer lets us know about an answer of the bot."""

    THUMB_UP = "thumb_up"
    THUMB_DOWN = "thumb_down"
    OPERATOR_CALLED = "operator_called"
    ASKED_AGAIN = "asked_again"  # the same, soon afterwards

    @property
    def is_bad(self) -> bool:
        return self is not Signal.THUMB_UP


class Place(StrEnum):
    """Where the bot's answer stands among two."""

    FIRST = "first"
    SECOND = "second"


class Choice(StrEnum):
    """Which of two answers is right; of one answer: `first` or `neither`."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"
    NEITHER = "neither"


class RejectReason(StrEnum):
    """Why a suggestion was rejected."""

    WRONG_ARTICLE = "wrong_article"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    TONE = "tone"
    NOT_A_QUESTION = "not_a_question"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What was drawn for a turn when it was triaged. The numbers are spread evenly over [0, 1)."""

    uniform: float = field(repr=False)
    probability: float  # a lower number: answered blind, or audited where the bot answers alone
    second_uniform: float = field(repr=False)
    second_probability: float  # a lower number: judged by a second person, once it is accepted
    counts_as_evidence: bool  # counts where readiness is tested

    @property
    def is_sampled(self) -> bool:
        return self.uniform < self.probability

    @property
    def is_double_reviewed(self) -> bool:
        return self.second_uniform < self.second_probability


class SampleKind(StrEnum):
    """What a turn was drawn for."""

    BLIND = "blind"
    SECOND = "second"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True)
class StoredDecision:
    """A decision as it stands in the table; `superseded_at` is set when it was undone."""

    id: int
    turn_id: int
    operator_id: int
    operator_name: str
    verdict: Verdict
    reason: RejectReason | None
    rank: int | None
    article_id: str | None
    suggested_text: str | None
    sent_text: str | None
    decided_at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One judgement of the first suggestion of a turn; corrections are further rows.

    `right` is None while a second person has to settle it. `lot` is what the turn was drawn for, and
    `lot_probability` with which probability it was, or might have been.
    """

    id: int
    turn_id: int
    decision_id: int | None
    topic: str | None
    article_id: str | None
    model_version: str | None
    confidence: float | None
    suggestion_visible: bool
    lot: SampleKind | None
    lot_probability: float | None
    verdict: Verdict
    right: bool | None
    operator_id: int | None
    received_at: datetime
    judged_at: datetime


@dataclass(frozen=True, kw_only=True)
class TeachingTurn:
    """A decided turn that models may learn from; `offered` are the suggested articles, best first."""

    turn_id: int
    operator_id: int
    decided_at: datetime
    utterance: str = field(repr=False)
    verdict: Verdict
    reason: RejectReason | None
    article_id: str | None
    offered: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DeskTurn:
    """A turn, what became of it, and who wrote: what proposals are made of.

    `verdict` is None where nobody has decided; `offered` are the suggested articles, best first, and
    `first_text` the first one's answer as it was offered. What people wrote stays out of the repr.
    """

    turn_id: int
    conversation_id: int
    utterance: str = field(repr=False)
    intent: str | None
    intent_confidence: float  # 0.0 where intent is None
    verdict: Verdict | None
    reason: RejectReason | None
    article_id: str | None
    suggested_text: str | None = field(repr=False)
    sent_text: str | None = field(repr=False)
    operator_id: int | None
    offered: tuple[str, ...]
    first_text: str | None = field(repr=False)
    customer_name: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class StoredReview:
    """A question, and one or two answers of which nobody is told whose they are.

    `bot_position` is where the bot's stands; `excluded_account_id` is who judged the turn before.
    """

    id: int
    turn_id: int
    decision_id: int | None
    kind: ReviewKind
    question: str = field(repr=False)
    first_text: str = field(repr=False)
    second_text: str | None = field(repr=False)
    bot_position: Place
    excluded_account_id: int | None
    drawn_at: datetime
    cancelled_at: datetime | None
    choice: Choice | None
    judge_id: int | None
    judged_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class GoldQuestion:
    """A question to be put beside answers of other topics than its own."""

    turn_id: int
    utterance: str = field(repr=False)
    topic: str
