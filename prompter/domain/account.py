"""Accounts, their API tokens and their sessions."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class Role(IntEnum):
    """A role may do everything that lower roles may."""

    OPERATOR = 1
    SUPERVISOR = 2
    ADMIN = 3

    @classmethod
    def from_name(cls, name: str) -> "Role":
        return cls[name.upper()]

    @property
    def label(self) -> str:
        return self.name.lower()


class Scope(StrEnum):
    """A permission of an API token, up to the role of its account.

    Each of the first four scopes contains those before it.
    """

    READ = "read"
    OPERATE = "operate"
    SUPERVISE = "supervise"
    ADMIN = "admin"
    METRICS = "metrics"
    RASA = "rasa"

    def is_within(self, granted: Collection["Scope"]) -> bool:
        """Return whether a token with the scopes `granted` may do what this scope allows."""
        if self not in _LADDER:
            return self in granted
        return any(higher in granted for higher in _LADDER[_LADDER.index(self) :])


_LADDER = (Scope.READ, Scope.OPERATE, Scope.SUPERVISE, Scope.ADMIN)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person who may log in. The password's hash stays out of the repr and of logs."""

    id: int
    name: str
    role: Role
    language: str | None
    one_time_password: bool
    created_at: datetime
    disabled_at: datetime | None
    password_changed_at: datetime
    password_hash: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """An API token without its secret, which is not stored."""

    id: int
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None  # None: never expires
    last_used_at: datetime | None = None  # accurate to a minute; None: never used


@dataclass(frozen=True, kw_only=True)
class Session:
    """A browser that is logged in. Its secret is not stored."""

    id: int
    account_id: int
    created_at: datetime
    seen_at: datetime  # the owner's last action, accurate to a minute
    expires_at: datetime
    user_agent: str  # as the browser names itself, shortened


@dataclass(frozen=True, kw_only=True)
class LoginCount:
    """Login attempts under one key since the first of them, forgotten at `until`."""

    tries: int
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class KeyClaim:
    """A request that is being carried out under an idempotency key. `token` tells it from its repetitions."""

    account_id: int
    key_hash: str
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class StoredKey:
    """A request as it is kept under an idempotency key. `status` is None until it is answered."""

    request_hash: str
    claimed_until: datetime
    has_effect: bool
    status: int | None
    body: str | None = field(repr=False)
