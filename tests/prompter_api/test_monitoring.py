"""Attention checks and drift are reported over HTTP."""

from tests.prompter_api.office import Office, refusal


def test_ones_own_figure_is_everybodys_right(office: Office) -> None:
    assert office.browser("anna").get("/api/watching/me").json() == {"judged": 0, "refuted": None}
    assert refusal(office.browser().get("/api/watching/me")) == (401, "not_logged_in")


def test_supervisors_see_people_in_order_of_name(office: Office) -> None:
    people = office.browser("vera").get("/api/watching/people").json()
    assert [person["name"] for person in people] == ["adam", "anna", "boris", "vera"]
    assert people[1] == {"name": "anna", "refuted": None, "planted": 0, "missed": None}
    assert refusal(office.browser("anna").get("/api/watching/people")) == (403, "forbidden")


def test_drift(office: Office) -> None:
    office.ask("как вернуть товар")
    drift = office.browser("vera").get("/api/watching/drift").json()
    assert drift["this_week"]["turns"] == 1
    assert drift["this_week"]["unseen"]["value"] == 0.0
    assert drift["this_week"]["confidences"] == [0] * 9 + [1]
    assert drift["this_week"]["signals"]["thumb_down"] == 0
    assert drift["week_before"]["turns"] == 0
    assert drift["week_before"]["unseen"] is None
    assert refusal(office.browser("anna").get("/api/watching/drift")) == (403, "forbidden")
