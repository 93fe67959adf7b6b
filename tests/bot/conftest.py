"""Fixtures that the bot's tests share."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from prompter.conversations.intake import Reception
from prompter.storage import Store
from tests.bot.harness import Records
from tests.emulators.telegram import TelegramEmulator
from tests.prompter.readiness.governed import GovernedShop


@pytest.fixture
def telegram() -> Iterator[TelegramEmulator]:
    with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
def reception(store: Store) -> Reception:
    return Reception(store, debounce=timedelta(0), max_wait=timedelta(0))


@pytest.fixture
def governed(store: Store) -> GovernedShop:
    """A shop whose bot answers questions about returns alone."""
    shop = GovernedShop(store)
    shop.go_live()
    return shop


@pytest.fixture
def records(store: Store) -> Records:
    return Records(store)
