"""A conversation runs over HTTP: from the queue to the reply, with every possible refusal."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompter.domain.conversation import Command, IncomingMessage, MessageKind, OutboxState
from tests.fakes import OrderDialogue
from tests.web_shop import WebShop, acceptance, refusal


@pytest.fixture
def anna(shop: WebShop) -> TestClient:
    return shop.browser("anna")


def first_waiting(client: TestClient) -> tuple[int, dict[str, Any]]:
    """Return the ids of the turn that waits longest and of its conversation."""
    turn = client.get("/api/queue").json()[0]["turn"]
    return turn["id"], client.get(f"/api/conversations/{turn['conversation_id']}").json()


def test_a_whole_conversation(shop: WebShop, anna: TestClient) -> None:
    conversation_id = shop.ask("когда вернут деньги")

    (item,) = anna.get("/api/queue").json()
    assert item["turn"]["conversation_id"] == conversation_id
    assert item["turn"]["route"] == "suggest"
    assert item["turn"]["received_at"] == "2026-03-02T09:00:00Z"
    assert item["customer"]["name"] == "Ольга"
    assert item["confidence"] == 1.0

    view = anna.get(f"/api/conversations/{conversation_id}").json()
    assert [message["text"] for message in view["messages"]] == ["когда вернут деньги"]
    assert view["suggestions"][0]["text"] == "Деньги придут за 3 дня, Ольга."

    decided = anna.post(f"/api/turns/{view['turn']['id']}/decision", json=acceptance(view))
    assert decided.status_code == 200
    assert decided.json()["verdict"] == "accepted"
    assert decided.json()["undo_until"] == "2026-03-02T09:00:07Z"

    shop.clock.forward(5)
    assert [message.text for message in shop.deliver()] == ["Деньги придут за 3 дня, Ольга."]
    assert anna.get("/api/queue").json() == []
    view = anna.get(f"/api/conversations/{conversation_id}").json()
    assert [(reply["state"], reply["operator_name"]) for reply in view["replies"]] == [("sent", "anna")]
    assert view["turn"] is None


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"rank": 2}, "accepted"),
        ({"action": "edit", "text": "Верните товар за 30 дней."}, "edited_substantive"),
        ({"action": "pick_other", "rank": None, "article_id": "order-cancel"}, "picked_other"),
        ({"action": "write_own", "rank": None, "text": "Сейчас посмотрю."}, "wrote_own"),
        ({"action": "reject", "rank": None, "reason": "outdated"}, "rejected"),
    ],
)
def test_every_action_has_its_verdict(
    shop: WebShop, anna: TestClient, changes: dict[str, Any], verdict: str
) -> None:
    shop.ask("как вернуть товар")
    turn_id, view = first_waiting(anna)
    answer = anna.post(f"/api/turns/{turn_id}/decision", json=acceptance(view, **changes))
    assert (answer.status_code, answer.json()["verdict"]) == (200, verdict)


def test_attachments_and_sources_are_shown_as_such(shop: WebShop, anna: TestClient) -> None:
    message = IncomingMessage(
        channel="telegram",
        chat_id="7",
        external_id="1",
        kind=MessageKind.DOCUMENT,
        text="как вернуть товар",
        file_name="чек.pdf",
        file_size=81_920,
    )
    start = replace(
        message, external_id="2", kind=MessageKind.TEXT, command=Command.START, payload="promo_42"
    )
    shop.reception.receive(start)
    conversation = shop.reception.receive(message).conversation_id
    shop.triage()
    view = anna.get(f"/api/conversations/{conversation}").json()
    sent = view["messages"][-1]
    assert (sent["kind"], sent["file_name"], sent["file_size"]) == ("document", "чек.pdf", 81_920)
    assert view["turn"]["handoff_reason"] == "media"
    assert view["customer"]["source"] == "promo_42"


def test_the_second_of_two_operators_is_told_who_was_faster(shop: WebShop, anna: TestClient) -> None:
    shop.ask("как вернуть товар")
    turn_id, view = first_waiting(anna)
    boris = shop.browser("boris")
    assert anna.post(f"/api/turns/{turn_id}/decision", json=acceptance(view)).status_code == 200
    answer = boris.post(f"/api/turns/{turn_id}/decision", json=acceptance(view))
    assert refusal(answer) == (409, "already_decided")
    assert "anna" in answer.json()["message"]


def test_a_reply_that_the_customer_overtook_is_held_back(shop: WebShop, anna: TestClient) -> None:
    shop.ask("как вернуть товар")
    turn_id, view = first_waiting(anna)
    shop.say("уже не надо, спасибо")
    path = f"/api/turns/{turn_id}/decision"
    assert refusal(anna.post(path, json=acceptance(view))) == (409, "customer_wrote_again")
    assert anna.post(path, json=acceptance(view, send_anyway=True)).status_code == 200


def test_a_decision_can_be_undone_for_five_seconds(shop: WebShop, anna: TestClient) -> None:
    shop.ask("как вернуть товар")
    turn_id, view = first_waiting(anna)
    decision_id = anna.post(f"/api/turns/{turn_id}/decision", json=acceptance(view)).json()["decision_id"]
    path = f"/api/decisions/{decision_id}/undo"
    assert refusal(shop.browser("boris").post(path)) == (403, "forbidden")
    assert anna.post(path).json() == {"done": True}
    assert len(anna.get("/api/queue").json()) == 1
    assert refusal(anna.post(path)) == (409, "too_late_to_undo")

    decision_id = anna.post(f"/api/turns/{turn_id}/decision", json=acceptance(view)).json()["decision_id"]
    shop.clock.forward(5)
    assert refusal(anna.post(f"/api/decisions/{decision_id}/undo")) == (409, "too_late_to_undo")


def test_a_supervisor_undoes_anybodys_decision(shop: WebShop, anna: TestClient) -> None:
    shop.ask("как вернуть товар")
    turn_id, view = first_waiting(anna)
    decision_id = anna.post(f"/api/turns/{turn_id}/decision", json=acceptance(view)).json()["decision_id"]
    assert shop.browser("vera").post(f"/api/decisions/{decision_id}/undo").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"rank": None}, 422, "invalid_decision"),
        ({"action": "write_own", "text": " \n"}, 422, "invalid_decision"),
        ({"action": "write_own", "text": "Заказ {order_number} едет."}, 422, "invalid_decision"),
        ({"action": "write_own", "text": "x" * 20_001}, 422, "invalid_request"),
        ({"rank": 3}, 404, "not_found"),
        ({"rank": 0}, 422, "invalid_request"),
        ({"rank": 10**30}, 422, "invalid_request"),
        ({"seen_message_id": 2**63}, 422, "invalid_request"),
        ({"action": "pick_other", "article_id": "no-such"}, 404, "not_found"),
        ({"action": "pick_other", "article_id": "two words"}, 422, "invalid_request"),
        ({"action": "applaud"}, 422, "invalid_request"),
        ({"reason": "because"}, 422, "invalid_request"),
        ({"send_anyways": True}, 422, "invalid_request"),
    ],
)
def test_a_decision_that_does_not_hold_together_changes_nothing(
    shop: WebShop, anna: TestClient, changes: dict[str, Any], status: int, error: str
) -> None:
    shop.ask("где отменить")
    turn_id, view = first_waiting(anna)
    answer = anna.post(f"/api/turns/{turn_id}/decision", json=acceptance(view, **changes))
    assert refusal(answer) == (status, error)
    assert len(answer.text) < 500
    assert len(anna.get("/api/queue").json()) == 1


def test_turns_and_conversations_that_are_not_there(anna: TestClient) -> None:
    body = acceptance({"last_message_id": 0})
    assert refusal(anna.post("/api/turns/999/decision", json=body)) == (404, "not_found")
    assert refusal(anna.get("/api/conversations/999")) == (404, "not_found")
    assert refusal(anna.post("/api/decisions/999/undo")) == (404, "not_found")
    assert refusal(anna.get("/api/conversations/99999999999999999999")) == (422, "invalid_request")
    assert refusal(anna.get("/api/conversations/first")) == (422, "invalid_request")


def test_a_message_that_answers_nothing(shop: WebShop, anna: TestClient) -> None:
    conversation_id = shop.ask("как вернуть товар")
    path = f"/api/conversations/{conversation_id}/messages"
    assert anna.post(path, json={"text": "Минуту."}).status_code == 201
    assert [message.text for message in shop.deliver()] == ["Минуту."]
    assert refusal(anna.post(path, json={"text": " "})) == (422, "invalid_decision")
    nobodys = anna.post("/api/conversations/99/messages", json={"text": "Минуту."})
    assert refusal(nobodys) == (404, "not_found")


def test_an_operator_looks_for_another_answer(shop: WebShop, anna: TestClient) -> None:
    conversation_id = shop.ask("как вернуть товар")
    found = anna.get("/api/articles", params={"q": "ДЕНЬГИ"}).json()
    assert [article["id"] for article in found] == ["refund-when"]
    path = f"/api/conversations/{conversation_id}/articles"
    assert anna.get(f"{path}/refund-when/answer").json() == {"text": "Деньги придут за 3 дня, Ольга."}
    assert refusal(anna.get(f"{path}/no-such/answer")) == (404, "not_found")
    # Other words in another order: what the bot itself would suggest, whichever text it contains.
    found = anna.get("/api/articles", params={"q": "товар хочу вернуть"}).json()
    assert [article["id"] for article in found] == ["returns-how"]
    # An article whose question contains the text comes first all the same.
    found = anna.get("/api/articles", params={"q": "как отменить"}).json()
    assert [article["id"] for article in found] == ["order-cancel", "returns-how"]
    assert refusal(anna.get("/api/articles", params={"q": "x" * 201})) == (422, "invalid_request")


def test_a_reply_of_unknown_fate_is_settled_once(shop: WebShop, anna: TestClient) -> None:
    conversation_id = shop.ask("как вернуть товар")
    anna.post(f"/api/conversations/{conversation_id}/messages", json={"text": "Минуту."})
    (message,) = shop.deliveries.claim(["telegram"])
    shop.deliveries.mark_unknown(message, "timed out")
    (reply,) = anna.get("/api/replies/troubled").json()
    assert (reply["state"], reply["problem"]) == (OutboxState.UNKNOWN, "timed out")
    path = f"/api/replies/{reply['id']}/settle"
    assert anna.post(path, json={"send_again": True}).json() == {"done": True}
    assert [message.text for message in shop.deliver()] == ["Минуту."]
    (sent,) = anna.get(f"/api/conversations/{conversation_id}").json()["replies"]
    assert (sent["state"], sent["settled_by"]) == (OutboxState.SENT, "anna")
    assert refusal(anna.post(path, json={"send_again": True})) == (404, "not_found")


def test_a_conversation_is_given_back_to_the_bot(shop: WebShop, anna: TestClient) -> None:
    shop.talk_through(OrderDialogue())
    conversation_id = shop.ask("как вернуть товар")
    path = f"/api/conversations/{conversation_id}"
    assert anna.get(path).json()["held"] is False
    anna.post(f"{path}/messages", json={"text": "Смотрю."})
    assert anna.get(path).json()["held"] is True
    shop.clock.forward(1)
    assert anna.post(f"{path}/give-back").json() == {"done": True}
    assert anna.get(path).json()["held"] is False
    assert refusal(anna.post("/api/conversations/99/give-back")) == (404, "not_found")


def test_markup_comes_back_as_the_text_that_it_is(shop: WebShop, anna: TestClient) -> None:
    markup = "<script>alert('как вернуть товар')</script>\u2028\x1b[31m ' OR 1=1 --"
    conversation_id = shop.ask(markup)
    answer = anna.get(f"/api/conversations/{conversation_id}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["messages"][0]["text"] == markup


def test_the_assistant_can_be_asked_without_a_customer(shop: WebShop, anna: TestClient) -> None:
    triage = anna.post("/api/ask", json={"text": "как вернуть товар"}).json()
    assert triage["suggestions"][0]["article_id"] == "returns-how"
    assert triage["suggestions"][0]["confidence"] == 1.0
    assert (triage["route"], triage["handoff_reason"]) == ("suggest", "topic_not_ready")
    assert (triage["intent"], triage["model_version"]) == ("topic:returns", "words-1")
    assert shop.assistant.seen == ["как вернуть товар"]
    assert anna.get("/api/queue").json() == []


@pytest.mark.parametrize("text", ["", " \t\n", "\u200b\u00a0"])
def test_the_assistant_is_not_asked_about_nothing(anna: TestClient, text: str) -> None:
    assert refusal(anna.post("/api/ask", json={"text": text})) == (422, "invalid_request")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = ("action", "seen_message_id", "rank", "article_id", "text", "reason", "send_anyway")
_ACTIONS = st.sampled_from(["accept", "edit", "pick_other", "write_own", "reject"])


@pytest.fixture
def program(shop: WebShop) -> TestClient:
    return shop.program("anna")


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(_FIELDS), _JSON), action=_ACTIONS, turn=st.integers())
def test_no_decision_breaks_the_desk(
    program: TestClient, body: dict[str, Any], action: str, turn: int
) -> None:
    sent = {"action": action, "seen_message_id": 1} | body
    for turn_id in (turn, 1):
        answer = program.post(f"/api/turns/{turn_id}/decision", json=sent)
        assert answer.status_code in (200, 404, 409, 422)
