"""Run the bot's loops beside a test, and read the database."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.buttons import Feedback
from bot.channel import Channel
from bot.delivery import Delivery
from bot.telegram import TelegramClient, TelegramPoller
from bot.telegram.poller import Receiver
from prompter.common.errors import NotFound
from prompter.conversations.delivery import Deliveries
from prompter.domain.conversation import Message, Reply
from prompter.storage import Store
from tests.emulators.telegram import TelegramEmulator

Loop = Callable[[asyncio.Event], Awaitable[None]]


class Running:
    """A loop of the bot in its own thread."""

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
        """Ask the loop to stop, wait for it, and raise the error that ended it, if any."""
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
def run_loops(*loops: Loop) -> Iterator[Running]:
    """Run the loops for the duration of the block."""
    runner = Running(*loops)
    try:
        yield runner
    finally:
        runner.stop()


def delivery(deliveries: Deliveries, *channels: Channel, **options: Any) -> Loop:
    """Return a delivery that looks often and backs off briefly."""
    quick = {
        "poll_seconds": 0.02,
        "max_concurrency": 16,
        "send_seconds": 45,
        "expire_seconds": 0.02,
        "first_backoff_seconds": 0.01,
        "max_backoff_seconds": 0.02,
    }
    return Delivery(deliveries, channels, **(quick | options)).run


@dataclass
class HeardFeedback:
    """Records the buttons pressed under these replies, after raising the prepared errors."""

    replies: frozenset[int] = frozenset()
    errors: list[Exception] = field(default_factory=list)
    heard: list[tuple[str, str, str, int]] = field(default_factory=list)

    def rate(self, channel: str, chat_id: str, reply_id: int, *, helpful: bool) -> bool:
        return self._hear("helpful" if helpful else "useless", channel, chat_id, reply_id)

    def call_operator(self, channel: str, chat_id: str, reply_id: int) -> bool:
        return self._hear("operator", channel, chat_id, reply_id)

    def _hear(self, kind: str, channel: str, chat_id: str, reply_id: int) -> bool:
        if self.errors:
            raise self.errors.pop(0)
        if reply_id not in self.replies:
            raise NotFound("there is no such answer")
        press = (kind, channel, chat_id, reply_id)
        self.heard.append(press)
        return self.heard.count(press) == 1


def connect(telegram: TelegramEmulator, *, token: str | None = None, seconds: float = 5) -> TelegramClient:
    return TelegramClient(token or telegram.token, base_url=telegram.base_url, timeout_seconds=seconds)


def poller(
    telegram: TelegramEmulator,
    reception: Receiver,
    feedback: Feedback | None = None,
    *,
    token: str | None = None,
    poll_seconds: int = 20,
    language: str = "ru",
) -> Loop:
    """Yield a poller that backs off briefly, and close its connections at the end."""

    async def run(stop: asyncio.Event) -> None:
        client = connect(telegram, token=token)
        try:
            await TelegramPoller(
                client,
                reception,
                feedback or HeardFeedback(),
                language=language,
                poll_seconds=poll_seconds,
                answer_seconds=0.5,
                first_backoff_seconds=0.01,
                max_backoff_seconds=0.05,
            ).run(stop)
        finally:
            await client.close()

    return run


class Records:
    """The contents of the database."""

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
    """Check repeatedly until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for has not come about"
        time.sleep(0.01)
