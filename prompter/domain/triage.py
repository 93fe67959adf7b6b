"""The conclusions about a turn. Values only."""

from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """The route of a turn: the bot answers alone, or an operator does."""

    AUTOPILOT = "autopilot"  # the bot answers alone
    SUGGEST = "suggest"  # an operator answers, with useful suggestions
    HANDOFF = "handoff"  # an operator answers without suggestions


class HandoffReason(StrEnum):
    """The reason why the bot does not answer alone."""

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
    MEDIA = "media"  # with a picture, voice message or file, which models cannot read
    EDITED = "edited"  # the customer has changed a question after its answer
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
    """The assistant's conclusions about one turn. `suggestions` are ranked, best first."""

    utterance: str
    intent: str | None
    intent_confidence: float  # calibrated probability of `intent`; 0.0 if that is None
    suggestions: tuple[Suggestion, ...]
    route: Route
    handoff_reason: HandoffReason | None  # None only if route is AUTOPILOT
    model_version: str

    @property
    def is_held_back(self) -> bool:
        """True if the bot would not answer alone even at full confidence and with a ready topic."""
        cannot = self.route is Route.HANDOFF or not self.suggestions
        return cannot or self.handoff_reason not in _ONLY_NOT_YET
