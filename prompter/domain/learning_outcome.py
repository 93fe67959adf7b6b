"""The outcome of a learning run, as a job keeps it and `sufler learn --json` prints it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from prompter.domain.json_record import JsonRecord, json_key, json_list


class Result(StrEnum):
    """The result of a learning run."""

    PROMOTED = "promoted"
    REFUSED = "refused"
    SHADOW = "shadow"  # it triages in shadow mode before it may answer
    NOTHING_NEW = "nothing_new"
    OVERTAKEN = "overtaken"  # another version came into use in the meantime


@dataclass(frozen=True, kw_only=True)
class LearningOutcome(JsonRecord):
    """The figures of a learning run. Names are people's names at that time."""

    result: Result = json_key(Result.NOTHING_NEW, read=Result)
    version: str | None = json_key()
    champion: str = json_key("")
    refused: str | None = json_key()  # why the gate refused it
    n_new: int = json_key(0)  # decisions since the last run
    n_learned: int = json_key(0)  # texts
    n_test: int = json_key(0)  # rows on which both versions were measured
    p_at_1: float | None = json_key()
    p_at_1_champion: float | None = json_key()
    difference: float | None = json_key()
    won: int = json_key(0)
    lost: int = json_key(0)
    contradictions: int = json_key(0)
    flagged_operators: tuple[str, ...] = json_list(str)
    changed_alone: int = json_key(0)  # automated replies that would be others now
    new_proposals: int = json_key(0)
    seconds: float = json_key(0.0)
    ci: Mapping[str, list[float] | None] = json_key({})  # low and high by figure, at 95 %
