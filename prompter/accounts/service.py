"""Manage accounts, their passwords and roles, and API tokens."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from pwdlib import PasswordHash

from prompter.accounts.last_seen import Defer, LastSeen, run_now
from prompter.accounts.passwords import MAX_PASSWORD_LENGTH, WeakPassword, check_password
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import Forbidden, NotFound, PrompterError
from prompter.domain.account import Account, ApiToken, Role, Scope
from prompter.storage import Conflict, Store, Transaction

R = TypeVar("R")

TOKEN_DAYS = 90  # lifetime of an API token by default
MAX_TOKEN_DAYS = 365
MAX_TOKENS = 50  # working tokens of one account
_TOKENS_KEPT_FOR = timedelta(days=30)  # in the database, after they have ended
_SCOPE_ROLES = {Scope.SUPERVISE: Role.SUPERVISOR, Scope.ADMIN: Role.ADMIN}  # other scopes: every role
_TOKEN_PREFIX = "sufler"  # noqa: S105 - not a secret: it tells people what the string is


class NameTaken(PrompterError):
    """There is already an account of that name."""


class WrongPassword(PrompterError):
    """The old password is wrong."""


class TokenMade(PrompterError):
    """The token was created already: the same form was sent twice."""


class TooManyTokens(PrompterError):
    """The account has as many API tokens as it may have: revoke one first."""


class LastAdmin(PrompterError):
    """Without this account nobody could manage accounts."""


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """An API token that works, and the account that it belongs to."""

    token: ApiToken
    account: Account


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return the scopes that tokens of accounts with this role may have."""
    return frozenset(scope for scope in Scope if role >= _SCOPE_ROLES.get(scope, Role.OPERATOR))


def one_time_password() -> str:
    """Return a password to hand over, which its owner has to replace at the first login."""
    return secrets.token_urlsafe(12)


class Accounts:
    """Accounts with argon2 password hashes, and API tokens kept as hashes."""

    def __init__(
        self,
        store: Store,
        *,
        hasher: PasswordHash | None = None,
        clock: Clock = utc_now,
        defer: Defer = run_now,
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher or PasswordHash.recommended()
        self._token_used = LastSeen(self._mark_token_used, clock=clock, defer=defer)

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())

    def add(self, name: str, role: Role, password: str, *, one_time_password: bool = False) -> Account:
        """Add an account.

        Raises:
            NameTaken: when there is an account of that name, ignoring case.
            WeakPassword: when the password is too short, too long, the name itself, or easily guessed.
        """
        name = name.strip()
        if not 1 <= len(name) <= 100:
            raise NameTaken("the name must have 1 to 100 characters")
        check_password(password, name)
        password_hash = self._hasher.hash(password)
        try:
            return self._add(name, role, password_hash, one_time_password)
        except Conflict:
            raise NameTaken(f"an account named {name} already exists") from None

    def _add(self, name: str, role: Role, password_hash: str, one_time_password: bool) -> Account:
        with self._store.write() as tx:
            if tx.accounts.find_by_name(name) is not None:
                raise NameTaken(f"an account named {name} already exists")
            account_id = tx.accounts.add(
                name=name,
                role=role,
                password_hash=password_hash,
                one_time_password=one_time_password,
                now=self._clock(),
            )
            account = tx.accounts.get(account_id)
        assert account is not None  # noqa: S101 - added in this very transaction
        return account

    def log_in(self, name: str, password: str) -> Account | None:
        """Return the account if name and password fit and it is not disabled.

        An unknown name takes as long as a wrong password, so that timing does not reveal names.
        """
        with self._store.read() as tx:
            account = tx.accounts.find_by_name(name.strip())
        password_hash = account.password_hash if account else self._decoy
        fits = self._hasher.verify(password[:MAX_PASSWORD_LENGTH], password_hash)
        return account if fits and account is not None and account.disabled_at is None else None

    def find_active(self, account_id: int) -> Account | None:
        """Return the account if it exists and is not disabled."""
        with self._store.read() as tx:
            account = tx.accounts.get(account_id)
        return account if account is not None and account.disabled_at is None else None

    def require_by_name(self, name: str) -> Account:
        """Return the account of that name, ignoring case.

        Raises:
            NotFound: when there is none.
        """
        with self._store.read() as tx:
            account = tx.accounts.find_by_name(name)
        if account is None:
            raise NotFound(f"there is no account named {name}")
        return account

    def all(self) -> list[Account]:
        with self._store.read() as tx:
            return tx.accounts.all()

    def set_password(self, name: str, password: str, *, one_time_password: bool = False) -> Account:
        """Replace a password and end every session and API token of the account.

        Raises:
            NotFound: when there is no account of that name.
            WeakPassword: when the password is too short, too long, the name itself, or easily guessed.
        """
        check_password(password, name)
        password_hash = self._hasher.hash(password)
        with self._store.write() as tx:
            account = tx.accounts.find_by_name(name)
            if account is None:
                raise NotFound(f"there is no account named {name}")
            return self._replace_password(tx, account, password_hash, one_time_password=one_time_password)

    def verify_password(self, account_id: int, password: str) -> Account:
        """Return the account if this is its password.

        Raises:
            WrongPassword: when it is not, or the account is disabled.
        """
        account = self.find_active(account_id)
        if account is None or not self._hasher.verify(password[:MAX_PASSWORD_LENGTH], account.password_hash):
            raise WrongPassword("the current password is wrong")
        return account

    def change_password(
        self, account: Account, old: str, new: str, *, then: Callable[[Transaction, Account], R]
    ) -> R:
        """Replace an account's password, which was verified as `old`, and end its sessions and API tokens.

        `then` is called in the same transaction with the changed account, and its result is returned.

        Raises:
            WrongPassword: when the password was replaced or the account disabled in the meantime.
            WeakPassword: when `new` is too short, too long, the name, easily guessed, or `old` again.
        """
        if new == old:
            raise WeakPassword("the new password is the same as the current one")
        check_password(new, account.name)
        password_hash = self._hasher.hash(new)
        with self._store.write() as tx:
            if not tx.accounts.is_as_verified(account):
                raise WrongPassword("the current password is wrong")
            return then(tx, self._replace_password(tx, account, password_hash, one_time_password=False))

    def _replace_password(
        self, tx: Transaction, account: Account, password_hash: str, *, one_time_password: bool
    ) -> Account:
        now = self._clock()
        tx.accounts.set_password(account.id, password_hash, one_time_password=one_time_password, now=now)
        tx.sessions.delete_of(account.id)
        tx.accounts.revoke_tokens(account.id, now)
        changed = tx.accounts.get(account.id)
        assert changed is not None  # noqa: S101 - accounts are never deleted
        return changed

    def set_language(self, account_id: int, language: str) -> None:
        with self._store.write() as tx:
            tx.accounts.set_language(account_id, language)

    def disable(self, name: str) -> None:
        """Lock the account out from its next request on, and end its sessions and tokens.

        Raises:
            NotFound: when there is no account of that name.
            LastAdmin: when nobody could manage accounts afterwards.
        """
        with self._store.write() as tx:
            account = tx.accounts.find_by_name(name)
            if account is None:
                raise NotFound(f"there is no account named {name}")
            other_accounts = [other for other in tx.accounts.all() if other.id != account.id]
            if account.role is Role.ADMIN and not any(
                other.role is Role.ADMIN and other.disabled_at is None for other in other_accounts
            ):
                raise LastAdmin(f"{account.name} is the last admin: create another one first")
            now = self._clock()
            tx.accounts.disable(account.id, now)
            tx.sessions.delete_of(account.id)
            tx.accounts.revoke_tokens(account.id, now)

    # --- API tokens -------------------------------------------------------------------------

    def create_token(
        self, account_id: int, name: str, *, scopes: Collection[Scope], days: int | None = TOKEN_DAYS
    ) -> str:
        """Create an API token and return it. It is shown this once and cannot be read again."""
        return self.issue_token(account_id, name, scopes=scopes, days=days)[1]

    def issue_token(
        self,
        account_id: int,
        name: str,
        *,
        scopes: Collection[Scope],
        days: int | None = TOKEN_DAYS,
        after: int | None = None,
    ) -> tuple[ApiToken, str]:
        """Create an API token that works for `days`, and return its record and the token itself.

        With `days` None it never expires. `after` is the `newest_token` at the time of the request.

        Raises:
            TokenMade: when the account got a newer token than `after` in the meantime.
            NotFound: when there is no such account, or it is disabled.
            Forbidden: when a scope is beyond the account's role.
            TooManyTokens: when the account already has MAX_TOKENS that work.
        """
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        expires_at = None if days is None else now + timedelta(days=days)
        with self._store.write() as tx:
            account = tx.accounts.lock(account_id)
            if account is None or account.disabled_at is not None:
                raise NotFound("there is no such account, or it is disabled")
            if beyond := sorted(frozenset(scopes) - scopes_of(account.role)):
                raise Forbidden(f"the scope {beyond[0]} needs the role {_SCOPE_ROLES[beyond[0]].label}")
            if after is not None and after != tx.accounts.newest_token(account_id):
                raise TokenMade("another token has been created in the meantime")
            tx.accounts.delete_tokens_over(now - _TOKENS_KEPT_FOR)
            if len(tx.accounts.tokens(account_id, now)) >= MAX_TOKENS:
                raise TooManyTokens(f"an account has at most {MAX_TOKENS} API tokens: revoke one first")
            token_id = tx.accounts.add_token(
                account_id=account_id,
                name=name,
                secret_hash=_digest(secret),
                scopes=scopes,
                now=now,
                expires_at=expires_at,
            )
        token = ApiToken(
            id=token_id, name=name, scopes=frozenset(scopes), created_at=now, expires_at=expires_at
        )
        return token, f"{_TOKEN_PREFIX}_{token_id}_{secret}"

    def newest_token(self, account_id: int) -> int:
        """Return the id of the account's newest token, working or not, or 0 if it has none."""
        with self._store.read() as tx:
            return tx.accounts.newest_token(account_id)

    def tokens(self, account_id: int) -> list[ApiToken]:
        """Return the account's working tokens, oldest first."""
        with self._store.read() as tx:
            return tx.accounts.tokens(account_id, self._clock())

    def revoke_token(self, token_id: int, *, of: int | None = None) -> None:
        """End a token. If `of` is given, only a token of that account is ended.

        Raises:
            NotFound: when there is no such token, or it is revoked already.
        """
        with self._store.write() as tx:
            if not tx.accounts.revoke_token(token_id, self._clock(), of=of):
                raise NotFound("there is no such token, or it is revoked already")

    def revoke_tokens(self, account_id: int) -> None:
        """End every token of an account."""
        with self._store.write() as tx:
            tx.accounts.revoke_tokens(account_id, self._clock())

    def find_by_token(self, token: str) -> Bearer | None:
        """Return the token's record and its active account, or None if the token is unknown or expired."""
        prefix, _, rest = token.partition("_")
        number, _, secret = rest.partition("_")
        if prefix != _TOKEN_PREFIX or not number.isascii() or not number.isdigit() or len(number) > 9:
            return None
        with self._store.read() as tx:
            found = tx.accounts.find_by_token(int(number))
        if found is None or not hmac.compare_digest(found[0], _digest(secret)):
            return None
        _, known, account = found
        has_expired = known.expires_at is not None and known.expires_at <= self._clock()
        if has_expired or account.disabled_at is not None:
            return None
        self._token_used.note(known.id, known.last_used_at)
        return Bearer(token=known, account=account)

    def _mark_token_used(self, token_id: int, now: datetime) -> None:
        with self._store.write() as tx:
            tx.accounts.mark_token_used(token_id, now)


def _digest(secret: str) -> str:
    # The secret is 256 random bits, so a fast hash is enough: it cannot be guessed.
    return hashlib.sha256(secret.encode()).hexdigest()
