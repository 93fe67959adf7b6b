"""Collect what is told about a file while it is read.

A reader raises `BadFile` for what ends the reading, hands the problem of one row to `Reading.refuse`, and
remarks on everything that it decided for the user. Remarks of one kind make one sentence with their rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from files import UTF_8, BadFile, Budget, codec_of, detect_encoding, encoding_name
from kb_index.formats.columns import suggestion

MAX_PROBLEMS = 50  # told one by one; the others are counted
MAX_WARNINGS = 100
_N_ROWS_TOLD = 10
_MAX_PHRASING_CHARS = 10_000_000  # of rows that stand apart from their article's, in one file


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How to read a file, as far as its user says so.

    `columns` are columns by field: a column's name, its number (1 is the first) or its letters.
    """

    default_language: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None  # None: UTF-8, or found out
    include_hidden: bool = False  # sheets and rows that are hidden in a workbook


@dataclass(frozen=True, kw_only=True)
class SheetReport:
    """One sheet of a workbook: how many records it gave, or why it was left out."""

    name: str
    n_records: int
    left_out: str = ""  # the reason


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """A file as it was understood. Reading it once more yields `n_articles` articles."""

    path: Path
    n_articles: int
    encoding: str | None  # as people call it; None for a file that is no text
    columns: Mapping[str, str]  # the file's own name of each field's column
    ignored_columns: tuple[str, ...]
    sheets: tuple[SheetReport, ...]
    warnings: tuple[str, ...]
    problems: tuple[BadFile, ...]  # at most MAX_PROBLEMS
    n_problems: int
    is_complete: bool  # False: the last problem ended the reading
    phrasings: Mapping[str, tuple[str, ...]]  # by article id, from rows that stand apart from the article's


class Remark(Enum):
    """A decision of a reader, with the sentence that tells it. {rows} are the rows concerned."""

    EMPTY_ANSWER = "without an answer, {rows}: imported as a draft, which no customer gets"
    JOINED = (
        "same id and answer as another row, {rows}: its question became one more phrasing of that article"
    )
    REPEATED = "question and answer stand in another row already, {rows}: left out"
    ASKED_AGAIN = (
        "question asked above and answered otherwise, {rows}: imported as a draft; keep one of the two"
    )
    MERGED_ANSWER = "answer merged with the row above, {rows}: the question became one more phrasing"
    MERGED_QUESTION = "question merged with the row above, {rows}: the answer was added to that article's"
    NO_TOPIC = "without a topic, {rows}: imported under the topic general"
    SECTION = "one cell across the columns, {rows}: read as the topic of the rows below"
    LINE_END = "with \\n, {rows}: read as the end of a line"
    ONE_ANSWER_OF_SEVERAL = "with several answers, {rows}: only the first was taken"
    ONE_TOPIC_OF_SEVERAL = "with several topics, {rows}: only the first was taken"
    HIDDEN = "hidden, {rows}: left out; show them, or add --include-hidden"
    UNKNOWN_FORMAT = "with a number format that is not known here, {rows}: read as the plain number"
    NO_ID = "without an id, {rows}: the id was made from the question"
    MARKDOWN = (
        "answers in Markdown, {rows}: read as text, with lists as lines and addresses of links in brackets"
    )
    HTML = "answers in HTML, {rows}: read as text, with lists as lines and addresses of links in brackets"
    PICTURE = "pictures, {rows}: left out, because no words stand for them"
    NOTHING = "with neither a question nor an answer, {rows}: passed over"
    SURPLUS = "with a cell in a column without a name, {rows}: the cell was passed over"


_OF_A_COLUMN = frozenset({Remark.NO_ID, Remark.NO_TOPIC})


class Reading:
    """The context of reading one file: its options, its budget, and the report of it.

    `on_problem` gets the problem of a row, which is then left out; without it the problem is raised.
    `known` is the report of an earlier reading of the same file.
    """

    def __init__(
        self,
        path: Path,
        options: ReadOptions,
        budget: Budget,
        *,
        on_warning: Callable[[str], None],
        on_problem: Callable[[BadFile], None] | None = None,
        known: FileReport | None = None,
    ) -> None:
        self.path = path
        self.options = options
        self.budget = budget
        self.known = known
        self.encoding: str | None = None
        self.columns: dict[str, str] = {}
        self.ignored: dict[str, None] = {}
        self.sheets: list[SheetReport] = []
        self.phrasings: dict[str, dict[str, None]] = {}
        self.n_records = 0
        self._on_warning = on_warning
        self._on_problem = on_problem
        self._n_warnings = 0
        self._n_phrasing_chars = 0
        self._remarks: dict[tuple[Remark, Path, str | None], tuple[int, list[int]]] = {}

    def codec(self) -> str:
        """Return the codec of a text file. Another than UTF-8 is told.

        Raises:
            BadFile: when the user names an encoding that does not exist.
        """
        if self.options.encoding is not None:
            codec = codec_of(self.path, self.options.encoding)
        else:
            try:
                codec = detect_encoding(self.path) or UTF_8
            except OSError:
                codec = UTF_8  # whoever opens the file next tells why it cannot be read
            if codec != UTF_8:
                name = encoding_name(codec)
                self.warn(f"{self.path}: read as {name}. If letters look wrong, name another by --encoding")
        self.encoding = encoding_name(codec)
        return codec

    def warn(self, sentence: str) -> None:
        """Tell something once. No file makes more than `MAX_WARNINGS` of them."""
        self._n_warnings += 1
        if self._n_warnings <= MAX_WARNINGS:
            self._on_warning(sentence)
        elif self._n_warnings == MAX_WARNINGS + 1:
            self._on_warning(f"{self.path}: there is more to say, which is left out here")

    def refuse(self, problem: BadFile) -> None:
        """Leave a row out because of its problem.

        Raises:
            BadFile: the problem, if nobody collects them.
        """
        if self._on_problem is None:
            raise problem
        self.budget.check(problem.row)
        self._on_problem(problem)

    def add_phrasings(self, article_id: str, texts: Sequence[str]) -> bool:
        """Keep phrasings from a row that stands apart from the article's, for the next reading.

        Return False if there will be none, or they are too many to be kept.
        """
        if self._on_problem is None or self._n_phrasing_chars > _MAX_PHRASING_CHARS:
            return False
        known = self.phrasings.setdefault(article_id, {})
        new = [text for text in texts if text not in known]
        known |= dict.fromkeys(new)
        self._n_phrasing_chars += sum(map(len, new))
        return True

    def remark(self, kind: Remark, row: int, sheet: str | None = None, *, path: Path | None = None) -> None:
        """Remark on a row. `path` is that of its file if the reading is of a folder."""
        place = (kind, path or self.path, sheet)
        count, rows = self._remarks.get(place, (0, []))
        if count < _N_ROWS_TOLD:
            rows.append(row)
        self._remarks[place] = count + 1, rows

    def set_columns(self, names: Mapping[str, str], ignored: Mapping[int, str]) -> None:
        """Remember the columns of a table, and those that were passed over."""
        self.columns |= names
        self.ignored |= dict.fromkeys(name for name in ignored.values() if name)

    def finish(self) -> None:
        """Tell what is known only at the end."""
        if self.ignored:
            names = ", ".join(map(_quoted, self.ignored))
            self.warn(f"{self.path}: passed over {_counted(len(self.ignored), 'column')}: {names}")
        for (kind, path, sheet), (count, rows) in self._remarks.items():
            if kind in _OF_A_COLUMN and count == self.n_records:
                continue  # a column that is empty throughout is none
            places = ("row " if count == 1 else "rows ") + ", ".join(map(str, rows))
            if count > len(rows):
                places += f" and {count - len(rows)} more"
            if sheet is not None:
                places += f" of the sheet {sheet}"
            self.warn(f"{path}: {kind.value.format(rows=places)}")

    def report(
        self,
        *,
        n_articles: int,
        warnings: list[str],
        problems: list[BadFile],
        n_problems: int,
        complete: bool,
    ) -> FileReport:
        """Return all that was told."""
        return FileReport(
            path=self.path,
            n_articles=n_articles,
            encoding=self.encoding,
            columns=dict(self.columns),
            ignored_columns=tuple(self.ignored),
            sheets=tuple(self.sheets),
            warnings=tuple(warnings),
            problems=tuple(problems),
            n_problems=n_problems,
            is_complete=complete,
            phrasings={article_id: tuple(texts) for article_id, texts in self.phrasings.items()},
        )


def _quoted(name: str) -> str:
    meant = suggestion(name)
    return f"{name!r} (did you mean {meant!r}?)" if meant else repr(name)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
