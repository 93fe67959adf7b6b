"""A customer on Telegram and an operator in a browser talk through the running program."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium, log_in
from tests.e2e.product import OPERATOR, PASSWORD, PATIENCE, Product
from tests.emulators.telegram import Fault, TelegramEmulator

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ANSWER = "верните товар за 14 дней."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def telegram() -> Iterator[TelegramEmulator]:
    with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def product(
    tmp_path_factory: pytest.TempPathFactory, installation: tuple[Path, str], telegram: TelegramEmulator
) -> Iterator[Product]:
    """Start the program once. Each test has a customer of its own, and leaves an empty queue."""
    template, token = installation
    folder = tmp_path_factory.mktemp("product") / "shop"
    with Product(folder, template, token, telegram, encoder="tfidf") as product:
        product.start()
        yield product


@pytest.fixture
def desk(browser: Browser, product: Product) -> Iterator[Page]:
    """Open the desk, with an operator in front of it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="ru-RU")
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    log_in(page, product.url, OPERATOR, PASSWORD)
    yield page
    context.close()


def wait_for_messages(telegram: TelegramEmulator, chat: int) -> list[str]:
    """Wait for messages to the customer, and return them."""
    telegram.wait_for(lambda: telegram.sent_to(chat), seconds=PATIENCE)
    return telegram.sent_to(chat)


def test_a_question_is_asked_suggested_accepted_and_answered(desk: Page, telegram: TelegramEmulator) -> None:
    telegram.customer_says(7, "здравствуйте, как вернуть товар")
    card = desk.locator(".card__text").first
    expect(card).to_contain_text(ANSWER, timeout=PATIENCE * 1000)
    offered = card.inner_text()
    desk.keyboard.press("1")
    assert wait_for_messages(telegram, chat=7) == [offered]
    expect(desk.locator(".bubble--ours")).to_contain_text(ANSWER)
    expect(desk.get_by_text("Очередь пуста")).to_be_visible()


def test_a_suggestion_is_edited_before_it_leaves(
    desk: Page, product: Product, telegram: TelegramEmulator
) -> None:
    telegram.customer_says(8, "как вернуть товар")
    expect(desk.locator(".card__text").first).to_contain_text(ANSWER, timeout=PATIENCE * 1000)
    desk.keyboard.press("e")
    editor = desk.locator(".composer textarea")
    expect(editor).to_be_focused()
    editor.fill("Верните товар за 30 дней.")
    (waiting,) = product.get("/api/queue")
    desk.keyboard.press("Control+Enter")
    assert wait_for_messages(telegram, chat=8) == ["Верните товар за 30 дней."]
    (reply,) = product.get(f"/api/conversations/{waiting['turn']['conversation_id']}")["replies"]
    assert reply["text"] == "Верните товар за 30 дней."


def test_a_reply_whose_answer_got_lost_is_shown_and_settled_by_a_person(
    desk: Page, telegram: TelegramEmulator
) -> None:
    telegram.fail_next("sendMessage", Fault.lost_answer())
    telegram.customer_says(9, "как вернуть товар")
    expect(desk.locator(".card__text").first).to_contain_text(ANSWER, timeout=PATIENCE * 1000)
    desk.keyboard.press("Enter")
    wait_for_messages(telegram, chat=9)
    expect(desk.get_by_role("button", name="Отметить доставленным").first).to_be_visible(
        timeout=PATIENCE * 1000
    )
    desk.get_by_role("button", name="Отметить доставленным").first.click()
    expect(desk.get_by_role("button", name="Отметить доставленным")).to_have_count(0)
    assert len(telegram.sent_to(9)) == 1
