"""Outcomes of rows, the input of every metric, comparison and chart."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from files import as_cell

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class ScoredCase:
    """One row and the first suggestion for it.

    `right` are the labels that count as right, best known first; empty: out of scope. `rank` is the position
    of the first right label, 1 is first; None: absent, or the model names one label only.
    """

    text: str
    right: tuple[str, ...]
    suggested: str | None  # None: no suggestion
    confidence: float  # P(the suggestion is right), as stated
    rank: int | None
    is_right: bool
    in_scope: bool


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Outcomes as arrays of shape (n,), from which resamples are drawn."""

    right: Floats  # 1.0 or 0.0
    confidence: Floats
    in_scope: npt.NDArray[np.bool_]
    reciprocal_rank: Floats  # 0.0 where nothing right was suggested
    label: Rows  # numbers of the first right and of the suggested label; equal labels have equal numbers
    suggested: Rows

    def __len__(self) -> int:
        return len(self.right)

    def take(self, rows: Rows) -> "Columns":
        return Columns(
            right=self.right[rows],
            confidence=self.confidence[rows],
            in_scope=self.in_scope[rows],
            reciprocal_rank=self.reciprocal_rank[rows],
            label=self.label[rows],
            suggested=self.suggested[rows],
        )


def columns(outcomes: Sequence[ScoredCase]) -> Columns:
    """Convert outcomes to arrays."""
    number_of: dict[str, int] = {"": 0}  # out of scope, or nothing suggested

    def numbers(labels: Sequence[str]) -> Rows:
        return np.array([number_of.setdefault(label, len(number_of)) for label in labels], dtype=np.intp)

    return Columns(
        right=np.array([outcome.is_right for outcome in outcomes], dtype=np.float64),
        confidence=np.array([outcome.confidence for outcome in outcomes], dtype=np.float64),
        in_scope=np.array([outcome.in_scope for outcome in outcomes], dtype=bool),
        reciprocal_rank=np.array(
            [1 / outcome.rank if outcome.rank else 0.0 for outcome in outcomes], dtype=np.float64
        ),
        label=numbers([outcome.right[0] if outcome.right else "" for outcome in outcomes]),
        suggested=numbers([outcome.suggested or "" for outcome in outcomes]),
    )


def failures(outcomes: Sequence[ScoredCase]) -> tuple[ScoredCase, ...]:
    """Return the outcomes whose first suggestion is not right, by falling confidence."""
    return tuple(
        sorted(
            (outcome for outcome in outcomes if not outcome.is_right), key=lambda outcome: -outcome.confidence
        )
    )


def write_failures(failed: Sequence[ScoredCase], path: Path) -> None:
    """Write failures as CSV: text, right (joined by |), suggested, confidence, rank of the right label."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "right", "suggested", "confidence", "rank"])
        for outcome in failed:
            writer.writerow(
                [
                    as_cell(outcome.text),
                    as_cell("|".join(outcome.right)),
                    as_cell(outcome.suggested or ""),
                    f"{outcome.confidence:.4f}",
                    outcome.rank or "",
                ]
            )
