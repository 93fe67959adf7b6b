"""What if the bot answered alone where it is sure: how much, and how often rightly?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.estimates import Estimate, bootstrap, share
from evaluation.outcomes import Columns, Floats, ScoredCase, columns, failures
from evaluation.reliability import brier


@dataclass(frozen=True, kw_only=True)
class SelectiveReport:
    """Metrics by the names of the command line's contract; None: not scored.

    `threshold` None: no confidence is high enough for the target, nothing is answered. `brier_constant`
    and `aurc_constant` are those of the best constant confidence, chosen with the outcomes in hand.
    """

    target: float
    threshold: float | None
    metrics: dict[str, Estimate | None]
    n_cases: int
    outcomes: tuple[ScoredCase, ...]

    @property
    def failures(self) -> tuple[ScoredCase, ...]:
        """Cases answered wrongly, surest first."""
        return failures(
            [outcome for outcome in self.outcomes if is_answered(outcome.confidence, self.threshold)]
        )


def is_answered(confidence: float, threshold: float | None) -> bool:
    return threshold is not None and confidence >= threshold


def threshold_for(target: float, calibration: Sequence[ScoredCase] = ()) -> float | None:
    """Choose the confidence from which on answers are expected to be right with probability `target`.

    No row that is reported on is looked at, neither its label nor its confidence.

    Without calibration rows, the confidence is taken at its word: answer where it says at least `target`.
    Each answer is then expected to be good enough by itself, whatever customers ask.

    Calibration rows (outcomes of confirmed cases that the model had not learned from) say what holds in
    fact: the lowest confidence at which right / (answered + 1) >= target. The one answer added, a wrong one,
    makes the expected risk of the next case hold for a finite number of rows, as in conformal risk control
    (Angelopoulos et al., ICLR 2024). Rows without an out-of-scope one among them know nothing of
    questions that no article answers; they may raise the threshold above `target`, not lower it.

    Returns:
        None where no confidence suffices.
    """
    if not calibration:
        return target
    table = columns(calibration)
    order = np.argsort(-table.confidence, kind="stable")
    confidence, right = table.confidence[order], np.cumsum(table.right[order])
    # Equal confidences are answered together: only the last of them is a place to cut.
    last = np.append(confidence[1:] != confidence[:-1], True)
    holds = last & (right / (np.arange(1, len(right) + 1) + 1) >= target)
    if not holds.any():
        return None
    lowest = float(confidence[np.flatnonzero(holds)[-1]])
    return lowest if not table.in_scope.all() else max(target, lowest)


def selective_report(
    outcomes: Sequence[ScoredCase], *, target: float, threshold: float | None, seed: int = 0
) -> SelectiveReport:
    """Compute what happens at the threshold, and over all thresholds.

    `coverage` is the share of all cases that is answered, `selective_accuracy` the share of right ones
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
    """The share of right ones among the `n` outcomes that are surest; None for none.

    Models whose confidences do not mean the same are compared so: each answers equally many.
    """
    if n == 0:
        return None
    _, risk = risk_coverage(columns(outcomes))
    return share(round(n * (1 - float(risk[n - 1]))), n)


def risk_coverage(table: Columns) -> tuple[Floats, Floats]:
    """Coverage 1/n, 2/n … 1 and the share of wrong answers at each, surest answered first."""
    return risk_by_coverage(table.confidence, table.right)


def risk_by_coverage(confidences: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Coverage and risk of rows that are right or not; `right` may be what they count on the average.

    Equal confidences come in random order; what stands here is the mean over those orders.
    """
    order = np.argsort(-confidences, kind="stable")
    _, group = np.unique(-confidences[order], return_inverse=True)
    wrong = 1 - right[order]
    expected = (np.bincount(group, weights=wrong) / np.bincount(group))[group]
    counts = np.arange(1, len(wrong) + 1)
    return counts / len(wrong), np.cumsum(expected) / counts


def aurc(table: Columns) -> float:
    """Area under the risk-coverage curve (Geifman & El-Yaniv, 2017): the mean risk over all coverages.

    0 is best; a constant confidence gets the share of wrong suggestions.
    """
    return float(risk_coverage(table)[1].mean())
