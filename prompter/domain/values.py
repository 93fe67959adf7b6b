"""The values of a conversation: what came in, what we know of it, what goes out."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MessageKind(StrEnum):
    """What a customer's message is; only text and captions can be read by the models."""

    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class IncomingMessage:
    """A message as a messenger handed it over.

    `external_id` is unique within the chat: the same id again is the same message again.
    `replaces` is the external id of an earlier message that the customer has edited into this one.
    """

    channel: str
    chat_id: str
    external_id: str
    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    customer_name: str = ""
    customer_language: str | None = None
    forwarded: bool = False
    replaces: str | None = None


class TurnState(StrEnum):
    OPEN = "open"  # the customer may still be writing
    WAITING = "waiting"  # triaged, an operator has to answer
    CLOSED = "closed"  # decided, or answered together with a later turn


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


class ReviewKind(StrEnum):
    """Why a second person is asked."""

    SECOND = "second"  # an accepted suggestion was drawn
    SETTLE = "settle"  # the operator wrote an answer of their own
    AUDIT = "audit"  # the bot answered alone
    CHECK = "check"  # and the customer was unhappy: no draw, so no evidence
    PLANTED = "planted"  # both answers are known to be wrong: this measures the judge


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


class OutboxState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # claimed by a delivery; its fate is unknown until that reports back
    SENT = "sent"
    UNKNOWN = "unknown"  # it may have arrived; only a person may decide to send it again
    FAILED = "failed"
    CANCELLED = "cancelled"


class Author(StrEnum):
    """Who speaks to the customer."""

    OPERATOR = "operator"
    BOT = "bot"


@dataclass(frozen=True, kw_only=True)
class Message:
    """A stored message of a customer."""

    id: int
    turn_id: int
    external_id: str
    kind: MessageKind
    text: str
    forwarded: bool
    replaces: str | None
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What was drawn for a turn when it was triaged. The numbers are spread evenly over [0, 1)."""

    number: float = field(repr=False)
    probability: float  # a lower number: answered blind, or audited where the bot answers alone
    second_number: float = field(repr=False)
    second_probability: float  # a lower number: judged by a second person, once it is accepted
    tests: bool  # counts where readiness is tested

    @property
    def falls(self) -> bool:
        return self.number < self.probability

    @property
    def second_falls(self) -> bool:
        return self.second_number < self.second_probability


class Lot(StrEnum):
    """What a turn was drawn for."""

    BLIND = "blind"
    SECOND = "second"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A customer's consecutive messages, answered together."""

    id: int
    conversation_id: int
    state: TurnState
    received_at: datetime
    closes_at: datetime
    last_message_id: int
    triaged_at: datetime | None
    utterance: str | None
    intent: str | None
    route: str | None
    handoff_reason: str | None
    model_version: str | None
    blind: bool  # to be answered without a look at the suggestions
    draw: Draw | None  # None: the bot would not have answered this, however sure it was

    @property
    def by_bot(self) -> bool:
        """Whether the bot answered it alone, even if an operator was called afterwards."""
        return self.route == "autopilot"


@dataclass(frozen=True, kw_only=True)
class OfferedSuggestion:
    """A suggestion as it stands on the desk: `text` is the answer with its template fields filled."""

    turn_id: int
    rank: int  # 1 is the first
    article_id: str
    question: str
    text: str
    topic: str
    language: str
    similarity: float
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Customer:
    id: int
    conversation_id: int
    channel: str
    chat_id: str
    name: str
    language: str | None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Something that leaves, or has left, for a customer: one part of it, as one message."""

    id: int
    conversation_id: int
    turn_id: int | None
    decision_id: int | None
    part: int
    author: Author
    operator_name: str | None
    text: str
    state: OutboxState
    not_before: datetime
    attempts: int
    external_id: str | None
    problem: str | None
    created_at: datetime
    sent_at: datetime | None
    offers_operator: bool  # with a button that calls one
    settled_by: str | None  # the name of whoever decided about it when it was in trouble
    settled_at: datetime | None
