"""Explain each suggestion's rank and confidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from kb_index import Hit, Weights
from kb_index.search import questions_of
from kb_index.text import normalize
from nlu.reader import TextReader, Utterance
from prompter.domain.triage import Suggestion, Triage
from prompter.suggestions.assistant import AssistantState, TriageTrace
from prompter.suggestions.confidence import FEATURES, features
from prompter.suggestions.ranking_weights import SIGNALS

_NAMES = Weights.STORED_NAMES  # the API names the signals as saved models do
LANGUAGE = _NAMES["weight_language"]
_EXPLAINED = 3  # suggestions
_CONFIRMED = 3  # judged texts that are shown for each


@dataclass(frozen=True, kw_only=True)
class Part:
    """The contribution of one signal or feature: its value times its weight."""

    name: str
    value: float
    weight: float
    points: float


@dataclass(frozen=True, kw_only=True)
class NearText:
    """A text and its similarity: cosine, 1.0 is identical."""

    text: str = field(repr=False)
    similarity: float


@dataclass(frozen=True, kw_only=True)
class ExplainedSuggestion:
    """A suggestion with the contributions to its rank and confidence.

    `relevance` is the sum of the points of `ranked_by`. `probability` is P(this one is right | one of
    those found is right). The confidence's log-odds are the sum of the points of `sure_by`.
    """

    suggestion: Suggestion
    relevance: float
    probability: float
    ranked_by: tuple[Part, ...]
    sure_by: tuple[Part, ...]
    nearest: NearText  # of question and phrasings
    shared_words: tuple[str, ...]  # with that text
    confirmed: tuple[NearText, ...]  # judged texts near the question for which it is right, nearest first


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The assistant's triage of a text, explained. `read_as` is the text after cleaning and correcting."""

    read_as: str
    triage: Triage
    in_scope: float | None  # probability; None: unknown
    suggestions: tuple[ExplainedSuggestion, ...]


def explain(trace: TriageTrace) -> Explanation:
    """Explain the first suggestions of a triage."""
    in_scope = trace.intent.in_scope if trace.intent else None
    return Explanation(
        read_as=trace.utterance.text,
        triage=trace.triage,
        in_scope=in_scope,
        suggestions=tuple(
            _explain(hit, suggestion, trace.utterance, trace.knowledge, in_scope)
            for hit, suggestion in zip(trace.hits[:_EXPLAINED], trace.suggestions, strict=False)
        ),
    )


def _explain(
    hit: Hit,
    suggestion: Suggestion,
    utterance: Utterance,
    knowledge: AssistantState,
    in_scope: float | None,
) -> ExplainedSuggestion:
    weights: Weights = knowledge.learned.weights if knowledge.learned else knowledge.search.config
    parts = [
        Part(
            name=_NAMES[name],
            value=getattr(hit, signal),
            weight=getattr(weights, name),
            points=getattr(hit, signal) * getattr(weights, name),
        )
        for name, signal in SIGNALS.items()
    ]
    rest = hit.relevance - sum(part.points for part in parts)  # the part of no signal is the language
    is_same = abs(rest) > 1e-3
    parts.append(Part(name=LANGUAGE, value=float(is_same), weight=weights.weight_language, points=rest))
    nearest = _nearest(hit, utterance, knowledge.reader)
    asked = set(normalize(utterance.text).split())
    return ExplainedSuggestion(
        suggestion=suggestion,
        relevance=hit.relevance,
        probability=hit.probability,
        ranked_by=tuple(parts),
        sure_by=_confidence_parts(hit, knowledge, in_scope),
        nearest=nearest,
        shared_words=tuple(dict.fromkeys(word for word in normalize(nearest.text).split() if word in asked)),
        confirmed=_confirming_texts(hit, utterance, knowledge),
    )


def _confidence_parts(hit: Hit, knowledge: AssistantState, in_scope: float | None) -> tuple[Part, ...]:
    values = features(hit, in_scope=in_scope)
    coefficients = [getattr(knowledge.confidence, field_.name) for field_ in fields(knowledge.confidence)]
    return tuple(
        Part(name=name, value=value, weight=weight, points=value * weight)
        for name, value, weight in zip(FEATURES, values, coefficients, strict=True)
    )


def _nearest(hit: Hit, utterance: Utterance, reader: TextReader) -> NearText:
    """Return the question or phrasing nearest to the utterance, as its author wrote it."""
    plain = reader.with_corrector(None)  # articles' typos are not corrected
    texts: Sequence[str] = (hit.article.question, *hit.article.phrasings)
    cleaned = questions_of(hit.article, plain)
    cosines = plain.encode(cleaned, kind="query") @ utterance.vector
    best = int(cosines.argmax())
    written = next((text for text in texts if plain.clean(text) == cleaned[best]), cleaned[best])
    return NearText(text=written, similarity=float(cosines[best]))


def _confirming_texts(hit: Hit, utterance: Utterance, knowledge: AssistantState) -> tuple[NearText, ...]:
    """Return the judged texts for this article that vote on it."""
    judged = knowledge.learned.judged if knowledge.learned else None
    if judged is None:
        return ()
    numbers = [
        number
        for number in judged.find_nearest(
            utterance.vector, knowledge.search.config.judged_neighbours
        ).tolist()
        if hit.article.id in judged.texts[number].right
    ][:_CONFIRMED]
    cosines = judged.vectors()[numbers] @ utterance.vector if numbers else ()
    return tuple(
        NearText(text=judged.texts[number].text, similarity=float(cosine))
        for number, cosine in zip(numbers, cosines, strict=True)
    )
