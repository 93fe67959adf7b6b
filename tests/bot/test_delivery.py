"""Replies leave the outbox: order, concurrency, and the outcome of each reply."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.channel import NotAccepted, OutcomeUnknown, PermanentFailure
from prompter.common.clock import Clock, utc_now
from prompter.conversations.delivery import Deliveries, OutgoingMessage
from prompter.domain.conversation import OutboxState
from prompter.storage import Store
from prompter_api.ready import NotReady
from sufler.health import Heartbeats
from tests.bot.harness import Records, delivery, run_loops, wait_until
from tests.shipped import WAITS
from tests.shop import Shop

OpenShop = Shop[Clock]
Behaviour = Callable[[OutgoingMessage], str]


@dataclass
class FakeChannel:
    """Accepts every message, or behaves once for each of `behaviours`."""

    name: str = "telegram"
    idempotent: bool = False
    behaviours: list[Exception | None] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    gate: threading.Event | None = None  # holds every sending until it is set
    under_way: set[str] = field(default_factory=set)
    max_at_once: int = 0
    overlapped: bool = False

    async def send(self, message: OutgoingMessage) -> str:
        self.overlapped |= message.chat_id in self.under_way
        self.under_way.add(message.chat_id)
        self.max_at_once = max(self.max_at_once, len(self.under_way))
        try:
            if self.gate is not None:
                await asyncio.to_thread(self.gate.wait, 20)
            await asyncio.sleep(0)
            behaviour = self.behaviours.pop(0) if self.behaviours else None
            if behaviour is not None:
                raise behaviour
            self.sent.append((message.chat_id, message.text))
            return f"external-{len(self.sent)}"
        finally:
            self.under_way.discard(message.chat_id)


@pytest.fixture
def shop(store: Store) -> OpenShop:
    return Shop(store, clock=utc_now, max_attempts=3)


def write(shop: OpenShop, chat: str, *texts: str, channel: str = "telegram") -> None:
    """Write to a customer as the operator."""
    shop.write(shop.say("эй", chat=chat, channel=channel), *texts)


def states(records: Records, chat_id: str = "7") -> list[OutboxState]:
    return [reply.state for reply in records.replies(chat_id)]


def test_a_reply_is_sent_and_marked(shop: OpenShop, records: Records) -> None:
    channel = FakeChannel()
    with run_loops(delivery(shop.deliveries, channel)):
        write(shop, "7", "Смотрю.")
        wait_until(lambda: states(records) == [OutboxState.SENT])
    assert channel.sent == [("7", "Смотрю.")]
    assert [reply.external_id for reply in records.replies("7")] == ["external-1"]


def test_one_chat_is_served_in_order_and_chats_side_by_side(shop: OpenShop) -> None:
    channel = FakeChannel(gate=threading.Event())
    for chat in "abcdef":
        write(shop, chat, "один", "два", "три")
    with run_loops(delivery(shop.deliveries, channel, max_concurrency=4)):
        wait_until(lambda: len(channel.under_way) == 4)
        assert channel.gate is not None
        channel.gate.set()
        wait_until(lambda: len(channel.sent) == 18)
    assert channel.max_at_once == 4
    assert not channel.overlapped
    for chat in "abcdef":
        assert [text for to, text in channel.sent if to == chat] == ["один", "два", "три"]


def test_a_chats_next_reply_does_not_wait_for_the_next_look(shop: OpenShop) -> None:
    channel = FakeChannel()
    write(shop, "7", *map(str, range(20)))
    with run_loops(delivery(shop.deliveries, channel, poll_seconds=3600)):
        wait_until(lambda: len(channel.sent) == 20)


def test_a_channel_that_hangs_does_not_hold_up_another(shop: OpenShop) -> None:
    stuck, web = FakeChannel(gate=threading.Event()), FakeChannel(name="web", idempotent=True)
    write(shop, "7", "Смотрю.")
    write(shop, "8", "Смотрю.", channel="web")
    with run_loops(delivery(shop.deliveries, stuck, web, max_concurrency=1)):
        wait_until(lambda: web.sent)
        assert stuck.sent == []
        assert stuck.gate is not None
        stuck.gate.set()


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotAccepted("later", retry_after=0), OutboxState.SENT),
        (PermanentFailure("blocked"), OutboxState.FAILED),
        (OutcomeUnknown("lost"), OutboxState.UNKNOWN),
        (RuntimeError("a bug"), OutboxState.UNKNOWN),
        (TimeoutError(), OutboxState.UNKNOWN),
    ],
)
def test_fates(shop: OpenShop, records: Records, error: Exception, state: OutboxState) -> None:
    channel = FakeChannel(behaviours=[error])
    write(shop, "7", "Смотрю.")
    with run_loops(delivery(shop.deliveries, channel)):
        wait_until(lambda: states(records) == [state])
    assert len(channel.sent) == (1 if state is OutboxState.SENT else 0)


@pytest.mark.parametrize("error", [OutcomeUnknown("lost"), RuntimeError("a bug")])
def test_where_sending_twice_is_harmless_it_is_sent_again(
    shop: OpenShop, store: Store, error: Exception
) -> None:
    channel = FakeChannel(name="web", idempotent=True, behaviours=[error])
    write(shop, "7", "Смотрю.", channel="web")
    records = Records(store, "web")
    with run_loops(delivery(shop.deliveries, channel)):
        wait_until(lambda: states(records) == [OutboxState.SENT])
    assert channel.sent == [("7", "Смотрю.")]


def test_after_an_unknown_fate_the_chat_goes_on(shop: OpenShop, records: Records) -> None:
    channel = FakeChannel(behaviours=[OutcomeUnknown("lost")])
    write(shop, "7", "один", "два")
    with run_loops(delivery(shop.deliveries, channel)):
        wait_until(lambda: states(records) == [OutboxState.UNKNOWN, OutboxState.SENT])
    assert channel.sent == [("7", "два")]


def test_a_sending_without_end_has_an_unknown_fate(shop: OpenShop, records: Records) -> None:
    class Endless(FakeChannel):
        async def send(self, message: OutgoingMessage) -> str:
            await asyncio.Event().wait()
            return await super().send(message)

    write(shop, "7", "Смотрю.")
    with run_loops(delivery(shop.deliveries, Endless(), send_seconds=0.01)):
        wait_until(lambda: states(records) == [OutboxState.UNKNOWN])


def test_what_is_being_sent_is_finished_before_stopping(shop: OpenShop, records: Records) -> None:
    channel = FakeChannel(gate=threading.Event())
    write(shop, "7", "Смотрю.", "Нашла.")
    with run_loops(delivery(shop.deliveries, channel)):
        wait_until(lambda: channel.under_way)
        assert channel.gate is not None
        threading.Timer(0.05, channel.gate.set).start()
    assert states(records) == [OutboxState.SENT, OutboxState.PENDING]


def test_what_a_dead_delivery_left_behind_is_settled(shop: OpenShop, store: Store, records: Records) -> None:
    write(shop, "7", "Смотрю.")
    write(shop, "8", "Смотрю.", channel="web")
    dead = Deliveries(store, waits=replace(WAITS, lease=timedelta(seconds=-1)), max_attempts=3)
    assert len(dead.claim(["telegram", "web"])) == 2
    telegram, web = FakeChannel(), FakeChannel(name="web", idempotent=True)
    with run_loops(delivery(shop.deliveries, telegram, web)):
        wait_until(lambda: states(records) == [OutboxState.UNKNOWN])
        wait_until(lambda: web.sent)
    assert telegram.sent == []


class Unreliable:
    """A database that fails from time to time."""

    def __init__(self, inner: Deliveries, failing: dict[str, int]) -> None:
        self._inner = inner
        self._failing = failing

    def __getattr__(self, name: str) -> object:
        def call(*args: object, **kwargs: object) -> object:
            if self._failing.get(name, 0) > 0:
                self._failing[name] -= 1
                raise OSError("database is down: Смотрю.")
            return getattr(self._inner, name)(*args, **kwargs)

        return call


def test_a_database_that_comes_and_goes_costs_nothing(shop: OpenShop, records: Records) -> None:
    failing = {"list_waiting": 3, "claim_one": 3, "mark_sent": 3, "expire_claims": 3}
    channel = FakeChannel()
    write(shop, "7", "Смотрю.")
    deliveries: Deliveries = Unreliable(shop.deliveries, failing)  # type: ignore[assignment]
    with capture_logs() as logs, run_loops(delivery(deliveries, channel)):
        wait_until(lambda: states(records) == [OutboxState.SENT])
        wait_until(lambda: not any(failing.values()))
    assert channel.sent == [("7", "Смотрю.")]
    assert "Смотрю" not in str(logs)


def test_a_channel_whose_looks_fail_is_not_alive_though_another_is(shop: OpenShop, records: Records) -> None:
    now = [0.0]
    heartbeats = Heartbeats(clock=lambda: now[0])
    failing = {"list_waiting": 10**9}  # and the web's replies are found by `claim`
    deliveries: Deliveries = Unreliable(shop.deliveries, failing)  # type: ignore[assignment]
    web = FakeChannel(name="web", idempotent=True)
    with run_loops(delivery(deliveries, FakeChannel(), web, watcher=heartbeats)):
        wait_until(lambda: failing["list_waiting"] < 10**9 - 1)
        now[0] += 61
        write(shop, "8", "Смотрю.", channel="web")
        wait_until(lambda: web.sent)
        with pytest.raises(NotReady, match=r"^delivery-telegram$"):
            heartbeats.check()
        write(shop, "7", "Смотрю.")

        def is_sent() -> bool:
            failing["list_waiting"] = 0
            return states(records) == [OutboxState.SENT]

        wait_until(is_sent)
        heartbeats.check()


def test_a_report_that_never_gets_through_does_not_stop_the_program_from_ending(
    shop: OpenShop, records: Records
) -> None:
    channel = FakeChannel()
    write(shop, "7", "Смотрю.")
    deliveries: Deliveries = Unreliable(shop.deliveries, {"mark_sent": 10**9})  # type: ignore[assignment]
    with capture_logs() as logs, run_loops(delivery(deliveries, channel)):
        wait_until(lambda: any(entry["event"] == "delivery_report_failed" for entry in logs))
    assert logs[-1]["event"] == "delivery_report_given_up"
    assert states(records) == [OutboxState.SENDING]  # until its claim runs out
