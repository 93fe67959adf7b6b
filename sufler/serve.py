"""The parts of a running process: loops, the web server, signals and the garbage collector."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, nullcontext

import structlog
from starlette.types import ASGIApp

from prompter.common.safe_errors import describe_without_content
from prompter.common.shutdown import sleep_unless_stopped
from sufler.health import Heartbeats
from web.connections import ConnectionLimits
from web.server import BoundedConfig, BoundedServer

_SECONDS_AFTER_FAILURE = 1.0  # the minimum pause after a failure
# New objects until generation 0 is collected; collections until generations 1 and 2 are collected, too.
_GARBAGE_THRESHOLDS = (2_000, 10, 100)

log = structlog.get_logger(__name__)

Loop = Callable[[asyncio.Event], Coroutine[None, None, None]]


@contextmanager
def defer_garbage_collection() -> Iterator[None]:
    """Collect no garbage during the start, and rarely afterwards.

    Nearly all objects made at the start stay, and to scan them for garbage takes half a second. Afterwards
    full collections are rare, as they stop all requests: with a thousand open requests for a quarter of a
    second, and with Python's default thresholds again after every few thousand requests.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*_GARBAGE_THRESHOLDS)
        gc.enable()


def every(seconds: float, work: Callable[[], object], name: str, *, heartbeats: Heartbeats) -> Loop:
    """Repeat blocking work in a thread. A failure is logged and the work is tried again."""

    async def loop(stop: asyncio.Event) -> None:
        while not stop.is_set():
            heartbeats.record_start(name)
            pause = seconds
            try:
                await asyncio.to_thread(work)
            except Exception as error:
                pause = max(seconds, _SECONDS_AFTER_FAILURE)
                heartbeats.record_failure(name)
                log.error("background_work_failed", work=name, error=describe_without_content(error))
            else:
                heartbeats.record_success(name)
            await sleep_unless_stopped(stop, pause)

    return loop


class CannotServe(Exception):
    """The address for the web face cannot be used. The message says which and why."""


class _Server(BoundedServer):
    """A server that leaves signals to us, as other loops have to stop with it."""

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        return nullcontext()


def listen(host: str, port: int) -> socket.socket:
    """Bind the web face's address before anything else starts.

    Raises:
        CannotServe: when the port is taken, or the address does not belong to this machine.
    """
    with ExitStack() as failing:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            # asyncio sends at once only if the protocol is given as TCP. Otherwise responses wait 40 ms.
            listener = failing.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            if os.name == "posix":  # on Windows the option would let two programs share the port
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


def web_server(
    app: ASGIApp, limits: ConnectionLimits, listener: socket.socket, on_ready: Callable[[str], None]
) -> Loop:
    host, port = listener.getsockname()[:2]

    async def loop(stop: asyncio.Event) -> None:
        config = BoundedConfig(app, limits)
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
            stop.set()  # if the web server dies, the whole process ends

    return loop


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
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
