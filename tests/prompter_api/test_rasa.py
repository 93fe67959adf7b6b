"""Rasa requests vectors, and actions in its action server's protocol."""

import hmac
from typing import Any

import pytest
from fastapi.testclient import TestClient

from prompter.domain.account import Scope
from prompter.domain.evidence import Signal
from prompter.storage import Store
from tests.prompter.readiness.governed import GovernedShop
from tests.web_shop import WebShop, refusal

HANDED_OVER = {"response": "utter_handoff_request"}


def slot(name: str, value: str | None) -> dict[str, str | None]:
    return {"event": "slot", "name": name, "value": value}


def for_sufler(*, uses_triage: bool = False, handoff: str | None = None) -> dict[str, Any]:
    return {"custom": {"sufler": {"uses_triage": uses_triage, "handoff": handoff}}}


def call(
    action: str,
    *,
    text: str = "",
    intent: str = "faq",
    slots: dict[str, Any] | None = None,
    turn: int | None = None,
) -> dict[str, Any]:
    """Return an action call as Rasa 3.6 sends it."""
    seal = hmac.new(b"the session secret", f"turn {turn}".encode(), "sha256").hexdigest()
    metadata = {"sufler": {"turn": turn, "seal": seal, "triage": {}}} if turn else {}
    return {
        "next_action": action,
        "sender_id": "customer-7",
        "version": "3.6.21",
        "tracker": {
            "sender_id": "customer-7",
            "slots": {"order_number": None, "requested_slot": None, "sufler_handoff": None} | (slots or {}),
            "latest_message": {
                "text": text,
                "intent": {"name": intent, "confidence": 0.9},
                "entities": [],
                "metadata": metadata,
            },
            "events": [{"event": "action", "name": "action_listen"}],
            "paused": False,
        },
        "domain": {"intents": ["faq"], "responses": {}},
    }


def ask(client: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/rasa/actions", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found.keys() == {"events", "responses"}
    return found


@pytest.fixture
def rasa(shop: WebShop) -> TestClient:
    return shop.program("anna")


def test_vectors_of_texts(rasa: TestClient) -> None:
    answer = rasa.post("/api/rasa/vectors", json={"texts": ["abc", "я"]}).json()
    assert answer == {"encoder": "lengths-1", "vectors": [[3, 1], [1, 1]]}


def test_texts_are_counted_and_measured(rasa: TestClient) -> None:
    for texts in ([], ["a"] * 129, ["x" * 20_001], [5], None):
        assert refusal(rasa.post("/api/rasa/vectors", json={"texts": texts})) == (422, "invalid_request")


def test_a_component_is_told_what_would_be_suggested(shop: WebShop, rasa: TestClient) -> None:
    question = {"text": "как вернуть товар"}
    triage = rasa.post("/api/rasa/triage", json=question).json()
    assert triage == rasa.post("/api/ask", json=question).json()
    assert triage["suggestions"][0]["article_id"] == "returns-how"
    assert refusal(rasa.post("/api/rasa/triage", json={"text": " "})) == (422, "invalid_request")
    assert refusal(shop.browser().post("/api/rasa/triage", json=question)) == (401, "not_logged_in")


def test_a_token_opens_the_door_in_either_header(shop: WebShop) -> None:
    token = shop.accounts.create_token(shop.anna.id, "test", scopes={Scope.RASA})
    body = call("action_handoff")
    nobody = shop.browser()
    for headers in ({}, {"X-Sufler-Token": "token=${SUFLER_TOKEN}"}, {"X-Sufler-Token": token}):
        answer = nobody.post("/api/rasa/actions", json=body, headers=headers)
        assert refusal(answer) == (401, "not_logged_in")
    for headers in ({"X-Sufler-Token": f"token={token}"}, {"Authorization": f"Bearer {token}"}):
        assert nobody.post("/api/rasa/actions", json=body, headers=headers).status_code == 200


def test_a_question_that_may_not_be_answered_alone_goes_to_an_operator(rasa: TestClient) -> None:
    answer = ask(rasa, call("action_answer_faq", text="как вернуть товар"))
    assert answer["responses"] == [HANDED_OVER]  # and nothing of what Sufler would have suggested
    assert answer["events"] == [slot("sufler_handoff", "topic_not_ready")]


def test_readiness_governs_what_rasa_answers(store: Store) -> None:
    governed = GovernedShop(store)
    governed.go_live()
    shop = WebShop(store, clock=governed.clock)
    shop.readiness = governed.readiness
    rasa = shop.program("anna")
    answer = ask(rasa, call("action_answer_faq", text="как вернуть товар"))
    assert answer["responses"] == [{"text": "Верните товар за 14 дней."}]
    assert answer["events"] == [slot("sufler_handoff", None)]


def test_what_sufler_has_asked_about_is_not_triaged_again(shop: WebShop, rasa: TestClient) -> None:
    turn = shop.desk.conversation(shop.ask("как вернуть товар")).turn
    assert turn is not None
    shop.assistant.seen.clear()
    answer = ask(rasa, call("action_answer_faq", text="как вернуть товар", turn=turn.id))
    assert answer["responses"] == [for_sufler(uses_triage=True)]
    assert shop.assistant.seen == []


def test_where_rasa_knows_no_next_step_sufler_answers_and_rasa_forgets(rasa: TestClient) -> None:
    answer = ask(rasa, call("action_default_fallback", text="как вернуть товар", turn=1))
    assert answer["responses"] == [for_sufler(uses_triage=True)]
    assert answer["events"] == [slot("sufler_handoff", None), {"event": "rewind"}]


def test_handing_over(rasa: TestClient) -> None:
    called = [slot("sufler_handoff", "customer_request")]
    assert ask(rasa, call("action_handoff")) == {"responses": [HANDED_OVER], "events": called}
    answer = ask(rasa, call("action_handoff", turn=1))  # Sufler tells the customer
    assert answer == {"responses": [for_sufler(handoff="customer_request")], "events": called}


def test_a_domain_without_the_slot_is_not_told(rasa: TestClient) -> None:
    body = call("action_handoff")
    del body["tracker"]["slots"]["sufler_handoff"]
    assert ask(rasa, body)["events"] == []


def test_a_turn_that_sufler_has_not_named_counts_for_nothing(store: Store) -> None:
    governed = GovernedShop(store)
    governed.go_live()
    rasa = WebShop(store, clock=governed.clock).program("anna")
    answered = governed.turn(governed.ask(chat="rated")).id
    rating = governed.turn(governed.ask("нет, не помогло", chat="rated")).id
    wrong: tuple[Any, ...] = (
        {"turn": rating},
        {"turn": rating, "seal": "0" * 64},
        {"turn": rating, "seal": "é"},
        {"turn": "x", "seal": 5},
        None,
        [],
        7,
    )
    for about in wrong:
        body = call("action_rate_answer", intent="deny")
        body["tracker"]["latest_message"]["metadata"] = {"sufler": about}
        assert ask(rasa, body)["responses"] == [{"response": "utter_rated_unhelpful"}]
    with store.read() as tx:
        assert tx.signals.of_turn(answered) == set()


def test_whoever_waits_for_an_operator_rates_nothing(rasa: TestClient) -> None:
    answer = ask(rasa, call("action_rate_answer", intent="affirm", slots={"sufler_handoff": "no_article"}))
    assert answer["responses"] == [HANDED_OVER]


def test_a_long_conversation_fits(rasa: TestClient) -> None:
    body = call("action_handoff")
    body["tracker"]["events"] = [{"event": "bot", "text": "x" * 1000}] * 1000
    assert ask(rasa, body)["responses"] == [HANDED_OVER]
    body["tracker"]["events"] *= 6
    assert refusal(rasa.post("/api/rasa/actions", json=body)) == (413, "too_large")


def test_a_rating_is_kept_for_the_answer_before(store: Store) -> None:
    governed = GovernedShop(store)
    governed.go_live()
    shop = WebShop(store, clock=governed.clock)
    rasa = shop.program("anna")
    answered = governed.turn(governed.ask(chat="rated")).id
    rating = governed.turn(governed.ask("да, помогло", chat="rated")).id
    for intent, response, signals in (
        ("affirm", "utter_rated_helpful", {Signal.THUMB_UP}),
        ("deny", "utter_rated_unhelpful", {Signal.THUMB_UP, Signal.THUMB_DOWN}),
    ):
        said = ask(rasa, call("action_rate_answer", intent=intent, turn=rating))["responses"]
        assert said[0] == {"response": response}
        with store.read() as tx:
            assert tx.signals.of_turn(answered) == signals


@pytest.mark.parametrize(
    ("given", "kept", "said"),
    [
        ("40018237", "40018237", []),
        ("4001 82-37", "40018237", []),
        ("4001823", None, ["utter_order_number_wrong"]),
        ("٤٠٠١٨٢٣٧", None, ["utter_order_number_wrong"]),
        ("40000000", None, ["utter_order_unknown"]),
        (40018237, "40018237", []),
    ],
)
def test_an_order_number_is_checked(rasa: TestClient, given: Any, kept: str | None, said: list[str]) -> None:
    answer = ask(rasa, call("validate_order_status_form", slots={"order_number": given}))
    assert answer["events"] == [slot("order_number", kept)]
    assert [response["response"] for response in answer["responses"]] == said


def test_without_a_number_there_is_nothing_to_check(rasa: TestClient) -> None:
    assert ask(rasa, call("validate_order_status_form"))["responses"] == []


def test_an_order_is_looked_up(rasa: TestClient) -> None:
    answer = ask(rasa, call("action_order_status", slots={"order_number": "40018237"}))
    assert answer["responses"] == [
        {"response": "utter_order_status", "order_number": "40018237", "order_state": "едет"}
    ]
    assert answer["events"] == [slot("order_number", None), slot("sufler_handoff", None)]


def test_an_operator_looks_where_nobody_else_can(shop: WebShop, rasa: TestClient) -> None:
    shop.orders.broken = True
    slots = {"order_number": "40018237"}
    checked = ask(rasa, call("validate_order_status_form", slots=slots))
    assert checked["events"] == [slot("order_number", "40018237")]
    answer = ask(rasa, call("action_order_status", slots=slots))
    assert answer["responses"] == [HANDED_OVER]
    assert answer["events"] == [slot("order_number", None), slot("sufler_handoff", "no_article")]


def test_other_actions_are_named_or_passed_on(shop: WebShop, rasa: TestClient) -> None:
    body = call("action_own", text="привет")
    answer = rasa.post("/api/rasa/actions", json=body)
    assert refusal(answer) == (404, "not_found")
    assert "action_answer_faq" in answer.json()["message"]

    passed_on: list[bytes] = []

    def take(raw: bytes) -> tuple[int, bytes]:
        passed_on.append(raw)
        return 400, b'{"error": "no", "action_name": "action_own"}'

    shop.app = shop.build(custom_actions=take)
    answer = shop.program("anna").post("/api/rasa/actions", json=body)
    assert (answer.status_code, answer.json()) == (400, {"error": "no", "action_name": "action_own"})
    assert b'"domain"' in passed_on[0]  # as it came


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"next_action": ""},
        {"next_action": "action_handoff", "tracker": {"slots": []}},
        {"next_action": "action_handoff", "tracker": {"latest_message": {"text": 5}}},
    ],
)
def test_what_is_no_call_is_refused(rasa: TestClient, body: dict[str, Any]) -> None:
    assert refusal(rasa.post("/api/rasa/actions", json=body)) == (422, "invalid_request")
