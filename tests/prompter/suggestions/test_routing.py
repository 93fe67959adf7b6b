from dataclasses import replace

import pytest

from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.suggestions.routing import (
    AutopilotContext,
    Candidate,
    RoutingInputs,
    Thresholds,
    answer_alone,
    route,
)

THRESHOLDS = Thresholds(control_at=0.5, suggest_at=0.25, ambiguous_from=0.33, in_scope_at=0.5)


def signals(**changes: object) -> RoutingInputs:
    sure = {
        "is_empty": False,
        "intent": "topic:returns",
        "control": {},
        "in_scope": 0.9,
        "candidates": [Candidate(topic="returns", confidence=0.95)],
        "expired_confidence": 0.0,
    }
    return RoutingInputs(**{**sure, **changes})  # type: ignore[arg-type]


def candidates(*confidences: tuple[str, float]) -> list[Candidate]:
    return [Candidate(topic=topic, confidence=confidence) for topic, confidence in confidences]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)),
        (
            {"candidates": candidates(("returns", 0.26))},
            (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY),
        ),
        ({"candidates": candidates(("returns", 0.24))}, (Route.HANDOFF, HandoffReason.LOW_CONFIDENCE)),
        (
            {"candidates": candidates(("returns", 0.24)), "in_scope": 0.4},
            (Route.HANDOFF, HandoffReason.OUT_OF_SCOPE),
        ),
        (
            {"candidates": candidates(("returns", 0.24)), "intent": "greeting"},
            (Route.HANDOFF, HandoffReason.NO_ARTICLE),
        ),
        ({"candidates": []}, (Route.HANDOFF, HandoffReason.NO_ARTICLE)),
        (
            {"candidates": candidates(("returns", 0.95), ("orders", 0.5))},
            (Route.SUGGEST, HandoffReason.AMBIGUOUS),
        ),
        (
            {"candidates": candidates(("returns", 0.95), ("orders", 0.4))},
            (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY),
        ),
        (
            {"candidates": candidates(("returns", 0.95), ("returns", 0.9))},
            (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY),
        ),
        (
            {"candidates": candidates(("returns", 0.3), ("returns", 0.2), ("orders", 0.16))},
            (Route.SUGGEST, HandoffReason.AMBIGUOUS),
        ),
        (
            {"control": {HandoffReason.CUSTOMER_REQUEST: 0.6, HandoffReason.COMPLAINT: 0.3}},
            (Route.HANDOFF, HandoffReason.CUSTOMER_REQUEST),
        ),
        ({"control": {HandoffReason.COMPLAINT: 0.5}}, (Route.HANDOFF, HandoffReason.COMPLAINT)),
        ({"control": {HandoffReason.COMPLAINT: 0.49}}, (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)),
        ({"expired_confidence": 0.96}, (Route.HANDOFF, HandoffReason.ARTICLE_EXPIRED)),
        ({"expired_confidence": 0.94}, (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)),
        (
            {"expired_confidence": 0.3, "candidates": []},
            (Route.HANDOFF, HandoffReason.ARTICLE_EXPIRED),
        ),
        ({"is_empty": True}, (Route.HANDOFF, HandoffReason.OUT_OF_SCOPE)),
    ],
)
def test_route(changes: dict[str, object], expected: tuple[Route, HandoffReason | None]) -> None:
    assert route(signals(**changes), THRESHOLDS) == expected


CALM = AutopilotContext(operator_active=False, answers_in_a_row=0, article_changed=False, is_complete=True)
SURE = Suggestion(
    article_id="a", question="q", answer="a", topic="returns", language="ru", similarity=0.9, confidence=0.92
)
TRIAGE = Triage(
    utterance="q",
    intent="topic:returns",
    intent_confidence=0.9,
    suggestions=(SURE,),
    route=Route.SUGGEST,
    handoff_reason=HandoffReason.TOPIC_NOT_READY,
    model_version="1",
)


@pytest.mark.parametrize(
    ("threshold", "context", "expected"),
    [
        (0.9, CALM, None),
        (0.92, CALM, None),
        (0.93, CALM, HandoffReason.LOW_CONFIDENCE),
        (None, CALM, HandoffReason.TOPIC_NOT_READY),
        (0.9, replace(CALM, operator_active=True), HandoffReason.OPERATOR_ACTIVE),
        (None, replace(CALM, operator_active=True), HandoffReason.OPERATOR_ACTIVE),
        (0.9, replace(CALM, answers_in_a_row=2), None),
        (0.9, replace(CALM, answers_in_a_row=3), HandoffReason.POLICY),
        (0.9, replace(CALM, is_complete=False), HandoffReason.POLICY),
        (0.9, replace(CALM, article_changed=True), HandoffReason.ARTICLE_CHANGED),
    ],
)
def test_what_holds_a_ready_topic_back(
    threshold: float | None, context: AutopilotContext, expected: HandoffReason | None
) -> None:
    routed = answer_alone(TRIAGE, threshold=threshold, context=context, max_consecutive_answers=3)
    assert routed.handoff_reason is expected
    assert routed.route is (Route.AUTOPILOT if expected is None else Route.SUGGEST)


@pytest.mark.parametrize(
    "reason",
    [
        handoff_reason
        for handoff_reason in HandoffReason
        if handoff_reason is not HandoffReason.TOPIC_NOT_READY
    ],
)
def test_every_other_reason_holds_the_bot_back_whatever_is_ready(reason: HandoffReason) -> None:
    held = replace(TRIAGE, handoff_reason=reason)
    assert answer_alone(held, threshold=0.1, context=CALM, max_consecutive_answers=3) == held
