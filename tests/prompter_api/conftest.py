"""Fixtures of the web application's tests."""

import pytest

from prompter.domain.account import Role
from prompter.storage import Store
from tests.shop import STAFF
from tests.web_shop import WebShop


@pytest.fixture
def shop(store: Store) -> WebShop:
    return WebShop(store, staff=STAFF | {"adam": Role.ADMIN})
