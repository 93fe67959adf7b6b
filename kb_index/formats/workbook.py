"""Read the sheets of an XLSX workbook row by row, safely even if the file is hostile.

openpyxl fills in missing rows and columns (a row numbered 999,999,999 takes for ever), keeps every style,
and has no limits. So only these parts of the package are read, each as a stream that counts its elements:
the names of the sheets, the number formats, the shared strings, the links, and the sheets.
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from xml.parsers import expat

from files import limits
from files.errors import BadFile
from files.text import check_size, unreadable_error
from kb_index.formats.number_formats import GENERAL
from kb_index.formats.workbook_marks import Marks, find_marks
from kb_index.formats.workbook_parts import BookReader, PartReader, RelationReader, StyleReader
from kb_index.formats.workbook_sheet import ADVICE, Row, SheetReader, StringReader

_CHUNK = 1 << 16
_SAMPLE_ROWS = 50  # by which the language is guessed
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\s+ref="[A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}([0-9]{1,7})"')
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
)  # all errors that a damaged file can cause in the libraries


@contextmanager
def open_workbook(path: Path) -> Iterator["Workbook"]:
    """Open a workbook.

    Raises:
        BadFile: when the file cannot be opened, is not a workbook, or unpacks to too much.
    """
    check_size(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise unreadable_error(path, error) from None
    with file:
        if file.read(4) == _OLE:
            problem = "is an old .xls file or protected by a password: save it as .xlsx without a password"
            raise BadFile(path, problem)
        try:
            archive = zipfile.ZipFile(file)
        except _DAMAGE:
            raise damaged_error(path) from None
        with archive:
            _check_unpacked(path, archive)
            yield Workbook(path, archive)


def damaged_error(path: Path, row: int | None = None) -> BadFile:
    """Return the error for a damaged or mislabelled workbook."""
    return BadFile(path, "is not a readable XLSX workbook: open it in Excel and save it as .xlsx", row=row)


def column_letters(number: int) -> str:
    """Return the letters of a column.

    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _check_unpacked(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a zip bomb by its declared sizes. No more than declared is ever unpacked."""
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
    raise BadFile(path, f"{problem}: this is no list of articles; {ADVICE}")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet with cells: the part of the package that holds it, and its title."""

    part: str
    title: str
    is_hidden: bool


class Workbook:
    """An open package whose sheets are read."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._n_elements = 0
        self._names = {entry.filename for entry in archive.infolist()}
        book = next((target for kind, target in self._targets("") if kind == "officeDocument"), None)
        if book is None:
            raise damaged_error(path)
        self._parts = {kind: target for kind, target in self._targets(book) if target in self._names}
        reader = BookReader()
        self._read(book, reader)
        self._is_1904 = reader.is_1904
        self.sheets = self._sheets(book, reader)
        self._n_cells = self._n_chars = 0  # of all sheets that were read

    def n_rows(self, sheet: Sheet | None = None) -> int | None:
        """Return the number of rows that the sheet declares, or None. By default of the first one."""
        try:
            with self._archive.open((sheet or self.sheets[0]).part) as part:
                stated = _DIMENSION.search(part.read(_CHUNK))
        except _DAMAGE:
            raise damaged_error(self._path) from None
        return min(int(stated[1]), limits.MAX_SHEET_ROWS) if stated else None

    def rows(self, sheet: Sheet | None = None) -> Iterator[Row]:
        """Yield the rows of a sheet that have cells, in its order. By default of the first one.

        Raises:
            BadFile: when the sheet is damaged or holds too much of anything; the message says where.
        """
        sheet = sheet or self.sheets[0]
        reader = SheetReader(
            self._path,
            sheet.title,
            strings=self._strings,
            is_duration=self._styles.is_duration,
            is_1904=self._is_1904,
            n_cells=self._n_cells,
            n_chars=self._n_chars,
        )
        for _ in self._parse(sheet.part, reader):
            yield from reader.rows
            reader.rows.clear()
        self._n_cells, self._n_chars = reader.n_cells, reader.n_text_chars

    def marks(self, sheet: Sheet) -> Marks:
        """Return the merged cells of a sheet, and the addresses of its links by row and column.

        Raises:
            BadFile: when the sheet is damaged or has too many of them.
        """
        try:
            with self._open(sheet.part) as part:
                marks = find_marks(part)
        except _DAMAGE:
            raise damaged_error(self._path) from None
        addresses = self._relation_reader(sheet.part).links if marks.links else {}
        links = {place: addresses[number] for place, number in marks.links.items() if number in addresses}
        return Marks(merges=marks.merges, links=links)

    def format_of(self, style: int) -> tuple[str, str]:
        """Return number and code of the number format of a style."""
        return self._styles.codes.get(style, ("0", GENERAL))

    @cached_property
    def is_russian(self) -> bool:
        """Whether most letters in the first rows of the first sheets are Cyrillic."""
        rows = (row for sheet in self.sheets[:3] for row in islice(self.rows(sheet), _SAMPLE_ROWS))
        sample = "".join(cell.value for row in rows for cell in row.cells if isinstance(cell.value, str))
        n_letters = sum(letter.isalpha() for letter in sample)
        return 2 * sum("\u0400" <= letter <= "\u04ff" for letter in sample) > n_letters

    @cached_property
    def _strings(self) -> list[str]:
        reader = StringReader(self._path)
        if "sharedStrings" in self._parts:
            self._read(self._parts["sharedStrings"], reader)
        return reader.strings

    @cached_property
    def _styles(self) -> StyleReader:
        reader = StyleReader()
        if "styles" in self._parts:
            self._read(self._parts["styles"], reader)
        return reader

    def _targets(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the kind and path of everything that a part refers to ("" for the package itself)."""
        for relation in self._relations(name):
            yield relation.get("Type", "").rpartition("/")[2], _path_of(relation, name)

    def _relations(self, name: str) -> list[dict[str, str]]:
        return self._relation_reader(name).relations

    def _relation_reader(self, name: str) -> RelationReader:
        folder, file_name = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", f"{file_name}.rels")
        reader = RelationReader()
        if relations in self._names:
            self._read(relations, reader)
        return reader

    def _sheets(self, book: str, reader: BookReader) -> list[Sheet]:
        """Return the sheets with cells in their order. Chart sheets have no cells."""
        by_id = {relation.get("Id"): relation for relation in self._relations(book)}
        sheets = []
        for sheet in reader.sheets:
            relation = by_id.get(sheet.get("id"), {})
            if relation.get("Type", "").endswith("/worksheet"):
                is_hidden = sheet.get("state", "visible") != "visible"
                part = _path_of(relation, book)
                sheets.append(Sheet(part=part, title=sheet.get("name", ""), is_hidden=is_hidden))
        if not sheets:
            raise BadFile(self._path, "has no sheet with cells")
        return sheets

    def _read(self, name: str, reader: "PartReader") -> None:
        for _ in self._parse(name, reader):
            pass

    def _parse(self, name: str, reader: "PartReader") -> Iterator[None]:
        """Parse a part of the package piece by piece, yielding after each piece."""
        names: dict[str, str] = {}  # names of elements and attributes, which the parser keeps
        parser = expat.ParserCreate(intern=names)
        parser.buffer_text = True
        parser.StartElementHandler = reader.start_element
        parser.EndElementHandler = reader.end_element
        parser.CharacterDataHandler = reader.text
        parser.StartDoctypeDeclHandler = reader.document_type
        try:
            part = self._open(name)
        except _DAMAGE:
            raise damaged_error(self._path) from None
        with part:
            fed = 0
            ended = False
            while not ended:
                try:
                    chunk = part.read(_CHUNK)
                    ended = not chunk
                    parser.Parse(chunk, ended)
                except _DAMAGE:
                    raise damaged_error(self._path, row=reader.row) from None
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > limits.MAX_XML_TOKEN_BYTES and not ended:
                    megabytes = limits.MAX_XML_TOKEN_BYTES // limits.MB
                    raise BadFile(self._path, f"{name} holds a tag of over {megabytes} MB", row=reader.row)
                if self._n_elements + reader.n_elements > limits.MAX_XML_ELEMENTS:
                    problem = f"holds over {limits.MAX_XML_ELEMENTS} XML elements, at last in {name}"
                    raise BadFile(self._path, f"{problem}: {ADVICE}", row=reader.row)
                if len(names) > limits.MAX_XML_NAMES:
                    raise damaged_error(self._path, row=reader.row)
                yield
        self._n_elements += reader.n_elements

    def _open(self, name: str) -> "zipfile.ZipExtFile":
        entry = self._archive.getinfo(name)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("no workbook is packed so, and its unpacking has no bound")
        return self._archive.open(entry)  # type: ignore[return-value]


def _path_of(relation: Mapping[str, str], name: str) -> str:
    """Return the path in the package that a relation of the part `name` leads to."""
    target = relation.get("Target", "")
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(name), target)).lstrip("/")
