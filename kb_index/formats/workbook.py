"""The first sheet of an XLSX workbook, row by row, whatever a stranger has packed into it.

openpyxl fills up missing rows and columns (a row with the number 999,999,999 takes for ever), keeps every
style, and counts nothing. So only four parts of the package are read, each as a stream that counts what
passes by: the names of the sheets, the number formats that are dates, the shared strings, the first sheet.
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from files import limits
from files.errors import BadFile
from files.text import check_size, unreadable

Value = str | int | float | bool | date | time | timedelta

_CHUNK = 1 << 16
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\s+ref="[A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}([0-9]{1,7})"')
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # Excel's way to put any character into XML
_ESCAPE_CHARS = 7  # that stand for one
_MAX_COLUMN_LETTERS = 4  # one more than Excel has
_MAX_FORMAT_CHARS = 255  # of a number format, Excel's own limit
_OLE = b"\xd0\xcf\x11\xe0"
_DAMAGE = (
    expat.ExpatError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)  # whatever the damage happens to cause in the libraries that read it
_ADVICE = "delete empty rows and other sheets, or save it as CSV UTF-8"


class Cell(NamedTuple):
    """A cell that holds something; of an error (#REF!), its name is the value."""

    column: int  # 1 is A
    value: Value
    is_error: bool = False


class Row(NamedTuple):
    """The cells of a row that hold something; 1 is the sheet's first row."""

    number: int
    cells: list[Cell]


@contextmanager
def opened(path: Path) -> Iterator["Workbook"]:
    """Open a workbook.

    Raises:
        BadFile: it cannot be opened, is no workbook, or unpacks to too much.
    """
    check_size(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from None
    with file:
        if file.read(4) == _OLE:
            problem = "is an old .xls file or protected by a password: save it as .xlsx without a password"
            raise BadFile(path, problem)
        try:
            archive = zipfile.ZipFile(file)
        except _DAMAGE:
            raise damaged(path) from None
        with archive:
            _check_unpacked(path, archive)
            yield Workbook(path, archive)


def damaged(path: Path, row: int | None = None) -> BadFile:
    """The error for a workbook that is not what it says it is."""
    return BadFile(path, "is not a readable XLSX workbook: open it in Excel and save it as .xlsx", row=row)


def column_letters(number: int) -> str:
    """The letters of a column.

    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _check_unpacked(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a bomb by what it says of itself; more than it says is never unpacked."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    ratio = unpacked / max(1, path.stat().st_size)
    if unpacked > limits.MAX_UNPACKED_BYTES:
        limit = f"{limits.MAX_UNPACKED_BYTES // limits.MB} MB"
        problem = f"unpacks to {unpacked // limits.MB} MB, {limit} are the limit"
    elif unpacked > limits.MIN_RATIO_BYTES and ratio > limits.MAX_UNPACK_RATIO:
        problem = f"unpacks to {ratio:.0f} times its size, {limits.MAX_UNPACK_RATIO} times are the limit"
    elif len(entries) > limits.MAX_ARCHIVE_ENTRIES:
        problem = f"holds {len(entries)} files, {limits.MAX_ARCHIVE_ENTRIES} are the limit"
    else:
        return
    raise BadFile(path, f"{problem}: this is no list of articles; {_ADVICE}")


class Workbook:
    """An open package, of which the first sheet is read."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._n_elements = 0
        self._names = {entry.filename for entry in archive.infolist()}
        book = next((target for kind, target in self._targets("") if kind == "officeDocument"), None)
        if book is None:
            raise damaged(path)
        self._parts = {kind: target for kind, target in self._targets(book) if target in self._names}
        reader = _BookReader()
        self._read(book, reader)
        self._is_1904 = reader.is_1904
        self._sheet, self._title = self._first_sheet(book, reader)

    def n_rows(self) -> int | None:
        """How many rows the sheet says it has; None if it does not say."""
        try:
            with self._archive.open(self._sheet) as part:
                stated = _DIMENSION.search(part.read(_CHUNK))
        except _DAMAGE:
            raise damaged(self._path) from None
        return min(int(stated[1]), limits.MAX_SHEET_ROWS) if stated else None

    def rows(self) -> Iterator[Row]:
        """The rows that have cells, one at a time, in the order of the sheet.

        Raises:
            BadFile: the sheet is damaged or holds too much of something; says where.
        """
        strings, styles = _StringReader(self._path), _StyleReader()
        for kind, reader in (("sharedStrings", strings), ("styles", styles)):
            if kind in self._parts:
                self._read(self._parts[kind], reader)
        sheet = _SheetReader(
            self._path,
            self._title,
            strings=strings.strings,
            is_duration=styles.is_duration,
            is_1904=self._is_1904,
        )
        for _ in self._parsed(self._sheet, sheet):
            yield from sheet.rows
            sheet.rows.clear()

    def _targets(self, name: str) -> Iterator[tuple[str, str]]:
        """The kind and the path of what a part of the package (none: the package itself) refers to."""
        for relation in self._relations(name):
            yield relation.get("Type", "").rpartition("/")[2], _path_of(relation, name)

    def _relations(self, name: str) -> list[dict[str, str]]:
        home, own = posixpath.split(name)
        relations = posixpath.join(home, "_rels", f"{own}.rels")
        reader = _RelationReader()
        if relations in self._names:
            self._read(relations, reader)
        return reader.relations

    def _first_sheet(self, book: str, reader: "_BookReader") -> tuple[str, str]:
        """The path and the title of the first sheet with cells, which a sheet with a chart has not."""
        by_id = {relation.get("Id"): relation for relation in self._relations(book)}
        for sheet in reader.sheets:
            relation = by_id.get(sheet.get("id"), {})
            if relation.get("Type", "").endswith("/worksheet"):
                return _path_of(relation, book), sheet.get("name", "")
        raise BadFile(self._path, "has no sheet with cells")

    def _read(self, name: str, reader: "_Reader") -> None:
        for _ in self._parsed(name, reader):
            pass

    def _parsed(self, name: str, reader: "_Reader") -> Iterator[None]:
        """Parse a part of the package, piece by piece: after each there is something to take."""
        names: dict[str, str] = {}  # of elements and attributes, which the parser keeps
        parser = expat.ParserCreate(intern=names)
        parser.buffer_text = True
        parser.StartElementHandler = reader.start_element
        parser.EndElementHandler = reader.end_element
        parser.CharacterDataHandler = reader.text
        parser.StartDoctypeDeclHandler = reader.document_type
        try:
            part = self._open(name)
        except _DAMAGE:
            raise damaged(self._path) from None
        with part:
            fed = 0
            ended = False
            while not ended:
                try:
                    chunk = part.read(_CHUNK)
                    ended = not chunk
                    parser.Parse(chunk, ended)
                except _DAMAGE:
                    raise damaged(self._path, row=reader.row) from None
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > limits.MAX_XML_TOKEN_BYTES and not ended:
                    megabytes = limits.MAX_XML_TOKEN_BYTES // limits.MB
                    raise BadFile(self._path, f"{name} holds a tag of over {megabytes} MB", row=reader.row)
                if self._n_elements + reader.n_elements > limits.MAX_XML_ELEMENTS:
                    problem = f"holds over {limits.MAX_XML_ELEMENTS} XML elements, at last in {name}"
                    raise BadFile(self._path, f"{problem}: {_ADVICE}", row=reader.row)
                if len(names) > limits.MAX_XML_NAMES:
                    raise damaged(self._path, row=reader.row)
                yield
        self._n_elements += reader.n_elements

    def _open(self, name: str) -> "zipfile.ZipExtFile":
        entry = self._archive.getinfo(name)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("no workbook is packed so, and its unpacking has no bound")
        return self._archive.open(entry)  # type: ignore[return-value]


def _path_of(relation: Mapping[str, str], name: str) -> str:
    """The path in the package that a relation of the part `name` leads to."""
    target = relation.get("Target", "")
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(name), target)).lstrip("/")


class _Local(dict[str, str]):
    """Names without their prefixes, each looked at once: a sheet has millions of few names."""

    def __missing__(self, name: str) -> str:
        self[name] = local = name.rpartition(":")[2]
        return local


class _Reader:
    """Counts the elements of a part; its children take from them what they need."""

    row: int | None = None  # of the sheet

    def __init__(self) -> None:
        self.n_elements = 0
        self._depth = 0
        self._local = _Local()

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        self.n_elements += 1
        self._depth += 1
        if self._depth > limits.MAX_XML_DEPTH:
            raise ValueError("nested deeper than any workbook")
        self.start(self._local[name], attributes)

    def end_element(self, name: str) -> None:
        self._depth -= 1
        self.end(self._local[name])

    def document_type(self, *_: object) -> None:
        raise ValueError("a workbook declares no entities")

    def start(self, tag: str, attributes: dict[str, str], /) -> None: ...

    def end(self, tag: str) -> None: ...

    def text(self, text: str) -> None: ...


class _RelationReader(_Reader):
    def __init__(self) -> None:
        super().__init__()
        self.relations: list[dict[str, str]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            self.relations.append(attributes)
        if len(self.relations) > limits.MAX_ARCHIVE_ENTRIES:
            raise ValueError("more references than there can be parts")


class _BookReader(_Reader):
    def __init__(self) -> None:
        super().__init__()
        self.is_1904 = False
        self.sheets: list[dict[str, str]] = []  # attributes, without their namespaces

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "workbookPr":
            self.is_1904 = attributes.get("date1904") in {"1", "true"}
        elif tag == "sheet":
            if len(self.sheets) == limits.MAX_SHEETS:
                raise ValueError("more sheets than any workbook of articles")
            self.sheets.append({name.rpartition(":")[2]: value for name, value in attributes.items()})


class _StyleReader(_Reader):
    """Which cell styles show a number as a moment or a duration."""

    def __init__(self) -> None:
        from openpyxl.styles.numbers import BUILTIN_FORMATS

        super().__init__()
        self.is_duration: dict[int, bool] = {}  # by the number of the style; not in it: a plain number
        self._formats = {str(number): code for number, code in BUILTIN_FORMATS.items()}
        self._shown: dict[str, bool | None] = {}  # by the number of the format: a duration, or no date
        self._in_cell_styles = False
        self._n_styles = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            self._formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag == "cellXfs":
            self._in_cell_styles = True
        elif tag == "xf" and self._in_cell_styles:
            is_duration = self._is_duration(attributes.get("numFmtId", "0"))
            if is_duration is not None:
                self.is_duration[self._n_styles] = is_duration
            self._n_styles += 1
            if self._n_styles > limits.MAX_STYLES:
                raise ValueError("more styles than Excel can have")

    def end(self, tag: str) -> None:
        if tag == "cellXfs":
            self._in_cell_styles = False

    def _is_duration(self, number: str) -> bool | None:
        from openpyxl.styles.numbers import is_date_format, is_timedelta_format

        if number not in self._shown:
            code = self._formats.get(number, "")[:_MAX_FORMAT_CHARS]
            self._shown[number] = is_timedelta_format(code) if is_date_format(code) else None
        return self._shown[number]


class _TextReader(_Reader):
    """Puts together texts that may be in pieces of different look; how they are spoken is left out."""

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

    def _taken(self) -> str:
        """The text that has been put together; what follows is another one."""
        if not self._pieces:
            return ""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._n_chars = 0
        if "_x" in text:
            text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
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


class _StringReader(_TextReader):
    """The texts that cells refer to by number."""

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
            text = self._taken()
            self.strings.append(text)
            self._total += len(text)
            self._check_total(self._total)
            if len(self.strings) > limits.MAX_SHEET_CELLS:
                problem = f"holds over {limits.MAX_SHEET_CELLS} different texts: {_ADVICE}"
                raise BadFile(self._path, problem)


class _SheetReader(_TextReader):
    """The rows of a sheet."""

    def __init__(
        self,
        path: Path,
        title: str,
        *,
        strings: list[str],
        is_duration: Mapping[int, bool],
        is_1904: bool,
    ) -> None:
        from openpyxl.utils import datetime as moments

        super().__init__(path)
        self.rows: list[Row] = []  # that have been read and not yet been taken
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
        self._n_cells = self._total = 0
        self._columns: dict[str, int] = {}  # by their letters

    # A sheet has millions of elements: these two do without the calls that the other readers can afford.

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        self.n_elements += 1
        self._depth += 1
        if self._depth > limits.MAX_XML_DEPTH:
            raise ValueError("nested deeper than any workbook")
        tag = self._local[name]
        if tag == "c" and self._in_data:
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "0")
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
        elif tag in {"v", "t"}:
            self._is_reading = False
        elif tag == "row":
            if self._cells:
                self.rows.append(Row(self._row, self._cells))
                self._cells = []
        elif tag == "rPh":
            self._is_spoken = False
        elif tag == "sheetData":
            self._in_data = False

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        number = attributes.get("r")
        self.row = self._row = int(float(number)) if number else self._row + 1
        self._column = 0
        if not 1 <= self._row <= limits.MAX_SHEET_ROWS:
            problem = f"the sheet {self._title[:40]!r} has no such row, {limits.MAX_SHEET_ROWS} is the last"
            raise BadFile(self._path, problem, row=self._row)

    def _end_cell(self) -> None:
        text = self._taken()
        kind = self._kind
        value: Value = text
        is_error = kind == "e"
        if kind == "n":
            value = float(text) if "." in text or "e" in text or "E" in text else int(text)
            style = int(self._style or 0)
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
        self._n_cells += 1
        if isinstance(value, str):
            self._total += len(value)
            self._check_total(self._total)
        if self._n_cells > limits.MAX_SHEET_CELLS:
            problem = f"the sheet {self._title[:40]!r} has over {limits.MAX_SHEET_CELLS} cells: {_ADVICE}"
            raise BadFile(self._path, problem, row=self._row)
        self._cells.append(Cell(self._column, value, is_error))

    def _moment(self, value: float, *, is_duration: bool) -> tuple[Value, bool]:
        """The moment or the duration that a number stands for, and whether there is none."""
        try:
            return self._moments.from_excel(value, self._epoch, timedelta=is_duration), False
        except (OverflowError, ValueError):  # beyond the calendar, as Excel shows it
            return "#VALUE!", True

    def _column_of(self, letters: str) -> int:
        """The number of the column with these letters, 1 for A."""
        if not 1 <= len(letters) <= _MAX_COLUMN_LETTERS or not (letters.isascii() and letters.isalpha()):
            raise ValueError(f"{letters[:20]!r} is not a column")
        number = 0
        for letter in letters.upper():
            number = 26 * number + ord(letter) - ord("A") + 1
        self._columns[letters] = number
        return number
