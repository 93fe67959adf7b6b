"""A chat that WhatsApp exported as text, from Android or iOS."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from files import BadFile, Budget, text_lines
from prompter.knowledge.chat_history.message import (
    MAX_MESSAGE_LENGTH,
    ExportedMessage,
    Omission,
    ReadReport,
    Speaker,
)
from prompter.knowledge.chat_history.roles import speaker_of
from prompter.knowledge.chat_history.times import seconds_of

_MAX_AUTHORS = 1_000  # that are told apart
_MAX_LINE = 4_000  # characters in which a line's date and author stand
_MARK = "\u200e"  # left-to-right mark: WhatsApp puts it before what nobody wrote
_MARKS = "\u200e\u200f\ufeff"
_BEGINNINGS = f"[0123456789{_MARKS}"
_CHECKED_LINES = 1_000  # after which the time is checked again
_INVISIBLE = str.maketrans(dict.fromkeys("\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"))
_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " "})
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[apAP]\.?\s?[mM]\.?)?"
_LINE = re.compile(
    rf"(?:\[(?P<ios>{_DATE},?\s(?:(?:в|at|klo)\s)?{_TIME})\]\s?|(?P<android>{_DATE},?\s(?:(?:в|at|klo)\s)?{_TIME})\s[-–]\s)"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_AUTHORED = re.compile(r"(?P<author>[^:]{1,100}):(?:\s(?P<text>.*)|\s*)", re.DOTALL)
_NO_TEXT = re.compile(
    r"<[^<>]{1,60}>|null|[^\s()]{1,100}\.\w{2,5} \([^()]{3,40}\)"
    r"|(?:image|video|audio|sticker|document|gif|contact card|изображение|видео|аудио|стикер"
    r"|документ|фото|голосовое сообщение)"
    r" (?:omitted|отсутствует|пропущено|пропущен|не добавлено|опущено)"
    r"|(?:this message was deleted|you deleted this message|это сообщение удалено|вы удалили это сообщение"
    r"|данное сообщение удалено|сообщение удалено|missed (?:voice|video) call.*"
    r"|пропущенный (?:аудио|видео)?звонок.*|waiting for this message.*|ожидание сообщения.*)\.?",
    re.IGNORECASE | re.DOTALL,
)
_EDITED = re.compile(
    r"(?<!\s)\s*+<(?:this message was edited|сообщение изменено|изменено)>\s*\Z", re.IGNORECASE
)


@dataclass(kw_only=True)
class _Entry:
    """The lines from one date to the next."""

    row: int
    date: str
    rest: str


def read(path: Path, report: ReadReport, budget: Budget) -> Iterator[ExportedMessage]:
    """Yield the messages of a chat. Lines without a date go on with the message above.

    The file is read twice: the first time shows in which order dates are written, and who takes part.

    Raises:
        BadFile: when no line begins like one of WhatsApp, or a date is none.
    """
    month_first, speakers = _survey(path, budget)
    for entry in _entries(path, budget):
        authored = _AUTHORED.fullmatch(entry.rest)
        if authored is None:
            report.pass_over(Omission.SERVICE)
            continue
        author = _author(authored["author"])
        text = _text(authored["text"] or "")
        if not text:
            report.pass_over(Omission.NO_TEXT)
            continue
        try:
            time = seconds_of(entry.date, month_first=month_first)
        except ValueError:
            raise BadFile(path, "begins with a date that there is not", row=entry.row) from None
        yield ExportedMessage(
            row=entry.row,
            conversation=str(path),
            names=(author,),
            speaker=speakers.get(author),
            is_guess=True,
            time=time,
            text=text[:MAX_MESSAGE_LENGTH],
        )


def _survey(path: Path, budget: Budget) -> tuple[bool, dict[str, Speaker]]:
    """Return whether dates begin with the month, and the authors whose names say who they are."""
    authors: dict[str, None] = {}
    first = middle = 0
    has_half = has_entries = False
    for entry in _entries(path, budget):
        has_entries = True
        numbers = [int(number) for number in re.findall(r"\d+", entry.date)[:2]]
        first, middle = max(first, numbers[0]), max(middle, numbers[1])
        has_half = has_half or entry.date.rstrip(". ")[-1:].lower() == "m"
        authored = _AUTHORED.fullmatch(entry.rest)
        if authored is not None and len(authors) < _MAX_AUTHORS and _text(authored["text"] or ""):
            authors[_author(authored["author"])] = None
    if not has_entries:
        raise BadFile(path, "is no chat of WhatsApp: no line begins like «02.03.2026, 09:30 - Name: text»")
    speakers = {author: speaker for author in authors if (speaker := speaker_of(author)) is not None}
    if len(authors) == 2 and len(speakers) == 1:
        (known,) = speakers.values()
        (other,) = authors.keys() - speakers.keys()
        speakers[other] = Speaker.OPERATOR if known is Speaker.CUSTOMER else Speaker.CUSTOMER
    return (middle > 12 or has_half) and first <= 12, speakers


def _entries(path: Path, budget: Budget) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for row, line in enumerate(text_lines(path), start=1):
        if row % _CHECKED_LINES == 0:
            budget.check(row)
        can_begin = line[0] in _BEGINNINGS
        match = _LINE.match(line[:_MAX_LINE].lstrip(_MARKS).translate(_SPACES)) if can_begin else None
        if match is not None:
            if entry is not None:
                yield entry
            entry = _Entry(row=row, date=match["ios"] or match["android"], rest=match["rest"].rstrip())
        elif entry is not None and len(entry.rest) < MAX_MESSAGE_LENGTH + 200:
            entry.rest += "\n" + line[:_MAX_LINE].rstrip()
    if entry is not None:
        yield entry


def _author(name: str) -> str:
    return name.translate(_INVISIBLE).strip().removeprefix("~").strip()


def _text(text: str) -> str:
    """Return what somebody wrote, empty for a photo without caption or a message by WhatsApp itself."""
    first, newline, others = text.partition("\n")
    plain = _EDITED.sub("", first.translate(_INVISIBLE).strip())
    if first.lstrip().startswith(_MARK) or _NO_TEXT.fullmatch(plain):
        plain = ""  # the lines below are its caption
    rest = _EDITED.sub("", others.translate(_INVISIBLE).strip()) if newline else ""
    return "\n".join(filter(None, (plain, rest)))
