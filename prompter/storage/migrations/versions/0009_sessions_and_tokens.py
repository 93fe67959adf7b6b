"""Add sessions in the database, scopes and expiry of API tokens, and counts of logins."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", tables.UtcDateTime(), nullable=False),
        sa.Column("seen_at", tables.UtcDateTime(), nullable=False),
        sa.Column("expires_at", tables.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sessions_secret_hash")),
        sqlite_autoincrement=True,  # an open page identifies its session by id: no other session may get it
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"])
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
    op.create_table(
        "login_counts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", tables.UtcDateTime(), nullable=False),
        sa.Column("until", tables.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_counts")),
    )
    op.create_index(op.f("ix_login_counts_until"), "login_counts", ["until"])
    op.add_column("api_tokens", sa.Column("scopes", sa.String(length=200), nullable=True))
    op.add_column("api_tokens", sa.Column("expires_at", tables.UtcDateTime(), nullable=True))
    op.add_column("api_tokens", sa.Column("last_used_at", tables.UtcDateTime(), nullable=True))
    # Earlier tokens never expired and had every right of their account. Programs that use them keep working,
    # and their owners have three months to replace them.
    tokens = sa.table(
        "api_tokens",
        sa.column("expires_at", tables.UtcDateTime()),
        sa.column("revoked_at", tables.UtcDateTime()),
    )
    op.execute(
        tokens.update()
        .where(tokens.c.revoked_at.is_(None))
        .values(expires_at=datetime.now(UTC) + timedelta(days=90))
    )
