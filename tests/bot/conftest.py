"""Fixtures that the bot's tests share."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import certifi
import pytest

from prompter.conversations.intake import Reception
from prompter.storage import Store
from tests.bot.harness import Records
from tests.emulators.telegram import TelegramEmulator
from tests.prompter.readiness.governed import GovernedShop


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with one certificate instead of all that browsers trust, which take 60 ms to read."""
    path = tmp_path_factory.mktemp("certificate") / "one.pem"
    first, end, _rest = Path(certifi.where()).read_text("ascii").partition("-----END CERTIFICATE-----\n")
    path.write_text(first[first.index("-----BEGIN") :] + end, encoding="ascii")
    return path


@pytest.fixture(autouse=True)
def few_certificates(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each HTTP client start faster: all of them speak to this machine only."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


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
