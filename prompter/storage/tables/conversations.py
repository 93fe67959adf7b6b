"""What customers write, what is suggested, decided and sent."""

from sqlalchemy import (
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
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("channel", "external_id"),
)


conversations = Table(
    "conversations",
    metadata,
    id_column(),
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
    id_column(),
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
    id_column(),
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
    one_of("kind", "second", "settle", "audit", "check", "planted"),
    one_of("own_place", "first", "second"),
    one_of("choice", "first", "second", "both", "neither"),
    Index("ix_reviews_open", "judged_at", "cancelled_at"),
)


# What customers let us know about an answer that the bot gave alone; each once.
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
    Column("settled_by", ForeignKey("accounts.id")),  # who decided about it when it was in trouble
    Column("settled_at", UtcDateTime),
    UniqueConstraint("decision_id", "part"),
    one_of("state", "pending", "sending", "sent", "unknown", "failed", "cancelled"),
    one_of("author", "operator", "bot"),
    Index("ix_outbox_state", "state", "not_before"),
    Index("ix_outbox_conversation", "conversation_id", "id"),
)
