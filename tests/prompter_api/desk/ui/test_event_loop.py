"""No call to the core blocks the event loop."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from prompter.storage import Store
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e


class ThreadWatch:
    """Passes calls on and records those from an event loop's thread."""

    def __init__(self, watched: object, calls: set[str], on_loop: set[str]) -> None:
        self._watched = watched
        self._calls = calls
        self._on_loop = on_loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._watched, name)
        if not callable(value):
            return value

        def call(*args: object, **kwargs: object) -> object:
            self._calls.add(name)
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                pass
            else:
                self._on_loop.add(name)
            return value(*args, **kwargs)

        return call


@pytest.fixture
def calls() -> tuple[set[str], set[str]]:
    return set(), set()


@pytest.fixture
def address(shop: DeskShop, calls: tuple[set[str], set[str]], store: Store) -> Iterator[str]:
    del store
    watch: Callable[[Any], Any] = lambda part: ThreadWatch(part, *calls)  # noqa: E731
    shop.readiness.run_once("words-1")
    shop.desk, shop.accounts, shop.sessions, shop.readiness = (
        watch(shop.desk),
        watch(shop.accounts),
        watch(shop.sessions),
        watch(shop.readiness),
    )
    with shop.open() as address:
        yield address


def test_no_use_case_runs_on_the_event_loop(
    shop: DeskShop, sit: Sit, calls: tuple[set[str], set[str]]
) -> None:
    called, on_loop = calls
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit(by_form=True)
    editor = page.locator(".composer textarea")
    expect(page.locator(".card").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".talk__name")).to_have_text("Иван")
    page.keyboard.press("z")
    expect(page.locator(".talk__name")).to_have_text("Ольга")
    page.keyboard.press("/")
    expect(page.get_by_label("Другая статья")).to_be_focused()
    page.keyboard.type("отменить")
    expect(page.locator(".choice__question")).to_have_text(["Как отменить заказ"])
    page.keyboard.press("Enter")
    expect(editor).to_have_value("Нажмите «Отменить».")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".talk__name")).to_have_text("Иван")
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_label("Пароль")).to_be_visible()
    used = {
        "snapshot",
        "decide",
        "undo",
        "find_articles",
        "filled_answer",
    }
    assert used <= called
    assert {"find", "check", "start"} <= called
    assert on_loop == set()


def test_nor_does_one_of_supervisors(sit: Sit, calls: tuple[set[str], set[str]]) -> None:
    called, on_loop = calls
    page = sit("vera", by_form=True)
    page.get_by_role("link", name="Автоответы").click()
    page.get_by_role("link", name="returns").click()
    page.get_by_role("button", name="Включить").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Приостановить").click()
    expect(page.locator(".sheet__head .mark")).to_have_text("приостановлена")
    assert {"last_change", "topics", "topic", "evidence", "allow", "hold"} <= called
    assert on_loop == set()
