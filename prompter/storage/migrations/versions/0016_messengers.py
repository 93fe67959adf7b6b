"""Add customers' sources, the parts and chat topics of replies, and idempotency keys."""

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("source", sa.String(length=64), nullable=True))
    op.add_column("outbox", sa.Column("thread_id", sa.String(length=50), nullable=True))
    op.add_column("outbox", sa.Column("first_part_id", sa.Integer(), nullable=True))
    op.execute(  # a reply's parts were stored one after the other
        """
        UPDATE outbox SET first_part_id = (
            SELECT max(earlier.id) FROM outbox AS earlier
            WHERE earlier.conversation_id = outbox.conversation_id AND earlier.id < outbox.id AND earlier.part = 1
        ) WHERE part > 1
        """
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=False),
        sa.Column("created_at", tables.UtcDateTime(), nullable=False),
        sa.Column("claimed_until", tables.UtcDateTime(), nullable=False),
        sa.Column("has_effect", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_idempotency_keys_account_id")),
        sa.PrimaryKeyConstraint("account_id", "key_hash", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at", "account_id"])
