import pytest

from prompter.policy import Candidate, Signals, Thresholds, route
from prompter.triage import HandoffReason, Route

THRESHOLDS = Thresholds(control_at=0.5, suggest_at=0.25, answer_at=0.9, ambiguous_from=0.33, in_scope_at=0.5)


def signals(**changes: object) -> Signals:
    sure = {
        "is_empty": False,
        "intent": "topic:returns",
        "control": {},
        "in_scope": 0.9,
        "candidates": [Candidate(topic="returns", confidence=0.95)],
        "expired_confidence": 0.0,
        "ready_topics": frozenset({"returns"}),
    }
    return Signals(**{**sure, **changes})  # type: ignore[arg-type]


def offered(*confidences: tuple[str, float]) -> list[Candidate]:
    return [Candidate(topic=topic, confidence=confidence) for topic, confidence in confidences]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (Route.AUTOPILOT, None)),
        ({"ready_topics": frozenset()}, (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)),
        ({"candidates": offered(("returns", 0.89))}, (Route.SUGGEST, HandoffReason.LOW_CONFIDENCE)),
        ({"candidates": offered(("returns", 0.24))}, (Route.HANDOFF, HandoffReason.LOW_CONFIDENCE)),
        (
            {"candidates": offered(("returns", 0.24)), "in_scope": 0.4},
            (Route.HANDOFF, HandoffReason.OUT_OF_SCOPE),
        ),
        (
            {"candidates": offered(("returns", 0.24)), "intent": "greeting"},
            (Route.HANDOFF, HandoffReason.NO_ARTICLE),
        ),
        ({"candidates": []}, (Route.HANDOFF, HandoffReason.NO_ARTICLE)),
        (
            {"candidates": offered(("returns", 0.95), ("orders", 0.5))},
            (Route.SUGGEST, HandoffReason.AMBIGUOUS),
        ),
        ({"candidates": offered(("returns", 0.95), ("orders", 0.4))}, (Route.AUTOPILOT, None)),
        ({"candidates": offered(("returns", 0.95), ("returns", 0.9))}, (Route.AUTOPILOT, None)),
        (
            {"candidates": offered(("returns", 0.3), ("returns", 0.2), ("orders", 0.16))},
            (Route.SUGGEST, HandoffReason.AMBIGUOUS),
        ),
        (
            {"control": {HandoffReason.CUSTOMER_REQUEST: 0.6, HandoffReason.COMPLAINT: 0.3}},
            (Route.HANDOFF, HandoffReason.CUSTOMER_REQUEST),
        ),
        ({"control": {HandoffReason.COMPLAINT: 0.5}}, (Route.HANDOFF, HandoffReason.COMPLAINT)),
        ({"control": {HandoffReason.COMPLAINT: 0.49}}, (Route.AUTOPILOT, None)),
        ({"expired_confidence": 0.96}, (Route.HANDOFF, HandoffReason.ARTICLE_EXPIRED)),
        ({"expired_confidence": 0.94}, (Route.AUTOPILOT, None)),
        (
            {"expired_confidence": 0.3, "candidates": []},
            (Route.HANDOFF, HandoffReason.ARTICLE_EXPIRED),
        ),
        ({"is_empty": True}, (Route.HANDOFF, HandoffReason.OUT_OF_SCOPE)),
    ],
)
def test_route(changes: dict[str, object], expected: tuple[Route, HandoffReason | None]) -> None:
    assert route(signals(**changes), THRESHOLDS) == expected
