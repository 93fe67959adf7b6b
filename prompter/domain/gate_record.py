"""The stored comparison of two versions, without any customer's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prompter.domain.json_record import JsonRecord, json_key, json_list

DAMAGED = "damaged"  # stored as the gate's reason when the files cannot be read


def _interval(ends: list[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (ends[0], ends[1])


@dataclass(frozen=True, kw_only=True)
class GateFigures(JsonRecord):
    """P@1 of candidate and champion, measured on the same rows."""

    p_at_1: float | None = json_key()
    p_at_1_champion: float | None = json_key()
    difference: float | None = json_key()  # candidate - champion
    interval: tuple[float, float] | None = json_key(read=_interval)  # of the difference
    rows: Mapping[str, int] = json_key({})  # by source
    won: int = json_key(0)  # rows that became right
    lost: int = json_key(0)

    @property
    def n_rows(self) -> int:
        return sum(self.rows.values())


@dataclass(frozen=True, kw_only=True)
class GateTopic(JsonRecord):
    """A topic that the gate checked separately."""

    name: str = json_key("")
    is_live: bool = json_key(False)
    is_worse: bool = json_key(False)
    answered: int = json_key(0)
    turned_right: int = json_key(0)
    turned_wrong: int = json_key(0)
    allowed: float = json_key(0.0)  # by how many answers turned wrong may exceed those turned right


@dataclass(frozen=True, kw_only=True)
class ChangedSuggestion(JsonRecord):
    """A question whose top suggestion is now another article, or None if nothing is suggested.

    A measured row has `source` and `key`, an automated reply has `turn`.
    """

    source: str | None = json_key()
    key: int | None = json_key()
    turn: int | None = json_key()
    topic: str | None = json_key()  # the topic that answers it alone
    before: str | None = json_key()
    after: str | None = json_key()
    was_right: bool | None = json_key()  # None: nobody has judged it
    is_right: bool | None = json_key()

    @property
    def turn_id(self) -> int | None:
        """The turn that it is about: given for an automated reply, and the key of a verdict."""
        return self.turn if self.source != "verdict" else self.key

    @property
    def pin_id(self) -> int | None:
        return self.key if self.source == "pinned" else None


@dataclass(frozen=True, kw_only=True)
class GateRecord(JsonRecord):
    """A version's report. Without figures it was never measured."""

    figures: GateFigures | None = json_key(read=lambda data: _figures(data))
    refused: str | None = json_key()  # why the gate refused it, or DAMAGED; None if it did not
    broken_pins: tuple[int, ...] = json_list(int)
    topics: tuple[GateTopic, ...] = json_list(GateTopic.from_json)
    changes: tuple[ChangedSuggestion, ...] = json_list(ChangedSuggestion.from_json)
    changed_alone: tuple[ChangedSuggestion, ...] = json_list(ChangedSuggestion.from_json)
    shadow: "GateRecord | None" = json_key(read=lambda data: _record(data))

    @property
    def all_changes(self) -> tuple[ChangedSuggestion, ...]:
        """All questions with another top suggestion, judged ones first."""
        return *self.changes, *self.changed_alone


def _figures(data: Mapping[str, Any] | None) -> GateFigures | None:
    return None if data is None else GateFigures.from_json(data)


def _record(data: Mapping[str, Any] | None) -> GateRecord | None:
    return None if data is None else GateRecord.from_json(data)
