"""What we concluded about a turn: values only."""

from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """Who answers the turn."""

    AUTOPILOT = "autopilot"  # the bot answers alone
    SUGGEST = "suggest"  # the operator answers, with suggestions worth reading
    HANDOFF = "handoff"  # the operator answers without our help


class HandoffReason(StrEnum):
    """Why the bot does not answer alone."""

    LOW_CONFIDENCE = "low_confidence"
    AMBIGUOUS = "ambiguous"
    OUT_OF_SCOPE = "out_of_scope"
    NO_ARTICLE = "no_article"
    CUSTOMER_REQUEST = "customer_request"
    COMPLAINT = "complaint"
    OPERATOR_ACTIVE = "operator_active"
    TOPIC_NOT_READY = "topic_not_ready"
    ARTICLE_CHANGED = "article_changed"
    ARTICLE_EXPIRED = "article_expired"
    MEDIA = "media"
    ENGINE_DOWN = "engine_down"
    POLICY = "policy"


_ONLY_NOT_YET = (None, HandoffReason.LOW_CONFIDENCE, HandoffReason.TOPIC_NOT_READY)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An offered answer.

    `confidence` is the calibrated probability that this suggestion is right; `similarity` is the
    cosine of the utterance and the article's nearest text (1.0 is identical). `answer` still holds
    its template fields.
    """

    article_id: str
    question: str
    answer: str
    topic: str
    language: str
    similarity: float
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Triage:
    """What the assistant concluded about one turn; `suggestions` are ranked, best first."""

    utterance: str
    intent: str | None
    intent_confidence: float  # calibrated probability of `intent`; 0.0 where it is None
    suggestions: tuple[Suggestion, ...]
    route: Route
    handoff_reason: HandoffReason | None  # None only where route is AUTOPILOT
    model_version: str

    @property
    def is_held_back(self) -> bool:
        """Whether the bot would not answer alone, were it as sure as can be and the topic ready."""
        cannot = self.route is Route.HANDOFF or not self.suggestions
        return cannot or self.handoff_reason not in _ONLY_NOT_YET
