"""Model versions, readiness of topics, and jobs."""

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

# A newer model's top suggestions for randomly sampled turns that were judged before it came.
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


# One row for each topic or group of topics that may answer alone one day.
readiness = Table(
    "readiness",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("mode", String(20)),  # NULL: as the settings say
    Column("threshold", Float),  # confidence from which it answers alone; NULL: it does not
    Column("test_number", Integer, nullable=False),
    Column("test_began_at", UtcDateTime, nullable=False),
    Column("model", String(100), nullable=False),
    Column("live_since", UtcDateTime),
    # With e-BH: log-e-values by the threshold that they passed.
    Column("frozen", JSON, nullable=False),
    Column("left_out", JSON, nullable=False),  # topics of a group that miss the target accuracy themselves
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
    Column("account_id", ForeignKey("accounts.id")),  # NULL: automatic
)


model_versions = Table(
    "model_versions",
    metadata,
    Column("id", String(100), primary_key=True),  # also the name of its folder
    Column("created_at", UtcDateTime, nullable=False),
    Column("parent", String(100)),  # the version that was in use when it was made
    Column("reason", String(20), nullable=False),  # why it was made
    Column("state", String(20), nullable=False),
    Column("model", String(100), nullable=False),  # id that readiness is tested for
    Column("report", JSON, nullable=False),  # the gate's measurements
    Column("changed_at", UtcDateTime, nullable=False),
    one_of("reason", "first", "settings", "train", "learn"),
    one_of("state", "candidate", "shadow", "refused", "passed", "pruned"),
)


# Activations of versions: the one with the highest number answers. A second writer of the same number
# is refused.
model_uses = Table(
    "model_uses",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", ForeignKey("model_versions.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("settings", String(64), nullable=False),  # hash of config.yml's model settings at that time
    Column("account_id", ForeignKey("accounts.id")),  # NULL: automatic, or on the command line
    one_of("reason", "first", "settings", "train", "gate", "promoted", "rollback", "damaged"),
)


# The topics' readiness when a version was replaced, which a rollback restores.
readiness_before = Table(
    "readiness_before",
    metadata,
    Column("use", ForeignKey("model_uses.number"), primary_key=True),  # the activation that ended
    Column("name", Text, primary_key=True),
    Column("values", JSON, nullable=False),
)


# Top suggestions of a version in shadow mode.
shadow_triages = Table(
    "shadow_triages",
    metadata,
    Column("turn_id", ForeignKey("turns.id"), primary_key=True),
    Column("version", ForeignKey("model_versions.id"), primary_key=True),
    Column("article_id", String(200)),  # NULL: no suggestion
    Column("confidence", Float),
    Column("at", UtcDateTime, nullable=False),
)


# Pinned questions, whose answers must never get worse.
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
    Column("alive_until", UtcDateTime),  # renewed by the process that works on it
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
