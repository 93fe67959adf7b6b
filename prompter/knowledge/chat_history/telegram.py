"""Chats that Telegram Desktop exported as JSON: one chat, or everything."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ijson

from files import BadFile, Budget
from prompter.knowledge.chat_history.json_items import Event, JsonCursor, json_error
from prompter.knowledge.chat_history.message import (
    MAX_MESSAGE_LENGTH,
    ExportedMessage,
    Omission,
    ReadReport,
    Speaker,
)
from prompter.knowledge.chat_history.times import seconds_of

_LISTS = ("chats", "left_chats")
_NOTES_TO_SELF = "saved_messages"

_Header = Mapping[str, Any]  # `id` and `type` of a chat


def read(path: Path, report: ReadReport, budget: Budget) -> Iterator[ExportedMessage]:
    """Yield the messages of an export. Service messages and those without text are passed over.

    The file is read twice, as what a chat is may stand behind its messages.

    Raises:
        BadFile: when the file is not JSON, holds no chat or a message without author or time.
    """
    headers = _headers(path, budget)
    row = 0
    try:
        cursor = JsonCursor(path)
        for number, key, event in _parts(cursor):
            if key != "messages" or event[0] != "start_array":
                cursor.skip(event)
                continue
            for opened in cursor.elements():
                value = cursor.value(opened)
                row += 1
                message = _message(path, row, value, number, headers[number], report)
                if message is not None:
                    yield message
    except (ijson.JSONError, ValueError, StopIteration) as error:
        raise json_error(path, error, row + 1) from None


def _headers(path: Path, budget: Budget) -> Mapping[int, _Header]:
    headers: dict[int, dict[str, Any]] = defaultdict(dict)
    has_chats = False
    try:
        cursor = JsonCursor(path)
        for number, key, event in _parts(cursor):
            budget.check()
            has_chats = has_chats or (key == "messages" and event[0] == "start_array")
            if key in {"id", "type"} and not event[0].startswith("start_"):
                headers[number][key] = event[1]
            else:
                cursor.skip(event)
    except (ijson.JSONError, ValueError, StopIteration) as error:
        raise json_error(path, error, 1) from None
    if not has_chats:
        raise BadFile(path, 'holds no chat of Telegram Desktop: {"messages": [...]} is missing')
    return headers


def _parts(cursor: JsonCursor) -> Iterator[tuple[int, str, Event]]:
    """Yield the members of each chat, with the number of the chat. The caller takes each value."""
    number = 0
    if cursor.next()[0] != "start_map":
        return
    for key, event in cursor.members():
        if key not in _LISTS or event[0] != "start_map":
            yield 0, key, event
            continue
        for inner, opened in cursor.members():
            if inner != "list" or opened[0] != "start_array":
                cursor.skip(opened)
                continue
            for chat in cursor.elements():
                number += 1
                if chat[0] != "start_map":
                    cursor.skip(chat)
                    continue
                for name, value in cursor.members():
                    yield number, name, value


def _message(
    path: Path, row: int, value: Any, number: int, header: _Header, report: ReadReport
) -> ExportedMessage | None:
    if not isinstance(value, dict):
        raise BadFile(path, "must be a message of Telegram Desktop", row=row)
    kind = str(header.get("type") or "")
    if kind == _NOTES_TO_SELF:
        report.pass_over(Omission.INTERNAL_NOTE)
        return None
    if kind.endswith("_channel"):
        report.pass_over(Omission.CHANNEL_POST)
        return None
    if value.get("type", "message") != "message":
        report.pass_over(Omission.SERVICE)
        return None
    text = _text(value.get("text"))
    if not text.strip():
        report.pass_over(Omission.NO_TEXT)
        return None
    author = str(value.get("from_id") or "")
    names = tuple(str(value[key]) for key in ("from_id", "from") if value.get(key))
    if not names:
        raise BadFile(path, "is missing", row=row, column="from_id")
    speaker = None
    if kind == "personal_chat" and author and "id" in header:
        speaker = Speaker.CUSTOMER if author == f"user{header['id']}" else Speaker.OPERATOR
    try:
        time = seconds_of(value.get("date_unixtime") or value.get("date"))
    except ValueError:
        raise BadFile(path, "is no time", row=row, column="date") from None
    return ExportedMessage(
        row=row,
        conversation=f"telegram {header.get('id', f'{path}, {number}')}",
        names=names,
        speaker=speaker,
        is_guess=True,
        time=time,
        text=text[:MAX_MESSAGE_LENGTH].replace("\x00", ""),
    )


def _text(value: object) -> str:
    """Return a message's text, which is a list of pieces where it has links or bold words."""
    pieces = value if isinstance(value, list) else [value]
    texts = (piece.get("text") if isinstance(piece, dict) else piece for piece in pieces)
    return "".join(text for text in texts if isinstance(text, str))
