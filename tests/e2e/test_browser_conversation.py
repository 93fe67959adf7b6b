"""A customer on Telegram and an operator in a browser talk through the running program."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium, log_in
from tests.e2e.product import OPERATOR, PASSWORD, PATIENCE, Product
from tests.emulators.telegram import Fault, TelegramEmulator

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CHAT = 7
ANSWER = "верните товар за 14 дней."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def desk(browser: Browser, product: Product) -> Iterator[Page]:
    """Open the desk of a running product, with an operator in front of it."""
    product.start()
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="ru-RU")
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    log_in(page, product.url, OPERATOR, PASSWORD)
    yield page
    context.close()


def wait_for_messages(telegram: TelegramEmulator) -> list[str]:
    """Wait for messages to the customer, and return them."""
    telegram.wait_for(lambda: telegram.sent_to(CHAT), seconds=PATIENCE)
    return telegram.sent_to(CHAT)


def test_a_question_is_asked_suggested_accepted_and_answered(desk: Page, telegram: TelegramEmulator) -> None:
    telegram.customer_says(CHAT, "здравствуйте, как вернуть товар")
    card = desk.locator(".card__text").first
    expect(card).to_contain_text(ANSWER, timeout=PATIENCE * 1000)
    offered = card.inner_text()
    desk.keyboard.press("1")
    assert wait_for_messages(telegram) == [offered]
    expect(desk.locator(".bubble--ours")).to_contain_text(ANSWER)
    expect(desk.get_by_text("Очередь пуста")).to_be_visible()


def test_a_suggestion_is_edited_before_it_leaves(
    desk: Page, product: Product, telegram: TelegramEmulator
) -> None:
    telegram.customer_says(CHAT, "как вернуть товар")
    expect(desk.locator(".card__text").first).to_contain_text(ANSWER, timeout=PATIENCE * 1000)
    desk.keyboard.press("e")
    editor = desk.locator(".composer textarea")
    expect(editor).to_be_focused()
    editor.fill("Верните товар за 30 дней.")
    desk.keyboard.press("Control+Enter")
    assert wait_for_messages(telegram) == ["Верните товар за 30 дней."]
    (reply,) = product.get("/api/conversations/1")["replies"]
    assert reply["text"] == "Верните товар за 30 дней."


def test_a_reply_whose_answer_got_lost_is_shown_and_settled_by_a_person(
    desk: Page, telegram: TelegramEmulator
) -> None:
    telegram.fail_next("sendMessage", Fault.lost_answer())
    telegram.customer_says(CHAT, "как вернуть товар")
    expect(desk.locator(".card__text").first).to_contain_text(ANSWER, timeout=PATIENCE * 1000)
    desk.keyboard.press("Enter")
    wait_for_messages(telegram)
    expect(desk.get_by_role("button", name="Отметить доставленным").first).to_be_visible(
        timeout=PATIENCE * 1000
    )
    desk.get_by_role("button", name="Отметить доставленным").first.click()
    expect(desk.get_by_role("button", name="Отметить доставленным")).to_have_count(0)
    assert len(telegram.sent_to(CHAT)) == 1
