"""Training data for an encoder: the articles and the texts of customers."""

from collections.abc import Iterable, Sequence

from evaluation.rows import Case, IntentRow
from kb_index import Article
from kb_index.search import passage_of, questions_of, select_published
from nlu.contrastive import Target, TrainingQuery
from nlu.encoders.tfidf import TfidfEncoder
from nlu.errors import EncoderUnavailable
from nlu.reader import TextReader
from nlu.text import clean
from prompter.labels.from_verdicts import LabeledQuestion
from prompter.models import builder
from sufler.settings import Settings


def base_model(settings: Settings, named: str | None) -> str:
    """Return the base model: the named model, or the sentence-transformers model of the settings.

    Raises:
        EncoderUnavailable: when neither exists.
    """
    configured = [settings.encoder.model, *(part.model for part in settings.encoder.parts)]
    chosen = named or next((model for model in configured if model), None)
    if chosen is None:
        raise EncoderUnavailable(
            f"the encoder {settings.encoder.kind} cannot be fine-tuned: name a sentence-transformers model, "
            "a folder or a hub id, with --base"
        )
    return chosen


def targets_of_articles(settings: Settings, articles: Iterable[Article]) -> list[Target]:
    """Return the published articles as the search reads them."""
    reader = TextReader(TfidfEncoder())  # used for cleaning only
    return [
        Target(
            id=article.id,
            questions=tuple(questions_of(article, reader)),
            passage=passage_of(article, reader, settings.search.max_answer_length),
        )
        for article in select_published(articles)
    ]


def queries_of_cases(articles: Iterable[Article], cases: Iterable[Case]) -> list[TrainingQuery]:
    """Return the texts whose articles operators have confirmed, without out-of-scope texts."""
    same = _Same(articles)
    return [
        TrainingQuery(text=clean(case.text), right=same.of(case.article_ids))
        for case in cases
        if case.article_ids
    ]


def queries_of_labels(articles: Iterable[Article], labels: Iterable[LabeledQuestion]) -> list[TrainingQuery]:
    """Build queries from operators' verdicts. An article with the same answer as the right one is right."""
    same = _Same(articles)
    found = []
    for label in labels:
        right = same.of([label.right] if label.right else [])
        found.append(TrainingQuery(text=clean(label.text), right=right, wrong=same.of(label.wrong) - right))
    return found


def targets_of_intents(rows: Sequence[IntentRow]) -> list[Target]:
    """Make one target per intent, with its examples as questions."""
    examples: dict[str, dict[str, None]] = {}
    for row in rows:
        examples.setdefault(row.intent, {})[clean(row.text)] = None
    return [Target(id=intent, questions=tuple(texts)) for intent, texts in sorted(examples.items())]


class _Same:
    """Groups articles by answer, as articles with the same answer are right or wrong together."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._first = builder.same_answers(articles)
        self._groups: dict[str, set[str]] = {}
        for article_id, first_id in self._first.items():
            self._groups.setdefault(first_id, set()).add(article_id)

    def of(self, ids: Iterable[str]) -> frozenset[str]:
        return frozenset(
            article_id for id_ in ids for article_id in self._groups.get(self._first.get(id_, id_), {id_})
        )
