"""Attention checks and drift are reported over HTTP."""

from tests.web_shop import WebShop, refusal


def test_ones_own_figure_is_everybodys_right(shop: WebShop) -> None:
    assert shop.browser("anna").get("/api/watching/me").json() == {"judged": 0, "refuted": None}
    assert refusal(shop.browser().get("/api/watching/me")) == (401, "not_logged_in")


def test_supervisors_see_people_in_order_of_name(shop: WebShop) -> None:
    people = shop.browser("vera").get("/api/watching/people").json()
    assert [person["name"] for person in people] == ["adam", "anna", "boris", "vera"]
    assert people[1] == {"name": "anna", "refuted": None, "planted": 0, "missed": None}
    assert refusal(shop.browser("anna").get("/api/watching/people")) == (403, "forbidden")


def test_drift(shop: WebShop) -> None:
    shop.ask("как вернуть товар")
    drift = shop.browser("vera").get("/api/watching/drift").json()
    assert drift["this_week"]["turns"] == 1
    assert drift["this_week"]["unseen"]["value"] == 0.0
    assert drift["this_week"]["confidences"] == [0] * 9 + [1]
    assert drift["this_week"]["signals"]["thumb_down"] == 0
    assert drift["week_before"]["turns"] == 0
    assert drift["week_before"]["unseen"] is None
    assert refusal(shop.browser("anna").get("/api/watching/drift")) == (403, "forbidden")
