"""Replies to Telegram have the right outcome in every case, over real sockets."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from bot.channel import DeliveryError, NotAccepted, OutcomeUnknown, PermanentFailure
from bot.telegram import TelegramChannel, TelegramClient
from kb_index.marks import Mark, MarkKind
from prompter.common.clock import utc_now
from prompter.conversations.delivery import Deliveries, OutgoingMessage
from prompter.conversations.intake import Reception
from prompter.domain.conversation import OutboxState
from prompter.domain.evidence import Signal
from prompter.domain.triage import HandoffReason
from prompter.readiness.customer_feedback import Feedback
from prompter.storage import Store
from tests.bot.harness import Records, connect, delivery, poller, run_loops
from tests.emulators.telegram import Fault, TelegramEmulator
from tests.prompter.readiness.governed import GovernedShop
from tests.shipped import WAITS
from tests.shop import SURE, Shop

Write = Callable[..., None]
CHAT = 7


def message(text: str = "Заказ едет.", chat_id: str = str(CHAT)) -> OutgoingMessage:
    return OutgoingMessage(id=1, channel="telegram", chat_id=chat_id, attempt=1, text=text)


def send(client: TelegramClient, outgoing: OutgoingMessage, *, language: str = "ru") -> str:
    async def go() -> str:
        try:
            return await TelegramChannel(client, language=language).send(outgoing)
        finally:
            await client.close()

    return asyncio.run(go())


def failure(client: TelegramClient, outgoing: OutgoingMessage) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(client, outgoing)
    return caught.value


def test_a_reply_arrives_as_it_was_written(telegram: TelegramEmulator) -> None:
    telegram.customer_says(CHAT, "где мой заказ")
    text = "Заказ *едет*: <b>https://example.com/?a=1&b=2</b> 🙂\nЖдите."
    assert send(connect(telegram), message(text)) == "2"
    assert telegram.sent_to(CHAT) == [text]
    assert set(telegram.calls[-1].parameters) == {"chat_id", "text"}


def test_marks_of_an_answer_are_telegrams_entities(telegram: TelegramEmulator) -> None:
    telegram.customer_says(CHAT, "где мой заказ")
    marks = (
        Mark(kind=MarkKind.BOLD, text="Мои заказы"),
        Mark(kind=MarkKind.LINK, text="условия", address="https://shop.test/terms"),
        Mark(kind=MarkKind.ITALIC, text="слов, которых нет"),
    )
    text = "🙂 Откройте Мои заказы, см. условия (https://shop.test/terms)."
    send(connect(telegram), replace(message(text), marks=marks))
    assert telegram.sent_to(CHAT) == ["🙂 Откройте Мои заказы, см. условия."]
    sent = telegram.calls[-1].parameters["entities"]
    entities = sent if isinstance(sent, list) else json.loads(sent)
    assert [
        (entity["type"], entity["offset"], entity["length"], entity.get("url")) for entity in entities
    ] == [("bold", 12, 10, None), ("text_link", 28, 7, "https://shop.test/terms")]


@pytest.mark.parametrize(
    ("spoken", "ours", "label"),
    [
        ("ru", "en", "Позвать оператора"),
        ("ru-RU", "en", "Позвать оператора"),
        ("en", "ru", "Talk to a person"),
        ("de", "ru", "Talk to a person"),
        (None, "ru", "Позвать оператора"),
        (None, "en", "Talk to a person"),
    ],
)
def test_an_answer_of_the_bot_has_buttons_in_the_customers_language(
    telegram: TelegramEmulator, spoken: str | None, ours: str, label: str
) -> None:
    telegram.customer_says(CHAT, "как вернуть товар")
    answer = replace(message(), id=123, offers_operator=True, language=spoken)
    send(connect(telegram), answer, language=ours)
    (sent,) = telegram.sent
    assert sent.reply_markup == {
        "inline_keyboard": [
            [{"text": "👍", "callback_data": "up:123"}, {"text": "👎", "callback_data": "down:123"}],
            [{"text": label, "callback_data": "operator:123"}],
        ]
    }


@pytest.mark.parametrize(
    ("fault", "expected", "sent"),
    [
        (Fault.too_many_requests(3), NotAccepted, 0),
        (Fault(status=429, raw_body=b"<html>slow down</html>"), NotAccepted, 0),
        (Fault.server_error(500), OutcomeUnknown, 0),
        (Fault.server_error(500, accept=True), OutcomeUnknown, 1),
        (Fault(status=502, raw_body=b"<html>Bad Gateway</html>"), OutcomeUnknown, 0),
        (Fault(status=504, accept=True), OutcomeUnknown, 1),
        (Fault.lost_answer(), OutcomeUnknown, 1),
        (Fault(close=True), OutcomeUnknown, 0),
        (Fault(raw_body=b'{"ok": true, "resu', accept=True), OutcomeUnknown, 1),
        (Fault.slow(20), OutcomeUnknown, 1),
        (Fault(status=401, description="Unauthorized"), NotAccepted, 0),
        (Fault(status=400, description="Bad Request: message is too long"), PermanentFailure, 0),
        (Fault(status=403, description="Forbidden: user is deactivated"), PermanentFailure, 0),
        (
            Fault(status=400, description="Bad Request: group", parameters={"migrate_to_chat_id": -1}),
            PermanentFailure,
            0,
        ),
    ],
)
def test_what_goes_wrong_is_told_apart(
    telegram: TelegramEmulator, fault: Fault, expected: type[DeliveryError], sent: int
) -> None:
    telegram.customer_says(CHAT, "где мой заказ")
    telegram.fail_next("sendMessage", fault)
    error = failure(connect(telegram, seconds=1 if fault.delay_seconds else 10), message())
    assert type(error) is expected
    assert len(telegram.sent_to(CHAT)) == sent
    assert telegram.token not in str(error)


def test_telegram_says_when_to_try_again(telegram: TelegramEmulator) -> None:
    telegram.fail_next("sendMessage", Fault.too_many_requests(3))
    error = failure(connect(telegram), message())
    assert isinstance(error, NotAccepted)
    assert error.retry_after == 3


def test_a_customer_who_blocked_us_or_never_wrote_is_refused(telegram: TelegramEmulator) -> None:
    telegram.customer_says(CHAT, "где мой заказ")
    telegram.block(CHAT)
    assert "blocked" in str(failure(connect(telegram), message()))
    unknown = failure(connect(telegram), message(chat_id="404"))
    assert isinstance(unknown, PermanentFailure)
    assert "not found" in str(unknown)
    assert isinstance(failure(connect(telegram), message(chat_id="someone")), PermanentFailure)


def test_a_wrong_token_takes_nothing(telegram: TelegramEmulator) -> None:
    error = failure(connect(telegram, token="1:wrong"), message())
    assert isinstance(error, NotAccepted)
    assert "1:wrong" not in str(error)


def test_a_refused_connection_takes_nothing(telegram: TelegramEmulator) -> None:
    client = connect(telegram)
    with telegram.unreachable():
        assert isinstance(failure(client, message()), NotAccepted)


@contextmanager
def server(*, accepts: bool, backlog: int = 5) -> Iterator[str]:
    """A bare socket that reads a request and resets the connection, or leaves callers waiting."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(backlog)

        def reset() -> None:
            connection, _ = listening.accept()
            connection.recv(65536)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()

        thread = threading.Thread(target=reset, daemon=True)
        if accepts:
            thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/bot"


def test_a_reset_connection_leaves_the_fate_unknown() -> None:
    with server(accepts=True) as url:
        error = failure(TelegramClient("1:a", base_url=url, timeout_seconds=5), message())
    assert isinstance(error, OutcomeUnknown)


def test_a_connection_that_does_not_come_about_takes_nothing() -> None:
    with server(accepts=False, backlog=0) as url, socket.socket() as first, socket.socket() as second:
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        for filler in (first, second):  # fill the queue: further callers get no answer at all
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        error = failure(TelegramClient("1:a", base_url=url, timeout_seconds=0.2), message())
    assert isinstance(error, NotAccepted)
    assert "ConnectTimeout" in str(error)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/bot", "http://sufler.invalid/bot"])
def test_an_address_that_leads_nowhere_takes_nothing(url: str) -> None:
    error = failure(TelegramClient("1:a", base_url=url, timeout_seconds=5), message())
    assert isinstance(error, NotAccepted)


# --- with outbox and poller -------------------------------------------------------------------


@pytest.fixture
def write(store: Store) -> Write:
    """Let an operator write to known customers."""
    shop = Shop(store, clock=utc_now)

    def write_to(chat: int, *texts: str) -> None:
        with store.read() as tx:
            customer = tx.conversations.find("telegram", str(chat))
        assert customer is not None
        shop.write(customer.conversation_id, *texts)

    return write_to


@contextmanager
def bot(
    telegram: TelegramEmulator,
    store: Store,
    reception: Reception,
    feedback: Feedback | None = None,
    *,
    seconds: float = 5,
) -> Iterator[None]:
    """The bot as in production: poller and delivery."""

    async def deliver(stop: asyncio.Event) -> None:
        client = connect(telegram, seconds=seconds)
        try:
            deliveries = Deliveries(store, waits=WAITS, max_attempts=50)
            await delivery(deliveries, TelegramChannel(client, language="ru"))(stop)
        finally:
            await client.close()

    with run_loops(poller(telegram, reception, feedback), deliver):
        yield


def test_a_conversation_there_and_back(
    telegram: TelegramEmulator,
    store: Store,
    reception: Reception,
    records: Records,
    write: Write,
) -> None:
    with bot(telegram, store, reception):
        for chat in (7, 8, 9):
            telegram.customer_says(chat, "где мой заказ")
        telegram.wait_for(lambda: all(records.messages(chat) for chat in (7, 8, 9)))
        for chat in (7, 8, 9):
            write(chat, "Смотрю.", "Нашла.", "Едет.")
        telegram.wait_for(lambda: len(telegram.sent) == 9)
    for chat in (7, 8, 9):
        assert telegram.sent_to(chat) == ["Смотрю.", "Нашла.", "Едет."]


@pytest.mark.slow
def test_a_customer_rates_an_answer_of_the_bot_and_calls_an_operator(
    telegram: TelegramEmulator, store: Store, governed: GovernedShop, records: Records
) -> None:
    feedback = governed.feedback
    with bot(telegram, store, governed.reception, feedback):
        telegram.customer_says(CHAT, SURE)
        telegram.wait_for(lambda: records.messages(CHAT))
        governed.triage()
        telegram.wait_for(lambda: telegram.sent)
        (answer,) = telegram.sent
        assert answer.text == "Верните товар за 14 дней.\n\nОтветил бот."
        assert list(answer.buttons) == ["👍", "👎", "Позвать оператора"]

        rated = telegram.customer_presses(CHAT, answer.message_id, answer.buttons["👎"])
        forged = telegram.customer_presses(8, 1, answer.buttons["Позвать оператора"])
        called = telegram.customer_presses(CHAT, answer.message_id, answer.buttons["Позвать оператора"])
        telegram.wait_for(lambda: len(telegram.sent) == 2)
        telegram.wait_for(lambda: all(map(telegram.answers_to, (rated, called, forged))))
    assert telegram.sent_to(CHAT)[1] == "Передал ваш вопрос оператору, он ответит здесь."
    assert telegram.sent[1].buttons == {}
    assert telegram.answers_to(forged) == ["Эта кнопка больше не работает."]
    (waiting,) = governed.desk.queue()
    assert waiting.turn.conversation_id == records.replies(CHAT)[0].conversation_id
    assert waiting.turn.handoff_reason == HandoffReason.CUSTOMER_REQUEST.value
    with store.read() as tx:
        assert tx.signals.of_turn(waiting.turn.id) == {Signal.THUMB_DOWN, Signal.OPERATOR_CALLED}


@pytest.mark.parametrize("fault", [Fault.lost_answer(), Fault.slow(20)])
def test_a_reply_whose_answer_is_lost_is_never_sent_twice(
    telegram: TelegramEmulator,
    store: Store,
    reception: Reception,
    records: Records,
    write: Write,
    fault: Fault,
) -> None:
    telegram.fail_next("sendMessage", fault)
    with bot(telegram, store, reception, seconds=1 if fault.delay_seconds else 10):
        telegram.customer_says(CHAT, "где мой заказ")
        telegram.wait_for(lambda: records.messages(CHAT))
        write(CHAT, "Смотрю.", "Нашла.")
        telegram.wait_for(lambda: len(telegram.sent_to(CHAT)) == 2)
        telegram.wait_for(lambda: records.replies(CHAT)[1].state is OutboxState.SENT)
    assert telegram.sent_to(CHAT) == ["Смотрю.", "Нашла."]
    assert records.replies(CHAT)[0].state is OutboxState.UNKNOWN


@pytest.mark.slow
def test_a_reply_waits_out_flood_control_and_outages_in_order(
    telegram: TelegramEmulator,
    store: Store,
    reception: Reception,
    records: Records,
    write: Write,
) -> None:
    telegram.fail_next("sendMessage", Fault(status=429, parameters={"retry_after": 0.01}))
    with bot(telegram, store, reception):
        telegram.customer_says(CHAT, "где мой заказ")
        telegram.wait_for(lambda: records.messages(CHAT))
        with telegram.unreachable():
            write(CHAT, "Смотрю.", "Нашла.")
            telegram.wait_for(lambda: records.replies(CHAT)[0].problem)
        telegram.wait_for(lambda: len(telegram.sent_to(CHAT)) == 2)
    assert telegram.sent_to(CHAT) == ["Смотрю.", "Нашла."]


# --- topics, attachments and commands -----------------------------------------------------------


def test_replies_go_to_the_topic_in_which_the_customer_wrote(
    telegram: TelegramEmulator, store: Store, reception: Reception, records: Records, write: Write
) -> None:
    with bot(telegram, store, reception):
        telegram.customer_says(CHAT, "где мой заказ", message_thread_id=5, is_topic_message=True)
        telegram.wait_for(lambda: records.messages(CHAT))
        write(CHAT, "Смотрю.")
        telegram.wait_for(lambda: len(telegram.sent) == 1)
        telegram.fail_next(
            "sendMessage", Fault(status=400, description="Bad Request: message thread not found")
        )
        write(CHAT, "Едет.")
        telegram.wait_for(lambda: len(telegram.sent) == 2)
        telegram.customer_says(CHAT, "спасибо", message_thread_id=5)  # an answer to a message is no topic
        telegram.wait_for(lambda: len(records.messages(CHAT)) == 2)
        write(CHAT, "Пожалуйста.")
        telegram.wait_for(lambda: len(telegram.sent) == 3)
    assert [(sent.text, sent.thread_id) for sent in telegram.sent] == [
        ("Смотрю.", 5),
        ("Едет.", None),
        ("Пожалуйста.", None),
    ]


def test_commands_are_answered_and_the_link_is_kept(
    telegram: TelegramEmulator, store: Store, reception: Reception, records: Records
) -> None:
    with bot(telegram, store, reception):
        telegram.customer_says(7, "/start")
        telegram.customer_says(8, "/start@sufler_bot promo_42")
        telegram.customer_says(9, "/STOP")
        telegram.customer_says(10, "/help не могу войти")
        telegram.customer_forwards(11, "/start")
        telegram.wait_for(lambda: len(telegram.sent) == 3)
        telegram.wait_for(lambda: records.messages(11))
    hello = "Здравствуйте! Напишите ваш вопрос, и мы ответим здесь."
    assert [telegram.sent_to(chat) for chat in (7, 8, 10, 11)] == [[hello], [hello], [], []]
    with store.read() as tx:
        customers = [tx.conversations.find("telegram", str(chat)) for chat in (7, 8)]
        assert [customer and customer.source for customer in customers] == [None, "promo_42"]
        assert len(tx.conversations.due_turns(utc_now())) == 2  # what is more than a command


def test_a_name_with_braces_can_be_used_in_an_answer(
    telegram: TelegramEmulator, store: Store, reception: Reception, records: Records, write: Write
) -> None:
    with bot(telegram, store, reception):
        telegram.customer_says(CHAT, "эй", **{"from": {"id": CHAT, "is_bot": False, "first_name": "{user}"}})
        telegram.wait_for(lambda: records.messages(CHAT))
        write(CHAT, "{user}, ваш заказ едет.")
        telegram.wait_for(lambda: telegram.sent)
    assert telegram.sent_to(CHAT) == ["{user}, ваш заказ едет."]
