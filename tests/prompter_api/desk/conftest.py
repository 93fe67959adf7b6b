"""A shop with an open desk, and operators in front of it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from prompter.storage import Store
from prompter_api.cookies import SESSION
from tests.browser import chromium, log_in
from tests.shop import PASSWORD
from tests.web_shop import DeskShop

Sit = Callable[..., Page]
expect.set_options(timeout=10_000)  # milliseconds; machines that run many tests at once are slow


# Not once a session: while Playwright is running, no other test could start an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shop(store: Store) -> DeskShop:
    return DeskShop(store)


@pytest.fixture
def address(shop: DeskShop) -> Iterator[str]:
    with shop.open() as address:
        yield address


@pytest.fixture
def sit(browser: Browser, shop: DeskShop, address: str) -> Iterator[Sit]:
    """Seat operators at the desk, each in their own browser window.

    They are logged in already, because the form takes half a second, unless the test wants it.
    """
    contexts = []

    def sit_down(name: str = "anna", *, width: int = 1280, height: int = 800, by_form: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="ru-RU", timezone_id="Europe/Moscow"
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        if by_form:
            log_in(page, address, name, PASSWORD)
            return page
        secret = shop.sessions.start(shop.accounts.require_by_name(name))
        context.add_cookies([{"name": SESSION, "value": secret or "", "url": address}])
        page.goto(f"{address}/desk")
        expect(page.locator("[data-desk]")).to_be_visible(timeout=15_000)
        return page

    yield sit_down
    for context in contexts:
        context.close()
