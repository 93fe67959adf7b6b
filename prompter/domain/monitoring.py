"""What is counted each day."""

from collections.abc import Sequence
from dataclasses import dataclass

from prompter.domain.evidence import Signal


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Turns received, and what became of them."""

    turns: int
    unseen: int  # to which there was nothing to suggest
    confidences: Sequence[float]  # of first suggestions
    decided: int  # by operators who saw the suggestions
    changed: int  # of those: rejected, or edited in substance
    answered_alone: int
    signals: dict[Signal, int]
