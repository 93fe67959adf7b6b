"""The page Learning, as supervisors use it."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from prompter.proposals import Proposals, ProposalState
from tests.prompter.drafted import changed_answer, new_article, phrasing
from tests.prompter_api.desk.conftest import Sit
from tests.support_desk import DeskShop

pytestmark = pytest.mark.e2e

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def proposals(shop: DeskShop) -> Proposals:
    proposals = Proposals(shop.store)
    proposals.add(
        [
            new_article("Можно картой?", f"картой можно {EVIL}", turns=[1, 2, 3]),
            changed_answer(
                "order-cancel", "Нажмите «Отменить».", added=["Деньги придут за 3 дня."], turns=[4, 5]
            ),
            phrasing("order-where", "посылка где", turns=[6]),
            new_article("Есть самовывоз?", "забрать самому", turns=[7, 8]),
        ]
    )
    return proposals


def test_a_supervisor_edits_approves_and_dismisses(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.get_by_role("link", name="Обучение").click()
    cards = page.locator("article.card")
    expect(cards).to_have_count(4)
    first = cards.nth(0)
    expect(first).to_contain_text("Новая статья")
    first.get_by_text("Что за это говорит").click()
    expect(first).to_contain_text(f"картой можно {EVIL}")
    assert page.locator("img[src=x]").count() == 0

    first.get_by_role("button", name="Изменить").click()
    first.get_by_label("Ответ").fill("Да, курьеру.")
    first.get_by_role("button", name="Сохранить").click()
    expect(first).to_contain_text("Да, курьеру.")
    first.get_by_role("button", name="Принять").click()
    expect(cards).to_have_count(3)
    (made,) = shop.desk.find_articles("Да, курьеру.")
    assert made.question == "Можно картой?"

    page.get_by_role("link", name="Другие слова для вопроса").click()
    expect(cards).to_have_count(1)
    expect(cards.nth(0)).to_contain_text("Где мой заказ")
    cards.nth(0).get_by_role("button", name="Отклонить").click()
    expect(page.get_by_text("Предложений нет")).to_be_visible()
    assert len(proposals.settled(ProposalState.DISMISSED)) == 1


def test_many_at_once_and_a_colleague_who_is_faster(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning"))
    cards = page.locator("article.card")
    expect(cards).to_have_count(4)
    page.get_by_role("button", name="Объединить выбранные").click()
    expect(page.locator("header [role=alert]")).to_contain_text("Сначала выберите")
    for text in ("Можно картой?", "Есть самовывоз?"):
        cards.filter(has_text=text).get_by_role("checkbox").click()
    page.get_by_role("button", name="Объединить выбранные").click()
    expect(cards).to_have_count(3)

    vera = next(account for account in shop.accounts.all() if account.name == "vera")
    changed = next(one for one in proposals.open() if one.article_id == "order-cancel")
    card = cards.filter(has_text="Деньги придут за 3 дня.")
    card.get_by_role("button", name="Изменить").click()  # while it is edited, it stays as it is
    proposals.dismiss(changed.id, vera)
    expect(cards).to_have_count(2)
    cards.filter(has_text="посылка где").get_by_role("checkbox").click()
    page.get_by_role("button", name="Принять выбранные").click()
    expect(page.get_by_text("Готово: 1, отказано: 0.")).to_be_visible()
    expect(cards).to_have_count(1)


def test_what_cannot_be_approved_says_why(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning?kind=changed_answer"))
    card = page.locator("article.card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("Добавлено: Деньги придут за 3 дня.")
    changed = next(article for article in shop.articles if article.id == "order-cancel")
    shop.knowledge.import_articles([replace(changed, answer="Позвоните нам.")], changed_by="boris")
    card.get_by_role("button", name="Принять").click()
    expect(card.get_by_role("alert")).to_contain_text("Ответ статьи с тех пор изменился")
    assert len(proposals.open()) == 4


def test_operators_do_not_get_in(sit: Sit) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="Обучение")).to_have_count(0)
    answer = page.goto(page.url.replace("/desk", "/learning").split("?")[0])
    assert answer is not None
    assert answer.status == 403
