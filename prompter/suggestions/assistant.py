"""Suggest answers: models and index together, without a database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from kb_index import ArticleSearch, Found, Hit, IndexNotBuilt
from nlu.intent_model import IntentModel, IntentPrediction
from nlu.reader import TextReader, Utterance
from nlu.text import detect_language, looks_empty
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.suggestions import routing
from prompter.suggestions.confidence import ConfidenceModel
from prompter.suggestions.ranker_training import RankerState
from prompter.suggestions.routing import Thresholds

_LOOKED_AT = 10  # hits that the rules see; operators see fewer


def _today() -> date:
    return datetime.now(tz=UTC).date()


@dataclass(frozen=True, kw_only=True)
class AssistantState:
    """The assistant's knowledge at one moment, replaced as a whole."""

    reader: TextReader  # for customers' texts
    search: ArticleSearch
    intents: IntentModel | None  # None: there is no training data
    confidence: ConfidenceModel
    thresholds: Thresholds
    show_at: float  # no suggestion below this confidence is shown
    version: str  # equal versions give equal answers
    model: str  # id of ranking and confidence, without the articles: readiness is tested for it
    training_cutoff: datetime | None = None  # end of its training verdicts; None: it has learned from none
    learned: RankerState | None = None  # from people's verdicts; None: none yet


@dataclass(frozen=True, kw_only=True)
class TriageTrace:
    """A triage with all of its inputs, computed once and from one state of knowledge.

    `hits` and `suggestions` correspond, best first, up to ten, however improbable. If nothing of the
    text was left to understand, both are empty, and `intent` and `signals` are None.
    """

    triage: Triage
    knowledge: AssistantState
    utterance: Utterance
    hits: tuple[Hit, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    intent: IntentPrediction | None = None  # of our own classifier; None: there is none
    signals: routing.RoutingInputs | None = None  # inputs of the routing rules


class Assistant:
    """Suggests answers and the route of a turn. It does not know which topics may answer alone.

    Thread-safe. An utterance is encoded once. At most `max_suggestions` are offered. `parse` is an
    external parser: probabilities of intents, best first. If it returns any, they determine the
    customer's intent, while the confidence of suggestions stays our own.
    """

    def __init__(
        self,
        *,
        knowledge: AssistantState,
        max_suggestions: int,
        parse: Callable[[str], Mapping[str, float]] | None = None,
        today: Callable[[], date] = _today,
    ) -> None:
        self._knowledge = knowledge
        self._parse = parse
        self._max_suggestions = max_suggestions
        self._today = today

    @property
    def knowledge(self) -> AssistantState:
        return self._knowledge

    def replace_knowledge(self, knowledge: AssistantState) -> None:
        """Answer with this state from now on. Running calls finish with the state they began with."""
        self._knowledge = knowledge

    def without_external_parser(self) -> "Assistant":
        """Return a copy without the external parser.

        Use it for requests from that parser, which would otherwise wait for itself.
        """
        return Assistant(knowledge=self._knowledge, max_suggestions=self._max_suggestions, today=self._today)

    def suggest(self, text: str) -> tuple[Suggestion, ...]:
        """Rank answers to `text`, best first: up to ten, however improbable."""
        knowledge = self._knowledge
        utterance = knowledge.reader.read(text)
        if looks_empty(utterance.text):
            return ()
        found = self._find(utterance, knowledge)
        intent = _intent(utterance, knowledge)
        return tuple(_suggestion(hit, intent, knowledge) for hit in found.hits)

    def triage(self, text: str) -> Triage:
        """Return suggestions, the route and its reason."""
        return self.trace(text).triage

    def trace(self, text: str) -> TriageTrace:
        """Triage a text, and return the inputs with the result."""
        knowledge = self._knowledge
        utterance = knowledge.reader.read(text)
        if looks_empty(utterance.text):
            triage = _nothing_to_understand(text, knowledge.version)
            return TriageTrace(triage=triage, knowledge=knowledge, utterance=utterance)
        found = self._find(utterance, knowledge)
        intent = _intent(utterance, knowledge)
        suggestions = tuple(_suggestion(hit, intent, knowledge) for hit in found.hits)
        meant = _read_intent(self._parse(text) if self._parse else {}, knowledge.intents, intent)
        signals = routing.RoutingInputs(
            is_empty=False,
            intent=meant.intent,
            control=meant.control,
            in_scope=intent.in_scope if intent else 1.0,
            candidates=[
                routing.Candidate(topic=suggestion.topic, confidence=suggestion.confidence)
                for suggestion in suggestions
            ],
            expired_confidence=_confidence(found.expired, intent, knowledge) if found.expired else 0.0,
        )
        route, reason = routing.route(signals, knowledge.thresholds)
        triage = Triage(
            utterance=text,
            intent=meant.intent,
            intent_confidence=meant.confidence,
            suggestions=tuple(
                suggestion
                for suggestion in suggestions[: self._max_suggestions]
                if suggestion.confidence >= knowledge.show_at
            ),
            route=route,
            handoff_reason=reason,
            model_version=knowledge.version,
        )
        return TriageTrace(
            triage=triage,
            knowledge=knowledge,
            utterance=utterance,
            hits=found.hits,
            suggestions=suggestions,
            intent=intent,
            signals=signals,
        )

    def _find(self, utterance: Utterance, knowledge: AssistantState) -> Found:
        """Search for articles with one state of knowledge."""
        learned = knowledge.learned
        try:
            return knowledge.search.search(
                utterance,
                _LOOKED_AT,
                on=self._today(),
                language=detect_language(utterance.text),
                judged=learned.judged if learned else None,
                weights=learned.weights if learned else None,
            )
        except IndexNotBuilt:
            return Found(hits=(), expired=None)  # a team may start without a knowledge base


@dataclass(frozen=True, kw_only=True)
class _IntentReading:
    """The customer's intent. `control` gives the probability by reason that a human is needed."""

    intent: str | None
    confidence: float
    control: Mapping[HandoffReason, float]


def _read_intent(
    parsed: Mapping[str, float], model: IntentModel | None, intent: IntentPrediction | None
) -> _IntentReading:
    if parsed:
        best = next(iter(parsed))
        return _IntentReading(intent=best, confidence=parsed[best], control=_control(parsed))
    if model is None or intent is None:
        return _IntentReading(intent=None, confidence=0.0, control={})
    predicted = zip(model.classes, (intent.probabilities * intent.in_scope).tolist(), strict=True)
    return _IntentReading(
        intent=intent.intent,
        confidence=intent.confidence * intent.in_scope,
        control=_control(dict(predicted)),
    )


def _confidence(hit: Hit, intent: IntentPrediction | None, knowledge: AssistantState) -> float:
    return knowledge.confidence.confidence(hit, in_scope=intent.in_scope if intent else None)


def _suggestion(hit: Hit, intent: IntentPrediction | None, knowledge: AssistantState) -> Suggestion:
    return Suggestion(
        article_id=hit.article.id,
        question=hit.article.question,
        answer=hit.article.answer,
        topic=hit.article.topic,
        language=hit.article.language,
        similarity=hit.similarity,
        confidence=_confidence(hit, intent, knowledge),
    )


def _intent(utterance: Utterance, knowledge: AssistantState) -> IntentPrediction | None:
    return knowledge.intents.predict(utterance.vector, utterance.grams) if knowledge.intents else None


def _control(intents: Mapping[str, float]) -> dict[HandoffReason, float]:
    """Add up the probabilities of intents that need a human for the same reason."""
    total: dict[HandoffReason, float] = {}
    for name, probability in intents.items():
        reason = routing.CONTROL_INTENTS.get(name)
        if reason is not None:
            total[reason] = total.get(reason, 0.0) + probability
    return total


def _nothing_to_understand(text: str, version: str) -> Triage:
    return Triage(
        utterance=text,
        intent=None,
        intent_confidence=0.0,
        suggestions=(),
        route=Route.HANDOFF,
        handoff_reason=HandoffReason.OUT_OF_SCOPE,
        model_version=version,
    )
