"""Conversations: messages, turns, suggestions, decisions, reviews and the outbox."""

from sqlalchemy import (
    JSON,
    BigInteger,
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
    false,
)

from prompter.storage.tables.common import UtcDateTime, id_column, metadata, one_of

customers = Table(
    "customers",
    metadata,
    id_column(),
    Column("channel", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("language", String(35)),
    Column("source", String(64)),  # where they came from: the payload of the first link that had one
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("channel", "external_id"),
)


conversations = Table(
    "conversations",
    metadata,
    id_column(),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("given_back_at", UtcDateTime),  # when an operator returned it to the bot
)


# The dialogue engine's place in a conversation. Sessions follow one another: an engine's conversation gets
# slower with every turn.
dialogues = Table(
    "dialogues",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id"), primary_key=True),
    Column("session", Integer, nullable=False),
    Column("n_turns", Integer, nullable=False),  # of this session
    Column("used_at", UtcDateTime, nullable=False),
    Column("form", String(200)),  # that waits for the customer's next words; NULL: none
    Column("paused", Boolean, nullable=False),  # as told to the engine
    # The last message sent to the engine, until its reply is stored: it may not have arrived or been
    # answered.
    Column("told_turn_id", ForeignKey("turns.id")),
    Column("told_message_id", Integer),
    Column("used_message_id", Integer),  # last message whose reply was used, in this session
    Column("asked_until", UtcDateTime),  # until then no other worker asks
)


turns = Table(
    "turns",
    metadata,
    id_column(),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("state", String(20), nullable=False),
    # Its position in the triage queue, lowest first, and its lane of that queue.
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
    Column("answered_with", Integer),  # the turn whose reply answered this one too
    # All that the customer has said, if they wrote on while it waited; `utterance` is what was triaged first.
    Column("full_text", Text),
    # Uniform over [0, 1), drawn at triage and kept: undoing a decision never draws again. NULL: the bot
    # would not have answered the turn at any confidence.
    Column("lot_number", Float),
    Column("lot_probability", Float),
    Column("second_number", Float),
    Column("second_probability", Float),
    Column("blind", Boolean, nullable=False, server_default=false()),
    Column("tests", Boolean, nullable=False, server_default=false()),  # counts in the readiness test
    one_of("state", "open", "waiting", "closed"),
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
    id_column(),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("turn_id", ForeignKey("turns.id"), nullable=False, index=True),
    Column("external_id", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("forwarded", Boolean, nullable=False),
    Column("replaces", String(200)),  # external id of the message that this one edits
    Column("file_name", String(200)),
    Column("file_size", BigInteger),  # bytes
    Column("thread_id", String(50)),  # the chat's topic that it was written in
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
    Column("text", Text, nullable=False),  # the answer with its template fields filled
    Column("topic", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("similarity", Float, nullable=False),
    Column("confidence", Float, nullable=False),
)


# Suggestions for `full_text`, shown in place of the first triage's, which alone are evidence.
later_suggestions = Table(
    "later_suggestions",
    metadata,
    Column("turn_id", ForeignKey("turns.id"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    *(Column(column.name, column.type, nullable=False) for column in suggestions.c if not column.primary_key),
)


decisions = Table(
    "decisions",
    metadata,
    id_column(),
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
    one_of(
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
    id_column(),
    Column("turn_id", ForeignKey("turns.id"), nullable=False, index=True),
    Column("decision_id", ForeignKey("decisions.id")),
    Column("topic", Text),
    Column("article_id", String(200)),
    Column("model_version", String(100)),
    Column("confidence", Float),
    Column("suggestion_visible", Boolean, nullable=False),
    Column("lot", String(10)),  # the sample that the turn belongs to; NULL: none
    Column("lot_probability", Float),  # its real or possible probability; NULL: no sample
    Column("verdict", String(20), nullable=False),
    Column("right", Boolean),  # NULL: a second person has to settle it
    Column("operator_id", ForeignKey("accounts.id")),
    Column("received_at", UtcDateTime, nullable=False),
    Column("judged_at", UtcDateTime, nullable=False),
)


# Reviews by second persons: which of two answers fits, or whether a single one does.
reviews = Table(
    "reviews",
    metadata,
    id_column(),
    Column("turn_id", ForeignKey("turns.id"), nullable=False, index=True),
    Column("decision_id", ForeignKey("decisions.id")),
    Column("kind", String(10), nullable=False),
    Column("question", Text, nullable=False),
    Column("first_text", Text, nullable=False),
    Column("second_text", Text),  # NULL: there is only one answer
    Column("own_place", String(10), nullable=False),  # which of the two is the bot's
    Column("not_for", ForeignKey("accounts.id")),  # the account that judged the turn before
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("cancelled_at", UtcDateTime),  # the decision was undone
    Column("choice", String(10)),
    Column("judge_id", ForeignKey("accounts.id")),
    Column("judged_at", UtcDateTime),
    one_of("kind", "second", "settle", "audit", "check", "planted"),
    one_of("own_place", "first", "second"),
    one_of("choice", "first", "second", "both", "neither"),
    Index("ix_reviews_open", "judged_at", "cancelled_at"),
)


# Customers' reactions to automated replies, each at most once.
signals = Table(
    "signals",
    metadata,
    Column("turn_id", ForeignKey("turns.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    one_of("kind", "thumb_up", "thumb_down", "operator_called", "asked_again"),
)


outbox = Table(
    "outbox",
    metadata,
    id_column(),
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
    Column("settled_by", ForeignKey("accounts.id")),  # who decided about its delivery
    Column("settled_at", UtcDateTime),
    Column("marks", JSON(none_as_null=True)),  # of the article's answer that it is
    Column("thread_id", String(50)),  # the chat's topic that it is written in
    Column("first_part_id", Integer),  # of the same reply; NULL: this is the first part
    UniqueConstraint("decision_id", "part"),
    one_of("state", "pending", "sending", "sent", "unknown", "failed", "cancelled"),
    one_of("author", "operator", "bot"),
    Index("ix_outbox_state", "state", "not_before"),
    Index("ix_outbox_conversation", "conversation_id", "id"),
)
