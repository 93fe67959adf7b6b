"""XLSX: the first sheet, with the columns of the CSV format; read row by row in bounded memory.

A number is read as Excel shows it without a number format (an id typed as 12 is "12"), a formula as the
value that Excel saved with it. Every cell is written as text: `=1+1` in an answer is never a formula.
"""

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from kb_index.article import Article
from kb_index.errors import BadFile
from kb_index.formats.csv_file import as_row
from kb_index.formats.records import FIELDS, Record, Value, Warn, known_field, require_columns
from kb_index.formats.text import refuse_huge, unreadable

LARGEST_UNPACKED = 2 * 1024**3  # bytes; a workbook that unpacks to more is a bomb
LONGEST_CELL = 32_767  # UTF-16 units, Excel's own limit
MOST_ROWS = 1_048_576  # Excel's own limit

_DATES = frozenset({"valid_from", "valid_until"})
_WIDTHS = dict(zip("ABCDEFGHI", (16, 40, 80, 16, 40, 10, 12, 12, 12), strict=True))
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # Excel's way to put any character into XML
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def read(path: Path, _warn: Warn) -> Iterator[Record]:
    """The records of the first sheet, one at a time; an empty row is passed over."""
    with _first_sheet(path) as sheet:
        rows = _filled_rows(path, sheet)
        header_row, header = next(rows, (1, []))
        names = _columns(path, header_row, header)
        for row, cells in rows:
            values: dict[str, Value] = {name: "" for name in names if name}
            for number, cell in enumerate(cells):
                if cell.value is None:
                    continue
                name = names[number] if number < len(names) else None
                if name is None:
                    raise BadFile(path, f"the cell {cell.coordinate} is in a column without a name", row=row)
                if cell.data_type == "e":
                    problem = f"holds the error {cell.value}: mend the formula or type the value"
                    raise BadFile(path, problem, row=row, column=name)
                values[name] = _value(cell.value, keep_date=name in _DATES)
            yield Record(row=row, values=values)


def write(articles: Iterable[Article], path: Path) -> None:
    """Write all fields of the articles to a workbook of one sheet.

    Raises:
        BadFile: an article does not fit into Excel's limits.
    """
    import openpyxl  # here and below: half of the time that it takes to import kb_index.formats

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("articles")
    sheet.freeze_panes = "A2"
    for column, width in _WIDTHS.items():
        sheet.column_dimensions[column].width = width
    try:
        sheet.append([_text_cell(sheet, name) for name in FIELDS])
        for number, article in enumerate(articles, start=2):
            if number > MOST_ROWS:
                raise BadFile(path, "a workbook cannot hold so many articles: export CSV or JSONL")
            cells = as_row(article)
            for name, text in zip(FIELDS, cells, strict=True):
                if len(_escaped(text).encode("utf-16-le")) > 2 * LONGEST_CELL:
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
    """How many rows the workbook says it has below the header; None if it does not say."""
    with _first_sheet(path, whole=False) as sheet:
        return sheet.max_row - 1 if (sheet.max_row or 0) > 1 else None


@contextmanager
def _first_sheet(path: Path, *, whole: bool = True) -> Iterator[Any]:
    """The first sheet, opened for reading row by row; `whole` distrusts the size that it states."""
    import openpyxl

    refuse_huge(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from None
    with file:  # openpyxl itself would leave it open when a reader stops half-way
        if file.read(4) == b"\xd0\xcf\x11\xe0":
            problem = "is an old .xls file or protected by a password: save it as .xlsx without a password"
            raise BadFile(path, problem)
        try:
            with zipfile.ZipFile(file) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked <= LARGEST_UNPACKED:
                with _quiet():
                    workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except Exception:  # openpyxl raises whatever the damage happens to cause: KeyError, ParseError, …
            raise _damaged(path) from None
        if unpacked > LARGEST_UNPACKED:
            raise BadFile(path, "unpacks to gigabytes: this is no list of articles")
        if not workbook.worksheets:
            raise BadFile(path, "has no sheet with cells")
        sheet = workbook.worksheets[0]
        if whole:
            sheet.reset_dimensions()
        yield sheet
        workbook.close()


def _filled_rows(path: Path, sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    rows = iter(sheet.iter_rows())
    number = 0
    while True:
        number += 1
        try:
            with _quiet():
                cells = next(rows)
        except StopIteration:
            return
        except Exception:  # as above: the sheet itself is parsed only now
            raise _damaged(path, row=number) from None
        if any(cell.value is not None and str(cell.value).strip() for cell in cells):
            yield number, cells


def _columns(path: Path, row: int, header: Sequence[Any]) -> list[str | None]:
    """The field of every column; None for a column without a name, which must then be empty."""
    names = [None if cell.value is None else known_field(path, str(cell.value), row=row) for cell in header]
    require_columns(path, [name for name in names if name], row=row)
    return names


def _value(value: object, *, keep_date: bool) -> str | date:
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
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
    cell = WriteOnlyCell(sheet, value=_escaped(text))
    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula and "#REF!" for an error
    return cell


def _escaped(text: str) -> str:
    return _LOOKS_ESCAPED.sub("_x005F_", text)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without openpyxl's warnings about features that we do not need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _damaged(path: Path, row: int | None = None) -> BadFile:
    return BadFile(path, "is not a readable XLSX workbook: open it in Excel and save it as .xlsx", row=row)
