"""Topics get their titles by fixed rules."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import event

from files import BadFile
from prompter.common.errors import NotFound
from prompter.domain.topic import TopicTitles
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.topic_files import read_titles, write_titles
from prompter.knowledge.topics import InvalidTitle, Topics
from prompter.storage import Store
from tests.fakes import SHOP, FakeClock


@pytest.fixture
def shop(store: Store) -> Store:
    KnowledgeBase(store).import_articles(SHOP, changed_by="test")
    return store


@pytest.mark.parametrize(
    ("topic", "language", "label"),
    [
        ("returns", "en", "Returns of goods"),
        ("returns", "ru", "Возврат"),
        ("orders", "en", "Заказы"),  # of the installation's language
        ("gift_cards", "en", "Gift cards"),
        ("dialogue/order_form", "ru", "Order form"),
        ("ОМС_и_ДМС", "ru", "ОМС и ДМС"),
        ("_", "ru", "_"),
    ],
)
def test_a_title_is_looked_for_in_the_readers_language_first(topic: str, language: str, label: str) -> None:
    given = {"returns": {"ru": "Возврат", "en": "Returns of goods"}, "orders": {"ru": "Заказы"}}
    assert TopicTitles(given=given, language="ru").label(topic, language) == label


def test_titles_in_one_language_leave_the_others_alone(shop: Store) -> None:
    topics = Topics(shop, language="ru")
    topics.change_titles({"returns": {"ru": " Возврат ", "en": "Returns of goods"}})
    topics.change_titles({"returns": {"en": ""}, "dialogue/order_form": {"ru": "Где заказ"}})
    assert {topic.id: topic.titles for topic in topics.all()} == {
        "dialogue/order_form": {"ru": "Где заказ"},
        "orders": {},
        "returns": {"ru": "Возврат"},
    }


def test_groups_are_topics_and_what_is_not_there_is_refused_as_a_whole(shop: Store) -> None:
    topics = Topics(shop, groups=["small"])
    topics.set_titles("small", {"ru": "Мелочи"})
    with pytest.raises(NotFound):
        topics.change_titles({"returns": {"ru": "Возврат"}, "retruns": {"ru": "Возврат"}})
    assert topics.titles().given == {"small": {"ru": "Мелочи"}}


@pytest.mark.parametrize(
    "titles",
    [
        {"русский": "Возврат"},
        {"ru": "x" * 101},
        {"ru": "Воз\nврат"},
        {"ru": "Воз\x00врат"},
        {"ru": "Воз\u2028врат"},
        {"ru": "\ud800"},
        {f"a{chr(letter)}": "x" for letter in range(ord("a"), ord("a") + 21)},
    ],
)
def test_what_is_no_title_is_refused(shop: Store, titles: Mapping[str, str]) -> None:
    topics = Topics(shop)
    with pytest.raises(InvalidTitle):
        topics.set_titles("returns", titles)
    assert topics.titles().given == {}


def test_showing_titles_asks_the_database_once_in_two_seconds(shop: Store) -> None:
    clock = FakeClock()
    here, elsewhere = Topics(shop, clock=clock), Topics(shop, clock=clock)
    statements: list[str] = []

    @event.listens_for(shop._engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    assert [here.titles().given for _ in range(9)] == [{}] * 9
    assert len(statements) == 1
    elsewhere.set_titles("returns", {"ru": "Возврат"})
    clock.forward(1.9)
    assert here.titles().given == {}
    clock.forward(0.2)
    assert here.titles().given == {"returns": {"ru": "Возврат"}}


def test_a_file_of_titles_is_read_as_it_was_written(shop: Store, tmp_path: Path) -> None:
    topics = Topics(shop)
    titles = {"returns": {"ru": "=Возврат; и «обмен»", "en": "Returns"}, "orders": {"en": "Orders, all"}}
    topics.change_titles(titles)
    path = tmp_path / "topics.csv"
    write_titles(topics.all(), path)
    assert path.read_text(encoding="utf-8").startswith("topic,en,ru\n")
    assert read_titles(path) == titles


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "row 1: the first row must say topic"),
        ("ru,en\nx,y\n", "row 1: the first row must say topic"),
        ("topic,ru,ru\n", "row 1: the first row must say topic"),
        ("topic;ru\nreturns;Возврат;x\n", "row 2: has 3 cells where the header has 2"),
        ("topic,ru\nreturns,a\nreturns,b\n", "row 3: names the topic 'returns' a second time"),
    ],
)
def test_a_file_of_something_else_is_refused_by_row(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "topics.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=problem):
        read_titles(path)
