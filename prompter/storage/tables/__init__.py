"""Which tables are there?

Rules that the database itself enforces are constraints and partial indexes here.

    conversations    customers, messages, turns, decisions, outbox, reviews
    knowledge        articles, titles of topics, proposals
    models           versions and their use, readiness of topics, background jobs
    accounts         accounts, tokens, sessions
    common           types of columns, and facts
"""

from prompter.storage.tables.accounts import (
    accounts,
    api_tokens,
    idempotency_keys,
    login_counts,
    sessions,
)
from prompter.storage.tables.common import UtcDateTime, facts, metadata
from prompter.storage.tables.conversations import (
    conversations,
    customers,
    decisions,
    dialogues,
    evidence,
    later_suggestions,
    messages,
    outbox,
    reviews,
    signals,
    suggestions,
    turns,
)
from prompter.storage.tables.knowledge import (
    article_versions,
    articles,
    embeddings,
    phrasings,
    proposals,
    topic_titles,
)
from prompter.storage.tables.models import (
    jobs,
    model_uses,
    model_versions,
    pinned_cases,
    readiness,
    readiness_before,
    readiness_events,
    replays,
    shadow_triages,
)

__all__ = [
    "UtcDateTime",
    "accounts",
    "api_tokens",
    "article_versions",
    "articles",
    "conversations",
    "customers",
    "decisions",
    "dialogues",
    "embeddings",
    "evidence",
    "facts",
    "idempotency_keys",
    "jobs",
    "later_suggestions",
    "login_counts",
    "messages",
    "metadata",
    "model_uses",
    "model_versions",
    "outbox",
    "phrasings",
    "pinned_cases",
    "proposals",
    "readiness",
    "readiness_before",
    "readiness_events",
    "replays",
    "reviews",
    "sessions",
    "shadow_triages",
    "signals",
    "suggestions",
    "topic_titles",
    "turns",
]
