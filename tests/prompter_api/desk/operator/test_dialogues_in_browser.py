"""The desk shows a dialogue engine's messages, its conversations, and its absence."""

import pytest
from playwright.sync_api import expect

from tests.fakes import NUMBER, OrderDialogue
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e


def test_an_operator_takes_a_dialogue_over_and_gives_it_back(shop: DeskShop, sit: Sit) -> None:
    engine = OrderDialogue()
    dialogue_sessions = shop.talk_through(engine)
    dialogue_sessions.run_once()
    page = sit()
    conversation = shop.ask("статус")
    card = page.locator(".card").first
    expect(card.locator(".card__question")).to_have_text("Сценарий: Order form")
    expect(card.locator(".card__text")).to_have_text(NUMBER)
    held = page.locator(".talk__held")
    expect(held).to_be_hidden()
    page.keyboard.press("w")
    page.locator(".composer textarea").fill("Минуту, смотрю сам.")
    page.keyboard.press("Control+Enter")
    expect(held).to_be_visible()
    expect(held).to_contain_text("Бот на паузе: диалог ведёт оператор.")
    dialogue_sessions.run_once()
    assert engine.paused == {"sufler-1-1": True}
    page.locator("body").click()
    page.keyboard.press("b")
    expect(held).to_be_hidden()
    expect(page.get_by_text("Бот снова может отвечать этому клиенту.")).to_be_visible()
    dialogue_sessions.run_once()
    assert engine.paused == {"sufler-1-1": False}
    assert shop.ask("40018237") == conversation
    expect(card.locator(".card__text")).to_have_text("Заказ 40018237 едет.")


def test_operators_see_that_the_engine_is_away(shop: DeskShop, sit: Sit) -> None:
    engine = OrderDialogue(broken=True)
    dialogue_sessions = shop.talk_through(engine)
    page = sit()
    shop.ask("статус")
    note = page.locator(".desk__notice", has_text="Rasa не отвечает с")
    expect(note).to_be_visible()
    expect(note).to_contain_text("it is not there")
    expect(page.locator(".talk__head")).to_contain_text("сбой системы")
    engine.broken = False
    dialogue_sessions.run_once()
    expect(note).to_be_hidden()
