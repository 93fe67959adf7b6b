"""Login, logout, and the choice of a password and a language work as forms over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from prompter.domain.account import Role
from tests.shop import PASSWORD
from tests.web_shop import DeskShop

pytestmark = pytest.mark.slow

NEW = "a password of my own"


@pytest.fixture
def client(shop: DeskShop) -> Iterator[TestClient]:
    with TestClient(shop.pages(), base_url="http://desk.example", follow_redirects=False) as client:
        yield client


def log_in(client: TestClient, name: str = "anna", password: str = PASSWORD, **more: str) -> str:
    """Log in, and return the page that follows or the page that gives the reason for refusal."""
    answer = client.post("/login", data={"name": name, "password": password, **more})
    return answer.headers.get("location") or answer.text


def test_the_desk_asks_to_log_in_and_leads_back(client: TestClient) -> None:
    answer = client.get("/desk?conversation=3")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?after=/desk%3Fconversation%3D3",
    )
    form = client.get(answer.headers["location"])
    assert 'value="/desk?conversation=3"' in form.text
    assert log_in(client, after="/desk?conversation=3") == "/desk?conversation=3"
    assert client.get("/desk").status_code == 200
    assert client.get("/login").headers["location"] == "/desk"


def test_the_forms_suit_password_managers(client: TestClient) -> None:
    form = client.get("/login").text
    assert 'autocomplete="username"' in form
    assert 'autocomplete="current-password"' in form
    assert client.get("/login").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("<b>", "x")])
def test_a_wrong_login_is_explained_and_escaped(client: TestClient, name: str, password: str) -> None:
    page = log_in(client, name, password)
    assert "Неверный логин или пароль" in page
    assert "<b>" not in page
    assert client.get("/desk").status_code == 303


def test_an_empty_form_is_explained_too(client: TestClient) -> None:
    answer = client.post("/login", data={"name": "", "password": ""})
    assert answer.status_code == 403
    assert "Неверный логин или пароль" in answer.text


def test_too_many_tries_have_to_wait(client: TestClient) -> None:
    for _ in range(10):
        log_in(client, "anna", "wrong")
    answer = client.post("/login", data={"name": "anna", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Слишком много неудачных попыток" in answer.text


def test_another_site_cannot_log_people_in_or_out(client: TestClient) -> None:
    log_in(client)
    for path in ("/login", "/logout", "/language"):
        data = {"name": "anna", "password": PASSWORD, "language": "en"}
        answer = client.post(path, data=data, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
    assert client.get("/desk").status_code == 200


def test_a_one_time_password_has_to_be_replaced_first(shop: DeskShop, client: TestClient) -> None:
    shop.accounts.add("nina", Role.OPERATOR, "only for one login", one_time_password=True)
    assert log_in(client, "nina", "only for one login") == "/password"
    assert client.get("/desk").headers["location"] == "/password"
    for old, new, again, problem in (
        ("only for one login", NEW, NEW + "!", "Новые пароли не совпадают"),
        ("not the old one", NEW, NEW, "Неверный текущий пароль"),
        ("only for one login", "short", "short", "Придумайте другой пароль"),
    ):
        answer = client.post("/password", data={"old": old, "new": new, "again": again})
        assert (answer.status_code, problem in answer.text) == (422, True)
    answer = client.post("/password", data={"old": "only for one login", "new": NEW, "again": NEW})
    assert answer.headers["location"] == "/desk"
    assert client.get("/desk").status_code == 200


def test_logging_out_ends_the_session(client: TestClient) -> None:
    log_in(client)
    assert client.get("/desk/session").status_code == 204
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/desk/session").status_code == 401
    assert client.get("/desk").status_code == 303


def test_the_language_chosen_before_the_login_goes_with_the_account(
    shop: DeskShop, client: TestClient
) -> None:
    assert "Войти" in client.get("/login").text
    client.post("/language", data={"language": "en", "after": "/login"})
    assert "Log in" in client.get("/login").text
    log_in(client)
    assert shop.accounts.all()[0].language == "en"
    client.post("/language", data={"language": "xx"})
    assert shop.accounts.all()[0].language == "en"


def test_a_login_is_two_cookies_and_nothing_is_written_to_disk(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    log_in(client)
    client.get("/desk")
    assert sorted(client.cookies) == ["sufler_device", "sufler_session"]
    assert [path for path in tmp_path.rglob("*") if "nicegui" in path.name] == []
    assert not Path(".nicegui").exists()
