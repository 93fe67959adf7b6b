"""CSV: a header that names the columns, one article a record, phrasings one a line inside their cell.

Read: UTF-8 with or without BOM; comma, semicolon (Excel in Russia) or tab, found from the header.
Written: UTF-8 without BOM, commas, a cell quoted where it has to be. A cell that begins with `=`,
`+`, `-` or `@` is written as it is, because a changed answer would be sent to customers; who opens
foreign CSV files in a spreadsheet should export XLSX instead, where such a cell is text and nothing else.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from kb_index.article import Article
from kb_index.errors import BadFile
from kb_index.formats.records import FIELDS, Record, Warn, column_name, field_names
from kb_index.formats.text import LONGEST_PHRASINGS, text_lines

_DELIMITERS = ",;\t"

# The csv module's own limit (131,072) is less than the phrasings of one article may take. It is one
# number for the whole process; nothing here lowers it.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST_PHRASINGS))


def read(path: Path, _warn: Warn) -> Iterator[Record]:
    """The records of a CSV file, one at a time; a row whose cells are all empty is passed over."""
    records = _cells(path, _delimiter(path))
    header_row, header = next(records, (1, []))
    if not header:
        raise BadFile(path, "holds no articles: the first row must name the columns", row=1)
    names = field_names(path, header, row=header_row)
    for row, cells in records:
        if len(cells) != len(names):
            problem = (
                f"has {len(cells)} cells where the header names {len(names)}: is a quote or comma missing?"
            )
            raise BadFile(path, problem, row=row)
        yield Record(row=row, values=dict(zip(names, cells, strict=True)))


def write(articles: Iterable[Article], path: Path) -> None:
    """Write all fields of the articles."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(as_row(article) for article in articles)


def as_row(article: Article) -> list[str]:
    """The cells of an article, in the order of `FIELDS`."""
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
    ]


def count(path: Path) -> int:
    """How many articles `read` would yield, if the file is in order."""
    return max(0, sum(1 for _ in _cells(path, _delimiter(path))) - 1)


def _delimiter(path: Path) -> str:
    """The delimiter with which the first line names the most known columns."""
    header = next((line for line in text_lines(path) if line.strip()), "")

    def known(delimiter: str) -> int:
        return sum(column_name(cell.strip('"')) in FIELDS for cell in header.split(delimiter))

    return max(_DELIMITERS, key=known)


def _cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every record that is not empty, with the physical line on which it starts (1 is the first)."""
    # strict: a quote that is never closed is an error, not one huge cell.
    reader = csv.reader(text_lines(path), delimiter=delimiter, strict=True)
    while True:
        row = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadFile(path, f"{error}: is a quote not closed or not doubled?", row=row) from None
        if any(cell.strip() for cell in cells):
            yield row, cells
