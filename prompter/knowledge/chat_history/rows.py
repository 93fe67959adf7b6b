"""Rows with one message each: CSV, or objects with the same names in JSON and JSONL.

The other formats of programs are brought into the form of such rows, so that roles, times and internal
notes are recognised in one place.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from files import BadFile, Budget, delimiter_of, nonempty_rows
from prompter.knowledge.chat_history.json_items import Item, json_items, jsonl_items
from prompter.knowledge.chat_history.message import (
    MAX_MESSAGE_LENGTH,
    ExportedMessage,
    Omission,
    ReadReport,
    Speaker,
)
from prompter.knowledge.chat_history.roles import (
    fold,
    is_internal,
    is_internal_author,
    is_service,
    is_visible_to_customers,
    speaker_of,
    speaker_of_direction,
    truth,
)
from prompter.knowledge.chat_history.times import seconds_of

Row = Mapping[str, Sequence[Any]]  # the values of each column, which may come in several

_COLUMNS = {
    "conversation": "conversation conversation_id chat chat_id dialog dialog_id dialogue dialogue_id ticket "
    "ticket_id thread thread_id session session_id диалог чат обращение беседа тикет заявка id_чата "
    "id_диалога id_обращения номер_чата номер_диалога номер_обращения номер_заявки",
    "author": "author from sender who author_name sender_name from_name author_id sender_id автор "
    "отправитель кто имя_автора имя_отправителя имя name фио",
    "role": "author_role role sender_type author_type from_type sender_role direction роль тип_автора "
    "тип_отправителя направление",
    "kind": "message_type type kind тип тип_сообщения вид",
    "date": "date day дата день",
    "time": "time timestamp datetime date_time created created_at sent sent_at время дата_и_время дата/время "
    "время_отправки",
    "text": "text message body content message_text текст сообщение текст_сообщения",
    "private": "private is_private internal is_internal hidden is_hidden приватное приватный приватно "
    "внутреннее внутренний внутренняя скрытое скрытый",
    "note": "note is_note internal_note private_note заметка внутренняя_заметка внутренний_комментарий",
    "public": "public is_public visible_to_customer публичное публичный публично видно_клиенту",
    "visibility": "visibility видимость",
}
_COLUMN_OF = {name: column for column, names in _COLUMNS.items() for name in names.split()}
_ONCE = ("conversation", "text", "date", "time")
_REQUIRED = "conversation, author, time, text"
_EXAMPLE = 'must be an object such as {"conversation": 1, "author": "customer", …}'
_LISTS = ("messages", "data", "items", "rows", "conversations", "chats", "dialogs", "history")
_NESTED = ("messages", "history", "dialog", "chat")
_NUMBERED_TYPES = {"0": "incoming", "1": "outgoing", "3": "template"}  # Chatwoot's
_MARKS = frozenset({"visibility", "note", "private", "public"})
_MAX_CLOCK = 20  # characters of a time of day
_MAX_LABEL = 200  # characters of an author, a role or a kind
_MAX_CACHED = 10_000  # combinations of labels


def read(path: Path, report: ReadReport, _budget: Budget) -> Iterator[ExportedMessage]:
    """Yield the messages of a CSV, JSON or JSONL file.

    Raises:
        BadFile: when the file cannot be read or a row is no message. The error names the place.
    """
    if path.suffix.lower() == ".jsonl":
        rows = _item_rows(path, jsonl_items(path))
    elif path.suffix.lower() == ".json":
        rows = _item_rows(path, json_items(path, lists=_LISTS))
    else:
        rows = _csv_rows(path, report)
    for row, values in rows:
        message = message_of(path, row, values, report)
        if message is not None:
            yield message


def message_of(path: Path, row: int, values: Row, report: ReadReport) -> ExportedMessage | None:
    """Return the message that a row states, or None if it is a note for colleagues or an event.

    Raises:
        BadFile: when a column is missing or holds something else.
    """
    authors, roles, kinds = _texts(values, "author"), _texts(values, "role"), _texts(values, "kind")
    is_internal_kind, is_event, speaker = _decide(authors, roles, kinds)
    if is_internal_kind or _is_marked(path, row, values):
        report.pass_over(Omission.INTERNAL_NOTE)
        return None
    if is_event:
        report.pass_over(Omission.SERVICE)
        return None
    if speaker is None and not authors and not roles:
        raise BadFile(path, "is missing", row=row, column="author")
    if "text" not in values:
        raise BadFile(path, "is missing", row=row, column="text")
    text = values["text"][0] or ""  # a picture has no text
    if not isinstance(text, str):
        raise BadFile(path, "must be text", row=row, column="text")
    return ExportedMessage(
        row=row,
        conversation=_conversation(path, row, values),
        names=authors,
        speaker=speaker,
        is_guess=False,
        time=_seconds(path, row, values),
        text=text[:MAX_MESSAGE_LENGTH].replace("\x00", ""),
    )


def as_row(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return an object's values by column."""
    row: dict[str, list[Any]] = {}
    for name, value in values.items():
        row.setdefault(column_of(name), []).append(value)
    return row


@lru_cache(maxsize=_MAX_CACHED)
def column_of(name: str) -> str:
    """Return the column that a name stands for, in Russian or English.

    >>> column_of("createdAt"), column_of("Чат"), column_of("Город")
    ('time', 'conversation', 'город')
    """
    folded = fold(name[:_MAX_LABEL])
    return _COLUMN_OF.get(folded, folded)


def _filled(values: Row, column: str) -> list[Any]:
    return [value for value in values.get(column, ()) if value is not None and value != ""]


def _texts(values: Row, column: str) -> tuple[str, ...]:
    if column not in values:
        return ()
    texts = [str(value)[:_MAX_LABEL].strip() for value in values[column] if value is not None]
    return tuple(filter(None, texts))


def _is_marked(path: Path, row: int, values: Row) -> bool:
    """Return whether a column of its own says that a message is internal."""
    if _MARKS.isdisjoint(values):
        return False
    if not all(map(is_visible_to_customers, _texts(values, "visibility"))):
        return True
    if any(value is None or value == "" for value in values.get("public", ())):
        return True  # some programs write nothing for no
    for value in _filled(values, "note"):
        if truth(value) or is_internal(str(value)):  # another text is the note itself, beside the message
            return True
    for column, internal in (("private", True), ("public", False)):
        for value in _filled(values, column):
            is_so = truth(value)
            if is_so is None and is_internal(str(value)):
                return True
            if is_so is None:
                raise BadFile(path, "says neither yes nor no", row=row, column=column)
            if is_so is internal:
                return True
    return False


@lru_cache(maxsize=_MAX_CACHED)
def _decide(
    authors: tuple[str, ...], roles: tuple[str, ...], kinds: tuple[str, ...]
) -> tuple[bool, bool, Speaker | None]:
    """Return whether this is a note, whether it is an event, and who speaks.

    A message's direction says more than a role, and a role more than a name.
    """
    is_note = any(map(is_internal, (*kinds, *roles))) or any(map(is_internal_author, authors))
    directed = tuple(_NUMBERED_TYPES.get(kind, kind) for kind in kinds)
    directions = (speaker_of_direction(text) for text in (*directed, *roles))
    named = (speaker_of(text) for text in (*roles, *authors))
    typed = (_speaker_of_kind(text) for text in directed)
    speaker = next((found for found in (*directions, *named, *typed) if found is not None), None)
    return is_note, any(map(is_service, kinds)), speaker


def _speaker_of_kind(kind: str) -> Speaker | None:
    return speaker_of(kind) if len(kind.split()) == 1 else None


def _conversation(path: Path, row: int, values: Row) -> str:
    """Return the conversation of a message: the whole file is one if no column names it."""
    if "conversation" not in values:
        return str(path)
    value = values["conversation"][0]
    conversation = "" if value is None else str(value).strip()
    if not conversation:
        raise BadFile(
            path, "is empty: it names the chat that a message belongs to", row=row, column="conversation"
        )
    return conversation


def _seconds(path: Path, row: int, values: Row) -> float:
    text = next((value for value in values.get("time", ()) if value is not None and value != ""), None)
    if "date" in values or text is None:
        text = _with_date(path, row, values, text)
    try:
        return seconds_of(text)
    except ValueError:
        problem = "is no time: write 2026-03-02T09:30:00 or seconds since 1970"
        raise BadFile(path, problem, row=row, column="time") from None


def _with_date(path: Path, row: int, values: Row, time: Any) -> Any:
    """Return the time with the date of a column of its own."""
    dates = _filled(values, "date")
    if not dates and time is None:
        raise BadFile(path, "is missing", row=row, column="time")
    if not dates or time is None:
        return dates[0] if dates else time
    is_clock = ":" in str(time)[:3] and len(str(time).strip()) <= _MAX_CLOCK
    return f"{dates[0]} {time}" if is_clock else time


# --- files --------------------------------------------------------------------------------------


def _csv_rows(path: Path, report: ReadReport) -> Iterator[tuple[int, Row]]:
    delimiter = delimiter_of(path, lambda cell: column_of(cell) in _COLUMNS)
    names: list[str] | None = None
    places: list[tuple[str, list[int]]] = []
    for row, cells in nonempty_rows(path, delimiter=delimiter):
        if names is None:
            names = [column_of(cell) for cell in cells]
            _check_columns(path, row, names, report)
            places = [
                (column, [place for place, name in enumerate(names) if name == column])
                for column in _COLUMNS
                if column in names
            ]
            continue
        while len(cells) > len(names) and not cells[-1].strip():
            cells.pop()
        if len(cells) != len(names):
            raise BadFile(path, f"has {len(cells)} cells where the header names {len(names)}", row=row)
        yield row, {column: [cells[number] for number in numbers] for column, numbers in places}


def _check_columns(path: Path, row: int, names: Sequence[str], report: ReadReport) -> None:
    for column in _ONCE:
        if names.count(column) > 1:
            raise BadFile(path, f"the column comes twice ({_REQUIRED})", row=row, column=column)
    for column, others in (("author", ("role", "kind")), ("time", ("date",)), ("text", ())):
        if not {column, *others} & set(names):
            problem = f"the column is missing: the first row names the columns ({_REQUIRED})"
            raise BadFile(path, problem, row=row, column=column)
    if "conversation" not in names:
        report.remarks["no column names the conversation: each file is read as one conversation"] = None


def _item_rows(path: Path, items: Iterator[Item]) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a list of messages, or of a list of conversations that hold their messages."""
    for row, item in items:
        if not isinstance(item, dict):
            raise BadFile(path, _EXAMPLE, row=row)
        key = next((key for key in _NESTED if isinstance(item.get(key), list)), None)
        if key is None:
            yield row, as_row(item)
            continue
        outer = as_row({name: value for name, value in item.items() if name != key})
        conversation = outer.get("conversation") or [item.get("id", f"{path}, {row}")]
        for message in item[key]:
            if not isinstance(message, dict):
                raise BadFile(path, _EXAMPLE, row=row)
            yield row, {"conversation": conversation, **as_row(message)}
