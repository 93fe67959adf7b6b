"""Every response is in the API's description. `scripts/check_api.py` checks this far more closely."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from bot.webchat import web_chat_router
from prompter.conversations.customer_view import CustomerViews
from prompter.domain.account import Role, Scope
from tests.shipped import WEB_CHAT
from tests.web_shop import OURS, WebShop

JSON = {"Content-Type": "application/json"}
# What each of a request's parts may be: nobody's, wrong, or nearly right.
BODIES: tuple[Any, ...] = (
    {},
    [],
    {"text": " \u0007"},
    {"name": "anna", "password": "wrong"},
    {"id": "9c5e5a4e-3b4a-4b7e-8f77-000000000001", "text": "где мой заказ"},
    {"reply": 1, "action": "up"},
    {"ids": [2**31 - 1]},
    {"old": "wrong", "new": "correct horse battery staple"},
    {"action": "accept", "rank": 1, "seen_message_id": 0},
    {"id": "x", "question": "a", "answer": "b", "topic": "c", "language": "XX", "version": 0},
    {"id": "x", "question": " ", "answer": "b", "topic": "c", "language": "ru", "version": 0},
    {"next_action": "action_of_nobody"},
    {"choice": "first"},
)
VALUES = {"integer": ("1", str(2**31)), "string": ("x", "a b")}


@pytest.fixture
def app(shop: WebShop) -> FastAPI:
    return shop.build(
        web_chat_router(
            reception=shop.reception,
            feedback=shop.feedback,
            views=CustomerViews(shop.store),
            secret="a secret",
            **WEB_CHAT,
        )
    )


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def address(path: str, operation: dict[str, Any], choice: int) -> str:
    """Return the path and query with values that fit the description, or nearly."""
    query = []
    for parameter in operation.get("parameters", []):
        value = VALUES.get(parameter["schema"].get("type", "string"), VALUES["string"])[choice]
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", value)
        elif parameter["required"] or choice:
            query.append(f"{parameter['name']}={value}")
    return f"{path}?{'&'.join(query)}"


def check(answer: Response, path: str, method: str, operation: dict[str, Any]) -> None:
    said = f"{method} {path}: {answer.status_code} {answer.text[:200]}"
    assert answer.status_code < 500, said
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, said
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in described["content"], said
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error", "message"}, said


@pytest.mark.slow
def test_every_answer_is_described(shop: WebShop, app: FastAPI) -> None:
    shop.ask("как вернуть товар")
    shop.accounts.add("eve", Role.ADMIN, "correct horse battery")
    eve = next(account for account in shop.accounts.all() if account.name == "eve")
    admin = {"Authorization": f"Bearer {shop.accounts.create_token(eve.id, 'test', scopes=list(Scope))}"}
    document = json.loads(TestClient(app).get("/openapi.json").text)
    with TestClient(app, headers=OURS) as client:
        client.get("/chat")
        for path, method, operation in operations(document):
            has_body = "requestBody" in operation
            for headers in ({}, {"Authorization": "Bearer nobody's"}, admin):
                for choice in (0, 1):
                    where = address(path, operation, choice)
                    sent: tuple[dict[str, Any], ...] = ({},)
                    if has_body and headers is not admin:
                        sent = ({"content": b"{"}, {"json": {}})
                    elif has_body and not choice:
                        sent = (
                            {"content": b"{"},
                            {"content": b"x", "headers": {"Content-Type": "text/plain"}},
                            {"content": b"", "headers": JSON | {"Content-Length": "9000000"}},
                            *({"json": body} for body in BODIES),
                        )
                    elif has_body:
                        sent = ({"json": {}},)
                    for request in sent:
                        both = headers | request.get("headers", {})
                        answer = client.request(method, where, **(request | {"headers": both}))
                        check(answer, path, method, operation)


def test_what_may_be_refused_is_named(app: FastAPI) -> None:
    for path, method, operation in operations(app.openapi()):
        named = set(operation["responses"])
        assert {"400", "408", "413", "429", "431", "503"} <= named, path
        assert "default" not in named, path
        if "{" in path or "requestBody" in operation:
            assert {"404", "422"} <= named, (method, path)
        if path.startswith("/chat/"):
            assert {"401", "415"} <= named, (method, path)
        if operation.get("security"):
            assert {"401", "403"} <= named, (method, path)
            assert method == "get" or "409" in named, (method, path)
        assert "Retry-After" in operation["responses"]["503"].get("headers", {}) or path == "/ready"


def test_the_description_tells_the_rules_of_an_article(app: FastAPI) -> None:
    fields = app.openapi()["components"]["schemas"]["NewArticle"]["properties"]
    assert fields["language"]["pattern"] == r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
    assert fields["question"]["pattern"] == fields["topic"]["pattern"] == r"\S"
    assert "valid_from" in fields["valid_until"]["description"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/pins", "GET, POST"),
        ("/api/kb/articles/x", "GET, PUT"),
        ("/api/proposals/approve", "POST"),
        ("/api/reviews/next", "GET"),
        ("/chat/messages", "GET, POST"),
        ("/health", "GET"),
    ],
)
def test_allow_names_every_method(app: FastAPI, path: str, allowed: str) -> None:
    for method in ("DELETE", "TRACE", "OPTIONS"):
        answer = TestClient(app).request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), method
