"""Which parts make up a running Sufler?

This package reads the settings, chooses parts and connects them. It contains wiring only.

    services    the store, and the use cases of the core
    models      the assistant, and learning
    faces       the web face and the messengers
    process     the loops of one process
"""

from sufler.bootstrap.faces import (
    Messenger,
    build_messengers,
    build_web_app,
    import_web_face,
)
from sufler.bootstrap.models import (
    build_learning_scheduler,
    build_live_assistant,
    build_shadow_evaluator,
    build_versions,
    embed_articles,
    learn,
    learn_in_background,
    learning_config,
    open_assistant,
    proposal_config,
)
from sufler.bootstrap.services import (
    build_accounts,
    build_attention_checks,
    build_clock_guard,
    build_deliveries,
    build_desk,
    build_feedback,
    build_knowledge_base,
    build_proposals,
    build_readiness,
    build_reception,
    build_sampling,
    build_sessions,
    build_topics,
    build_triager,
    open_engine,
    open_store,
)

__all__ = [
    "Messenger",
    "build_accounts",
    "build_attention_checks",
    "build_clock_guard",
    "build_deliveries",
    "build_desk",
    "build_feedback",
    "build_knowledge_base",
    "build_learning_scheduler",
    "build_live_assistant",
    "build_messengers",
    "build_proposals",
    "build_readiness",
    "build_reception",
    "build_sampling",
    "build_sessions",
    "build_shadow_evaluator",
    "build_topics",
    "build_triager",
    "build_versions",
    "build_web_app",
    "embed_articles",
    "import_web_face",
    "learn",
    "learn_in_background",
    "learning_config",
    "open_assistant",
    "open_engine",
    "open_store",
    "proposal_config",
]
