"""A program that repeats a request whose answer it lost changes nothing a second time."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from prompter.accounts.idempotency import AnswerNotKept, IdempotencyKeys, KeptAnswer
from prompter.common.errors import Conflict
from prompter.desk.service import Desk
from prompter.domain.account import Account, KeyClaim
from prompter.storage import Store
from prompter.storage.tables import idempotency_keys
from tests.shipped import AUTOPILOT
from tests.web_shop import SECRET, WebShop, acceptance, refusal

NEW_ARTICLE = {"id": "faq/gift", "question": "Упакуете?", "answer": "Да.", "topic": "gifts", "language": "ru"}


def keyed(key: str = "4f1c") -> dict[str, str]:
    return {"Idempotency-Key": key}


@pytest.fixture
def anna(shop: WebShop) -> TestClient:
    return shop.program("anna")


@pytest.fixture
def path(shop: WebShop) -> str:
    return f"/api/conversations/{shop.ask('как вернуть товар')}/messages"


def rows(store: Store) -> list[Any]:
    with store.read() as tx:
        return list(tx.idempotency_keys._connection.execute(select(idempotency_keys)))


def twice(client: TestClient, path: str, body: dict[str, Any] | None = None) -> tuple[Response, Response]:
    first, second = (client.post(path, json=body, headers=keyed(path[-60:])) for _ in range(2))
    return first, second


def test_a_message_that_is_sent_again_reaches_the_customer_once(
    shop: WebShop, anna: TestClient, path: str
) -> None:
    first, second = twice(anna, path, {"text": "Сейчас посмотрю."})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert [message.text for message in shop.deliver()] == ["Сейчас посмотрю."]
    anna.post(path, json={"text": "Сейчас посмотрю."}, headers=keyed("another"))
    anna.post(path, json={"text": "Сейчас посмотрю."})
    assert len(shop.deliver()) == 1  # the customer reads one at a time
    assert len(shop.deliver()) == 1


def test_every_kind_of_post_is_repeated_without_harm(shop: WebShop, anna: TestClient) -> None:
    conversation = shop.ask("как вернуть товар")
    view = anna.get(f"/api/conversations/{conversation}").json()
    vera, anna_again = shop.program("vera"), acceptance(view)
    decided, again = twice(anna, f"/api/turns/{view['turn']['id']}/decision", anna_again)
    assert (decided.status_code, again.status_code) == (200, 200)
    assert decided.json() == again.json()
    undo = f"/api/decisions/{decided.json()['decision_id']}/undo"
    assert [answer.json() for answer in twice(anna, undo)] == [{"done": True}] * 2
    added, again = twice(vera, "/api/kb/articles", NEW_ARTICLE)
    assert (added.status_code, added.json()) == (again.status_code, again.json()) == (201, {"version": 1})
    restored = twice(vera, "/api/kb/articles/faq%2Fgift/versions/1/restore")
    assert [answer.json() for answer in restored] == [{"version": 2}] * 2
    learning = twice(vera, "/api/learning")
    assert [answer.status_code for answer in learning] == [202, 202]


def test_a_key_stands_for_one_request(shop: WebShop, anna: TestClient, path: str) -> None:
    for text in ('{"text": "Да"}', '{ "text":"Да" }'):
        headers = keyed() | {"Content-Type": "application/json"}
        assert anna.post(path, content=text.encode(), headers=headers).status_code == 201
    for answer in (
        anna.post(path, json={"text": "Нет"}, headers=keyed()),
        anna.post(f"{path}?x=1", json={"text": "Да"}, headers=keyed()),
        anna.post("/api/replies/1/settle", json={"text": "Да"}, headers=keyed()),
    ):
        assert refusal(answer) == (422, "idempotency_key_reused")
    boris = shop.program("boris").post(path, json={"text": "Нет"}, headers=keyed())
    assert boris.status_code == 201  # keys belong to an account
    assert len(rows(shop.store)) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x7f"])
def test_what_is_no_key_is_refused(shop: WebShop, anna: TestClient, path: str, key: str) -> None:
    answer = anna.post(path, json={"text": "Да"}, headers=keyed(key))
    assert refusal(answer) == (422, "invalid_idempotency_key")
    assert shop.deliver() == []


def test_a_refused_request_can_be_mended_and_sent_again(shop: WebShop, anna: TestClient, path: str) -> None:
    for text, refused in ((" ", "invalid_decision"), (None, "invalid_request")):
        assert refusal(anna.post(path, json={"text": text}, headers=keyed())) == (422, refused)
    assert rows(shop.store) == []
    assert anna.post(path, json={"text": "Да"}, headers=keyed()).status_code == 201


def test_keys_are_kept_for_a_day(shop: WebShop, anna: TestClient, path: str) -> None:
    anna.post(path, json={"text": "Да"}, headers=keyed())
    shop.clock.now += timedelta(hours=23, minutes=59)
    assert "idempotency-replayed" in anna.post(path, json={"text": "Да"}, headers=keyed()).headers
    shop.clock.now += timedelta(minutes=2)
    assert anna.post(path, json={"text": "Нет"}, headers=keyed()).status_code == 201
    assert len(rows(shop.store)) == 1


def test_an_answer_with_a_secret_is_not_kept(shop: WebShop) -> None:
    adam = shop.browser("adam")
    first, second = twice(adam, "/api/users", {"name": "gleb", "role": "operator"})
    assert first.status_code == 201
    assert refusal(second) == (409, "answer_not_kept")
    first, second = twice(adam, "/api/me/tokens", {"name": "export"})
    assert first.status_code == 201
    assert refusal(second) == (409, "answer_not_kept")
    assert len(adam.get("/api/me/tokens").json()) == 1
    secret = first.json()["token"]
    assert secret not in str(rows(shop.store))
    assert [row.body for row in rows(shop.store)] == [None, None]


def test_neither_keys_nor_requests_are_readable(shop: WebShop, anna: TestClient, path: str) -> None:
    anna.post(path, json={"text": "секретное слово"}, headers=keyed("my-own-key"))
    stored = str(rows(shop.store))
    assert "секретное" not in stored
    assert "my-own-key" not in stored


def test_other_requests_know_no_key(shop: WebShop, anna: TestClient) -> None:
    asked = [anna.post("/api/ask", json={"text": text}, headers=keyed()) for text in ("товар", "деньги")]
    assert [answer.status_code for answer in asked] == [200, 200]
    assert rows(shop.store) == []
    stranger = TestClient(shop.app).post("/api/learning", headers=keyed())
    assert stranger.status_code == 401


def test_it_is_described(shop: WebShop) -> None:
    document = shop.app.openapi()
    keyed_operations = {
        f"{method} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }
    posts = {f"post {path}" for path, methods in document["paths"].items() if "post" in methods}
    assert posts - keyed_operations == {
        "post /api/ask",
        "post /api/ask/explain",
        "post /api/login",
        "post /api/logout",
        "post /api/me/language",
        "post /api/me/password",
        "post /api/rasa/actions",
        "post /api/rasa/triage",
        "post /api/rasa/vectors",
    }
    assert keyed_operations <= posts


# --- two processes, and processes that die ------------------------------------------------------


@pytest.fixture
def keys(shop: WebShop) -> IdempotencyKeys:
    """The keys as another process on the same database has them."""
    return IdempotencyKeys(shop.store, secret=SECRET, clock=shop.clock)


def claim(keys: IdempotencyKeys, shop: WebShop, key: str = "k") -> KeyClaim:
    claimed = keys.claim(shop.anna.id, key, b"request")
    assert isinstance(claimed, KeyClaim)
    return claimed


class SlowDesk(Desk):
    """Says that it is about to write, and waits until it may go on."""

    inside, go_on = threading.Event(), threading.Event()

    def write(self, conversation_id: int, text: str, account: Account) -> int:
        self.inside.set()
        self.go_on.wait(20)
        return super().write(conversation_id, text, account)


def test_a_repetition_waits_for_the_first_request(shop: WebShop, path: str) -> None:
    hold = AUTOPILOT.operator_hold
    shop.desk = slow = SlowDesk(
        shop.store, undo=shop.undo, sampling=shop.sampling, operator_hold=hold, clock=shop.clock
    )
    anna = shop.program("anna")
    answers: list[Response] = []
    first = threading.Thread(
        target=lambda: answers.append(anna.post(path, json={"text": "Да"}, headers=keyed()))
    )
    first.start()
    assert slow.inside.wait(20)
    second = anna.post(path, json={"text": "Да"}, headers=keyed())
    slow.go_on.set()
    first.join(20)
    assert refusal(second) == (409, "idempotency_key_in_use")
    assert int(second.headers["retry-after"]) > 0
    assert [answer.status_code for answer in answers] == [201]
    assert len(shop.deliver()) == 1


def test_a_request_that_died_before_its_effect_is_carried_out(shop: WebShop, keys: IdempotencyKeys) -> None:
    claim(keys, shop)
    shop.clock.forward(61)
    keys.complete(claim(keys, shop), 201, "{}")
    assert keys.claim(shop.anna.id, "k", b"request") == KeptAnswer(status=201, body="{}")


def test_a_request_that_died_after_its_effect_is_not(shop: WebShop, keys: IdempotencyKeys, path: str) -> None:
    conversation = int(path.split("/")[3])
    with keys.record_effect(claim(keys, shop)):
        shop.desk.write(conversation, "Да", shop.anna)
    shop.clock.forward(61)
    with pytest.raises(AnswerNotKept):
        keys.claim(shop.anna.id, "k", b"request")


def test_a_slow_request_that_was_overtaken_has_no_effect(
    shop: WebShop, keys: IdempotencyKeys, path: str
) -> None:
    conversation = int(path.split("/")[3])
    slow = claim(keys, shop)
    shop.clock.forward(61)
    with keys.record_effect(claim(keys, shop)):
        shop.desk.write(conversation, "Да", shop.anna)
    with pytest.raises(Conflict), keys.record_effect(slow):
        shop.desk.write(conversation, "Да", shop.anna)
    keys.release(slow)
    assert len(shop.deliver()) == 1
    assert len(rows(shop.store)) == 1


def test_an_account_has_a_limited_number_of_keys(shop: WebShop) -> None:
    keys = IdempotencyKeys(shop.store, secret=SECRET, max_keys=3, clock=shop.clock)
    for number in range(5):
        keys.complete(claim(keys, shop, str(number)), 200, "{}")
        shop.clock.forward(1)
    assert len(rows(shop.store)) == 3
    assert isinstance(keys.claim(shop.anna.id, "4", b"request"), KeptAnswer)
    assert isinstance(keys.claim(shop.anna.id, "0", b"request"), KeyClaim)
