"""Adapters that present the product's own parts to `evaluation`."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from evaluation.intents import Guess
from evaluation.rows import Case
from kb_index import Article, LabeledText
from nlu.classifier import IntentClassifier
from nlu.encoders.encoder import Encoder
from nlu.intent_model import IntentModel
from nlu.reader import TextReader
from nlu.respelling.typos import Corrector
from prompter.domain.triage import Suggestion
from prompter.models import builder
from prompter.suggestions.assistant import AssistantState
from sufler.settings import Settings


class EvaluatedClassifier:
    """Adapts the product's intent classifier for `sufler evaluate intents`."""

    def __init__(self, settings: Settings, encoder: Encoder, *, seed: int = 0) -> None:
        chosen = builder.classifier_settings(settings.models)
        self._classifier = IntentClassifier(encoder, seed=seed, **chosen)
        self._reader = TextReader(encoder)
        self.threshold = settings.routing.in_scope_at

    def fit(self, texts: Sequence[str], intents: Sequence[str], out_of_scope: Sequence[str]) -> None:
        self._classifier.fit(texts, intents, outside=out_of_scope)
        self._reader = self._reader.with_corrector(Corrector.of(chain(texts, out_of_scope)))

    def guess(self, texts: Sequence[str]) -> list[Guess]:
        model: IntentModel = self._classifier.model_
        reader = self._reader
        cleaned = [reader.clean(text) for text in texts]
        vectors, guesses = reader.encode(cleaned, kind="query"), []
        for text, vector in zip(cleaned, vectors, strict=True):
            prediction = model.predict(vector, reader.analyze([text]))
            guesses.append(
                Guess(
                    intent=prediction.intent,
                    confidence=prediction.confidence,
                    in_scope=prediction.in_scope,
                )
            )
        return guesses


class EvaluatedAssistant:
    """Adapts the product's assistant for `sufler evaluate`. `advance(1)` is called after each answer."""

    def __init__(
        self,
        settings: Settings,
        articles: Iterable[Article],
        encoder: Encoder,
        *,
        advance: Callable[[int], None] = lambda _: None,
        knowledge: AssistantState | None = None,
    ) -> None:
        """Index the articles, unless `knowledge` contains them already."""
        self._settings = settings
        self._articles = list(articles)
        self._encoder = encoder
        self._advance = advance
        self._assistant = (
            builder.assemble(settings.models, knowledge)
            if knowledge
            else builder.build_assistant(settings.models, self._articles, encoder=encoder)
        )

    @property
    def version(self) -> str:
        return self._assistant.knowledge.version

    def suggest(self, text: str) -> tuple[Suggestion, ...]:
        suggestions = self._assistant.suggest(text)
        self._advance(1)
        return suggestions

    def learn_from(self, confirmed: Sequence[Case]) -> "EvaluatedAssistant":
        """Build the assistant that has learned from operators' verdicts on these cases.

        A case without an article is a case whose first suggestion operators called wrong.
        """
        judged = [
            LabeledText(text=case.text, right=case.article_ids)
            if case.article_ids
            else LabeledText(
                text=case.text,
                wrong=tuple(suggestion.article_id for suggestion in self._assistant.suggest(case.text)[:1]),
            )
            for case in confirmed
        ]
        return EvaluatedAssistant(
            self._settings,
            self._articles,
            self._encoder,
            advance=self._advance,
            knowledge=builder.with_labels(self._settings.models, self._assistant.knowledge, judged),
        )
