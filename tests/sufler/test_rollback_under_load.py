"""Switching versions back and forth under load fails no request."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from prompter.domain.account import Role, Scope
from prompter.storage import Store
from sufler import bootstrap
from sufler.bootstrap import build_live_assistant, learn
from sufler.settings import Settings, load_settings
from tests.browser import serve
from tests.sufler.teaching_shop import TeachingShop
from tests.sufler.test_learning import ARTICLES, CONFIG, SLANG

CLIENTS, CHANGES = 4, 12


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    return load_settings(tmp_path / "config.yml")


@contextmanager
def run_web(settings: Settings, store: Store) -> Iterator[tuple[str, str]]:
    """Run a web process that follows versions as in production. Yield its address and a token."""
    refresher = build_live_assistant(settings, store)
    accounts = bootstrap.build_accounts(store)
    operator = accounts.add("program", Role.OPERATOR, "correct horse battery")
    token = accounts.create_token(operator.id, "test", scopes={Scope.READ})
    stop = threading.Event()

    def follow() -> None:
        while not stop.wait(0.02):
            refresher.reload_version()

    following = threading.Thread(target=follow)
    following.start()
    try:
        with serve(bootstrap.build_web_app(settings, store, refresher.assistant)) as address:
            yield address, token
    finally:
        stop.set()
        following.join()


@pytest.mark.slow
def test_going_back_and_forth_fails_no_request(settings: Settings) -> None:
    with bootstrap.open_store(settings) as store:
        shop = TeachingShop(store, settings=settings, articles=ARTICLES)
        shop.day(SLANG * 2)
        learn(settings, store)
        record = bootstrap.build_versions(settings, store)
        new = record.current_activation()
        assert new is not None
        answered: Counter[tuple[int, str]] = Counter()
        with run_web(settings, store) as (address, token):
            done = threading.Event()

            def ask() -> None:
                place = urlsplit(address)
                connection = HTTPConnection(str(place.hostname), place.port, timeout=30)
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                while not done.is_set():
                    connection.request("POST", "/api/ask", json.dumps({"text": "где мои бабки"}), headers)
                    answer = connection.getresponse()
                    said = json.loads(answer.read())
                    answered[answer.status, said["model_version"].partition(".")[0]] += 1
                connection.close()

            clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            old = None
            for _ in range(CHANGES // 2):
                time.sleep(0.15)
                old = record.roll_back(None).id
                time.sleep(0.15)
                record.promote(new.version, None)
            done.set()
            for client in clients:
                client.join()
    assert {status for status, _ in answered} == {200}
    assert {version for _, version in answered} == {old, new.version}
