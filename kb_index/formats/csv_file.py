"""Read and write articles as CSV: a header with the columns, one article per record.

Phrasings stand one per line inside their cell.

Read: UTF-8 with or without BOM; comma, semicolon (Excel in Russia) or tab, found from the header.
Written: UTF-8 without BOM, commas, cells quoted only where necessary. A cell that a spreadsheet would run
as a formula gets an apostrophe in front (`files.csv_rows`). The apostrophe is removed on reading if the
header names exactly the columns that are written; a file with other columns is read unchanged.
"""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from files import BadFile, Budget, as_cell, delimiter_of, nonempty_rows, text_of
from kb_index.article import Article
from kb_index.formats.answers import needs_format
from kb_index.formats.records import FIELDS, OPTIONAL, Record, Warn, column_name, field_names
from kb_index.markup import to_lines

_MAX_COUNTED = 300_000  # records, which take a second or two


def read(path: Path, _warn: Warn, _budget: Budget) -> Iterator[Record]:
    """Yield the records of a CSV file. Rows whose cells are all empty are skipped."""
    records = _records(path)
    header_row, header = next(records, (1, []))
    if not header:
        raise BadFile(path, "contains no articles: the first row must name the columns", row=1)
    names = field_names(path, header, row=header_row)
    is_ours = tuple(header) in (FIELDS, FIELDS + OPTIONAL)
    for row, cells in records:
        if len(cells) != len(names):
            problem = (
                f"has {len(cells)} cells where the header names {len(names)}: is a quote or comma missing?"
            )
            raise BadFile(path, problem, row=row)
        texts = map(text_of, cells) if is_ours else cells
        yield Record(row=row, values=dict(zip(names, texts, strict=True)))


def write(articles: Iterable[Article], path: Path) -> None:
    """Write all fields of the articles."""
    articles = list(articles)
    columns = columns_of(articles)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(as_cell, as_texts(article)[: len(columns)]) for article in articles)


def columns_of(articles: Iterable[Article]) -> tuple[str, ...]:
    """Return the columns of a table of the articles.

    `format` and `marks` are there only if an answer has marks, or a text looks like markup and is none.
    """
    needed = any(
        article.marks or needs_format(article.question, article.answer, article.topic) for article in articles
    )
    return FIELDS + OPTIONAL if needed else FIELDS


def as_texts(article: Article) -> list[str]:
    """Return the texts of an article's cells in the order of `FIELDS` and `OPTIONAL`."""
    return [
        article.id,
        article.question,
        article.answer,
        article.topic,
        "\n".join(article.phrasings),
        article.language,
        article.status.value,
        article.valid_from.isoformat() if article.valid_from else "",
        article.valid_until.isoformat() if article.valid_until else "",
        "plain",
        "\n".join(to_lines(article.marks)),
    ]


def count(path: Path) -> int | None:
    """Return how many articles `read` would yield from a valid file, or None if counting takes too long."""
    n_records = sum(1 for _ in islice(_records(path), _MAX_COUNTED + 1))
    return max(0, n_records - 1) if n_records <= _MAX_COUNTED else None


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield every record that is not empty, with the physical line on which it starts (1 is the first)."""
    delimiter = delimiter_of(path, lambda cell: column_name(cell) in FIELDS)
    return nonempty_rows(path, delimiter=delimiter)
