"""Articles are changed individually over HTTP."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes import SHOP
from tests.web_shop import WebShop, refusal

ADDRESS = "/api/kb/articles/order-where"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "question": "Где мой заказ",
        "answer": "Смотрите раздел «Заказы».",
        "topic": "orders",
        "language": "ru",
        "version": 1,
    } | changes


def test_an_article_is_changed_and_what_it_was_is_kept(shop: WebShop) -> None:
    vera = shop.browser("vera")
    before = shop.knowledge.revision()
    saved = vera.put(ADDRESS, json=body(phrasings=["посылка  где", "посылка где", " "]))
    assert saved.json() == {"version": 2}
    assert shop.knowledge.revision() == before + 1
    found = vera.get(ADDRESS).json()
    assert found["article"]["answer"] == "Смотрите раздел «Заказы»."
    assert found["article"]["phrasings"] == ["посылка где"]
    assert [(version["version"], version["changed_by"]) for version in found["versions"]] == [
        (1, "test"),
        (2, "vera"),
    ]


def test_who_comes_second_is_told_and_nothing_is_lost(shop: WebShop) -> None:
    vera, adam = shop.browser("vera"), shop.browser("adam")
    assert vera.put(ADDRESS, json=body(answer="Первый.")).status_code == 200
    assert refusal(adam.put(ADDRESS, json=body(answer="Второй."))) == (409, "article_changed")
    assert vera.get(ADDRESS).json()["article"]["answer"] == "Первый."


def test_an_article_is_added_and_taken_out(shop: WebShop) -> None:
    vera = shop.browser("vera")
    new = "/api/kb/articles/gift-wrap"
    assert vera.put(new, json=body(question="Упакуете?", version=0)).json() == {"version": 1}
    assert refusal(vera.put(new, json=body(version=0))) == (409, "article_changed")
    assert vera.put(new, json=body(question="Упакуете?", status="archived")).json() == {"version": 2}
    assert [article["id"] for article in vera.get("/api/articles", params={"q": "Упакуете"}).json()] == []
    listed = vera.get("/api/kb/articles", params={"status": "archived"}).json()
    assert [version["id"] for version in listed] == ["gift-wrap"]
    assert refusal(vera.put("/api/kb/articles/nothing", json=body(version=3))) == (404, "not_found")


def test_a_new_article_is_posted_once(shop: WebShop) -> None:
    vera = shop.browser("vera")
    new = {key: value for key, value in body(id="gift-wrap").items() if key != "version"}
    before = shop.knowledge.revision()
    posted = vera.post("/api/kb/articles", json=new)
    assert (posted.status_code, posted.json()) == (201, {"version": 1})
    assert shop.knowledge.revision() == before + 1
    assert refusal(vera.post("/api/kb/articles", json=new)) == (409, "article_changed")
    assert refusal(vera.post("/api/kb/articles", json=new | {"id": "a b"})) == (422, "invalid_request")
    assert refusal(vera.post("/api/kb/articles", json=new | {"id": "other", "topic": " "})) == (
        422,
        "invalid_article",
    )
    assert shop.knowledge.article("gift-wrap")[1][-1].changed_by == "vera"


@pytest.mark.parametrize(
    "article_id",
    [
        "faq/возврат",
        "100%",
        "a%b",
        "/a//b/",
        "a/phrasings",
        "a/versions/1/restore",
        "вопрос?#1",
        "a&b=c+d",
        "🎁",
    ],
)
def test_an_article_with_any_id_is_read_changed_and_restored(shop: WebShop, article_id: str) -> None:
    vera = shop.browser("vera")
    new = {key: value for key, value in body(id=article_id).items() if key != "version"}
    assert vera.post("/api/kb/articles", json=new).status_code == 201
    address = f"/api/kb/articles/{quote(article_id, safe='')}"
    assert vera.get(address).json()["article"]["id"] == article_id
    assert vera.put(address, json=body(answer="За 30 дней.")).json() == {"version": 2}
    assert vera.post(f"{address}/phrasings", json={"text": "сдать кружку"}).status_code == 201
    assert vera.post(f"{address}/versions/1/restore").json() == {"version": 3}
    conversation = shop.ask("где мой заказ")
    filled = f"/api/conversations/{conversation}/articles/{quote(article_id, safe='')}/answer"
    assert vera.get(filled).json() == {"text": "Смотрите раздел «Заказы»."}
    assert vera.post("/api/pins", json={"text": "упаковка", "article_id": article_id}).status_code == 201


def test_it_is_made_what_it_was(shop: WebShop) -> None:
    vera = shop.browser("vera")
    vera.put(ADDRESS, json=body(answer="Ошибка.", phrasings=["ау"]))
    assert vera.post(f"{ADDRESS}/versions/1/restore").json() == {"version": 3}
    article = vera.get(ADDRESS).json()["article"]
    original = next(candidate for candidate in SHOP if candidate.id == "order-where")
    assert (article["answer"], article["phrasings"]) == (original.answer, [])
    assert refusal(vera.post(f"{ADDRESS}/versions/9/restore")) == (404, "not_found")


def test_imports_keep_the_phrasings_that_a_person_chose(shop: WebShop) -> None:
    shop.browser("vera").put(ADDRESS, json=body(phrasings=["посылка где"]))
    original = next(candidate for candidate in SHOP if candidate.id == "order-where")
    shop.knowledge.import_articles([replace(original, phrasings=("из файла",))], changed_by="import")
    article, _ = shop.knowledge.article("order-where")
    assert set(article.phrasings) == {"посылка где", "из файла"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"question": " "}, "question"),
        ({"topic": ""}, "topic"),
        ({"language": "по-русски"}, "language"),
        ({"valid_from": "2026-05-01", "valid_until": "2026-04-01"}, "valid_until"),
    ],
)
def test_what_no_article_holds_is_refused_by_field(
    shop: WebShop, changes: dict[str, Any], field: str
) -> None:
    answer = shop.browser("vera").put(ADDRESS, json=body(**changes))
    assert answer.status_code == 422
    assert field in answer.json()["message"]


def test_the_list_goes_on_where_it_ended(shop: WebShop) -> None:
    vera = shop.browser("vera")
    first = vera.get("/api/kb/articles", params={"most": 3}).json()
    rest = vera.get("/api/kb/articles", params={"most": 3, "after": first[-1]["id"]}).json()
    assert [article["id"] for article in [*first, *rest]] == sorted(article.id for article in SHOP)
    assert [
        article["id"] for article in vera.get("/api/kb/articles", params={"topic": "returns"}).json()
    ] == [
        "refund-when",
        "returns-how",
    ]
    assert [article["id"] for article in vera.get("/api/kb/articles", params={"q": "ОТМЕНИТЬ"}).json()] == [
        "order-cancel"
    ]


def test_operators_may_not(shop: WebShop) -> None:
    anna = shop.browser("anna")
    for answer in (
        anna.put(ADDRESS, json=body()),
        anna.post("/api/kb/articles", json=body(id="gift-wrap", version=0)),
        anna.get("/api/kb/articles"),
        anna.post(f"{ADDRESS}/versions/1/restore"),
    ):
        assert refusal(answer) == (403, "forbidden")
