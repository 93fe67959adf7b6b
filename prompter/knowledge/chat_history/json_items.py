"""Read the objects of a JSON or JSONL file one at a time, without the whole file in memory."""

import json
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import ijson

from files import BadFile, text_lines, unreadable_error
from files.limits import MAX_JSON_CONTAINERS, MAX_JSON_ITEM_CHARS

Event = tuple[str, Any]  # name and value, as ijson gives them
Item = tuple[int, Any]  # the number of the line or of the element, and its value

_CHUNK = 1 << 16  # characters
_MAX_DEPTH = 500  # of lists and objects in an item
_MAX_SAMPLE = 3_000  # events by which the format is recognised


class JsonCursor:
    """Walks through a JSON document event by event.

    Whoever gets an event from `members` or `elements` takes its value by one of the methods before going on.

    Raises:
        BadFile: in `checked` when the document is no JSON, or one of its values is absurdly long or deep.
    """

    def __init__(self, path: Path, *, chunk: int = _CHUNK) -> None:
        self._source = _Source(path, chunk)
        # Not ijson.items, which keeps the path to every open list: a gigabyte for 20,000 brackets. Floats, as
        # ijson's parser in C breaks down with a SystemError where Python refuses an integer or a Decimal.
        self._events: Iterator[Event] = ijson.basic_parse(self._source, buf_size=chunk, use_float=True)

    def next(self) -> Event:
        """Return the next event, ("end", None) after the last one."""
        return next(self._events, ("end", None))

    def members(self) -> Iterator[tuple[str, Event]]:
        """Yield the keys of an object that has been opened, each with the first event of its value."""
        while (event := self.next())[0] == "map_key":
            yield event[1], self.next()

    def elements(self) -> Iterator[Event]:
        """Yield the first event of each element of a list that has been opened."""
        self._source.n_chars = 0
        while (event := self.next())[0] not in {"end_array", "end"}:
            yield event
            self._source.n_chars = 0

    def value(self, event: Event) -> Any:
        """Build the value that begins with the event."""
        builder = ijson.ObjectBuilder()
        depth = 0
        while True:
            name, value = event
            builder.event(name, value)
            depth += name.startswith("start_") - name.startswith("end_")
            if depth == 0:
                return builder.value
            if depth > _MAX_DEPTH:
                raise ValueError(f"lists and objects nested over {_MAX_DEPTH} deep")
            event = next(self._events)

    def skip(self, event: Event) -> None:
        """Pass over the value that begins with the event."""
        depth = 0
        while True:
            name = event[0]
            depth += name.startswith("start_") - name.startswith("end_")
            self._source.n_chars = 0
            if depth == 0:
                return
            event = next(self._events)


class _Source:
    """A file as ijson reads it. Raises ValueError inside an item that is absurdly long."""

    def __init__(self, path: Path, chunk: int) -> None:
        self.n_chars = 0  # since the last complete item
        self._chunks = _chunks(path, chunk)

    def read(self, size: int) -> bytes:
        if size == 0:
            return b""  # ijson tests in this way whether it gets bytes
        if self.n_chars > MAX_JSON_ITEM_CHARS:
            raise ValueError(f"a message of over {MAX_JSON_ITEM_CHARS} characters")
        chunk = next(self._chunks, "")
        self.n_chars += len(chunk)
        return chunk.encode()


def json_items(
    path: Path, *, lists: Collection[str], single: Collection[str] = (), chunk: int = _CHUNK
) -> Iterator[Item]:
    """Yield the elements of the document's list, each with its number (1 is the first).

    The list is the document itself, or stands under one of the keys `lists`, at any place of the object. An
    object with one of the keys `single` is the only element.

    Raises:
        BadFile: when the file is not JSON, or holds no such list.
    """
    cursor = JsonCursor(path, chunk=chunk)
    row = 0
    try:
        for event in _elements(cursor, cursor.next(), lists, single):
            if event is None:
                whole = JsonCursor(path, chunk=chunk)
                yield 1, whole.value(whole.next())
                return
            value = cursor.value(event)
            row += 1
            yield row, value
    except (ijson.JSONError, ValueError, StopIteration) as error:
        if row == 0 and isinstance(error, ijson.IncompleteJSONError) and not _begins(path):
            raise _no_list(path, lists) from None
        raise json_error(path, error, row + 1) from None
    except _NoList:
        raise _no_list(path, lists) from None


class _NoList(Exception):
    """The document has no list of items."""


def _elements(
    cursor: JsonCursor, event: Event, lists: Collection[str], single: Collection[str]
) -> Iterator[Event | None]:
    if event[0] == "start_array":
        yield from cursor.elements()
        return
    if event[0] != "start_map":
        raise _NoList
    is_found = False
    for key, opened in cursor.members():
        if key in single:
            yield None
            return
        if key in lists and opened[0] == "start_array":
            is_found = True
            yield from cursor.elements()
        elif key in lists and opened[0] == "start_map":
            is_found = True
            yield from _elements(cursor, opened, lists, ())
        else:
            cursor.skip(opened)
    if not is_found:
        raise _NoList


def _begins(path: Path) -> bool:
    return bool("".join(islice(_chunks(path, 1_000), 1)).strip())


def _no_list(path: Path, lists: Collection[str]) -> BadFile:
    keys = ", ".join(f'{{"{key}": [...]}}' for key in lists)
    return BadFile(path, f"must be a list of messages, or {keys}")


def json_error(path: Path, error: Exception, row: int) -> BadFile:
    """Return the error for broken JSON, without the piece of somebody's chat that ijson quotes."""
    problem = str(error).partition("\n")[0][:100] or "it ends too early"
    return BadFile(path, f"is not valid JSON: {problem}", row=row)


def jsonl_items(path: Path) -> Iterator[Item]:
    """Yield the value of every line that is not empty, with its number.

    Raises:
        BadFile: when a line is not JSON.
    """
    for row, line in enumerate(text_lines(path), start=1):
        if line.strip():
            if line.count("[") + line.count("{") > MAX_JSON_CONTAINERS:  # each takes 50 times its characters
                raise BadFile(path, f"holds over {MAX_JSON_CONTAINERS} lists and objects", row=row)
            try:
                yield row, json.loads(line)
            except (ValueError, RecursionError) as error:
                problem = str(error).partition("\n")[0][:100]
                raise BadFile(path, f"is not valid JSON: {problem}", row=row) from None


def keys_of(path: Path) -> frozenset[str]:
    """Return the keys near the beginning of a JSON file, at any depth."""
    cursor = JsonCursor(path)
    keys = set()
    try:
        for _ in range(_MAX_SAMPLE):
            name, value = cursor.next()
            if name == "map_key":
                keys.add(value)
            if name == "end":
                break
    except (ijson.JSONError, ValueError):
        pass  # told with its place when the file is read
    return frozenset(keys)


def keys_in(value: object, depth: int = 4) -> frozenset[str]:
    """Return the keys of a value and of what is in it."""
    keys: set[str] = set()
    parts: list[object] = []
    if isinstance(value, Mapping):
        keys.update(value)
        parts = list(value.values())
    elif isinstance(value, list):
        parts = value[:20]
    if depth:
        keys.update(*(keys_in(part, depth - 1) for part in parts if isinstance(part, Mapping | list)))
    return frozenset(keys)


def _chunks(path: Path, size: int) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            while chunk := file.read(size):
                yield chunk
    except UnicodeDecodeError:
        raise BadFile(path, "is not UTF-8: save it as UTF-8") from None
    except OSError as error:
        raise unreadable_error(path, error) from None
