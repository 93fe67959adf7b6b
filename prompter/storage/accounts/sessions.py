"""Browsers that are logged in."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, select, update

from prompter.domain.account import Account, Session
from prompter.storage.accounts.accounts import account_of
from prompter.storage.rows import Rows
from prompter.storage.tables import accounts, sessions


class SessionRows(Rows):
    def add(
        self, *, account_id: int, secret_hash: str, user_agent: str, now: datetime, expires_at: datetime
    ) -> int:
        return self._insert(
            sessions,
            account_id=account_id,
            secret_hash=secret_hash,
            user_agent=user_agent,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
        )

    def find_by_secret(self, secret_hash: str) -> tuple[Session, Account] | None:
        """Return the session with that secret and its account, unless it has ended."""
        return self._find(_with_account().where(sessions.c.secret_hash == secret_hash))

    def get(self, session_id: int) -> tuple[Session, Account] | None:
        """Return the session and its account, unless it has ended."""
        return self._find(_with_account().where(sessions.c.id == session_id))

    def _find(self, query: Select[Any]) -> tuple[Session, Account] | None:
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        session = Session(
            id=row.session_id,
            account_id=row.id,
            created_at=row.session_created_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
        )
        return session, account_of(row)

    def all(self, account_id: int) -> list[Session]:
        """Return the account's sessions, newest first."""
        rows = self._connection.execute(
            select(sessions).where(sessions.c.account_id == account_id).order_by(sessions.c.id.desc())
        )
        return [_session(row) for row in rows]

    def mark_seen(self, session_id: int, now: datetime) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now))

    def delete(self, session_id: int, *, of: int) -> bool:
        """End a session. Return False if the account `of` has no such session."""
        deleted = self._connection.execute(
            delete(sessions).where(sessions.c.id == session_id, sessions.c.account_id == of)
        )
        return deleted.rowcount == 1

    def delete_secret(self, secret_hash: str) -> None:
        """End the session with that secret, if there is one."""
        self._connection.execute(delete(sessions).where(sessions.c.secret_hash == secret_hash))

    def delete_of(self, account_id: int) -> None:
        """End every session of an account."""
        self._connection.execute(delete(sessions).where(sessions.c.account_id == account_id))

    def delete_all(self) -> None:
        """End every session of everybody."""
        self._connection.execute(delete(sessions))

    def delete_expired(self, now: datetime) -> None:
        """Delete expired sessions."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at <= now))


def _with_account() -> Select[Any]:
    return select(
        accounts,
        sessions.c.id.label("session_id"),
        sessions.c.created_at.label("session_created_at"),
        sessions.c.seen_at,
        sessions.c.expires_at,
        sessions.c.user_agent,
    ).join(sessions, sessions.c.account_id == accounts.c.id)


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account_id=row.account_id,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        user_agent=row.user_agent,
    )
