"""Read and write XLSX: every sheet that has the columns of the CSV format.

`kb_index.formats.workbook` reads the rows. A text is read as the sheet shows it: a number in its number
format, a formula as the value that Excel saved with it, merged cells with their one value, a link with its
address. Hidden sheets and rows are for those who hid them, and are left out unless the user wants them.
Every cell is written as text: `=1+1` in an answer is never a formula.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from files import BadFile
from files.limits import MAX_SHEET_CELL_CHARS, MAX_SHEET_CELLS
from kb_index.article import Article
from kb_index.formats.columns import (
    MAX_ROWS_ABOVE_HEADER,
    REQUIRED,
    Columns,
    find_header,
    is_header,
)
from kb_index.formats.csv_file import as_texts, columns_of
from kb_index.formats.number_formats import GENERAL, UnknownFormat, plain_number, shown
from kb_index.formats.reading import Reading, Remark, SheetReport
from kb_index.formats.records import Record, Value
from kb_index.formats.workbook import Sheet, Workbook, column_letters, open_workbook
from kb_index.formats.workbook_marks import Merge
from kb_index.formats.workbook_sheet import Cell, Row

_DATES = frozenset({"valid_from", "valid_until"})
_SHOWN = frozenset({"question", "answer", "topic", "phrasings"})  # the others are read without a format
_WIDTHS = dict(zip("ABCDEFGHI", (16, 40, 80, 16, 40, 10, 12, 12, 12), strict=True))
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_NO_TITLE = re.compile(r"(sheet|лист|аркуш|tabelle|feuil|hoja|articles|таблица|table)?\s*\d*", re.IGNORECASE)
_MAX_HEADER_COLUMNS = 1_000
_LINK = re.compile(r"(https?://|mailto:|tel:)\S+", re.IGNORECASE)
# Excel shows these formats by the country of its user
_RUSSIAN_FORMATS = {
    "5": '#,##0" ₽"',
    "6": '#,##0" ₽"',
    "7": '#,##0.00" ₽"',
    "8": '#,##0.00" ₽"',
    "14": "dd.mm.yyyy",
    "22": "dd.mm.yyyy h:mm",
    "42": '#,##0" ₽"',
    "44": '#,##0.00" ₽"',
}
_OTHER_FORMATS = {"14": "yyyy-mm-dd", "22": "yyyy-mm-dd h:mm"}


@dataclass(frozen=True, kw_only=True)
class _Table:
    """The table in a sheet: its columns by their number, and the row of its header (0: none)."""

    sheet: Sheet
    columns: dict[int, str]
    header_row: int
    ignored: frozenset[int]  # columns with a name that are passed over
    title: str | None  # of the sheet, where there are several
    topic: str = ""  # of a sheet whose title is one


@dataclass(kw_only=True)
class _Above:
    """The section and the merged cells that continue from the rows above."""

    topic: str = ""  # of a section
    cells: dict[int, tuple[int, Cell]] = field(default_factory=dict)  # last row and first cell of a merge


def read(reading: Reading) -> Iterator[Record]:
    """Yield the records of all sheets with a header. Empty rows are skipped."""
    with open_workbook(reading.path) as workbook:
        for table in _tables(reading, workbook):
            n_records = 0
            for record in _records(reading, workbook, table):
                n_records += 1
                yield record
            reading.sheets.append(SheetReport(name=table.sheet.title, n_records=n_records))


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
    """Return how many rows the workbook declares below its headers, or None."""
    with open_workbook(path) as workbook:
        n_rows = [workbook.n_rows(sheet) or 0 for sheet in workbook.sheets if not sheet.is_hidden]
    return sum(max(0, count - 1) for count in n_rows) or None


def _tables(reading: Reading, workbook: Workbook) -> list[_Table]:
    """Return the tables of the sheets that are read. The other sheets are told.

    Raises:
        BadFile: when no sheet has a header.
    """
    found: list[tuple[Sheet, int, int, Columns]] = []
    first_error: BadFile | None = None
    for sheet in workbook.sheets:
        if sheet.is_hidden and not reading.options.include_hidden:
            _leave_out(reading, sheet, "it is hidden; show it, or add --include-hidden")
            continue
        top = _rows_up_to_the_header(reading, workbook, sheet)
        if not top and len(workbook.sheets) > 1:
            continue  # there is nothing on it
        try:
            n_above, columns = find_header(reading.path, top or [(1, [""])], reading.options.columns)
        except BadFile as error:
            first_error = first_error or error
            if len(workbook.sheets) > 1:
                _leave_out(reading, sheet, error.problem)
            continue
        found.append((sheet, n_above, top[n_above - 1][0] if n_above else 0, columns))
        reading.set_columns(columns.names, columns.ignored)
        if n_above > 1:
            where = f" of the sheet {sheet.title}" if len(workbook.sheets) > 1 else ""
            row = top[n_above - 1][0]
            reading.warn(
                f"{reading.path}: the header{where} is row {row}; what stands above it was passed over"
            )
    if not found:
        raise first_error or BadFile(reading.path, "has no sheet that is not hidden")
    return [
        _Table(
            sheet=sheet,
            columns={position + 1: name for position, name in columns.fields.items()},
            header_row=header_row,
            ignored=frozenset(position + 1 for position, name in columns.ignored.items() if name),
            title=sheet.title if len(found) > 1 else None,
            topic=sheet.title if len(found) > 1 and not _NO_TITLE.fullmatch(sheet.title.strip()) else "",
        )
        for sheet, _, header_row, columns in found
    ]


def _leave_out(reading: Reading, sheet: Sheet, reason: str) -> None:
    reading.sheets.append(SheetReport(name=sheet.title, n_records=0, left_out=reason))
    reading.warn(f"{reading.path}: the sheet {sheet.title} was not read: {reason}")


def _rows_up_to_the_header(
    reading: Reading, workbook: Workbook, sheet: Sheet
) -> list[tuple[int, Sequence[str]]]:
    top: list[tuple[int, Sequence[str]]] = []
    for row in workbook.rows(sheet):
        texts = {cell.column: str(cell.value) for cell in row.cells}
        if not any(text.strip() for text in texts.values()):
            continue
        cells = [texts.get(column, "") for column in range(1, min(max(texts), _MAX_HEADER_COLUMNS) + 1)]
        top.append((row.number, cells))
        if is_header(cells, reading.options.columns) or len(top) > MAX_ROWS_ABOVE_HEADER:
            break
    return top


def _records(reading: Reading, workbook: Workbook, table: _Table) -> Iterator[Record]:
    marks = workbook.marks(table.sheet)
    above = _Above()
    for row in workbook.rows(table.sheet):
        merges = marks.merges.get(row.number, [])
        if row.number <= table.header_row:
            continue
        own = {cell.column: cell for cell in row.cells if str(cell.value).strip()}
        cells, merged = _filled(own, row.number, merges, above)
        if not any(column in cells or column in row.unset_formulas for column in table.columns):
            if own:
                _remark_on_unnamed(reading, table, own, row)
            continue
        if row.is_hidden and not reading.options.include_hidden:
            reading.remark(Remark.HIDDEN, row.number, table.title)
            continue
        section = _section(own, merges, table)
        if section is not None:
            above.topic = _text(reading, workbook, table, section, row.number, "topic")
            reading.remark(Remark.SECTION, row.number, table.title)
            continue
        problem = _problem(table, cells, row)
        if problem is not None:
            column, text = problem
            name = table.columns[column]
            reading.refuse(BadFile(reading.path, text, row=row.number, column=name, sheet=table.title))
            continue
        _remark_on_unnamed(reading, table, own, row)
        values: dict[str, Value] = dict.fromkeys(table.columns.values(), "")
        for column, cell in cells.items():
            if column not in table.columns:
                continue
            name = table.columns[column]
            value: Value = cell.value if name in _DATES and isinstance(cell.value, date) else None
            if value is None:
                value = _text(reading, workbook, table, cell, row.number, name)
            if name == "answer" and isinstance(value, str):
                place = (row.number, column)
                value = _with_address(value, cell.link or marks.links.get(place, ""))
            values[name] = value
        topic = above.topic or table.topic
        if topic and not values.get("topic"):
            values["topic"] = topic
        continued = frozenset(name for column, name in table.columns.items() if column in merged)
        yield Record(row=row.number, values=values, sheet=table.title, continued=continued)


def _filled(
    own: dict[int, Cell], row: int, merges: Sequence[Merge], above: _Above
) -> tuple[dict[int, Cell], set[int]]:
    """Return the cells of a row with those merged with a cell above, and the columns of these."""
    for column in [column for column, (bottom, _) in above.cells.items() if bottom < row]:
        del above.cells[column]
    merged = {column for column in above.cells if column not in own}
    filled = {**own, **{column: above.cells[column][1] for column in merged}}
    for merge in merges:
        if merge.bottom > row and merge.left in own:
            above.cells[merge.left] = merge.bottom, own[merge.left]
    return filled, merged


def _section(own: dict[int, Cell], merges: Sequence[Merge], table: _Table) -> Cell | None:
    """Return the only cell of a row if it reaches across question and answer: a heading in the table."""
    if len(own) != 1:
        return None
    ((column, cell),) = own.items()
    asked = {number for number, name in table.columns.items() if name in REQUIRED}
    for merge in merges:
        if merge.left == column and merge.left <= min(asked) and merge.right >= max(asked):
            return cell
    return None


def _problem(table: _Table, cells: dict[int, Cell], row: Row) -> tuple[int, str] | None:
    """Return the column of a cell that cannot be read, and what to do about it."""
    for column in table.columns:
        if column in row.unset_formulas:
            place = f"{column_letters(column)}{row.number}"
            advice = "open the file in Excel and save it, or type the value"
            return column, f"the formula in {place} has no stored value: {advice}"
        if column in cells and cells[column].is_error:
            return column, f"holds the error {cells[column].value}: mend the formula or type the value"
    return None


def _remark_on_unnamed(reading: Reading, table: _Table, own: dict[int, Cell], row: Row) -> None:
    if any(column not in table.columns and column not in table.ignored for column in own):
        reading.remark(Remark.SURPLUS, row.number, table.title)


def _text(reading: Reading, workbook: Workbook, table: _Table, cell: Cell, row: int, name: str) -> str:
    """Return a cell's text as the sheet shows it, or without its format where a machine reads it."""
    value = cell.value
    if isinstance(value, (str, bool)):
        return value if isinstance(value, str) else str(value).upper()
    number, code = workbook.format_of(cell.style)
    by_country = _RUSSIAN_FORMATS if workbook.is_russian else _OTHER_FORMATS
    code = by_country.get(number, code)
    if name in _SHOWN and code not in {GENERAL, "", "@"}:
        try:
            return shown(value, code, russian=workbook.is_russian)
        except UnknownFormat:
            reading.remark(Remark.UNKNOWN_FORMAT, row, table.title)
    if isinstance(value, (int, float)):
        return plain_number(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value)


def _with_address(text: str, address: str) -> str:
    """Return the text with the address behind it, unless it says it already."""
    bare = address.removeprefix("mailto:").removeprefix("tel:")
    if not _LINK.fullmatch(address) or bare.rstrip("/") in text:
        return text
    return f"{text} ({bare})"


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if not text:
        return None
    cell = WriteOnlyCell(sheet, value=_escape(text))
    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula and "#REF!" for an error
    return cell


def _escape(text: str) -> str:
    return _LOOKS_ESCAPED.sub("_x005F_", text)
