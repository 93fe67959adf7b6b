"""Who may log in, and as what."""

import hashlib
import hmac
import secrets
from functools import cached_property

from pwdlib import PasswordHash

from prompter.clock import Clock, utc_now
from prompter.errors import NotFound, PrompterError
from prompter.storage import Account, Role, Store

SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 200
_TOKEN_PREFIX = "sufler"  # noqa: S105 - not a secret: it tells people what the string is


class WeakPassword(PrompterError):
    """The password is too short, too long, or the account's name."""


class NameTaken(PrompterError):
    """There is an account of that name already."""


class Accounts:
    """Accounts with argon2 password hashes, and API tokens kept as hashes."""

    def __init__(self, store: Store, *, hasher: PasswordHash | None = None, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher or PasswordHash.recommended()

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())

    def add(self, name: str, role: Role, password: str, *, one_time_password: bool = False) -> Account:
        """Add an account.

        Raises:
            NameTaken: there is one of that name, in whatever case.
            WeakPassword: the password is too short, too long, or the name itself.
        """
        name = name.strip()
        if not 1 <= len(name) <= 100:
            raise NameTaken("the name must have 1 to 100 characters")
        _check_password(password, name)
        password_hash = self._hasher.hash(password)
        with self._store.write() as tx:
            if tx.accounts.named(name) is not None:
                raise NameTaken(f"there is an account named {name} already")
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
        """The account if name and password fit and it is not disabled.

        An unknown name takes as long as a wrong password, so that names cannot be guessed by time.
        """
        with self._store.read() as tx:
            account = tx.accounts.named(name.strip())
        password_hash = account.password_hash if account else self._decoy
        fits = self._hasher.verify(password[:_LONGEST_PASSWORD], password_hash)
        return account if fits and account is not None and account.disabled_at is None else None

    def active(self, account_id: int) -> Account | None:
        """The account if it is there and not disabled."""
        with self._store.read() as tx:
            account = tx.accounts.get(account_id)
        return account if account is not None and account.disabled_at is None else None

    def all(self) -> list[Account]:
        with self._store.read() as tx:
            return tx.accounts.all()

    def set_password(self, name: str, password: str, *, one_time_password: bool = False) -> None:
        _check_password(password, name)
        password_hash = self._hasher.hash(password)
        with self._store.write() as tx:
            account = tx.accounts.named(name)
            if account is None:
                raise NotFound(f"there is no account named {name}")
            tx.accounts.set_password(
                account.id, password_hash, one_time_password=one_time_password, now=self._clock()
            )

    def set_language(self, account_id: int, language: str) -> None:
        with self._store.write() as tx:
            tx.accounts.set_language(account_id, language)

    def disable(self, name: str) -> None:
        """Lock the account out, from its next request on."""
        with self._store.write() as tx:
            account = tx.accounts.named(name)
            if account is None:
                raise NotFound(f"there is no account named {name}")
            tx.accounts.disable(account.id, self._clock())

    # --- API tokens -------------------------------------------------------------------------

    def create_token(self, account_id: int, name: str) -> str:
        """A new API token; it is shown this once and cannot be read again."""
        secret = secrets.token_urlsafe(32)
        with self._store.write() as tx:
            token_id = tx.accounts.add_token(
                account_id=account_id, name=name, secret_hash=_digest(secret), now=self._clock()
            )
        return f"{_TOKEN_PREFIX}_{token_id}_{secret}"

    def revoke_token(self, token_id: int) -> None:
        with self._store.write() as tx:
            if not tx.accounts.revoke_token(token_id, self._clock()):
                raise NotFound("there is no such token, or it is revoked already")

    def by_token(self, token: str) -> Account | None:
        """The active account that the token belongs to."""
        prefix, _, rest = token.partition("_")
        number, _, secret = rest.partition("_")
        if prefix != _TOKEN_PREFIX or not number.isascii() or not number.isdigit() or len(number) > 9:
            return None
        with self._store.read() as tx:
            known = tx.accounts.token_hash(int(number))
            account = tx.accounts.get(known[1]) if known else None
        if known is None or not hmac.compare_digest(known[0], _digest(secret)):
            return None
        return account if account is not None and account.disabled_at is None else None


def _digest(secret: str) -> str:
    # The secret is 256 random bits: a fast hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_password(password: str, name: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"a password needs at least {SHORTEST_PASSWORD} characters")
    if len(password) > _LONGEST_PASSWORD:
        raise WeakPassword(f"a password has at most {_LONGEST_PASSWORD} characters")
    if password.lower() == name.lower():
        raise WeakPassword("the password must not be the name")
