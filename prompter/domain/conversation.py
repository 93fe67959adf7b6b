"""Messages, turns and replies of a conversation with a customer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prompter.domain.evidence import Draw
from prompter.domain.triage import HandoffReason, Route


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
    route: Route | None  # None until it is triaged
    handoff_reason: HandoffReason | None
    model_version: str | None
    blind: bool  # to be answered without a look at the suggestions
    draw: Draw | None  # None: the bot would not have answered this, however sure it was

    @property
    def by_bot(self) -> bool:
        """Whether the bot answered it alone, even if an operator was called afterwards."""
        return self.route is Route.AUTOPILOT


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
