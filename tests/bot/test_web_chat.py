"""The web chat over HTTP: customers' messages and the replies that they see."""

import http.client
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from bot.buttons import Feedback as Hearing
from bot.webchat import ChatLimits, WebChannel, web_chat_router
from bot.webchat.cookies import ChatCookies, chat_id_of
from kb_index.marks import Mark, MarkKind
from prompter.common.clock import Clock, utc_now
from prompter.conversations.customer_view import CustomerView, CustomerViews
from prompter.conversations.intake import Receipt, Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action
from prompter.domain.conversation import IncomingMessage
from prompter.domain.evidence import Signal
from prompter.domain.triage import HandoffReason
from prompter.storage import Store
from tests.bot.harness import HeardFeedback, Records, delivery, run_loops, wait_until
from tests.browser import serve
from tests.fakes import SHOP
from tests.prompter.readiness.governed import GovernedShop
from tests.shipped import CHAT_LIMITS
from tests.shop import SURE, Shop

MAX_LENGTH = 300
COOKIE = "sufler_chat"
SECRET = "the installation's secret"
Browser = httpx.Client | TestClient


@dataclass(kw_only=True)
class Site(Shop[Clock]):
    """The site, its customers and its operators."""

    url: str = ""

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """Return a customer's browser that has opened the page."""
        headers = {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"}
        with httpx.Client(base_url=self.url, headers=headers) as client:
            client.get("/chat").raise_for_status()
            yield client

    def answer(self, text: str) -> None:
        """Answer the turn that has waited longest, as the operator."""
        self.triage()
        self.decide(self.desk.queue()[0].turn.conversation_id, Action.WRITE_OWN, text=text)


def application(
    *,
    reception: object,
    views: object,
    feedback: Hearing | None = None,
    limits: ChatLimits = CHAT_LIMITS,
    secure_cookies: bool = False,
    title: str | None = None,
) -> FastAPI:
    app = FastAPI()
    app.include_router(
        web_chat_router(
            reception=reception,  # type: ignore[arg-type]
            feedback=feedback or HeardFeedback(),
            views=views,  # type: ignore[arg-type]
            secret=SECRET,
            max_message_length=MAX_LENGTH,
            limits=limits,
            secure_cookies=secure_cookies,
            language="ru",
            title=title,
        )
    )
    return app


@pytest.fixture
def site(store: Store) -> Iterator[Site]:
    site = Site(store, clock=utc_now, undo=timedelta(0))
    with serve(application(reception=site.reception, views=CustomerViews(store))) as site.url:
        yield site


def say(
    browser: Browser,
    text: str,
    *,
    id: str | None = None,  # noqa: A002
    headers: Mapping[str, str] | None = None,
    **more: str,
) -> Any:
    body = {"id": id or str(uuid.uuid4()), "text": text} | more
    return browser.post("/chat/messages", json=body, headers=headers)


def lines(browser: Browser, *, headers: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    answer = browser.get("/chat/messages", headers=headers).raise_for_status().json()
    return [(line["author"], line["text"]) for line in answer["lines"]]


# --- a conversation ---------------------------------------------------------------------------


def test_a_conversation_there_and_back(site: Site) -> None:
    with site.browser() as browser:
        assert browser.get("/chat/messages").json() | {"cursor": ""} == {
            "cursor": "",
            "attention": "none",
            "lines": [],
        }
        assert say(browser, "как вернуть товар", name=" Ольга\n").json()["is_new"] is True
        assert browser.get("/chat/messages").json()["attention"] == "waiting"
        site.answer("За 14 дней.")
        waiting = browser.get("/chat/messages").json()
        assert waiting["attention"] == "typing"
        assert [line["text"] for line in waiting["lines"]] == ["как вернуть товар"]
        with run_loops(delivery(site.deliveries, WebChannel())):
            wait_until(lambda: len(lines(browser)) == 2)
        assert lines(browser) == [("customer", "как вернуть товар"), ("operator", "За 14 дней.")]
        assert browser.get("/chat/messages").json()["attention"] == "none"
    customer = site.desk.conversation(1).customer
    assert (customer.channel, customer.name, customer.language) == ("web", "Ольга", "ru-RU")


def test_marks_of_an_answer_are_pieces_for_the_page(store: Store) -> None:
    marks = (Mark(kind=MarkKind.LINK, text="условия", address="https://shop.test/terms"),)
    answer = "См. условия (https://shop.test/terms)."
    articles = [replace(article, answer=answer, marks=marks) for article in SHOP]
    site = Site(store, clock=utc_now, undo=timedelta(0), articles=articles)
    app = application(reception=site.reception, views=CustomerViews(store))
    with serve(app) as site.url, site.browser() as browser:
        say(browser, "как вернуть товар")
        site.triage()
        site.accept(1)
        with run_loops(delivery(site.deliveries, WebChannel())):
            wait_until(lambda: len(lines(browser)) == 2)
        shown = browser.get("/chat/messages").json()["lines"][1]
    assert shown["text"] == answer
    assert shown["spans"] == [
        {"text": "См. ", "looks": [], "address": ""},
        {"text": "условия", "looks": ["link"], "address": "https://shop.test/terms"},
        {"text": ".", "looks": [], "address": ""},
    ]


def test_a_reply_that_was_taken_back_is_never_seen(site: Site) -> None:
    with site.browser() as browser:
        say(browser, "как вернуть товар")
        site.undo = timedelta(seconds=60)
        site.answer("Никак.")
        site.desk.undo(1, site.anna)
        assert lines(browser) == [("customer", "как вернуть товар")]
        assert browser.get("/chat/messages").json()["attention"] == "waiting"


def test_nothing_is_repeated_while_nothing_changes(site: Site) -> None:
    with site.browser() as browser:
        say(browser, "эй")
        first = browser.get("/chat/messages").json()
        again = browser.get("/chat/messages", params={"after": first["cursor"]}).json()
        assert again == first | {"lines": None}
        say(browser, "ау")
        later = browser.get("/chat/messages", params={"after": first["cursor"]}).json()
        assert len(later["lines"]) == 2


def test_sending_again_does_no_harm(site: Site) -> None:
    with site.browser() as browser:
        name = str(uuid.uuid4())
        assert [say(browser, "эй", id=name).json()["is_new"] for _ in range(3)] == [True, False, False]
        assert lines(browser) == [("customer", "эй")]


def test_a_customer_is_known_by_a_cookie_that_is_not_stored(site: Site, store: Store) -> None:
    with site.browser() as browser, site.browser() as other:
        say(browser, "тайна")
        assert lines(other) == []
        cookie = browser.cookies[COOKIE]
        browser.get("/chat")
        assert browser.cookies[COOKIE] == cookie
        with store.read() as tx:
            customer = tx.conversations.customer(1)
    assert customer is not None
    assert not set(cookie.split(".")) & {customer.chat_id}
    with httpx.Client(base_url=site.url, cookies={COOKIE: cookie}) as again:
        assert lines(again) == [("customer", "тайна")]
    with httpx.Client(base_url=site.url, cookies={COOKIE: customer.chat_id}) as thief:
        assert thief.get("/chat/messages").status_code == 401


def test_opening_the_page_makes_no_conversation(site: Site, store: Store) -> None:
    for _ in range(3):
        with site.browser() as browser:
            assert lines(browser) == []
    with store.read() as tx:
        assert tx.conversations.customer(1) is None


def forge(cookie: str) -> list[str]:
    """Return cookies that we did not make but that look like ours."""
    secret, signature = cookie.split(".")
    theirs = ChatCookies("the secret of another installation", secure=False).make()
    other = ChatCookies(SECRET, secure=False).make().split(".")[1]
    return ["x" * 43, secret, f"{secret}.", f"{secret}.{other}", f"{'x' * 43}.{signature}", theirs]


@pytest.mark.slow
def test_a_cookie_that_we_have_not_made_opens_no_chat(site: Site) -> None:
    with site.browser() as browser:
        say(browser, "тайна")
        cookie = browser.cookies[COOKIE]
    for planted in forge(cookie):
        with httpx.Client(base_url=site.url, headers={"Cookie": f"{COOKIE}={planted}"}) as attacker:
            assert say(attacker, "эй").status_code == 401
            assert attacker.get("/chat/messages").status_code == 401
            given = attacker.get("/chat").cookies[COOKIE]
        assert given not in (cookie, planted)
        with httpx.Client(base_url=site.url, cookies={COOKIE: given}) as customer:
            assert lines(customer) == []


def test_behind_https_the_cookie_belongs_to_this_host_alone(store: Store, reception: Reception) -> None:
    """A neighbour subdomain can set the plain name, but no name that begins with `__Host-`."""
    views = CustomerViews(store)
    client = TestClient(application(reception=reception, views=views, secure_cookies=True))
    cookie, *attributes = client.get("/chat").headers["set-cookie"].split("; ")
    assert cookie.startswith("__Host-sufler_chat=")
    assert {"Path=/", "Secure", "HttpOnly"} <= set(attributes)
    assert "domain" not in str(attributes).lower()
    assert say(client, "эй", headers={"Cookie": cookie}).status_code == 200
    planted = cookie.removeprefix("__Host-")
    assert say(client, "эй", headers={"Cookie": planted}).status_code == 401


@pytest.mark.parametrize("secure", [False, True])
def test_a_conversation_from_before_cookies_were_signed_goes_on_once(
    store: Store, reception: Reception, secure: bool
) -> None:
    secret = "Q" * 43
    message = IncomingMessage(channel="web", chat_id=chat_id_of(secret), external_id="1", text="давно")
    reception.receive(message)
    views = CustomerViews(store)
    client = TestClient(application(reception=reception, views=views, secure_cookies=secure))
    old = {"Cookie": f"{COOKIE}={secret}"}
    assert client.get("/chat/messages", headers=old).status_code == 401
    new = cookie_of(client.get("/chat", headers=old))
    assert lines(client, headers=new) == [("customer", "давно")]
    say(client, "и сейчас", headers=new)
    # Somebody who has planted the old cookie reads nothing of it.
    assert client.get("/chat/messages", headers=old).status_code == 401
    assert lines(client, headers=cookie_of(client.get("/chat", headers=old))) == []
    assert lines(client, headers=new) == [("customer", "давно"), ("customer", "и сейчас")]


def cookie_of(page: Any) -> dict[str, str]:
    """Return the cookie that the page has set, as browsers send it back."""
    page.raise_for_status()
    return {"Cookie": page.headers.get_list("set-cookie")[0].partition(";")[0]}


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    header = httpx.get(f"{site.url}/chat").headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header


# --- answers of the bot -----------------------------------------------------------------------


def press(browser: Browser, reply: object, action: str = "up", **more: object) -> Any:
    return browser.post("/chat/feedback", json={"reply": reply, "action": action} | more)


@pytest.fixture
def answered(store: Store, governed: GovernedShop) -> Iterator[str]:
    """Return the address of a site whose bot answers alone."""
    feedback = governed.feedback
    app = application(reception=governed.reception, views=CustomerViews(store), feedback=feedback)
    with serve(app) as url, run_loops(delivery(governed.deliveries, WebChannel())):
        yield url


@pytest.mark.slow
def test_a_customer_rates_an_answer_of_the_bot_and_calls_an_operator(
    answered: str, governed: GovernedShop, store: Store
) -> None:
    with httpx.Client(base_url=answered) as browser, httpx.Client(base_url=answered) as other:
        for customer in (browser, other):
            customer.get("/chat").raise_for_status()
            say(customer, SURE)
        governed.triage()
        wait_until(lambda: len(lines(browser)) == len(lines(other)) == 2)
        question, answer = browser.get("/chat/messages").json()["lines"]
        assert (answer["author"], answer["text"]) == ("bot", "Верните товар за 14 дней.\n\nОтветил бот.")
        assert question["reply"] is None
        reply = answer["reply"]

        assert press(other, reply, "operator").status_code == 404
        assert [press(browser, reply, "down").json() for _ in range(2)] == [
            {"is_new": True},
            {"is_new": False},
        ]
        assert press(browser, reply, "operator").json() == {"is_new": True}
        wait_until(lambda: len(lines(browser)) == 3)
        notice = browser.get("/chat/messages").json()["lines"][-1]
        assert (notice["text"], notice["reply"]) == ("Передал ваш вопрос оператору, он ответит здесь.", None)
        assert len(lines(other)) == 2
    (waiting,) = governed.desk.queue()
    assert waiting.turn.handoff_reason == HandoffReason.CUSTOMER_REQUEST.value
    with store.read() as tx:
        sent = tx.outbox.get(reply)
        assert sent is not None
        assert sent.turn_id == waiting.turn.id
        assert tx.signals.of_turn(waiting.turn.id) == {Signal.THUMB_DOWN, Signal.OPERATOR_CALLED}


def test_operators_replies_have_no_buttons(site: Site) -> None:
    with site.browser() as browser:
        say(browser, "как вернуть товар")
        site.answer("За 14 дней.")
        with run_loops(delivery(site.deliveries, WebChannel())):
            wait_until(lambda: len(lines(browser)) == 2)
        assert [line["reply"] for line in browser.get("/chat/messages").json()["lines"]] == [None, None]


@contextmanager
def listening(feedback: HeardFeedback, store: Store, reception: Reception) -> Iterator[httpx.Client]:
    """Return a customer's browser at a site that records the buttons pressed under reply 5."""
    app = application(
        reception=reception,
        views=CustomerViews(store),
        feedback=feedback,
        limits=replace(CHAT_LIMITS, messages_per_minute=3),
    )
    with serve(app) as url, httpx.Client(base_url=url) as browser:
        browser.get("/chat").raise_for_status()
        yield browser


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"reply": 6}, 404, "no such answer"),
        ({"reply": 2**31 - 1}, 404, "no such answer"),
        ({"reply": 0}, 422, "reply: "),
        ({"reply": 2**31}, 422, "reply: "),
        ({"reply": "5"}, 422, "reply: "),
        ({"reply": True}, 422, "reply: "),
        ({"reply": None}, 422, "reply: "),
        ({"action": "UP"}, 422, "action: "),
        ({"action": None}, 422, "action: "),
        ({"chat_id": "somebody"}, 422, "chat_id: "),
        ({"action": "x" * 1000}, 413, "too long"),
    ],
)
def test_bad_presses_are_refused_in_plain_words(
    store: Store, reception: Reception, body: dict[str, object], status: int, problem: str
) -> None:
    feedback = HeardFeedback(replies=frozenset({5}))
    with listening(feedback, store, reception) as browser:
        answer = browser.post("/chat/feedback", json={"reply": 5, "action": "up"} | body)
    assert answer.status_code == status
    assert problem in answer.json()["detail"]
    assert feedback.heard == []


def test_presses_pass_the_same_guards_as_messages(store: Store, reception: Reception) -> None:
    feedback = HeardFeedback(replies=frozenset({5}))
    with listening(feedback, store, reception) as browser:
        elsewhere = browser.post(
            "/chat/feedback", json={"reply": 5, "action": "up"}, headers={"Origin": "https://evil.example"}
        )
        assert elsewhere.status_code == 403
        assert browser.post("/chat/feedback", data={"reply": "5", "action": "up"}).status_code == 415
        assert (
            httpx.post(f"{browser.base_url}/chat/feedback", json={"reply": 5, "action": "up"}).status_code
            == 401
        )
        assert feedback.heard == []
        assert say(browser, "эй").status_code == 200
        assert [press(browser, 5).status_code for _ in range(3)] == [200, 200, 429]
        assert "wait" in press(browser, 5).json()["detail"]
        assert 0 < int(press(browser, 5).headers["Retry-After"]) <= 60
    (chat_id,) = {chat_id for _, _, chat_id, _ in feedback.heard}
    assert feedback.heard == [("helpful", "web", chat_id, 5)] * 2


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"text": ""}, 422, "empty"),
        ({"text": " \n\t"}, 422, "empty"),
        ({"text": "я" * (MAX_LENGTH + 1)}, 422, f"longer than {MAX_LENGTH} characters"),
        ({"text": 5}, 422, "text: "),
        ({"text": "эй", "id": "1"}, 422, "id: "),
        ({"text": "эй", "id": None}, 422, "id: "),
        ({"text": "эй", "role": "operator"}, 422, "role: "),
        ({"text": "x" * 1_000_000}, 413, "too long"),
    ],
)
def test_bad_messages_are_refused_in_plain_words(
    site: Site, body: dict[str, object], status: int, problem: str
) -> None:
    with site.browser() as browser:
        answer = browser.post("/chat/messages", json={"id": str(uuid.uuid4())} | body)
        assert answer.status_code == status
        assert problem in answer.json()["detail"]
        assert lines(browser) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"id": NaN}', b"[" * 3000, b'"\\ud83d"'], ids=range(7)
)
def test_what_is_no_message_is_refused(site: Site, content: bytes) -> None:
    with site.browser() as browser:
        headers = {"Content-Type": "application/json"}
        assert browser.post("/chat/messages", content=content, headers=headers).status_code == 422


@pytest.mark.parametrize("text", ["🙂" * MAX_LENGTH, "\u200b\u200d", "שלום", "\x00\x01", "\\" * MAX_LENGTH])
def test_odd_texts_are_stored(site: Site, text: str) -> None:
    with site.browser() as browser:
        assert say(browser, text).status_code == 200
        assert len(lines(browser)) == 1


def test_a_large_body_is_refused_before_it_is_read(site: Site) -> None:
    host = site.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.putrequest("POST", "/chat/messages")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders(b"{")  # and not a byte more
    assert connection.getresponse().status == 413
    connection.close()


def test_a_large_body_of_unknown_length_is_cut_off(site: Site) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * 1000

    with site.browser() as browser:
        try:
            answer = browser.post(
                "/chat/messages", content=chunks(), headers={"Content-Type": "application/json"}
            )
        except httpx.TransportError:
            return  # the server has hung up on us
        assert answer.status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_other_sites_may_not_write_for_the_customer(site: Site, headers: dict[str, str], status: int) -> None:
    with site.browser() as browser:
        browser.headers.update(headers)
        assert say(browser, "эй").status_code == status


def test_forms_are_refused(site: Site) -> None:
    with site.browser() as browser:
        answer = browser.post("/chat/messages", data={"text": "эй"})
        assert answer.status_code == 415


@pytest.mark.parametrize("cookie", [None, "", "short", "x" * 43 + "!", "я" * 43])
def test_without_our_cookie_the_page_has_to_be_opened_first(site: Site, cookie: str | None) -> None:
    headers = {} if cookie is None else {"Cookie": f"{COOKIE}={cookie}".encode()}
    with httpx.Client(base_url=site.url, headers=headers) as client:  # type: ignore[arg-type]
        assert say(client, "эй").status_code == 401
        assert client.get("/chat/messages").status_code == 401


def test_a_flood_is_stopped_in_plain_words(store: Store, reception: Reception) -> None:
    app = application(
        reception=reception, views=CustomerViews(store), limits=replace(CHAT_LIMITS, messages_per_minute=3)
    )
    with serve(app) as url, httpx.Client(base_url=url) as browser, httpx.Client(base_url=url) as other:
        browser.get("/chat")
        other.get("/chat")
        assert [say(browser, "эй").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = say(browser, "эй")
        assert "wait" in answer.json()["detail"]
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert say(other, "эй").status_code == 200


class Street:
    """Customers of one site, each with their own address."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def visitor(self, address: str) -> TestClient:
        """Return a browser that has opened the page."""
        client = TestClient(self._app, client=(address, 50000))
        client.get("/chat").raise_for_status()
        return client

    def write(self, address: str) -> Any:
        """Write as a new customer for the first time."""
        return say(self.visitor(address), "где мой заказ")


def street(store: Store, reception: Reception, **limits: int) -> Street:
    app = application(reception=reception, views=CustomerViews(store), limits=replace(CHAT_LIMITS, **limits))
    return Street(app)


def test_one_address_begins_so_many_chats_an_hour(store: Store, reception: Reception) -> None:
    site = street(store, reception, new_chats_per_address=3, messages_per_address=5)
    customer = site.visitor("192.0.2.7")
    with capture_logs() as logs:
        assert say(customer, "эй").status_code == 200
        statuses = [site.write("192.0.2.7").status_code for _ in range(20)]
        assert statuses == [200] * 2 + [429] * 18
        refused = site.write("192.0.2.7")
        assert "new chats from your network" in refused.json()["detail"]
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600
        # Who talks already goes on, and so do others; of IPv6 a subscriber has a whole network.
        assert say(customer, "ау").status_code == 200
        assert site.write("192.0.2.8").status_code == 200
        statuses = [site.write(f"2001:db8::{number}").status_code for number in range(1, 6)]
        assert statuses == [200] * 3 + [429] * 2
        assert site.write("2001:db8:0:1::1").status_code == 200
    assert logs == []  # and so no address stands in them
    with store.read() as tx:
        assert tx.conversations.customer(8) is not None
        assert tx.conversations.customer(9) is None


def test_one_address_sends_so_many_messages_a_minute(store: Store, reception: Reception) -> None:
    site = street(store, reception, messages_per_address=4)
    first, second = site.visitor("192.0.2.7"), site.visitor("192.0.2.7")
    assert [say(first, "эй").status_code for _ in range(3)] == [200] * 3  # of which the first begins a chat
    assert [say(second, "эй").status_code for _ in range(3)] == [200] * 3
    assert [say(first, "эй").status_code, press(second, 5).status_code] == [429, 429]
    assert say(site.visitor("192.0.2.8"), "эй").status_code == 200


def test_all_together_begin_so_many_chats_a_minute(store: Store, reception: Reception) -> None:
    site = street(store, reception, new_chats_per_minute=2, new_chats_per_address=1)
    customer = site.visitor("192.0.2.1")
    assert say(customer, "эй").status_code == 200
    assert site.write("192.0.2.2").status_code == 200
    refused = [site.write("192.0.2.3") for _ in range(3)]  # which does not count against that address
    assert {answer.status_code for answer in refused} == {503}
    assert 0 < int(refused[-1].headers["Retry-After"]) <= 60
    assert say(customer, "ау").status_code == 200


def test_looking_too_often_is_stopped(store: Store, reception: Reception) -> None:
    site = street(store, reception, reads_per_minute=3, reads_per_address=5)
    first, second = site.visitor("192.0.2.7"), site.visitor("192.0.2.7")
    assert [first.get("/chat/messages").status_code for _ in range(4)] == [200] * 3 + [429]
    assert [second.get("/chat/messages").status_code for _ in range(3)] == [200] * 2 + [429]
    assert 0 < int(second.get("/chat/messages").headers["Retry-After"]) <= 60
    assert site.visitor("192.0.2.8").get("/chat/messages").status_code == 200


def test_a_full_backlog_turns_new_chats_away_but_not_customers_who_talk_already(store: Store) -> None:
    site, triager = build_bounded_street(store, max_untriaged=2)
    customers = [site.visitor(f"192.0.2.{number}") for number in range(5)]
    for customer in customers:
        assert say(customer, "эй").status_code == 200
        triager.run_once()
    assert [site.write("198.51.100.1").status_code for _ in range(4)] == [200, 200, 503, 503]
    refused = site.write("198.51.100.2")
    assert "Too many messages are waiting" in refused.json()["detail"]
    assert int(refused.headers["Retry-After"]) == 15
    # As much again is kept for those who were here before.
    assert [say(customer, "ау").status_code for customer in customers] == [200] * 2 + [503] * 3
    assert say(customers[0], "и ещё").status_code == 200  # it waits already
    triager.run_once()
    assert site.write("198.51.100.2").status_code == 200
    assert say(customers[4], "ау").status_code == 200


def test_a_message_without_room_does_not_use_up_new_chats(store: Store) -> None:
    site, triager = build_bounded_street(store, max_untriaged=1, new_chats_per_address=1)
    customer = site.visitor("192.0.2.8")
    assert site.write("192.0.2.7").status_code == 200
    assert [say(customer, "эй").status_code for _ in range(3)] == [503] * 3
    triager.run_once()
    assert say(customer, "эй").status_code == 200


def test_a_turn_that_waits_for_long_does_not_grow_without_end(store: Store) -> None:
    site, triager = build_bounded_street(store, max_untriaged=5, messages_per_minute=100)
    customer = site.visitor("192.0.2.7")
    statuses = [say(customer, "эй").status_code for _ in range(22)]
    assert statuses == [200] * 20 + [503] * 2
    triager.run_once()
    assert say(customer, "эй").status_code == 200


def build_bounded_street(store: Store, *, max_untriaged: int, **limits: int) -> tuple[Street, Triager]:
    """A site with little room for waiting messages, and the worker that triages them."""
    shop = Shop(store, clock=utc_now, max_untriaged=max_untriaged)
    return street(store, shop.reception, **limits), shop.triager


def test_a_database_that_is_down_is_said_so(caplog: pytest.LogCaptureFixture) -> None:
    class Down:
        def knows(self, channel: str, chat_id: str) -> bool:
            raise OSError(f"cannot read {channel} {chat_id}")

        def move_chat(self, channel: str, chat_id: str, new_chat_id: str) -> bool:
            raise OSError(f"cannot write {channel} {chat_id} {new_chat_id}")

        def receive(self, message: IncomingMessage) -> Receipt:
            raise OSError(f"cannot write {message.text}")

        def of(self, channel: str, chat_id: str) -> CustomerView:
            raise OSError(f"cannot read {channel} {chat_id}")

    feedback = HeardFeedback(errors=[OSError("секрет")])
    app = application(reception=Down(), views=Down(), feedback=feedback)
    with capture_logs() as logs, serve(app) as url, httpx.Client(base_url=url) as browser:
        assert browser.get("/chat", headers={"Cookie": f"{COOKIE}={'x' * 43}"}).status_code == 200
        assert not browser.cookies  # an old chat's cookie is kept until it can be looked for
        browser.get("/chat")
        assert say(browser, "секрет").status_code == 503
        assert browser.get("/chat/messages").status_code == 503
        assert press(browser, 5).status_code == 503
    assert [entry["event"] for entry in logs] == [
        "web_chat_not_moved",
        "web_message_not_stored",
        "web_conversation_not_read",
        "web_press_not_stored",
    ]
    assert "секрет" not in caplog.text + str(logs)


# --- the page ---------------------------------------------------------------------------------


def test_the_page_loads_nothing_from_elsewhere(site: Site) -> None:
    page = httpx.get(f"{site.url}/chat")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert httpx.get(f"{site.url}/{address}").status_code == 200
    assert httpx.get(f"{site.url}/chat/static/router.py").status_code == 404


def test_the_title_is_shown_as_text(store: Store, reception: Reception) -> None:
    app = application(reception=reception, views=CustomerViews(store), title='<b>"Северок"</b>')
    with serve(app) as url:
        page = httpx.get(f"{url}/chat").text
    assert "<b>" not in page
    assert "&lt;b&gt;&quot;Северок&quot;" in page


def test_the_requests_stand_in_the_api_description(site: Site) -> None:
    paths = httpx.get(f"{site.url}/openapi.json").json()["paths"]
    assert set(paths) == {"/chat/messages", "/chat/feedback"}
    assert "text" in str(paths["/chat/messages"]["post"]["requestBody"])
    assert "operator" in str(paths["/chat/feedback"]["post"]["requestBody"])


def test_telegrams_conversations_are_out_of_reach(site: Site, reception: Reception, store: Store) -> None:
    with site.browser() as browser:
        say(browser, "эй")
        reception.receive(IncomingMessage(channel="telegram", chat_id="7", external_id="1", text="тайна"))
        assert lines(browser) == [("customer", "эй")]
    assert Records(store).texts(7) == ["тайна"]
