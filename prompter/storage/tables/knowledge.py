"""Articles, topic titles and proposals."""

from sqlalchemy import (
    JSON,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from prompter.storage.tables.common import UtcDateTime, id_column, metadata, one_of

articles = Table(
    "articles",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("topic", Text, nullable=False, index=True),
    Column("language", String(35), nullable=False),
    Column("status", String(20), nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("marks", JSON(none_as_null=True)),  # what channels may show in bold, as a link, …
    Column("version", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("import_source", String(255)),  # name of the file it was imported from last
    Column("imported_version", Integer),  # version that an import wrote or found equal last
    one_of("status", "draft", "published", "archived"),
)


phrasings = Table(
    "phrasings",
    metadata,
    id_column(),
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("source", String(20), nullable=False),
    UniqueConstraint("article_id", "text"),
    one_of("source", "import", "operator"),
)


article_versions = Table(
    "article_versions",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("fields", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(100), nullable=False),
)


embeddings = Table(
    "embeddings",
    metadata,
    Column("encoder", String(200), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("text_hash", LargeBinary(16), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float16
)


# For topics, groups of topics and dialogues: none of them has a row of its own to refer to.
topic_titles = Table(
    "topic_titles",
    metadata,
    Column("topic", String(500), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("title", String(100), nullable=False),
)


# Changes of the knowledge base that decisions and old chats suggest. A supervisor settles each.
proposals = Table(
    "proposals",
    metadata,
    id_column(),
    Column("kind", String(20), nullable=False),
    Column("source", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    # For a new article, once it exists. No foreign key: the article may be deleted later.
    Column("article_id", String(200)),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("base_answer", Text),  # the article's answer on which the proposed one is based
    Column("chosen_phrasings", JSON(none_as_null=True)),  # of a new article, if a supervisor chose them
    Column("weight", Integer, nullable=False),  # turns that support it
    Column("evidence", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("edited_by", ForeignKey("accounts.id")),
    Column("settled_at", UtcDateTime),
    Column("settled_by", ForeignKey("accounts.id")),
    Column("merged_into", ForeignKey("proposals.id")),
    Column("about", LargeBinary(16), nullable=False),  # equal for proposals with the same content
    one_of("kind", "phrasing", "changed_answer", "new_article"),
    one_of("source", "desk", "history"),
    one_of("state", "open", "approved", "dismissed", "merged", "outdated"),
    Index("ix_proposals_state", "state", "weight"),
)


Index(
    "uq_proposals_one_open",
    proposals.c.about,
    unique=True,
    sqlite_where=proposals.c.state == "open",
    postgresql_where=proposals.c.state == "open",
)
