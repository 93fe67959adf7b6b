"""Sessions are stored in the database, so they end on all servers at once."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import event

from prompter.accounts.sessions import Sessions
from prompter.domain.account import Role
from prompter.storage import Store
from prompter_api.auth import Guard, GuardedRoute
from tests.shipped import SESSIONS
from tests.shop import PASSWORD
from tests.web_shop import OURS, WebShop, refusal

NEW = "battery horse correct"


def other_process(shop: WebShop) -> Any:
    """Build the application of another process that shares only the database."""
    store = Store(shop.store._engine)
    return shop.build(sessions=Sessions(store, clock=shop.clock, **SESSIONS))


def test_a_copied_cookie_is_worth_nothing_after_the_logout(shop: WebShop) -> None:
    anna = shop.browser("anna")
    here, elsewhere = shop.browser(), shop.browser(app=other_process(shop))
    for copy in (here, elsewhere):
        copy.cookies.update(anna.cookies)
        assert copy.get("/api/me").status_code == 200
    anna.post("/api/logout")
    for copy in (here, elsewhere, anna):
        assert refusal(copy.get("/api/me")) == (401, "not_logged_in")


def test_a_login_begins_a_new_session_and_ends_the_one_before(shop: WebShop) -> None:
    anna = shop.browser("anna")
    copy = shop.browser()
    copy.cookies.update(anna.cookies)
    before = anna.cookies["sufler_session"]
    anna.post("/api/login", json={"name": "anna", "password": PASSWORD})
    assert anna.cookies["sufler_session"] != before
    assert refusal(copy.get("/api/me")) == (401, "not_logged_in")
    # A cookie that somebody planted before the login is not the one that counts afterwards.
    victim = shop.browser()
    victim.cookies.set("sufler_session", "planted")
    victim.post("/api/login", json={"name": "boris", "password": PASSWORD})
    planted = shop.browser()
    planted.cookies.set("sufler_session", "planted")
    assert refusal(planted.get("/api/me")) == (401, "not_logged_in")


def test_the_database_holds_no_cookie(shop: WebShop) -> None:
    anna = shop.browser("anna")
    with shop.store._engine.connect() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM sessions").all())
    assert anna.cookies["sufler_session"] not in rows
    assert "testclient" in rows  # the name of the browser


def test_a_made_up_cookie_takes_no_writers_turn_to_log_out(shop: WebShop) -> None:
    stranger = shop.browser(app=shop.build(sessions=Sessions(shop.store.with_timeout(0.01), **SESSIONS)))
    stranger.cookies.set("sufler_session", "x" * 43)
    with shop.store.write():
        assert stranger.post("/api/logout").status_code == 200


def test_an_ended_session_is_gone_and_nobody_gets_its_id(shop: WebShop) -> None:
    anna = shop.browser("anna")
    (before,) = anna.get("/api/me/sessions").json()
    anna.post("/api/logout")
    with shop.store._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 0
    (after,) = shop.browser("boris").get("/api/me/sessions").json()
    assert after["id"] > before["id"]


@pytest.mark.slow
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize(
    ("cookies", "is_in"),
    [
        ("{name}={secret}", True),
        ("a=b;\t{name}={secret} ; c", True),
        ("\xa0{name}={secret}", False),
        ("{name}\x85={secret}", False),
        ("{name}=x; {name}={secret}", False),
        ("{name}={secret}; {name}=x", False),
        ("\xa0{name}=x; {name}={secret}", True),
    ],
)
def test_a_neighbours_cookie_is_not_taken_for_ours(
    shop: WebShop, cookies: str, is_in: bool, secure: bool
) -> None:
    app = shop.build(secure_cookies=secure)
    login = shop.browser(app=app).post("/api/login", json={"name": "anna", "password": PASSWORD})
    name, _, secret = login.headers.get_list("set-cookie")[0].partition(";")[0].partition("=")
    header = cookies.format(name=name, secret=secret).encode("latin-1")
    answer = shop.browser(app=app).get("/api/me", headers={b"Cookie": header})
    assert answer.status_code == (200 if is_in else 401)


def test_a_session_ends_by_age_however_busy_it_is(shop: WebShop) -> None:
    anna = shop.browser("anna")
    for _ in range(23):
        shop.clock.forward(30 * 60)
        assert anna.get("/api/queue").status_code == 200
    shop.clock.forward(30 * 60)
    assert refusal(anna.get("/api/queue")) == (401, "not_logged_in")


def test_a_session_ends_when_nobody_does_anything(shop: WebShop) -> None:
    sessions = Sessions(
        shop.store, max_age=SESSIONS["max_age"], max_idle=timedelta(minutes=30), clock=shop.clock
    )
    anna = shop.browser("anna", app=shop.build(sessions=sessions))
    shop.clock.forward(29 * 60)
    assert anna.get("/api/queue").status_code == 200
    shop.clock.forward(29 * 60)
    assert anna.get("/api/queue").status_code == 200
    shop.clock.forward(30 * 60)
    assert refusal(anna.get("/api/queue")) == (401, "not_logged_in")


def test_a_look_costs_no_write(shop: WebShop) -> None:
    anna = shop.browser("anna")
    statements: list[str] = []

    @event.listens_for(shop.store._engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    for _ in range(5):
        shop.clock.forward(10)
        anna.get("/api/me")
    assert len(statements) >= 5
    assert [words for words in statements if words.startswith(("UPDATE", "INSERT"))] == []
    shop.clock.forward(10)
    anna.get("/api/me")
    assert len([words for words in statements if words.startswith("UPDATE sessions")]) == 1


def test_that_somebody_was_seen_is_written_apart_from_the_request(shop: WebShop) -> None:
    later: list[Any] = []
    sessions = Sessions(shop.store, clock=shop.clock, defer=later.append, **SESSIONS)
    anna = shop.browser("anna", app=shop.build(sessions=sessions))
    shop.clock.forward(60)
    for _ in range(3):
        assert anna.get("/api/queue").status_code == 200
    assert len(later) == 1


def test_somebody_sees_and_ends_their_sessions(shop: WebShop) -> None:
    anna = shop.browser("anna")
    shop.clock.forward(60)
    phone = shop.browser("anna")
    (newest, oldest) = anna.get("/api/me/sessions").json()
    assert oldest == {
        "id": 1,
        "created_at": "2026-03-02T09:00:00Z",
        "seen_at": "2026-03-02T09:01:00Z",
        "expires_at": "2026-03-02T21:00:00Z",
        "user_agent": "testclient",
        "current": True,
    }
    assert (newest["id"], newest["current"]) == (2, False)
    boris = shop.browser("boris")
    assert refusal(boris.delete("/api/me/sessions/2")) == (404, "not_found")
    assert anna.delete("/api/me/sessions/2").json() == {"done": True}
    assert refusal(anna.delete("/api/me/sessions/2")) == (404, "not_found")
    assert refusal(phone.get("/api/me")) == (401, "not_logged_in")
    assert len(anna.get("/api/me/sessions").json()) == 1


def test_log_out_everywhere_is_everywhere(shop: WebShop) -> None:
    anna, phone, boris = shop.browser("anna"), shop.browser("anna"), shop.browser("boris")
    assert anna.delete("/api/me/sessions").json() == {"done": True}
    for browser in (anna, phone):
        assert refusal(browser.get("/api/me")) == (401, "not_logged_in")
    assert boris.get("/api/me").status_code == 200


def test_an_admin_logs_somebody_out(shop: WebShop) -> None:
    anna, adam = shop.browser("anna"), shop.browser("adam")
    assert refusal(anna.post("/api/users/adam/sessions/revoke")) == (403, "forbidden")
    assert adam.post("/api/users/ANNA/sessions/revoke").json() == {"done": True}
    assert refusal(adam.post("/api/users/nobody/sessions/revoke")) == (404, "not_found")
    assert refusal(anna.get("/api/me")) == (401, "not_logged_in")
    assert adam.get("/api/me").status_code == 200


@pytest.mark.parametrize("way", ["change", "reset", "disable"])
def test_sessions_end_with_the_password_and_the_account(shop: WebShop, way: str) -> None:
    anna, phone, adam = shop.browser("anna"), shop.browser("anna"), shop.browser("adam")
    if way == "change":
        anna.post("/api/me/password", json={"old": PASSWORD, "new": NEW})
        assert anna.get("/api/me").status_code == 200
    else:
        adam.post(f"/api/users/anna/{'password' if way == 'reset' else 'disable'}")
        assert refusal(anna.get("/api/me")) == (401, "not_logged_in")
    assert refusal(phone.get("/api/me")) == (401, "not_logged_in")


# --- credentials before bodies ------------------------------------------------------------------


async def ask(
    shop: WebShop, method: str, path: str, headers: dict[str, str], body: AsyncIterator[bytes]
) -> int:
    """Return the status of a request whose body is read only as far as the application requests it."""
    status = 0

    async def receive() -> dict[str, Any]:
        part = await anext(body, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1),
        "server": ("testserver", 80),
    }
    await shop.app(scope, receive, send)
    return status


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(
    "credentials", [{}, {"Authorization": "Bearer sufler_1_x"}, {"Cookie": "sufler_session=x"}]
)
@pytest.mark.parametrize("is_announced", [True, False])
async def test_nothing_is_read_of_whom_we_do_not_know(
    shop: WebShop, credentials: dict[str, str], is_announced: bool
) -> None:
    taken = 0

    async def four_megabytes() -> AsyncIterator[bytes]:
        nonlocal taken
        part = json.dumps({"text": "x" * 65_000}).encode()
        for _ in range(62):
            taken += len(part)
            yield part

    headers = {"Host": "testserver", "Content-Type": "application/json", **OURS, **credentials}
    if is_announced:
        headers["Content-Length"] = "4000000"
    asked = 0
    for context in iter_route_contexts(shop.app.routes):
        path, methods = context.path or "", context.methods or set()
        is_open = path in ("/api/login", "/api/logout") or "{path:path}" in path
        if not path.startswith("/api/") or is_open:
            continue
        for method in methods:
            concrete = re.sub(r"{\w+_id(:int)?}", "1", path).replace("{", "").replace("}", "")
            status = await ask(shop, method, concrete, headers, four_megabytes())
            assert (status, taken) == (401, 0), (method, path)
            asked += 1
    assert asked > 60


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_login_reads_little(shop: WebShop) -> None:
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 10_000
            yield b"x" * 10_000

    headers = {"Host": "testserver", "Content-Type": "application/json", **OURS}
    assert await ask(shop, "POST", "/api/login", headers, body()) == 413
    assert taken <= 30_000


def test_every_guard_of_a_route_has_its_say(shop: WebShop) -> None:
    router = APIRouter(route_class=GuardedRoute, dependencies=[Depends(Guard())])

    @router.post("/both", dependencies=[Depends(Guard(role=Role.ADMIN, for_people=True))])
    def both() -> str:
        return "done"

    app = shop.build(router)
    assert refusal(shop.browser("anna", app=app).post("/both")) == (403, "forbidden")
    assert shop.browser("adam", app=app).post("/both").json() == "done"


def test_every_route_behind_a_guard_has_it_passed_first(shop: WebShop) -> None:
    wrong = [
        context.path
        for context in iter_route_contexts(shop.app.routes)
        if isinstance(context.original_route, APIRoute)
        and any(
            isinstance(dependency.call, Guard) for dependency in context.original_route.dependant.dependencies
        )
        and context.original_route.body_field is not None
        and not isinstance(context.original_route, GuardedRoute)
    ]
    assert wrong == []
