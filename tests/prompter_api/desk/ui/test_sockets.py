"""Only authorised sockets are accepted: raw clients against a real server, without a browser."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import httpx
import pytest
from nicegui import Client
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.shop import PASSWORD
from tests.web_shop import DeskShop

pytestmark = pytest.mark.slow


@pytest.fixture
def browsers(address: str) -> Iterator[list[httpx.Client]]:
    """Log in Anna and Boris."""
    clients = []
    for name in ("anna", "boris"):
        client = httpx.Client(base_url=address, headers={"Origin": address})
        client.post("/api/login", json={"name": name, "password": PASSWORD}).raise_for_status()
        clients.append(client)
    yield clients
    for client in clients:
        client.close()


def open_page(browser: httpx.Client) -> str:
    """Open the desk, and return the id of the page."""
    found = re.search(r"""["']?client_id["']?\s*:\s*["']([0-9a-f-]{36})""", browser.get("/desk").text)
    assert found is not None
    return found[1]


def query(client_id: str, *, document: str = "a-document", transport: str = "websocket") -> str:
    return urlencode(
        {
            "EIO": 4,
            "transport": transport,
            "client_id": client_id,
            "document_id": document,
            "tab_id": "a-tab",
            "next_message_id": 0,
            "implicit_handshake": "true",
        }
    )


@contextmanager
def socket(
    browser: httpx.Client, client_id: str, *, origin: str | None = None, document: str = "a-document"
) -> Iterator[ClientConnection]:
    """Open a socket as the page's script does."""
    url = str(browser.base_url).replace("http", "ws", 1).rstrip("/")
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"Origin": origin or str(browser.base_url).rstrip("/"), "Cookie": cookies}
    with connect(
        f"{url}/_nicegui_ws/socket.io/?{query(client_id, document=document)}", additional_headers=headers
    ) as connection:
        connection.recv(timeout=10)  # Engine.IO's greeting
        connection.send("40")
        yield connection


def answer(connection: ClientConnection) -> str:
    """Return Socket.IO's answer to the connection: 40 is accepted, 44 is refused."""
    return str(connection.recv(timeout=10))[:2]


def test_the_session_that_opened_a_page_may_speak_for_it(browsers: list[httpx.Client]) -> None:
    anna, _ = browsers
    with socket(anna, open_page(anna)) as connection:
        assert answer(connection) == "40"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_sockets_of_other_sites_are_refused(browsers: list[httpx.Client], origin: str) -> None:
    anna, _ = browsers
    with pytest.raises(InvalidStatus, match="403"), socket(anna, open_page(anna), origin=origin):
        pass


def test_the_ids_of_a_page_are_no_credentials(browsers: list[httpx.Client], address: str) -> None:
    anna, boris = browsers
    page = open_page(anna)
    nobody = httpx.Client(base_url=address)
    with pytest.raises(InvalidStatus, match="403"), socket(nobody, page):
        pass
    with socket(boris, page) as connection:
        assert answer(connection) == "44"
    anna.post("/api/logout")
    with pytest.raises(InvalidStatus, match="403"), socket(anna, page):
        pass


def test_a_socket_speaks_for_its_own_page_only(shop: DeskShop, browsers: list[httpx.Client]) -> None:
    anna, boris = browsers
    conversation_id = shop.ask("вернуть товар")
    hers, his = open_page(anna), open_page(boris)
    with socket(anna, hers) as her_connection, socket(boris, his) as his_connection:
        assert (answer(her_connection), answer(his_connection)) == ("40", "40")
        # Boris says that he is Anna's page, by an event and by the handshake that comes as one.
        for message in (
            f'42["event",{{"client_id":"{hers}","id":1,"listener_id":"x","args":[]}}]',
            f'421["handshake",{{"client_id":"{hers}","tab_id":"a-tab","document_id":"a-document"}}]',
        ):
            his_connection.send(message)
        # The answer to the handshake, among what the page is sent meanwhile.
        refused = next(text for text in his_connection if str(text).startswith("431"))
        assert refused == "431[false]"
        assert shop.outbox(conversation_id) == []


@pytest.mark.parametrize("path", ["polling", "upgrade"])
def test_polling_needs_the_same(browsers: list[httpx.Client], address: str, path: str) -> None:
    anna, boris = browsers
    url = f"/_nicegui_ws/socket.io/?{query(open_page(anna), transport='polling')}"
    same_origin = {"Sec-Fetch-Site": "same-origin"}
    assert httpx.get(address + url, headers=same_origin).status_code == 401
    assert anna.get(url, headers={"Origin": "https://evil.example"}).status_code == 403
    opened = anna.get(url, headers=same_origin)
    assert opened.status_code == 200
    assert "access-control-allow-origin" not in opened.headers
    sid = opened.text.partition('"sid":"')[2].partition('"')[0]
    later = f"{url}&sid={sid}"
    # Whoever has read the address in a proxy's log.
    assert boris.post(later, content="40").status_code == 403
    assert httpx.post(address + later, content="40", headers={"Origin": address}).status_code == 401
    if path == "polling":
        assert anna.post(later, content="40").status_code == 200
        assert anna.get(later).text.startswith("40")
        anna.post("/api/logout")
        assert anna.post(later, content="41").status_code == 401


MALFORMED = [
    "",
    "9",
    "4",
    "42",
    "42{",
    '42["event"]',
    '42["event",null]',
    "4" * 100,
    "\x00",
    "2probe",
    '42["handshake",[]]',
]


def test_malformed_frames_leave_no_traceback(
    browsers: list[httpx.Client], address: str, caplog: pytest.LogCaptureFixture
) -> None:
    anna, _ = browsers
    with capture_logs() as logs, caplog.at_level(logging.WARNING):
        nobody = httpx.Client(base_url=address)
        with pytest.raises(InvalidStatus, match="403"), socket(nobody, "x"):
            pass
        for frame in MALFORMED:
            assert (
                httpx.post(f"{address}/_nicegui_ws/socket.io/?EIO=4&sid=x", content=frame).status_code == 403
            )
        assert (logs, caplog.records) == ([], [])
        page = open_page(anna)
        for frame in MALFORMED:
            with socket(anna, page) as connection:
                assert answer(connection) == "40"
                connection.send(frame)
                connection.send('421["handshake",{}]')  # is answered once the frame has been dealt with
                try:
                    while not str(connection.recv(timeout=10)).startswith("431"):
                        pass
                except ConnectionClosed:
                    continue
    assert [record for record in caplog.records if record.exc_info] == []
    assert "Traceback" not in str(logs)


def test_a_second_document_of_a_page_is_told_to_load_itself_again(browsers: list[httpx.Client]) -> None:
    # NiceGUI would end the page once for each of them, and raise a KeyError the second time.
    anna, _ = browsers
    page = open_page(anna)
    with socket(anna, page) as first:
        assert answer(first) == "40"
        with socket(anna, page, document="another-document") as second:
            assert answer(second) == "44"
        assert len(Client.instances[page]._socket_to_document_id) == 1
    with socket(anna, page) as again:  # a connection that was lost comes back
        assert answer(again) == "40"
