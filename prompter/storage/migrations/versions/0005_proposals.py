"""Add proposals: changes of the knowledge base that decisions and old chats suggest."""

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("article_id", sa.String(length=200), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("base_answer", sa.Text(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("created_at", tables.UtcDateTime(), nullable=False),
        sa.Column("changed_at", tables.UtcDateTime(), nullable=False),
        sa.Column("edited_by", sa.Integer(), nullable=True),
        sa.Column("settled_at", tables.UtcDateTime(), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("about", sa.LargeBinary(length=16), nullable=False),
        sa.CheckConstraint(
            "kind IN ('phrasing', 'changed_answer', 'new_article')", name=op.f("ck_proposals_kind")
        ),
        sa.CheckConstraint("source IN ('desk', 'history')", name=op.f("ck_proposals_source")),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'dismissed', 'merged', 'outdated')",
            name=op.f("ck_proposals_state"),
        ),
        sa.ForeignKeyConstraint(["edited_by"], ["accounts.id"], name=op.f("fk_proposals_edited_by")),
        sa.ForeignKeyConstraint(["settled_by"], ["accounts.id"], name=op.f("fk_proposals_settled_by")),
        sa.ForeignKeyConstraint(["merged_into"], ["proposals.id"], name=op.f("fk_proposals_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index("ix_proposals_state", "proposals", ["state", "weight"], unique=False)
    op.create_index(
        "uq_proposals_one_open",
        "proposals",
        ["about"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("proposals")
