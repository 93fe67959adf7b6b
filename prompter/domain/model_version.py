"""Versions of the model, and the times when each of them answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prompter.domain.gate_record import GateRecord


class VersionState(StrEnum):
    """The state of a version."""

    CANDIDATE = "candidate"  # made, but not measured yet
    SHADOW = "shadow"  # passed the gate; triages customers' turns without answering
    REFUSED = "refused"  # by the gate
    PASSED = "passed"  # may be used; the current version is one of these
    PRUNED = "pruned"  # its folder was removed


class Origin(StrEnum):
    """The reason why a version was made."""

    FIRST = "first"  # there was none
    SETTINGS = "settings"  # config.yml has changed
    TRAIN = "train"  # to learn the intents of new topics
    LEARN = "learn"  # from verdicts


class ActivationReason(StrEnum):
    """The reason why a version came into use."""

    FIRST = "first"
    SETTINGS = "settings"
    TRAIN = "train"
    GATE = "gate"  # measured, and not worse than the previous version
    PROMOTED = "promoted"  # a supervisor decided so
    ROLLBACK = "rollback"
    DAMAGED = "damaged"  # the previous version could not be read


@dataclass(frozen=True, kw_only=True)
class StoredVersion:
    """A version as stored. `model` is the id that readiness is tested for."""

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
    """The version answered from `at` on. `settings` is a hash of the models' part of config.yml then."""

    number: int
    version: str
    at: datetime
    reason: ActivationReason
    settings: str
    account_name: str | None


def stack_of(uses: Sequence[Activation]) -> list[Activation]:
    """Return the activations that no rollback has undone, oldest first. The last version answers."""
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
    """The top suggestions for one turn: of the version that answered, and of the one in shadow mode."""

    turn_id: int
    champion: str | None
    champion_confidence: float
    candidate: str | None
    candidate_confidence: float
