"""Read and write articles as CSV: a header with the columns, one article per record.

Phrasings stand one per line inside their cell.

Read: UTF-8 with or without BOM, or another encoding that is recognised and told; comma, semicolon (Excel in
Russia), tab or |, found from the header; Excel's line `sep=;`; titles above the header. In a file with tabs
`\\n` in a cell is a line end, because such a cell cannot hold one.
Written: UTF-8 without BOM, commas, cells quoted only where necessary. A cell that a spreadsheet would run
as a formula gets an apostrophe in front (`files.csv_rows`). The apostrophe is removed on reading if the
header names exactly the columns that are written; a file with other columns is read unchanged.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from files import UTF_8, BadFile, as_cell, detect_encoding, nonempty_rows, text_lines, text_of
from kb_index.article import Article
from kb_index.formats.answers import needs_format
from kb_index.formats.columns import (
    FIELDS,
    MAX_ROWS_ABOVE_HEADER,
    OPTIONAL,
    REQUIRED,
    field_of,
    find_header,
    is_header,
    words_of,
)
from kb_index.formats.reading import Reading, Remark
from kb_index.formats.records import Record
from kb_index.marks import to_lines

_MAX_COUNTED = 300_000  # records, which take a second or two
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_SAMPLE_LINES = 100
_SAMPLE_LINE_CHARS = 10_000
_MAX_BUFFERED_CHARS = 1_000_000  # of the rows in which the header is looked for
# Not in C:\new, and not the second of two backslashes
_LINE_END = re.compile(r"(?<![\\])(?<![A-Za-z]:)(?:\\r)?\\n")


@dataclass(frozen=True, kw_only=True)
class _Dialect:
    delimiter: str
    quoting: int = csv.QUOTE_MINIMAL


def read(reading: Reading) -> Iterator[Record]:
    """Yield the records of a CSV file. Rows whose cells are all empty are skipped."""
    path, by_hand = reading.path, reading.options.columns
    codec = reading.codec()
    dialect = _dialect_of(path, codec, by_hand)
    rows = _rows(path, dialect, codec)
    top = _rows_up_to_the_header(rows, by_hand)
    if not top:
        raise BadFile(path, "contains no articles: the first row must name the columns", row=1)
    n_above, columns = find_header(path, top, by_hand)
    header = top[n_above - 1][1] if n_above else [""] * max(len(cells) for _, cells in top)
    reading.set_columns(columns.names, columns.ignored)
    if n_above > 1 and not (n_above == 2 and _is_separator_line(top[0][1])):
        reading.warn(f"{path}: the header is row {top[n_above - 1][0]}; what stands above it was passed over")
    is_ours = tuple(header) in (FIELDS, FIELDS + OPTIONAL)
    has_line_ends = dialect.delimiter == "\t" and not is_ours
    unnamed = [position for position, name in columns.ignored.items() if not name]
    for row, cells in chain(top[n_above:], rows):
        problem = _problem(cells, header, columns.fields)
        if problem:
            reading.refuse(BadFile(path, problem, row=row))
            continue
        if n_above and any(cells[position].strip() for position in unnamed if position < len(cells)):
            reading.remark(Remark.SURPLUS, row)
        texts = [text_of(cell) for cell in cells] if is_ours else cells
        if has_line_ends and any("\\n" in text for text in texts):
            texts = [_LINE_END.sub("\n", text) for text in texts]
            reading.remark(Remark.LINE_END, row)
        values = {
            field: texts[position] if position < len(texts) else ""
            for position, field in columns.fields.items()
        }
        yield Record(row=row, values=values)


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
    """Return about how many articles `read` would yield, or None if counting takes too long."""
    try:
        codec = detect_encoding(path) or UTF_8
    except OSError:
        codec = UTF_8
    n_records = sum(1 for _ in islice(_rows(path, _dialect_of(path, codec, {}), codec), _MAX_COUNTED + 1))
    return max(0, n_records - 1) if n_records <= _MAX_COUNTED else None


def _rows(path: Path, dialect: _Dialect, codec: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every record that is not empty, with the physical line on which it starts (1 is the first)."""
    return nonempty_rows(path, delimiter=dialect.delimiter, encoding=codec, quoting=dialect.quoting)


def _rows_up_to_the_header(
    rows: Iterator[tuple[int, list[str]]], by_hand: Mapping[str, str]
) -> list[tuple[int, list[str]]]:
    top: list[tuple[int, list[str]]] = []
    n_chars = 0
    for row, cells in rows:
        top.append((row, cells))
        n_chars += sum(map(len, cells))
        if is_header(cells, by_hand) or len(top) > MAX_ROWS_ABOVE_HEADER or n_chars > _MAX_BUFFERED_CHARS:
            break
    return top


def _problem(cells: Sequence[str], header: Sequence[str], fields: Mapping[int, str]) -> str | None:
    """Return why the cells of a row do not fit under the header."""
    n_names = len(header)
    while len(header) > 1 and not header[n_names - 1].strip() and n_names > max(fields) + 1:
        n_names -= 1
    surplus = any(cell.strip() for cell in cells[len(header) :])
    missing = any(position >= len(cells) for position, field in fields.items() if field in REQUIRED)
    if not surplus and not missing:
        return None
    return f"has {len(cells)} cells where the header names {n_names}: is a quote or comma missing?"


def _is_separator_line(cells: Sequence[str]) -> bool:
    return bool(cells) and cells[0].strip().lower() == "sep=" and not any(cells[1:])


def _dialect_of(path: Path, codec: str, by_hand: Mapping[str, str]) -> _Dialect:
    """Return the delimiter that gives the best header at the top, and whether quotes mean anything."""
    lines = [line[:_SAMPLE_LINE_CHARS] for line in islice(text_lines(path, encoding=codec), _SAMPLE_LINES)]
    if lines and (named := _SEPARATOR_LINE.fullmatch(lines[0])):
        return _Dialect(delimiter=named[1])
    delimiter = max(_DELIMITERS, key=lambda sign: _fitness(_parsed(lines, sign), by_hand))
    if delimiter == "\t" and not _is_quoted_well(lines):
        return _Dialect(delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return _Dialect(delimiter=delimiter)


def _parsed(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return [cells[:200] for cells in csv.reader(lines, delimiter=delimiter) if any(cells)]
    except csv.Error:
        return []


def _fitness(rows: Sequence[Sequence[str]], by_hand: Mapping[str, str]) -> tuple[bool, int, float]:
    """Return whether there is a header, how many columns a row names at most, and the share of equal rows."""
    top = rows[: MAX_ROWS_ABOVE_HEADER + 1]
    given = {words_of(column) for column in by_hand.values()}
    n_known = (
        sum(field_of(cell) is not None or words_of(cell) in given for cell in cells if cell.strip())
        for cells in top
    )
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    return (
        any(is_header(cells, by_hand) for cells in top),
        max(n_known, default=0),
        max(widths.values(), default=0) / max(1, len(rows)),
    )


def _is_quoted_well(lines: Sequence[str]) -> bool:
    try:
        for _ in csv.reader(lines, delimiter="\t", strict=True):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error) and len(lines) == _SAMPLE_LINES  # the sample ends inside a cell
    return True
