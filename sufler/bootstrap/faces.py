"""Build the web face and the messengers."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import structlog

from prompter.conversations.clock_guard import ClockGuard
from prompter.domain.triage import Triage
from prompter.learning.service import Learning
from prompter.readiness.monitoring import QualityMonitor
from prompter.readiness.second_reviews import Reviews
from prompter.storage import Store
from prompter.suggestions.assistant import Assistant
from prompter.suggestions.explanations import explain
from sufler.bootstrap.models import build_versions
from sufler.bootstrap.services import (
    build_accounts,
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
)
from sufler.installation_secret import installation_secret
from sufler.rasa import wiring as dialogues
from sufler.settings import Settings

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from bot.channel import Channel
    from bot.webchat import ChatLimits
    from prompter_api.services import Embeddings, Services
    from sufler.health import Heartbeats

log = structlog.get_logger(__name__)


def import_web_face() -> None:
    """Import the modules of `build_web_app`, which takes half a second and can run beside other work."""
    for name in ("bot.webchat", "prompter_api.app", "prompter_api.desk"):
        import_module(name)


def _encode(assistant: Assistant, texts: Sequence[str]) -> "Embeddings":
    from prompter_api.services import Embeddings

    reader = assistant.knowledge.reader
    vectors = reader.encode([reader.clean(text) for text in texts], kind="query")
    return Embeddings(encoder=reader.id, vectors=vectors)


def build_web_app(
    settings: Settings, store: Store, assistant: Assistant, heartbeats: "Heartbeats | None" = None
) -> "FastAPI":
    """Build pages, JSON API and web chat. `heartbeats` belong to the loops in this process."""
    from prompter_api.app import create_app
    from prompter_api.desk import add_pages

    store = store.with_timeout(settings.database.request_timeout_seconds)  # somebody waits for the response
    secret = installation_secret(settings.secret, store)
    services = _services(settings, store, assistant, heartbeats, secret=secret)
    app = create_app(services, routers=[_web_chat(settings, store, secret=secret)])
    add_pages(app, services)
    return app


def _services(
    settings: Settings, store: Store, assistant: Assistant, heartbeats: "Heartbeats | None", *, secret: str
) -> "Services":
    """Build the use cases that pages and API call."""
    from prompter.accounts.idempotency import IdempotencyKeys
    from prompter_api.ready import Check
    from prompter_api.ready import Readiness as ProcessReadiness
    from prompter_api.services import Services
    from prompter_api.throttle import LoginThrottle
    from sufler.health import Heartbeats, database_check, disk_check, encoder_check

    readiness = build_readiness(settings, store)

    def triage_for_engine(text: str) -> Triage:
        return readiness.preview(assistant.without_external_parser().triage(text))

    # The time of a session's or token's last use is written apart from the request that uses it.
    last_seen = ThreadPoolExecutor(1, thread_name_prefix="last-seen")
    return Services(
        accounts=build_accounts(store, defer=last_seen.submit),
        sessions=build_sessions(settings, store, defer=last_seen.submit),
        idempotency=IdempotencyKeys(store, secret=secret),
        actions=dialogues.build_actions(
            settings, store, triage_for_engine, sampling=build_sampling(settings)
        ),
        assistant=assistant,
        triage_for_engine=triage_for_engine,
        encode=lambda texts: _encode(assistant, texts),
        desk=build_desk(settings, store),
        knowledge=build_knowledge_base(store, template_values=settings.templates),
        topics=build_topics(settings, store),
        explain=lambda text: explain(assistant.trace(text)),
        learning=Learning(store),
        proposals=build_proposals(store),
        versions=build_versions(settings, store),
        reviews=Reviews(store),
        readiness=readiness,
        monitoring=QualityMonitor(store),
        language=settings.language,
        session_hours=settings.web.session_hours,
        secure_cookies=settings.web.secure_cookies,
        max_body_bytes=settings.web.max_body_bytes,
        max_header_bytes=settings.web.max_header_bytes,
        ready=ProcessReadiness(
            [
                database_check(store),
                disk_check(settings.data_dir, min_free_megabytes=settings.web.min_free_megabytes),
                Check(name="loops", run=(heartbeats or Heartbeats()).check),
                encoder_check(lambda texts: _encode(assistant, texts)),
            ]
        ),
        hosts=settings.web.hosts,
        custom_actions=dialogues.build_custom_actions(settings),
        throttle=LoginThrottle(
            store,
            secret=secret,
            per_name=settings.web.login_tries_per_name,
            per_address=settings.web.login_tries_per_address,
            window_seconds=settings.web.login_window_seconds,
        ),
    )


def chat_limits_of(settings: Settings) -> "ChatLimits":
    from bot.webchat import ChatLimits

    chosen = settings.web
    return ChatLimits(
        messages_per_minute=chosen.messages_per_minute,
        messages_per_address=chosen.messages_per_address,
        new_chats_per_address=chosen.new_chats_per_address,
        new_chats_per_minute=chosen.new_chats_per_minute,
        reads_per_minute=chosen.reads_per_minute,
        reads_per_address=chosen.reads_per_address,
    )


def _web_chat(settings: Settings, store: Store, *, secret: str) -> "APIRouter":
    from bot.webchat import web_chat_router
    from prompter.conversations.customer_view import CustomerViews

    return web_chat_router(
        reception=build_reception(settings, store, max_untriaged=settings.web.max_untriaged),
        feedback=build_feedback(settings, store),
        views=CustomerViews(store),
        secret=secret,
        max_message_length=settings.turns.max_message_length,
        secure_cookies=settings.web.secure_cookies,
        language=settings.language,
        limits=chat_limits_of(settings),
        title=settings.templates.get("shop_name"),
    )


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
    """Build the loops that deliver to every channel and poll the messengers that need it.

    `closing` closes the connections when the loops have ended. `heartbeats` are told of every check of the
    outbox.
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
        max_concurrency=settings.delivery.max_concurrency,
        send_seconds=0.75 * settings.delivery.lease_seconds,
        expire_seconds=min(10.0, settings.delivery.lease_seconds / 2),
        watcher=heartbeats,
    )
    return [delivery, *loops]
