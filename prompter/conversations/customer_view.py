"""A conversation as its customer sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kb_index.marks import Mark
from prompter.domain.conversation import Author, Message, MessageKind, OutboxState, Reply, TurnState
from prompter.storage import Store


class Attention(StrEnum):
    """Activity on the team's side that the customer sees."""

    NONE = "none"  # no answer is due
    WAITING = "waiting"  # the customer's message waits for an answer
    TYPING = "typing"  # an answer is about to leave


@dataclass(frozen=True, kw_only=True)
class Line:
    """A message of the conversation. `author` is None for the customer's own messages."""

    key: str  # unique in the conversation
    author: Author | None
    kind: MessageKind
    text: str = field(repr=False)
    at: datetime
    external_id: str | None  # of the customer's own messages
    reply_id: int | None  # of an answer that the customer may rate, or after which they may call an operator
    marks: tuple[Mark, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class CustomerView:
    """The messages so far, oldest first. A reply stands where it was sent."""

    lines: tuple[Line, ...] = ()
    attention: Attention = Attention.NONE


class CustomerViews:
    """Reads conversations for channels that show the customer the whole of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, channel: str, chat_id: str) -> CustomerView:
        """Return the conversation's view, which is empty for an unknown customer."""
        with self._store.read() as tx:
            customer = tx.conversations.find(channel, chat_id)
            if customer is None:
                return CustomerView()
            conversation_id = customer.conversation_id
            messages = tx.conversations.messages(conversation_id)
            replies = tx.outbox.of_conversation(conversation_id)
            is_open = any(
                tx.conversations.conversation_turns(conversation_id, state)
                for state in (TurnState.OPEN, TurnState.WAITING)
            )
        lines = [*map(_message_line, messages), *(line for reply in replies if (line := _line_of(reply)))]
        lines.sort(key=lambda line: line.at)
        return CustomerView(lines=tuple(lines), attention=_attention(lines, replies, is_open=is_open))


def _attention(lines: list[Line], replies: list[Reply], *, is_open: bool) -> Attention:
    if any(reply.state in (OutboxState.PENDING, OutboxState.SENDING) for reply in replies):
        return Attention.TYPING
    operator_spoke_last = bool(lines) and lines[-1].author is Author.OPERATOR
    return Attention.WAITING if is_open and not operator_spoke_last else Attention.NONE


def _message_line(message: Message) -> Line:
    return Line(
        key=f"message-{message.id}",
        author=None,
        kind=message.kind,
        text=message.text,
        at=message.received_at,
        external_id=message.external_id,
        reply_id=None,
    )


def _line_of(reply: Reply) -> Line | None:
    """Return the reply's line, or None while it is not sent and may still be undone."""
    if reply.state is not OutboxState.SENT:
        return None
    return Line(
        key=f"reply-{reply.id}",
        author=reply.author,
        kind=MessageKind.TEXT,
        text=reply.text,
        at=reply.sent_at or reply.created_at,
        external_id=None,
        reply_id=reply.id if reply.offers_operator else None,
        marks=reply.marks,
    )
