"""Learning, model versions and pinned cases are managed over HTTP."""

import json

import pytest
from sqlalchemy import text

from nlu.errors import IncompatibleModel
from prompter.desk.decision import Action
from prompter.domain.evidence import RejectReason
from prompter.domain.gate_record import GateRecord
from prompter.domain.model_version import ActivationReason, Origin
from prompter.models.registry import Versions
from tests.web_shop import WebShop, refusal


def with_versions(shop: WebShop, *names: str) -> None:
    for number, name in enumerate(names):
        shop.versions.add(name, made=Origin.LEARN, model="m", parent=None)
        shop.versions.use(name, after=number, reason=ActivationReason.GATE)


def test_a_supervisor_has_the_bot_learn_once(shop: WebShop) -> None:
    vera = shop.browser("vera")
    assert vera.get("/api/learning").json() == []
    asked = vera.post("/api/learning")
    assert asked.status_code == 202
    assert (asked.json()["state"], asked.json()["asked_by"]) == ("waiting", "vera")
    assert vera.post("/api/learning").json()["id"] == asked.json()["id"]
    assert [job["id"] for job in vera.get("/api/learning").json()] == [asked.json()["id"]]


def test_versions_are_promoted_and_rolled_back(shop: WebShop) -> None:
    vera = shop.browser("vera")
    assert refusal(vera.post("/api/models/rollback")) == (409, "nothing_before")
    with_versions(shop, "v1", "v2")
    shown = {model["id"]: model for model in vera.get("/api/models").json()}
    assert {name: model["is_used"] for name, model in shown.items()} == {"v1": False, "v2": True}
    assert vera.post("/api/models/rollback").status_code == 200
    assert vera.post("/api/models/v2/promote", json={}).status_code == 200
    shown = {model["id"]: model for model in vera.get("/api/models").json()}
    assert [(use["reason"], use["account_name"]) for use in shown["v2"]["uses"]] == [
        ("gate", None),
        ("promoted", "vera"),
    ]
    assert [(use["reason"], use["account_name"]) for use in shown["v1"]["uses"]] == [
        ("gate", None),
        ("rollback", "vera"),
    ]
    assert refusal(vera.post("/api/models/nothing/promote", json={})) == (404, "not_found")
    shop.versions.add("v3", made=Origin.LEARN, model="m", parent="v2")
    shop.versions.refuse("v3", GateRecord(refused="worse"))
    assert refusal(vera.post("/api/models/v3/promote", json={})) == (409, "cannot_use")
    assert vera.post("/api/models/v3/promote", json={"anyway": True}).status_code == 200


def test_a_damaged_version_is_not_used(shop: WebShop) -> None:
    def check(version_id: str) -> None:
        raise IncompatibleModel(f"{version_id}: was changed by hand")

    with_versions(shop, "v1", "v2")
    app = shop.build(versions=Versions(shop.store, check=check, clock=shop.clock))
    vera = shop.browser("vera", app=app)
    for request in ("/api/models/v1/promote", "/api/models/rollback"):
        answer = vera.post(request, json={})
        assert refusal(answer) == (409, "cannot_use")
        assert "changed by hand" in answer.json()["message"]


def test_questions_are_pinned_and_let_go(shop: WebShop) -> None:
    vera = shop.browser("vera")
    assert (
        vera.post("/api/pins", json={"text": "где мой заказ", "article_id": "order-where"}).status_code == 201
    )
    (pinned,) = vera.get("/api/pins").json()
    assert (pinned["text"], pinned["article_id"], pinned["pinned_by"]) == (
        "где мой заказ",
        "order-where",
        "vera",
    )
    assert refusal(vera.post("/api/pins", json={"text": "где", "article_id": "none"})) == (404, "not_found")
    assert refusal(vera.post("/api/pins", json={"text": " ", "article_id": "order-where"}))[0] == 422
    assert vera.delete(f"/api/pins/{pinned['id']}").status_code == 200
    assert refusal(vera.delete(f"/api/pins/{pinned['id']}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/api/learning"),
        ("POST", "/api/learning"),
        ("GET", "/api/models"),
        ("POST", "/api/models/rollback"),
        ("POST", "/api/models/v1/promote"),
        ("GET", "/api/pins"),
        ("POST", "/api/pins"),
        ("DELETE", "/api/pins/1"),
        ("GET", "/api/disagreements"),
    ],
)
def test_operators_may_not(shop: WebShop, method: str, address: str) -> None:
    body = {"text": "где", "article_id": "order-where"} if method == "POST" and "pins" in address else {}
    answer = shop.browser("anna").request(method, address, json=body if method == "POST" else None)
    assert refusal(answer) == (403, "forbidden")


def test_where_people_disagree(shop: WebShop) -> None:
    shop.chat = ""

    def decide(asked: str, action: Action, operator: str, **fields: object) -> None:
        shop.decide(shop.ask(asked), action, by=operator, **fields)

    shop.clock.forward(10)
    decide("где мой заказ", Action.ACCEPT, "anna", rank=1)
    shop.clock.forward(10)
    decide("Где мой заказ?", Action.PICK_OTHER, "boris", article_id="order-cancel")
    for number in range(6):
        if number % 2:
            decide("как отменить заказ", Action.EDIT, "anna", rank=1, text=f"Нажмите {number} раз.")
        else:
            decide("как отменить заказ", Action.ACCEPT, "anna", rank=1)
    decide("отменить заказ как", Action.REJECT, "boris", reason=RejectReason.OUTDATED)
    found = shop.browser("vera").get("/api/disagreements").json()
    (question,) = found["questions"]
    assert question["text"] == "Где мой заказ?"
    assert [(opinion["operator"], opinion["right"]) for opinion in question["opinions"]] == [
        ("boris", "order-cancel"),
        ("anna", "order-where"),
    ]
    assert found["articles"] == [
        {"article_id": "order-cancel", "question": "Как отменить заказ", "n_used": 8, "n_changed": 4}
    ]
    assert found["names"]["order-where"] == "Где мой заказ"


def test_rows_of_before_are_shown_as_they_stand(shop: WebShop) -> None:
    """The API returns a version, a job and a change as the JSON in their rows."""
    report = {"figures": {"p_at_1": 0.8, "won": 1}, "refused": None, "topics": [{"name": "returns"}]}
    outcome = {"result": "nothing_new", "n_new": 3}
    facts = {"answers_from": None, "audited": 13, "wrong_turns": [1]}
    at = "2026-01-02 03:04:05.000000"
    shop.readiness.run_once("m")
    rows: dict[str, dict[str, object]] = {
        "model_versions": {
            "id": "v1", "created_at": at, "reason": "learn", "state": "refused", "model": "m",
            "report": json.dumps(report), "changed_at": at,
        },
        "jobs": {
            "kind": "learn", "state": "done", "asked_at": at, "ended_at": at, "step": "", "done": 0,
            "outcome": json.dumps(outcome),
        },
        "readiness_events": {
            "name": "returns", "at": at, "state": "demoted", "reason": "slipped", "facts": json.dumps(facts),
        },
    }  # fmt: skip
    with shop.store._engine.begin() as connection:
        for table, row in rows.items():
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"insert into {table} ({names}) values ({values})"), row)  # noqa: S608
    vera = shop.browser("vera")
    (version,) = vera.get("/api/models").json()
    assert version["report"] == report
    (job,) = vera.get("/api/learning").json()
    assert job["outcome"] == outcome
    topic = vera.get("/api/readiness/topic", params={"name": "returns"}).json()
    assert topic["events"][0]["facts"] == facts
