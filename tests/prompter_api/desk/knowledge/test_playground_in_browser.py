"""The playground shows the suggestions for a text and the reasons for them."""

import pytest
from playwright.sync_api import expect

from prompter.labels.regression_cases import Pins
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e

EVIL = "<img src=x onerror=alert(1)>"


def test_a_supervisor_asks_and_sees_why_and_pins(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.get_by_role("link", name="Тест бота").click()
    page.get_by_role("searchbox").fill(f"как отменить заказ {EVIL}")
    page.keyboard.press("Enter")
    cards = page.locator("article.card")
    expect(cards.nth(0)).to_contain_text("Как отменить заказ")
    expect(cards.nth(0)).to_contain_text("Общие слова: как, отменить, заказ")
    expect(cards.nth(0)).to_contain_text("те же слова")
    expect(page.get_by_text("Главное преимущество перед второй: те же слова.")).to_be_visible()
    expect(page.get_by_text("Главная причина первого места: те же слова.")).to_be_visible()
    expect(page.get_by_text("Определена тема: orders")).to_be_visible()
    expect(page.get_by_text("Отвечает оператор: автоответ по теме отключён")).to_be_visible()
    expect(page.get_by_text("Вопрос по теме базы: 90%")).to_be_visible()
    expect(page.get_by_text(f"Текст после обработки: как отменить заказ {EVIL}")).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    cards.nth(0).get_by_role("button", name="Закрепить этот ответ").click()
    expect(page.get_by_text("Закреплено")).to_be_visible()
    (pinned,) = Pins(shop.store).all()
    assert (pinned.text, pinned.article_id) == (f"как отменить заказ {EVIL}", "order-cancel")
    cards.nth(0).get_by_role("link", name="Как отменить заказ").click()
    expect(page.get_by_label("Ответ")).to_have_value("Нажмите «Отменить».")


def test_what_is_typed_stays_when_the_page_is_drawn_again(sit: Sit) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/try?text=как отменить заказ"))
    box = page.get_by_role("searchbox")
    expect(box).to_have_value("как отменить заказ")
    expect(page.locator("article.card").first).to_be_visible()
    box.fill("другой вопрос")
    page.get_by_role("button", name="Закрепить этот ответ").first.click()
    expect(page.get_by_text("Закреплено")).to_be_visible()
    expect(box).to_have_value("другой вопрос")


def test_nothing_to_suggest(sit: Sit) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/try?text=погода"))
    expect(page.get_by_text("Подсказок нет")).to_be_visible()


def test_a_narrow_screen_is_enough(sit: Sit) -> None:
    page = sit("vera", width=400)
    for path in ("/try?text=как вернуть товар", "/kb", "/kb/article?id=refund-when"):
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + path)
        expect(page.get_by_role("link", name="API")).to_be_visible()
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 400, path


def test_operators_do_not_get_in(sit: Sit) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="Тест бота")).to_have_count(0)
    assert page.request.get(page.url.replace("/desk", "/try")).status == 403
