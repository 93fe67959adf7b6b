"""Sessions of browsers that are logged in. They live in the database, so that every process sees one end."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from prompter.accounts.last_seen import Defer, LastSeen, run_now
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound
from prompter.domain.account import Account, Session
from prompter.storage import Store, Transaction

_MAX_SESSIONS = 50  # of one account; the oldest one ends first
_USER_AGENT_LENGTH = 200  # characters


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A live session and its account as it is now."""

    session: Session
    account: Account


class Sessions:
    """Sessions end by logout, by age, by idleness, when the password changes or with the account.

    The browser keeps a random secret and the database its hash. No address is stored: the list tells
    sessions apart by browser and time, and an address would reveal where somebody was.
    """

    def __init__(
        self,
        store: Store,
        *,
        max_age: timedelta,
        max_idle: timedelta,
        clock: Clock = utc_now,
        defer: Defer = run_now,
    ) -> None:
        self._store = store
        self._max_age = max_age
        self._max_idle = max_idle
        self._clock = clock
        self._last_seen = LastSeen(self._mark_seen, clock=clock, defer=defer)

    def start(self, account: Account, user_agent: str = "", *, instead_of: str | None = None) -> str | None:
        """Begin a session and return its secret. The session of the secret `instead_of` ends.

        Return None if the account was disabled or its password changed since the password was checked.
        """
        with self._store.write() as tx:
            if not tx.accounts.is_as_verified(account):
                return None
            return self.start_within(tx, account.id, user_agent, instead_of=instead_of)

    def start_within(
        self, tx: Transaction, account_id: int, user_agent: str = "", *, instead_of: str | None = None
    ) -> str:
        """Begin a session in a transaction that has already checked the account, and return its secret."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        tx.sessions.delete_expired(now)
        if instead_of is not None:
            tx.sessions.delete_secret(_digest(instead_of))
        tx.sessions.add(
            account_id=account_id,
            secret_hash=_digest(secret),
            user_agent="".join(filter(str.isprintable, user_agent))[:_USER_AGENT_LENGTH],
            now=now,
            expires_at=now + self._max_age,
        )
        for session in tx.sessions.all(account_id)[_MAX_SESSIONS:]:
            tx.sessions.delete(session.id, of=account_id)
        return secret

    def find(self, secret: str, *, is_active: bool = True) -> Visit | None:
        """Return the visit of a browser that presents this secret, if its session is live."""
        with self._store.read() as tx:
            found = tx.sessions.find_by_secret(_digest(secret))
        return self._visit(found, is_active=is_active)

    def check(self, session_id: int, *, is_active: bool) -> Account | None:
        """Return the account of a session if the session is live.

        `is_active` means that a person has done something. A page that polls for news has not, and must
        not keep a session alive for ever.
        """
        with self._store.read() as tx:
            found = tx.sessions.get(session_id)
        visit = self._visit(found, is_active=is_active)
        return visit.account if visit is not None else None

    def _visit(self, found: tuple[Session, Account] | None, *, is_active: bool) -> Visit | None:
        if found is None or found[1].disabled_at is not None or not self._is_live(found[0]):
            return None
        session, account = found
        if is_active:
            self._last_seen.note(session.id, session.seen_at)
        return Visit(session=session, account=account)

    def _is_live(self, session: Session) -> bool:
        now = self._clock()
        return now < session.expires_at and now < session.seen_at + self._max_idle

    def _mark_seen(self, session_id: int, now: datetime) -> None:
        with self._store.write() as tx:
            tx.sessions.mark_seen(session_id, now)

    def all(self, account_id: int) -> list[Session]:
        """Return the account's live sessions, newest first."""
        with self._store.read() as tx:
            return [session for session in tx.sessions.all(account_id) if self._is_live(session)]

    def end(self, secret: str) -> None:
        """Log out. Nothing is written for an unknown secret, so that strangers never occupy the writer."""
        with self._store.read() as tx:
            if tx.sessions.find_by_secret(_digest(secret)) is None:
                return
        with self._store.write() as tx:
            tx.sessions.delete_secret(_digest(secret))

    def revoke(self, session_id: int, *, of: int) -> None:
        """End a session of the account `of`.

        Raises:
            NotFound: when the account has no such session, or it has ended.
        """
        with self._store.write() as tx:
            if not tx.sessions.delete(session_id, of=of):
                raise NotFound("there is no such session, or it has ended")

    def revoke_all(self, account_id: int) -> None:
        """Log the account out everywhere."""
        with self._store.write() as tx:
            tx.sessions.delete_of(account_id)


def _digest(secret: str) -> str:
    # The secret is 256 random bits, so a fast hash is enough: it cannot be guessed.
    return hashlib.sha256(secret.encode()).hexdigest()
