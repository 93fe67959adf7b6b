"""Supervisors see drift and each reviewer's attention, on the screen."""

import pytest
from playwright.sync_api import expect

from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e


def test_supervisors_see_what_has_changed(shop: DeskShop, sit: Sit) -> None:
    shop.readiness.run_once("words-1")
    shop.accept(shop.ask("как вернуть товар", chat="1"))
    shop.ask("погода", chat="2")
    page = sit("vera")
    page.get_by_role("link", name="Показатели").click()
    expect(
        page.get_by_role("heading", name="Показатели за неделю и внимательность операторов")
    ).to_be_visible()
    row = page.get_by_role("row")
    expect(row.filter(has_text="Обращения").get_by_role("cell").nth(0)).to_have_text("2")
    expect(row.filter(has_text="Подсказка не нашлась").get_by_role("cell").nth(0)).to_contain_text("50 %")
    sure = page.locator(".tenths__one").last
    expect(sure).to_have_attribute(
        "title", "90\u00a0% – 100\u00a0%: на этой неделе 100\u00a0%, на прошлой 0\u00a0%"
    )
    expect(row.filter(has_text="Returns").get_by_role("cell").nth(0)).to_contain_text("100 %")
    expect(row.filter(has_text="anna").get_by_role("cell").nth(1)).to_have_text("0")


def test_operators_do_not(sit: Sit) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="Показатели")).to_have_count(0)
    answer = page.goto(page.url.replace("/desk", "/watching").split("?")[0])
    assert answer is not None
    assert answer.status == 403
