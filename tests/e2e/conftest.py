"""Prepare an installation once and copy it for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product, prepare
from tests.emulators.telegram import TelegramEmulator


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("installation")
    return folder, prepare(folder)


@pytest.fixture
def telegram() -> Iterator[TelegramEmulator]:
    with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
def product(tmp_path: Path, installation: tuple[Path, str], telegram: TelegramEmulator) -> Iterator[Product]:
    template, token = installation
    with Product(tmp_path / "product", template, token, telegram) as product:
        yield product
