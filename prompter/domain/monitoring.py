"""Daily counts for monitoring."""

from collections.abc import Sequence
from dataclasses import dataclass

from prompter.domain.evidence import Signal


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Turns received, and their outcomes."""

    turns: int
    unseen: int  # without any suggestion
    confidences: Sequence[float]  # of top suggestions
    decided: int  # by operators who saw the suggestions
    changed: int  # of those decided: rejected, or edited in substance
    answered_alone: int
    signals: dict[Signal, int]
