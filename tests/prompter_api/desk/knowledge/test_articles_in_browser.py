"""A supervisor edits the knowledge base on its page."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from kb_index import Status
from tests.fakes import SHOP
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e

EVIL = "<img src=x onerror=alert(1)>"


def test_an_article_is_found_changed_and_made_what_it_was(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.get_by_role("link", name="База знаний").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_role("searchbox").fill("деньги")
    page.get_by_role("button", name="Найти").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Когда вернут деньги").click()
    answer = page.get_by_label("Ответ")
    expect(answer).to_have_value("Деньги придут за 3 дня, {customer_name}.")
    expect(page.get_by_text("Деньги придут за 3 дня, Ольга.")).to_be_visible()
    answer.fill(f"Деньги придут за 5 дней, {{customer_name}}. {EVIL}")
    expect(page.get_by_text("Деньги придут за 5 дней, Ольга.")).to_be_visible()
    page.get_by_label("Варианты вопроса").fill("где мои деньги\nгде мои деньги\n")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Сохранено и опубликовано")).to_be_visible()
    changed, versions = shop.knowledge.article("refund-when")
    assert changed.phrasings == ("где мои деньги",)
    assert [version.changed_by for version in versions] == ["test", "vera"]
    history = page.locator("ol.history")
    expect(history.locator("del").first).to_have_text("3 дня,")
    expect(history.locator("ins").first).to_have_text("5 дней,")
    assert page.locator("img[src=x]").count() == 0
    page.get_by_role("button", name="Восстановить версию").click()
    asked = page.get_by_role("alertdialog")
    expect(asked).to_contain_text("Восстановить версию 1?")
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    assert len(shop.knowledge.article("refund-when")[1]) == 2
    page.get_by_role("button", name="Восстановить версию").press("Enter")
    asked.get_by_role("button", name="Восстановить", exact=True).press("Enter")
    expect(answer).to_have_value("Деньги придут за 3 дня, {customer_name}.")
    assert shop.knowledge.article("refund-when")[0].phrasings == ()


def test_what_was_typed_stays_when_a_colleague_was_faster(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/kb/article?id=order-cancel"))
    answer = page.get_by_label("Ответ")
    expect(answer).to_have_value("Нажмите «Отменить».")
    answer.fill("Мой ответ.")
    article = next(candidate for candidate in SHOP if candidate.id == "order-cancel")
    shop.knowledge.import_articles([replace(article, answer="Чужой ответ.")], changed_by="boris")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("alert").first).to_contain_text("boris уже изменил(а) статью")
    expect(answer).to_have_value("Мой ответ.")
    expect(page.get_by_role("heading", name="Ваши изменения")).to_be_visible()
    theirs = page.locator(".history__one").first
    expect(theirs.locator("del")).to_have_text("Чужой")
    expect(theirs.locator("ins")).to_have_text("Мой")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Сохранено")).to_be_visible()
    assert shop.knowledge.article("order-cancel")[0].answer == "Мой ответ."


def test_a_new_article_and_what_cannot_be_saved(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/kb"))
    page.get_by_role("link", name="Новая статья").click()
    page.get_by_label("ID: короткое имя").fill("gift")
    page.get_by_label("Вопрос", exact=True).fill("Упакуете подарок?")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("alert").first).to_contain_text("Сохранить нельзя. Укажите тему.")
    page.get_by_label("Тема", exact=True).click()
    listed = page.get_by_role("listbox").get_by_role("option")
    expect(listed).to_have_text(["Orders", "Returns", "Новая тема…"])
    listed.last.click()
    page.get_by_label("Новая тема:").fill(" gift_cards ")
    page.get_by_label("Ответ").fill("Бесплатно.")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("heading", name="gift")).to_be_visible()
    article = shop.knowledge.article("gift")[0]
    assert (article.answer, article.topic) == ("Бесплатно.", "gift_cards")
    expect(page.get_by_label("Тема", exact=True)).to_have_value("Gift cards")
    expect(page.get_by_label("Новая тема:")).to_be_hidden()


def test_what_is_wrong_is_told_before_it_is_saved(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/kb/article?id=order-cancel"))
    answer = page.get_by_label("Ответ")
    expect(answer).to_have_value("Нажмите «Отменить».")
    expect(page.get_by_text("Предупреждения")).to_be_hidden()
    answer.fill("Нажмите {shop_nam}.")
    expect(page.get_by_text("Для {shop_nam} нет значения")).to_be_visible()
    page.get_by_label("Вопрос", exact=True).fill("Как вернуть товар?")
    expect(page.get_by_text("другой ответ")).to_be_visible()
    expect(page.get_by_role("link", name="returns-how")).to_have_attribute(
        "href", "/kb/article?id=returns-how"
    )
    answer.fill("Нажмите «Отменить».")
    page.get_by_label("Вопрос", exact=True).fill("Как отменить заказ")
    expect(page.get_by_text("Предупреждения")).to_be_hidden()
    assert len(shop.knowledge.article("order-cancel")[1]) == 1


def test_articles_of_one_topic_and_status(sit: Sit, shop: DeskShop) -> None:
    hidden = replace(SHOP[0], id="evil", question=EVIL, topic=EVIL, status=Status.DRAFT)
    shop.knowledge.import_articles([hidden], changed_by="test")
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/kb"))
    page.get_by_label("Тема").select_option("returns")
    page.get_by_role("button", name="Найти").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_label("Тема")).to_have_value("returns")
    page.get_by_label("Тема").select_option(EVIL)
    page.get_by_label("Статус").select_option("draft")
    page.get_by_role("button", name="Найти").click()
    expect(page.get_by_role("link", name=EVIL)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0


def test_operators_do_not_get_in(sit: Sit) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="База знаний")).to_have_count(0)
    for address in ("/kb", "/kb/article?id=order-where"):
        answer = page.request.get(page.url.replace("/desk", address))
        assert answer.status == 403
