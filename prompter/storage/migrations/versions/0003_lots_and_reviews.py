"""Add random samples: turns answered blind, and reviews by a second person."""

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("lot_number", "lot_probability", "second_number", "second_probability"):
        op.add_column("turns", sa.Column(name, sa.Float(), nullable=True))
    for name in ("blind", "tests"):
        op.add_column("turns", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("evidence", sa.Column("lot", sa.String(length=10), nullable=True))
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("first_text", sa.Text(), nullable=False),
        sa.Column("second_text", sa.Text(), nullable=True),
        sa.Column("own_place", sa.String(length=10), nullable=False),
        sa.Column("not_for", sa.Integer(), nullable=True),
        sa.Column("drawn_at", tables.UtcDateTime(), nullable=False),
        sa.Column("cancelled_at", tables.UtcDateTime(), nullable=True),
        sa.Column("choice", sa.String(length=10), nullable=True),
        sa.Column("judge_id", sa.Integer(), nullable=True),
        sa.Column("judged_at", tables.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('second', 'settle', 'audit', 'check', 'planted')", name=op.f("ck_reviews_kind")
        ),
        sa.CheckConstraint("own_place IN ('first', 'second')", name=op.f("ck_reviews_own_place")),
        sa.CheckConstraint(
            "choice IN ('first', 'second', 'both', 'neither')", name=op.f("ck_reviews_choice")
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_reviews_turn_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_reviews_decision_id")),
        sa.ForeignKeyConstraint(["not_for"], ["accounts.id"], name=op.f("fk_reviews_not_for")),
        sa.ForeignKeyConstraint(["judge_id"], ["accounts.id"], name=op.f("fk_reviews_judge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_turn_id", "reviews", ["turn_id"], unique=False)
    op.create_index("ix_reviews_open", "reviews", ["judged_at", "cancelled_at"], unique=False)


def downgrade() -> None:
    op.drop_table("reviews")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_column("lot")
    with op.batch_alter_table("turns", schema=None) as batch_op:
        for name in (
            "tests", "blind", "second_probability", "second_number", "lot_probability", "lot_number",
        ):  # fmt: skip
            batch_op.drop_column(name)
