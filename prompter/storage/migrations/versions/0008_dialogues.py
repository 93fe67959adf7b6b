"""Add the state of dialogues, and the time when an operator returned a conversation to the bot."""

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("given_back_at", tables.UtcDateTime(), nullable=True))
    op.create_table(
        "dialogues",
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("n_turns", sa.Integer(), nullable=False),
        sa.Column("used_at", tables.UtcDateTime(), nullable=False),
        sa.Column("form", sa.String(length=200), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("told_turn_id", sa.Integer(), nullable=True),
        sa.Column("told_message_id", sa.Integer(), nullable=True),
        sa.Column("used_message_id", sa.Integer(), nullable=True),
        sa.Column("asked_until", tables.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_dialogues_conversation_id")
        ),
        sa.ForeignKeyConstraint(["told_turn_id"], ["turns.id"], name=op.f("fk_dialogues_told_turn_id")),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_dialogues")),
    )
