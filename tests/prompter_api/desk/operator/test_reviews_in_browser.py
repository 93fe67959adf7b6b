"""Blind turns and second reviews work on the screen."""

import pytest
from playwright.sync_api import expect

from prompter.domain.evidence import Choice, SampleKind, Verdict
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e

RETURNS = "Верните товар за 14 дней."


def sample_turn(shop: DeskShop, text: str = "как вернуть товар", chat: str = "7") -> int:
    """Let Anna accept the first suggestion and sample the turn for review. Return the turn."""
    conversation_id = shop.ask(text, chat=chat, second=True)
    shop.accept(conversation_id)
    return shop.turn(conversation_id).id


def test_a_blind_turn_is_answered_without_suggestions(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар", sampled=True)
    page = sit()
    expect(page.get_by_text("Контрольный вопрос: ответьте без подсказок")).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)
    expect(page.get_by_role("button", name="Отклонить")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name="Другая статья")).to_be_focused()
    page.keyboard.type("вернуть")
    expect(page.locator(".choice--article").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".composer textarea")).to_have_value(RETURNS)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_contain_text(RETURNS)
    with shop.store.read() as tx:
        (evidence,) = tx.decisions.evidence(1)
    assert (evidence.lot, evidence.right) == (SampleKind.BLIND, True)


def test_answers_are_judged_with_one_key_one_after_the_other(shop: DeskShop, sit: Sit) -> None:
    page = sit("boris")
    page.get_by_role("link", name="Проверка ответов").click()
    expect(page.get_by_text("Нет ответов на проверку")).to_be_visible()
    turn = sample_turn(shop)
    expect(page.locator(".review__question")).to_have_text("как вернуть товар")  # by itself
    other = sample_turn(shop, "как отменить заказ", chat="8")
    expect(page.locator(".review__answers .card")).to_have_count(2)
    page.keyboard.press("4")
    expect(page.locator(".review__question")).to_have_text("как отменить заказ")
    page.get_by_role("button", name="Оба верны").click()
    expect(page.get_by_text("Нет ответов на проверку")).to_be_visible()
    with shop.store.read() as tx:
        verdicts = [tx.decisions.evidence(number)[-1].verdict for number in (turn, other)]
    assert verdicts == [Verdict.REFUTED, Verdict.CONFIRMED]


def test_later_leads_to_the_next_one_and_round_again(shop: DeskShop, sit: Sit) -> None:
    sample_turn(shop)
    sample_turn(shop, "как отменить заказ", chat="8")
    page = sit("boris")
    page.get_by_role("link", name="Проверка ответов").click()
    question = page.locator(".review__question")
    expect(question).to_have_text("как вернуть товар")
    expect(page.locator(".review .count")).to_have_text("2")
    page.keyboard.press("j")
    expect(question).to_have_text("как отменить заказ")
    page.keyboard.press("j")
    expect(question).to_have_text("как вернуть товар")


def test_whoever_decided_sees_nothing_to_judge(shop: DeskShop, sit: Sit) -> None:
    sample_turn(shop)
    page = sit("anna")
    page.get_by_role("link", name="Проверка ответов").click()
    expect(page.get_by_text("Нет ответов на проверку")).to_be_visible()


def test_an_operator_sees_how_often_the_own_decisions_were_found_wrong(shop: DeskShop, sit: Sit) -> None:
    for number in range(50):
        sample_turn(shop, chat=str(number))
        question = shop.reviews.find_next(shop.boris)
        assert question is not None
        shop.reviews.judge(question.review_id, Choice.NEITHER if number < 5 else Choice.BOTH, shop.boris)
    page = sit("anna")
    page.get_by_role("link", name="Проверка ответов").click()
    expect(page.get_by_text("Проверено принятых вами ответов: 50. Оказались неверными: 10 %")).to_be_visible()
