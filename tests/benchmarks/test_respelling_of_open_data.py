"""Respelling keeps genuine texts in many languages and corrects garbled ones, on open data."""

import csv
import re

import pytest

from nlu.respelling import respell
from nlu.respelling.keyboard import to_latin
from tests.skips import BENCHMARK_DATA

pytestmark = [
    pytest.mark.benchmark_data,
    pytest.mark.skipif(not BENCHMARK_DATA.is_dir(), reason=f"no benchmark data in {BENCHMARK_DATA}"),
]
TRAINING_ROWS = [
    *(f"intents/{name}_train" for name in ("banking77", "clinc150", "hwu64_large", "hwu64_ru", "hwu20_ru")),
    *(f"intents/corpus50_{language}_train" for language in ("en", "es", "fr", "it", "id", "he")),
    *(f"faq/{name}" for name in ("covid_dev", "covid_learn", "stack_dev", "stack_learn")),
]


def texts_of(name: str) -> list[str]:
    with (BENCHMARK_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"].lower() for row in csv.DictReader(file)]


def test_genuine_texts_are_read_as_they_are() -> None:
    texts = [text for name in TRAINING_ROWS for text in texts_of(name)]
    assert sum(respell(text) != text for text in texts) < len(texts) / 1000


def test_garbled_russian_is_read_as_it_was_meant() -> None:
    texts = [text.replace("ё", "е") for text in texts_of("intents/hwu64_ru_train")]
    sentences = [text for text in texts if len(text.split()) >= 2 and re.fullmatch("[а-я ]+", text)]
    right = sum(respell(to_latin(text)) == text for text in sentences)
    assert right >= 0.97 * len(sentences) > 500


def test_garbled_words_are_read_as_they_were_meant() -> None:
    words = sorted(
        {word for text in texts_of("intents/hwu64_ru_train") for word in re.findall("[а-я]{4,}", text)}
    )
    right = sum(respell(to_latin(word)) == word for word in words)
    assert right >= 0.9 * len(words) > 1000
