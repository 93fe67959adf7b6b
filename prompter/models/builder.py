"""Build classifier, search and assistant from a recipe and the articles."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import structlog

from kb_index import Article, ArticleSearch, IncompatibleIndex, LabeledText, LabeledTexts, SearchConfig
from kb_index.persistence import load_search, save_search
from kb_index.same_answers import answer_groups
from kb_index.search import select_published
from nlu.encoders.encoder import Encoder
from nlu.intent_model import IntentModel
from nlu.reader import TextReader
from nlu.respelling.typos import Corrector
from nlu.training_data import Example, read_examples
from prompter.models.encoder_factory import build_encoder
from prompter.models.recipe import ModelConfig
from prompter.suggestions.assistant import Assistant, AssistantState
from prompter.suggestions.confidence import ConfidenceModel
from prompter.suggestions.ranker_training import RankerState, fit_ranker
from prompter.suggestions.routing import Thresholds

_log = structlog.get_logger(__name__)

TOPIC_PREFIX = "topic:"


def build_assistant(
    config: ModelConfig, articles: Iterable[Article], *, encoder: Encoder | None = None
) -> Assistant:
    """Build an assistant that knows `articles`, in memory only."""
    encoder = encoder or build_encoder(config)
    chosen = list(articles)
    search = ArticleSearch.build(chosen, reader=TextReader(encoder), config=search_config(config))
    intents = train_intents(config, chosen, encoder)
    reader = TextReader(encoder, corrector=corrector_of(config, chosen))
    return assemble(config, assistant_state(config, reader, search, intents, None))


def assemble(
    config: ModelConfig,
    knowledge: AssistantState,
    *,
    parse: Callable[[str], Mapping[str, float]] | None = None,
) -> Assistant:
    """Assemble an assistant. If `parse` is given, that external parser determines the intent."""
    return Assistant(knowledge=knowledge, max_suggestions=config.max_suggestions, parse=parse)


def assistant_state(
    config: ModelConfig,
    reader: TextReader,
    search: ArticleSearch,
    intents: IntentModel | None,
    learned: RankerState | None,
    *,
    model: str | None = None,
    made_by: str = "",
) -> AssistantState:
    """Assemble the state of an assistant. `reader` cleans and encodes customers' texts.

    `model` is the id that readiness is tested for; None derives it from the parts. `made_by` is the
    model version, which becomes part of the state's version name.
    """
    known = version_of(search.fingerprint, intents, learned, reader.corrector)
    return AssistantState(
        reader=reader,
        search=search,
        intents=intents,
        confidence=learned.confidence if learned else confidence_model(config),
        thresholds=Thresholds(**config.recipe.routing.model_dump(exclude={"show_at"})),
        show_at=config.recipe.routing.show_at,
        version=f"{made_by}.{known[:8]}" if made_by else known,
        model=model or model_of(config, reader, learned),
        training_cutoff=training_cutoff(config, learned),
        learned=learned,
    )


def training_cutoff(config: ModelConfig, learned: RankerState | None) -> datetime | None:
    """Return the time of the newest verdict that encoders or ranking have learned from, or None."""
    from nlu.encoders.sentence import finetuning_time

    models = (config.recipe.encoder.model, *(part.model for part in config.recipe.encoder.parts))
    moments = [finetuning_time(model) for model in models if model is not None]
    moments.append(learned.until if learned else None)
    return max((moment for moment in moments if moment is not None), default=None)


def model_of(config: ModelConfig, reader: TextReader, learned: RankerState | None) -> str:
    """Return an id of the parts that determine ranking and confidence.

    Articles are left out, and so are the intents that follow from their topics: otherwise a team that
    adds an article every day would restart its readiness tests every day.
    """
    chosen = (config.recipe.search, config.recipe.confidence, config.recipe.routing, config.recipe.classifier)
    digest = hashlib.sha256(reader.id.encode())
    digest.update(repr([section.model_dump(by_alias=True) for section in chosen]).encode())
    if learned is not None:
        digest.update(learned.fingerprint.encode())
    return digest.hexdigest()[:12]


def corrector_of(config: ModelConfig, articles: Iterable[Article]) -> Corrector:
    """Return the corrector of customers' typos, which knows the words of articles and of nlu.yml."""
    example_texts = (example.text for example in read_examples(config.training_data_dir / "nlu.yml"))
    article_texts = (
        text
        for article in select_published(articles)
        for text in (article.question, *article.phrasings, article.answer)
    )
    return Corrector.of(chain(example_texts, article_texts))


def confidence_model(config: ModelConfig) -> ConfidenceModel:
    """Return the initial confidence model, which has learned from no verdict."""
    return ConfidenceModel(**config.recipe.confidence.model_dump())


def search_config(config: ModelConfig) -> SearchConfig:
    return SearchConfig(**config.recipe.search.model_dump())


def training_examples(config: ModelConfig, articles: Iterable[Article], reader: TextReader) -> list[Example]:
    """Return control and small-talk intents from nlu.yml, and one intent per topic from its articles."""
    by_topic: dict[str, list[str]] = {}
    for article in select_published(articles):
        by_topic.setdefault(article.topic, []).extend((article.question, *article.phrasings))
    examples = read_examples(config.training_data_dir / "nlu.yml")
    for topic, texts in by_topic.items():
        step = max(1, -(-len(texts) // config.recipe.classifier.max_per_topic))  # rounded up
        chosen = dict.fromkeys(reader.clean(text) for text in texts[::step])
        examples += [Example(text=text, intent=TOPIC_PREFIX + topic) for text in chosen]
    return examples


def train_intents(config: ModelConfig, articles: Sequence[Article], encoder: Encoder) -> IntentModel:
    """Train the intents, which takes seconds for thousands of examples."""
    return fit(config, training_examples(config, articles, TextReader(encoder)), encoder)[0]


def version_of(
    fingerprint: str,
    intents: IntentModel | None,
    learned: RankerState | None = None,
    corrector: Corrector | None = None,
) -> str:
    """Return an id of everything that answers depend on: equal ids mean equal answers."""
    digest = hashlib.sha256(fingerprint.encode())
    if intents is not None:
        digest.update(intents.weights.tobytes())
        digest.update(repr((intents.classes, intents.temperature, intents.scope)).encode())
    if learned is not None:
        digest.update(learned.fingerprint.encode())
    if corrector is not None:
        digest.update(corrector.fingerprint.encode())
    return digest.hexdigest()[:12]


def open_search(
    config: ModelConfig,
    articles: Sequence[Article],
    encoder: Encoder,
    folder: Path,
    previous: ArticleSearch | None = None,
) -> ArticleSearch:
    """Index the articles, reusing the index in `folder` or `previous` as far as it matches.

    Parts that are missing, damaged or made for other models or settings are rebuilt, and the reason is
    logged. This takes as long as encoding the articles.
    """
    reader, ranking = TextReader(encoder), search_config(config)
    if previous is None:
        try:
            previous = load_search(folder, articles, reader=reader, config=ranking)
        except IncompatibleIndex as reason:
            _log.info("index_rebuilt", reason=str(reason), articles=len(articles))
    search = ArticleSearch.build(articles, reader=reader, config=ranking, previous=previous)
    if search is not previous:
        _log.info("index_ready", articles=len(search), choice=search.choice)
        if search.articles and not search.contents.has_layers:
            save_search(search, folder)
    return search


def fit(config: ModelConfig, examples: Sequence[Example], encoder: Encoder) -> tuple[IntentModel, float]:
    """Train intents, and return the model and the duration in seconds."""
    from nlu.classifier import IntentClassifier  # scikit-learn: not needed to answer

    start = time.perf_counter()
    classifier = IntentClassifier(encoder, **classifier_settings(config))
    classifier.fit([example.text for example in examples], [example.intent for example in examples])
    return classifier.model_, time.perf_counter() - start


def classifier_settings(config: ModelConfig) -> dict[str, Any]:
    """Return the settings that an `IntentClassifier` takes."""
    return config.recipe.classifier.model_dump(exclude={"max_per_topic"})


def learn_from(
    config: ModelConfig,
    judged: Sequence[LabeledText],
    *,
    reader: TextReader,
    search: ArticleSearch,
    intents: IntentModel | None,
    known: LabeledTexts | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> RankerState:
    """Learn from the verdicts up to today. See `prompter.suggestions.ranker_training.fit_ranker`."""
    return fit_ranker(
        judged,
        reader=reader,
        search=search,
        intents=intents,
        confidence=confidence_model(config),
        on=datetime.now(tz=UTC).date(),
        known=known,
        advance=advance,
    )


def with_labels(
    config: ModelConfig,
    knowledge: AssistantState,
    judged: Sequence[LabeledText],
) -> AssistantState:
    """Return the state after learning from verdicts, in place of those learned before."""
    learned = learn_from(
        config,
        judged,
        reader=knowledge.reader,
        search=knowledge.search,
        intents=knowledge.intents,
        known=knowledge.learned.judged if knowledge.learned else None,
    )
    return assistant_state(config, knowledge.reader, knowledge.search, knowledge.intents, learned)


def same_answers(articles: Iterable[Article]) -> dict[str, str]:
    """Map each article to the first article with the same answer."""
    chosen = list(articles)
    groups = answer_groups(article.answer for article in chosen)
    return {article.id: chosen[group].id for article, group in zip(chosen, groups.tolist(), strict=True)}
