"""Messages, turns and replies of a conversation with a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kb_index.marks import Mark
from prompter.domain.evidence import Draw
from prompter.domain.triage import HandoffReason, Route


class MessageKind(StrEnum):
    """The kind of a customer's message. Models can only read text and captions."""

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

    @property
    def is_mute(self) -> bool:
        """True if a message of this kind tells nothing beside its text: an operator need not look at it."""
        return self in (MessageKind.TEXT, MessageKind.STICKER)


class Command(StrEnum):
    """A message to the bot itself, which is no question."""

    START = "start"  # the first contact, or another beginning
    HELP = "help"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class IncomingMessage:
    """A message as the messenger delivered it.

    `external_id` is unique within the chat: a repeated id is the same message again.
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
    file_name: str | None = None
    file_size: int | None = None  # bytes
    thread_id: str | None = None  # of the topic in the chat, where chats have topics
    command: Command | None = None
    payload: str | None = None  # of the link that led to a START


class TurnState(StrEnum):
    OPEN = "open"  # the customer may still be writing
    WAITING = "waiting"  # triaged; an operator has to answer
    CLOSED = "closed"  # decided, or answered together with a later turn


class OutboxState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # claimed by a delivery; the outcome is unknown until that reports back
    SENT = "sent"
    UNKNOWN = "unknown"  # it may have arrived; only a person may decide to send it again
    FAILED = "failed"
    CANCELLED = "cancelled"


class Author(StrEnum):
    """The author of a reply."""

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
    file_name: str | None = None
    file_size: int | None = None  # bytes


def wording_ids(messages: Sequence[Message]) -> set[str]:
    """Return the external ids by which an edit may name one of these messages or an earlier wording of it."""
    found = {message.external_id for message in messages}
    return found | {message.replaces for message in messages if message.replaces is not None}


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
    full_text: str | None  # if the customer wrote on while it waited
    intent: str | None
    route: Route | None  # None until the turn is triaged
    handoff_reason: HandoffReason | None
    model_version: str | None
    blind: bool  # to be answered without seeing suggestions
    draw: Draw | None  # None: the bot would not have answered this turn at any confidence

    @property
    def question(self) -> str | None:
        """All that the customer has said by now. `utterance` is what was triaged first."""
        return self.full_text or self.utterance

    @property
    def is_automated(self) -> bool:
        """True if the bot answered it alone, even if an operator was called afterwards."""
        return self.route is Route.AUTOPILOT


@dataclass(frozen=True, kw_only=True)
class OfferedSuggestion:
    """A suggestion as shown on the desk. `text` is the answer with its template fields filled."""

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
    source: str | None = None  # where they came from: the payload of the link that they followed


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A reply to a customer, queued or sent: one part of it, as one message."""

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
    offers_operator: bool  # with a button that calls an operator
    settled_by: str | None  # name of the person who resolved its delivery
    settled_at: datetime | None
    marks: tuple[Mark, ...] = ()  # to be shown where their words stand in the text
    first_part_id: int | None = None  # of the same reply; None: this is the first part
    thread_id: str | None = None  # of the topic in the chat that it belongs to
