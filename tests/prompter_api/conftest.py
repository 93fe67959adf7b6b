"""Fixtures of the web application's tests."""

import pytest

from prompter.storage import Store
from tests.prompter_api.office import Office


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)
