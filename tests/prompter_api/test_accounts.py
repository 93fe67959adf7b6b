"""Accounts log in with their role and lose access when it ends."""

import functools
import re
import threading
from collections.abc import Iterable
from typing import Any

import anyio
import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from structlog.testing import capture_logs

from prompter.accounts.service import MAX_TOKENS
from prompter.common.errors import DatabaseUnavailable
from prompter.domain.account import Role, Scope
from prompter.storage import Store
from prompter_api.errors import TooManyAtOnce, TooManyTries
from prompter_api.password_checks import PasswordChecks
from prompter_api.throttle import LoginThrottle
from tests.fakes import FakeClock
from tests.shipped import LOGINS
from tests.shop import PASSWORD
from tests.web_shop import OURS, WebShop, refusal
from web.origins import refuse_other_sites

NEW = "battery horse correct"


def log_in(client: TestClient, name: str, password: str = PASSWORD) -> int:
    return client.post("/api/login", json={"name": name, "password": password}).status_code


# --- sessions ---------------------------------------------------------------------------------


def test_a_session_begins_with_a_login_and_ends_with_a_logout(shop: WebShop) -> None:
    browser = shop.browser()
    assert refusal(browser.get("/api/me")) == (401, "not_logged_in")
    answer = browser.post("/api/login", json={"name": "ANNA ", "password": PASSWORD})
    assert answer.json() == {
        "id": 1,
        "name": "anna",
        "role": "operator",
        "language": None,
        "one_time_password": False,
        "created_at": "2026-03-02T09:00:00Z",
        "disabled_at": None,
    }
    assert browser.get("/api/me").json()["name"] == "anna"
    assert browser.post("/api/logout").json() == {"done": True}
    assert refusal(browser.get("/api/me")) == (401, "not_logged_in")


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(shop: WebShop) -> None:
    browser = shop.browser()
    answers = [
        browser.post("/api/login", json={"name": name, "password": "wrong password"})
        for name in ("anna", "nobody")
    ]
    assert refusal(answers[0]) == (401, "login_refused")
    assert answers[0].content == answers[1].content
    assert "set-cookie" not in answers[0].headers
    odd = browser.post("/api/login", json={"name": "a\x00b", "password": "wrong password"})
    assert refusal(odd) == (422, "invalid_request")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(shop: WebShop) -> None:
    body = {"name": "anna", "password": PASSWORD}
    session, device = shop.browser().post("/api/login", json=body).headers.get_list("set-cookie")
    name, *flags = session.lower().split("; ")
    assert name.startswith("sufler_session=")
    assert {"path=/", "max-age=43200", "httponly", "samesite=lax"} == set(flags)
    assert device.startswith("sufler_device=")
    assert {"path=/", "httponly", "samesite=lax"} < set(device.lower().split("; "))
    secure = shop.browser(app=shop.build(secure_cookies=True)).post("/api/login", json=body)
    for cookie in secure.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-sufler_")
        assert {"secure", "path=/"} < set(cookie.lower().split("; "))
        assert "domain" not in cookie.lower()
    assert secure.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("value", ["", "x", "x" * 43, "1", "é".encode().hex(), "a" * 4000])
def test_a_made_up_cookie_is_none(shop: WebShop, value: str) -> None:
    shop.browser("anna")
    other = shop.browser()
    other.cookies.set("sufler_session", value)
    assert refusal(other.get("/api/me")) == (401, "not_logged_in")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    ],
)
def test_other_sites_cannot_use_or_start_a_session(shop: WebShop, headers: dict[str, str]) -> None:
    anna = shop.browser("anna")
    assert refusal(anna.post("/api/me/language", json={"language": "en"}, headers=headers)) == (
        403,
        "forbidden",
    )
    assert anna.get("/api/me").json()["language"] is None
    login = anna.post("/api/login", json={"name": "boris", "password": PASSWORD}, headers=headers)
    assert refusal(login) == (403, "forbidden")


def test_a_link_on_another_site_leads_in(shop: WebShop) -> None:
    router = APIRouter(dependencies=[Depends(refuse_other_sites)])
    router.add_api_route("/form", lambda: "a form", methods=["GET", "POST"])
    browser = shop.browser(app=shop.build(router))
    from_a_mail = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get("/form", headers=from_a_mail).json() == "a form"
    assert refusal(browser.post("/form", headers=from_a_mail)) == (403, "forbidden")


def test_a_cookie_alone_changes_nothing(shop: WebShop) -> None:
    anna = shop.browser("anna")
    del anna.headers["Origin"]
    assert anna.get("/api/me").status_code == 200
    assert refusal(anna.post("/api/me/language", json={"language": "en"})) == (403, "forbidden")


def test_a_disabled_account_is_out_at_its_next_request(shop: WebShop) -> None:
    anna, program, admin = shop.browser("anna"), shop.program("anna"), shop.browser("adam")
    assert program.get("/api/queue").status_code == 200
    assert admin.post("/api/users/anna/disable").json() == {"done": True}
    assert refusal(anna.get("/api/queue")) == (401, "not_logged_in")
    assert refusal(program.get("/api/queue")) == (401, "not_logged_in")
    assert log_in(shop.browser(), "anna") == 401


# --- passwords --------------------------------------------------------------------------------


def test_a_changed_password_ends_every_other_session(shop: WebShop) -> None:
    here, elsewhere = shop.browser("anna"), shop.browser("anna")
    shop.clock.forward(1)
    assert here.post("/api/me/password", json={"old": PASSWORD, "new": NEW}).status_code == 200
    assert here.get("/api/me").status_code == 200
    assert refusal(elsewhere.get("/api/me")) == (401, "not_logged_in")
    assert log_in(shop.browser(), "anna") == 401
    assert log_in(shop.browser(), "anna", NEW) == 200


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("wrong password", NEW, (403, "wrong_password")),
        (PASSWORD, PASSWORD, (422, "weak_password")),
        (PASSWORD, "short", (422, "weak_password")),
        (PASSWORD, "x" * 201, (422, "weak_password")),
        (PASSWORD, "x" * 1001, (422, "invalid_request")),
        (PASSWORD, "Password123!", (422, "weak_password")),
        (PASSWORD, "Anna-123456", (422, "weak_password")),
    ],
)
def test_a_password_that_will_not_do(shop: WebShop, old: str, new: str, expected: tuple[int, str]) -> None:
    anna = shop.browser("anna")
    answer = anna.post("/api/me/password", json={"old": old, "new": new})
    assert refusal(answer) == expected
    assert PASSWORD not in answer.text
    assert log_in(shop.browser(), "anna") == 200


def test_a_one_time_password_has_to_be_replaced_first(shop: WebShop) -> None:
    answer = shop.browser("adam").post("/api/users", json={"name": "Клара", "role": "operator"})
    assert answer.status_code == 201
    password = answer.json()["password"]
    clara = shop.browser()
    assert log_in(clara, "клара", password) == 200
    assert clara.get("/api/me").json()["one_time_password"] is True
    for refused in (clara.get("/api/queue"), clara.post("/api/me/tokens", json={"name": "x"})):
        assert refusal(refused) == (403, "password_change_needed")
        assert "/api/me/password" in refused.json()["message"]
    shop.clock.forward(1)
    assert clara.post("/api/me/password", json={"old": password, "new": NEW}).status_code == 200
    assert clara.get("/api/queue").status_code == 200


def test_after_many_failures_the_next_login_has_to_wait(shop: WebShop) -> None:
    browser = shop.browser()
    assert [log_in(browser, "anna", "wrong password") for _ in range(3)] == [401, 401, 401]
    answer = browser.post("/api/login", json={"name": " Anna", "password": PASSWORD})
    assert refusal(answer) == (429, "too_many_tries")
    assert answer.headers["retry-after"] == "300"
    assert log_in(browser, "boris") == 200
    shop.clock.forward(299)
    assert log_in(browser, "anna") == 429
    shop.clock.forward(1)
    assert log_in(browser, "anna") == 200


def test_the_old_password_cannot_be_guessed_from_a_session(shop: WebShop) -> None:
    anna = shop.browser("anna")
    body = {"old": "wrong password", "new": NEW}
    codes = [anna.post("/api/me/password", json=body).status_code for _ in range(4)]
    assert codes == [403, 403, 403, 429]


def test_new_passwords_that_will_not_do_are_no_guesses_of_the_old_one(shop: WebShop) -> None:
    anna = shop.browser("anna")
    weak = [anna.post("/api/me/password", json={"old": PASSWORD, "new": "short"}) for _ in range(6)]
    assert {refusal(answer) for answer in weak} == {(422, "weak_password")}
    wrong = {"old": "wrong password", "new": NEW}
    assert [anna.post("/api/me/password", json=wrong).status_code for _ in range(2)] == [403, 403]
    assert anna.post("/api/me/password", json={"old": PASSWORD, "new": NEW}).status_code == 200
    # Each of them took time to estimate, so there is an end to them, too.
    codes = [anna.post("/api/me/password", json={"old": NEW, "new": "short"}).status_code for _ in range(15)]
    assert (codes[0], codes[-1]) == (422, 429)


def break_at(shop: WebShop, beginning: str) -> None:
    """Make the database fail from now on whenever it receives this statement."""

    @event.listens_for(shop.store._engine, "before_cursor_execute")
    def break_off(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(beginning):
            raise DatabaseUnavailable("away")


def test_where_the_answer_is_that_nothing_was_stored_the_password_is_the_old_one(shop: WebShop) -> None:
    anna, boris = shop.browser("anna"), shop.browser("boris")
    break_at(shop, "INSERT INTO sessions")
    answer = anna.post("/api/me/password", json={"old": PASSWORD, "new": NEW})
    assert answer.status_code == 503
    assert shop.accounts.log_in("anna", PASSWORD) is not None
    assert anna.get("/api/me").status_code == 200
    assert boris.get("/api/me").status_code == 200


def test_a_try_that_cannot_be_uncounted_denies_no_login(shop: WebShop) -> None:
    break_at(shop, 'DELETE FROM login_counts WHERE login_counts."key" =')
    anna = shop.browser("anna")
    assert anna.post("/api/me/password", json={"old": PASSWORD, "new": NEW}).status_code == 200
    assert anna.get("/api/me").status_code == 200
    with capture_logs() as logs:
        assert log_in(shop.browser(), "anna", NEW) == 200
    assert [entry["event"] for entry in logs] == ["login_not_uncounted"]


def test_one_address_cannot_try_many_names(shop: WebShop) -> None:
    browser = shop.browser()
    codes = [log_in(browser, f"name-{number}") for number in range(21)]
    assert codes == [401] * 20 + [429]


@pytest.mark.parametrize(
    ("address", "neighbour", "is_shared"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:1::1", False),
    ],
)
def test_of_ipv6_the_network_is_counted(store: Store, address: str, neighbour: str, is_shared: bool) -> None:
    throttle = throttle_of(store, per_address=1)
    throttle.count(throttle.attempt("one", address, None))
    if is_shared:
        with pytest.raises(TooManyTries):
            throttle.attempt("other", neighbour, None)
    else:
        throttle.attempt("other", neighbour, None)


def throttle_of(store: Store, **options: Any) -> LoginThrottle:
    """Return a throttle with the shipped limits, except for those given."""
    own: dict[str, Any] = {"secret": "x", **LOGINS}
    return LoginThrottle(store, **(own | options))


def fail(throttle: LoginThrottle, name: str, addresses: Iterable[str]) -> int:
    """Return the number of attempts from these addresses that reached the password check."""
    passed = 0
    for address in addresses:
        try:
            throttle.count(throttle.attempt(name, address, None))
            passed += 1
        except TooManyTries:
            continue
    return passed


def test_strangers_cannot_lock_a_name_out(store: Store) -> None:
    throttle = throttle_of(store, per_name=3, clock=FakeClock())
    at_home = throttle.attempt("anna", "198.51.100.7", None)
    throttle.count(at_home)
    throttle.record_success(at_home)
    device = throttle.device_cookie("anna")

    # One stranger uses up the tries of their own network alone.
    assert fail(throttle, "anna", ["192.0.2.1"] * 10) == 3
    throttle.attempt("anna", "192.0.2.2", None)
    # Many together slow the name down, for networks that it has not been used from.
    assert fail(throttle, "anna", [f"203.0.113.{number}" for number in range(100)]) == 12
    with pytest.raises(TooManyTries):
        throttle.attempt("ANNA ", "192.0.2.3", None)
    assert throttle.attempt("Anna", "198.51.100.7", None).is_known  # at home
    assert throttle.attempt("anna", "192.0.2.3", device).is_known  # with her own browser
    # A stranger at home uses up what home has, and not what her browser has.
    assert fail(throttle, "anna", ["198.51.100.7"] * 10) == 3
    attempt = throttle.attempt("anna", "198.51.100.7", device)
    # Her browser is no key to other names, and has a limit, too.
    assert not throttle.attempt("boris", "192.0.2.3", device).is_known
    for _ in range(3):
        throttle.count(attempt)
    with pytest.raises(TooManyTries):
        throttle.count(attempt)


def test_a_guest_of_the_network_keeps_no_colleague_out(store: Store) -> None:
    throttle = throttle_of(store, per_name=3, per_address=20, clock=FakeClock())
    shop = "198.51.100.7"
    known = throttle.attempt("anna", shop, None)
    throttle.count(known)
    throttle.record_success(known)
    assert sum(fail(throttle, f"name-{number}", [shop] * 3) for number in range(10)) == 20
    throttle.count(throttle.attempt("anna", shop, None))
    with pytest.raises(TooManyTries):  # from whom nobody has seen a login there
        throttle.attempt("boris", shop, None)
    # Nor does anna use up what the network has, as little as she has more tries of her own than three.
    assert fail(throttle, "anna", [shop] * 10) == 2


def test_one_ipv6_line_fills_neither_the_limit_of_a_name_nor_that_of_the_world(store: Store) -> None:
    throttle = throttle_of(store, per_name=3, per_address=4, clock=FakeClock())
    line = [f"2001:db8:7:{number:x}::1" for number in range(100)]  # 100 of the 65,536 networks of a /48
    assert fail(throttle, "anna", line) == 9  # of 15 that the name has
    throttle.count(throttle.attempt("anna", "192.0.2.1", None))
    assert sum(fail(throttle, f"name-{place}", [address]) for place, address in enumerate(line)) == 3
    throttle.count(throttle.attempt("boris", "2001:db8:8::1", None))


@pytest.mark.parametrize("cookie", ["", ".", "x.y", "é.é", "x" * 1000])
def test_a_made_up_device_is_not_known(store: Store, cookie: str) -> None:
    throttle = throttle_of(store)
    forged = throttle_of(store, secret="another").device_cookie("anna")
    for made_up in (cookie, forged):
        assert not throttle.attempt("anna", "192.0.2.1", made_up).is_known


def test_tries_are_counted_for_every_process_and_survive_a_restart(store: Store) -> None:
    clock = FakeClock()
    first, second = (throttle_of(store, per_name=3, clock=clock) for _ in range(2))
    assert fail(first, "anna", ["192.0.2.1"] * 2) == 2
    assert fail(second, "anna", ["192.0.2.1"] * 2) == 1
    with pytest.raises(TooManyTries):
        first.attempt("anna", "192.0.2.1", None)


def test_a_clock_that_was_set_back_locks_nobody_out(store: Store) -> None:
    clock = FakeClock()
    throttle = throttle_of(store, per_name=3, clock=clock)
    assert fail(throttle, "anna", ["192.0.2.1"] * 4) == 3
    clock.forward(-3600)
    assert fail(throttle, "anna", ["192.0.2.1"] * 4) == 3


def test_counts_hold_no_names_and_no_addresses_and_are_forgotten(store: Store) -> None:
    clock = FakeClock()
    throttle = throttle_of(store, clock=clock)
    throttle.count(throttle.attempt("anna", "192.0.2.1", None))

    def rows() -> list[str]:
        with store._engine.connect() as connection:
            return [str(row) for row in connection.execute(text("SELECT * FROM login_counts"))]

    assert len(rows()) == 3
    assert not any("anna" in row or "192.0.2.1" in row for row in rows())
    clock.forward(301)
    other = throttle_of(store, clock=clock)  # prunes at its first try
    other.count(other.attempt("boris", "192.0.2.2", None))
    assert len(rows()) == 3


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_two_passwords_are_checked_at_a_time_and_a_crowd_is_sent_away() -> None:
    checks = PasswordChecks(max_waiting=3, wait_seconds=30)
    running, limit, go_on = 0, 0, threading.Event()
    lock = threading.Lock()
    outcomes: list[str] = []

    def work() -> None:
        nonlocal running, limit
        with lock:
            running += 1
            limit = max(limit, running)
        go_on.wait(10)
        with lock:
            running -= 1

    async def ask(*, is_known: bool = False) -> None:
        try:
            await checks.run(work, is_known=is_known)
            outcomes.append("checked")
        except TooManyAtOnce as error:
            outcomes.append(f"later: {error.retry_after}")

    async with anyio.create_task_group() as group:
        for _ in range(8):  # two run, three wait
            group.start_soon(ask)
        while len(outcomes) < 3:
            await anyio.sleep(0.001)
        group.start_soon(functools.partial(ask, is_known=True))  # whom strangers must not crowd out
        await anyio.sleep(0.01)
        go_on.set()
    assert (limit, sorted(outcomes)) == (2, ["checked"] * 6 + ["later: 5"] * 3)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_turn_that_does_not_come_is_not_waited_for() -> None:
    checks, go_on = PasswordChecks(max_concurrency=1, wait_seconds=0.01), threading.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(checks.run, lambda: go_on.wait(10))
        await anyio.sleep(0.01)
        with pytest.raises(TooManyAtOnce):
            await checks.run(lambda: None)
        go_on.set()
    await checks.run(lambda: None)


def test_a_login_in_a_crowd_is_told_when_to_come_again(shop: WebShop) -> None:
    crowded = PasswordChecks(max_concurrency=0, max_waiting=0)
    browser = shop.browser(app=shop.build(password_checks=crowded))
    answer = browser.post("/api/login", json={"name": "anna", "password": PASSWORD})
    assert refusal(answer) == (429, "too_many_at_once")
    assert answer.headers["retry-after"] == "5"


# --- API tokens -------------------------------------------------------------------------------


def test_a_token_works_until_it_is_revoked(shop: WebShop) -> None:
    anna = shop.browser("anna")
    made = anna.post("/api/me/tokens", json={"name": "nightly export", "scopes": ["operate"]})
    assert made.status_code == 201
    token = made.json()["token"]
    program = TestClient(shop.app, headers={"Authorization": f"bearer {token}"})
    assert program.get("/api/me").json()["name"] == "anna"
    # A program is no browser: nobody else can make it send its token.
    assert program.post("/api/me/language", json={"language": "en"}).status_code == 200

    (listed,) = anna.get("/api/me/tokens").json()
    assert listed == {
        "id": 1,
        "name": "nightly export",
        "scopes": ["operate"],
        "created_at": "2026-03-02T09:00:00Z",
        "expires_at": "2026-05-31T09:00:00Z",
        "last_used_at": "2026-03-02T09:00:00Z",
    }
    boris = shop.browser("boris")
    assert boris.get("/api/me/tokens").json() == []
    assert refusal(boris.delete("/api/me/tokens/1")) == (404, "not_found")
    assert anna.delete("/api/me/tokens/1").json() == {"done": True}
    assert refusal(anna.delete("/api/me/tokens/1")) == (404, "not_found")
    assert refusal(program.get("/api/me")) == (401, "not_logged_in")
    assert anna.get("/api/me/tokens").json() == []


def test_a_token_expires(shop: WebShop) -> None:
    anna, adam = shop.browser("anna"), shop.browser("adam")
    token = anna.post("/api/me/tokens", json={"name": "x", "expires_in_days": 1}).json()["token"]
    program = TestClient(shop.app, headers={"Authorization": f"Bearer {token}"})
    shop.clock.forward(24 * 3600 - 1)
    assert program.get("/api/queue").status_code == 200
    shop.clock.forward(1)
    assert refusal(program.get("/api/queue")) == (401, "not_logged_in")
    anna, adam = shop.browser("anna"), shop.browser("adam")
    for days in (0, 366):
        answer = anna.post("/api/me/tokens", json={"name": "x", "expires_in_days": days})
        assert refusal(answer) == (422, "invalid_request")
    for_ever = {"name": "x", "expires_in_days": None}
    assert refusal(anna.post("/api/me/tokens", json=for_ever)) == (403, "forbidden")
    assert adam.post("/api/me/tokens", json=for_ever).json()["expires_at"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "needed"),
    [
        ("GET", "/api/queue", None, Scope.READ),
        ("GET", "/api/readiness", None, Scope.READ),
        ("POST", "/api/ask", {"text": "как вернуть товар"}, Scope.READ),
        ("POST", "/api/me/language", {"language": "en"}, Scope.OPERATE),
        ("POST", "/api/readiness/hold?name=returns", None, Scope.SUPERVISE),
        ("GET", "/api/users", None, Scope.ADMIN),
        ("GET", "/metrics", None, Scope.METRICS),
        ("POST", "/api/rasa/vectors", {"texts": ["x"]}, Scope.RASA),
    ],
)
def test_a_token_does_what_its_scopes_say(
    shop: WebShop, method: str, path: str, body: object, needed: Scope
) -> None:
    ladder = [Scope.READ, Scope.OPERATE, Scope.SUPERVISE, Scope.ADMIN]
    enough = set(ladder[ladder.index(needed) :]) if needed in ladder else {needed}
    for scope in Scope:
        answer = shop.program("adam", scope).request(method, path, json=body)
        if scope in enough:
            assert answer.status_code not in (401, 403), (scope, answer.text)
        else:
            assert refusal(answer) == (403, "forbidden")
            assert f"the scope {needed.value}" in answer.json()["message"]


def test_the_role_limits_what_scopes_a_token_may_have(shop: WebShop) -> None:
    anna = shop.browser("anna")
    answer = anna.post("/api/me/tokens", json={"name": "x", "scopes": ["read", "admin"]})
    assert refusal(answer) == (403, "forbidden")
    for scopes in ([], ["everything"]):
        answer = anna.post("/api/me/tokens", json={"name": "x", "scopes": scopes})
        assert refusal(answer) == (422, "invalid_request")
    assert anna.post("/api/me/tokens", json={"name": "x"}).json()["scopes"] == ["read"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/me/tokens", None),
        ("POST", "/api/me/tokens", {"name": "x"}),
        ("DELETE", "/api/me/tokens", None),
        ("DELETE", "/api/me/tokens/1", None),
        ("POST", "/api/me/password", {"old": PASSWORD, "new": NEW}),
        ("GET", "/api/me/sessions", None),
        ("DELETE", "/api/me/sessions/1", None),
        ("DELETE", "/api/me/sessions", None),
        ("POST", "/api/users", {"name": "mallory", "role": "admin"}),
        ("POST", "/api/users/anna/password", None),
        ("POST", "/api/users/anna/sessions/revoke", None),
        ("POST", "/api/users/anna/tokens/revoke", None),
    ],
)
def test_a_token_makes_and_changes_no_credentials(
    shop: WebShop, method: str, path: str, body: object
) -> None:
    shop.browser("adam")
    program = shop.program("adam")
    assert refusal(program.request(method, path, json=body)) == (403, "forbidden")
    assert program.get("/api/me").status_code == 200
    assert log_in(shop.browser(), "adam") == 200


@pytest.mark.parametrize("way", ["change", "reset", "disable", "revoke", "revoke by admin"])
def test_tokens_end_with_the_password_and_all_at_once(shop: WebShop, way: str) -> None:
    anna, adam, programs = shop.browser("anna"), shop.browser("adam"), [shop.program("anna")] * 2
    others = shop.program("boris")
    path, body = {
        "change": ("/api/me/password", {"old": PASSWORD, "new": NEW}),
        "reset": ("/api/users/anna/password", None),
        "disable": ("/api/users/anna/disable", None),
        "revoke": ("/api/me/tokens", None),
        "revoke by admin": ("/api/users/ANNA/tokens/revoke", None),
    }[way]
    method = "DELETE" if way == "revoke" else "POST"
    assert (anna if "/me/" in path else adam).request(method, path, json=body).status_code == 200
    for program in programs:
        assert refusal(program.get("/api/queue")) == (401, "not_logged_in")
    assert others.get("/api/queue").status_code == 200


def test_last_use_is_written_once_a_minute(shop: WebShop) -> None:
    anna, program = shop.browser("anna"), shop.program("anna")

    def read_last_use() -> str:
        (token,) = anna.get("/api/me/tokens").json()
        return str(token["last_used_at"])

    program.get("/api/queue")
    shop.clock.forward(59)
    program.get("/api/queue")
    assert read_last_use() == "2026-03-02T09:00:00Z"
    shop.clock.forward(1)
    program.get("/api/queue")
    assert read_last_use() == "2026-03-02T09:01:00Z"


@pytest.mark.parametrize("token", ["", "x", "sufler_1_x", "sufler_999_x", "sufler_٣_x", "sufler_1", "é"])
def test_anything_else_is_no_token(shop: WebShop, token: str) -> None:
    anna = shop.browser("anna")
    anna.post("/api/me/tokens", json={"name": "real"})
    header = {b"Authorization": f"Bearer {token}".encode()}
    # The session beside it does not count: a wrong token is an error, not a reason to look further.
    assert refusal(anna.get("/api/me", headers=header)) == (401, "not_logged_in")


# --- roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "minimum_role"),
    [
        ("GET", "/api/queue", Role.OPERATOR),
        ("GET", "/api/articles?q=x", Role.OPERATOR),
        ("GET", "/api/kb/articles/returns-how", Role.OPERATOR),
        ("GET", "/api/replies/troubled", Role.OPERATOR),
        ("GET", "/metrics", Role.OPERATOR),
        ("POST", "/api/kb/articles/returns-how/phrasings", Role.SUPERVISOR),
        ("GET", "/api/users", Role.ADMIN),
        ("POST", "/api/users", Role.ADMIN),
        ("POST", "/api/users/boris/disable", Role.ADMIN),
        ("POST", "/api/users/boris/password", Role.ADMIN),
    ],
)
def test_each_role_may_do_its_own_things(shop: WebShop, method: str, path: str, minimum_role: Role) -> None:
    nobody = TestClient(shop.app, headers=OURS)
    assert refusal(nobody.request(method, path)) == (401, "not_logged_in")
    for name, role in (("anna", Role.OPERATOR), ("vera", Role.SUPERVISOR), ("adam", Role.ADMIN)):
        answer = shop.browser(name).request(method, path)
        if role < minimum_role:
            assert refusal(answer) == (403, "forbidden")
            assert minimum_role.label in answer.json()["message"]
        else:
            assert answer.status_code not in (401, 403)


def test_an_admin_manages_accounts(shop: WebShop) -> None:
    adam = shop.browser("adam")
    assert [user["name"] for user in adam.get("/api/users").json()] == ["adam", "anna", "boris", "vera"]
    taken = adam.post("/api/users", json={"name": "Anna", "role": "operator"})
    assert refusal(taken) == (409, "name_taken")
    for name in ("", "  ", "a/b", "a\x00b", "x" * 101):
        answer = adam.post("/api/users", json={"name": name, "role": "operator"})
        assert refusal(answer) == (422, "invalid_request")
    assert refusal(adam.post("/api/users", json={"name": "clara", "role": "boss"})) == (
        422,
        "invalid_request",
    )
    reset = adam.post("/api/users/boris/password").json()
    assert reset["account"]["one_time_password"] is True
    assert re.fullmatch(r"[\w-]{16}", reset["password"])
    assert log_in(shop.browser(), "boris", reset["password"]) == 200
    assert refusal(adam.post("/api/users/nobody/password")) == (404, "not_found")
    assert refusal(adam.post("/api/users/nobody/disable")) == (404, "not_found")
    assert refusal(adam.post("/api/users/adam/disable")) == (409, "last_admin")


def test_a_person_chooses_a_language(shop: WebShop) -> None:
    anna = shop.browser("anna")
    assert anna.post("/api/me/language", json={"language": "en"}).json() == {"done": True}
    assert anna.get("/api/me").json()["language"] == "en"
    assert refusal(anna.post("/api/me/language", json={"language": "tlh"})) == (422, "invalid_request")


@pytest.mark.slow
def test_tokens_are_bounded_and_those_that_are_over_are_not_listed(shop: WebShop) -> None:
    anna = shop.browser("anna")
    body = {"name": "x", "expires_in_days": 1}
    codes = [anna.post("/api/me/tokens", json=body).status_code for _ in range(MAX_TOKENS)]
    assert codes == [201] * MAX_TOKENS
    refused = anna.post("/api/me/tokens", json=body)
    assert refusal(refused) == (409, "too_many_tokens")
    assert "revoke one" in refused.json()["message"]
    assert shop.browser("boris").post("/api/me/tokens", json=body).status_code == 201
    shop.clock.forward(24 * 3600)
    anna = shop.browser("anna")
    assert anna.get("/api/me/tokens").json() == []
    assert anna.post("/api/me/tokens", json=body).status_code == 201
    shop.clock.forward(32 * 24 * 3600)
    shop.browser("anna").post("/api/me/tokens", json=body)
    with shop.store._engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM api_tokens")) == 1
