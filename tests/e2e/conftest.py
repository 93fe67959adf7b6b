"""Prepare an installation once and copy it for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import prepare
from tests.emulators.telegram import TelegramEmulator


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Prepare an installation with an encoder that loads quickly, as the program starts many times."""
    folder = tmp_path_factory.mktemp("installation")
    return folder, prepare(folder, encoder="tfidf")


@pytest.fixture
def telegram() -> Iterator[TelegramEmulator]:
    with TelegramEmulator() as emulator:
        yield emulator
