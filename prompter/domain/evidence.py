"""Operators' decisions, and the decisions that count as evidence."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """A person's judgement of the top suggestion, by action or in a review."""

    ACCEPTED = "accepted"
    EDITED_COSMETIC = "edited_cosmetic"
    EDITED_SUBSTANTIVE = "edited_substantive"
    PICKED_OTHER = "picked_other"
    REJECTED = "rejected"
    WROTE_OWN = "wrote_own"
    UNDECIDED = "undecided"
    CONFIRMED = "confirmed"  # a second person, who did not know the first verdict, found it right
    REFUTED = "refuted"  # or wrong


class ReviewKind(StrEnum):
    """The reason why a second person is asked."""

    SECOND = "second"  # an accepted suggestion was randomly sampled
    SETTLE = "settle"  # the operator wrote an answer of their own
    AUDIT = "audit"  # the bot answered alone
    CHECK = "check"  # the bot answered alone and the customer was unhappy; not sampled, so no evidence
    GOLD = "planted"  # both answers are known to be wrong: this measures the reviewer


class Signal(StrEnum):
    """A customer's reaction to an answer of the bot."""

    THUMB_UP = "thumb_up"
    THUMB_DOWN = "thumb_down"
    OPERATOR_CALLED = "operator_called"
    ASKED_AGAIN = "asked_again"  # the same question, soon afterwards

    @property
    def is_bad(self) -> bool:
        return self is not Signal.THUMB_UP


class Place(StrEnum):
    """Position of the bot's answer among two."""

    FIRST = "first"
    SECOND = "second"


class Choice(StrEnum):
    """The right one of two answers, or `first` or `neither` if there is only one."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"
    NEITHER = "neither"


class RejectReason(StrEnum):
    """The reason why a suggestion was rejected."""

    WRONG_ARTICLE = "wrong_article"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    TONE = "tone"
    NOT_A_QUESTION = "not_a_question"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Draw:
    """The random numbers drawn for a turn at triage, uniform over [0, 1)."""

    uniform: float = field(repr=False)
    probability: float  # below it: answered blind, or audited if the bot answers alone
    second_uniform: float = field(repr=False)
    second_probability: float  # below it: judged by a second person once accepted
    counts_as_evidence: bool  # counts in the readiness test

    @property
    def is_sampled(self) -> bool:
        return self.uniform < self.probability

    @property
    def is_double_reviewed(self) -> bool:
        return self.second_uniform < self.second_probability


class SampleKind(StrEnum):
    """The purpose for which a turn was sampled."""

    BLIND = "blind"
    SECOND = "second"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True)
class StoredDecision:
    """A decision as stored. `superseded_at` is set when it was undone."""

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
    """A judgement of a turn's top suggestion. Corrections are further rows.

    `right` is None until a second person has settled it. `lot` is the purpose for which the turn was
    sampled, and `lot_probability` the probability with which it was or might have been.
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
    """A decided turn that models may learn from. `offered` are the suggested articles, best first."""

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
    """A turn, its outcome and its authors: the input of proposals.

    `verdict` is None if nobody has decided. `offered` are the suggested articles, best first, and
    `first_text` is the first answer as it was offered. People's texts stay out of the repr.
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
    """A question with one or two answers, whose authors are not shown to the reviewer.

    `bot_position` is the bot's place among them. `excluded_account_id` judged the turn before.
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
    """A question to be shown with answers of other topics than its own."""

    turn_id: int
    utterance: str = field(repr=False)
    topic: str
