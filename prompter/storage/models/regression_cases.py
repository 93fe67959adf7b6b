"""Pinned questions, whose answers must never get worse."""

from datetime import datetime

from sqlalchemy import select

from prompter.domain.regression_case import PinnedCase
from prompter.storage.rows import Rows
from prompter.storage.tables import accounts, pinned_cases


class PinRows(Rows):
    def add(self, text: str, article_id: str, *, account_id: int | None, now: datetime) -> None:
        """Pin a case. An existing pin stays unchanged."""
        row = {"text": text, "article_id": article_id, "pinned_at": now, "account_id": account_id}
        self._connection.execute(self._insert_new(pinned_cases, row))

    def remove(self, pin_id: int) -> bool:
        """Remove a pin. Return False if there is none."""
        return (
            self._connection.execute(pinned_cases.delete().where(pinned_cases.c.id == pin_id)).rowcount == 1
        )

    def all(self) -> list[PinnedCase]:
        """Return every pinned case, oldest first."""
        rows = self._connection.execute(
            select(pinned_cases, accounts.c.name.label("account_name"))
            .join(accounts, accounts.c.id == pinned_cases.c.account_id, isouter=True)
            .order_by(pinned_cases.c.id)
        )
        return [
            PinnedCase(
                id=row.id,
                text=row.text,
                article_id=row.article_id,
                pinned_at=row.pinned_at,
                pinned_by=row.account_name,
            )
            for row in rows
        ]
