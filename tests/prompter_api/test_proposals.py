"""Proposals are managed over HTTP."""

import pytest

from kb_index import Status
from tests.fakes import SHOP, article
from tests.prompter.knowledge.drafted import changed_answer, new_article, phrasing
from tests.web_shop import WebShop, refusal


@pytest.fixture
def proposed(shop: WebShop) -> WebShop:
    shop.proposals.add(
        [
            new_article("Можно картой?", "картой можно", turns=[1, 2, 3]),
            changed_answer(
                "order-cancel", "Нажмите «Отменить».", added=["Деньги придут за 3 дня."], turns=[4, 5]
            ),
            phrasing("order-where", "посылка где", turns=[6]),
        ]
    )
    return shop


def test_a_supervisor_reads_and_approves(proposed: WebShop) -> None:
    vera = proposed.browser("vera")
    found = vera.get("/api/proposals").json()
    assert found["waiting"] == {"phrasing": 1, "changed_answer": 1, "new_article": 1}
    first = found["proposals"][0]
    assert first | {"created_at": None, "changed_at": None} == {
        "id": 1,
        "kind": "new_article",
        "source": "desk",
        "state": "open",
        "article_id": None,
        "question": "Можно картой?",
        "answer": "Да, при получении.",
        "topic": "orders",
        "language": "ru",
        "base_answer": None,
        "phrasings": ["картой можно"],
        "wording": first["wording"],
        "proof": {
            "n_turns": 3,
            "n_conversations": 3,
            "n_operators": 1,
            "texts": [{"text": "Можно картой?", "times": 1}, {"text": "картой можно", "times": 1}],
            "turns": [1, 2, 3],
            "answers": [{"text": "Да, при получении.", "times": 2, "operators": 1}],
            "added": [],
            "removed": [],
        },
        "created_at": None,
        "changed_at": None,
        "edited": False,
        "settled_at": None,
        "settled_by": None,
        "merged_into": None,
    }
    edited = vera.patch("/api/proposals/1", json={"answer": "Да, курьеру."}).json()
    assert (edited["answer"], edited["edited"]) == ("Да, курьеру.", True)
    stale = {"wording": first["wording"]}
    assert refusal(vera.post("/api/proposals/1/approve", json=stale)) == (409, "proposal_changed")
    assert refusal(vera.patch("/api/proposals/1", json={"topic": "money"} | stale)) == (
        409,
        "proposal_changed",
    )
    approved = vera.post("/api/proposals/1/approve", json={"topic": "payment"})
    assert approved.json() == {"proposal_id": 1, "article_id": "mozhno-kartoy"}
    made = vera.get("/api/kb/articles/mozhno-kartoy").json()["article"]
    assert (made["answer"], made["topic"], made["phrasings"]) == ("Да, курьеру.", "payment", ["картой можно"])
    assert refusal(vera.post("/api/proposals/1/approve", json={})) == (409, "already_settled")
    settled = vera.get("/api/proposals/1").json()
    assert (settled["state"], settled["settled_by"]) == ("approved", "vera")


def test_filters(proposed: WebShop) -> None:
    vera = proposed.browser("vera")

    def ids(query: str) -> list[int]:
        return [proposal["id"] for proposal in vera.get(f"/api/proposals?{query}").json()["proposals"]]

    assert ids("kind=phrasing") == [3]
    assert ids("article_id=order-cancel") == [2]
    assert ids("language=en") == []
    assert ids("most=1&offset=1") == [2]
    assert sorted(ids("newest_first=true")) == [1, 2, 3]
    assert refusal(vera.get("/api/proposals?kind=poem")) == (422, "invalid_request")


def test_many_at_once_with_what_became_of_each(proposed: WebShop) -> None:
    vera = proposed.browser("vera")
    archived = article("order-where", "Где мой заказ", "…", status=Status.ARCHIVED)
    proposed.knowledge.import_articles([archived], changed_by="test")
    done = vera.post("/api/proposals/approve", json={"ids": [1, 3, 77]}).json()
    assert [(result["proposal_id"], result["article_id"], result["error"]) for result in done] == [
        (1, "mozhno-kartoy", None),
        (3, None, "article_gone"),
        (77, None, "not_found"),
    ]
    assert "archived" in done[1]["message"]
    done = vera.post("/api/proposals/dismiss", json={"ids": [1, 2, 3]}).json()
    assert [result["error"] for result in done] == ["already_settled", None, None]
    assert vera.get("/api/proposals").json()["proposals"] == []


def test_dismissing_and_merging(proposed: WebShop) -> None:
    vera = proposed.browser("vera")
    proposed.proposals.add([new_article("Безналом?", turns=[7])])
    merged = vera.post("/api/proposals/1/merge", json={"ids": [4]}).json()
    assert merged["proof"]["turns"] == [1, 2, 3, 7]
    assert vera.get("/api/proposals/4").json()["merged_into"] == 1
    assert refusal(vera.post("/api/proposals/1/merge", json={"ids": [2]})) == (422, "invalid_proposal")
    assert vera.post("/api/proposals/1/dismiss").json() == {"done": True}
    assert refusal(vera.post("/api/proposals/1/dismiss")) == (409, "already_settled")


def test_the_questions_go_to_an_article_that_exists(proposed: WebShop) -> None:
    vera = proposed.browser("vera")
    answer = vera.post("/api/proposals/1/approve", json={"as_phrasings_of": "order-cancel"})
    assert answer.json()["article_id"] == "order-cancel"
    phrasings = vera.get("/api/kb/articles/order-cancel").json()["article"]["phrasings"]
    assert phrasings == ["Можно картой?", "картой можно"]


def test_an_article_that_changed_meanwhile(proposed: WebShop) -> None:
    changed = article("order-cancel", "Как отменить заказ", "Позвоните.")
    proposed.knowledge.import_articles([changed], changed_by="test")
    vera = proposed.browser("vera")
    assert refusal(vera.post("/api/proposals/2/approve", json={})) == (409, "article_changed")
    assert len(SHOP) == 4


def test_refusals(proposed: WebShop) -> None:
    anna = proposed.browser("anna")
    for method, path in (("GET", ""), ("GET", "/1"), ("POST", "/1/dismiss"), ("POST", "/dismiss")):
        assert refusal(anna.request(method, f"/api/proposals{path}")) == (403, "forbidden")
    assert refusal(proposed.browser().get("/api/proposals")) == (401, "not_logged_in")
    vera = proposed.browser("vera")
    assert refusal(vera.get("/api/proposals/99")) == (404, "not_found")
    assert refusal(vera.patch("/api/proposals/3", json={"answer": "Да."})) == (422, "invalid_proposal")
    assert refusal(vera.patch("/api/proposals/1", json={"answer": " "})) == (422, "invalid_request")
    assert refusal(vera.patch("/api/proposals/1", json={"language": "??"})) == (422, "invalid_article")
    assert refusal(vera.post("/api/proposals/approve", json={"ids": []})) == (422, "invalid_request")
    assert refusal(vera.patch("/api/proposals/1", json={"state": "approved"})) == (422, "invalid_request")
