"""Add the name and size of attachments, and the topic of a chat that a message belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("file_name", sa.String(length=200), nullable=True))
    op.add_column("messages", sa.Column("file_size", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("thread_id", sa.String(length=50), nullable=True))
