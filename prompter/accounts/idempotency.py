"""Carry out a program's request once, however often the program repeats it."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from prompter.common.clock import Clock, utc_now
from prompter.common.errors import Conflict, PrompterError
from prompter.domain.account import KeyClaim, StoredKey
from prompter.storage import Store, Transaction, witness_writes

MAX_AGE = timedelta(hours=24)  # of a key; then it is as good as new
MAX_KEYS = 10_000  # of one account; then the oldest ones are forgotten
MAX_KEY_LENGTH = 255  # characters
MAX_BODY_LENGTH = 100_000  # characters of an answer that is kept
_LEASE = timedelta(minutes=1)  # a request without an effect that takes longer has died
_KEY = re.compile(r"[!-~]+")  # visible ASCII


class InvalidIdempotencyKey(PrompterError):
    """The key is empty, too long, or has signs other than visible ASCII."""


class IdempotencyKeyReused(PrompterError):
    """The key belongs to another request of the last 24 hours."""


class IdempotencyKeyInUse(PrompterError):
    """The first request with this key is being carried out. Ask again in `retry_after` seconds."""

    retry_after = 1


class AnswerNotKept(PrompterError):
    """The request was carried out before, but its answer was not kept."""


@dataclass(frozen=True, kw_only=True)
class KeptAnswer:
    """The answer to the first request with a key."""

    status: int
    body: str


class IdempotencyKeys:
    """Keeps the keys of each account with the answers, so that a repeated request changes nothing.

    The transaction that carries out a request also records that it had an effect. So a request whose
    process died is carried out again only if it had none. `secret` keys the hashes. `max_keys` is per
    account.
    """

    def __init__(
        self, store: Store, *, secret: str, max_keys: int = MAX_KEYS, clock: Clock = utc_now
    ) -> None:
        self._store = store
        self._secret = secret.encode()
        self._max_keys = max_keys
        self._clock = clock

    def claim(self, account_id: int, key: str, request: bytes) -> KeyClaim | KeptAnswer:
        """Claim a key for a request, or return the answer to the first request with this key.

        Raises:
            InvalidIdempotencyKey: when it is no key.
            IdempotencyKeyReused: when the key belongs to another request.
            IdempotencyKeyInUse: when the first request is being carried out.
            AnswerNotKept: when the request was carried out, and its answer is a secret or was lost.
        """
        if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
            raise InvalidIdempotencyKey(
                f"an idempotency key has 1 to {MAX_KEY_LENGTH} letters, digits and signs of ASCII, no spaces"
            )
        claim = KeyClaim(
            account_id=account_id, key_hash=self._hash(key.encode()), token=secrets.token_hex(16)
        )
        request_hash, now = self._hash(request), self._clock()
        with self._store.write() as tx:
            rows = tx.idempotency_keys
            rows.prune(account_id, before=now - MAX_AGE, limit=self._max_keys - 1)
            if rows.add(claim, request_hash, now, now + _LEASE):
                return claim
            stored = rows.lock(claim)
            if stored is None:
                raise IdempotencyKeyInUse("the first request with this key has just ended: send it again")
            if stored.request_hash != request_hash:
                raise IdempotencyKeyReused("this key was used for another request: make a new one")
            is_running = stored.status is None and now < stored.claimed_until <= now + _LEASE
            if is_running:
                raise IdempotencyKeyInUse("the first request with this key is still being carried out")
            if stored.has_effect or stored.status is not None:
                return _kept_answer(stored)
            rows.claim_again(claim, now + _LEASE)
        return claim

    @contextmanager
    def record_effect(self, claim: KeyClaim) -> Iterator[None]:
        """Let each transaction inside the block record that the request has an effect."""

        def record(tx: Transaction) -> None:
            if not tx.idempotency_keys.record_effect(claim):
                raise Conflict("another request with this idempotency key was faster")

        with witness_writes(record):
            yield

    def complete(self, claim: KeyClaim, status: int, body: str | None) -> None:
        """Keep the answer to a request. Without a body it is only known that it was carried out."""
        kept = body if body is not None and len(body) <= MAX_BODY_LENGTH else None
        with self._store.write() as tx:
            tx.idempotency_keys.complete(claim, status, kept)

    def release(self, claim: KeyClaim) -> None:
        """Forget the key of a refused request, so that it can be sent again."""
        with self._store.write() as tx:
            tx.idempotency_keys.release(claim, self._clock())

    def _hash(self, content: bytes) -> str:
        return hmac.new(self._secret, b"idempotency " + content, hashlib.sha256).hexdigest()


def _kept_answer(stored: StoredKey) -> KeptAnswer:
    if stored.status is None or stored.body is None:
        raise AnswerNotKept("this was carried out before, but its answer was not kept: look at the result")
    return KeptAnswer(status=stored.status, body=stored.body)
