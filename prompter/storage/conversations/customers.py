"""Customers, and the conversation of each."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, update

from prompter.domain.conversation import (
    Customer,
    IncomingMessage,
)
from prompter.storage.rows import Rows
from prompter.storage.tables import (
    conversations,
    customers,
)


class CustomerRows(Rows):
    """Customers and their chats."""

    def ensure(self, message: IncomingMessage, now: datetime) -> int:
        """Return or create the conversation of the message's chat, and update the customer's name."""
        known = self.find(message.channel, message.chat_id)
        if known is None:
            customer_id = self._insert(
                customers,
                channel=message.channel,
                external_id=message.chat_id,
                name=message.customer_name,
                language=message.customer_language,
                created_at=now,
            )
            return self._insert(conversations, customer_id=customer_id, created_at=now)
        if message.customer_name and message.customer_name != known.name:
            self._connection.execute(
                update(customers).where(customers.c.id == known.id).values(name=message.customer_name)
            )
        return known.conversation_id

    def customer(self, conversation_id: int) -> Customer | None:
        row = self._connection.execute(CUSTOMERS.where(conversations.c.id == conversation_id)).one_or_none()
        return None if row is None else customer_of(row)

    def find(self, channel: str, chat_id: str) -> Customer | None:
        row = self._connection.execute(
            CUSTOMERS.where(customers.c.channel == channel, customers.c.external_id == chat_id)
        ).one_or_none()
        return None if row is None else customer_of(row)

    def set_source(self, conversation_id: int, source: str) -> None:
        """Keep where a customer came from, if that is not known yet."""
        customer_id = select(conversations.c.customer_id).where(conversations.c.id == conversation_id)
        self._connection.execute(
            update(customers)
            .where(customers.c.id == customer_id.scalar_subquery(), customers.c.source.is_(None))
            .values(source=source)
        )

    def move_chat(self, channel: str, chat_id: str, new_chat_id: str) -> bool:
        """Give a chat another id and return whether there was such a chat. The old id no longer opens it."""
        changed = self._connection.execute(
            update(customers)
            .where(customers.c.channel == channel, customers.c.external_id == chat_id)
            .values(external_id=new_chat_id)
        )
        return changed.rowcount == 1


CUSTOMER_COLUMNS: tuple[ColumnElement[Any], ...] = (
    customers.c.id.label("customer_id"),
    customers.c.channel,
    customers.c.external_id,
    customers.c.name,
    customers.c.language,
    customers.c.source,
)


CUSTOMERS: Select[Any] = select(*CUSTOMER_COLUMNS, conversations.c.id.label("conversation_id")).join(
    conversations, conversations.c.customer_id == customers.c.id
)


def customer_of(row: Row[Any]) -> Customer:
    return Customer(
        id=row.customer_id,
        conversation_id=row.conversation_id,
        channel=row.channel,
        chat_id=row.external_id,
        name=row.name,
        language=row.language,
        source=row.source,
    )
