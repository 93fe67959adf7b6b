"""The composition root: reads settings, chooses parts, puts them together."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from evaluation.control import Detector
from evaluation.readiness import Rule
from nlu.encoders.encoder import Encoder
from prompter.accounts.last_seen import Defer, at_once
from prompter.accounts.service import Accounts
from prompter.accounts.sessions import Sessions
from prompter.common.clock import Clock, Waits, utc_now
from prompter.common.safe_errors import describe
from prompter.conversations.clock_guard import ClockGuard
from prompter.conversations.delivery import Deliveries
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Autopilot, Triager
from prompter.desk.service import Desk
from prompter.dialogue.session import Conversing
from prompter.domain.readiness import Mode
from prompter.domain.triage import Triage
from prompter.jobs import JobRunning
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import Proposals
from prompter.learning.outcome import Outcome
from prompter.learning.pipeline import LearningConfig
from prompter.learning.proposing import ProposalConfig
from prompter.learning.service import Learning
from prompter.learning.shadow_evaluation import ShadowEvaluator
from prompter.models import article_vectors
from prompter.models.article_vectors import ProgressBar
from prompter.models.encoder_factory import Encoders
from prompter.models.live_assistant import LiveAssistant
from prompter.models.registry import Versions
from prompter.models.version_folders import check_folder
from prompter.readiness.attention_checks import Planter
from prompter.readiness.customer_feedback import Feedback
from prompter.readiness.monitoring import Watching
from prompter.readiness.sampling import Lots
from prompter.readiness.second_reviews import Reviews
from prompter.readiness.service import Readiness
from prompter.storage import Engine, Store, connect, migrate, read_url
from prompter.suggestions.assistant import Assistant
from prompter.suggestions.explanations import explain
from sufler.installation_secret import installation_secret
from sufler.learning_scheduler import LearningScheduler, local_now
from sufler.logs import configure_logs
from sufler.private_files import make_private_file, make_private_folder
from sufler.rasa import wiring as dialogues
from sufler.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.channel import Channel
    from prompter_api.parts import Encoded
    from sufler.health import Heartbeats

log = structlog.get_logger(__name__)


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Open the database, made and brought to this version's schema where needed; closed at the end.

    Nobody but their owner may read the database and what else is kept in the data folder.
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
            make_private_folder(settings.data_dir)  # with what has been made meanwhile


def open_engine(url: str) -> Engine:
    """Connect to a database; a file of SQLite's is its owner's only, from before anything is in it.

    Raises:
        BadDatabaseUrl: the URL cannot be read.
    """
    read = read_url(url)
    is_file = read.get_backend_name() == "sqlite" and read.database not in (None, "", ":memory:")
    if is_file and not str(read.database).startswith("file:"):  # a URI of SQLite's own
        make_private_file(Path(str(read.database)))
    return connect(url)


def build_accounts(store: Store, *, defer: Defer = at_once) -> Accounts:
    return Accounts(store, defer=defer)


def build_sessions(settings: Settings, store: Store, *, defer: Defer = at_once) -> Sessions:
    return Sessions(
        store,
        max_age=timedelta(hours=settings.web.session_hours),
        max_idle=timedelta(minutes=settings.web.session_idle_minutes),
        defer=defer,
    )


def build_knowledge_base(store: Store, *, template_values: Mapping[str, str] | None = None) -> KnowledgeBase:
    return KnowledgeBase(store, template_values=template_values)


def build_proposals(store: Store) -> Proposals:
    return Proposals(store)


def build_reception(settings: Settings, store: Store, *, max_untriaged: int | None = None) -> Reception:
    return Reception(
        store,
        quiet=timedelta(seconds=settings.turns.quiet_seconds),
        longest=timedelta(seconds=settings.turns.longest_seconds),
        max_untriaged=max_untriaged,
    )


def build_desk(settings: Settings, store: Store) -> Desk:
    return Desk(
        store,
        undo=timedelta(seconds=settings.desk.undo_seconds),
        template_values=settings.templates,
        lots=build_lots(settings),
        operator_stays=timedelta(minutes=settings.autopilot.operator_stays_minutes),
    )


def build_feedback(settings: Settings, store: Store) -> Feedback:
    return Feedback(store, lots=build_lots(settings), language=settings.language)


def build_lots(settings: Settings) -> Lots:
    return Lots(**settings.lots.model_dump(), from_confidence=settings.readiness.thresholds[-1])


def build_planter(store: Store) -> Planter:
    return Planter(store)


def build_readiness(settings: Settings, store: Store) -> Readiness:
    chosen = settings.readiness
    return Readiness(
        store,
        rule=Rule(bar=chosen.bar, alpha=chosen.alpha, thresholds=chosen.thresholds),
        detector=Detector(bar=chosen.bar, threshold=chosen.demote_after),
        mode=Mode(chosen.mode),
        groups=chosen.groups,
        tested_together=chosen.tested_together,
    )


def build_clock_guard(settings: Settings, store: Store) -> ClockGuard:
    return ClockGuard(
        store,
        Waits(
            undo=timedelta(seconds=settings.desk.undo_seconds),
            lease=timedelta(seconds=settings.delivery.lease_seconds),
            turn=timedelta(seconds=settings.turns.longest_seconds),
        ),
    )


def build_deliveries(settings: Settings, store: Store, guard: ClockGuard) -> Deliveries:
    return Deliveries(
        store,
        lease=timedelta(seconds=settings.delivery.lease_seconds),
        undo=timedelta(seconds=settings.desk.undo_seconds),
        most_attempts=settings.delivery.most_attempts,
        guard=guard,
    )


def build_versions(settings: Settings, store: Store) -> Versions:
    return Versions(
        store,
        settings=settings.models.recipe.digest,
        check=lambda version_id: check_folder(settings.models, version_id),
    )


def open_assistant(settings: Settings, store: Store, *, encoder: Encoder | None = None) -> Assistant:
    """The assistant that knows the database's articles; index and model are kept in `data_dir`."""
    return build_live_assistant(settings, store, encoder=encoder).assistant


def embed_articles(settings: Settings, store: Store, progress_bar: ProgressBar) -> None:
    """Compute the vectors of texts that have none yet; can be stopped and goes on where it was."""
    article_vectors.embed_articles(
        settings.models, store, build_knowledge_base(store).articles(), progress_bar
    )


def proposal_config(settings: Settings) -> ProposalConfig:
    return ProposalConfig(
        models=settings.models, template_values=settings.templates, language=settings.language
    )


def learning_config(settings: Settings) -> LearningConfig:
    return LearningConfig(proposals=proposal_config(settings), **settings.learning.model_dump(exclude={"at"}))


def learn(
    settings: Settings,
    store: Store,
    *,
    shadow: bool | None = None,
    encoder: Encoder | None = None,
    bar: ProgressBar | None = None,
) -> Outcome:
    """Learn from what operators have decided; see `prompter.learning.pipeline.learn_now`."""
    from prompter.learning.pipeline import learn_now

    readiness = build_readiness(settings, store)
    return learn_now(learning_config(settings), store, readiness, shadow=shadow, encoder=encoder, bar=bar)


def learn_in_background(settings: Settings) -> None:
    """Learn once, giving way to whatever else the machine has to do; runs in a process of its own."""
    if hasattr(os, "nice"):
        os.nice(10)
    configure_logs()
    with open_store(settings) as store:
        try:
            learn(settings, store)
        except JobRunning:
            log.info("learning_is_under_way_elsewhere")
        except Exception as error:
            log.error("learning_failed", error=describe(error))


def build_learning_scheduler(
    settings: Settings, store: Store, *, now: Callable[[], datetime] = local_now
) -> LearningScheduler:
    learn_once = partial(learn_in_background, settings)
    return LearningScheduler(store, daily_at=settings.learning.at, learn=learn_once, now=now)


def build_shadow_evaluator(
    settings: Settings, store: Store, live: LiveAssistant, *, clock: Clock = utc_now
) -> ShadowEvaluator:
    return ShadowEvaluator(
        learning_config(settings),
        store,
        live,
        build_versions(settings, store),
        build_readiness(settings, store),
        clock=clock,
    )


def build_live_assistant(
    settings: Settings, store: Store, *, encoder: Encoder | None = None, of_articles: Encoder | None = None
) -> LiveAssistant:
    """The assistant that follows articles and versions; `encoder` wins over the settings' one."""
    return LiveAssistant(
        settings.models,
        store,
        Encoders(store, given=encoder, of_articles=of_articles),
        articles=build_knowledge_base(store),
        parse=dialogues.build_parser(settings),
    )


def build_triager(
    settings: Settings, store: Store, assistant: Assistant, conversing: Conversing | None = None
) -> Triager:
    return Triager(
        store,
        assistant,
        language=settings.language,
        template_values=settings.templates,
        lots=build_lots(settings),
        readiness=build_readiness(settings, store),
        autopilot=Autopilot(
            signatures=settings.autopilot.signatures,
            operator_stays=timedelta(minutes=settings.autopilot.operator_stays_minutes),
            most_in_a_row=settings.autopilot.most_in_a_row,
            most_in_a_dialogue=settings.autopilot.most_in_a_dialogue,
        ),
        conversing=conversing,
    )


def import_web_face() -> None:
    """Load what `build_web_app` needs: half a second in which something else can be done."""
    for name in ("bot.webchat", "prompter_api.app", "prompter_api.desk"):
        import_module(name)


def _encoded(assistant: Assistant, texts: Sequence[str]) -> "Encoded":
    from prompter_api.parts import Encoded

    reader = assistant.knowledge.reader
    vectors = reader.encode([reader.clean(text) for text in texts], kind="query")
    return Encoded(encoder=reader.id, vectors=vectors)


def build_web_app(
    settings: Settings, store: Store, assistant: Assistant, heartbeats: "Heartbeats | None" = None
) -> "FastAPI":
    """Pages, JSON API and web chat; `heartbeats` are those of the loops in this process."""
    from bot.webchat import ChatLimits, web_chat_router
    from prompter.conversations.customer_view import CustomerViews
    from prompter_api.app import create_app
    from prompter_api.desk import add_pages
    from prompter_api.parts import Parts
    from prompter_api.ready import Check
    from prompter_api.ready import Readiness as ProcessReadiness
    from prompter_api.throttle import LoginThrottle
    from sufler.health import Heartbeats, database_check, disk_check, encoder_check

    store = store.with_patience(settings.database.request_patience_seconds)  # somebody waits for an answer
    secret = installation_secret(settings, store)
    readiness = build_readiness(settings, store)

    def asked_by_engine(text: str) -> Triage:
        return readiness.preview(assistant.by_itself().triage(text))

    # When a session or a token was used last is written apart from the request that uses it.
    last_seen = ThreadPoolExecutor(1, thread_name_prefix="last-seen")
    parts = Parts(
        accounts=build_accounts(store, defer=last_seen.submit),
        sessions=build_sessions(settings, store, defer=last_seen.submit),
        actions=dialogues.build_actions(settings, store, asked_by_engine, lots=build_lots(settings)),
        assistant=assistant,
        asked_by_engine=asked_by_engine,
        encode=lambda texts: _encoded(assistant, texts),
        desk=build_desk(settings, store),
        knowledge=build_knowledge_base(store, template_values=settings.templates),
        explain=lambda text: explain(assistant, text),
        learning=Learning(store),
        proposals=build_proposals(store),
        versions=build_versions(settings, store),
        reviews=Reviews(store),
        readiness=readiness,
        watching=Watching(store),
        language=settings.language,
        session_hours=settings.web.session_hours,
        secure_cookies=settings.web.secure_cookies,
        largest_body=settings.web.largest_body,
        max_header_bytes=settings.web.max_header_bytes,
        ready=ProcessReadiness(
            [
                database_check(store),
                disk_check(settings.data_dir, min_free_megabytes=settings.web.min_free_megabytes),
                Check(name="loops", run=(heartbeats or Heartbeats()).check),
                encoder_check(lambda texts: _encoded(assistant, texts)),
            ]
        ),
        hosts=settings.web.hosts,
        own_actions=dialogues.build_own_actions(settings),
        throttle=LoginThrottle(
            store,
            secret=secret,
            per_name=settings.web.login_tries_per_name,
            per_address=settings.web.login_tries_per_address,
            window_seconds=settings.web.login_window_seconds,
        ),
    )
    web_chat = web_chat_router(
        reception=build_reception(settings, store, max_untriaged=settings.web.max_untriaged),
        feedback=build_feedback(settings, store),
        views=CustomerViews(store),
        secret=secret,
        longest_message=settings.turns.longest_message,
        secure_cookies=settings.web.secure_cookies,
        language=settings.language,
        limits=ChatLimits(
            messages_per_minute=settings.web.messages_per_minute,
            messages_per_address=settings.web.messages_per_address,
            new_chats_per_address=settings.web.new_chats_per_address,
            new_chats_per_minute=settings.web.new_chats_per_minute,
            reads_per_minute=settings.web.reads_per_minute,
            reads_per_address=settings.web.reads_per_address,
        ),
        title=settings.templates.get("shop_name"),
    )
    app = create_app(parts, routers=[web_chat])
    add_pages(app, parts)
    return app


class Messenger(Protocol):
    """A loop between a messenger and the core."""

    async def run(self, stop: asyncio.Event) -> None: ...


def build_messengers(
    settings: Settings,
    store: Store,
    closing: AsyncExitStack,
    guard: ClockGuard,
    *,
    heartbeats: "Heartbeats | None" = None,
) -> list[Messenger]:
    """Delivery to every channel, and polling where there is something to poll.

    Connections are left to `closing`, to be closed when the loops have ended. `heartbeats` are told of every
    look into the outbox.
    """
    from bot.delivery import Delivery
    from bot.webchat import WebChannel

    loops: list[Messenger] = []
    channels: list[Channel] = [WebChannel()]
    if settings.telegram_token is not None:
        from bot.telegram import TelegramChannel, TelegramClient, TelegramPoller

        client = TelegramClient(
            settings.telegram_token.get_secret_value(),
            base_url=settings.telegram.base_url.get_secret_value(),
            timeout_seconds=settings.telegram.timeout_seconds,
        )
        closing.push_async_callback(client.close)
        channels.append(TelegramChannel(client, language=settings.language))
        poller = TelegramPoller(
            client,
            build_reception(settings, store),
            build_feedback(settings, store),
            language=settings.language,
            poll_seconds=settings.telegram.poll_seconds,
        )
        loops.append(poller)
    delivery = Delivery(
        build_deliveries(settings, store, guard),
        channels,
        poll_seconds=settings.delivery.poll_seconds,
        at_once=settings.delivery.at_once,
        send_seconds=0.75 * settings.delivery.lease_seconds,
        expire_seconds=min(10.0, settings.delivery.lease_seconds / 2),
        watcher=heartbeats,
    )
    return [delivery, *loops]
