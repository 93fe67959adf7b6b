"""Running the bot's loops beside a test, and looking at what they have stored."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from bot.telegram import TelegramClient, TelegramPoller
from bot.telegram.poller import Receiver
from prompter.storage import Store
from prompter.values import Message, Reply
from tests.emulators.telegram import TelegramEmulator

Loop = Callable[[asyncio.Event], Awaitable[None]]


class Running:
    """A loop of the bot in a thread of its own."""

    def __init__(self, *loops: Loop) -> None:
        self._loops = loops
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ask it to stop, and wait until it has; raises what it died of."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self.join()

    def join(self) -> None:
        self._thread.join(timeout=20)
        assert not self._thread.is_alive(), "it does not stop"
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            self._ready.set()
            await asyncio.gather(*(loop(self._stop) for loop in self._loops))

        try:
            asyncio.run(main())
        except BaseException as error:  # handed to the test
            self._failure = error


@contextmanager
def running(*loops: Loop) -> Iterator[Running]:
    """Runs the loops for as long as the block lasts."""
    runner = Running(*loops)
    try:
        yield runner
    finally:
        runner.stop()


def connect(telegram: TelegramEmulator, *, token: str | None = None, seconds: float = 5) -> TelegramClient:
    return TelegramClient(token or telegram.token, base_url=telegram.base_url, timeout_seconds=seconds)


def poller(
    telegram: TelegramEmulator, reception: Receiver, *, token: str | None = None, poll_seconds: int = 20
) -> Loop:
    """A poller that backs off briefly, closing its connections in the end."""

    async def run(stop: asyncio.Event) -> None:
        client = connect(telegram, token=token)
        try:
            await TelegramPoller(
                client,
                reception,
                poll_seconds=poll_seconds,
                first_backoff_seconds=0.01,
                longest_backoff_seconds=0.05,
            ).run(stop)
        finally:
            await client.close()

    return run


class Records:
    """What is in the database."""

    def __init__(self, store: Store, channel: str = "telegram") -> None:
        self._store = store
        self._channel = channel

    def messages(self, chat_id: int | str) -> list[Message]:
        with self._store.read() as tx:
            customer = tx.conversations.find(self._channel, str(chat_id))
            return tx.conversations.messages(customer.conversation_id) if customer else []

    def texts(self, chat_id: int | str) -> list[str]:
        return [message.text for message in self.messages(chat_id)]

    def replies(self, chat_id: int | str) -> list[Reply]:
        with self._store.read() as tx:
            customer = tx.conversations.find(self._channel, str(chat_id))
            return tx.outbox.of_conversation(customer.conversation_id) if customer else []


def wait_until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Look again every few moments until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for has not come about"
        time.sleep(0.01)
