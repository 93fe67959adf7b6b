"""Requests of programs by their idempotency keys. Keys and requests are stored as keyed hashes only."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select, update

from prompter.domain.account import KeyClaim, StoredKey
from prompter.storage.rows import Rows
from prompter.storage.tables import idempotency_keys

_MAX_DELETED = 1000  # rows by one request


class IdempotencyKeyRows(Rows):
    def add(self, claim: KeyClaim, request_hash: str, now: datetime, until: datetime) -> bool:
        """Claim a key until a moment. Return False if it is stored already."""
        row = {
            "account_id": claim.account_id,
            "key_hash": claim.key_hash,
            "request_hash": request_hash,
            "claim": claim.token,
            "created_at": now,
            "claimed_until": until,
            "has_effect": False,
        }
        return self._connection.execute(self._insert_new(idempotency_keys, row)).rowcount == 1

    def lock(self, claim: KeyClaim) -> StoredKey | None:
        """Return what is stored under a key, and lock it until the transaction ends."""
        row = self._connection.execute(
            select(idempotency_keys).where(_is_key(claim)).with_for_update()
        ).one_or_none()
        if row is None:
            return None
        return StoredKey(
            request_hash=row.request_hash,
            claimed_until=row.claimed_until,
            has_effect=row.has_effect,
            status=row.status,
            body=row.body,
        )

    def claim_again(self, claim: KeyClaim, until: datetime) -> None:
        """Give a key to another request: the one before it died without an effect."""
        self._connection.execute(
            update(idempotency_keys).where(_is_key(claim)).values(claim=claim.token, claimed_until=until)
        )

    def record_effect(self, claim: KeyClaim) -> bool:
        """Record that the request changes something. Return False if another one has the key now."""
        return self._update(claim, has_effect=True)

    def complete(self, claim: KeyClaim, status: int, body: str | None) -> bool:
        """Keep the answer to a request. Return False if another one has the key now."""
        return self._update(claim, status=status, body=body)

    def release(self, claim: KeyClaim, now: datetime) -> None:
        """Forget a key whose request had no effect. Otherwise nobody answers it any more."""
        self._connection.execute(
            delete(idempotency_keys).where(_is_claimed(claim), idempotency_keys.c.has_effect.is_(False))
        )
        self._update(claim, claimed_until=now)

    def prune(self, account_id: int, *, before: datetime, limit: int) -> None:
        """Delete keys from before a moment, and an account's oldest ones beyond `limit`."""
        key = (idempotency_keys.c.account_id, idempotency_keys.c.key_hash)
        self._delete(select(*key).where(idempotency_keys.c.created_at < before))
        of_account = select(*key).where(idempotency_keys.c.account_id == account_id)
        self._delete(of_account.order_by(idempotency_keys.c.created_at.desc()).offset(limit))

    def _delete(self, keys: Select[Any]) -> None:
        # Rows that others write are skipped: to wait for one while holding another could deadlock.
        rows = self._connection.execute(keys.limit(_MAX_DELETED).with_for_update(skip_locked=True)).all()
        for account_id, key_hash in rows:
            self._connection.execute(
                delete(idempotency_keys).where(
                    idempotency_keys.c.account_id == account_id, idempotency_keys.c.key_hash == key_hash
                )
            )

    def _update(self, claim: KeyClaim, **values: Any) -> bool:
        changed = self._connection.execute(
            update(idempotency_keys).where(_is_claimed(claim)).values(**values)
        )
        return changed.rowcount == 1


def _is_key(claim: KeyClaim) -> ColumnElement[bool]:
    return (idempotency_keys.c.account_id == claim.account_id) & (
        idempotency_keys.c.key_hash == claim.key_hash
    )


def _is_claimed(claim: KeyClaim) -> ColumnElement[bool]:
    return _is_key(claim) & (idempotency_keys.c.claim == claim.token)
