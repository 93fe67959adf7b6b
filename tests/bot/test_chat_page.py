"""The chat page in a real browser."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.delivery import Delivery
from bot.webchat import WebChannel
from prompter.accounts import Accounts
from prompter.customer_view import CustomerViews
from prompter.deliveries import Deliveries
from prompter.desk import Desk
from prompter.reception import Reception
from prompter.storage import Account, Role, Store
from tests.bot.harness import running
from tests.bot.test_web_chat import application
from tests.browser import chromium, serve
from tests.fakes import FAST_HASHER

pytestmark = pytest.mark.e2e

NASTY = '<img src=x onerror="document.title=\'hacked\'"><script>document.title="hacked"</script>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class Shop:
    """The operators' side: a desk, and a delivery that runs."""

    def __init__(self, store: Store, url: str, anna: Account) -> None:
        self.url = url
        self._store = store
        self._desk = Desk(store, undo=timedelta(0))
        self._anna = anna

    def write(self, text: str, *, conversation_id: int = 1) -> None:
        self._desk.write(conversation_id, text, self._anna)

    def texts(self, conversation_id: int = 1) -> list[str]:
        with self._store.read() as tx:
            return [message.text for message in tx.conversations.messages(conversation_id)]


@pytest.fixture
def shop(store: Store, reception: Reception) -> Iterator[Shop]:
    anna = Accounts(store, hasher=FAST_HASHER).add("anna", Role.OPERATOR, "correct horse battery")
    deliveries = Delivery(Deliveries(store), [WebChannel()], poll_seconds=0.05)
    app = application(reception=reception, views=CustomerViews(store), title="Северок")
    with serve(app) as url, running(deliveries.run):
        yield Shop(store, url, anna)


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    context = browser.new_context(locale="ru-RU", viewport={"width": 900, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if "Content Security" in message.text else None,
    )
    page.goto(f"{shop.url}/chat")
    yield page
    context.close()
    assert problems == []


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Сообщение").fill(text)
    page.keyboard.press("Enter")


def picture(page: Page, name: str) -> None:
    """For people: SUFLER_PICTURES=folder keeps what the page looked like."""
    if folder := os.environ.get("SUFLER_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_conversation_in_the_browser(page: Page, shop: Shop) -> None:
    expect(page).to_have_title("Северок")
    expect(page.get_by_text("Здравствуйте! Чем можем помочь?")).to_be_visible()
    picture(page, "chat-empty")
    page.get_by_label("Как к вам обращаться?").fill("Ольга")
    say(page, "Здравствуйте! Где мой заказ?")
    log = page.get_by_role("log")
    expect(log.get_by_text("Где мой заказ?")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Сообщение получено, оператор скоро ответит")
    say(page, NASTY)
    picture(page, "chat-waiting")
    expect(log.locator(".own.stored")).to_have_count(2)
    shop.write("Едет! Смотрите https://example.com/track?id=1, будет завтра.")
    shop.write(NASTY)
    link = log.get_by_role("link")
    expect(link).to_have_attribute("href", "https://example.com/track?id=1")
    expect(log.locator(".theirs")).to_have_count(2)
    expect(log.get_by_text(NASTY, exact=True)).to_have_count(2)
    expect(page.get_by_role("status")).to_have_text("")
    expect(page).to_have_title("Северок")
    assert log.locator("img, script").count() == 0
    picture(page, "chat")
    expect(log).to_have_attribute("aria-live", "polite")

    page.reload()
    expect(log.locator(".line")).to_have_count(4)
    assert shop.texts() == ["Здравствуйте! Где мой заказ?", NASTY]


def test_what_is_written_without_a_connection_arrives_once(page: Page, shop: Shop) -> None:
    log = page.get_by_role("log")
    say(page, "один")
    expect(log.locator(".own.stored")).to_have_count(1)
    answers_lost = 0

    def lose_the_answer(route: Route) -> None:
        nonlocal answers_lost
        if route.request.method == "POST" and answers_lost == 0:
            answers_lost += 1
            route.fetch()  # the server has it
        route.abort()

    page.route("**/chat/messages*", lose_the_answer)
    say(page, "два")
    expect(page.get_by_role("status")).to_contain_text("Нет связи")
    expect(log.locator(".own.pending")).to_have_count(1)
    say(page, "три")
    page.reload()  # what is not sent yet survives it
    expect(log.locator(".own.pending")).to_have_count(2)
    picture(page, "chat-offline")
    page.unroute("**/chat/messages*")
    expect(log.locator(".own.stored")).to_have_count(3, timeout=20_000)
    expect(page.get_by_role("status")).not_to_contain_text("Нет связи")
    assert answers_lost == 1
    assert shop.texts() == ["один", "два", "три"]


def test_a_small_screen_and_another_language(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(
        locale="en-GB", viewport={"width": 360, "height": 640}, has_touch=True, color_scheme="dark"
    )
    page = context.new_page()
    page.goto(f"{shop.url}/chat")
    box = page.get_by_role("textbox", name="Message")
    box.fill("Where is my order? " * 30)
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    expect(page.get_by_text("longer than 300 characters")).to_be_visible()
    box.fill("Where is my order? It was https://example.com/" + "x" * 80)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("an operator will answer soon"))
    shop.write("On its way, it will be with you tomorrow.")
    expect(page.locator(".theirs")).to_have_count(1)
    picture(page, "chat-small")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    context.close()
