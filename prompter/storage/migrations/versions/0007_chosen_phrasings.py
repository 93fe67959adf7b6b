"""Add the phrasings that a supervisor chose for a new article."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("chosen_phrasings", sa.JSON(none_as_null=True), nullable=True))
