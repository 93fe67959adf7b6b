"""Turn the records of a file into articles: defaults, dates, duplicates, errors with their place.

A format yields records. Only this module knows the fields and their valid values.
"""

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from files.errors import BadFile
from kb_index.article import Article, Status
from kb_index.errors import InvalidArticle
from kb_index.formats.text import clean, clean_line
from kb_index.markup import Mark, MarkKind, from_lines

FIELDS = (
    "id",
    "question",
    "answer",
    "topic",
    "phrasings",
    "language",
    "status",
    "valid_from",
    "valid_until",
)
OPTIONAL = ("format", "marks")  # written only where an article needs it
REQUIRED = ("question", "answer")
DEFAULT_TOPIC = "general"

Value = str | date | Sequence[str] | None
Warn = Callable[[str], None]  # called with a sentence for each part of a file that is left out

_RUSSIAN_NAMES = {
    "вопрос": "question",
    "ответ": "answer",
    "тема": "topic",
    "формулировки": "phrasings",
    "язык": "language",
    "статус": "status",
    "действует с": "valid_from",
    "действует до": "valid_until",
}
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")  # how Excel in Russia writes a date


@dataclass(frozen=True, kw_only=True)
class Record:
    """One article as stated in a file.

    `row` is the physical line (1 is the first) on which the record starts, in a workbook the sheet's row,
    in JSON the number of the element. A field that is absent or None takes its default.
    `path` is the file if it differs from the requested path, as for a file in a folder.
    """

    row: int
    values: Mapping[str, Value]
    path: Path | None = None


def articles_of(path: Path, records: Iterable[Record], default_language: str | None) -> Iterator[Article]:
    """Yield the articles that the records state.

    Raises:
        BadFile: when a field holds an invalid value, an id is repeated, or there is no record at all.
    """
    rows: dict[str, int] = {}
    for record in records:
        place = record.path or path
        article = _article(place, record, default_language)
        if article.id in rows:
            raise _duplicate_error(place, record, article, rows[article.id])
        rows[article.id] = record.row
        yield article
    if not rows:
        raise BadFile(path, "contains no articles")


def field_names(path: Path, header: Sequence[str], *, row: int = 1) -> list[str]:
    """Return the fields that a table's header names, in its order. Russian names are accepted.

    Raises:
        BadFile: when a column is unknown or repeated, or a required column is missing.
    """
    names = [require_field(path, cell, row=row) for cell in header]
    require_columns(path, names, row=row)
    return names


def require_columns(path: Path, names: Sequence[str], *, row: int) -> None:
    """Raise BadFile unless no column is repeated and all required columns are present."""
    for name in names:
        if names.count(name) > 1:
            raise BadFile(path, "the column comes twice: rename or remove one of them", row=row, column=name)
    for field in REQUIRED:
        if field not in names:
            columns = ", ".join(FIELDS)
            problem = f"the column {field} is missing: the first row names the columns ({columns})"
            raise BadFile(path, problem, row=row)


def require_field(path: Path, name: str, *, row: int) -> str:
    """Return the field with this name.

    Raises:
        BadFile: when no field has this name; the error suggests the most similar name.
    """
    tidy = column_name(name)
    if tidy in FIELDS or tidy in OPTIONAL:
        return tidy
    if not tidy:
        raise BadFile(path, "a column has no name: name it or remove it", row=row)
    near = difflib.get_close_matches(tidy, [*FIELDS, *_RUSSIAN_NAMES], n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(FIELDS)}"
    raise BadFile(path, f"there is no such field, {advice}", row=row, column=clean_line(name)[:60])


def column_name(cell: str) -> str:
    """Normalise a column's name from a header for lookup."""
    tidy = clean_line(cell).casefold()
    return _RUSSIAN_NAMES.get(tidy, tidy)


def slug_of(question: str) -> str:
    """Derive an article's id from its question. The same question gives the same id.

    >>> slug_of("How do I return a purchase?") == slug_of("how do I return a purchase")
    True
    """
    words = " ".join(re.findall(r"\w+", question.casefold().replace("ё", "е")))
    return "q-" + hashlib.sha256((words or question).encode()).hexdigest()[:12]


def language_of(question: str) -> str:
    """Guess the language from the script: ru for Cyrillic, en for everything else."""
    letters = [letter for letter in question if letter.isalpha()]
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in letters)
    return "ru" if letters and 2 * cyrillic >= len(letters) else "en"


def _article(path: Path, record: Record, default_language: str | None) -> Article:
    def text(field: str) -> str:
        value = record.values.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise BadFile(path, "must be text", row=record.row, column=field)
        return clean(value)

    question = text("question")
    if not question:
        raise BadFile(path, "is empty: write it, or remove the article", row=record.row, column="question")
    article_id = text("id")
    if not article_id:
        if "id" in record.values and record.values["id"] is not None:
            problem = "is empty: every article needs an id, or none of them (then they are made here)"
            raise BadFile(path, problem, row=record.row, column="id")
        article_id = slug_of(question)
    try:
        return Article(
            id=article_id,
            question=question,
            answer=text("answer"),
            topic=clean_line(text("topic")) or DEFAULT_TOPIC,
            language=_language_tag(text("language")) or default_language or language_of(question),
            phrasings=_phrasings(path, record),
            status=_status(path, record, text("status")),
            valid_from=_date(path, record, "valid_from"),
            valid_until=_date(path, record, "valid_until"),
            marks=_marks(path, record),
        )
    except InvalidArticle as error:
        raise BadFile(path, error.problem, row=record.row, column=error.field) from None


def _marks(path: Path, record: Record) -> tuple[Mark, ...]:
    value = record.values.get("marks")
    lines = value.split("\n") if isinstance(value, str) else value
    if lines is None or isinstance(lines, date):
        return ()
    try:
        return from_lines(map(clean_line, lines))
    except ValueError:
        known = ", ".join(MarkKind)
        problem = f"must have lines such as «bold soon»: known are {known}"
        raise BadFile(path, problem, row=record.row, column="marks") from None


def _language_tag(text: str) -> str:
    """Return a tidy language tag. RU and ru_RU are accepted, too."""
    primary, dash, rest = text.replace("_", "-").partition("-")
    return primary.lower() + dash + rest


def _phrasings(path: Path, record: Record) -> tuple[str, ...]:
    value = record.values.get("phrasings")
    if value is None:
        return ()
    if isinstance(value, date):
        raise BadFile(path, "must be text", row=record.row, column="phrasings")
    lines = clean(value).split("\n") if isinstance(value, str) else value
    tidy = (clean_line(line) for line in lines)
    return tuple(line for line in tidy if line)


def _status(path: Path, record: Record, text: str) -> Status:
    if not text:
        return Status.PUBLISHED
    try:
        return Status(text.lower())
    except ValueError:
        known = ", ".join(Status)
        problem = f"{text[:40]!r} is no status: use one of {known}"
        raise BadFile(path, problem, row=record.row, column="status") from None


def _date(path: Path, record: Record, field: str) -> date | None:
    value = record.values.get(field)
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    text = clean(value) if isinstance(value, str) else str(value)
    if not text:
        return None
    try:
        if found := _ISO_DATE.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DOTTED_DATE.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass  # the 31st of February
    problem = f"{text[:40]!r} is not a date: write it like 2026-12-31"
    raise BadFile(path, problem, row=record.row, column=field)


def _duplicate_error(path: Path, record: Record, article: Article, first_row: int) -> BadFile:
    if record.values.get("id"):
        problem = f"the id {article.id!r} is already used in row {first_row}: give one of them another id"
        return BadFile(path, problem, row=record.row, column="id")
    problem = f"the question is already asked in row {first_row}: merge the two, or give the articles ids"
    return BadFile(path, problem, row=record.row, column="question")
