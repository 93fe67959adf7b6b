"""Add the queue in which turns wait for triage."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Turns that are open now keep position 0, ahead of all later turns.
    op.add_column("turns", sa.Column("lane", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("turns", sa.Column("queue_position", sa.Float(), nullable=False, server_default="0"))
    op.add_column("turns", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_turns_due", table_name="turns")
    op.create_index("ix_turns_line", "turns", ["state", "queue_position", "id"])
    op.create_index(
        "ix_turns_lane",
        "turns",
        ["lane", "queue_position"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_turns_conversation_id", table_name="turns")
    op.create_index("ix_turns_conversation_id", "turns", ["conversation_id", "id"])
