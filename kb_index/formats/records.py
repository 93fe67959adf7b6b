"""Turn the records of a file into articles: defaults, dates, duplicates, errors with their place.

A format yields records. Only this module knows the valid values of the fields.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from files import BadFile
from kb_index.article import Article, Status
from kb_index.errors import InvalidArticle
from kb_index.formats.columns import DRAFT_FLAGS, PUBLISHED_FLAGS, REQUIRED, words_of
from kb_index.formats.reading import Reading, Remark
from kb_index.formats.text import clean, clean_line
from kb_index.marks import Mark, MarkKind, from_lines

DEFAULT_TOPIC = "general"

Value = str | date | Sequence[str] | None
Warn = Callable[[str], None]  # called with a sentence for each part of a file that is left out

_STATUSES = {
    "опубликовано": Status.PUBLISHED,
    "опубликована": Status.PUBLISHED,
    "активна": Status.PUBLISHED,
    "активно": Status.PUBLISHED,
    "active": Status.PUBLISHED,
    "live": Status.PUBLISHED,
    "черновик": Status.DRAFT,
    "inactive": Status.ARCHIVED,
    "архив": Status.ARCHIVED,
    "в архиве": Status.ARCHIVED,
}
_TRUTHS = {
    **dict.fromkeys(("true", "yes", "1", "да", "истина", "+"), True),
    **dict.fromkeys(("false", "no", "0", "нет", "ложь", "-"), False),
}
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")  # how Excel in Russia writes a date


@dataclass(frozen=True, kw_only=True)
class Record:
    """One article as stated in a file.

    `row` is the physical line (1 is the first) on which the record starts, in a workbook the sheet's row,
    in JSON the number of the element. A field that is absent or None takes its default.
    `path` is the file if it differs from the requested path, as for a file in a folder. `continued` are
    the fields whose cell is merged with the one of the record before. `slug` is the id of an article for
    which the file states none; if empty, it is made from the question.
    """

    row: int
    values: Mapping[str, Value]
    path: Path | None = None
    sheet: str | None = None
    continued: frozenset[str] = frozenset()
    slug: str = ""


class _Seen(NamedTuple):
    """An article that was read before, by hashes: a file may hold very many."""

    row: int
    place: int  # topic and language
    rest: int  # answer, status and dates


def assemble(reading: Reading, records: Iterable[Record]) -> Iterator[Article]:
    """Yield the articles that the records state.

    Records that differ only in their question are one article with phrasings, as is a record whose answer
    is merged with the one before. A question that two topics share makes two articles.

    Raises:
        BadFile: when there is no record at all, or `Reading.refuse` raises it for a field that holds an
            invalid value or an id that is repeated.
    """
    seen: dict[str, _Seen] = {}
    pending: Article | None = None  # it may still get phrasings from the next records
    for record in records:
        reading.budget.check(record.row)  # rows that become no article take time, too
        if not any(_has_text(record.values.get(field)) for field in REQUIRED):
            remark(reading, record, Remark.NOTHING)
            continue
        reading.n_records += 1
        try:
            article = _article(reading, record)
            joined = None if pending is None else _join_merged(reading, record, pending, article)
            if joined is None:
                article = _with_its_own_id(reading, record, article, seen)
                if article.id in seen:
                    joined = _join_repeated(reading, record, pending, article, seen[article.id])
                elif reading.known is not None:
                    texts = reading.known.phrasings.get(article.id, ())
                    article = _with_phrasings(reading, record, article, texts)
        except BadFile as problem:
            if pending is not None:
                yield pending
                pending = None
            reading.refuse(problem)
            continue
        if joined is not None:
            if pending is not None and joined.id == pending.id:
                pending = joined
            continue
        if pending is not None:
            yield pending
        seen[article.id] = _Seen(record.row, *_hashes(record, article))
        pending = article
    if pending is not None:
        yield pending
    if not reading.n_records:
        raise BadFile(reading.path, "contains no articles")


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


def _has_text(value: Value) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)


def error_of(reading: Reading, record: Record, problem: str, column: str | None) -> BadFile:
    """Return the error for a problem of a record."""
    path = record.path or reading.path
    return BadFile(path, problem, row=record.row, column=column, sheet=record.sheet)


def remark(reading: Reading, record: Record, kind: Remark) -> None:
    """Remark on a record."""
    reading.remark(kind, record.row, record.sheet, path=record.path)


def _article(reading: Reading, record: Record) -> Article:
    def text(field: str) -> str:
        value = record.values.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise error_of(reading, record, "must be text", field)
        return clean(value)

    question, answer = text("question"), text("answer")
    if not question:
        problem = "is empty: write it, or remove the article" if answer else "is empty, and so is the answer"
        raise error_of(reading, record, problem, "question")
    article_id = text("id")
    if not article_id:
        if record.values.get("id") is not None:
            remark(reading, record, Remark.NO_ID)
        article_id = record.slug or slug_of(question)
    topic = clean_line(text("topic"))
    if not topic and record.values.get("topic") is not None:
        remark(reading, record, Remark.NO_TOPIC)
    status = _status(reading, record, text("status"))
    if not answer and status is Status.PUBLISHED:
        remark(reading, record, Remark.EMPTY_ANSWER)
        status = Status.DRAFT
    default_language = reading.options.default_language
    try:
        return Article(
            id=article_id,
            question=question,
            answer=answer,
            topic=topic or DEFAULT_TOPIC,
            language=_language_tag(text("language")) or default_language or language_of(question),
            phrasings=_phrasings(reading, record),
            status=status,
            valid_from=_date(reading, record, "valid_from"),
            valid_until=_date(reading, record, "valid_until"),
            marks=_marks(reading, record),
        )
    except InvalidArticle as error:
        raise error_of(reading, record, error.problem, error.field) from None


def _hashes(record: Record, article: Article) -> tuple[int, int]:
    """Return hashes of where an article stands and of what it says, for `_Seen`."""
    # A guessed language may differ between phrasings of one question.
    language = article.language if record.values.get("language") else ""
    rest = (article.answer, article.status, article.valid_from, article.valid_until)
    return hash((article.topic, language)), hash(rest)


def _with_its_own_id(
    reading: Reading, record: Record, article: Article, seen: Mapping[str, _Seen]
) -> Article:
    """Return the article with another id if its question was asked under another topic or answered otherwise.

    Which of two answers is right is for people to say, so the second one becomes a draft.
    """
    before = seen.get(article.id)
    if before is None or record.values.get("id"):
        return article
    place, rest = _hashes(record, article)
    if before.place != place:
        article = replace(article, id=slug_of(f"{article.question} {article.topic} {article.language}"))
        before = seen.get(article.id)
    if before is not None and before.rest != rest:
        remark(reading, record, Remark.ASKED_AGAIN)
        status = Status.DRAFT if article.status is Status.PUBLISHED else article.status
        article = replace(article, id=slug_of(f"{article.id} {article.answer}"), status=status)
    return article


def _join_merged(reading: Reading, record: Record, pending: Article, article: Article) -> Article | None:
    """Return the article above joined with a record whose question or answer is merged with it."""
    own_id = record.values.get("id") and "id" not in record.continued and article.id != pending.id
    same_place = (pending.topic, pending.status) == (article.topic, article.status)
    if own_id or not same_place or not {"question", "answer"} & record.continued:
        return None
    if "answer" in record.continued:
        if "question" not in record.continued:
            remark(reading, record, Remark.MERGED_ANSWER)
        return _with_phrasings(reading, record, pending, (article.question, *article.phrasings))
    if article.question != pending.question:
        return None
    if article.answer:
        remark(reading, record, Remark.MERGED_QUESTION)
        try:
            answer = f"{pending.answer}\n{article.answer}".strip()
            pending = replace(pending, answer=answer, marks=(*pending.marks, *article.marks))
        except InvalidArticle as error:
            raise error_of(reading, record, error.problem, error.field) from None
    return _with_phrasings(reading, record, pending, article.phrasings)


def _join_repeated(
    reading: Reading, record: Record, pending: Article | None, article: Article, before: _Seen
) -> Article:
    """Return the article joined with one that has its id and says the same.

    Raises:
        BadFile: when the two say different things, or their rows stand apart and the file is read only once.
    """
    has_id = bool(record.values.get("id"))
    if (before.place, before.rest) != _hashes(record, article):
        raise _duplicate_error(reading, record, article, before.row)
    texts = (article.question, *article.phrasings)
    if pending is not None and pending.id == article.id:
        joined = _with_phrasings(reading, record, pending, texts)
        kind = Remark.REPEATED if joined == pending else Remark.JOINED
    elif reading.add_phrasings(article.id, texts):
        joined = article
        kind = Remark.JOINED if has_id else Remark.REPEATED
    else:
        raise _duplicate_error(reading, record, article, before.row)
    remark(reading, record, kind)
    return joined


def _with_phrasings(reading: Reading, record: Record, article: Article, texts: Sequence[str]) -> Article:
    """Return the article with the texts that it does not have yet as phrasings."""
    known = {article.question, *article.phrasings}
    new = dict.fromkeys(line for text in texts if (line := clean_line(text)) not in known)
    try:
        return replace(article, phrasings=(*article.phrasings, *new)) if new else article
    except InvalidArticle as error:
        raise error_of(reading, record, error.problem, error.field) from None


def _marks(reading: Reading, record: Record) -> tuple[Mark, ...]:
    value = record.values.get("marks")
    lines = value.split("\n") if isinstance(value, str) else value
    if lines is None or isinstance(lines, date):
        return ()
    try:
        return from_lines(map(clean_line, lines))
    except ValueError:
        problem = f"must have lines such as «bold soon»: known are {', '.join(MarkKind)}"
        raise error_of(reading, record, f"{problem}; --columns marks= passes it over", "marks") from None


def _language_tag(text: str) -> str:
    """Return a tidy language tag. RU and ru_RU are accepted, too."""
    primary, dash, rest = text.replace("_", "-").partition("-")
    return primary.lower() + dash + rest


def _phrasings(reading: Reading, record: Record) -> tuple[str, ...]:
    value = record.values.get("phrasings")
    if value is None:
        return ()
    if isinstance(value, date):
        raise error_of(reading, record, "must be text", "phrasings")
    lines = clean(value).split("\n") if isinstance(value, str) else value
    tidy = (clean_line(line) for line in lines)
    return tuple(line for line in tidy if line)


def _status(reading: Reading, record: Record, text: str) -> Status:
    if not text:
        return Status.PUBLISHED
    flag = words_of(reading.columns.get("status", ""))
    if flag in DRAFT_FLAGS | PUBLISHED_FLAGS and text.casefold() in _TRUTHS:
        is_published = _TRUTHS[text.casefold()] == (flag in PUBLISHED_FLAGS)
        return Status.PUBLISHED if is_published else Status.DRAFT
    if text.casefold() in _STATUSES:
        return _STATUSES[text.casefold()]
    try:
        return Status(text.lower())
    except ValueError:
        known = ", ".join(Status)
        problem = (
            f"{text[:40]!r} is no status: use one of {known}, or pass the column over by --columns status="
        )
        raise error_of(reading, record, problem, "status") from None


def _date(reading: Reading, record: Record, field: str) -> date | None:
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
    raise error_of(reading, record, problem, field)


def _duplicate_error(reading: Reading, record: Record, article: Article, first_row: int) -> BadFile:
    if record.values.get("id"):
        problem = f"the id {article.id!r} is already used in row {first_row}: give one of them another id"
        return error_of(reading, record, problem, "id")
    problem = f"the question is already asked in row {first_row}: merge the two, or give the articles ids"
    return error_of(reading, record, problem, "question")
