"""Add the marks of answers and of replies: what may be shown in bold, as a link and so on."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("articles", "outbox"):
        op.add_column(table, sa.Column("marks", sa.JSON(none_as_null=True), nullable=True))
