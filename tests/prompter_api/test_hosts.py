"""The Host header is not trusted, because the client chooses it."""

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from sufler.settings import Web
from tests.web_shop import WebShop, refusal


def test_redirects_do_not_repeat_the_host(shop: WebShop) -> None:
    router = APIRouter()

    @router.get("/somewhere")
    def somewhere() -> None: ...

    browser = TestClient(shop.build(router), headers={"Host": "evil.example"}, follow_redirects=False)
    for path, target in (("/somewhere/?q=1", "/somewhere?q=1"), ("/", "/desk")):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, target)
    twice = browser.get("//evil.example/%2e%2e/")
    assert not twice.headers.get("location", "/").startswith(("//", "http"))


def test_other_names_are_refused_where_some_are_set(shop: WebShop) -> None:
    app: FastAPI = shop.build(hosts=("sufler.example", "*.shop.example", "[::1]"))
    for host in ("sufler.example", "SUFLER.example:8443", "a.b.shop.example", "[::1]:8080"):
        assert TestClient(app, headers={"Host": host}).get("/docs").status_code == 200, host
    for host in ("evil.example", "shop.example", "evilshop.example", "sufler.example.evil", ""):
        asked = TestClient(app, headers={"Host": host})
        assert refusal(asked.get("/docs")) == (400, "unknown_host"), host
        assert asked.get("/health").status_code == 200  # asked by address
        with pytest.raises(WebSocketDisconnect), asked.websocket_connect("/socket"):
            pass


@pytest.mark.parametrize("host", ["https://sufler.example", "sufler.example:8080", "a/b", "", "*"])
def test_a_host_is_a_name(host: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        Web(hosts=(host,))
