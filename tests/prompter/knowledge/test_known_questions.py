"""The known questions are the same, read from the articles or from a search."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from kb_index import Article, ArticleSearch, Status
from nlu.reader import TextReader
from prompter.knowledge.known_questions import KnownQuestions
from prompter.suggestions.query_embedder import QueryEmbedder
from tests.encoders import LetterEncoder
from tests.fakes import SHOP
from tests.prompter.suggestions.test_assistant import CONFIG

READER = TextReader(LetterEncoder())
ASKED = ["где мой заказ", "отменить", "совсем другое"]


def search_of(articles: Sequence[Article]) -> ArticleSearch:
    return ArticleSearch.build(articles, reader=READER, config=CONFIG)


@pytest.fixture
def articles() -> list[Article]:
    draft = replace(SHOP[0], id="draft", question="Отменить доставку", status=Status.DRAFT)
    return [*SHOP, draft]


def find_nearest(known: KnownQuestions) -> tuple[list[float], list[str]]:
    near, owners = known.find_nearest(QueryEmbedder(READER).embed(ASKED))
    return near.tolist(), owners


def test_a_search_knows_what_reading_would_tell(articles: list[Article]) -> None:
    read, asked = (
        KnownQuestions(articles, QueryEmbedder(READER)),
        KnownQuestions(articles, QueryEmbedder(READER), search_of(articles)),
    )
    near, owners = find_nearest(read)
    assert owners[0] == "order-where"
    assert owners[1] == "draft"  # which no search holds
    also_near, also_owners = find_nearest(asked)
    assert also_near == pytest.approx(near, abs=1e-3)
    assert also_owners == owners
    for article in articles:
        assert asked.normalized_texts(article.id) == read.normalized_texts(article.id)
        assert asked.vectors(article.id) == pytest.approx(read.vectors(article.id), abs=1e-3)


def test_what_has_changed_since_the_search_was_opened_is_read_again(articles: list[Article]) -> None:
    search = search_of(articles)
    newer = [
        replace(article, question="Совсем другое") if article.id == "order-where" else article
        for article in articles
    ]
    without = [version for version in newer if version.id != "draft" and version.id != "order-cancel"]
    expected, found = (
        KnownQuestions(without, QueryEmbedder(READER)),
        KnownQuestions(without, QueryEmbedder(READER), search),
    )
    near, owners = find_nearest(expected)
    assert owners[2] == "order-where"
    also_near, also_owners = find_nearest(found)
    assert also_near == pytest.approx(near, abs=1e-3)
    assert also_owners == owners


def test_no_articles_know_nothing() -> None:
    for known in (
        KnownQuestions([], QueryEmbedder(READER)),
        KnownQuestions([], QueryEmbedder(READER), search_of([])),
    ):
        assert find_nearest(known) == ([0.0, 0.0, 0.0], ["", "", ""])
