"""What is kept of a measurement of two versions, without a word of any customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prompter.domain.json_record import JsonRecord, json_key, json_list

DAMAGED = "damaged"  # in place of the gate's reason: the files cannot be read


def _interval(ends: list[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (ends[0], ends[1])


@dataclass(frozen=True, kw_only=True)
class GateFigures(JsonRecord):
    """How often the right article came first, on the same rows."""

    p_at_1: float | None = json_key()
    p_at_1_champion: float | None = json_key()
    difference: float | None = json_key()  # candidate - champion
    interval: tuple[float, float] | None = json_key(read=_interval)  # of the difference
    rows: Mapping[str, int] = json_key({})  # by source
    won: int = json_key(0)  # rows that turned right
    lost: int = json_key(0)

    @property
    def n_rows(self) -> int:
        return sum(self.rows.values())


@dataclass(frozen=True, kw_only=True)
class GateTopic(JsonRecord):
    """A topic that the gate looked at by itself."""

    name: str = json_key("")
    is_live: bool = json_key(False)
    is_worse: bool = json_key(False)
    answered: int = json_key(0)
    turned_right: int = json_key(0)
    turned_wrong: int = json_key(0)
    allowed: float = json_key(0.0)  # more answers that may turn wrong than right


@dataclass(frozen=True, kw_only=True)
class ChangedSuggestion(JsonRecord):
    """A question whose first suggestion is another article; None: nothing is suggested.

    A measured row has `source` and `key`, an answer that was given alone has `turn`.
    """

    source: str | None = json_key()
    key: int | None = json_key()
    turn: int | None = json_key()
    topic: str | None = json_key()  # that answers it alone
    before: str | None = json_key()
    after: str | None = json_key()
    was_right: bool | None = json_key()  # None: nobody has judged it
    is_right: bool | None = json_key()

    @property
    def turn_id(self) -> int | None:
        """The turn that it is about: an answer given alone names it, a verdict is one."""
        return self.turn if self.source != "verdict" else self.key

    @property
    def pin_id(self) -> int | None:
        return self.key if self.source == "pinned" else None


@dataclass(frozen=True, kw_only=True)
class GateRecord(JsonRecord):
    """A version's report; without figures it was never measured."""

    figures: GateFigures | None = json_key(read=lambda data: _figures(data))
    refused: str | None = json_key()  # why the gate refused it, or DAMAGED; None: it did not
    broken_pins: tuple[int, ...] = json_list(int)
    topics: tuple[GateTopic, ...] = json_list(GateTopic.from_json)
    changes: tuple[ChangedSuggestion, ...] = json_list(ChangedSuggestion.from_json)
    changed_alone: tuple[ChangedSuggestion, ...] = json_list(ChangedSuggestion.from_json)
    shadow: "GateRecord | None" = json_key(read=lambda data: _record(data))

    @property
    def changed(self) -> tuple[ChangedSuggestion, ...]:
        """All questions whose first suggestion is another one: those that were judged come first."""
        return *self.changes, *self.changed_alone


def _figures(data: Mapping[str, Any] | None) -> GateFigures | None:
    return None if data is None else GateFigures.from_json(data)


def _record(data: Mapping[str, Any] | None) -> GateRecord | None:
    return None if data is None else GateRecord.from_json(data)
