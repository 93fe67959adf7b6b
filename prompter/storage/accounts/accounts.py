"""People who may log in, and their API tokens."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from prompter.domain.account import Account, ApiToken, Role, Scope
from prompter.storage.rows import Rows
from prompter.storage.tables import accounts, api_tokens


class AccountRows(Rows):
    def add(
        self, *, name: str, role: Role, password_hash: str, one_time_password: bool, now: datetime
    ) -> int:
        return self._insert(
            accounts,
            name=name,
            folded_name=name.casefold(),
            role=role.label,
            password_hash=password_hash,
            one_time_password=one_time_password,
            created_at=now,
            password_changed_at=now,
        )

    def get(self, account_id: int) -> Account | None:
        row = self._connection.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()
        return None if row is None else account_of(row)

    def find_by_name(self, name: str) -> Account | None:
        """Return the account of that name, ignoring case."""
        if "\x00" in name:  # PostgreSQL rejects the query
            return None
        row = self._connection.execute(
            select(accounts).where(accounts.c.folded_name == name.casefold())
        ).one_or_none()
        return None if row is None else account_of(row)

    def lock(self, account_id: int) -> Account | None:
        """Return the account, and lock it until the transaction ends."""
        query = select(accounts).where(accounts.c.id == account_id).with_for_update(key_share=True)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else account_of(row)

    def is_as_verified(self, account: Account) -> bool:
        """Return whether it is enabled and still has the password that was checked. It stays locked."""
        current = self.lock(account.id)
        return (
            current is not None
            and current.disabled_at is None
            and current.password_hash == account.password_hash
        )

    def all(self) -> list[Account]:
        return [
            account_of(row) for row in self._connection.execute(select(accounts).order_by(accounts.c.name))
        ]

    def set_password(
        self, account_id: int, password_hash: str, *, one_time_password: bool, now: datetime
    ) -> None:
        self._connection.execute(
            update(accounts)
            .where(accounts.c.id == account_id)
            .values(
                password_hash=password_hash,
                one_time_password=one_time_password,
                password_changed_at=now,
            )
        )

    def set_language(self, account_id: int, language: str) -> None:
        self._connection.execute(
            update(accounts).where(accounts.c.id == account_id).values(language=language)
        )

    def disable(self, account_id: int, now: datetime) -> None:
        self._connection.execute(update(accounts).where(accounts.c.id == account_id).values(disabled_at=now))

    def add_token(
        self,
        *,
        account_id: int,
        name: str,
        secret_hash: str,
        scopes: Collection[Scope],
        now: datetime,
        expires_at: datetime | None,
    ) -> int:
        return self._insert(
            api_tokens,
            account_id=account_id,
            name=name,
            secret_hash=secret_hash,
            scopes=" ".join(sorted(scopes)),
            created_at=now,
            expires_at=expires_at,
        )

    def tokens(self, account_id: int, now: datetime) -> list[ApiToken]:
        """Return the account's working tokens, oldest first."""
        rows = self._connection.execute(
            select(api_tokens)
            .where(
                api_tokens.c.account_id == account_id,
                api_tokens.c.revoked_at.is_(None),
                api_tokens.c.expires_at.is_(None) | (api_tokens.c.expires_at > now),
            )
            .order_by(api_tokens.c.id)
        )
        return [_token(row) for row in rows]

    def newest_token(self, account_id: int) -> int:
        """Return the id of the account's newest token, working or not, or 0 if it has none."""
        query = select(func.max(api_tokens.c.id)).where(api_tokens.c.account_id == account_id)
        return self._connection.scalar(query) or 0

    def delete_tokens_over(self, before: datetime) -> None:
        """Delete tokens that expired or were revoked before that moment."""
        is_over = (api_tokens.c.expires_at < before) | (api_tokens.c.revoked_at < before)
        self._connection.execute(delete(api_tokens).where(is_over))

    def find_by_token(self, token_id: int) -> tuple[str, ApiToken, Account] | None:
        """Return the token's secret hash, the token and its account, unless it is revoked."""
        row = self._connection.execute(
            select(api_tokens).where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
        ).one_or_none()
        account = None if row is None else self.get(row.account_id)
        return None if row is None or account is None else (row.secret_hash, _token(row), account)

    def mark_token_used(self, token_id: int, now: datetime) -> None:
        self._connection.execute(
            update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_at=now)
        )

    def revoke_token(self, token_id: int, now: datetime, *, of: int | None = None) -> bool:
        """Revoke a token. Return False if there is no such token of the account `of`."""
        where = (api_tokens.c.id == token_id) & api_tokens.c.revoked_at.is_(None)
        if of is not None:
            where &= api_tokens.c.account_id == of
        changed = self._connection.execute(update(api_tokens).where(where).values(revoked_at=now))
        return changed.rowcount == 1

    def revoke_tokens(self, account_id: int, now: datetime) -> None:
        """Revoke every token of an account."""
        self._connection.execute(
            update(api_tokens)
            .where(api_tokens.c.account_id == account_id, api_tokens.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.id,
        name=row.name,
        scopes=frozenset(Scope) if row.scopes is None else frozenset(map(Scope, row.scopes.split())),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def account_of(row: Row[Any]) -> Account:
    """Build the account from a row that has its columns."""
    return Account(
        id=row.id,
        name=row.name,
        role=Role.from_name(row.role),
        language=row.language,
        one_time_password=row.one_time_password,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        password_changed_at=row.password_changed_at,
        password_hash=row.password_hash,
    )
