"""Run Sufler: web face, messengers and worker, in one process or in several."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from enum import StrEnum
from functools import partial

import structlog
from threadpoolctl import threadpool_limits

from prompter.dialogue.session import NoDialogue
from prompter.readiness.service import Readiness
from prompter.storage import Store
from prompter.suggestions.assistant import Assistant
from sufler.bootstrap.faces import build_messengers, build_web_app, import_web_face
from sufler.bootstrap.models import build_learning_scheduler, build_live_assistant, build_shadow_evaluator
from sufler.bootstrap.services import (
    build_attention_checks,
    build_clock_guard,
    build_readiness,
    build_triager,
)
from sufler.health import Heartbeats
from sufler.rasa import wiring as dialogues
from sufler.serve import Loop, defer_garbage_collection, every, listen, stop_on_signals, web_server
from sufler.settings import Settings
from web.connections import ConnectionLimits, connections_that_fit

log = structlog.get_logger(__name__)


class Duty(StrEnum):
    """The duties of a process. On a small server one process has all of them."""

    API = "api"  # pages, JSON API, web chat
    BOT = "bot"  # receives messages from messengers and sends replies
    WORKER = "worker"  # triage


async def serve(
    settings: Settings,
    store: Store,
    duties: frozenset[Duty],
    *,
    on_ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Run until SIGINT or SIGTERM. Work in progress is finished first.

    `on_ready` gets the address of the pages once they can be opened.

    Raises:
        CannotServe: when the address for the pages cannot be used.
    """
    stop = asyncio.Event()
    heartbeats = Heartbeats()
    async with AsyncExitStack() as closing:
        listener = (
            closing.enter_context(listen(settings.web.host, settings.web.port))
            if Duty.API in duties
            else None
        )
        with defer_garbage_collection():
            loops = await _build(settings, store, duties, listener, on_ready, heartbeats)
        # Messages are answered in parallel. Threads that share one message's small matrices would only
        # wait for each other, and keep the cores busy meanwhile.
        closing.enter_context(threadpool_limits(1, user_api="blas"))
        if duties & {Duty.BOT, Duty.WORKER}:
            guard = build_clock_guard(settings, store)
            await asyncio.to_thread(guard.run_once)  # before any work is claimed that only seems to be due
            loops.append(every(1.0, guard.run_once, "clock", heartbeats=heartbeats))
            if Duty.BOT in duties:
                messengers = build_messengers(settings, store, closing, guard, heartbeats=heartbeats)
                loops += [part.run for part in messengers]
        closing.enter_context(stop_on_signals(stop))
        async with asyncio.TaskGroup() as tasks:
            for loop in loops:
                tasks.create_task(loop(stop))
            if listener is None:
                on_ready("")


async def _build(
    settings: Settings,
    store: Store,
    duties: frozenset[Duty],
    listener: socket.socket | None,
    on_ready: Callable[[str], None],
    heartbeats: Heartbeats,
) -> list[Loop]:
    """Build the loops of triage and of the web face, which need the models."""
    loops: list[Loop] = []
    repeat = partial(every, heartbeats=heartbeats)
    if duties & {Duty.API, Duty.WORKER}:
        # Not in a task group, which would wrap an error of the encoder or the database.
        live, _ = await asyncio.gather(
            asyncio.to_thread(build_live_assistant, settings, store),
            asyncio.sleep(0) if listener is None else asyncio.to_thread(import_web_face),
        )
        assistant = live.assistant
        loops.append(repeat(1.0, live.reload_articles, "articles"))
        loops.append(repeat(0.3, live.reload_version, "versions"))
        if Duty.WORKER in duties:
            dialogue_sessions = dialogues.build_dialogue_sessions(settings, store)
            if dialogue_sessions is not None:
                loops.append(repeat(1.0, dialogue_sessions.run_once, "dialogues"))
            has_dialogues = settings.dialogue.engine is not None
            asked = dialogue_sessions if dialogue_sessions is not None and has_dialogues else NoDialogue()
            triager = build_triager(settings, store, assistant, asked)
            loops.append(repeat(settings.turns.poll_seconds, triager.run_once, "triage"))
            loops.append(repeat(60.0, build_attention_checks(store).run_once, "planting"))
            readiness = build_readiness(settings, store)
            loops.append(repeat(1.0, lambda: _judge(readiness, assistant), "readiness"))
            shadow = build_shadow_evaluator(settings, store, live)
            loops.append(repeat(1.0, shadow.run_once, "shadow"))
            loops.append(build_learning_scheduler(settings, store).run)
        if listener is not None:
            app = build_web_app(settings, store, assistant, heartbeats)
            loops.append(web_server(app, connection_limits_of(settings), listener, on_ready))
    return loops


def _judge(readiness: Readiness, assistant: Assistant) -> bool:
    """Update readiness with new evidence on the model in use."""
    knowledge = assistant.knowledge
    return readiness.run_once(
        knowledge.model, training_cutoff=knowledge.training_cutoff, ask=assistant.triage
    )


def connection_limits_of(settings: Settings) -> ConnectionLimits:
    web = settings.web
    fit = connections_that_fit(web.max_connections)
    if fit < web.max_connections:
        log.warning("fewer_connections_than_set", max_connections=web.max_connections, open_files_allow=fit)
    return ConnectionLimits(
        max_connections=fit,
        max_connections_per_address=web.max_connections_per_address,
        header_seconds=web.header_seconds,
        body_seconds=web.body_seconds,
        idle_seconds=web.idle_seconds,
        max_header_bytes=web.max_header_bytes,
        trusted_proxies=web.trusted_proxies,
    )
