"""Read and write XLSX: the first sheet, with the columns of the CSV format.

`kb_index.formats.workbook` reads the rows. A number is read as Excel shows it without a number format (an id
typed as 12 is "12"), a formula as the value that Excel saved with it. Every cell is written as text: `=1+1`
in an answer is never a formula.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from files import BadFile, Budget
from files.limits import MAX_SHEET_CELL_CHARS, MAX_SHEET_CELLS
from kb_index.article import Article
from kb_index.formats.csv_file import as_texts, columns_of
from kb_index.formats.records import Record, Value, Warn, require_columns, require_field
from kb_index.formats.workbook import column_letters, open_workbook
from kb_index.formats.workbook_sheet import Row

_DATES = frozenset({"valid_from", "valid_until"})
_WIDTHS = dict(zip("ABCDEFGHI", (16, 40, 80, 16, 40, 10, 12, 12, 12), strict=True))
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def read(path: Path, _warn: Warn, _budget: Budget) -> Iterator[Record]:
    """Yield the records of the first sheet. Empty rows are skipped."""
    with open_workbook(path) as workbook:
        rows = (row for row in workbook.rows() if any(str(cell.value).strip() for cell in row.cells))
        header = next(rows, Row(1, []))
        names = _columns(path, header)
        for row in rows:
            values: dict[str, Value] = dict.fromkeys(names.values(), "")
            for cell in row.cells:
                name = names.get(cell.column)
                if name is None:
                    place = f"{column_letters(cell.column)}{row.number}"
                    problem = f"the cell {place} is in a column without a name"
                    raise BadFile(path, problem, row=row.number)
                if cell.is_error:
                    problem = f"holds the error {cell.value}: mend the formula or type the value"
                    raise BadFile(path, problem, row=row.number, column=name)
                values[name] = _value(cell.value, keep_date=name in _DATES)
            yield Record(row=row.number, values=values)


def write(articles: Iterable[Article], path: Path) -> None:
    """Write all fields of the articles to a workbook with one sheet.

    Raises:
        BadFile: when an article exceeds Excel's limits.
    """
    import openpyxl  # imported here and below: it would double the import time of kb_index.formats

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("articles")
    sheet.freeze_panes = "A2"
    for column, width in _WIDTHS.items():
        sheet.column_dimensions[column].width = width
    try:
        articles = list(articles)
        columns = columns_of(articles)
        sheet.append([_text_cell(sheet, name) for name in columns])
        n_cells = len(columns)
        for article in articles:
            cells = as_texts(article)[: len(columns)]
            n_cells += sum(map(bool, cells))
            if n_cells > MAX_SHEET_CELLS:  # a larger file could not be read back
                raise BadFile(path, "a workbook cannot hold so many articles: export CSV or JSONL")
            for name, text in zip(columns, cells, strict=True):
                if len(_escape(text).encode("utf-16-le")) > 2 * MAX_SHEET_CELL_CHARS:
                    problem = (
                        f"{name} of the article {article.id!r} is too long for Excel: export CSV or JSON"
                    )
                    raise BadFile(path, problem)
            sheet.append([_text_cell(sheet, text) for text in cells])
        workbook.save(path)
    finally:
        if not sheet.closed:
            sheet.close()
        workbook.close()


def count(path: Path) -> int | None:
    """Return how many rows the workbook declares below the header, or None."""
    with open_workbook(path) as workbook:
        n_rows = workbook.n_rows()
    return n_rows - 1 if n_rows is not None and n_rows > 1 else None


def _columns(path: Path, header: Row) -> dict[int, str]:
    """Return the fields by the number of their column. A column without a name must be empty."""
    names = {cell.column: require_field(path, str(cell.value), row=header.number) for cell in header.cells}
    require_columns(path, [*names.values()], row=header.number)
    return names


def _value(value: object, *, keep_date: bool) -> str | date:
    if isinstance(value, str):
        return value
    if isinstance(value, date) and keep_date:
        return value
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if not text:
        return None
    cell = WriteOnlyCell(sheet, value=_escape(text))
    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula and "#REF!" for an error
    return cell


def _escape(text: str) -> str:
    return _LOOKS_ESCAPED.sub("_x005F_", text)
