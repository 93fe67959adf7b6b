"""Topics appear under their titles in the reader's language on every page."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from prompter.knowledge.proposals import Proposals
from prompter.storage import Store
from tests.fakes import SHOP, OrderDialogue
from tests.prompter.knowledge.drafted import new_article
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e

# As nobody would say them, so that the pages' own words cannot hold them.
RETURNS, ORDERS, FORM = "t_returns", "t_orders", "order_form"
TITLES = {
    RETURNS: {"ru": "Возврат товара", "en": "Sending things back"},
    ORDERS: {"ru": "Заказы & оплата"},
    f"dialogue/{FORM}": {"ru": "Где заказ"},
}


@pytest.fixture
def shop(store: Store) -> DeskShop:
    topics = {"returns": RETURNS, "orders": ORDERS}
    return DeskShop(store, articles=[replace(article, topic=topics[article.topic]) for article in SHOP])


def read_words(page: Page) -> str:
    """Return every word on the page, including its fields and the title of the browser tab."""
    words: str = page.evaluate(
        "() => [document.title, document.body.innerText, ...[...document.querySelectorAll("
        "'input:not([type=hidden]), textarea')].map(field => field.value)].join('\\n')"
    )
    return words


def test_a_supervisor_gives_a_topic_its_titles(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.get_by_role("link", name="База знаний").click()
    page.get_by_role("link", name="Названия тем").click()
    russian = page.get_by_label(f"{RETURNS}, Русский")
    russian.fill(" Возврат товара ")
    page.get_by_label(f"{RETURNS}, English").fill("Sending things back")
    shop.topics.change_titles({ORDERS: {"ru": "Заказы"}})  # a colleague, meanwhile
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Названия сохранены.")).to_be_visible()
    assert {topic.id: topic.titles for topic in shop.topics.all()} == {
        ORDERS: {"ru": "Заказы"},
        RETURNS: {"ru": "Возврат товара", "en": "Sending things back"},
    }
    page.goto(page.url.replace("/kb/topics", "/kb"))
    expect(page.get_by_role("cell", name="Возврат товара")).to_have_count(2)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("cell", name="Sending things back")).to_have_count(2)
    expect(page.get_by_role("cell", name="Заказы")).to_have_count(2)  # the installation's language
    page.get_by_label("Topic").select_option(label="Sending things back")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert f"topic={RETURNS}" in page.url


def test_no_page_shows_the_id_of_a_topic_that_has_a_title(sit: Sit, shop: DeskShop, address: str) -> None:
    shop.topics.change_titles(TITLES)
    shop.readiness.run_once("words-1")
    with shop.store._engine.connect() as connection, connection.execution_options(sufler_writes=True).begin():
        connection.execute(text("UPDATE readiness SET state = 'demoted'"))
    shop.accept(shop.ask("как вернуть товар", chat="1"))
    Proposals(shop.store).add([replace(new_article("Сколько весит?", turns=[1, 2]), topic=RETURNS)])
    shop.talk_through(OrderDialogue())
    asked = shop.ask("где мой заказ", chat="2")
    dialogue = shop.ask("статус", chat="3")
    page = sit("vera")
    pages = {
        f"/desk?conversation={asked}": "Автоответ отключён: Заказы & оплата, Возврат товара",
        f"/desk?conversation={dialogue}": "Сценарий: Где заказ",
        "/readiness": "Возврат товара",
        f"/readiness/topic?name={RETURNS}": "Возврат товара",
        "/watching": "Возврат товара",
        "/kb": "Заказы & оплата",
        "/kb/article?id=returns-how": "Возврат товара",
        "/learning": "Возврат товара",
        "/try?text=как+вернуть+товар": "Возврат товара",
    }
    for path, title in pages.items():
        page.goto(f"{address}{path}")
        page.wait_for_function(
            "title => document.body.innerText.includes(title)"
            " || [...document.querySelectorAll('input')].some(field => field.value === title)",
            arg=title,
        )
        words = read_words(page)
        for topic in (RETURNS, ORDERS, FORM):
            assert topic not in words, path
    page.goto(f"{address}/desk?conversation={asked}")
    expect(page.locator(".card .mark", has_text="Заказы & оплата").first).to_have_attribute("title", ORDERS)
