"""Rasa is set up and its actions are served. tests/rasa covers Rasa itself."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from prompter.accounts.service import Accounts
from prompter.dialogue.forms import LookupUnavailable
from prompter.domain.account import Role, Scope
from prompter.storage import Store
from sufler.errors import BadConfig
from sufler.rasa.custom_actions import CustomActions
from sufler.rasa.environment import NoRasa, RasaEnvironment, RasaProject, find_python
from sufler.rasa.order_lookup import CsvOrders, HttpOrders, build_orders
from sufler.rasa.token import token_for_rasa
from tests.fakes import FAST_HASHER

pytestmark = pytest.mark.slow


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@contextmanager
def service(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """Run an HTTP service with a fixed answer, and yield its address and the requests."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()
            asked.append(sent.decode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


# --- setting up -------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the home of a machine with a Python 3.10 shim but no Python 3.10."""
    program(tmp_path / "bin" / "python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def setup(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sufler", "rasa", "setup", *options]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_a_shim_that_fails_is_no_python(machine: Path) -> None:
    with pytest.raises(NoRasa, match="none runs here"):
        find_python()
    program(machine / ".pyenv/versions/3.10.2/bin/python", "echo Python 3.9.18")
    right = program(machine / ".pyenv/versions/3.10.13/bin/python", "echo Python 3.10.13")
    program(machine / ".pyenv/versions/3.10.14/bin/python", "exit 1")
    assert find_python() == right


def test_uv_is_asked_last(machine: Path) -> None:
    right = program(machine / "uv-python", "echo Python 3.10.16")
    program(machine / "bin" / "uv", f'[ "$*" = "python find 3.10" ] && echo {right}')
    assert find_python() == right


def test_without_a_python_setting_up_says_so(machine: Path) -> None:
    refused = setup(machine)
    assert (refused.returncode, "Rasa needs Python 3.10" in refused.stderr) == (2, True)
    skipped = setup(machine, "--skip-if-unavailable")
    assert (skipped.returncode, skipped.stderr.startswith("Skipped: Rasa needs Python 3.10")) == (0, True)
    assert not (machine / ".venv-rasa").exists()


def test_a_half_installed_environment_is_none(machine: Path) -> None:
    python = program(machine / "half", "echo Python 3.10.1")
    program(machine / ".venv-rasa/bin/python", "exit 1")  # pip fails
    failed = setup(machine, "--python", str(python))
    assert (failed.returncode, "could not be installed" in failed.stderr) == (2, True)
    project = RasaProject.of_training_data(machine, config=machine, home=machine / "home")
    with pytest.raises(NoRasa, match="run sufler rasa setup"):
        RasaEnvironment(folder=machine / ".venv-rasa").run(project, ["--version"])


def test_another_python_does_not_replace_an_environment(machine: Path) -> None:
    (machine / ".venv-rasa").mkdir()
    python = program(machine / "new", "echo Python 3.12.1")
    refused = setup(machine, "--python", str(python))
    assert (refused.returncode, "is not a working Python 3.10" in refused.stderr) == (2, True)
    assert (machine / ".venv-rasa").exists()


def test_an_environment_from_another_lock_file_is_old(tmp_path: Path) -> None:
    (tmp_path / "complete").write_text("rasa==3.6.20\n", encoding="utf-8")
    assert not RasaEnvironment(folder=tmp_path).is_complete()


def test_rasa_gets_a_token_of_its_own_once(store: Store, tmp_path: Path) -> None:
    accounts = Accounts(store, hasher=FAST_HASHER)
    file = tmp_path / "rasa" / "token"
    token = token_for_rasa(accounts, file)
    bearer = accounts.find_by_token(token)
    assert bearer is not None
    account = bearer.account
    assert bearer.token.scopes == {Scope.RASA}
    assert (account.name, account.role) == ("rasa", Role.OPERATOR)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token_for_rasa(accounts, file) == token
    (revoked,) = accounts.tokens(account.id)
    accounts.revoke_token(revoked.id)
    assert token_for_rasa(accounts, file) != token
    assert [account.name for account in accounts.all()] == ["rasa"]


def test_somebody_elses_account_is_not_used(store: Store, tmp_path: Path) -> None:
    accounts = Accounts(store, hasher=FAST_HASHER)
    accounts.add("adam", Role.ADMIN, "correct horse battery")
    accounts.add("Rasa", Role.ADMIN, "correct horse battery")
    with pytest.raises(NoRasa, match="the account Rasa is one with the role admin"):
        token_for_rasa(accounts, tmp_path / "token")
    accounts.disable("Rasa")
    with pytest.raises(NoRasa, match="the account Rasa is disabled"):
        token_for_rasa(accounts, tmp_path / "token")


# --- orders -----------------------------------------------------------------------------------


def test_orders_in_a_file_are_read_anew_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\ufeffnumber,state\n40018237,едет\n,\n40018239\n", encoding="utf-8")
    orders = CsvOrders(path)
    with pytest.raises(LookupUnavailable, match="has no state"):
        orders.state_of("40018239")
    assert (orders.state_of("40018237"), orders.state_of("40018238")) == ("едет", None)
    path.write_text("number,state\n40018238,собран\n", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert (orders.state_of("40018237"), orders.state_of("40018238")) == (None, "собран")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"id,state\n1,x\n", "needs the columns number and state"),
        (b"\xff\xfe", "UTF-16"),
        (None, "cannot"),
    ],
)
def test_a_file_that_cannot_be_read_is_no_empty_one(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "orders.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LookupUnavailable, match=problem):
        CsvOrders(path).state_of("1")


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [(200, {"state": " едет "}, "едет"), (404, {}, None)],
)
def test_a_service_is_asked(status: int, body: object, state: str | None) -> None:
    with service(status, json.dumps(body).encode()) as (address, asked):
        orders = HttpOrders(address + "/orders/{number}", timeout=5)
        assert orders.state_of("4001/82") == state
    assert asked == ["/orders/4001%2F82"]


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b'{"state": 5}')]
)
def test_a_service_that_answers_garbage_is_silent(status: int, body: bytes) -> None:
    with service(status, body) as (address, _), pytest.raises(LookupUnavailable):
        HttpOrders(address + "/{number}", timeout=5).state_of("1")
    with pytest.raises(LookupUnavailable):
        HttpOrders("http://127.0.0.1:9/{number}", timeout=5).state_of("1")


def test_where_orders_are_looked_up() -> None:
    assert build_orders(None, timeout=1) is None
    assert isinstance(build_orders("orders.csv", timeout=1), CsvOrders)
    assert isinstance(build_orders("https://shop.example/{number}", timeout=1), HttpOrders)
    with pytest.raises(BadConfig, match=r"must have \{number\}"):
        build_orders("https://shop.example/orders", timeout=1)


# --- the team's own actions ---------------------------------------------------------------------


def test_calls_and_answers_pass_as_they_are() -> None:
    with service(400, b'{"error": "no", "action_name": "x"}') as (address, asked):
        answer = CustomActions(address + "/webhook", timeout=5)(b'{"next_action": "x"}')
    assert answer == (400, b'{"error": "no", "action_name": "x"}')
    assert asked == ["/webhook", '{"next_action": "x"}']


def test_a_silent_server_is_named() -> None:
    status, body = CustomActions("http://127.0.0.1:9/webhook", timeout=5)(b"{}")
    assert (status, json.loads(body)["error"]) == (502, "own_actions_silent")


def test_a_project_of_ones_own_is_found_as_rasa_lays_it_out(tmp_path: Path) -> None:
    shipped, config, home = tmp_path / "shipped", tmp_path / "bot" / "config.yml", tmp_path / "home"

    def find() -> RasaProject:
        return RasaProject.of_folder(tmp_path / "bot", shipped=shipped, config=config, home=home)

    (tmp_path / "bot" / "data").mkdir(parents=True)
    with pytest.raises(NoRasa, match=r"has no domain\.yml or domain/, so it is not a Rasa project"):
        find()
    (tmp_path / "bot" / "domain").mkdir()
    (tmp_path / "bot" / "endpoints.yml").touch()
    project = find()
    assert (project.domain, project.data) == (tmp_path / "bot" / "domain", tmp_path / "bot" / "data")
    assert project.endpoints == tmp_path / "bot" / "endpoints.yml"
    assert project.credentials == shipped / "credentials.yml"
