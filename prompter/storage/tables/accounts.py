"""Accounts, their API tokens, sessions and counts of logins."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from prompter.storage.tables.common import UtcDateTime, id_column, metadata, one_of

accounts = Table(
    "accounts",
    metadata,
    id_column(),
    Column("name", String(100), nullable=False),
    Column("folded_name", String(200), nullable=False, unique=True),  # unique ignoring case
    Column("role", String(20), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("one_time_password", Boolean, nullable=False, default=False),
    Column("language", String(10)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("password_changed_at", UtcDateTime, nullable=False),
    one_of("role", "operator", "supervisor", "admin"),
)


api_tokens = Table(
    "api_tokens",
    metadata,
    id_column(),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("scopes", String(200)),  # separated by spaces; NULL: all, created before there were scopes
    Column("expires_at", UtcDateTime),  # NULL: never expires
    Column("last_used_at", UtcDateTime),
)


sessions = Table(
    "sessions",
    metadata,
    id_column(),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_agent", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,  # an open page identifies its session by id: no other session may get it
)


# Login attempts under a name, from a network, and under both. The key is a keyed hash.
login_counts = Table(
    "login_counts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
)


# Requests of programs that may be repeated. Key and request are keyed hashes.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("key_hash", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("claim", String(32), nullable=False),  # of the request that is being answered
    Column("created_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime, nullable=False),
    Column("has_effect", Boolean, nullable=False),  # set in the transaction that changes something
    Column("status", Integer),  # NULL: not answered
    Column("body", Text),  # NULL: no answer was kept
    Index("ix_idempotency_keys_created_at", "created_at", "account_id"),
)
