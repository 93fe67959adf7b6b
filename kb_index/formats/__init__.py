"""Which articles does a file hold, and how is a file of articles written?"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from kb_index.article import Article
from kb_index.errors import BadFile, InvalidArticle
from kb_index.formats import csv_file
from kb_index.formats.records import articles_of
from kb_index.formats.text import LONGEST_PHRASINGS, normalised, written_aside

__all__ = ["Format", "count_hint", "format_of", "normalised", "read_articles", "write_articles"]


class Format(StrEnum):
    """A kind of file that holds articles."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
    HTML = "html"
    RASA = "rasa"


_ENDINGS = {
    ".csv": Format.CSV,
}
_READERS = {
    Format.CSV: csv_file.read,
}
_WRITERS = {
    Format.CSV: csv_file.write,
}


def format_of(path: Path) -> Format:
    """The format that a file's ending names; a folder is a Rasa project.

    Raises:
        BadFile: no format has that ending.
    """
    if path.is_dir():
        return Format.RASA
    try:
        return _ENDINGS[path.suffix.lower()]
    except KeyError:
        known = " ".join(_ENDINGS)
        raise BadFile(path, f"the file ending names no known format: use one of {known}") from None


def read_articles(path: Path, *, default_language: str | None = None) -> Iterator[Article]:
    """The articles of a file, one at a time, in the order of the file.

    An article for which the file states no language gets `default_language`, or else the one that
    the script of its question suggests.

    Raises:
        BadFile: the file cannot be read, or holds something that is no article; says where. Articles
            before the bad one have been yielded by then, so use them only when the iteration is over.
    """
    records = _READERS[format_of(path)](path)
    return articles_of(path, records, default_language)


def write_articles(articles: Iterable[Article], path: Path, *, format: Format) -> None:  # noqa: A002
    """Write a file of articles; an existing one is replaced only when the new one is complete.

    Reading it again gives `normalised(article)` for every article.

    Raises:
        BadFile: it cannot be written, or the format cannot hold an article.
    """
    if format not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise BadFile(path, f"the format {format} can be read but not written: use one of {known}")
    with written_aside(path) as part:
        _WRITERS[format](_writable(articles, path), part)


def count_hint(path: Path) -> int | None:
    """About how many articles the file holds, for a progress bar; None where counting is not cheap.

    Raises:
        BadFile: the file cannot be read.
    """
    if format_of(path) is Format.CSV:
        return csv_file.count(path)
    return None


def _writable(articles: Iterable[Article], path: Path) -> Iterator[Article]:
    for article in articles:
        try:
            tidy = normalised(article)
        except InvalidArticle as error:
            raise BadFile(path, f"the article {article.id!r} cannot be written: {error}") from None
        if sum(map(len, tidy.phrasings)) > LONGEST_PHRASINGS:
            raise BadFile(path, f"the phrasings of the article {article.id!r} are too long to be read again")
        yield tidy
