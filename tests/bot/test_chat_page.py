"""The chat page works in a real browser."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.webchat import WebChannel
from bot.webchat.cookies import chat_id_of
from kb_index.marks import Mark, MarkKind
from prompter.common.clock import Clock, utc_now
from prompter.conversations.customer_view import CustomerViews
from prompter.conversations.intake import Reception
from prompter.domain.evidence import Signal
from prompter.domain.triage import HandoffReason
from prompter.storage import Store
from tests.bot.harness import delivery, run_loops
from tests.bot.test_web_chat import COOKIE, application
from tests.browser import chromium, serve
from tests.fakes import SHOP
from tests.prompter.readiness.governed import GovernedShop
from tests.shipped import CHAT_LIMITS
from tests.shop import SURE, Shop

pytestmark = pytest.mark.e2e

NASTY = '<img src=x onerror="document.title=\'hacked\'"><script>document.title="hacked"</script>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shop(store: Store) -> Shop[Clock]:
    return Shop(store, clock=utc_now, undo=timedelta(0))


@pytest.fixture
def url(shop: Shop[Clock]) -> Iterator[str]:
    """Serve the site, and deliver its operators' replies. Return its address."""
    app = application(reception=shop.reception, views=CustomerViews(shop.store), title="Северок")
    with serve(app) as url, run_loops(delivery(shop.deliveries, WebChannel())):
        yield url


def texts(shop: Shop[Clock]) -> list[str]:
    return [message.text for message in shop.desk.conversation(1).messages]


@contextmanager
def open_page(browser: Browser, url: str, **context_options: Any) -> Iterator[Page]:
    """Open the chat page in its own browser, and fail on any error there."""
    context = browser.new_context(**context_options)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if "Content Security" in message.text else None,
    )
    page.goto(f"{url}/chat")
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with open_page(browser, url, locale="ru-RU", viewport={"width": 900, "height": 900}) as page:
        yield page


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Сообщение").fill(text)
    page.keyboard.press("Enter")


def picture(page: Page, name: str) -> None:
    """Save a picture of the page for people if SUFLER_PICTURES names a folder."""
    if folder := os.environ.get("SUFLER_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_conversation_in_the_browser(page: Page, shop: Shop[Clock]) -> None:
    expect(page).to_have_title("Северок")
    expect(page.get_by_text("Здравствуйте! Чем можем помочь?")).to_be_visible()
    picture(page, "chat-empty")
    page.get_by_label("Ваше имя (необязательно)").fill("Ольга")
    say(page, "Здравствуйте! Где мой заказ?")
    log = page.get_by_role("log")
    expect(log.get_by_text("Где мой заказ?")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Сообщение получено. Скоро ответим")
    say(page, NASTY)
    picture(page, "chat-waiting")
    expect(log.locator(".own.stored")).to_have_count(2)
    shop.write(1, "Едет! Смотрите https://example.com/track?id=1, будет завтра.")
    shop.write(1, NASTY)
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
    assert texts(shop) == ["Здравствуйте! Где мой заказ?", NASTY]


def test_bold_words_and_links_of_an_answer_are_drawn_and_its_text_stays_text(
    browser: Browser, store: Store
) -> None:
    marks = (
        Mark(kind=MarkKind.BOLD, text="30 дней"),
        Mark(kind=MarkKind.LINK, text="условия", address="https://shop.test/terms"),
        Mark(kind=MarkKind.BOLD, text=NASTY),
    )
    answer = f"Можно за 30 дней, см. условия (https://shop.test/terms). {NASTY}"
    articles = [replace(article, answer=answer, marks=marks) for article in SHOP]
    shop = Shop(store, clock=utc_now, undo=timedelta(0), articles=articles)
    app = application(reception=shop.reception, views=CustomerViews(store))
    with (
        serve(app) as url,
        run_loops(delivery(shop.deliveries, WebChannel())),
        open_page(browser, url, locale="ru-RU") as page,
    ):
        say(page, "Как вернуть товар?")
        expect(page.locator(".own.stored")).to_have_count(1)
        shop.triage()
        shop.accept(1)
        bubble = page.locator(".theirs .bubble")
        expect(bubble).to_have_text(f"Можно за 30 дней, см. условия. {NASTY}")
        expect(bubble.locator("strong")).to_have_text(["30 дней", NASTY])
        expect(bubble.get_by_role("link", name="условия")).to_have_attribute(
            "href", "https://shop.test/terms"
        )
        assert bubble.locator("img, script").count() == 0
        assert page.title() != "hacked"


def test_what_is_written_without_a_connection_arrives_once(page: Page, shop: Shop[Clock]) -> None:
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
    assert texts(shop) == ["один", "два", "три"]


def test_what_finds_no_room_is_kept_and_sent_by_itself(browser: Browser, store: Store) -> None:
    shop = Shop(store, clock=utc_now, max_untriaged=1)
    shop.say("эй", channel="web", chat="stranger")
    app = application(reception=shop.reception, views=CustomerViews(store))
    with serve(app) as url, open_page(browser, url, locale="ru-RU") as page:
        page.clock.install()
        log = page.get_by_role("log")
        say(page, "где мой заказ")
        expect(page.get_by_role("status")).to_have_text(re.compile("очень много обращений"))
        expect(log.locator(".own.pending")).to_contain_text("где мой заказ")
        shop.triage()
        page.clock.fast_forward(20_000)
        expect(log.locator(".own.stored")).to_have_count(1)
        expect(page.get_by_role("status")).to_have_text(re.compile("Скоро ответим"))


def test_a_network_that_has_begun_too_many_chats_is_told_how_long_it_waits(
    browser: Browser, store: Store, reception: Reception
) -> None:
    limits = replace(CHAT_LIMITS, new_chats_per_address=1, reads_per_minute=1)
    app = application(reception=reception, views=CustomerViews(store), limits=limits)
    with serve(app) as url, open_page(browser, url, locale="en-GB") as first:
        first.get_by_role("textbox", name="Message").fill("hello")
        first.keyboard.press("Enter")
        expect(first.locator(".own.stored")).to_have_count(1)
        # Its own looks are too many, which is no lost connection.
        expect(first.get_by_role("status")).to_have_text("")
        with open_page(browser, url, locale="ru-RU") as second:
            say(second, "где мой заказ")
            told = re.compile(r"много сообщений из вашей сети. Отправим через (59|60|61) мин")
            expect(second.get_by_role("status")).to_have_text(told)
            second.reload()
            expect(second.locator(".own.pending")).to_contain_text("где мой заказ")
            expect(second.get_by_role("status")).to_have_text(told)


def test_a_small_screen_and_another_language(browser: Browser, url: str, shop: Shop[Clock]) -> None:
    context = browser.new_context(
        locale="en-GB", viewport={"width": 360, "height": 640}, has_touch=True, color_scheme="dark"
    )
    page = context.new_page()
    page.goto(f"{url}/chat")
    box = page.get_by_role("textbox", name="Message")
    box.fill("Where is my order? " * 30)
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    expect(page.get_by_text("longer than 300 characters")).to_be_visible()
    box.fill("Where is my order? It was https://example.com/" + "x" * 80)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Message received. We'll reply soon")
    shop.write(1, "On its way, it will be with you tomorrow.")
    expect(page.locator(".theirs")).to_have_count(1)
    picture(page, "chat-small")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    context.close()


# --- answers of the bot -----------------------------------------------------------------------


@pytest.fixture
def answering(store: Store, governed: GovernedShop) -> Iterator[str]:
    """Return the address of a site whose bot answers alone."""
    feedback = governed.feedback
    app = application(reception=governed.reception, views=CustomerViews(store), feedback=feedback)
    with serve(app) as url, run_loops(delivery(governed.deliveries, WebChannel())):
        yield url


def signals(page: Page, governed: GovernedShop) -> set[Signal]:
    """Return the feedback from the page's customer."""
    (secret,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE]
    with governed.store.read() as tx:
        customer = tx.conversations.find("web", chat_id_of(secret))
        assert customer is not None
        return tx.signals.of_turn(governed.turn(customer.conversation_id).id)


def test_an_answer_of_the_bot_is_rated_and_an_operator_called(
    browser: Browser, answering: str, governed: GovernedShop
) -> None:
    with open_page(browser, answering, locale="ru-RU", viewport={"width": 900, "height": 900}) as page:
        say(page, SURE)
        log = page.get_by_role("log")
        expect(log.locator(".own.stored")).to_have_count(1)
        governed.triage()
        buttons = log.get_by_role("group", name="Помог ли ответ?")
        up = buttons.get_by_role("button", name="Ответ помог")
        down = buttons.get_by_role("button", name="Ответ не помог")
        operator = buttons.get_by_role("button", name="Позвать оператора")
        expect(down).to_be_enabled()
        picture(page, "chat-buttons")

        up.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(buttons.get_by_role("status")).to_have_text("Спасибо, мы проверим этот ответ.")
        expect(down).to_be_focused()
        expect(down).to_have_attribute("aria-pressed", "true")
        for button in (up, down):
            expect(button).to_be_disabled()
        up.click(force=True)
        assert signals(page, governed) == {Signal.THUMB_DOWN}

        operator.click()
        expect(log.get_by_text("Передал ваш вопрос оператору, он ответит здесь.")).to_be_visible()
        expect(buttons).to_have_count(1)
        picture(page, "chat-buttons-pressed")
        page.reload()
        for button in (up, down, operator):
            expect(button).to_be_disabled()
        expect(buttons.get_by_role("status")).to_have_text("Оператор ответит здесь.")
        assert signals(page, governed) == {Signal.THUMB_DOWN, Signal.OPERATOR_CALLED}
    (waiting,) = governed.desk.queue()
    assert waiting.turn.handoff_reason == HandoffReason.CUSTOMER_REQUEST.value


def test_a_press_that_is_lost_can_be_made_again_on_a_small_screen(
    browser: Browser, answering: str, governed: GovernedShop
) -> None:
    small = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "color_scheme": "dark"}
    with open_page(browser, answering, locale="en-GB", **small) as page:
        page.get_by_role("textbox", name="Message").fill(SURE)
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".own.stored")).to_have_count(1)
        governed.triage()
        buttons = page.get_by_role("group", name="Did this answer help?")
        up = buttons.get_by_role("button", name="Helpful", exact=True)
        expect(buttons.get_by_role("button", name="Talk to a person")).to_be_in_viewport()
        page.route("**/chat/feedback", lambda route: route.abort())
        up.tap()
        expect(buttons.get_by_role("status")).to_have_text("Something went wrong. Please try again")
        expect(up).to_be_enabled()
        picture(page, "chat-buttons-small")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        page.unroute("**/chat/feedback")
        up.tap()
        expect(buttons.get_by_role("status")).to_have_text("Thank you!")
        expect(up).to_be_disabled()
        expect(buttons.get_by_role("button", name="Talk to a person")).to_be_enabled()
        assert signals(page, governed) == {Signal.THUMB_UP}
