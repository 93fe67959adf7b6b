"""Supervisors read readiness, approve and stop it over HTTP."""

import pytest
from fastapi.testclient import TestClient

from prompter.storage import Store
from tests.prompter.readiness.governed import GovernedShop
from tests.web_shop import WebShop, refusal


@pytest.fixture
def vera(shop: WebShop) -> TestClient:
    shop.readiness.run_once("words-1")
    return shop.browser("vera")


def test_every_topic_and_what_its_evidence_says(vera: TestClient) -> None:
    orders, returns = vera.get("/api/readiness").json()
    assert (orders["name"], returns["name"]) == ("orders", "returns")
    assert returns["state"] == "collecting"
    assert returns["mode"] == "manual"
    assert returns["steps"] == [
        {
            "threshold": 0.9,
            "n_turns": 0,
            "n_by_lot": 0,
            "estimate": None,
            "passed_after": None,
            "more_labels": None,
        }
    ]
    assert (returns["low"], returns["coverage"], returns["days_to_go"]) == (None, None, None)
    assert vera.get("/api/readiness/topic?name=returns").json() == returns


def test_nobody_can_allow_what_was_not_shown(vera: TestClient) -> None:
    answer = vera.post("/api/readiness/allow?name=returns")
    assert refusal(answer) == (409, "not_ready")
    assert "nothing has been judged yet" in answer.json()["message"]


def test_holding_and_switching_off(vera: TestClient) -> None:
    assert vera.post("/api/readiness/hold?name=returns").json()["state"] == "held"
    off = vera.post("/api/readiness/off?name=returns").json()
    assert (off["state"], off["mode"]) == ("collecting", "shadow")
    assert [event["reason"] for event in off["events"]] == ["switched_off", "stopped"]


def test_refusals(shop: WebShop, vera: TestClient) -> None:
    assert refusal(vera.get("/api/readiness/topic?name=weather")) == (404, "not_found")
    assert refusal(shop.browser("anna").get("/api/readiness")) == (403, "forbidden")
    assert refusal(shop.browser("anna").post("/api/readiness/hold?name=returns")) == (403, "forbidden")
    assert refusal(shop.browser().get("/api/readiness")) == (401, "not_logged_in")


def test_a_topic_is_allowed(store: Store) -> None:
    governed = GovernedShop(store)
    governed.prove()
    shop = WebShop(store, clock=governed.clock)
    shop.readiness = governed.readiness
    vera = shop.browser("vera")
    allowed = vera.post("/api/readiness/allow?name=returns").json()
    assert (allowed["state"], allowed["threshold"]) == ("autopilot", 0.6)
    assert allowed["coverage"] == 1.0
    assert 0.6 < allowed["low"] < allowed["high"] == 1.0
