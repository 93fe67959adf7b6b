"""Turn the markup in a file's records into text, and tell which format the answers had.

The readers of pages yield texts with the characters of `kb_index.markup`. Tables and lists may hold plain
text, Markdown or HTML: each answer's format is what the file declares in a column `format`, or what its
text surely is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from files.errors import BadFile
from kb_index.answer_format import AnswerFormat, detect
from kb_index.article import MAX_TEXT_LENGTH
from kb_index.formats.reading import Reading, Remark
from kb_index.formats.records import Record, Value, error_of, remark
from kb_index.marks import MarkedText, to_lines
from kb_index.markup import convert, marked

_REMARKS = {AnswerFormat.MARKDOWN: Remark.MARKDOWN, AnswerFormat.HTML: Remark.HTML}


def as_text(reading: Reading, records: Iterable[Record], *, page: AnswerFormat | None) -> Iterator[Record]:
    """Yield the records with their markup as text. `page` is the format of a file that is one page.

    Remarks say which format was found, and what text cannot hold.

    Raises:
        BadFile: when `Reading.refuse` raises it for a record that declares an unknown format.
    """
    for record in records:
        try:
            declared = page or _declared(reading, record)
        except BadFile as problem:
            reading.refuse(problem)
            continue
        values = dict(record.values)
        answer = values.get("answer")
        if isinstance(answer, str):
            found = declared or detect(answer[: 2 * MAX_TEXT_LENGTH])
            text = marked(answer) if page else convert(answer, found)
            if found in _REMARKS and (text.text != answer or text.marks):
                remark(reading, record, _REMARKS[found])
            if text.n_pictures:
                remark(reading, record, Remark.PICTURE)
            values["answer"] = text.text
            values["marks"] = to_lines(text.marks) or values.get("marks")
        for field in ("question", "topic"):
            values[field] = _plain_line(values.get(field), declared if page is None else AnswerFormat.PLAIN)
        values.pop("format", None)
        yield replace(record, values=values)


def _declared(reading: Reading, record: Record) -> AnswerFormat | None:
    value = record.values.get("format")
    if not value:
        return None
    try:
        return AnswerFormat(str(value).strip().lower())
    except ValueError:
        known = ", ".join(AnswerFormat)
        problem = f"{str(value)[:40]!r} is no format of answers: use one of {known}"
        advice = "or pass the column over by --columns format="
        raise error_of(reading, record, f"{problem}, {advice}", "format") from None


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
