"""Messages arrive from Telegram over HTTP and are stored in a real database."""

import asyncio
import json
import logging
import threading
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs
from telegram import Bot

from bot.telegram import TelegramClient
from bot.telegram.poller import Receiver
from prompter.conversations.intake import Receipt, Reception
from prompter.domain.conversation import IncomingMessage, MessageKind
from prompter.storage import Store
from tests.bot.harness import HeardFeedback, Records, connect, poller, run_loops
from tests.emulators.telegram import Fault, TelegramEmulator

PRIVATE = {"id": 7, "type": "private"}


@dataclass
class FailingReception:
    """Raises the prepared errors before it accepts messages."""

    inner: Reception
    errors: list[Exception] = field(default_factory=list)
    tried: list[IncomingMessage] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, message: IncomingMessage) -> Receipt:
        with self.lock:
            self.tried.append(message)
            if self.errors:
                raise self.errors.pop(0)
        return self.inner.receive(message)


# --- what comes in ----------------------------------------------------------------------------


def test_a_message_is_stored_with_its_customer(
    telegram: TelegramEmulator, reception: Reception, records: Records, store: Store
) -> None:
    with run_loops(poller(telegram, reception)):
        said = telegram.customer_says(7, "где мой заказ")
        telegram.wait_for(lambda: telegram.is_confirmed(said))
    (message,) = records.messages(7)
    assert (message.text, message.kind, message.external_id) == ("где мой заказ", MessageKind.TEXT, "1")
    with store.read() as tx:
        customer = tx.conversations.find("telegram", "7")
    assert customer is not None
    assert (customer.name, customer.language) == ("Ольга Петрова", "ru")


def test_messages_keep_their_order(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    texts = [f"сообщение {number}" for number in range(120)]  # more than one batch
    for text in texts:
        said = telegram.customer_says(7, text)
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(said))
    assert records.texts(7) == texts


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ("photo", MessageKind.PHOTO),
        ("video", MessageKind.VIDEO),
        ("animation", MessageKind.VIDEO),
        ("video_note", MessageKind.VIDEO),
        ("voice", MessageKind.VOICE),
        ("audio", MessageKind.AUDIO),
        ("document", MessageKind.DOCUMENT),
        ("sticker", MessageKind.STICKER),
        ("location", MessageKind.LOCATION),
        ("venue", MessageKind.LOCATION),
        ("contact", MessageKind.CONTACT),
        ("dice", MessageKind.OTHER),
        ("poll", MessageKind.OTHER),
    ],
)
def test_every_kind_of_message_is_stored(
    telegram: TelegramEmulator, reception: Reception, records: Records, sent: str, kind: MessageKind
) -> None:
    telegram.customer_sends(7, sent)
    said = telegram.customer_sends(7, sent, caption="вот чек") if sent == "photo" else None
    last = telegram.customer_says(7, "конец")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    first, *rest = records.messages(7)
    assert (first.kind, first.text) == (kind, "")
    has_file = sent not in ("location", "venue", "contact", "dice", "poll")
    assert first.file_size == (1000 if has_file else None)
    assert first.file_name == ("чек.pdf" if sent == "document" else None)
    if said is not None:
        assert (rest[0].kind, rest[0].text) == (kind, "вот чек")


def test_an_edit_is_a_message_that_replaces_the_first_one(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    said = telegram.customer_says(7, "где мой закас")
    telegram.customer_edits(said, "где мой заказ")
    last = telegram.customer_edits(said, "где мой заказ?")  # within the same second
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    first, *edits = records.messages(7)
    assert [edit.text for edit in edits] == ["где мой заказ", "где мой заказ?"]
    assert {edit.replaces for edit in edits} == {first.external_id}


def test_a_live_location_on_the_move_is_no_new_message(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    place = {"latitude": 55.75, "longitude": 37.61, "live_period": 900}
    said = telegram.customer_sends(7, "location", location=place)
    last = telegram.customer_edits(said, location=place | {"latitude": 55.76})
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    assert len(records.messages(7)) == 1


def test_a_forwarded_message_is_marked(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    telegram.customer_says(7, "смотрите, что мне написали")
    last = telegram.customer_forwards(7, "ваш заказ отменён")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    assert [message.forwarded for message in records.messages(7)] == [False, True]


def test_groups_channels_and_notes_are_passed_over(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    telegram.group_says(-100, "всем привет")
    telegram.channel_posts(-200, "новость")
    telegram.customer_sends(7, "note")
    last = telegram.customer_says(7, "где мой заказ")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    assert records.texts(7) == ["где мой заказ"]
    assert records.messages(-100) == records.messages(-200) == []


@pytest.mark.parametrize(
    "text", ["\x00\x01", "🙂" * 50, "\u200b\u200d", "שלום עולם", "\ud83d", "x" * 100_000]
)
def test_odd_texts_and_names_do_not_hold_up_the_queue(
    telegram: TelegramEmulator, reception: Reception, records: Records, text: str
) -> None:
    who = {"id": 7, "is_bot": False, "first_name": text, "language_code": "\x00??"}
    telegram.customer_says(7, text, **{"from": who})
    last = telegram.customer_says(7, "где мой заказ")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    assert len(records.messages(7)) == 2


@pytest.mark.parametrize(
    ("update", "stored"),
    [
        ({"message": {"message_id": 1, "date": "soon", "chat": PRIVATE, "text": "эй"}}, ["эй"]),
        ({"message": {"message_id": 1, "chat": PRIVATE, "photo": "none"}}, [""]),
        ({"edited_message": {"message_id": 1, "chat": PRIVATE, "text": 5}}, [""]),
        ({"message": {"message_id": 1, "chat": {"id": 7, "type": "group"}, "text": "эй"}}, []),
        ({"message": {"text": "эй"}}, []),
        ({"message": "эй"}, []),
    ],
)
def test_an_update_that_the_library_cannot_read_is_stored_as_far_as_it_can_be(
    telegram: TelegramEmulator,
    reception: Reception,
    records: Records,
    update: dict[str, object],
    stored: list[str],
) -> None:
    telegram.customer_says(8, "до")
    telegram.add_update(update)
    last = telegram.customer_says(8, "после")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    assert records.texts(7) == stored
    assert records.texts(8) == ["до", "после"]


# --- stored first, acknowledged afterwards ------------------------------------------------------


def test_an_update_is_asked_for_again_until_it_is_stored(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    failing = FailingReception(reception, errors=[RuntimeError("database is locked")] * 3)
    first, second = telegram.customer_says(7, "один"), telegram.customer_says(7, "два")
    confirmed_too_early = []

    class RecordingThread:
        def receive(self, message: IncomingMessage) -> Receipt:
            confirmed_too_early.append(telegram.is_confirmed(first) and message.text == "один")
            return failing.receive(message)

    receiver: Receiver = RecordingThread()
    with run_loops(poller(telegram, receiver)):
        telegram.wait_for(lambda: telegram.is_confirmed(second))
    assert [message.text for message in failing.tried] == ["один"] * 4 + ["два"]
    assert not any(confirmed_too_early)
    assert records.texts(7) == ["один", "два"]


def test_what_was_stored_before_the_database_failed_is_confirmed(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    failing = FailingReception(reception)
    telegram.customer_says(7, "один")
    second = telegram.customer_says(7, "два")

    class FailingOnTheSecond:
        def receive(self, message: IncomingMessage) -> Receipt:
            if message.text == "два" and sum(tried.text == "два" for tried in failing.tried) == 0:
                failing.tried.append(message)
                raise OSError("disk full")
            return failing.receive(message)

    with run_loops(poller(telegram, FailingOnTheSecond())):
        telegram.wait_for(lambda: telegram.is_confirmed(second))
    assert [message.text for message in failing.tried] == ["один", "два", "два"]
    assert records.texts(7) == ["один", "два"]


def test_words_that_cannot_be_stored_cost_only_themselves(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    failing = FailingReception(reception, errors=[ValueError("cannot encode")])
    telegram.customer_says(7, "невозможное")
    last = telegram.customer_says(7, "где мой заказ")
    with run_loops(poller(telegram, failing)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    assert [(message.kind, message.text) for message in records.messages(7)] == [
        (MessageKind.OTHER, ""),
        (MessageKind.TEXT, "где мой заказ"),
    ]


def test_duplicates_are_stored_once(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    said = telegram.customer_says(7, "где мой заказ")
    edit = telegram.customer_edits(said, "где мой заказ?")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(edit))
        telegram.deliver_again(said)
        telegram.deliver_again(edit)
        last = telegram.customer_says(7, "ау")
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    assert records.texts(7) == ["где мой заказ", "где мой заказ?", "ау"]


def test_a_poller_that_starts_anew_goes_on_where_the_last_one_stopped(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    with run_loops(poller(telegram, reception)):
        telegram.customer_says(7, "один")
        telegram.wait_for(lambda: records.messages(7))
    telegram.customer_says(7, "два")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: len(records.messages(7)) == 2)
    assert records.texts(7) == ["один", "два"]


# --- buttons ------------------------------------------------------------------------------------

REPLY = 5  # to customer 7


@pytest.fixture
def feedback() -> HeardFeedback:
    return HeardFeedback(replies=frozenset({REPLY}))


@pytest.mark.parametrize(
    ("data", "heard", "answer"),
    [
        ("up:5", "helpful", "Спасибо!"),
        ("down:5", "useless", "Спасибо, мы проверим этот ответ."),
        ("operator:5", "operator", "Оператор ответит здесь."),
    ],
)
def test_a_press_is_passed_on_and_answered(
    telegram: TelegramEmulator,
    reception: Reception,
    records: Records,
    feedback: HeardFeedback,
    data: str,
    heard: str,
    answer: str,
) -> None:
    with run_loops(poller(telegram, reception, feedback)):
        pressed = telegram.customer_presses(7, 2, data)
        telegram.wait_for(lambda: telegram.answers_to(pressed))
        telegram.wait_for(lambda: telegram.is_confirmed(pressed))
    assert feedback.heard == [(heard, "telegram", "7", REPLY)]
    assert telegram.answers_to(pressed) == [answer]
    assert records.messages(7) == []


@pytest.mark.parametrize(
    ("spoken", "ours", "answer"),
    [
        ("ru", "en", "Спасибо!"),
        ("ru-RU", "en", "Спасибо!"),
        ("en", "ru", "Thank you!"),
        ("de", "ru", "Thank you!"),
        (None, "ru", "Спасибо!"),
        (None, "en", "Thank you!"),
        ("??", "en", "Thank you!"),
    ],
)
def test_a_press_is_answered_in_the_customers_language(
    telegram: TelegramEmulator,
    reception: Reception,
    feedback: HeardFeedback,
    spoken: str | None,
    ours: str,
    answer: str,
) -> None:
    who = {"id": 7, "is_bot": False, "first_name": "Olga", "language_code": spoken}
    pressed = telegram.customer_presses(7, 2, "up:5", **{"from": who})
    with run_loops(poller(telegram, reception, feedback, language=ours)):
        telegram.wait_for(lambda: telegram.answers_to(pressed))
    assert telegram.answers_to(pressed) == [answer]


def test_a_press_is_asked_for_again_until_it_is_stored(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    class RecordingThread(HeardFeedback):
        confirmed_too_early = False

        def rate(self, channel: str, chat_id: str, reply_id: int, *, helpful: bool) -> bool:
            self.confirmed_too_early |= telegram.is_confirmed(pressed) or bool(telegram.answers_to(pressed))
            return super().rate(channel, chat_id, reply_id, helpful=helpful)

    pressed = telegram.customer_presses(7, 2, "down:5")
    said = telegram.customer_says(7, "где мой заказ")
    failing = RecordingThread(replies=frozenset({REPLY}), errors=[OSError("database is locked")] * 3)
    with run_loops(poller(telegram, reception, failing)):
        telegram.wait_for(lambda: telegram.is_confirmed(said))
    assert not failing.confirmed_too_early
    assert failing.heard == [("useless", "telegram", "7", REPLY)]
    assert len(telegram.answers_to(pressed)) == 1
    assert records.texts(7) == ["где мой заказ"]


def test_a_press_that_comes_again_is_answered_again(
    telegram: TelegramEmulator, reception: Reception, feedback: HeardFeedback
) -> None:
    pressed = telegram.customer_presses(7, 2, "operator:5")
    with run_loops(poller(telegram, reception, feedback)):
        telegram.wait_for(lambda: telegram.is_confirmed(pressed))
        telegram.deliver_again(pressed)
        telegram.wait_for(lambda: len(telegram.answers_to(pressed)) == 2)
    assert set(telegram.answers_to(pressed)) == {"Оператор ответит здесь."}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=400, description="Bad Request: query is too old"),
        Fault.too_many_requests(600),
        Fault.server_error(500),
        Fault(status=200, raw_body=b"<html>"),
        Fault(close=True),
        Fault.slow(20),
    ],
    ids=lambda fault: f"{fault.status}-{fault.close}-{fault.accept}",
)
def test_a_press_that_cannot_be_answered_stops_and_repeats_nothing(
    telegram: TelegramEmulator,
    reception: Reception,
    records: Records,
    feedback: HeardFeedback,
    fault: Fault,
) -> None:
    telegram.fail_next("answerCallbackQuery", fault)
    telegram.customer_presses(7, 2, "up:5")
    said = telegram.customer_says(7, "где мой заказ")
    with capture_logs() as logs, run_loops(poller(telegram, reception, feedback)):
        telegram.wait_for(lambda: telegram.is_confirmed(said))
    assert feedback.heard == [("helpful", "telegram", "7", REPLY)]
    assert telegram.count("answerCallbackQuery") == 1
    assert records.texts(7) == ["где мой заказ"]
    assert [entry["event"] for entry in logs] == ["telegram_press_not_answered"]


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ("", {}),
        ("up", {}),
        ("up:", {}),
        ("up:0", {}),
        ("up:-5", {}),
        ("up:05", {}),
        ("UP:5", {}),
        ("up:5\n", {}),
        ("up:５", {}),
        ("секрет:5", {}),
        ("operator:5; секрет", {}),
        ("up:2147483648", {}),
        ("up:" + "9" * 30, {}),
        ("up:6", {}),  # somebody else's
        ("up:5", {"data": None, "game_short_name": "секрет"}),
        ("up:5", {"message": None, "inline_message_id": "секрет"}),
        ("up:5", {"message": {"message_id": 2, "date": 1, "chat": {"id": -7, "type": "group"}}}),
        ("up:5", {"from": "секрет"}),
    ],
)
def test_presses_that_are_not_ours_stop_spinning_and_do_nothing(
    telegram: TelegramEmulator,
    reception: Reception,
    feedback: HeardFeedback,
    data: str,
    fields: dict[str, object],
) -> None:
    forged = telegram.customer_presses(7, 2, data, **fields)
    pressed = telegram.customer_presses(7, 2, "up:5")
    with capture_logs() as logs, run_loops(poller(telegram, reception, feedback)):
        telegram.wait_for(lambda: telegram.answers_to(pressed) and telegram.answers_to(forged))
    assert feedback.heard == [("helpful", "telegram", "7", REPLY)]
    assert telegram.answers_to(forged) == ["Эта кнопка больше не работает."]
    assert {entry["update_id"] for entry in logs if "update_id" in entry} == {forged.update_id}
    assert "секрет" not in str(logs)


# --- when Telegram misbehaves -------------------------------------------------------------------


def test_two_pollers_are_told_apart_in_the_log_and_lose_nothing(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    both = poller(telegram, reception), poller(telegram, reception)
    with capture_logs() as logs, run_loops(*both):
        telegram.wait_for(lambda: any(entry["event"] == "telegram_polled_elsewhere" for entry in logs))
        said = telegram.customer_says(7, "где мой заказ")
        telegram.wait_for(lambda: telegram.is_confirmed(said))
    assert records.texts(7) == ["где мой заказ"]
    (hint,) = {entry["hint"] for entry in logs if entry["event"] == "telegram_polled_elsewhere"}
    assert "same token" in hint


def test_a_webhook_is_named_as_the_reason(telegram: TelegramEmulator, reception: Reception) -> None:
    telegram.set_webhook(active=True)
    with capture_logs() as logs, run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.count("getUpdates") >= 2)
    assert "deleteWebhook" in next(
        entry["hint"] for entry in logs if entry["event"] == "telegram_polled_elsewhere"
    )


@pytest.mark.parametrize(
    "fault",
    [
        Fault.too_many_requests(0),
        Fault(status=429, raw_body=b"<html>slow down</html>"),
        Fault.server_error(500),
        Fault(status=502, raw_body=b"<html>Bad Gateway</html>"),
        Fault(status=200, raw_body=b'{"ok": true, "result": [{"upda'),
        Fault(status=200, raw_body=b"[]"),
        Fault(close=True),
        Fault.lost_answer(),
    ],
    ids=lambda fault: f"{fault.status}-{fault.close}-{fault.accept}",
)
def test_polling_survives(
    telegram: TelegramEmulator, reception: Reception, records: Records, fault: Fault
) -> None:
    telegram.fail_next("getUpdates", fault, fault)
    said = telegram.customer_says(7, "где мой заказ")
    with run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.is_confirmed(said))
    assert records.texts(7) == ["где мой заказ"]


def test_polling_waits_as_long_as_telegram_asks(telegram: TelegramEmulator, reception: Reception) -> None:
    telegram.fail_next("getUpdates", Fault.too_many_requests(600))
    with capture_logs() as logs, run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.count("getUpdates"))
        telegram.wait_for(lambda: logs)
    assert logs[0]["retry_after"] == 600
    assert telegram.count("getUpdates") == 1


def test_polling_survives_an_outage(
    telegram: TelegramEmulator, reception: Reception, records: Records
) -> None:
    with capture_logs() as logs, run_loops(poller(telegram, reception)):
        telegram.wait_for(lambda: telegram.count("getUpdates"))
        with telegram.unreachable():
            said = telegram.customer_says(7, "где мой заказ")
            telegram.wait_for(lambda: any(entry.get("error") == "ConnectError" for entry in logs))
        telegram.wait_for(lambda: telegram.is_confirmed(said))
    assert records.texts(7) == ["где мой заказ"]


@pytest.mark.parametrize("token", ["110201543:AAwrong", "nonsense"])
def test_a_wrong_token_is_one_clear_line_and_tried_again_later(
    telegram: TelegramEmulator, reception: Reception, token: str
) -> None:
    with capture_logs() as logs, run_loops(poller(telegram, reception, token=token)):
        telegram.wait_for(lambda: logs)
    assert [entry["event"] for entry in logs] == ["telegram_token_refused"]
    assert token not in json.dumps(logs)


def test_stopping_does_not_wait_for_the_long_poll(telegram: TelegramEmulator, reception: Reception) -> None:
    with run_loops(poller(telegram, reception, poll_seconds=50)):
        telegram.wait_for(lambda: telegram.count("getUpdates"))
    assert telegram.count("getUpdates") == 1


# --- secrets ------------------------------------------------------------------------------------


def test_neither_token_nor_customers_words_reach_the_logs(
    telegram: TelegramEmulator, reception: Reception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.fail_next(
        "getUpdates", Fault.server_error(), Fault.lost_answer(), Fault(raw_body="секрет".encode())
    )
    failing = FailingReception(reception, errors=[RuntimeError("секрет"), ValueError("секрет")])
    telegram.customer_says(7, "секрет")
    broken: dict[str, object] = {"message_id": 1, "chat": PRIVATE, "text": "секрет"}
    telegram.add_update({"message": broken})
    last = telegram.customer_says(7, "секрет")
    with capture_logs() as logs, run_loops(poller(telegram, failing)):
        telegram.wait_for(lambda: telegram.is_confirmed(last))
    written = caplog.text + "".join(map(str, logs))
    assert len(logs) > 5
    assert telegram.token not in written
    assert telegram.token.partition(":")[2] not in written
    assert "секрет" not in written


def test_the_client_keeps_the_token_to_itself(telegram: TelegramEmulator) -> None:
    client = connect(telegram)
    assert telegram.token not in repr(client)
    asyncio.run(client.close())
    assert isinstance(client, TelegramClient)
    assert telegram.token in repr(Bot(telegram.token))  # which is why it must not be logged
