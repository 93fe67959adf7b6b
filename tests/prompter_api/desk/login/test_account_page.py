"""A person uses the page of their own account."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect

from prompter.domain.account import Role
from prompter.storage import Store
from tests.shop import PASSWORD
from tests.web_shop import DeskShop

pytestmark = pytest.mark.slow

Sit = Callable[..., Page]
NEW = "a password of my own"


@pytest.mark.e2e
def test_the_account_in_the_browser(shop: DeskShop, sit: Sit, address: str) -> None:
    other = sit("anna", by_form=True)
    page = sit("anna", by_form=True)
    page.click(".bar__name")
    expect(page.get_by_role("heading", name="Учётная запись: anna")).to_be_visible()
    sessions = page.locator("section").filter(has_text="Активные сеансы").locator("li")
    expect(sessions).to_have_count(2)
    expect(sessions.first).to_contain_text("этот браузер")
    expect(sessions.first).to_contain_text("Chrome")

    # A token: made, shown once, revoked.
    page.get_by_label("Для чего нужен токен").fill("выгрузка")
    page.get_by_label("work as").or_(page.get_by_label("работать оператором")).check()
    page.get_by_role("button", name="Создать токен").click()
    secret = page.locator(".account__secret").inner_text()
    assert re.fullmatch(r"sufler_\d+_[\w-]{43}", secret)
    bearer = shop.accounts.find_by_token(secret)
    assert bearer is not None
    assert sorted(bearer.token.scopes) == ["operate", "read"]
    if folder := os.environ.get("SUFLER_PICTURES"):
        page.screenshot(path=Path(folder) / "account-ru.png", full_page=True)
    page.goto(f"{address}/account")
    expect(page.locator(".account__secret")).to_have_count(0)
    page.get_by_role("button", name="Отозвать", exact=True).click()
    expect(page.get_by_text("Токен нужен программам")).to_be_visible()
    assert shop.accounts.find_by_token(secret) is None

    # The other browser is logged out from here; its open page notices by itself.
    page.locator("section li").filter(has_not_text="этот браузер").get_by_role("button").click()
    expect(sessions).to_have_count(1)
    expect(other.locator("#password")).to_be_visible()

    # A password too simple is refused in words; a good one keeps this browser logged in.
    page.get_by_label("Текущий пароль").fill(PASSWORD)
    for field in ("Новый пароль", "Повторите новый пароль"):
        page.get_by_label(field, exact=True).fill("1234567890")
    page.get_by_role("button", name="Сменить пароль").click()
    expect(page.get_by_role("alert")).to_contain_text("не слишком простой")
    page.get_by_label("Текущий пароль").fill(PASSWORD)
    for field in ("Новый пароль", "Повторите новый пароль"):
        page.get_by_label(field, exact=True).fill(NEW)
    page.get_by_role("button", name="Сменить пароль").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(sessions).to_have_count(1)

    page.get_by_role("button", name="EN").or_(page.get_by_role("button", name="English")).click()
    expect(page.get_by_role("heading", name="Account: anna")).to_be_visible()
    page.emulate_media(color_scheme="dark")
    if folder := os.environ.get("SUFLER_PICTURES"):
        page.screenshot(path=Path(folder) / "account-en-dark.png", full_page=True)
    page.get_by_role("button", name="Log out on all devices").click()
    expect(page.locator("#password")).to_be_visible()
    page.goto(f"{address}/account")
    expect(page.locator("#password")).to_be_visible()


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    shop = DeskShop(store)
    shop.accounts.add("root", Role.ADMIN, PASSWORD)
    with TestClient(shop.pages(), base_url="http://desk.example", follow_redirects=False) as client:
        yield client


def log_in(client: TestClient, name: str) -> None:
    assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"name": "", "scope": "read", "days": "7"}, "Укажите название токена"),
        ({"name": "x", "days": "7"}, "хотя бы одно право"),
        ({"name": "x", "scope": "admin", "days": "7"}, "хотя бы одно право"),
        ({"name": "x", "scope": "read", "days": "366"}, "от 1 до 365"),
        ({"name": "x", "scope": "read", "days": "never"}, "от 1 до 365"),
    ],
)
def test_what_a_token_lacks_is_said(client: TestClient, form: dict[str, str], problem: str) -> None:
    log_in(client, "anna")
    answer = client.post("/account/tokens", data=form)
    assert (answer.status_code, problem in answer.text) == (422, True)
    assert '<input type="hidden" name="after" value="/account">' in answer.text
    assert "sufler_1_" not in answer.text


def test_only_admins_have_tokens_without_end(client: TestClient) -> None:
    log_in(client, "root")
    form = {"name": "x", "scope": "metrics", "days": "never", "after": newest_token(client)}
    answer = client.post("/account/tokens", data=form)
    assert "sufler_1_" in answer.text
    assert "бессрочный" in answer.text


def newest_token(client: TestClient) -> str:
    found = re.search(r'name="after" value="(\d+)"', client.get("/account").text)
    assert found is not None
    return found[1]


def test_a_form_makes_one_token_however_often_it_is_sent(client: TestClient) -> None:
    log_in(client, "anna")
    form = {"name": "экспорт", "scope": ["operate"], "days": "30", "after": newest_token(client)}
    assert "sufler_1_" in client.post("/account/tokens", data=form).text
    again = client.post("/account/tokens", data=form)  # as a browser that reloads the answer
    assert (again.status_code, "По этой форме токен уже создан" in again.text) == (409, True)
    assert "sufler_2_" not in again.text
    # What was typed is still there, and to send it once more is another wish.
    assert 'value="экспорт"' in again.text
    assert re.findall(r'value="(\w+)" checked', again.text) == ["operate"]
    assert '<option value="30" selected>' in again.text
    form["after"] = newest_token(client)
    assert "sufler_2_" in client.post("/account/tokens", data=form).text


def test_a_refused_form_keeps_what_was_typed(client: TestClient) -> None:
    log_in(client, "anna")
    answer = client.post("/account/tokens", data={"name": "<экспорт>", "scope": ["operate"], "days": "0"})
    assert answer.status_code == 422
    assert 'value="&lt;экспорт&gt;"' in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == ["operate"]


def test_strangers_are_sent_to_the_door(client: TestClient) -> None:
    for method, path in (
        ("GET", "/account"),
        ("POST", "/account/password"),
        ("POST", "/account/sessions/1/end"),
        ("POST", "/account/sessions/end-all"),
        ("POST", "/account/tokens"),
        ("POST", "/account/tokens/1/revoke"),
        ("POST", "/account/tokens/revoke-all"),
    ):
        assert client.request(method, path).headers["location"] == "/login?after=/account"
        evil = client.request(method, path, headers={"Origin": "https://evil.example"})
        assert evil.status_code == (303 if method == "GET" else 403)
