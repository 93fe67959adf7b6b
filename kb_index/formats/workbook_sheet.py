"""Read the large parts of an XLSX package, its texts and the cells of a sheet, and count them."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import NamedTuple

from files import limits
from files.errors import BadFile
from kb_index.formats.workbook_parts import PartReader

Value = str | int | float | bool | date | time | timedelta

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # Excel's escape for any character in XML
_LINK = re.compile(r'HYPERLINK\(\s*"([^"]{1,2000})"', re.IGNORECASE)


_ESCAPE_CHARS = 7  # length of an escape for one character


_MAX_COLUMN_LETTERS = 4  # one more than Excel allows
ADVICE = "delete empty rows and other sheets, or save it as CSV UTF-8"


class Cell(NamedTuple):
    """A cell with a value. The value of an error (#REF!) is its name."""

    column: int  # 1 is A
    value: Value
    is_error: bool = False
    style: int = 0  # the number of its style, 0 is plain
    link: str = ""  # the address in a formula that makes a link


class Row(NamedTuple):
    """The non-empty cells of a row. The sheet's first row has the number 1."""

    number: int
    cells: list[Cell]
    is_hidden: bool = False
    unset_formulas: tuple[int, ...] = ()  # columns of formulas without a stored value


class TextReader(PartReader):
    """Joins texts that are split by formatting. Phonetic readings are left out."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._pieces: list[str] = []
        self._n_chars = 0
        self._is_reading = self._is_spoken = False

    def text(self, text: str) -> None:
        if self._is_reading:
            self._n_chars += len(text)
            if self._n_chars > _ESCAPE_CHARS * limits.MAX_SHEET_CELL_CHARS:
                raise self._too_long()
            self._pieces.append(text)

    def _take_text(self) -> str:
        """Return the collected text and start a new one."""
        if not self._pieces:
            return ""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._n_chars = 0
        if "_x" in text:
            text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        limit = limits.MAX_SHEET_CELL_CHARS
        if 2 * len(text) > limit and len(text.encode("utf-16-le", "surrogatepass")) > 2 * limit:
            raise self._too_long()
        return text

    def _too_long(self) -> BadFile:
        problem = f"holds a cell of over {limits.MAX_SHEET_CELL_CHARS} characters, more than Excel can"
        return BadFile(self._path, f"{problem}: shorten it", row=self.row)

    def _check_total(self, n_chars: int) -> None:
        if n_chars > limits.MAX_SHEET_CHARS:
            problem = f"holds over {limits.MAX_SHEET_CHARS} characters: split it, or save it as CSV UTF-8"
            raise BadFile(self._path, problem, row=self.row)


class StringReader(TextReader):
    """Reads the texts that cells refer to by number."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.strings: list[str] = []
        self._total = 0

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        if tag == "t":
            self._is_reading = not self._is_spoken
        elif tag == "rPh":
            self._is_spoken = True

    def end(self, tag: str) -> None:
        if tag == "t":
            self._is_reading = False
        elif tag == "rPh":
            self._is_spoken = False
        elif tag == "si":
            text = self._take_text()
            self.strings.append(text)
            self._total += len(text)
            self._check_total(self._total)
            if len(self.strings) > limits.MAX_SHEET_CELLS:
                problem = f"holds over {limits.MAX_SHEET_CELLS} different texts: {ADVICE}"
                raise BadFile(self._path, problem)


class SheetReader(TextReader):
    """Reads the rows of a sheet."""

    def __init__(
        self,
        path: Path,
        title: str,
        *,
        strings: list[str],
        is_duration: Mapping[int, bool],
        is_1904: bool,
        n_cells: int = 0,
        n_chars: int = 0,
    ) -> None:
        from openpyxl.utils import datetime as moments

        super().__init__(path)
        self.rows: list[Row] = []  # read but not yet taken
        self._title = title
        self._strings = strings
        self._is_duration = is_duration
        self._moments = moments
        self._epoch = moments.CALENDAR_MAC_1904 if is_1904 else moments.CALENDAR_WINDOWS_1900
        self._in_data = False
        self._row = self._column = 0
        self._kind = "n"
        self._style = "0"
        self._cells: list[Cell] = []
        self.n_cells, self.n_text_chars = n_cells, n_chars  # of all sheets so far
        self._has_value = self._in_formula = False
        self._formula: str | None = None
        self._is_hidden = False
        self._unset_formulas: list[int] = []
        self._columns: dict[str, int] = {}  # column numbers by letters

    # A sheet has millions of elements, so these two methods avoid calls that the other readers can afford.

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        self.n_elements += 1
        self._depth += 1
        if self._depth > limits.MAX_XML_DEPTH:
            raise ValueError("nested deeper than any workbook")
        tag = self._local[name]
        if tag == "c" and self._in_data:
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "0")
            self._formula = None
            self._has_value = False
            coordinate = attributes.get("r")
            if coordinate:
                letters = coordinate.rstrip("0123456789")
                column = self._columns.get(letters) or self._column_of(letters)
            else:
                column = self._column + 1
            self._column = column
            if column > limits.MAX_SHEET_COLUMNS:
                problem = (
                    f"the sheet {self._title[:40]!r} has a cell behind column XFD, which is Excel's last"
                )
                raise BadFile(self._path, problem, row=self._row)
        elif tag == "v":
            self._is_reading = self._in_data and self._kind != "inlineStr"
            self._has_value = True
        elif tag == "f" and self._in_data:
            self._is_reading = self._in_formula = True
        elif tag == "t":
            self._is_reading = self._in_data and self._kind == "inlineStr" and not self._is_spoken
        elif tag == "row" and self._in_data:
            self._start_row(attributes)
        elif tag == "rPh":
            self._is_spoken = True
        elif tag == "sheetData":
            self._in_data = True

    def end_element(self, name: str) -> None:
        self._depth -= 1
        tag = self._local[name]
        if tag == "c":
            if self._in_data and (self._pieces or self._kind == "inlineStr"):
                self._end_cell()
            elif self._formula is not None and not (self._has_value and self._kind == "str"):
                self._unset_formulas.append(self._column)
        elif tag in {"v", "t"}:
            self._is_reading = False
        elif tag == "f" and self._in_formula:
            self._is_reading = self._in_formula = False
            self._formula = self._take_text()
        elif tag == "row":
            if self._cells or self._unset_formulas:
                self.rows.append(Row(self._row, self._cells, self._is_hidden, tuple(self._unset_formulas)))
                self._cells = []
                self._unset_formulas = []
        elif tag == "rPh":
            self._is_spoken = False
        elif tag == "sheetData":
            self._in_data = False

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        number = attributes.get("r")
        self.row = self._row = int(float(number)) if number else self._row + 1
        self._column = 0
        self._is_hidden = attributes.get("hidden") in {"1", "true"}
        if not 1 <= self._row <= limits.MAX_SHEET_ROWS:
            problem = f"the sheet {self._title[:40]!r} has no such row, {limits.MAX_SHEET_ROWS} is the last"
            raise BadFile(self._path, problem, row=self._row)

    def _end_cell(self) -> None:
        text = self._take_text()
        kind = self._kind
        value: Value = text
        is_error = kind == "e"
        style = int(self._style or 0)
        if kind == "n":
            value = float(text) if "." in text or "e" in text or "E" in text else int(text)
            if style in self._is_duration:
                value, is_error = self._moment(value, is_duration=self._is_duration[style])
        elif kind == "s":
            number = int(text)
            if number < 0:
                raise ValueError("there is no such text")
            value = self._strings[number]
        elif kind == "b":
            value = bool(int(text))
        elif kind == "d":
            value = self._moments.from_ISO8601(text)  # type: ignore[no-untyped-call]
        self.n_cells += 1
        if isinstance(value, str):
            self.n_text_chars += len(value)
            self._check_total(self.n_text_chars)
        if self.n_cells > limits.MAX_SHEET_CELLS:
            problem = f"the sheet {self._title[:40]!r} has over {limits.MAX_SHEET_CELLS} cells: {ADVICE}"
            raise BadFile(self._path, problem, row=self._row)
        link = _LINK.match(self._formula.strip()) if self._formula else None
        self._cells.append(Cell(self._column, value, is_error, style, link[1] if link else ""))

    def _moment(self, value: float, *, is_duration: bool) -> tuple[Value, bool]:
        """Return the point in time or duration that a number stands for, and whether it is an error."""
        try:
            return self._moments.from_excel(value, self._epoch, timedelta=is_duration), False
        except (OverflowError, ValueError):  # beyond the calendar, as Excel shows it
            return "#VALUE!", True

    def _column_of(self, letters: str) -> int:
        """Return the number of the column with these letters, 1 for A."""
        if not 1 <= len(letters) <= _MAX_COLUMN_LETTERS or not (letters.isascii() and letters.isalpha()):
            raise ValueError(f"{letters[:20]!r} is not a column")
        number = 0
        for letter in letters.upper():
            number = 26 * number + ord(letter) - ord("A") + 1
        self._columns[letters] = number
        return number
