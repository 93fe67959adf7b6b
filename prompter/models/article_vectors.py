"""Compute articles' vectors ahead of time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice

from kb_index import Article
from kb_index.search import passage_of, questions_of, select_published
from nlu.reader import TextReader
from prompter.models.encoder_factory import build_encoder
from prompter.models.recipe import ModelConfig
from prompter.storage import Store
from prompter.suggestions.stored_embeddings import StoredEncoder

ProgressBar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
_BATCH = 64  # articles encoded between two updates of the progress bar


def embed_articles(
    config: ModelConfig, store: Store, articles: Iterator[Article], progress_bar: ProgressBar
) -> None:
    """Compute the missing vectors of articles' texts. An interrupted run continues where it stopped."""
    reader = TextReader(StoredEncoder(build_encoder(config), store))
    with store.read() as tx:
        total = tx.articles.count()
    with progress_bar("Embedding", total) as advance:
        while batch := list(islice(articles, _BATCH)):
            live = select_published(batch)
            questions = [text for article in live for text in questions_of(article, reader)]
            reader.encode(questions, kind="query")
            max_length = config.recipe.search.max_answer_length
            reader.encode([passage_of(article, reader, max_length) for article in live], kind="passage")
            advance(len(batch))
