"""Read the small parts of an XLSX package: the list of sheets, the links and the number formats."""

from files import limits

_MAX_FORMAT_CHARS = 255  # length of a number format, Excel's own limit
_MAX_LINKS = 65_530  # of one sheet, Excel's own limit


class LocalNames(dict[str, str]):
    """Names without their prefixes, each computed once: a sheet has millions of elements but few names."""

    def __missing__(self, name: str) -> str:
        self[name] = local = name.rpartition(":")[2]
        return local


class PartReader:
    """Counts the elements of a part. Subclasses extract the contents."""

    row: int | None = None  # current row of the sheet

    def __init__(self) -> None:
        self.n_elements = 0
        self._depth = 0
        self._local = LocalNames()

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


class RelationReader(PartReader):
    def __init__(self) -> None:
        super().__init__()
        self.relations: list[dict[str, str]] = []
        self.links: dict[str, str] = {}  # addresses outside the package by the relation's id

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") == "External":
            if len(self.links) < _MAX_LINKS:
                self.links[attributes.get("Id", "")] = attributes.get("Target", "")
        elif tag == "Relationship":
            self.relations.append(attributes)
        if len(self.relations) > limits.MAX_ARCHIVE_ENTRIES:
            raise ValueError("more references than there can be parts")


class BookReader(PartReader):
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


class StyleReader(PartReader):
    """Finds the number format of each cell style, and those that show a point in time or a duration."""

    def __init__(self) -> None:
        from openpyxl.styles.numbers import BUILTIN_FORMATS

        super().__init__()
        self.is_duration: dict[int, bool] = {}  # by the number of the style; absent: a plain number
        self.codes: dict[int, tuple[str, str]] = {}  # number and code of the format, by the style's number
        self._formats = {str(number): code for number, code in BUILTIN_FORMATS.items()}
        self._shown: dict[str, bool | None] = {}  # by the number of the format; None: not a date
        self._in_cell_styles = False
        self._n_styles = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            self._formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag == "cellXfs":
            self._in_cell_styles = True
        elif tag == "xf" and self._in_cell_styles:
            number = attributes.get("numFmtId", "0")
            is_duration = self._is_duration(number)
            if number != "0":
                self.codes[self._n_styles] = number, self._formats.get(number, "")[:_MAX_FORMAT_CHARS]
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
