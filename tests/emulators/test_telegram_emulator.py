"""The emulator follows the Bot API's documentation, in the encodings that clients use."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.telegram import Fault, TelegramEmulator


@pytest.fixture
def telegram() -> Iterator[TelegramEmulator]:
    with TelegramEmulator() as emulator:
        yield emulator


MARKUP = {
    "inline_keyboard": [[{"text": "👍", "callback_data": "up:5"}], [{"text": "👎", "callback_data": "x"}]]
}


def call(telegram: TelegramEmulator, method: str, **parameters: Any) -> Any:
    return httpx.post(f"{telegram.base_url}{telegram.token}/{method}", data=parameters, timeout=20).json()


def test_updates_stay_until_a_higher_offset_is_asked_for(telegram: TelegramEmulator) -> None:
    first, second = telegram.customer_says(7, "один"), telegram.customer_says(7, "два")
    for _ in range(2):
        updates = call(telegram, "getUpdates")["result"]
        assert [update["update_id"] for update in updates] == [first.update_id, second.update_id]
    assert not telegram.is_confirmed(first)
    rest = call(telegram, "getUpdates", offset=second.update_id)["result"]
    assert [update["message"]["text"] for update in rest] == ["два"]
    assert telegram.is_confirmed(first)
    assert not telegram.is_confirmed(second)


def test_a_long_poll_ends_with_the_first_update(telegram: TelegramEmulator) -> None:
    timer = threading.Timer(0.05, telegram.customer_says, (7, "один"))
    timer.start()
    assert len(call(telegram, "getUpdates", timeout=15)["result"]) == 1
    timer.join()


def test_a_second_poll_ends_the_first_one_with_409(telegram: TelegramEmulator) -> None:
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(call(telegram, "getUpdates", timeout=15)))
    first.start()
    telegram.wait_for(lambda: telegram.count("getUpdates") == 1)
    second = threading.Thread(target=lambda: answers.append(call(telegram, "getUpdates", timeout=15)))
    second.start()
    first.join()
    assert answers[0]["error_code"] == 409
    assert "terminated by other getUpdates request" in answers[0]["description"]
    telegram.customer_says(7, "один")
    second.join()
    assert answers[1]["ok"]


def test_parameters_come_as_form_json_or_query_and_method_names_in_any_case(
    telegram: TelegramEmulator,
) -> None:
    telegram.customer_says(7, "эй")
    url = f"{telegram.base_url}{telegram.token}/SENDMESSAGE"
    message: dict[str, str | int] = {"chat_id": 7, "text": "ответ & ещё"}
    for response in (
        httpx.post(url, data=message),
        httpx.post(url, json=message),
        httpx.get(url, params=message),
    ):
        assert response.json()["result"]["text"] == "ответ & ещё"
    assert telegram.sent_to(7) == ["ответ & ещё"] * 3


def test_refusals(telegram: TelegramEmulator) -> None:
    assert call(telegram, "sendMessage", chat_id=7, text="эй")["description"] == "Bad Request: chat not found"
    telegram.customer_says(7, "эй")
    assert call(telegram, "sendMessage", chat_id=7, text="x" * 4097)["error_code"] == 400
    assert call(telegram, "sendMessage", chat_id=7, text=" ")["error_code"] == 400
    telegram.block(7)
    assert call(telegram, "sendMessage", chat_id=7, text="эй")["error_code"] == 403
    telegram.fail_next("sendMessage", Fault.too_many_requests(5))
    assert call(telegram, "sendMessage", chat_id=7, text="эй")["parameters"] == {"retry_after": 5}
    assert call(telegram, "sendDice", chat_id=7)["error_code"] == 404
    assert httpx.get(f"{telegram.base_url}1:wrong/getMe").status_code == 401


def test_a_message_keeps_its_buttons(telegram: TelegramEmulator) -> None:
    telegram.customer_says(7, "эй")
    url = f"{telegram.base_url}{telegram.token}/sendMessage"
    message: dict[str, Any] = {"chat_id": 7, "text": "ответ"}
    for response in (
        httpx.post(url, json=message | {"reply_markup": MARKUP}),
        httpx.post(url, data=message | {"reply_markup": json.dumps(MARKUP)}),
    ):
        assert response.json()["result"]["reply_markup"] == MARKUP
    assert call(telegram, "sendMessage", **message)["ok"]
    assert [sent.reply_markup for sent in telegram.sent] == [MARKUP, MARKUP, None]
    assert telegram.sent[0].buttons == {"👍": "up:5", "👎": "x"}
    too_long = {"inline_keyboard": [[{"text": "👍", "callback_data": "я" * 33}]]}
    refused = call(telegram, "sendMessage", **message, reply_markup=json.dumps(too_long))
    assert refused["description"] == "Bad Request: BUTTON_DATA_INVALID"


def test_a_press_comes_with_its_message_and_is_answered_by_its_id(telegram: TelegramEmulator) -> None:
    telegram.customer_says(7, "эй")
    call(telegram, "sendMessage", chat_id=7, text="ответ", reply_markup=json.dumps(MARKUP))
    (sent,) = telegram.sent
    pressed = telegram.customer_presses(7, sent.message_id, "up:5")
    gone = telegram.customer_presses(7, 99, "up:5")
    updates = call(telegram, "getUpdates", allowed_updates='["callback_query"]')["result"]
    queries = [update["callback_query"] for update in updates]
    assert [query["id"] for query in queries] == [pressed.query_id, gone.query_id]
    assert (queries[0]["data"], queries[0]["from"]["id"]) == ("up:5", 7)
    assert (queries[0]["message"]["text"], queries[0]["message"]["reply_markup"]) == ("ответ", MARKUP)
    assert queries[1]["message"]["date"] == 0

    assert call(telegram, "answerCallbackQuery", callback_query_id=pressed.query_id, text="Спасибо!")[
        "result"
    ]
    assert telegram.answers_to(pressed) == ["Спасибо!"]
    assert telegram.answers_to(gone) == []
    unknown = call(telegram, "answerCallbackQuery", callback_query_id="1", text="Спасибо!")
    assert "query ID is invalid" in unknown["description"]
    long = call(telegram, "answerCallbackQuery", callback_query_id=gone.query_id, text="x" * 201)
    assert long["error_code"] == 400
    call(telegram, "getUpdates", offset=pressed.update_id + 1)
    assert telegram.is_confirmed(pressed)
    assert not telegram.is_confirmed(gone)


def test_an_answer_can_be_lost_after_the_message_was_taken(telegram: TelegramEmulator) -> None:
    telegram.customer_says(7, "эй")
    telegram.fail_next("sendMessage", Fault.lost_answer())
    with pytest.raises(httpx.RemoteProtocolError):
        call(telegram, "sendMessage", chat_id=7, text="ответ")
    assert telegram.sent_to(7) == ["ответ"]


def test_the_same_port_works_again_after_an_outage(telegram: TelegramEmulator) -> None:
    with httpx.Client(base_url=f"{telegram.base_url}{telegram.token}") as client:
        assert client.get("/getMe").json()["ok"]
        with telegram.unreachable(), pytest.raises(httpx.TransportError):
            client.get("/getMe")
        assert client.get("/getMe").json()["ok"]
