"""The product reuses the index on disk."""

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from kb_index import Article, ArticleSearch
from prompter.models import builder
from sufler.settings import load_settings
from tests.encoders import LetterEncoder

ARTICLES = [
    Article(
        id=f"a{number}", question=f"Вопрос номер {number}", answer=f"Ответ {number}", topic="т", language="ru"
    )
    for number in range(50)
]


def open_search(folder: Path, articles: list[Article]) -> tuple[ArticleSearch, list[str], list[str]]:
    """Open the search, and return it with the log and the encoded texts."""
    encoder = LetterEncoder()
    with capture_logs() as logs:
        search = builder.open_search(load_settings(None).models, articles, encoder, folder)
    return (
        search,
        [f"{log['event']} {log.get('reason', log.get('choice', ''))}" for log in logs],
        encoder.encoded,
    )


@pytest.mark.parametrize("damaged", [None, "manifest.json", "questions/vectors.faiss", "words/postings.npy"])
def test_a_damaged_index_is_told_of_and_built_anew(tmp_path: Path, damaged: str | None) -> None:
    folder = tmp_path / "index"
    first, told, _ = open_search(folder, ARTICLES)
    assert "no readable index" in told[0]
    assert "flat: 50 vectors" in told[1]
    if damaged:
        path = folder / damaged
        path.write_bytes(path.read_bytes()[:-5])
    again, told, encoded = open_search(folder, ARTICLES)
    assert again.fingerprint == first.fingerprint
    if damaged:
        assert told[0].startswith("index_rebuilt")
        assert str(folder) in told[0]
        assert len(encoded) == 100
        assert open_search(folder, ARTICLES)[1:] == ([], [])  # and saved again
    else:
        assert (told, encoded) == ([], [])


def test_what_changed_while_nothing_ran_is_all_that_is_encoded(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    open_search(folder, ARTICLES)
    changed = [*ARTICLES[1:], replace(ARTICLES[0], answer="Другой")]
    search, told, encoded = open_search(folder, changed)
    assert len(encoded) == 2
    assert len(search) == 50
    assert told[0].startswith("index_ready")
