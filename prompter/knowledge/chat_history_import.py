"""Import old chats: the customers' questions and the operators' answers.

A file is read once, row by row. A bounded number of messages waits until their conversations are
complete, so conversations may interleave and need not be in order of time. Questions are counted by
lossy counting (Manku & Motwani, VLDB 2002): when there are too many distinct questions, the rarest are
dropped.
"""

import json
import re
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import ijson

from files import BadFile, Budget, delimiter_of, nonempty_rows, text_lines, unreadable_error
from files.limits import MAX_JSON_ITEM_CHARS
from kb_index.text import normalize
from prompter.knowledge.question_mining import ObservedQuestion
from prompter.text.cleaning import answer_text, asks_back, is_small_talk, question_text
from prompter.text.pii import MIN_TEAM_COUNT, contacts

MAX_QUESTIONS = 40_000  # distinct questions counted at a time
MAX_CLUSTERED = 20_000  # the most frequent questions, from which proposals are made
MAX_WAITING = 50_000  # messages of conversations that may go on
_MAX_CONVERSATION_LENGTH = 200  # messages sorted together
_MAX_MESSAGE_LENGTH = 2_000  # characters that are read
_MAX_QUESTION_LENGTH = 500
_MAX_ANSWERS = 4  # distinct answers kept of a question
_MAX_CONVERSATIONS = 20  # kept of a question
_MAX_CLEANED = 1_000
_MAX_CONTACTS = 10_000
_CHUNK = 1 << 16
_MAX_DEPTH = 500  # of lists and objects in a message of a JSON array

_Event = tuple[str, Any]  # name and value, as ijson gives them

_COLUMNS = {
    "conversation": "conversation conversation_id chat chat_id dialog dialog_id ticket ticket_id thread "
    "session session_id диалог чат обращение беседа",
    "author": "author author_role role from sender sender_type who автор роль отправитель кто",
    "time": "time timestamp date datetime created created_at sent_at время дата",
    "text": "text message body content текст сообщение",
}
_COLUMN_OF = {name: column for column, names in _COLUMNS.items() for name in names.split()}


class Speaker(StrEnum):
    CUSTOMER = "customer"
    OPERATOR = "operator"
    BOT = "bot"


_SPEAKERS = {
    Speaker.CUSTOMER: "customer client user visitor guest contact клиент покупатель пользователь гость",
    Speaker.OPERATOR: "operator agent support manager admin employee staff оператор агент поддержка менеджер "
    "сотрудник администратор",
    Speaker.BOT: "bot assistant system auto robot бот система автоответчик робот ассистент",
}
_SPEAKER_OF = {name: speaker for speaker, names in _SPEAKERS.items() for name in names.split()}


class PastMessage(NamedTuple):
    """A message of a chat export."""

    conversation: str
    speaker: Speaker
    time: float  # seconds; only their order counts
    text: str


@dataclass(kw_only=True)
class _Counted:
    text: str
    times: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    conversations: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class History:
    """The questions in a file of chats, most frequent first, and the amounts read.

    A conversation that goes on after tens of thousands of other messages counts as a new one.
    """

    asked: tuple[ObservedQuestion, ...] = field(repr=False)
    n_messages: int
    n_conversations: int
    n_questions: int  # distinct questions that were kept


def read_history(path: Path) -> Iterator[PastMessage]:
    """Yield the messages of a CSV, JSON or JSONL file.

    Raises:
        BadFile: when the file cannot be read or a row is no message. The error names the place.
    """
    ending = path.suffix.lower()
    if ending not in _READERS:
        raise BadFile(path, f"unknown file extension: use one of {' '.join(_READERS)}")
    rows = Budget(path).watch(_READERS[ending](path))
    empty = True
    for row, values in rows:
        empty = False
        yield _message(path, row, values)
    if empty:
        raise BadFile(path, "contains no messages")


def count_hint(path: Path) -> int | None:
    """Estimate how many messages the file holds, or return None if only reading it tells."""
    if path.suffix.lower() == ".json":
        return None
    try:
        with path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
    except OSError as error:
        raise unreadable_error(path, error) from None


def mine_history(
    messages: Iterable[PastMessage], *, progress: Callable[[int], None] = lambda _: None
) -> History:
    """Pair questions with the answers that followed, and count them.

    A question is a run of customer messages, and its answer the run of operator messages after it.
    Greetings, thanks and "ok" are dropped, personal data masked. Memory does not depend on the number
    of messages.
    """
    waiting: OrderedDict[str, list[PastMessage]] = OrderedDict()
    questions = _Questions()
    n_waiting = n_messages = n_conversations = 0
    for message in messages:
        n_messages += 1
        if n_messages % 1000 == 0:
            progress(1000)
        if message.conversation not in waiting:
            waiting[message.conversation] = []
            n_conversations += 1
        conversation = waiting[message.conversation]
        conversation.append(message)
        n_waiting += 1
        waiting.move_to_end(message.conversation)
        if len(conversation) >= _MAX_CONVERSATION_LENGTH:
            questions.take(message.conversation, conversation)
            n_waiting -= len(conversation)
            conversation.clear()
        while n_waiting > MAX_WAITING:
            name, questions_left = waiting.popitem(last=False)
            questions.take(name, questions_left)
            n_waiting -= len(questions_left)
    for name, conversation_messages in waiting.items():
        questions.take(name, conversation_messages)
    progress(n_messages % 1000)
    return History(
        asked=tuple(questions.observed_questions()),
        n_messages=n_messages,
        n_conversations=n_conversations,
        n_questions=len(questions),
    )


class _Questions:
    def __init__(self) -> None:
        self._found: dict[str, _Counted] = {}
        self._answers: dict[str, str] = {}  # each distinct text once in memory
        self._min_times = 1
        self._cleaned: dict[str, tuple[str, list[str]]] = {}
        self._told: dict[str, set[int]] = {}  # conversations in which a contact was sent
        self._team: set[str] = set()

    def __len__(self) -> int:
        return len(self._found)

    def take(self, conversation: str, messages: list[PastMessage]) -> None:
        """Count the questions of a conversation, ordered by time."""
        number = zlib.crc32(conversation.encode())  # the same number if the conversation goes on later
        messages.sort(key=lambda message: message.time)  # stable: equal times keep their order
        asked: list[str] = []
        answered: list[str] = []
        for message in messages:
            if message.speaker is Speaker.CUSTOMER:
                if answered:
                    self._count(number, asked, answered)
                    asked, answered = [], []
                asked.append(message.text)
            elif message.speaker is Speaker.OPERATOR and asked:
                answered.append(message.text)
        self._count(number, asked, answered)

    def _count(self, conversation: int, asked: Sequence[str], answered: Sequence[str]) -> None:
        questions_asked = [text for text in asked if not is_small_talk(text)]
        text = question_text(" ".join(questions_asked))[:_MAX_QUESTION_LENGTH]
        key = normalize(text)
        if not key or is_small_talk(text):
            return
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = _Counted(text=text)
        found.times += 1
        if len(found.conversations) < _MAX_CONVERSATIONS:
            found.conversations.add(conversation)
        parts = [self._answer(conversation, part) for part in answered]
        answer = "\n".join(part for part in parts if part and not is_small_talk(part))
        if answer and not asks_back(answer):
            answer = self._answers.setdefault(answer, answer)
            if answer in found.answers or len(found.answers) < _MAX_ANSWERS:
                found.answers[answer] = found.answers.get(answer, 0) + 1
        if len(self._found) > MAX_QUESTIONS:
            self._forget()

    def _answer(self, conversation: int, text: str) -> str:
        """Return an operator's message without personal data. The team's own contacts stay."""
        cleaned = self._cleaned.get(text)  # operators often paste the same answers
        if cleaned is None:
            if len(self._cleaned) >= _MAX_CLEANED:
                self._cleaned.clear()
            cleaned = self._cleaned[text] = (answer_text(text, keep=self._team), contacts(text))
        for contact in cleaned[1]:
            if contact not in self._team:
                conversations = self._told.setdefault(contact, set())
                conversations.add(conversation)
                if len(conversations) >= MIN_TEAM_COUNT:
                    self._team.add(contact)
                    self._cleaned.clear()
        if len(self._told) > _MAX_CONTACTS:
            self._told.clear()  # the team's contacts come again
        return cleaned[0]

    def _forget(self) -> None:
        """Drop the rarest questions, oldest first, until half of them are left."""
        while len(self._found) > MAX_QUESTIONS // 2:
            for key in [key for key, question in self._found.items() if question.times <= self._min_times]:
                if len(self._found) <= MAX_QUESTIONS // 2:
                    break
                del self._found[key]
            else:
                self._min_times += 1
        self._min_times = 1
        kept = {answer: answer for question in self._found.values() for answer in question.answers}
        self._answers = kept

    def observed_questions(self) -> Iterator[ObservedQuestion]:
        often = sorted(self._found.values(), key=lambda question: (-question.times, question.text))
        for question in often[:MAX_CLUSTERED]:
            conversations = frozenset(question.conversations)
            without = question.times - sum(question.answers.values())
            for answer, times in question.answers.items():
                yield ObservedQuestion(
                    text=question.text, times=times, conversations=conversations, answer=answer
                )
            if without > 0:
                yield ObservedQuestion(text=question.text, times=without, conversations=conversations)


# --- files --------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    delimiter = delimiter_of(path, lambda cell: _column(cell) in _COLUMNS)
    names: list[str] | None = None
    for row, cells in nonempty_rows(path, delimiter=delimiter):
        if names is None:
            names = [_column(cell) for cell in cells]
            _check_columns(path, row, names)
        elif len(cells) != len(names):
            raise BadFile(path, f"has {len(cells)} cells where the header names {len(names)}", row=row)
        else:
            yield row, dict(zip(names, cells, strict=True))


def _check_columns(path: Path, row: int, names: Sequence[str]) -> None:
    for column in _COLUMNS:
        if names.count(column) != 1:
            problem = "is missing: the first row names the columns" if column not in names else "comes twice"
            raise BadFile(path, f"the column {problem} ({', '.join(_COLUMNS)})", row=row, column=column)


def _jsonl_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for row, line in enumerate(text_lines(path), start=1):
        if line.strip():
            try:
                yield row, _object(path, row, json.loads(line))
            except (ValueError, RecursionError) as error:
                raise BadFile(path, f"is not valid JSON: {error}", row=row) from None


def _json_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the objects of an array one at a time, without the whole file in memory."""
    source = _JsonSource(path)
    # Not ijson.items, which keeps the path to every open list: a gigabyte for 20,000 brackets. Floats, as
    # ijson's parser in C breaks down with a SystemError where Python refuses an integer or a Decimal.
    events = ijson.basic_parse(source, buf_size=_CHUNK, use_float=True)
    if not _is_list_of_messages(events):
        raise BadFile(path, 'must be a list of messages, or {"messages": [...]}')
    row = 0
    try:
        for event in events:
            if event == ("end_array", None):
                return
            value = _value(event, events)
            source.n_chars = 0
            row += 1
            yield row, _object(path, row, value)
    except (ijson.JSONError, ValueError) as error:
        problem = str(error).partition("\n")[0][:100]  # the rest quotes somebody's chat
        raise BadFile(path, f"is not valid JSON: {problem}", row=row + 1) from None


class _JsonSource:
    """A file as ijson reads it. Raises ValueError inside a message that is absurdly long."""

    def __init__(self, path: Path) -> None:
        self.n_chars = 0  # since the last complete message
        self._chunks = _chunks(path)

    def read(self, size: int) -> bytes:
        if size == 0:
            return b""  # ijson tests in this way whether it gets bytes
        if self.n_chars > MAX_JSON_ITEM_CHARS:
            raise ValueError(f"a message of over {MAX_JSON_ITEM_CHARS} characters")
        chunk = next(self._chunks, "")
        self.n_chars += len(chunk)
        return chunk.encode()


def _is_list_of_messages(events: Iterator[_Event]) -> bool:
    try:
        event = next(events)
        if event == ("start_map", None) and next(events) == ("map_key", "messages"):
            event = next(events)
    except ijson.JSONError:
        return False
    return event == ("start_array", None)


def _value(event: _Event, events: Iterator[_Event]) -> Any:
    """Build the value that begins with the event and continues with the next events."""
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
        event = next(events)


def _chunks(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except UnicodeDecodeError:
        raise BadFile(path, "is not UTF-8: save it as UTF-8") from None
    except OSError as error:
        raise unreadable_error(path, error) from None


_READERS: dict[str, Callable[[Path], Iterator[tuple[int, Mapping[str, Any]]]]] = {
    ".csv": _csv_rows,
    ".json": _json_rows,
    ".jsonl": _jsonl_rows,
}


def _object(path: Path, row: int, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadFile(path, 'must be an object such as {"conversation": 1, "author": "customer", …}', row=row)
    return {_column(key): content for key, content in value.items()}


def _column(name: str) -> str:
    folded = re.sub(r"[\s-]+", "_", name.strip().strip('"').casefold())
    return _COLUMN_OF.get(folded, folded)


def _message(path: Path, row: int, values: Mapping[str, Any]) -> PastMessage:
    for column in _COLUMNS:
        if column not in values or (values[column] is None and column != "text"):
            raise BadFile(path, "is missing", row=row, column=column)
    conversation = str(values["conversation"]).strip()
    if not conversation:
        raise BadFile(
            path, "is empty: it names the chat that a message belongs to", row=row, column="conversation"
        )
    author = str(values["author"]).strip().casefold()
    speaker = _SPEAKER_OF.get(author)
    if speaker is None:
        known = ", ".join(Speaker)
        raise BadFile(path, f"{author[:40]!r} is none of {known}", row=row, column="author")
    text = values["text"] or ""  # a picture has no text
    if not isinstance(text, str):
        raise BadFile(path, "must be text", row=row, column="text")
    return PastMessage(
        conversation=conversation,
        speaker=speaker,
        time=_seconds(path, row, values["time"]),
        text=text[:_MAX_MESSAGE_LENGTH].replace("\x00", ""),
    )


def _seconds(path: Path, row: int, value: Any) -> float:
    text = str(value).strip()
    try:
        if re.fullmatch(r"\d{1,14}(?:\.\d+)?", text):
            seconds = float(text)
            return seconds / 1000 if seconds > 1e11 else seconds  # milliseconds
        if re.match(r"\d{1,2}\.\d{1,2}\.\d{4}", text):
            moment = datetime.strptime(text.replace(",", ""), _russian(text))  # noqa: DTZ007
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        problem = f"{text[:40]!r} is no time: write 2026-03-02T09:30:00 or seconds since 1970"
        raise BadFile(path, problem, row=row, column="time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _russian(text: str) -> str:
    return "%d.%m.%Y" + ["", " %H:%M", " %H:%M:%S"][min(2, text.count(":"))]
