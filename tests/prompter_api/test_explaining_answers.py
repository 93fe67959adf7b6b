"""The assistant's suggestions are explained over HTTP."""

import pytest

from tests.web_shop import WebShop, refusal

ADDRESS = "/api/ask/explain"


def test_the_parts_of_every_suggestion_are_told(shop: WebShop) -> None:
    found = shop.browser("vera").post(ADDRESS, json={"text": "Как отменить заказ"}).json()
    asked = shop.browser("vera").post("/api/ask", json={"text": "Как отменить заказ"}).json()
    assert found["triage"] == asked
    assert (found["read_as"], found["in_scope"]) == ("как отменить заказ", 0.9)
    assert [suggestion["suggestion"] for suggestion in found["suggestions"]] == asked["suggestions"]
    first = found["suggestions"][0]
    assert first["suggestion"]["article_id"] == "order-cancel"
    assert first["ranked_by"] == [{"name": "on_words", "value": 1.0, "weight": 4.0, "points": 4.0}]
    assert first["sure_by"] == [{"name": "lead", "value": 1.0, "weight": 1.0, "points": 1.0}]
    assert first["nearest"] == {"text": "Как отменить заказ", "similarity": 1.0}
    assert first["shared_words"] == ["как", "отменить", "заказ"]
    assert (first["relevance"], first["probability"], first["confirmed"]) == (4.0, 1.0, [])


def test_nothing_is_stored_and_nothing_may_be_found(shop: WebShop) -> None:
    found = shop.browser("vera").post(ADDRESS, json={"text": "погода"}).json()
    assert (found["suggestions"], found["triage"]["handoff_reason"]) == ([], "no_article")
    assert shop.browser("vera").get("/api/queue").json() == []


@pytest.mark.parametrize("text", ["", " \n", "x" * 20_001])
def test_what_cannot_be_read_is_refused(shop: WebShop, text: str) -> None:
    assert refusal(shop.browser("vera").post(ADDRESS, json={"text": text})) == (422, "invalid_request")


def test_operators_may_not(shop: WebShop) -> None:
    assert refusal(shop.browser("anna").post(ADDRESS, json={"text": "заказ"})) == (403, "forbidden")
