"""Add model versions with their activations, and the jobs that make them."""

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("created_at", tables.UtcDateTime(), nullable=False),
        sa.Column("parent", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("changed_at", tables.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('first', 'settings', 'train', 'learn')", name=op.f("ck_model_versions_reason")
        ),
        sa.CheckConstraint(
            "state IN ('candidate', 'shadow', 'refused', 'passed', 'pruned')",
            name=op.f("ck_model_versions_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_versions")),
    )
    op.create_table(
        "model_uses",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("at", tables.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("settings", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('first', 'settings', 'train', 'gate', 'promoted', 'rollback', 'damaged')",
            name=op.f("ck_model_uses_reason"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_model_uses_account_id")),
        sa.ForeignKeyConstraint(["version"], ["model_versions.id"], name=op.f("fk_model_uses_version")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_model_uses")),
    )
    op.create_table(
        "readiness_before",
        sa.Column("use", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["use"], ["model_uses.number"], name=op.f("fk_readiness_before_use")),
        sa.PrimaryKeyConstraint("use", "name", name=op.f("pk_readiness_before")),
    )
    op.create_table(
        "shadow_triages",
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("article_id", sa.String(length=200), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("at", tables.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_shadow_triages_turn_id")),
        sa.ForeignKeyConstraint(["version"], ["model_versions.id"], name=op.f("fk_shadow_triages_version")),
        sa.PrimaryKeyConstraint("turn_id", "version", name=op.f("pk_shadow_triages")),
    )
    op.create_table(
        "pinned_cases",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("article_id", sa.String(length=200), nullable=False),
        sa.Column("pinned_at", tables.UtcDateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_pinned_cases_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pinned_cases")),
        sa.UniqueConstraint("text", "article_id", name=op.f("uq_pinned_cases_text_article_id")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", tables.UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("began_at", tables.UtcDateTime(), nullable=True),
        sa.Column("alive_until", tables.UtcDateTime(), nullable=True),
        sa.Column("ended_at", tables.UtcDateTime(), nullable=True),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('learn')", name=op.f("ck_jobs_kind")),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_jobs_state")),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_jobs_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "uq_jobs_one_open",
        "jobs",
        ["kind", "state"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )


def downgrade() -> None:
    op.drop_table("jobs")
    op.drop_table("pinned_cases")
    op.drop_table("shadow_triages")
    op.drop_table("readiness_before")
    op.drop_table("model_uses")
    op.drop_table("model_versions")
