"""The tables. Rules that the database itself enforces stand here as constraints and partial indexes."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; SQLite itself would forget the time zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: its time zone is unknown")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _one_of(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


facts = Table(
    "facts",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

# --- accounts -----------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("name", String(100), nullable=False),
    Column("folded_name", String(200), nullable=False, unique=True),  # one name, in whatever case
    Column("role", String(20), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("one_time_password", Boolean, nullable=False, default=False),
    Column("language", String(10)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("password_changed_at", UtcDateTime, nullable=False),
    _one_of("role", "operator", "supervisor", "admin"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    _id(),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("scopes", String(200)),  # with spaces between them; NULL: all, made before there were any
    Column("expires_at", UtcDateTime),  # NULL: never
    Column("last_used_at", UtcDateTime),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_agent", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,  # an open page knows its session by the id: no other may get it
)

# How often it was tried to log in under a name, from a network, both. The key is a keyed hash.
login_counts = Table(
    "login_counts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
)

# --- knowledge base -----------------------------------------------------------------------------

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
    Column("version", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    _one_of("status", "draft", "published", "archived"),
)

phrasings = Table(
    "phrasings",
    metadata,
    _id(),
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("source", String(20), nullable=False),
    UniqueConstraint("article_id", "text"),
    _one_of("source", "import", "operator"),
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

# Of topics, groups of topics and dialogues: none of them has a row of its own to point to.
topic_titles = Table(
    "topic_titles",
    metadata,
    Column("topic", String(500), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("title", String(100), nullable=False),
)

# --- conversations ------------------------------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    _id(),
    Column("channel", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("language", String(35)),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("channel", "external_id"),
)

conversations = Table(
    "conversations",
    metadata,
    _id(),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("given_back_at", UtcDateTime),  # an operator is done with it: the bot may answer again
)

# How far a dialogue engine is in a conversation. Sessions follow one another: an engine's conversation gets
# slower with every turn.
dialogues = Table(
    "dialogues",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id"), primary_key=True),
    Column("session", Integer, nullable=False),
    Column("n_turns", Integer, nullable=False),  # of this session
    Column("used_at", UtcDateTime, nullable=False),
    Column("form", String(200)),  # waits for the customer's next words; NULL: none does
    Column("paused", Boolean, nullable=False),  # as the engine knows it
    # What the engine was told last, until its reply is stored: it may not have arrived, or been answered.
    Column("told_turn_id", ForeignKey("turns.id")),
    Column("told_message_id", Integer),
    Column("used_message_id", Integer),  # up to which message its replies were used, in this session
    Column("asked_until", UtcDateTime),  # until then nobody else asks
)

turns = Table(
    "turns",
    metadata,
    _id(),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("state", String(20), nullable=False),
    # Where it stands in the line for triage, lowest first, and with whom it shares a lane of that line.
    Column("lane", String(40), nullable=False, server_default=""),
    Column("queue_position", Float, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),  # of triage, while it is open
    Column("received_at", UtcDateTime, nullable=False),  # of its first message
    Column("closes_at", UtcDateTime, nullable=False),
    Column("last_message_id", Integer),
    Column("triaged_at", UtcDateTime),
    Column("utterance", Text),
    Column("intent", Text),
    Column("intent_confidence", Float),
    Column("route", String(20)),
    Column("handoff_reason", String(40)),
    Column("model_version", String(100)),
    Column("answered_with", Integer),  # the later turn whose reply answered this one too
    # Drawn evenly from [0, 1) at triage and kept: nobody draws again by undoing a decision. NULL: the bot
    # would not have answered the turn, however sure it was.
    Column("lot_number", Float),
    Column("lot_probability", Float),
    Column("second_number", Float),
    Column("second_probability", Float),
    Column("blind", Boolean, nullable=False, server_default=false()),
    Column("tests", Boolean, nullable=False, server_default=false()),  # counts where readiness is tested
    _one_of("state", "open", "waiting", "closed"),
    Index("ix_turns_line", "state", "queue_position", "id"),
    Index("ix_turns_conversation_id", "conversation_id", "id"),
)
Index(
    "ix_turns_lane",
    turns.c.lane,
    turns.c.queue_position,
    sqlite_where=turns.c.state == "open",
    postgresql_where=turns.c.state == "open",
)
Index(
    "uq_turns_one_open",
    turns.c.conversation_id,
    unique=True,
    sqlite_where=turns.c.state == "open",
    postgresql_where=turns.c.state == "open",
)

messages = Table(
    "messages",
    metadata,
    _id(),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("turn_id", ForeignKey("turns.id"), nullable=False, index=True),
    Column("external_id", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("forwarded", Boolean, nullable=False),
    Column("replaces", String(200)),  # external id of the message that this one is an edit of
    Column("received_at", UtcDateTime, nullable=False),
    UniqueConstraint("conversation_id", "external_id"),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("turn_id", ForeignKey("turns.id"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("article_id", String(200), nullable=False),
    Column("question", Text, nullable=False),
    Column("text", Text, nullable=False),  # the answer, template fields filled
    Column("topic", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("similarity", Float, nullable=False),
    Column("confidence", Float, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    Column("turn_id", ForeignKey("turns.id"), nullable=False),
    Column("operator_id", ForeignKey("accounts.id"), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("reason", String(40)),
    Column("rank", Integer),
    Column("article_id", String(200)),
    Column("suggested_text", Text),
    Column("sent_text", Text),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("superseded_at", UtcDateTime),
    _one_of(
        "verdict",
        "accepted",
        "edited_cosmetic",
        "edited_substantive",
        "picked_other",
        "rejected",
        "wrote_own",
    ),
)
Index(
    "uq_decisions_one_live",
    decisions.c.turn_id,
    unique=True,
    sqlite_where=decisions.c.superseded_at.is_(None),
    postgresql_where=decisions.c.superseded_at.is_(None),
)

evidence = Table(
    "evidence",
    metadata,
    _id(),
    Column("turn_id", ForeignKey("turns.id"), nullable=False, index=True),
    Column("decision_id", ForeignKey("decisions.id")),
    Column("topic", Text),
    Column("article_id", String(200)),
    Column("model_version", String(100)),
    Column("confidence", Float),
    Column("suggestion_visible", Boolean, nullable=False),
    Column("lot", String(10)),  # what the turn was drawn for; NULL: it was not
    Column("lot_probability", Float),  # with which it was or might have been; NULL: no lot concerns it
    Column("verdict", String(20), nullable=False),
    Column("right", Boolean),  # NULL: a second person has to settle it
    Column("operator_id", ForeignKey("accounts.id")),
    Column("received_at", UtcDateTime, nullable=False),
    Column("judged_at", UtcDateTime, nullable=False),
)

# What a second person is asked: which of two answers fits, or whether the one does.
reviews = Table(
    "reviews",
    metadata,
    _id(),
    Column("turn_id", ForeignKey("turns.id"), nullable=False, index=True),
    Column("decision_id", ForeignKey("decisions.id")),
    Column("kind", String(10), nullable=False),
    Column("question", Text, nullable=False),
    Column("first_text", Text, nullable=False),
    Column("second_text", Text),  # NULL: there is one answer only
    Column("own_place", String(10), nullable=False),  # which of the two is the bot's
    Column("not_for", ForeignKey("accounts.id")),  # whoever judged the turn before
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("cancelled_at", UtcDateTime),  # the decision was undone
    Column("choice", String(10)),
    Column("judge_id", ForeignKey("accounts.id")),
    Column("judged_at", UtcDateTime),
    _one_of("kind", "second", "settle", "audit", "check", "planted"),
    _one_of("own_place", "first", "second"),
    _one_of("choice", "first", "second", "both", "neither"),
    Index("ix_reviews_open", "judged_at", "cancelled_at"),
)

# What customers let us know about an answer that the bot gave alone; each once.
signals = Table(
    "signals",
    metadata,
    Column("turn_id", ForeignKey("turns.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    _one_of("kind", "thumb_up", "thumb_down", "operator_called", "asked_again"),
)

# What a newer model would have suggested in turns that were judged by lot before it came.
replays = Table(
    "replays",
    metadata,
    Column("turn_id", ForeignKey("turns.id"), primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("article_id", String(200), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("right", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# What decisions and old chats suggest to change in the knowledge base; a supervisor settles each.
proposals = Table(
    "proposals",
    metadata,
    _id(),
    Column("kind", String(20), nullable=False),
    Column("source", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    # Of a new article once it is there; no foreign key: the article may have gone meanwhile.
    Column("article_id", String(200)),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("base_answer", Text),  # the article's answer that the proposed one was made from
    Column("chosen_phrasings", JSON(none_as_null=True)),  # of a new article, where a supervisor chose them
    Column("weight", Integer, nullable=False),  # turns that speak for it
    Column("evidence", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("edited_by", ForeignKey("accounts.id")),
    Column("settled_at", UtcDateTime),
    Column("settled_by", ForeignKey("accounts.id")),
    Column("merged_into", ForeignKey("proposals.id")),
    Column("about", LargeBinary(16), nullable=False),  # equal: the same was proposed
    _one_of("kind", "phrasing", "changed_answer", "new_article"),
    _one_of("source", "desk", "history"),
    _one_of("state", "open", "approved", "dismissed", "merged", "outdated"),
    Index("ix_proposals_state", "state", "weight"),
)
Index(
    "uq_proposals_one_open",
    proposals.c.about,
    unique=True,
    sqlite_where=proposals.c.state == "open",
    postgresql_where=proposals.c.state == "open",
)

# One row for each topic, or group of topics, that may come to answer alone.
readiness = Table(
    "readiness",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("mode", String(20)),  # NULL: as the settings say
    Column("threshold", Float),  # of confidence, from which on it answers alone; NULL: it does not
    Column("test_number", Integer, nullable=False),
    Column("test_began_at", UtcDateTime, nullable=False),
    Column("model", String(100), nullable=False),
    Column("live_since", UtcDateTime),
    # With e-BH: by threshold passed, the log-e-value that it was passed with.
    Column("frozen", JSON, nullable=False),
    Column("left_out", JSON, nullable=False),  # topics of a group that are below the bar themselves
    Column("changed_at", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    _one_of("state", "collecting", "ready", "autopilot", "demoted", "held"),
    _one_of("mode", "manual", "automatic", "shadow"),
)

readiness_events = Table(
    "readiness_events",
    metadata,
    _id(),
    Column("name", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),  # NULL: by itself
)

# --- model versions -----------------------------------------------------------------------------

model_versions = Table(
    "model_versions",
    metadata,
    Column("id", String(100), primary_key=True),  # also the name of its folder
    Column("created_at", UtcDateTime, nullable=False),
    Column("parent", String(100)),  # the version that was in use when it was made
    Column("reason", String(20), nullable=False),  # why it was made
    Column("state", String(20), nullable=False),
    Column("model", String(100), nullable=False),  # what readiness is tested for
    Column("report", JSON, nullable=False),  # what the gate has measured
    Column("changed_at", UtcDateTime, nullable=False),
    _one_of("reason", "first", "settings", "train", "learn"),
    _one_of("state", "candidate", "shadow", "refused", "passed", "pruned"),
)

# Which version answers, and which did before: the highest number does. Whoever comes second to write a
# number is refused.
model_uses = Table(
    "model_uses",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", ForeignKey("model_versions.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("settings", String(64), nullable=False),  # hash of what config.yml said of models at that time
    Column("account_id", ForeignKey("accounts.id")),  # NULL: by itself, or on the command line
    _one_of("reason", "first", "settings", "train", "gate", "promoted", "rollback", "damaged"),
)

# Where the topics stood when a version was replaced: what a rollback brings back.
readiness_before = Table(
    "readiness_before",
    metadata,
    Column("use", ForeignKey("model_uses.number"), primary_key=True),  # the one that ended
    Column("name", Text, primary_key=True),
    Column("values", JSON, nullable=False),
)

# What a version that answers nobody would have suggested first.
shadow_triages = Table(
    "shadow_triages",
    metadata,
    Column("turn_id", ForeignKey("turns.id"), primary_key=True),
    Column("version", ForeignKey("model_versions.id"), primary_key=True),
    Column("article_id", String(200)),  # NULL: nothing
    Column("confidence", Float),
    Column("at", UtcDateTime, nullable=False),
)

# Questions that must never be answered worse again.
pinned_cases = Table(
    "pinned_cases",
    metadata,
    _id(),
    Column("text", Text, nullable=False),
    Column("article_id", String(200), nullable=False),
    Column("pinned_at", UtcDateTime, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
    UniqueConstraint("text", "article_id"),
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", ForeignKey("accounts.id")),  # NULL: the schedule, or the command line
    Column("began_at", UtcDateTime),
    Column("alive_until", UtcDateTime),  # whoever works on it says so again and again
    Column("ended_at", UtcDateTime),
    Column("step", String(40), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer),
    Column("outcome", JSON),
    Column("problem", Text),
    _one_of("kind", "learn"),
    _one_of("state", "waiting", "running", "done", "failed"),
)
Index(
    "uq_jobs_one_open",
    jobs.c.kind,
    jobs.c.state,
    unique=True,
    sqlite_where=jobs.c.state.in_(["waiting", "running"]),
    postgresql_where=jobs.c.state.in_(["waiting", "running"]),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("turn_id", ForeignKey("turns.id")),
    Column("decision_id", ForeignKey("decisions.id")),
    Column("part", Integer, nullable=False),
    Column("author", String(20), nullable=False),
    Column("operator_id", ForeignKey("accounts.id")),
    Column("text", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("external_id", String(200)),
    Column("problem", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("offers_operator", Boolean, nullable=False, server_default=false()),
    Column("settled_by", ForeignKey("accounts.id")),  # who decided about it when it was in trouble
    Column("settled_at", UtcDateTime),
    UniqueConstraint("decision_id", "part"),
    _one_of("state", "pending", "sending", "sent", "unknown", "failed", "cancelled"),
    _one_of("author", "operator", "bot"),
    Index("ix_outbox_state", "state", "not_before"),
    Index("ix_outbox_conversation", "conversation_id", "id"),
)
