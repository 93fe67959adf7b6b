"""If the database or the encoder fails, everybody gets the right message in time."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event
from structlog.testing import capture_logs

from bot.webchat import web_chat_router
from prompter.common.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable
from prompter.conversations.customer_view import CustomerViews
from prompter.storage import Store, connect
from prompter_api.desk import add_pages
from prompter_api.ready import Check, NotReady, Readiness
from sufler.health import Heartbeats, database_check, disk_check, encoder_check
from tests.shipped import WEB_CHAT
from tests.web_shop import WebShop, refusal

pytestmark = pytest.mark.slow

UNAVAILABLE = (503, "database_unavailable")


def path_of(store: Store) -> Path:
    return Path(str(store._engine.url.database))


@contextmanager
def lock(store: Store) -> Iterator[None]:
    """Hold the write lock of the database."""
    with closing(sqlite3.connect(path_of(store), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(store: Store) -> Iterator[None]:
    """Leave no room on the disk."""

    def limit(connection: Any, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    store.close()
    event.listen(store._engine, "connect", limit)
    yield
    event.remove(store._engine, "connect", limit)
    store.close()


@contextmanager
def away(store: Store) -> Iterator[None]:
    path = path_of(store)
    store.close()
    path.rename(path.with_suffix(".away"))
    path.mkdir()  # SQLite would make a new one
    yield
    store.close()
    path.rmdir()
    path.with_suffix(".away").rename(path)


@pytest.fixture
def app(shop: WebShop) -> FastAPI:
    chat = web_chat_router(
        reception=shop.reception,
        feedback=shop.feedback,
        views=CustomerViews(shop.store),
        secret="a secret",
        **WEB_CHAT,
    )
    app = shop.build(chat)
    add_pages(app, app.state.services)
    return app


def test_what_the_driver_says_becomes_an_error_of_ours(shop: WebShop) -> None:
    store = shop.store
    with lock(store), pytest.raises(DatabaseBusy):
        store.check_writable(seconds=0.05)
    with full(store), pytest.raises(DatabaseFull), store.write() as tx:
        tx.facts.set("much", "x" * 100_000)
    with away(store):
        with pytest.raises(DatabaseUnavailable), store.read():
            pass
        with pytest.raises(DatabaseUnavailable):
            store.check_writable(seconds=0.05)
    store.check_writable(seconds=0.05)


def test_a_connection_that_nobody_gives_back_is_waited_for_in_bounds(shop: WebShop) -> None:
    engine = connect(f"sqlite:///{path_of(shop.store)}", max_connections=1)
    engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    store = Store(engine)
    with store.read(), pytest.raises(DatabaseBusy), store.read():
        pass
    store.close()


def test_api_pages_and_chat_say_that_the_database_is_away(shop: WebShop, app: FastAPI) -> None:
    program = shop.program("anna")
    anna = shop.browser("anna", app=app)
    anna.get("/chat")
    page = {"Accept": "text/html"}
    with anna, away(shop.store), capture_logs() as logs:
        for answer in (
            anna.get("/api/queue"),
            anna.post("/api/login", json={"name": "anna", "password": "мой пароль"}),
            program.get("/api/queue"),
        ):
            assert refusal(answer) == UNAVAILABLE
            assert answer.headers["retry-after"] == "5"
        for address in ("/desk", "/login", "/password"):
            shown = anna.get(address, headers=page)
            assert (shown.status_code, shown.headers["retry-after"]) == (503, "5"), address
            assert "База данных сейчас недоступна" in shown.text
        message = {"id": "9c5e5a4e-3b4a-4b7e-8f77-000000000001", "text": "где мой заказ"}
        for chat in (anna.post("/chat/messages", json=message), anna.get("/chat/messages")):
            assert chat.status_code == 503
            assert "retry-after" in chat.headers
        assert anna.get("/health").status_code == 200
    said = json.dumps(logs, ensure_ascii=False, default=repr)
    assert "database_unavailable" in said
    for words in ("пароль", "заказ", "unable to open"):
        assert words not in said
    assert anna.get("/api/queue").status_code == 200


def test_a_full_disk_has_its_own_word(shop: WebShop) -> None:
    adam = shop.browser("adam")
    conversation_id = shop.say("как вернуть товар")
    text = {"text": "x" * 20_000}
    with full(shop.store):
        answer = adam.post(f"/api/conversations/{conversation_id}/messages", json=text)
    assert refusal(answer) == (503, "database_full")
    assert answer.headers["retry-after"] == "60"


def ready(shop: WebShop, *checks: Check, **options: Any) -> TestClient:
    return shop.browser(app=shop.build(ready=Readiness(checks, max_age_seconds=-1, **options)))


def test_ready_means_that_the_database_can_be_written(shop: WebShop) -> None:
    browser = ready(shop, database_check(shop.store))
    assert browser.get("/ready").json() == {"done": True}
    for trouble in (lock, away):
        with trouble(shop.store):
            answer = browser.get("/ready")
            assert refusal(answer) == (503, "not_ready")
            assert answer.json()["message"] == "not ready: database"
            assert answer.headers["retry-after"] == "5"
            assert browser.get("/health").status_code == 200
    assert browser.get("/ready").status_code == 200


def test_looking_writes_one_row_however_often(shop: WebShop) -> None:
    def facts() -> int:
        with closing(sqlite3.connect(path_of(shop.store))) as other:
            return int(other.execute("SELECT count(*) FROM facts").fetchone()[0])

    shop.store.check_writable(seconds=1)
    before = facts()
    for _ in range(5):
        shop.store.check_writable(seconds=1)
    assert facts() == before


def test_a_full_disk_is_not_ready(shop: WebShop, tmp_path: Path) -> None:
    assert ready(shop, disk_check(tmp_path, min_free_megabytes=0)).get("/ready").status_code == 200
    answer = ready(shop, disk_check(tmp_path, min_free_megabytes=10**9)).get("/ready")
    assert (answer.status_code, answer.json()["message"]) == (503, "not ready: disk")


def test_many_who_ask_cost_one_look(shop: WebShop) -> None:
    looks = []
    seconds = [0.0]
    checks = [Check(name="database", run=lambda: looks.append(1))]
    browser = shop.browser(app=shop.build(ready=Readiness(checks, clock=lambda: seconds[0])))
    for _ in range(50):
        assert browser.get("/ready").status_code == 200
    assert len(looks) == 1
    seconds[0] = 2.1
    browser.get("/ready")
    assert len(looks) == 2


def test_a_part_that_works_again_is_ready_again_and_told_of_once(shop: WebShop) -> None:
    broken = [True]

    def run() -> None:
        if broken:
            raise RuntimeError("мой заказ")

    browser = ready(shop, Check(name="encoder", run=run))
    with capture_logs() as logs:
        for _ in range(3):
            assert browser.get("/ready").json()["message"] == "not ready: encoder"
    assert [(entry["event"], entry["part"]) for entry in logs] == [("not_ready", "encoder")]
    assert "заказ" not in json.dumps(logs, ensure_ascii=False)
    broken.clear()
    assert browser.get("/ready").status_code == 200


def test_a_broken_encoder_is_not_ready_and_a_good_one_is_left_alone(shop: WebShop) -> None:
    seconds, read, broken = [0.0], list[str](), [False]

    def encode(texts: Sequence[str]) -> None:
        read.extend(texts)
        if broken[0]:
            raise RuntimeError("no such file of weights")

    browser = ready(shop, encoder_check(encode, clock=lambda: seconds[0]))
    for _ in range(5):
        assert browser.get("/ready").status_code == 200
    assert len(read) == 1
    broken[0], seconds[0] = True, 31.0
    answer = browser.get("/ready")
    assert (answer.status_code, answer.json()["message"]) == (503, "not ready: encoder")
    broken[0] = False
    assert browser.get("/ready").status_code == 200
    assert len(set(read)) == 3  # one that was read before would be remembered


def test_a_loop_that_fails_or_hangs_is_not_alive() -> None:
    now = [0.0]
    heartbeats = Heartbeats(clock=lambda: now[0])
    heartbeats.record_start("triage")
    heartbeats.record_success("triage")
    now[0] += 10_000  # has nothing to do
    heartbeats.check()
    heartbeats.record_failure("triage")
    heartbeats.check()  # once is no reason
    now[0] += 61
    heartbeats.record_failure("triage")
    with pytest.raises(NotReady, match=r"^triage$"):
        heartbeats.check()
    heartbeats.record_success("triage")
    heartbeats.check()
    heartbeats.record_start("articles")  # a large base is encoded
    now[0] += 3600
    heartbeats.check()
    heartbeats.record_start("delivery-web")
    now[0] += 601
    with pytest.raises(NotReady, match=r"^delivery-web$"):
        heartbeats.check()
