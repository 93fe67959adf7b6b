"""A suggestion with an unfilled template field is handled."""

import pytest
from playwright.sync_api import expect

from prompter.storage import Store
from tests.fakes import article
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e


@pytest.fixture
def shop(store: Store) -> DeskShop:
    parcel = article("parcel", "Где посылка", "{customer_name}, посылка {track_number} в пути.")
    return DeskShop(store, articles=(parcel,))


def test_it_opens_for_editing_instead_of_leaving(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("где посылка")
    page = sit()
    expect(page.get_by_text("Заполните: {track_number}")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(".toast--bad")).to_contain_text("Заполните или уберите {track_number}")
    editor = page.locator(".composer textarea")
    expect(editor).to_be_focused()
    expect(editor).to_have_value("Ольга, посылка {track_number} в пути.")
    assert shop.outbox(conversation) == []
    editor.fill("Ольга, посылка RA123 в пути.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_contain_text("RA123")
