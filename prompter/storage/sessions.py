"""Browsers that are logged in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, select, update

from prompter.storage.accounts import Account, account_of
from prompter.storage.rows import Rows
from prompter.storage.tables import accounts, sessions


@dataclass(frozen=True, kw_only=True)
class Session:
    """A browser that is logged in; its secret is not kept."""

    id: int
    account_id: int
    created_at: datetime
    seen_at: datetime  # when its owner did something last, give or take a minute
    expires_at: datetime
    user_agent: str  # as the browser calls itself, shortened


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

    def by_secret(self, secret_hash: str) -> tuple[Session, Account] | None:
        """The session with that secret and whose it is, unless it is revoked."""
        return self._found(_with_account().where(sessions.c.secret_hash == secret_hash))

    def get(self, session_id: int) -> tuple[Session, Account] | None:
        """The session and whose it is, unless it is revoked."""
        return self._found(_with_account().where(sessions.c.id == session_id))

    def _found(self, query: Select[Any]) -> tuple[Session, Account] | None:
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
        """The account's sessions that are not revoked, the newest first."""
        rows = self._connection.execute(
            select(sessions)
            .where(sessions.c.account_id == account_id, sessions.c.revoked_at.is_(None))
            .order_by(sessions.c.id.desc())
        )
        return [_session(row) for row in rows]

    def seen(self, session_id: int, now: datetime) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now))

    def revoke(self, session_id: int, now: datetime, *, of: int | None = None) -> bool:
        """End a session; False if there is none such, or it is not one of the account `of`."""
        where = (sessions.c.id == session_id) & sessions.c.revoked_at.is_(None)
        if of is not None:
            where &= sessions.c.account_id == of
        changed = self._connection.execute(update(sessions).where(where).values(revoked_at=now))
        return changed.rowcount == 1

    def revoke_secret(self, secret_hash: str, now: datetime) -> None:
        self._connection.execute(
            update(sessions)
            .where(sessions.c.secret_hash == secret_hash, sessions.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )

    def revoke_all(self, account_id: int, now: datetime) -> None:
        self._connection.execute(
            update(sessions)
            .where(sessions.c.account_id == account_id, sessions.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )

    def forget_expired(self, now: datetime) -> None:
        """Delete sessions whose time is over, revoked or not."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at <= now))


def _with_account() -> Select[Any]:
    return (
        select(
            accounts,
            sessions.c.id.label("session_id"),
            sessions.c.created_at.label("session_created_at"),
            sessions.c.seen_at,
            sessions.c.expires_at,
            sessions.c.user_agent,
        )
        .join(sessions, sessions.c.account_id == accounts.c.id)
        .where(sessions.c.revoked_at.is_(None))
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account_id=row.account_id,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        user_agent=row.user_agent,
    )
