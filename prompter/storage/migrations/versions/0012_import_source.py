"""Remember from which file an article was imported, and which of its versions an import wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("articles") as batch:
        batch.add_column(sa.Column("import_source", sa.String(length=255), nullable=True))
        batch.add_column(sa.Column("imported_version", sa.Integer(), nullable=True))
    # The file is not known of articles that were imported before, but that nobody has edited them since is.
    op.execute(
        "UPDATE articles SET imported_version = version WHERE EXISTS (SELECT 1 FROM article_versions"
        " WHERE article_versions.article_id = articles.id AND article_versions.version = articles.version"
        " AND article_versions.changed_by IN ('kb import', 'import-rasa', 'demo'))"
    )
