"""A customer's message that the operator's page has not shown yet is not overlooked."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from prompter.domain.evidence import Verdict
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e


@pytest.fixture
def address(shop: DeskShop) -> Iterator[str]:
    with shop.open(poll_seconds=60) as address:  # the page looks once, when it opens
        yield address


@pytest.fixture
def page(shop: DeskShop, sit: Sit) -> Page:
    shop.ask("как вернуть товар")
    page = sit()
    expect(page.locator(".card__text").first).to_have_text("Верните товар за 14 дней.")
    shop.say("уже не надо, спасибо")
    page.keyboard.press("1")
    expect(page.get_by_role("alertdialog")).to_contain_text("уже не надо, спасибо")
    return page


def test_nothing_is_sent_unless_the_operator_insists(shop: DeskShop, page: Page) -> None:
    assert shop.outbox(1) == []
    page.keyboard.press("1")  # not a command any more
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    expect(page.locator(".bubble--ours")).to_contain_text("14 дней")
    assert shop.outbox(1) == ["Верните товар за 14 дней."]


def test_going_back_shows_what_was_written(shop: DeskShop, page: Page) -> None:
    expect(page.get_by_role("button", name="Вернуться и прочитать")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    expect(page.locator(".talk__banner")).to_contain_text("Клиент написал ещё: уже не надо, спасибо")
    assert shop.outbox(1) == []
    page.keyboard.press("w")
    page.keyboard.type("Хорошо!")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_contain_text("Хорошо!")
    with shop.store.read() as tx:
        stored = tx.decisions.find_live(1)
    assert stored is not None
    assert stored.verdict is Verdict.WROTE_OWN


def test_escape_goes_back_too(shop: DeskShop, page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert shop.outbox(1) == []
