"""Customers' messages."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from prompter.domain.conversation import (
    IncomingMessage,
    Message,
    MessageKind,
)
from prompter.storage.rows import Rows
from prompter.storage.tables import (
    messages,
)


class MessageRows(Rows):
    """The messages of conversations and turns."""

    def has_message(self, conversation_id: int, external_id: str) -> bool:
        found = self._connection.scalar(
            select(messages.c.id).where(
                messages.c.conversation_id == conversation_id, messages.c.external_id == external_id
            )
        )
        return found is not None

    def add_message(self, conversation_id: int, turn_id: int, message: IncomingMessage, now: datetime) -> int:
        return self._insert(
            messages,
            conversation_id=conversation_id,
            turn_id=turn_id,
            external_id=message.external_id,
            kind=message.kind.value,
            text=message.text,
            forwarded=message.forwarded,
            replaces=message.replaces,
            file_name=message.file_name,
            file_size=message.file_size,
            thread_id=message.thread_id,
            received_at=now,
        )

    def last_wording(
        self, conversation_id: int, external_id: str, *, but_turn_id: int | None = None
    ) -> Message | None:
        """Return a message as the customer has last edited it, or None if it is unknown.

        Edits in the turn `but_turn_id` do not count.
        """
        query = select(messages).where(
            messages.c.conversation_id == conversation_id,
            (messages.c.external_id == external_id) | (messages.c.replaces == external_id),
        )
        if but_turn_id is not None:
            query = query.where(messages.c.turn_id != but_turn_id)
        row = self._connection.execute(query.order_by(messages.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else _message(row)

    def messages(self, conversation_id: int, *, limit: int = 200) -> list[Message]:
        """Return the conversation's last messages, oldest first."""
        newest_first = self._connection.execute(
            select(messages)
            .where(messages.c.conversation_id == conversation_id)
            .order_by(messages.c.id.desc())
            .limit(limit)
        )
        return [_message(row) for row in newest_first][::-1]

    def turn_messages(self, turn_id: int) -> list[Message]:
        rows = self._connection.execute(
            select(messages).where(messages.c.turn_id == turn_id).order_by(messages.c.id)
        )
        return [_message(row) for row in rows]

    def count_turn_messages(self, turn_id: int, *, limit: int) -> int:
        """Count the turn's messages, up to `limit`."""
        counted = select(messages.c.id).where(messages.c.turn_id == turn_id).limit(limit).subquery()
        return self._connection.scalar(select(func.count()).select_from(counted)) or 0

    def last_message_id(self, conversation_id: int) -> int:
        """Return the id of the customer's newest message, or 0 if there is none."""
        newest = select(func.max(messages.c.id)).where(messages.c.conversation_id == conversation_id)
        return self._connection.scalar(newest) or 0


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        turn_id=row.turn_id,
        external_id=row.external_id,
        kind=MessageKind(row.kind),
        text=row.text,
        forwarded=row.forwarded,
        replaces=row.replaces,
        received_at=row.received_at,
        file_name=row.file_name,
        file_size=row.file_size,
    )
