"""A running Sufler: web face, messenger faces and the worker, together or one by one."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, nullcontext
from enum import StrEnum
from functools import partial

import structlog
from starlette.types import ASGIApp
from threadpoolctl import threadpool_limits

from prompter.common.safe_errors import describe
from prompter.readiness.service import Readiness
from prompter.storage import Store
from prompter.suggestions.assistant import Assistant
from sufler import bootstrap
from sufler.health import Heartbeats
from sufler.learning_scheduler import Teacher
from sufler.rasa import wiring as dialogues
from sufler.settings import Settings
from sufler.shadowing import Shadow
from web.connections import ConnectionLimits, connections_that_fit
from web.server import BoundedConfig, BoundedServer

_SECONDS_AFTER_FAILURE = 1.0  # what is broken is asked no more often
# New objects until the youngest are looked through; times until the middle-aged, and all, are, too.
_GARBAGE_THRESHOLDS = (2_000, 10, 100)

log = structlog.get_logger(__name__)

Loop = Callable[[asyncio.Event], Coroutine[None, None, None]]


class Duty(StrEnum):
    """What a process does; a small server does all of it in one."""

    API = "api"  # pages, JSON API, web chat
    BOT = "bot"  # messages in from messengers, replies out
    WORKER = "worker"  # triage


async def serve(
    settings: Settings,
    store: Store,
    duties: frozenset[Duty],
    *,
    on_ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Run until SIGINT or SIGTERM; what is under way is finished first.

    `on_ready` is told the address of the pages once they can be opened.

    Raises:
        CannotServe: the address for the pages cannot be used.
    """
    stop = asyncio.Event()
    heartbeats = Heartbeats()
    async with AsyncExitStack() as closing:
        listener = closing.enter_context(_listen(settings)) if Duty.API in duties else None
        with _garbage_left_alone():
            loops = await _build(settings, store, duties, listener, on_ready, heartbeats)
        # Messages are answered side by side: threads that share one message's small matrices only
        # wait for each other, and burn the cores while they do.
        closing.enter_context(threadpool_limits(1, user_api="blas"))
        if duties & {Duty.BOT, Duty.WORKER}:
            guard = bootstrap.build_clock_guard(settings, store)
            await asyncio.to_thread(guard.run_once)  # before anything is taken that seems to be due
            loops.append(_every(1.0, guard.run_once, "clock", heartbeats=heartbeats))
            if Duty.BOT in duties:
                messengers = bootstrap.build_messengers(
                    settings, store, closing, guard, heartbeats=heartbeats
                )
                loops += [part.run for part in messengers]
        closing.enter_context(_stopping_on_signals(stop))
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
    """Triage and the web face, which need the models."""
    loops: list[Loop] = []
    every = partial(_every, heartbeats=heartbeats)
    if duties & {Duty.API, Duty.WORKER}:
        # Not in a task group, which would wrap what is wrong with the encoder or the database.
        refresher, _ = await asyncio.gather(
            asyncio.to_thread(bootstrap.build_refresher, settings, store),
            asyncio.sleep(0) if listener is None else asyncio.to_thread(bootstrap.import_web_face),
        )
        assistant = refresher.assistant
        loops.append(every(1.0, refresher.follow_articles, "articles"))
        loops.append(every(0.3, refresher.follow_versions, "versions"))
        if Duty.WORKER in duties:
            conversing = dialogues.build_conversing(settings, store)
            if conversing is not None:
                loops.append(every(1.0, conversing.run_once, "dialogues"))
            has_dialogues = settings.dialogue.engine is not None
            triager = bootstrap.build_triager(
                settings, store, assistant, conversing if has_dialogues else None
            )
            loops.append(every(settings.turns.poll_seconds, triager.run_once, "triage"))
            loops.append(every(60.0, bootstrap.build_planter(store).run_once, "planting"))
            readiness = bootstrap.build_readiness(settings, store)
            loops.append(every(1.0, lambda: _judge(readiness, assistant), "readiness"))
            loops.append(every(1.0, Shadow(settings, store, refresher).run_once, "shadow"))
            loops.append(Teacher(settings, store).run)
        if listener is not None:
            app = bootstrap.build_web_app(settings, store, assistant, heartbeats)
            loops.append(_web_server(settings, app, listener, on_ready))
    return loops


def _judge(readiness: Readiness, assistant: Assistant) -> bool:
    """Look at new evidence on the model that answers now."""
    knowledge = assistant.knowledge
    return readiness.run_once(knowledge.model, learned_until=knowledge.learned_until, ask=assistant.triage)


@contextmanager
def _garbage_left_alone() -> Iterator[None]:
    """Nearly all that is made at the start stays: to look through it for garbage takes half a second.

    Afterwards a full collection is rare, as it stops everybody: with a thousand open requests for a quarter
    of a second, and by Python's own thresholds again each time that a few thousand more have come.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*_GARBAGE_THRESHOLDS)
        gc.enable()


def _every(seconds: float, work: Callable[[], object], name: str, *, heartbeats: Heartbeats) -> Loop:
    """Do blocking work again and again in a thread; a failure is logged and tried again."""

    async def loop(stop: asyncio.Event) -> None:
        while not stop.is_set():
            heartbeats.began(name)
            pause = seconds
            try:
                await asyncio.to_thread(work)
            except Exception as error:
                pause = max(seconds, _SECONDS_AFTER_FAILURE)
                heartbeats.failed(name)
                log.error("background_work_failed", work=name, error=describe(error))
            else:
                heartbeats.succeeded(name)
            try:
                async with asyncio.timeout(pause):
                    await stop.wait()
            except TimeoutError:
                continue

    return loop


class CannotServe(Exception):
    """The address for the web face cannot be used; the message says which and why."""


class _Server(BoundedServer):
    """Leaves signals to us: other loops have to stop with it."""

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        return nullcontext()


def _listen(settings: Settings) -> socket.socket:
    """Bind the web face's address before anything else starts.

    Raises:
        CannotServe: the port is taken, or the address is none of this machine's.
    """
    host, port = settings.web.host, settings.web.port
    with ExitStack() as failing:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            # Said to be TCP, asyncio sends what is written at once; else clients wait 40 ms for each answer.
            listener = failing.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            if os.name == "posix":  # on Windows it would let two programs share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            problem = error.strerror or str(error)
            raise CannotServe(
                f"cannot listen on {host}:{port}: {problem}; set web.host and web.port"
            ) from None
        failing.pop_all()
    return listener


def _web_server(
    settings: Settings, app: ASGIApp, listener: socket.socket, on_ready: Callable[[str], None]
) -> Loop:
    host, port = listener.getsockname()[:2]

    async def loop(stop: asyncio.Event) -> None:
        config = BoundedConfig(app, _connection_limits(settings))
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        stopping = asyncio.create_task(stop.wait())
        try:
            while not server.started and not serving.done() and not stop.is_set():
                await asyncio.sleep(0.02)
            if server.started:
                on_ready(f"http://{host}:{port}")
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
        finally:
            stopping.cancel()
            stop.set()  # a web server that died ends the whole process

    return loop


def _connection_limits(settings: Settings) -> ConnectionLimits:
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


@contextmanager
def _stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    previous = {
        number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
