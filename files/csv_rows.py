"""Read CSV within limits, and escape cells that a spreadsheet would run as a formula.

A spreadsheet computes a cell that begins with `=`, `+`, `-` or `@`. So a written cell gets an apostrophe
before such a sign. An apostrophe that was there already gets one more, so that `text_of` gives back any
text unchanged. Only the reader of a file that we wrote may call it: elsewhere an apostrophe is the user's.
The same applies to a sign behind a semicolon, a tab or a line break inside a cell, where a spreadsheet that
expects other delimiters would begin a new cell. Only a bullet, `- ` at the start of a line, is left
unchanged.
"""

import csv
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from files.encoding import UTF_8
from files.errors import BadFile
from files.limits import MAX_CELL_CHARS, MAX_COLUMNS, MAX_EMPTY_ROWS
from files.text import text_lines

DELIMITERS = ",;\t"

# OWASP, "CSV Injection", includes the full-width signs
_SIGN = r"[=+@\t\r\uff1d\uff0b\uff0d\uff20-]"
_BARE_START = re.compile(rf"""(?:\A|(?<=[;\t]))[" ]*(?='*{_SIGN})|(?<=[\r\n])[" ]*(?='*(?!-\ ){_SIGN})""")
_ESCAPED_START = re.compile(rf"({_BARE_START.pattern})'")

# The csv module's own limit (131,072) is less than the phrasings of one article may take. It is one
# number for the whole process; nothing here lowers it.
csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL_CHARS))


def as_cell(text: str) -> str:
    """Return the text as a cell that no spreadsheet runs as a formula. `text_of` reverses it.

    >>> as_cell("=1+1"), as_cell("'=1"), as_cell("5 - 3"), as_cell("+7 495 123-45-67")
    ("'=1+1", "''=1", '5 - 3', "'+7 495 123-45-67")
    """
    return _BARE_START.sub(lambda match: match[0] + "'", text)


def text_of(cell: str) -> str:
    """Return the original text of a cell that `as_cell` made.

    >>> text_of("'=1+1"), text_of("'quoted'")
    ('=1+1', "'quoted'")
    """
    return _ESCAPED_START.sub(r"\1", cell) if "'" in cell else cell


def csv_rows(
    path: Path, *, delimiter: str = ",", encoding: str = UTF_8, quoting: int = csv.QUOTE_MINIMAL
) -> Iterator[tuple[int, list[str]]]:
    """Yield every non-empty record and the physical line on which it starts (1 is the first).

    Raises:
        BadFile: when `text_lines` raises it, a quote is not closed, or a cell or a record is absurdly long.
    """
    # strict: a quote that is never closed is an error, not one huge cell.
    lines = text_lines(path, encoding=encoding)
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)  # type: ignore[arg-type]
    while True:
        row = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadFile(
                path, f"is not valid CSV, {error}: is a quote not closed or not doubled?", row=row
            ) from None
        if len(cells) > MAX_COLUMNS:
            raise BadFile(path, f"has {len(cells)} cells: {MAX_COLUMNS} are the limit", row=row)
        if cells:
            yield row, cells


def nonempty_rows(
    path: Path, *, delimiter: str, encoding: str = UTF_8, quoting: int = csv.QUOTE_MINIMAL
) -> Iterator[tuple[int, list[str]]]:
    """Yield every record of `csv_rows` in which a cell holds more than spaces.

    Raises:
        BadFile: when `csv_rows` raises it, or an absurd number of consecutive records are empty.
    """
    n_empty = 0
    for row, cells in csv_rows(path, delimiter=delimiter, encoding=encoding, quoting=quoting):
        if "".join(cells).strip():
            n_empty = 0
            yield row, cells
            continue
        n_empty += 1
        if n_empty > MAX_EMPTY_ROWS:
            problem = f"over {MAX_EMPTY_ROWS} empty rows one after the other: remove them"
            raise BadFile(path, problem, row=row)


def delimiter_of(path: Path, is_column: Callable[[str], bool]) -> str:
    """Return the delimiter that gives the most known columns in the first line: comma, semicolon or tab."""
    header = next((line for line in text_lines(path) if not line.isspace()), "")

    def n_known(delimiter: str) -> int:
        cells = islice(header.split(delimiter, MAX_COLUMNS), MAX_COLUMNS)
        return sum(is_column(cell.strip('"')[:100]) for cell in cells)

    return max(DELIMITERS, key=n_known)
