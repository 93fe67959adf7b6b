"""Who may log in, and as what."""

import hashlib
import hmac
import secrets
from functools import cached_property

from pwdlib import PasswordHash

from prompter.clock import Clock, utc_now
from prompter.errors import NotFound, PrompterError
from prompter.storage import Account, ApiToken, Conflict, Role, Store

SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 200
_TOKEN_PREFIX = "sufler"  # noqa: S105 - not a secret: it tells people what the string is


class WeakPassword(PrompterError):
    """The password is too short, too long, or the account's name."""


class NameTaken(PrompterError):
    """There is an account of that name already."""


class WrongPassword(PrompterError):
    """The old password does not fit."""


class LastAdmin(PrompterError):
    """Without this account nobody could manage accounts any more."""


def one_time_password() -> str:
    """A password to hand over, which its owner has to replace at once."""
    return secrets.token_urlsafe(12)


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
        try:
            return self._add(name, role, password_hash, one_time_password)
        except Conflict:
            raise NameTaken(f"there is an account named {name} already") from None

    def _add(self, name: str, role: Role, password_hash: str, one_time_password: bool) -> Account:
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

    def set_password(self, name: str, password: str, *, one_time_password: bool = False) -> Account:
        """Replace a password; every session that was started before ends.

        Raises:
            NotFound: there is no account of that name.
            WeakPassword: the password is too short, too long, or the name itself.
        """
        _check_password(password, name)
        password_hash = self._hasher.hash(password)
        with self._store.write() as tx:
            account = tx.accounts.named(name)
            if account is None:
                raise NotFound(f"there is no account named {name}")
            tx.accounts.set_password(
                account.id, password_hash, one_time_password=one_time_password, now=self._clock()
            )
            changed = tx.accounts.get(account.id)
        assert changed is not None  # noqa: S101 - accounts are never deleted
        return changed

    def change_password(self, account_id: int, old: str, new: str) -> Account:
        """Replace a password by its owner; every session that was started before ends.

        Raises:
            WrongPassword: `old` does not fit, or the account is disabled.
            WeakPassword: `new` is too short, too long, the account's name, or `old` again.
        """
        account = self.active(account_id)
        if account is None or not self._hasher.verify(old[:_LONGEST_PASSWORD], account.password_hash):
            raise WrongPassword("the old password is wrong")
        if new == old:
            raise WeakPassword("the new password is the old one")
        return self.set_password(account.name, new)

    def set_language(self, account_id: int, language: str) -> None:
        with self._store.write() as tx:
            tx.accounts.set_language(account_id, language)

    def disable(self, name: str) -> None:
        """Lock the account out, from its next request on.

        Raises:
            NotFound: there is no account of that name.
            LastAdmin: nobody could manage accounts afterwards.
        """
        with self._store.write() as tx:
            account = tx.accounts.named(name)
            if account is None:
                raise NotFound(f"there is no account named {name}")
            others = [other for other in tx.accounts.all() if other.id != account.id]
            if account.role is Role.ADMIN and not any(
                other.role is Role.ADMIN and other.disabled_at is None for other in others
            ):
                raise LastAdmin(f"{account.name} is the last admin: make another one first")
            tx.accounts.disable(account.id, self._clock())

    # --- API tokens -------------------------------------------------------------------------

    def create_token(self, account_id: int, name: str) -> str:
        """A new API token; it is shown this once and cannot be read again."""
        return self.issue_token(account_id, name)[1]

    def issue_token(self, account_id: int, name: str) -> tuple[ApiToken, str]:
        """What is known of a new API token, and the token itself."""
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        with self._store.write() as tx:
            token_id = tx.accounts.add_token(
                account_id=account_id, name=name, secret_hash=_digest(secret), now=now
            )
        token = ApiToken(id=token_id, name=name, created_at=now)
        return token, f"{_TOKEN_PREFIX}_{token_id}_{secret}"

    def tokens(self, account_id: int) -> list[ApiToken]:
        """The account's tokens that are not revoked, oldest first."""
        with self._store.read() as tx:
            return tx.accounts.tokens(account_id)

    def revoke_token(self, token_id: int, *, of: int | None = None) -> None:
        """End a token; only if it belongs to the account `of`, where one is given.

        Raises:
            NotFound: there is no such token, or it is revoked already.
        """
        with self._store.write() as tx:
            if not tx.accounts.revoke_token(token_id, self._clock(), of=of):
                raise NotFound("there is no such token, or it is revoked already")

    def by_token(self, token: str) -> Account | None:
        """The active account that the token belongs to."""
        prefix, _, rest = token.partition("_")
        number, _, secret = rest.partition("_")
        if prefix != _TOKEN_PREFIX or not number.isascii() or not number.isdigit() or len(number) > 9:
            return None
        with self._store.read() as tx:
            found = tx.accounts.by_token(int(number))
        if found is None or not hmac.compare_digest(found[0], _digest(secret)):
            return None
        account = found[1]
        return account if account.disabled_at is None else None


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
