"""Test whether one model is better than another on the same rows, beyond chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.estimates import RESAMPLES, Estimate
from evaluation.intents import macro_f1
from evaluation.outcomes import Columns, ScoredCase, columns
from evaluation.selective import aurc

Statistic = Callable[[Columns], float]  # nan where the rows do not define it


@dataclass(frozen=True, kw_only=True)
class Difference:
    """This model's figure minus the other model's. `p_value` is two-sided, from the paired bootstrap."""

    estimate: Estimate
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Change:
    """A row that exactly one of the models gets right."""

    ours: ScoredCase
    theirs: ScoredCase

    @property
    def is_won(self) -> bool:
        return self.ours.is_right


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Metrics by name. `mcnemar_p` is from McNemar's exact test (1947) on the rows won and lost."""

    differences: dict[str, Difference]
    won: int
    lost: int
    mcnemar_p: float
    changes: tuple[Change, ...]


def compare(
    ours: Sequence[ScoredCase],
    theirs: Sequence[ScoredCase],
    statistics: Mapping[str, tuple[Statistic, Statistic]],
    *,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the same rows. Each statistic is given once for each model.

    The bootstrap draws rows and measures both models on each draw, so that rows that are hard for both
    cancel out. p: twice the smaller share of draws on either side of zero (Efron & Tibshirani, 1993).
    """
    from scipy.stats import binomtest

    if [outcome.text for outcome in ours] != [outcome.text for outcome in theirs]:
        raise ValueError("the models must have been asked the same rows in the same order")
    our_columns, their_columns = columns(ours), columns(theirs)
    changes = [
        Change(ours=a, theirs=b) for a, b in zip(ours, theirs, strict=True) if a.is_right != b.is_right
    ]
    won = sum(change.is_won for change in changes)
    return Comparison(
        differences={
            name: difference
            for name, (of_ours, of_theirs) in statistics.items()
            if (difference := _difference(our_columns, their_columns, of_ours, of_theirs, seed))
        },
        won=won,
        lost=len(changes) - won,
        mcnemar_p=float(binomtest(won, len(changes)).pvalue) if changes else 1.0,
        changes=tuple(changes),
    )


def _difference(
    ours: Columns, theirs: Columns, of_ours: Statistic, of_theirs: Statistic, seed: int
) -> Difference | None:
    value = of_ours(ours) - of_theirs(theirs)
    if np.isnan(value):
        return None
    random = np.random.default_rng(seed)
    drawn = np.array(
        [
            of_ours(ours.take(rows)) - of_theirs(theirs.take(rows))
            for rows in (random.integers(0, len(ours), len(ours)) for _ in range(RESAMPLES))
        ]
    )
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    tail = min((drawn <= 0).sum(), (drawn >= 0).sum())
    return Difference(
        estimate=Estimate(value=float(value), low=float(low), high=float(high), n=len(ours)),
        p_value=float(min(1.0, 2 * (tail + 1) / (len(drawn) + 1))),
    )


def _pair_with_itself(statistics: Mapping[str, Statistic]) -> dict[str, tuple[Statistic, Statistic]]:
    return {name: (statistic, statistic) for name, statistic in statistics.items()}


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def intent_statistics() -> dict[str, tuple[Statistic, Statistic]]:
    return _pair_with_itself(
        {
            "accuracy": lambda rows: _mean(rows.right),
            "macro_f1": macro_f1,
            "in_scope_accuracy": lambda rows: _mean(rows.right[rows.in_scope]),
            "oos_recall": lambda rows: _mean(rows.right[~rows.in_scope]),
            "brier": _brier,
            "aurc": aurc,
        }
    )


def retrieval_statistics() -> dict[str, tuple[Statistic, Statistic]]:
    return _pair_with_itself(
        {
            "p_at_1": lambda rows: _mean(rows.right[rows.in_scope]),
            "hit_at_3": lambda rows: _mean(rows.reciprocal_rank[rows.in_scope] >= 1 / 3),
            "hit_at_5": lambda rows: _mean(rows.reciprocal_rank[rows.in_scope] >= 1 / 5),
            "mrr": lambda rows: _mean(rows.reciprocal_rank[rows.in_scope]),
            "brier": _brier,
            "aurc": aurc,
        }
    )


def selective_statistics(ours: float | None, theirs: float | None) -> dict[str, tuple[Statistic, Statistic]]:
    """Return statistics in which each model answers from its own threshold on. None: never answers."""

    def coverage(threshold: float | None) -> Statistic:
        return lambda rows: _mean(rows.confidence >= _bound(threshold))

    def accuracy(threshold: float | None) -> Statistic:
        return lambda rows: _mean(rows.right[rows.confidence >= _bound(threshold)])

    def outside(threshold: float | None) -> Statistic:
        return lambda rows: _mean(rows.confidence[~rows.in_scope] >= _bound(threshold))

    return {
        "coverage": (coverage(ours), coverage(theirs)),
        "selective_accuracy": (accuracy(ours), accuracy(theirs)),
        "oos_answered": (outside(ours), outside(theirs)),
    } | _pair_with_itself({"brier": _brier, "aurc": aurc})


def _bound(threshold: float | None) -> float:
    return float("inf") if threshold is None else threshold


def _brier(rows: Columns) -> float:
    return float(((rows.confidence - rows.right) ** 2).mean())
