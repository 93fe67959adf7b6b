"""Route a turn, with the reason why the bot does not answer alone. Rules only: no model, clock, database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prompter.domain.triage import HandoffReason, Route, Triage

CONTROL_INTENTS: Mapping[str, HandoffReason] = {
    "handoff_request": HandoffReason.CUSTOMER_REQUEST,
    "complaint": HandoffReason.COMPLAINT,
    "swearing": HandoffReason.COMPLAINT,
}


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Probabilities from which the rules apply."""

    control_at: float  # an intent that needs a human
    suggest_at: float  # a suggestion worth an operator's time
    ambiguous_from: float  # P(another topic's suggestion is right | it or the first one is)
    in_scope_at: float  # below it an unanswered utterance counts as out of scope


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The part of a suggestion that the rules use."""

    topic: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class RoutingInputs:
    """The inputs of the rules. `candidates` are ordered best first, and probabilities are calibrated."""

    is_empty: bool  # nothing of the text was left to understand
    intent: str | None
    control: Mapping[HandoffReason, float]  # P(the customer wants something that needs a human), by reason
    in_scope: float  # P(some known intent is meant)
    candidates: Sequence[Candidate]
    expired_confidence: float  # of an expired article that would come first; 0.0: there is none


def route(signals: RoutingInputs, thresholds: Thresholds) -> tuple[Route, HandoffReason]:
    """Apply the first matching rule. `TOPIC_NOT_READY` means that nothing else holds the bot back."""
    if signals.is_empty:
        return Route.HANDOFF, HandoffReason.OUT_OF_SCOPE
    control = max(signals.control, key=lambda reason: signals.control[reason], default=None)
    if control is not None and signals.control[control] >= thresholds.control_at:
        return Route.HANDOFF, control
    best = signals.candidates[0] if signals.candidates else None
    best_confidence = best.confidence if best else 0.0
    if signals.expired_confidence >= max(thresholds.suggest_at, best_confidence):
        return Route.HANDOFF, HandoffReason.ARTICLE_EXPIRED
    if best is None:
        return Route.HANDOFF, HandoffReason.NO_ARTICLE
    if best_confidence < thresholds.suggest_at:
        return Route.HANDOFF, _handoff_reason(signals, thresholds)
    other_confidence = _other_topic(signals.candidates)
    if other_confidence >= thresholds.ambiguous_from * (best_confidence + other_confidence):
        return Route.SUGGEST, HandoffReason.AMBIGUOUS
    return Route.SUGGEST, HandoffReason.TOPIC_NOT_READY


@dataclass(frozen=True, kw_only=True)
class AutopilotContext:
    """Reasons against an automated reply although the suggestion may be right."""

    operator_active: bool  # an operator has just written to this customer, or has a turn of theirs to answer
    answers_in_a_row: int  # automated replies to this customer since an operator wrote
    article_changed: bool  # its answer differs from the one that was judged
    is_complete: bool  # all template fields are filled in


def answer_alone(
    triage: Triage, *, threshold: float | None, context: AutopilotContext, max_consecutive_answers: int
) -> Triage:
    """Let the bot answer, or return the reason why it may not.

    `threshold` is the confidence from which the topic answers alone, or None if it does not.
    """
    if triage.handoff_reason is not HandoffReason.TOPIC_NOT_READY or not triage.suggestions:
        return triage
    reason: HandoffReason | None = None
    if context.operator_active:
        reason = HandoffReason.OPERATOR_ACTIVE
    elif context.answers_in_a_row >= max_consecutive_answers or not context.is_complete:
        reason = HandoffReason.POLICY
    elif context.article_changed:
        reason = HandoffReason.ARTICLE_CHANGED
    elif threshold is None:
        reason = HandoffReason.TOPIC_NOT_READY
    elif triage.suggestions[0].confidence < threshold:
        reason = HandoffReason.LOW_CONFIDENCE
    route = Route.AUTOPILOT if reason is None else triage.route
    return replace(triage, route=route, handoff_reason=reason)


def _handoff_reason(signals: RoutingInputs, thresholds: Thresholds) -> HandoffReason:
    if signals.in_scope < thresholds.in_scope_at:
        return HandoffReason.OUT_OF_SCOPE
    if signals.intent is not None and not signals.intent.startswith("topic:"):
        return HandoffReason.NO_ARTICLE  # understood, such as a greeting, but without an answer
    return HandoffReason.LOW_CONFIDENCE


def _other_topic(candidates: Sequence[Candidate]) -> float:
    """Return the best confidence among the candidates of other topics than the first one's."""
    return max(
        (candidate.confidence for candidate in candidates if candidate.topic != candidates[0].topic),
        default=0.0,
    )
