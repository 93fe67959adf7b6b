"""Record who settled a reply whose delivery was in doubt."""

import sqlalchemy as sa
from alembic import op

from prompter.storage import tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In SQL, which SQLite and PostgreSQL share: Alembic would copy the whole table on SQLite.
    op.execute(
        "ALTER TABLE outbox ADD COLUMN settled_by INTEGER CONSTRAINT fk_outbox_settled_by REFERENCES accounts (id)"
    )
    op.add_column("outbox", sa.Column("settled_at", tables.UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_constraint("fk_outbox_settled_by", type_="foreignkey")
        batch_op.drop_column("settled_at")
        batch_op.drop_column("settled_by")
