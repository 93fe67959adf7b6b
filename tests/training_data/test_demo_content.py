"""The demo content is varied, independent of its held-out set, and neither too easy nor too hard."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer

from kb_index import Article
from kb_index.formats import read_articles
from prompter.knowledge.topic_files import read_titles

FOLDER = Path(__file__).parents[2] / "training_data"
CONTROL_INTENTS = {"greeting", "thanks", "goodbye", "handoff_request", "complaint", "swearing"}


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return list(read_articles(FOLDER / "kb.csv"))


@pytest.fixture(scope="module")
def held_out() -> list[dict[str, str]]:
    with (FOLDER / "held_out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _texts(article: Article) -> list[str]:
    return [article.question, *article.phrasings]


def test_the_base_is_large_and_varied(articles: list[Article]) -> None:
    by_language: dict[str, list[Article]] = defaultdict(list)
    for article in articles:
        by_language[article.language].append(article)
        assert len(article.phrasings) >= 5, article.id
    assert len(by_language["ru"]) >= 120
    assert len({article.topic for article in by_language["ru"]}) >= 12
    assert len(by_language["en"]) >= 40
    assert {article.topic for article in by_language["en"]} <= {
        article.topic for article in by_language["ru"]
    }


def test_every_topic_has_a_title_in_both_languages(articles: list[Article]) -> None:
    titles = read_titles(FOLDER / "topics.csv")
    dialogues = {topic for topic in titles if topic.startswith("dialogue/")}
    assert dialogues == {"dialogue/order_status_form"}
    assert set(titles) - dialogues == {article.topic for article in articles}
    for language in ("ru", "en"):
        assert len({texts[language] for texts in titles.values()}) == len(titles)


def test_small_talk_is_there_in_both_languages() -> None:
    document = yaml.safe_load((FOLDER / "nlu.yml").read_text(encoding="utf-8"))
    examples = {item["intent"]: item["examples"] for item in document["nlu"]}
    assert set(examples) >= CONTROL_INTENTS
    for intent in CONTROL_INTENTS:
        assert re.search("[а-яё]", examples[intent]), intent
        assert re.search("[a-z]", examples[intent]), intent


def test_the_held_out_set_is_large_and_names_articles_that_exist(
    articles: list[Article], held_out: list[dict[str, str]]
) -> None:
    ids = {article.id for article in articles}
    kinds = Counter(row["kind"] for row in held_out)
    assert len(held_out) >= 600
    assert kinds["far"] + kinds["near"] >= 150
    assert kinds["near"] >= 50
    assert len({row["text"] for row in held_out}) == len(held_out)
    for row in held_out:
        assert set(filter(None, row["article_id"].split("|"))) <= ids
        assert bool(row["article_id"]) == (row["kind"] == "in_scope")


def test_character_tfidf_finds_about_half(articles: list[Article], held_out: list[dict[str, str]]) -> None:
    owners = [article.id for article in articles for _ in _texts(article)]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    index = vectorizer.fit_transform(text for article in articles for text in _texts(article))
    cases = [row for row in held_out if row["article_id"]]
    nearest = (vectorizer.transform(row["text"] for row in cases) @ index.T).toarray().argmax(axis=1)
    right = [owners[i] in row["article_id"].split("|") for i, row in zip(nearest, cases, strict=True)]
    assert 0.40 <= np.mean(right) <= 0.70


def _trigrams(text: str) -> frozenset[str]:
    text = " ".join(text.lower().split())
    return frozenset(text[i : i + 3] for i in range(len(text) - 2))


@pytest.mark.slow
def test_no_held_out_text_is_nearly_a_phrasing(
    articles: list[Article], held_out: list[dict[str, str]]
) -> None:
    known = [(_trigrams(text), text) for article in articles for text in _texts(article)]
    for row in held_out:
        row_grams = _trigrams(row["text"])
        for grams, text in known:
            assert len(row_grams & grams) <= 0.6 * len(row_grams | grams), (row["text"], text)


def test_no_template_is_shared_by_more_than_three_texts(
    articles: list[Article], held_out: list[dict[str, str]]
) -> None:
    """A template shows as a run of five words, or an opening of four, in many texts."""
    texts = [text for article in articles for text in _texts(article)] + [row["text"] for row in held_out]
    runs: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        found = {tuple(words[i : i + 5]) for i in range(len(words) - 4)}
        runs.update(found | ({("^", *words[:4])} if len(words) >= 4 else set()))
    assert [run for run, count in runs.items() if count > 3] == []
