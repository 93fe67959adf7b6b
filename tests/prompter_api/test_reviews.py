"""Second reviews are done over HTTP."""

import pytest

from tests.web_shop import WebShop, acceptance, refusal


@pytest.fixture
def drawn(shop: WebShop) -> WebShop:
    """Let Anna accept a suggestion that is sampled for review."""
    conversation = shop.ask("как вернуть товар", second=True)
    anna = shop.browser("anna")
    view = anna.get(f"/api/conversations/{conversation}").json()
    assert anna.post(f"/api/turns/{view['turn']['id']}/decision", json=acceptance(view)).status_code == 200
    return shop


def test_a_second_person_judges_unlabelled_answers(drawn: WebShop) -> None:
    boris = drawn.browser("boris")
    found = boris.get("/api/reviews/next").json()
    assert found["waiting"] == 1
    assert set(found["next"]) == {"review_id", "question", "answers"}  # nothing tells whose they are
    assert found["next"]["question"] == "как вернуть товар"
    assert sorted(found["next"]["answers"]) == ["Верните товар за 14 дней.", "Нажмите «Отменить»."]
    review = found["next"]["review_id"]
    assert boris.post(f"/api/reviews/{review}", json={"choice": "both"}).json() == {"done": True}
    assert boris.get("/api/reviews/next").json() == {"waiting": 0, "next": None}
    assert refusal(boris.post(f"/api/reviews/{review}", json={"choice": "both"})) == (409, "already_decided")


def test_whoever_decided_is_not_asked_again(drawn: WebShop) -> None:
    review = drawn.browser("boris").get("/api/reviews/next").json()["next"]["review_id"]
    anna = drawn.browser("anna")
    assert anna.get("/api/reviews/next").json() == {"waiting": 0, "next": None}
    assert refusal(anna.post(f"/api/reviews/{review}", json={"choice": "first"})) == (403, "forbidden")


def test_passing_one_over(drawn: WebShop) -> None:
    boris = drawn.browser("boris")
    review = boris.get("/api/reviews/next").json()["next"]["review_id"]
    assert boris.get(f"/api/reviews/next?after={review}").json() == {"waiting": 1, "next": None}


def test_refusals(drawn: WebShop) -> None:
    boris = drawn.browser("boris")
    assert refusal(drawn.browser().get("/api/reviews/next")) == (401, "not_logged_in")
    assert refusal(boris.post("/api/reviews/999", json={"choice": "first"})) == (404, "not_found")
    assert refusal(boris.post("/api/reviews/1", json={"choice": "third"})) == (422, "invalid_request")


def test_a_blind_turn_says_so_and_shows_nothing(shop: WebShop) -> None:
    conversation = shop.ask("как вернуть товар", sampled=True)
    anna = shop.browser("anna")
    view = anna.get(f"/api/conversations/{conversation}").json()
    assert view["turn"]["blind"] is True
    assert view["suggestions"] == []
    assert [item["confidence"] for item in anna.get("/api/queue").json()] == [None]
    answer = anna.post(f"/api/turns/{view['turn']['id']}/decision", json=acceptance(view))
    assert refusal(answer) == (404, "not_found")
