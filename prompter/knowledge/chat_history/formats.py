"""Recognise the format of an export, and read the messages of a file or of a folder of files."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from files import BadFile, Budget, unreadable_error
from prompter.knowledge.chat_history import chatwoot, jivo, rows, telegram, whatsapp, zendesk
from prompter.knowledge.chat_history.json_items import json_items, jsonl_items, keys_in, keys_of
from prompter.knowledge.chat_history.message import (
    ExportedMessage,
    HistoryMessage,
    Omission,
    ReadReport,
    Speaker,
    UnknownOperators,
)

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".txt")
_Reader = Callable[[Path, ReadReport, Budget], Iterator[ExportedMessage]]
_GUESSED = "who is an operator was concluded from names and contacts: --operators says otherwise"
_CHUNK = 1 << 16
_MAX_AUTHORS = 10_000  # that are counted


class HistoryFormat(StrEnum):
    """A format of old chats. AUTO recognises it by the file's ending and keys."""

    AUTO = "auto"
    TABLE = "table"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    CHATWOOT = "chatwoot"
    ZENDESK = "zendesk"
    JIVO = "jivo"


def read_history(
    path: Path,
    *,
    history_format: HistoryFormat = HistoryFormat.AUTO,
    operators: Iterable[str] = (),
    report: ReadReport | None = None,
) -> Iterator[HistoryMessage]:
    """Yield the messages of a file, or of all files in a folder.

    `operators` are names or ids of operators as the export shows them, for one that does not say who they
    are: everybody else is a customer then. `report` counts what was passed over.

    Raises:
        UnknownOperators: when the export does not say who the operators are, and `operators` is empty.
        BadFile: when a file cannot be read or a row is no message. The error names the place, and neither
            authors nor texts.
    """
    report = ReadReport() if report is None else report
    wanted = {_fold(name): False for name in operators}
    is_empty = True
    is_needed = False
    for file in _files(path, report):
        for exported in _exported(file, history_format, report):
            is_empty = False
            is_needed = is_needed or exported.speaker is None or exported.is_guess
            if exported.is_guess and exported.speaker is not None and not wanted:
                report.remarks[_GUESSED] = None
            yield HistoryMessage(
                exported.conversation, _speaker(file, exported, wanted), exported.time, exported.text
            )
    if is_empty:
        raise BadFile(path, "contains no messages")
    unknown = [name for name, is_found in wanted.items() if not is_found]
    if is_needed and unknown and len(unknown) == len(wanted):
        problem = "nobody wrote anything under the names in --operators: write them as the export does"
        raise BadFile(path, problem)
    if unknown:
        report.remarks[f"{len(unknown)} of {len(wanted)} names in --operators wrote nothing"] = None


def count_authors(
    path: Path, *, history_format: HistoryFormat = HistoryFormat.AUTO
) -> Counter[tuple[str, ...]]:
    """Return the names of the authors of whom the export does not say who they are, with their messages.

    Raises:
        BadFile: when the export cannot be read.
    """
    authors: Counter[tuple[str, ...]] = Counter()
    for file in _files(path, ReadReport()):
        for exported in _exported(file, history_format, ReadReport()):
            is_known = exported.speaker is not None and not exported.is_guess
            if not is_known and (exported.names in authors or len(authors) < _MAX_AUTHORS):
                authors[exported.names] += 1
    return authors


def count_hint(path: Path) -> int | None:
    """Estimate how many messages the file holds, or return None if only reading it tells."""
    if path.is_dir() or path.suffix.lower() == ".json":
        return None
    try:
        with path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
    except OSError as error:
        raise unreadable_error(path, error) from None


def format_of(path: Path) -> HistoryFormat:
    """Return the format of a file, by its ending and the keys near its beginning.

    Raises:
        BadFile: when no format has that ending, or the file cannot be read.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        advice = "unpack it first" if ending == ".zip" else f"use one of {' '.join(ENDINGS)}"
        raise BadFile(path, f"unknown file extension: {advice}")
    if ending == ".txt":
        return HistoryFormat.WHATSAPP
    if ending == ".json":
        return _format_of_keys(keys_of(path))
    if ending == ".jsonl":
        return _format_of_keys(keys_in([item for _, item in islice(jsonl_items(path), 1)]))
    return HistoryFormat.TABLE


def _format_of_keys(keys: frozenset[str]) -> HistoryFormat:
    if keys & {"from_id", "date_unixtime", "text_entities"} or keys >= {"chats", "list"}:
        return HistoryFormat.TELEGRAM
    has_comments = "comments" in keys and keys & {"author_id", "author", "public"}
    if has_comments or "requester_id" in keys or keys >= {"history", "visitor"}:
        return HistoryFormat.ZENDESK
    if "event_name" in keys or (keys >= {"messages", "message"} and keys & {"visitor", "agents", "agent_id"}):
        return HistoryFormat.JIVO
    if keys >= {"message_type", "content"}:
        return HistoryFormat.CHATWOOT
    return HistoryFormat.TABLE


def _files(path: Path, report: ReadReport) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = [file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    readable = [file for file in found if file.suffix.lower() in ENDINGS]
    report.passed_over[Omission.FILE] += len(found) - len(readable)
    if not readable:
        raise BadFile(path, f"the folder holds no file that ends in {' '.join(ENDINGS)}")
    yield from readable


def _exported(path: Path, chosen: HistoryFormat, report: ReadReport) -> Iterator[ExportedMessage]:
    history_format = format_of(path) if chosen is HistoryFormat.AUTO else chosen
    report.formats[history_format.value] += 1
    budget = Budget(path)
    return budget.watch(_READERS[history_format](path, report, budget))


def _speaker(path: Path, exported: ExportedMessage, wanted: dict[str, bool]) -> Speaker:
    """Return who wrote a message, and mark the names in `wanted` that did."""
    named = [name for name in map(_fold, exported.names) if name in wanted] if wanted else []
    if named:
        wanted.update(dict.fromkeys(named, True))
        return Speaker.OPERATOR
    if exported.speaker is not None and not (wanted and exported.is_guess):
        return exported.speaker
    if not wanted:
        raise UnknownOperators(path, row=exported.row)
    return Speaker.CUSTOMER


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())


def _of_items(
    to_rows: Callable[[Mapping[str, Any]], Iterator[rows.Row]],
    *,
    lists: Sequence[str],
    part: str,
    single: Sequence[str] = (),
) -> _Reader:
    """Return a reader of JSON and JSONL whose items `to_rows` brings into rows.

    `part` is the key under which an item holds its messages.
    """

    def read(path: Path, report: ReadReport, _budget: Budget) -> Iterator[ExportedMessage]:
        is_lines = path.suffix.lower() == ".jsonl"
        items = jsonl_items(path) if is_lines else json_items(path, lists=lists, single=single)
        has_rows = False
        for number, item in items:
            if not isinstance(item, dict):
                raise BadFile(path, "must be an object", row=number)
            for row in to_rows(item):
                has_rows = True
                message = rows.message_of(path, number, row, report)
                if message is None:
                    continue
                if message.text.strip():
                    yield message
                else:
                    report.pass_over(Omission.NO_TEXT)
        if not has_rows:
            raise BadFile(path, f"contains no messages: export it with {part}")

    return read


_READERS: dict[HistoryFormat, _Reader] = {
    HistoryFormat.TABLE: rows.read,
    HistoryFormat.TELEGRAM: telegram.read,
    HistoryFormat.WHATSAPP: whatsapp.read,
    HistoryFormat.CHATWOOT: _of_items(chatwoot.rows, lists=chatwoot.LISTS, part="messages"),
    HistoryFormat.ZENDESK: _of_items(
        zendesk.rows, lists=zendesk.LISTS, part="comments", single=zendesk.SINGLE
    ),
    HistoryFormat.JIVO: _of_items(jivo.rows, lists=jivo.LISTS, part="messages", single=jivo.SINGLE),
}
