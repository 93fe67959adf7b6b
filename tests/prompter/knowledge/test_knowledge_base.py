"""The knowledge base is stored in the database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kb_index import Article, BadFile, Status
from kb_index.checks import Kind
from prompter.common.errors import NotFound
from prompter.knowledge.article_import import ImportReport
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.storage import Store
from prompter.suggestions.stored_embeddings import StoredEncoder
from tests.fakes import SHOP, FakeClock, article

RETURNS = article(
    "returns-how",
    "Как вернуть товар",
    "За 14 дней.",
    phrasings=("хочу вернуть", "верну обратно"),
    status=Status.DRAFT,
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
)


@pytest.fixture
def knowledge(store: Store) -> KnowledgeBase:
    return KnowledgeBase(store, clock=FakeClock())


def load(knowledge: KnowledgeBase, *articles: Article) -> ImportReport:
    return knowledge.import_articles(articles, changed_by="test")


def test_what_was_imported_comes_out_again(knowledge: KnowledgeBase) -> None:
    assert load(knowledge, RETURNS, *SHOP[1:]) == ImportReport(added=4, changed=0, unchanged=0)
    assert list(knowledge.articles()) == sorted((RETURNS, *SHOP[1:]), key=lambda article: article.id)


def test_importing_again_changes_what_differs_only(knowledge: KnowledgeBase, store: Store) -> None:
    load(knowledge, *SHOP)
    revision = knowledge.revision()
    assert load(knowledge, *SHOP) == ImportReport(added=0, changed=0, unchanged=4)
    assert knowledge.revision() == revision
    changed = replace(SHOP[0], answer="Верните за 30 дней.")
    assert load(knowledge, changed, *SHOP[1:]) == ImportReport(added=0, changed=1, unchanged=3)
    assert knowledge.revision() > revision
    with store.read() as tx:
        versions = tx.articles.versions("returns-how")
    assert [(version["version"], version["fields"]["answer"]) for version in versions] == [
        (1, "Верните товар за 14 дней."),
        (2, "Верните за 30 дней."),
    ]


def test_phrasings_that_operators_added_survive_an_import(knowledge: KnowledgeBase) -> None:
    load(knowledge, RETURNS)
    knowledge.add_phrasing("returns-how", "как  сдать\nназад")
    load(knowledge, replace(RETURNS, phrasings=("верну обратно", "можно вернуть?")))
    (stored,) = knowledge.articles()
    assert set(stored.phrasings) == {"как сдать назад", "верну обратно", "можно вернуть?"}
    assert load(knowledge, stored) == ImportReport(added=0, changed=0, unchanged=1)


def test_a_phrasing_that_a_file_brought_first_survives_too(knowledge: KnowledgeBase) -> None:
    load(knowledge, RETURNS)
    knowledge.add_phrasing("returns-how", "верну обратно")
    load(knowledge, replace(RETURNS, phrasings=()))
    (stored,) = knowledge.articles()
    assert stored.phrasings == ("верну обратно",)


def test_a_phrasing_needs_its_article(knowledge: KnowledgeBase) -> None:
    with pytest.raises(NotFound):
        knowledge.add_phrasing("nope", "как")


def test_an_import_that_fails_half_way_changes_nothing(knowledge: KnowledgeBase) -> None:
    load(knowledge, RETURNS)
    before = (list(knowledge.articles()), knowledge.revision())

    def articles() -> Iterator[Article]:
        yield replace(RETURNS, answer="Другой ответ")
        for number in range(1200):
            yield article(f"a{number}", f"Вопрос {number}", "Ответ")
        raise BadFile(Path("kb.csv"), "is damaged", row=1202)

    with pytest.raises(BadFile):
        knowledge.import_articles(articles(), changed_by="test")
    assert (list(knowledge.articles()), knowledge.revision()) == before


def test_many_articles_are_read_in_pages(knowledge: KnowledgeBase) -> None:
    articles = [
        article(f"a{number:04}", f"Вопрос {number}", "Ответ", phrasings=("раз",)) for number in range(1203)
    ]
    counts: list[int] = []
    knowledge.import_articles(articles, changed_by="test", progress=counts.append)
    assert counts == [500, 500, 203]
    assert list(knowledge.articles()) == articles


def test_articles_are_found_in_any_case(store: Store, knowledge: KnowledgeBase) -> None:
    load(knowledge, RETURNS, *SHOP[1:], article("percent", "Скидка 100%_", "Да"))
    with store.read() as tx:
        assert [article.id for article in tx.articles.find("ОТМЕНИТЬ", limit=5)] == ["order-cancel"]
        assert [article.id for article in tx.articles.find("100%_", limit=5)] == ["percent"]
        assert tx.articles.find("%", limit=5) == tx.articles.find("100%", limit=5)
        assert [article.id for article in tx.articles.find("вернуть", limit=5)] == []  # a draft now


class CountingEncoder:
    """Records the texts that it encodes, as vectors of their length and kind."""

    id = "counting-1"
    dimensions = 2

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts: list[str], *, kind: str) -> np.ndarray:
        self.seen += texts
        return np.array([[len(text), 1.0 if kind == "query" else 0.0] for text in texts], dtype=np.float32)


def test_only_new_texts_are_encoded(store: Store) -> None:
    inner = CountingEncoder()
    counts: list[int] = []
    encoder = StoredEncoder(inner, store, progress=counts.append)  # type: ignore[arg-type]
    first = encoder.encode(["раз", "два", "раз"], kind="query")
    assert first.tolist() == [[3.0, 1.0], [3.0, 1.0], [3.0, 1.0]]
    again = StoredEncoder(inner, store).encode(["два", "пятёрка"], kind="query")  # type: ignore[arg-type]
    assert again.tolist() == [[3.0, 1.0], [7.0, 1.0]]
    assert inner.seen == ["раз", "два", "пятёрка"]
    assert encoder.encode(["два"], kind="passage").tolist() == [[3.0, 0.0]]
    assert inner.seen == ["раз", "два", "пятёрка", "два"]
    assert encoder.encode([], kind="query").shape == (0, 2)


def test_an_article_is_looked_at_before_it_is_saved(store: Store) -> None:
    knowledge = KnowledgeBase(store, template_values={"shop_name": "Северок"})
    load(knowledge, *SHOP)
    draft = article("new", "Где мой заказ?", "В {shop_nam}, {customer_name}.")
    found = knowledge.problems(draft, beside=["order-where", "returns-how", "new", "no-such"])
    assert [(problem.kind, problem.article_ids, problem.field) for problem in found] == [
        (Kind.CONFLICTING_ANSWERS, ("new", "order-where"), None),
        (Kind.UNKNOWN_FIELD, ("new",), "shop_nam"),
    ]
    fine = replace(draft, question="Упакуете?", answer="В {shop_name}, {customer_name}.")
    assert knowledge.problems(fine, beside=["order-where"]) == []
    saved = next(candidate for candidate in SHOP if candidate.id == "order-where")
    assert knowledge.problems(saved, beside=["order-where"]) == []  # not compared with itself


def test_problems_of_other_articles_are_not_told(knowledge: KnowledgeBase) -> None:
    load(knowledge, article("a", "Где заказ", "{nobody}"), article("b", "Где  заказ", "Тут."))
    assert knowledge.problems(article("c", "Упакуете?", "Да."), beside=["a", "b"]) == []


def test_a_preview_is_what_a_customer_might_read(store: Store) -> None:
    knowledge = KnowledgeBase(store, template_values={"shop_name": "Северок"})
    answer = "{customer_name}, обращение {ticket} в {shop_name}: {other}"
    filled = "Ольга, обращение №12345 в Северок: {other}"
    assert knowledge.preview(answer, customer_name="Ольга") == filled


def test_topics_of_every_status_are_named(knowledge: KnowledgeBase) -> None:
    load(knowledge, article("a", "А?", "а", topic="gifts", status=Status.DRAFT), *SHOP)
    assert knowledge.topics() == ["gifts", "orders", "returns"]
