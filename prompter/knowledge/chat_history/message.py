"""The messages of an export, before and after it is known who wrote them, and what was passed over."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from files import BadFile

MAX_MESSAGE_LENGTH = 2_000  # characters that are read of a message


class Speaker(StrEnum):
    CUSTOMER = "customer"
    OPERATOR = "operator"
    BOT = "bot"


class HistoryMessage(NamedTuple):
    """A message of an old chat."""

    conversation: str
    speaker: Speaker
    time: float  # seconds; only their order counts
    text: str


class ExportedMessage(NamedTuple):
    """A message as an export states it.

    `names` are the id and the name of its author, by which people can say that this is an operator.
    `speaker` is None if the export does not tell, and `is_guess` is True if it only suggests it.
    """

    row: int
    conversation: str
    names: tuple[str, ...]
    speaker: Speaker | None
    is_guess: bool
    time: float
    text: str


class Omission(StrEnum):
    """A kind of thing in an export that is not read as a message."""

    INTERNAL_NOTE = "internal_notes"
    SERVICE = "service_messages"  # somebody joined, called, pinned
    NO_TEXT = "messages_without_text"  # photos, voice, files, deleted messages
    CHANNEL_POST = "channel_posts"
    FILE = "other_files"  # in a folder of exports


@dataclass(kw_only=True)
class ReadReport:
    """The report on a history: messages passed over by kind, formats, and remarks for the reader."""

    passed_over: Counter[Omission] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)  # files by the format that they were read as
    remarks: dict[str, None] = field(default_factory=dict)  # without names and texts

    def pass_over(self, kind: Omission) -> None:
        self.passed_over[kind] += 1


class UnknownOperators(BadFile):
    """The export does not say who the operators are."""

    def __init__(self, path: Path, *, row: int, column: str | None = None) -> None:
        super().__init__(
            path,
            "does not say whether a customer or an operator wrote this: name the operators as the export "
            'does, by name or id, with --operators user5,"…"',
            row=row,
            column=column,
        )
