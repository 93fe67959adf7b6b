"""Measure selective answering: coverage and accuracy if the bot answered alone above a threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.estimates import Estimate, bootstrap, share
from evaluation.outcomes import Columns, Floats, ScoredCase, columns, failures
from evaluation.reliability import brier


@dataclass(frozen=True, kw_only=True)
class SelectiveReport:
    """Metrics under their names on the command line. None: not scored.

    `threshold` None: no confidence is high enough for the target and nothing is answered. `brier_constant`
    and `aurc_constant` belong to the best constant confidence, chosen with knowledge of the outcomes.
    """

    target: float
    threshold: float | None
    metrics: dict[str, Estimate | None]
    n_cases: int
    outcomes: tuple[ScoredCase, ...]

    @property
    def failures(self) -> tuple[ScoredCase, ...]:
        """Return the cases answered wrongly, by falling confidence."""
        return failures(
            [outcome for outcome in self.outcomes if is_answered(outcome.confidence, self.threshold)]
        )


def is_answered(confidence: float, threshold: float | None) -> bool:
    return threshold is not None and confidence >= threshold


def threshold_for(target: float, calibration: Sequence[ScoredCase] = ()) -> float | None:
    """Choose the lowest confidence above which answers are right with probability `target`.

    The choice uses neither labels nor confidences of the rows that are reported on.

    Without calibration rows, confidences are trusted: answer if the confidence is at least `target`. Each
    answer is then expected to be good enough by itself, whatever customers ask.

    Calibration rows (outcomes of confirmed cases that the model had not learned from) give the lowest
    confidence at which right / (answered + 1) >= target. The added wrong answer bounds the expected risk of
    the next case for a finite number of rows, as in conformal risk control (Angelopoulos et al., ICLR 2024).
    Rows without any out-of-scope case say nothing about questions that no article answers, so they may raise
    the threshold above `target` but not lower it.

    Returns:
        The threshold, or None if no confidence suffices.
    """
    if not calibration:
        return target
    table = columns(calibration)
    order = np.argsort(-table.confidence, kind="stable")
    confidence, right = table.confidence[order], np.cumsum(table.right[order])
    # Equal confidences are answered together, so a cut is possible only after the last of them.
    last = np.append(confidence[1:] != confidence[:-1], True)
    holds = last & (right / (np.arange(1, len(right) + 1) + 1) >= target)
    if not holds.any():
        return None
    lowest = float(confidence[np.flatnonzero(holds)[-1]])
    return lowest if not table.in_scope.all() else max(target, lowest)


def selective_report(
    outcomes: Sequence[ScoredCase], *, target: float, threshold: float | None, seed: int = 0
) -> SelectiveReport:
    """Compute the metrics at the threshold, and over all thresholds.

    `coverage` is the share of all cases that is answered, `selective_accuracy` the share of right answers
    among those, `oos_answered` the share of out-of-scope cases that is answered (wrongly, by definition).
    """
    table = columns(outcomes)
    n = len(table)
    answered = np.array([is_answered(outcome.confidence, threshold) for outcome in outcomes], dtype=bool)
    outside = ~table.in_scope
    constant = np.full(n, table.right.mean() if n else 0.0)
    return SelectiveReport(
        target=target,
        threshold=threshold,
        metrics={
            "coverage": share(int(answered.sum()), n),
            "selective_accuracy": share(int(table.right[answered].sum()), int(answered.sum())),
            "oos_answered": share(int((answered & outside).sum()), int(outside.sum())),
            "aurc": bootstrap(lambda rows: aurc(table.take(rows)), n, seed=seed),
            "aurc_constant": bootstrap(lambda rows: 1 - float(table.right[rows].mean()), n, seed=seed),
            "brier": brier(table.confidence, table.right, seed=seed),
            "brier_constant": brier(constant, table.right, seed=seed),
        },
        n_cases=n,
        outcomes=tuple(outcomes),
    )


def accuracy_of_surest(outcomes: Sequence[ScoredCase], n: int) -> Estimate | None:
    """Return the share of right outcomes among the `n` surest, or None for none.

    It compares models whose confidences are not comparable: each answers the same number of cases.
    """
    if n == 0:
        return None
    _, risk = risk_coverage(columns(outcomes))
    return share(round(n * (1 - float(risk[n - 1]))), n)


def risk_coverage(table: Columns) -> tuple[Floats, Floats]:
    """Return coverage 1/n, 2/n … 1 and the share of wrong answers at each, surest first."""
    return risk_by_coverage(table.confidence, table.right)


def risk_by_coverage(confidences: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return coverage and risk of rows. `right` may be expected values instead of 0 or 1.

    The order of equal confidences is arbitrary, so the result is the mean over all orders.
    """
    order = np.argsort(-confidences, kind="stable")
    _, group = np.unique(-confidences[order], return_inverse=True)
    wrong = 1 - right[order]
    expected = (np.bincount(group, weights=wrong) / np.bincount(group))[group]
    counts = np.arange(1, len(wrong) + 1)
    return counts / len(wrong), np.cumsum(expected) / counts


def aurc(table: Columns) -> float:
    """Return the area under the risk-coverage curve (Geifman & El-Yaniv, 2017).

    It is the mean risk over all coverages. 0 is best; a constant confidence gets the share of wrong
    suggestions.
    """
    return float(risk_coverage(table)[1].mean())
