"""Versions of the model, and when each of them answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prompter.domain.gate_record import GateRecord


class VersionState(StrEnum):
    """What became of a version."""

    CANDIDATE = "candidate"  # made, and not measured yet
    SHADOW = "shadow"  # passed the gate; it triages what customers write, unseen
    REFUSED = "refused"  # by the gate
    PASSED = "passed"  # may be used; one of these is
    PRUNED = "pruned"  # its folder was removed


class Origin(StrEnum):
    """Why a version was made."""

    FIRST = "first"  # there was none
    SETTINGS = "settings"  # config.yml has changed
    TRAIN = "train"  # to learn the intents of new topics
    LEARN = "learn"  # from verdicts


class ActivationReason(StrEnum):
    """Why a version came into use."""

    FIRST = "first"
    SETTINGS = "settings"
    TRAIN = "train"
    GATE = "gate"  # measured, and not worse than the one before
    PROMOTED = "promoted"  # a supervisor said so
    ROLLBACK = "rollback"
    DAMAGED = "damaged"  # the one before could not be read


@dataclass(frozen=True, kw_only=True)
class StoredVersion:
    """A version as it stands in the table; `model` is what readiness is tested for."""

    id: str
    created_at: datetime
    parent: str | None
    made: Origin
    state: VersionState
    model: str
    report: GateRecord
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Activation:
    """From `at` on the version answered; `settings` is a hash of what config.yml said of models then."""

    number: int
    version: str
    at: datetime
    reason: ActivationReason
    settings: str
    account_name: str | None


def stack_of(uses: Sequence[Activation]) -> list[Activation]:
    """What came into use and was not gone back from, oldest first; the last one answers."""
    stack: list[Activation] = []
    for use in uses:
        if use.reason is ActivationReason.ROLLBACK and any(
            version.version == use.version for version in stack
        ):
            while stack.pop().version != use.version:
                continue
        stack.append(use)
    return stack


@dataclass(frozen=True, kw_only=True)
class ShadowRow:
    """The first suggestions for one turn: of the version that answered, and of the one in the shadow."""

    turn_id: int
    champion: str | None
    champion_confidence: float
    candidate: str | None
    candidate_confidence: float
