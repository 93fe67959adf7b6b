"""The history and the phrasings of an article work over HTTP."""

import pytest

from kb_index.article import MAX_PHRASINGS
from tests.web_shop import WebShop, refusal


def test_an_article_shows_what_it_was_before(shop: WebShop) -> None:
    shown = shop.browser("anna").get("/api/kb/articles/returns-how").json()
    assert shown["article"] == {
        "id": "returns-how",
        "question": "Как вернуть товар",
        "answer": "Верните товар за 14 дней.",
        "topic": "returns",
        "language": "ru",
        "phrasings": [],
        "status": "published",
        "valid_from": None,
        "valid_until": None,
    }
    (version,) = shown["versions"]
    assert (version["version"], version["changed_by"]) == (1, "test")
    assert version["changed_at"] == "2026-03-02T09:00:00Z"
    assert version["fields"]["question"] == "Как вернуть товар"
    assert refusal(shop.browser("anna").get("/api/kb/articles/no-such")) == (404, "not_found")


def test_a_supervisor_adds_a_phrasing(shop: WebShop) -> None:
    vera = shop.browser("vera")
    revision = shop.knowledge.revision()
    path = "/api/kb/articles/returns-how/phrasings"
    assert vera.post(path, json={"text": " хочу  сдать\nобратно "}).status_code == 201
    assert vera.get("/api/kb/articles/returns-how").json()["article"]["phrasings"] == ["хочу сдать обратно"]
    assert shop.knowledge.revision() == revision + 1
    for text in ("", " \n", "x" * 1001):
        assert refusal(vera.post(path, json={"text": text})) == (422, "invalid_request")
    assert refusal(vera.post(path, json={"text": "a\x00b"})) == (422, "invalid_article")
    missing = vera.post("/api/kb/articles/no-such/phrasings", json={"text": "x"})
    assert refusal(missing) == (404, "not_found")


@pytest.mark.slow
def test_an_article_has_so_many_phrasings_at_most(shop: WebShop) -> None:
    with shop.store.write() as tx:
        for number in range(MAX_PHRASINGS):
            tx.articles.add_phrasing("returns-how", f"phrasing {number}")
    answer = shop.browser("vera").post("/api/kb/articles/returns-how/phrasings", json={"text": "one more"})
    assert refusal(answer) == (422, "invalid_article")
