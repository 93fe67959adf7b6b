"""Turn the markup in a file's records into text, and tell which format the answers had.

The readers of pages yield texts with the characters of `kb_index.markup`. Tables and lists may hold plain
text, Markdown or HTML: each answer's format is what the file declares in a column `format`, or what its
text surely is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from files.errors import BadFile
from kb_index.article import MAX_TEXT_LENGTH
from kb_index.formats.records import Record, Value, Warn
from kb_index.markup import AnswerFormat, MarkedText, convert, detect, marked, to_lines

_N_ROWS_TOLD = 10
_NAMES = {AnswerFormat.MARKDOWN: "Markdown", AnswerFormat.HTML: "HTML"}


def as_text(
    path: Path, records: Iterable[Record], warn: Warn, *, page: AnswerFormat | None
) -> Iterator[Record]:
    """Yield the records with their markup as text. `page` is the format of a file that is one page.

    `warn` is called at the end, once for each format that was found, and for what text cannot hold.

    Raises:
        BadFile: when a record declares a format that is unknown.
    """
    rows: dict[AnswerFormat, list[int]] = {}
    pictures: list[int] = []
    for record in records:
        values = dict(record.values)
        format_ = page or _declared(record.path or path, record)
        answer = values.get("answer")
        if isinstance(answer, str):
            known = format_ or detect(answer[: 2 * MAX_TEXT_LENGTH])
            text = marked(answer) if page else convert(answer, known)
            if text.text != answer or text.marks:
                rows.setdefault(known, []).append(record.row)
            if text.n_pictures:
                pictures.append(record.row)
            values["answer"] = text.text
            values["marks"] = to_lines(text.marks) or values.get("marks")
        for field in ("question", "topic"):
            values[field] = _plain_line(values.get(field), format_ if page is None else AnswerFormat.PLAIN)
        values.pop("format", None)
        yield replace(record, values=values)
    for found, found_rows in rows.items():
        if found is not AnswerFormat.PLAIN:
            places = _listed(found_rows)
            warn(
                f"{path}: answers are {_NAMES[found]} ({places}): read as text, with lists as lines and "
                f"addresses of links in brackets"
            )
    if pictures:
        warn(f"{path}: pictures are left out, because no words stand for them ({_listed(pictures)})")


def _declared(path: Path, record: Record) -> AnswerFormat | None:
    value = record.values.get("format")
    if not value:
        return None
    try:
        return AnswerFormat(str(value).strip().lower())
    except ValueError:
        known = ", ".join(AnswerFormat)
        problem = f"{str(value)[:40]!r} is no format of answers: use one of {known}"
        raise BadFile(path, problem, row=record.row, column="format") from None


def _plain_line(value: Value, format_: AnswerFormat | None) -> Value:
    """Return a question or topic without markup. One that is nothing but markup stays."""
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH:
        return value
    known = format_ or detect(value)
    text = MarkedText(text=value) if known is AnswerFormat.PLAIN else convert(value, known)
    return text.text or value


def needs_format(*texts: str) -> bool:
    """Return whether a file has to declare that these texts are plain, since they look like markup."""
    return any(detect(text) is not AnswerFormat.PLAIN for text in texts)


def _listed(rows: list[int]) -> str:
    shown = ", ".join(map(str, rows[:_N_ROWS_TOLD]))
    more = len(rows) - _N_ROWS_TOLD
    return f"row{'s' if len(rows) > 1 else ''} {shown}" + (f" and {more} more" if more > 0 else "")
