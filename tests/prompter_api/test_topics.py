"""Titles of topics are managed over HTTP."""

from typing import Any

import pytest

from prompter.domain.account import Scope
from tests.web_shop import WebShop, refusal

TITLES = "/api/kb/topics/titles"


def test_a_supervisor_names_a_topic_and_everybody_reads_it(shop: WebShop) -> None:
    titles = {"ru": "Возврат товара", "en": "Returns of goods"}
    answer = shop.browser("vera").put(TITLES, params={"topic": "returns"}, json={"titles": titles})
    assert answer.json() == {"done": True}
    anna = shop.browser("anna")
    assert anna.get("/api/kb/topics").json() == [
        {"id": "orders", "title": "Orders", "titles": {}, "articles": 2},
        {"id": "returns", "title": "Возврат товара", "titles": titles, "articles": 2},
    ]
    in_english = anna.get("/api/kb/topics", params={"language": "en"}).json()
    assert [topic["title"] for topic in in_english] == ["Orders", "Returns of goods"]


def test_titles_that_are_left_out_are_taken_away(shop: WebShop) -> None:
    vera = shop.browser("vera")
    for titles in ({"ru": "Возврат", "en": "Returns of goods"}, {"en": "Returning"}):
        assert vera.put(TITLES, params={"topic": "returns"}, json={"titles": titles}).status_code == 200
    assert vera.get("/api/kb/topics").json()[1]["titles"] == {"en": "Returning"}


@pytest.mark.parametrize(
    ("topic", "body", "status", "code"),
    [
        ("retruns", {"titles": {"ru": "Возврат"}}, 404, "not_found"),
        ("returns\x00", {"titles": {"ru": "Возврат"}}, 404, "not_found"),
        ("dialogue/\x00", {"titles": {"ru": "Возврат"}}, 404, "not_found"),
        ("returns", {"titles": {"ru": "x" * 101}}, 422, "invalid_request"),
        ("returns", {"titles": {"ru": "a\nb"}}, 422, "invalid_request"),
        ("returns", {"titles": {"RU": "Возврат"}}, 422, "invalid_request"),
        ("returns", {"titles": {"ru": "a\x85b"}}, 422, "invalid_title"),
        ("returns", {}, 422, "invalid_request"),
        ("returns", {"titles": {f"a{chr(97 + n)}": "x" for n in range(21)}}, 422, "invalid_request"),
    ],
)
def test_what_is_no_title_is_refused(
    shop: WebShop, topic: str, body: dict[str, Any], status: int, code: str
) -> None:
    vera = shop.browser("vera")
    assert refusal(vera.put(TITLES, params={"topic": topic}, json=body)) == (status, code)
    assert [topic["titles"] for topic in vera.get("/api/kb/topics").json()] == [{}, {}]


def test_naming_topics_is_for_supervisors(shop: WebShop) -> None:
    body = {"titles": {"ru": "Возврат"}}
    for client in (shop.browser("anna"), shop.program("vera", Scope.READ), shop.program("anna")):
        assert refusal(client.put(TITLES, params={"topic": "returns"}, json=body)) == (403, "forbidden")
    program = shop.program("vera", Scope.SUPERVISE)
    assert program.put(TITLES, params={"topic": "returns"}, json=body).status_code == 200
    assert refusal(shop.browser().get("/api/kb/topics"))[0] == 401
