"""Build the store and the use cases of the core."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog

from evaluation.change_detection import Detector
from evaluation.readiness import Rule
from prompter.accounts.last_seen import Defer, run_now
from prompter.accounts.service import Accounts
from prompter.accounts.sessions import Sessions
from prompter.common.clock import Waits
from prompter.conversations.autopilot_gate import Autopilot, ReadinessGate
from prompter.conversations.clock_guard import ClockGuard
from prompter.conversations.commands import CommandReplies
from prompter.conversations.delivery import Deliveries
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager, TurnDialogues
from prompter.desk.service import Desk
from prompter.domain.readiness import Mode
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import Proposals
from prompter.knowledge.topics import Topics
from prompter.readiness.attention_checks import AttentionCheckScheduler
from prompter.readiness.customer_feedback import Feedback
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.service import Readiness
from prompter.storage import Engine, Store, connect, migrate, read_url
from prompter.suggestions.assistant import Assistant
from sufler.private_files import make_private_file, make_private_folder
from sufler.settings import Settings

log = structlog.get_logger(__name__)


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Open the database, create or migrate it if needed, and close it at the end.

    Only their owner may read the database and the other files in the data folder.
    """
    engine = open_engine(settings.database_url)
    if settings.data_dir.exists():
        make_private_folder(settings.data_dir)
    try:
        migrate(engine)
        yield Store(engine)
    finally:
        engine.dispose()
        if settings.data_dir.exists():
            make_private_folder(settings.data_dir)  # including files made meanwhile


def open_engine(url: str) -> Engine:
    """Connect to a database. An SQLite file is made private to its owner before anything is written.

    Raises:
        BadDatabaseUrl: when the URL cannot be parsed.
    """
    read = read_url(url)
    is_file = read.get_backend_name() == "sqlite" and read.database not in (None, "", ":memory:")
    if is_file and not str(read.database).startswith("file:"):  # an SQLite URI
        make_private_file(Path(str(read.database)))
    return connect(url)


def build_accounts(store: Store, *, defer: Defer = run_now) -> Accounts:
    return Accounts(store, defer=defer)


def build_sessions(settings: Settings, store: Store, *, defer: Defer = run_now) -> Sessions:
    return Sessions(
        store,
        max_age=timedelta(hours=settings.web.session_hours),
        max_idle=timedelta(minutes=settings.web.session_idle_minutes),
        defer=defer,
    )


def build_knowledge_base(store: Store, *, template_values: Mapping[str, str] | None = None) -> KnowledgeBase:
    return KnowledgeBase(store, template_values=template_values)


def build_topics(settings: Settings, store: Store) -> Topics:
    return Topics(store, language=settings.language, groups=settings.readiness.groups)


def build_proposals(store: Store) -> Proposals:
    return Proposals(store)


def build_reception(settings: Settings, store: Store, *, max_untriaged: int | None = None) -> Reception:
    return Reception(
        store,
        debounce=timedelta(seconds=settings.turns.debounce_seconds),
        max_wait=timedelta(seconds=settings.turns.max_seconds),
        max_untriaged=max_untriaged,
        command_replies=CommandReplies(
            language=settings.language,
            greetings=settings.telegram.greetings,
            template_values=settings.templates,
        ),
    )


def build_desk(settings: Settings, store: Store) -> Desk:
    return Desk(
        store,
        undo=timedelta(seconds=settings.desk.undo_seconds),
        template_values=settings.templates,
        sampling=build_sampling(settings),
        operator_hold=timedelta(minutes=settings.autopilot.operator_hold_minutes),
    )


def build_feedback(settings: Settings, store: Store) -> Feedback:
    return Feedback(store, sampling=build_sampling(settings), language=settings.language)


def build_sampling(settings: Settings) -> SamplingPolicy:
    return SamplingPolicy(**settings.sampling.model_dump(), from_confidence=settings.readiness.thresholds[-1])


def build_attention_checks(store: Store) -> AttentionCheckScheduler:
    return AttentionCheckScheduler(store)


def rule_of(settings: Settings) -> Rule:
    chosen = settings.readiness
    return Rule(bar=chosen.bar, alpha=chosen.alpha, thresholds=chosen.thresholds)


def detector_of(settings: Settings) -> Detector:
    return Detector(bar=settings.readiness.bar, threshold=settings.readiness.demote_after)


def build_readiness(settings: Settings, store: Store) -> Readiness:
    chosen = settings.readiness
    return Readiness(
        store,
        rule=rule_of(settings),
        detector=detector_of(settings),
        mode=Mode(chosen.mode),
        groups=chosen.groups,
        tested_together=chosen.tested_together,
    )


def waits_of(settings: Settings) -> Waits:
    return Waits(
        undo=timedelta(seconds=settings.desk.undo_seconds),
        lease=timedelta(seconds=settings.delivery.lease_seconds),
        turn=timedelta(seconds=settings.turns.max_seconds),
    )


def build_clock_guard(settings: Settings, store: Store) -> ClockGuard:
    return ClockGuard(store, waits_of(settings))


def build_deliveries(settings: Settings, store: Store, guard: ClockGuard) -> Deliveries:
    return Deliveries(
        store,
        waits=waits_of(settings),
        max_attempts=settings.delivery.max_attempts,
        guard=guard,
    )


def autopilot_of(settings: Settings) -> Autopilot:
    chosen = settings.autopilot
    return Autopilot(
        signatures=chosen.signatures,
        operator_hold=timedelta(minutes=chosen.operator_hold_minutes),
        max_consecutive_answers=chosen.max_consecutive_answers,
        max_dialogue_answers=chosen.max_dialogue_answers,
    )


def build_triager(
    settings: Settings, store: Store, assistant: Assistant, dialogue_sessions: TurnDialogues
) -> Triager:
    return Triager(
        store,
        assistant,
        language=settings.language,
        template_values=settings.templates,
        sampling=build_sampling(settings),
        gate=ReadinessGate(
            build_readiness(settings, store),
            autopilot_of(settings),
        ),
        dialogue_sessions=dialogue_sessions,
    )
