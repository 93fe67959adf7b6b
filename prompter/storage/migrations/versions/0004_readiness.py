"""Add readiness: topics that may answer alone, and their history."""

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readiness",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("test_number", sa.Integer(), nullable=False),
        sa.Column("test_began_at", tables.UtcDateTime(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("live_since", tables.UtcDateTime(), nullable=True),
        sa.Column("frozen", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("changed_at", tables.UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('collecting', 'ready', 'autopilot', 'demoted', 'held')",
            name=op.f("ck_readiness_state"),
        ),
        sa.CheckConstraint("mode IN ('manual', 'automatic', 'shadow')", name=op.f("ck_readiness_mode")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_readiness")),
    )
    op.create_table(
        "readiness_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", tables.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_readiness_events_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readiness_events")),
    )
    op.create_table(
        "signals",
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", tables.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('thumb_up', 'thumb_down', 'operator_called', 'asked_again')",
            name=op.f("ck_signals_kind"),
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_signals_turn_id")),
        sa.PrimaryKeyConstraint("turn_id", "kind", name=op.f("pk_signals")),
    )
    op.create_table(
        "replays",
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("article_id", sa.String(length=200), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("at", tables.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_replays_turn_id")),
        sa.PrimaryKeyConstraint("turn_id", "model", name=op.f("pk_replays")),
    )
    op.create_index("ix_readiness_events_name", "readiness_events", ["name"], unique=False)
    op.add_column(
        "outbox", sa.Column("offers_operator", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("offers_operator")
    op.drop_table("replays")
    op.drop_table("signals")
    op.drop_table("readiness_events")
    op.drop_table("readiness")
