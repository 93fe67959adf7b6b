"""Versions of the model, and what is known about topics."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from prompter.storage.tables.common import UtcDateTime, id_column, metadata, one_of

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
    one_of("state", "collecting", "ready", "autopilot", "demoted", "held"),
    one_of("mode", "manual", "automatic", "shadow"),
)


readiness_events = Table(
    "readiness_events",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),  # NULL: by itself
)


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
    one_of("reason", "first", "settings", "train", "learn"),
    one_of("state", "candidate", "shadow", "refused", "passed", "pruned"),
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
    one_of("reason", "first", "settings", "train", "gate", "promoted", "rollback", "damaged"),
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
    id_column(),
    Column("text", Text, nullable=False),
    Column("article_id", String(200), nullable=False),
    Column("pinned_at", UtcDateTime, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
    UniqueConstraint("text", "article_id"),
)


jobs = Table(
    "jobs",
    metadata,
    id_column(),
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
    one_of("kind", "learn"),
    one_of("state", "waiting", "running", "done", "failed"),
)


Index(
    "uq_jobs_one_open",
    jobs.c.kind,
    jobs.c.state,
    unique=True,
    sqlite_where=jobs.c.state.in_(["waiting", "running"]),
    postgresql_where=jobs.c.state.in_(["waiting", "running"]),
)
