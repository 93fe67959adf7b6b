"""Supervisors use the page Learning."""

from dataclasses import replace

import pytest
from playwright.sync_api import Locator, expect

from prompter.domain.drafts import ProposalKind
from prompter.knowledge.proposals import Proposals, ProposalState
from tests.prompter.knowledge.drafted import changed_answer, new_article, phrasing
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

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


def edit(card: Locator) -> None:
    same = card.page.locator(f"[data-card='{card.get_attribute('data-card')}']")  # whatever it says then
    card.get_by_role("button", name="Изменить").click()
    expect(same.get_by_role("textbox").first).to_be_focused()


def test_a_supervisor_edits_approves_and_dismisses(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.get_by_role("link", name="Предложения").click()
    cards = page.locator("article.card")
    expect(cards).to_have_count(4)
    first = cards.nth(0)
    expect(first).to_contain_text("Новая статья")
    first.get_by_text("Примеры обращений").click()
    expect(first).to_contain_text(f"картой можно {EVIL}")
    assert page.locator("img[src=x]").count() == 0

    edit(first)
    first.get_by_label("Ответ").fill("Да, курьеру.")
    first.get_by_role("button", name="Сохранить").click()
    expect(first).to_contain_text("Да, курьеру.")
    first.get_by_role("button", name="Принять").click()
    expect(cards).to_have_count(3)
    (made,) = shop.desk.find_articles("Да, курьеру.")
    assert made.question == "Можно картой?"

    page.get_by_role("link", name="Вариант вопроса").click()
    expect(cards).to_have_count(1)
    expect(cards.nth(0)).to_contain_text("Где мой заказ")
    cards.nth(0).get_by_role("button", name="Отклонить").click()
    expect(page.get_by_text("Предложений нет")).to_be_visible()
    assert len(proposals.list_settled(ProposalState.DISMISSED)) == 1


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
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Какой текст оставить?")
    dialog.get_by_role("radio", name="Есть самовывоз?").click()
    dialog.get_by_role("button", name="Объединить").click()
    expect(cards).to_have_count(3)
    merged = next(proposal for proposal in proposals.open() if proposal.article_id is None)
    assert (merged.question, merged.proof.n_turns) == ("Есть самовывоз?", 5)
    assert set(merged.phrasings) == {"Можно картой?", f"картой можно {EVIL}", "забрать самому"}

    changed = next(proposal for proposal in proposals.open() if proposal.article_id == "order-cancel")
    card = page.locator(f"[data-card='{changed.id}']")
    edit(card)
    card.get_by_label("Ответ").fill("Нажмите «Отменить», мы вернём деньги.")
    proposals.dismiss(changed.id, shop.vera)
    expect(card.get_by_role("alert")).to_contain_text("Отклонено: vera.")
    expect(card.get_by_label("Ответ")).to_have_value("Нажмите «Отменить», мы вернём деньги.")
    card.get_by_role("button", name="Закрыть").click()
    expect(cards).to_have_count(2)

    page.get_by_role("button", name="Выбрать все показанные").click()
    page.get_by_role("button", name="Принять выбранные").click()
    expect(dialog).to_contain_text("Принять 2 предложения?")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cards).to_have_count(2)
    page.get_by_role("button", name="Принять выбранные").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Выполнено: 2, не выполнено: 0.")).to_be_visible()
    expect(cards).to_have_count(0)


def test_approved_by_two_at_once(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning?kind=phrasing"))
    card = page.locator("article.card")
    expect(card).to_have_count(1)
    (number,) = [proposal.id for proposal in proposals.open(kind=ProposalKind.PHRASING)]
    proposals.approve(number, shop.boris)
    card.get_by_role("button", name="Принять").click(no_wait_after=True)
    expect(page.get_by_text("Уже обработано: boris.")).to_be_visible()


def test_two_supervisors_edit_the_same(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning?kind=new_article"))
    card = page.locator("article.card").filter(has_text="Есть самовывоз?")
    edit(card)
    number = next(proposal.id for proposal in proposals.open() if proposal.question == "Есть самовывоз?")
    card = page.locator(f"[data-card='{number}']")
    card.get_by_label("Ответ").fill("Да, на складе.")
    proposals.edit(number, shop.boris, answer="Да, у метро.")
    page.keyboard.press("Control+Enter")
    expect(card.get_by_role("alert")).to_contain_text("Другой сотрудник уже изменил")
    expect(card).to_contain_text("Да, у метро.")
    assert proposals.get(number).answer == "Да, у метро."
    page.keyboard.press("Control+Enter")  # having read it
    expect(card.get_by_role("alert")).to_be_hidden()
    assert proposals.get(number).answer == "Да, на складе."


def test_keys(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning"))
    cards = page.locator("article.card")
    current = page.locator("article.card[aria-current=true]")
    expect(current).to_contain_text("Можно картой?")
    page.keyboard.press("j")
    expect(current).not_to_contain_text("Можно картой?")
    page.keyboard.press("k")
    expect(current).to_contain_text("Можно картой?")
    page.keyboard.press("x")
    expect(current.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("e")
    expect(current.get_by_label("Вопрос", exact=True)).to_be_focused()
    current.get_by_label("Варианты вопроса").fill("безнал есть?\nкартой")
    page.keyboard.press("Control+Enter")
    expect(current).to_contain_text("2 варианта вопроса")
    page.keyboard.press("Enter")
    expect(cards).to_have_count(3)
    (made,) = [article for article in shop.knowledge.articles() if article.question == "Можно картой?"]
    assert made.phrasings == ("безнал есть?", "картой")
    page.keyboard.press("r")
    expect(cards).to_have_count(2)
    assert [proposal.state for proposal in proposals.list_settled(ProposalState.DISMISSED)] == [
        ProposalState.DISMISSED
    ]


@pytest.mark.usefixtures("proposals")
def test_an_article_has_it_already(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning?kind=new_article"))
    card = page.locator("article.card").filter(has_text="Есть самовывоз?")
    card.get_by_role("button", name="Уже есть в статье").click()
    dialog = page.get_by_role("dialog").filter(has_text="В какой статье есть ответ?")
    dialog.get_by_role("textbox").fill("отменить")
    dialog.get_by_role("button", name="Как отменить заказ").click()
    expect(page.locator("article.card")).to_have_count(1)
    assert shop.knowledge.article("order-cancel")[0].phrasings[-2:] == ("Есть самовывоз?", "забрать самому")


def test_what_cannot_be_approved_says_why(sit: Sit, shop: DeskShop, proposals: Proposals) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning?kind=changed_answer"))
    card = page.locator("article.card")
    expect(card).to_have_count(1)
    expect(card.locator("ins")).to_have_text("Деньги придут за 3 дня.")
    changed = next(article for article in shop.articles if article.id == "order-cancel")
    shop.knowledge.import_articles([replace(changed, answer="Позвоните нам.")], changed_by="boris")
    card.get_by_role("button", name="Принять").click()
    expect(card.get_by_role("alert")).to_contain_text("Ответ статьи с тех пор изменился")
    assert len(proposals.open()) == 4
    # What approving would do now is on the card; after a look at it, it can be approved.
    expect(card.locator("del")).to_have_text("Позвоните нам.")
    edit(card)
    card.get_by_label("Ответ").fill("Позвоните нам. Деньги придут за 3 дня.")
    card.get_by_role("button", name="Сохранить").click()
    expect(card.locator("ins")).to_have_text("Деньги придут за 3 дня.")
    card.get_by_role("button", name="Принять").click()
    expect(page.get_by_text("Предложений нет")).to_be_visible()
    assert shop.knowledge.article("order-cancel")[0].answer == "Позвоните нам. Деньги придут за 3 дня."


def test_what_nobody_has_answered(sit: Sit, shop: DeskShop) -> None:
    Proposals(shop.store).add([new_article("Сколько весит?", answer="", turns=[1, 2])])
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning"))
    card = page.locator("article.card")
    card.get_by_role("button", name="Принять").click()
    expect(card.get_by_role("alert")).to_have_text(
        "Ответа ещё нет: сначала измените предложение и напишите его."
    )
    edit(card)
    card.get_by_label("Тема", exact=True).click()
    page.get_by_role("option", name="Новая тема…").click()
    card.get_by_role("button", name="Сохранить").click()
    expect(card.get_by_role("alert")).to_contain_text("Укажите тему")


def test_more_than_fit(sit: Sit, shop: DeskShop) -> None:
    drafts = [new_article(f"{word} есть?", turns=[number]) for number, word in enumerate(_words(35))]
    Proposals(shop.store).add(drafts)
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/learning"))
    expect(page.locator("article.card")).to_have_count(30)
    page.get_by_role("button", name="Показать ещё: осталось 5").click()
    expect(page.locator("article.card")).to_have_count(35)


def _words(count: int) -> list[str]:
    return ["".join(chr(ord("а") + int(digit)) for digit in f"{1000 + number}") for number in range(count)]


def test_operators_do_not_get_in(sit: Sit) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="Предложения")).to_have_count(0)
    answer = page.goto(page.url.replace("/desk", "/learning").split("?")[0])
    assert answer is not None
    assert answer.status == 403
