"""The application as a whole: limits, errors, headers, documentation, operations."""

import inspect
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from prompter.common.errors import PrompterError
from prompter.storage import Conflict
from prompter_api.errors import STATUS
from tests.fakes import BrokenAssistant
from tests.shop import PASSWORD
from tests.web_shop import OURS, WebShop, refusal

JSON = {"Content-Type": "application/json"}


# --- bad input --------------------------------------------------------------------------------


def test_no_error_takes_a_thread_from_the_requests_that_need_one(shop: WebShop) -> None:
    """Thousands of clients that hang up in the middle of their bodies are errors, too."""
    assert STATUS.keys() & shop.app.exception_handlers.keys()
    for handler in shop.app.exception_handlers.values():
        assert inspect.iscoroutinefunction(handler)


def chunks(total: int) -> Iterator[bytes]:
    for _ in range(total // 10_000):
        yield b"x" * 10_000


def test_a_body_that_nobody_reads_is_no_reason(shop: WebShop) -> None:
    answer = shop.browser().post("/nowhere", content=b"x" * 1_000_000)
    assert refusal(answer) == (404, "not_found")


def test_a_large_body_is_refused_whether_or_not_it_says_so(shop: WebShop) -> None:
    browser = shop.browser("anna")
    for answer in (
        browser.post("/api/ask", json={"text": "x" * 1_000_000}),
        browser.post("/api/ask", content=chunks(1_000_000), headers=JSON),
        browser.post("/api/ask", content=b"{}", headers=JSON | {"Content-Length": "9" * 5000}),
    ):
        assert refusal(answer) == (413, "too_large")
        assert answer.headers["connection"] == "close"
        assert "500000 bytes" in answer.json()["message"]
    assert browser.post("/api/ask", content=chunks(490_000), headers=JSON).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\x00\x01\xff\xfe",
        b'{"text": NaN}',
        b'{"text": "\\ud800"}',
        b'{"text": 1e999}',
        b"[" * 100_000,
        b'{"' + b"x" * 100_000 + b'": 1}',
        b"1" * 5000,
    ],
)
def test_garbage_is_refused_in_few_words(shop: WebShop, body: bytes) -> None:
    answer = shop.browser("anna").post("/api/ask", content=body, headers=JSON)
    assert refusal(answer) in [(422, "invalid_request"), (400, "bad_request")]
    assert len(answer.text) < 300


def test_a_form_of_another_site_is_no_json(shop: WebShop) -> None:
    answer = shop.browser().post("/api/login", data={"name": "anna", "password": PASSWORD})
    assert refusal(answer) == (422, "invalid_request")
    assert PASSWORD not in answer.text


def test_unknown_addresses_and_methods(shop: WebShop) -> None:
    browser = shop.browser("anna")
    for path in ("/api/nothing", "/api/", "/nothing", "/api/conversations/1/nothing"):
        assert refusal(browser.get(path)) == (404, "not_found")
    answer = browser.put("/api/me")
    assert refusal(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"
    assert refusal(browser.delete("/health")) == (405, "method_not_allowed")


def test_pages_mounted_at_the_root_do_not_answer_for_the_api(shop: WebShop) -> None:
    pages = FastAPI()
    pages.add_api_route("/{path:path}", lambda: "a page", methods=["GET", "PUT"])
    app = shop.build()
    app.mount("/", pages)
    browser = TestClient(app)
    assert browser.get("/desk").json() == "a page"
    assert refusal(browser.get("/api/nothing")) == (404, "not_found")
    assert refusal(browser.put("/api/me")) == (405, "method_not_allowed")


# --- errors -----------------------------------------------------------------------------------


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_refusal_of_the_core_has_a_status() -> None:
    # What the storage refuses concerns those who start the service, not those who ask it.
    use_cases = {kind for kind in subclasses(PrompterError) if "storage" not in kind.__module__}
    # A finer kind has the status, and the word for programs, of the one that it is a kind of.
    assert {kind for kind in use_cases if not STATUS.keys() & set(kind.__mro__)} == set()


def test_an_unexpected_error_says_nothing_and_is_logged_without_anybodys_words(shop: WebShop) -> None:
    class Failing(BrokenAssistant):
        def triage(self, text: str) -> Any:
            try:
                raise KeyError(text)
            except KeyError as error:
                raise RuntimeError(f"cannot think about {text}") from error

    app = shop.build(assistant=Failing())
    anna = shop.browser("anna", app=app)
    with capture_logs() as logs:
        answer = anna.post("/api/ask", json={"text": "мой пароль 1234"})
    assert refusal(answer) == (500, "internal_error")
    assert answer.headers["x-content-type-options"] == "nosniff"
    (entry,) = logs
    assert (entry["event"], entry["method"], entry["route"]) == ("request_failed", "POST", "/api/ask")
    assert entry["trace"][0] == "RuntimeError"
    assert "KeyError" in entry["trace"]
    assert any("test_app.py" in line for line in entry["trace"])
    assert "1234" not in json.dumps(logs, default=repr)
    assert "RuntimeError" not in answer.text


def test_a_conflict_does_not_quote_the_database(shop: WebShop) -> None:
    router = APIRouter()

    @router.get("/conflict")
    def conflict() -> None:
        raise Conflict("UNIQUE constraint failed: accounts.name")

    answer = TestClient(shop.build(router)).get("/conflict")
    assert refusal(answer) == (409, "conflict")
    assert "UNIQUE" not in answer.text


def test_nothing_secret_is_shown_or_logged(shop: WebShop) -> None:
    assert "the session secret" not in repr(shop.app.state.services)
    with capture_logs() as logs:
        adam = shop.browser("adam")
        made = adam.post("/api/users", json={"name": "clara", "role": "operator"}).json()
        token = adam.post("/api/me/tokens", json={"name": "x"}).json()["token"]
        adam.post("/api/me/password", json={"old": PASSWORD, "new": "short"})
        structlog.get_logger().info("accounts", all=shop.accounts.all())
    said = json.dumps(logs, default=repr)
    for secret in (PASSWORD, made["password"], token, "argon2"):
        assert secret not in said


# --- headers ----------------------------------------------------------------------------------


def test_the_api_allows_browsers_nothing_and_pages_only_what_they_need(shop: WebShop) -> None:
    router = APIRouter()

    @router.get("/page")
    def page() -> str:
        return "a page"

    browser = TestClient(shop.build(router))
    api = browser.get("/api/me").headers
    assert "default-src 'none'" in api["content-security-policy"]
    assert api["cache-control"] == "no-store"
    policy = browser.get("/page").headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


# --- documentation ----------------------------------------------------------------------------


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


@pytest.mark.parametrize(("path", "version"), [("/openapi.json", "3.1"), ("/docs/openapi.json", "3.0")])
def test_the_openapi_document_holds_together(shop: WebShop, path: str, version: str) -> None:
    document = shop.browser().get(path).json()
    assert document["openapi"].startswith(version)
    operations = [
        (address, operation)
        for address, methods in document["paths"].items()
        for operation in methods.values()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)
    for address, operation in operations:
        assert operation["description"], address
        assert operation["tags"], address
        if address.startswith("/api/") and address not in ("/api/login", "/api/logout"):
            assert operation["security"] == [{"token": []}, {"session": []}], address
    for reference in references(document):
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_older_document_has_no_newer_words(shop: WebShop) -> None:
    text = shop.browser().get("/docs/openapi.json").text
    assert not re.search(r'"type":\s*"null"|"const":|"examples":\s*\[|"exclusiveM\w+":\s*\d', text)


def test_the_documentation_needs_no_other_server(shop: WebShop) -> None:
    browser = shop.browser()
    page = browser.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/docs/")
        assert browser.get(address).status_code == 200
    assert '"validatorUrl": null' in page.text  # or Swagger UI asks its makers whether the document is right
    assert "'unsafe-inline'" not in page.headers["content-security-policy"].split("style-src")[0]
    assert refusal(browser.get("/docs/index.html")) == (404, "not_found")
    assert refusal(browser.get("/docs/..%2f__init__.py")) == (404, "not_found")


# --- operations -------------------------------------------------------------------------------


def test_the_first_page_leads_to_the_desk(shop: WebShop) -> None:
    answer = shop.browser().get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/desk")


def test_metrics_count_requests_the_queue_and_the_outbox(shop: WebShop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    for chat in ("8", "9"):
        shop.say("где мой заказ", chat=chat)
        shop.clock.forward(2)
    shop.say("ещё пишу", chat="10")
    anna = shop.program("anna")
    anna.get("/api/queue")
    anna.get("/api/conversations/999")
    anna.get("/made/up")
    anna.post(f"/api/conversations/{conversation_id}/messages", json={"text": "Минуту."})
    lines = anna.get("/metrics").text.splitlines()
    for line in (
        'sufler_requests_total{method="GET",route="/api/queue",status="200"} 1.0',
        'sufler_requests_total{method="GET",route="/api/conversations/{conversation_id}",status="404"} 1.0',
        'sufler_requests_total{method="GET",route="other",status="404"} 1.0',
        'sufler_request_seconds_count{method="GET",route="/api/queue"} 1.0',
        "sufler_turns_waiting 1.0",
        "sufler_turns_untriaged 2.0",
        "sufler_oldest_untriaged_seconds 4.0",
        'sufler_replies{state="pending"} 1.0',
        'sufler_replies{state="unknown"} 0.0',
    ):
        assert line in lines
    assert refusal(TestClient(shop.app, headers=OURS).get("/metrics")) == (401, "not_logged_in")


def test_requests_are_worked_off_the_event_loops_thread(shop: WebShop) -> None:
    class RecordingThread:
        threads: list[threading.Thread] = []  # noqa: RUF012 - one list for the test

        def triage(self, text: str) -> Any:
            self.threads.append(threading.current_thread())
            return shop.assistant.triage(text)

    anna = shop.browser("anna", app=shop.build(assistant=RecordingThread()))
    anna.post("/api/ask", json={"text": "как вернуть товар"})
    assert "AnyIO worker" in RecordingThread.threads[0].name
