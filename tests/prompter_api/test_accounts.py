"""Who gets in, as what, and who is out again."""

import re

import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient

from prompter.storage import Role
from prompter_api.throttle import LoginThrottle
from tests.prompter_api.office import OURS, PASSWORD, Office, refusal
from web.origins import refuse_other_sites

NEW = "battery horse correct"


def log_in(client: TestClient, name: str, password: str = PASSWORD) -> int:
    return client.post("/api/login", json={"name": name, "password": password}).status_code


# --- sessions ---------------------------------------------------------------------------------


def test_a_session_begins_with_a_login_and_ends_with_a_logout(office: Office) -> None:
    browser = office.browser()
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


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(office: Office) -> None:
    browser = office.browser()
    answers = [
        browser.post("/api/login", json={"name": name, "password": "wrong password"})
        for name in ("anna", "nobody")
    ]
    assert refusal(answers[0]) == (401, "login_refused")
    assert answers[0].content == answers[1].content
    assert "set-cookie" not in answers[0].headers
    odd = browser.post("/api/login", json={"name": "a\x00b", "password": "wrong password"})
    assert refusal(odd) == (422, "invalid_request")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    body = {"name": "anna", "password": PASSWORD}
    flags = office.browser().post("/api/login", json=body).headers["set-cookie"].lower().split("; ")
    assert flags[0].startswith("sufler_session=")
    assert {"path=/", "max-age=43200", "httponly", "samesite=lax"} == set(flags[1:])
    secure = office.browser(app=office.build(secure_cookies=True)).post("/api/login", json=body)
    assert "secure" in secure.headers["set-cookie"].lower().split("; ")
    assert secure.headers["strict-transport-security"] == "max-age=31536000"


def test_a_cookie_with_another_signature_is_none(office: Office) -> None:
    anna = office.browser("anna")
    other = office.browser(app=office.build(session_secret="another secret"))
    other.cookies.update(anna.cookies)
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
def test_other_sites_cannot_use_or_start_a_session(office: Office, headers: dict[str, str]) -> None:
    anna = office.browser("anna")
    assert refusal(anna.post("/api/me/language", json={"language": "en"}, headers=headers)) == (
        403,
        "forbidden",
    )
    assert anna.get("/api/me").json()["language"] is None
    login = anna.post("/api/login", json={"name": "boris", "password": PASSWORD}, headers=headers)
    assert refusal(login) == (403, "forbidden")


def test_a_link_on_another_site_leads_in(office: Office) -> None:
    router = APIRouter(dependencies=[Depends(refuse_other_sites)])
    router.add_api_route("/form", lambda: "a form", methods=["GET", "POST"])
    browser = office.browser(app=office.build(router))
    from_a_mail = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get("/form", headers=from_a_mail).json() == "a form"
    assert refusal(browser.post("/form", headers=from_a_mail)) == (403, "forbidden")


def test_a_cookie_alone_changes_nothing(office: Office) -> None:
    anna = office.browser("anna")
    del anna.headers["Origin"]
    assert anna.get("/api/me").status_code == 200
    assert refusal(anna.post("/api/me/language", json={"language": "en"})) == (403, "forbidden")


def test_a_disabled_account_is_out_at_its_next_request(office: Office) -> None:
    anna, program, admin = office.browser("anna"), office.program("anna"), office.browser("adam")
    assert program.get("/api/queue").status_code == 200
    assert admin.post("/api/users/anna/disable").json() == {"done": True}
    assert refusal(anna.get("/api/queue")) == (401, "not_logged_in")
    assert refusal(program.get("/api/queue")) == (401, "not_logged_in")
    assert log_in(office.browser(), "anna") == 401


# --- passwords --------------------------------------------------------------------------------


def test_a_changed_password_ends_every_other_session(office: Office) -> None:
    here, elsewhere = office.browser("anna"), office.browser("anna")
    office.clock.forward(1)
    assert here.post("/api/me/password", json={"old": PASSWORD, "new": NEW}).status_code == 200
    assert here.get("/api/me").status_code == 200
    assert refusal(elsewhere.get("/api/me")) == (401, "not_logged_in")
    assert log_in(office.browser(), "anna") == 401
    assert log_in(office.browser(), "anna", NEW) == 200


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("wrong password", NEW, (403, "wrong_password")),
        (PASSWORD, PASSWORD, (422, "weak_password")),
        (PASSWORD, "short", (422, "weak_password")),
        (PASSWORD, "x" * 201, (422, "weak_password")),
        (PASSWORD, "x" * 1001, (422, "invalid_request")),
    ],
)
def test_a_password_that_will_not_do(office: Office, old: str, new: str, expected: tuple[int, str]) -> None:
    anna = office.browser("anna")
    answer = anna.post("/api/me/password", json={"old": old, "new": new})
    assert refusal(answer) == expected
    assert PASSWORD not in answer.text
    assert log_in(office.browser(), "anna") == 200


def test_a_one_time_password_has_to_be_replaced_first(office: Office) -> None:
    answer = office.browser("adam").post("/api/users", json={"name": "Клара", "role": "operator"})
    assert answer.status_code == 201
    password = answer.json()["password"]
    clara = office.browser()
    assert log_in(clara, "клара", password) == 200
    assert clara.get("/api/me").json()["one_time_password"] is True
    for refused in (clara.get("/api/queue"), clara.post("/api/me/tokens", json={"name": "x"})):
        assert refusal(refused) == (403, "password_change_needed")
        assert "/api/me/password" in refused.json()["message"]
    office.clock.forward(1)
    assert clara.post("/api/me/password", json={"old": password, "new": NEW}).status_code == 200
    assert clara.get("/api/queue").status_code == 200


def test_after_many_failures_the_next_login_has_to_wait(office: Office) -> None:
    browser = office.browser()
    assert [log_in(browser, "anna", "wrong password") for _ in range(3)] == [401, 401, 401]
    answer = browser.post("/api/login", json={"name": " Anna", "password": PASSWORD})
    assert refusal(answer) == (429, "too_many_tries")
    assert answer.headers["retry-after"] == "300"
    assert log_in(browser, "boris") == 200
    office.seconds += 299
    assert log_in(browser, "anna") == 429
    office.seconds += 1
    assert log_in(browser, "anna") == 200


def test_the_old_password_cannot_be_guessed_from_a_session(office: Office) -> None:
    anna = office.browser("anna")
    body = {"old": "wrong password", "new": NEW}
    codes = [anna.post("/api/me/password", json=body).status_code for _ in range(4)]
    assert codes == [403, 403, 403, 429]


def test_one_address_cannot_try_many_names(office: Office) -> None:
    browser = office.browser()
    codes = [log_in(browser, f"name-{number}") for number in range(21)]
    assert codes == [401] * 20 + [429]


@pytest.mark.parametrize(
    ("address", "neighbour", "shared"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:1::1", False),
    ],
)
def test_of_ipv6_the_network_is_counted(address: str, neighbour: str, shared: bool) -> None:
    throttle = LoginThrottle(per_address=1)
    throttle.count("one", address)
    if shared:
        with pytest.raises(Exception, match="too many"):
            throttle.count("other", neighbour)
    else:
        throttle.count("other", neighbour)


# --- API tokens -------------------------------------------------------------------------------


def test_a_token_works_until_it_is_revoked(office: Office) -> None:
    anna = office.browser("anna")
    made = anna.post("/api/me/tokens", json={"name": "nightly export"})
    assert made.status_code == 201
    token = made.json()["token"]
    program = TestClient(office.app, headers={"Authorization": f"bearer {token}"})
    assert program.get("/api/me").json()["name"] == "anna"
    # A program is no browser: nobody else can make it send its token.
    assert program.post("/api/me/language", json={"language": "en"}).status_code == 200

    (listed,) = anna.get("/api/me/tokens").json()
    assert listed == {"id": 1, "name": "nightly export", "created_at": "2026-03-02T09:00:00Z"}
    boris = office.browser("boris")
    assert boris.get("/api/me/tokens").json() == []
    assert refusal(boris.delete("/api/me/tokens/1")) == (404, "not_found")
    assert anna.delete("/api/me/tokens/1").json() == {"done": True}
    assert refusal(anna.delete("/api/me/tokens/1")) == (404, "not_found")
    assert refusal(program.get("/api/me")) == (401, "not_logged_in")
    assert anna.get("/api/me/tokens").json() == []


@pytest.mark.parametrize("token", ["", "x", "sufler_1_x", "sufler_999_x", "sufler_٣_x", "sufler_1", "é"])
def test_anything_else_is_no_token(office: Office, token: str) -> None:
    anna = office.browser("anna")
    anna.post("/api/me/tokens", json={"name": "real"})
    header = {b"Authorization": f"Bearer {token}".encode()}
    # The session beside it does not count: a wrong token is an error, not a reason to look further.
    assert refusal(anna.get("/api/me", headers=header)) == (401, "not_logged_in")


# --- roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "least"),
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
def test_each_role_may_do_its_own_things(office: Office, method: str, path: str, least: Role) -> None:
    nobody = TestClient(office.app, headers=OURS)
    assert refusal(nobody.request(method, path)) == (401, "not_logged_in")
    for name, role in (("anna", Role.OPERATOR), ("vera", Role.SUPERVISOR), ("adam", Role.ADMIN)):
        answer = office.browser(name).request(method, path)
        if role < least:
            assert refusal(answer) == (403, "forbidden")
            assert least.label in answer.json()["message"]
        else:
            assert answer.status_code not in (401, 403)


def test_an_admin_manages_accounts(office: Office) -> None:
    adam = office.browser("adam")
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
    assert log_in(office.browser(), "boris", reset["password"]) == 200
    assert refusal(adam.post("/api/users/nobody/password")) == (404, "not_found")
    assert refusal(adam.post("/api/users/nobody/disable")) == (404, "not_found")
    assert refusal(adam.post("/api/users/adam/disable")) == (409, "last_admin")


def test_a_person_chooses_a_language(office: Office) -> None:
    anna = office.browser("anna")
    assert anna.post("/api/me/language", json={"language": "en"}).json() == {"done": True}
    assert anna.get("/api/me").json()["language"] == "en"
    assert refusal(anna.post("/api/me/language", json={"language": "tlh"})) == (422, "invalid_request")
