"""Measure how well stated probabilities hold."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.estimates import RESAMPLES, Estimate, bootstrap

Floats = npt.NDArray[np.float64]
_BINS = 10


@dataclass(frozen=True, kw_only=True)
class Bin:
    """A group of rows with similar confidence: its mean confidence and its share of right rows."""

    confidence: float
    right: float
    n: int


def reliability_bins(
    confidences: Floats, right: Floats, *, max_bins: int = _BINS, min_rows: int = 8
) -> list[Bin]:
    """Return bins of equal mass by rising confidence, with at least `min_rows` rows each.

    Too few rows give no bins. `right` may be the expected value of a turn instead of 0 or 1.
    """
    order = np.argsort(confidences, kind="stable")
    n_bins = min(max_bins, len(order) // min_rows)
    return [
        Bin(confidence=float(confidences[rows].mean()), right=float(right[rows].mean()), n=len(rows))
        for rows in (np.array_split(order, n_bins) if n_bins else ())
    ]


def calibration_error(confidences: Floats, right: Floats, *, seed: int) -> Estimate | None:
    """Return the debiased expected calibration error: 0 for honest confidences.

    The unit is probability. There are ten bins of equal mass. Within a bin, the mean confidence and the share
    of right rows also differ by chance. The effect of chance is estimated by drawing outcomes from the
    confidences themselves, and subtracted (Bröcker & Smith, 2007, draw the same way). The interval is the
    bootstrap's, shifted by the bias that resampling adds, and cut at 0. Returns None for no rows.
    """
    n = len(confidences)
    if n == 0:
        return None
    random = np.random.default_rng(seed)
    raw = _binned_error(confidences, right)
    by_chance = np.mean(
        [_binned_error(confidences, random.random(n) < confidences) for _ in range(RESAMPLES)]
    )
    value = max(0.0, raw - float(by_chance))
    rows = random.integers(0, n, (RESAMPLES, n))
    resampled = np.array([_binned_error(confidences[draw], right[draw]) for draw in rows])
    low, high = np.percentile(resampled - resampled.mean() + value, [2.5, 97.5])
    return Estimate(value=value, low=max(0.0, float(low)), high=max(value, float(high)), n=n)


def brier(confidences: Floats, right: Floats, *, seed: int) -> Estimate | None:
    """Return the mean squared difference of confidence and outcome.

    0 is best, and a constant gets at best p · (1 - p).
    """
    losses = (confidences - right) ** 2
    return bootstrap(lambda rows: float(losses[rows].mean()), len(losses), seed=seed)


def _binned_error(confidences: Floats, right: npt.NDArray[np.float64] | npt.NDArray[np.bool_]) -> float:
    order = np.argsort(confidences, kind="stable")
    gaps = confidences[order] - right[order]
    edges = np.linspace(0, len(gaps), _BINS + 1).astype(int)
    sums = np.add.reduceat(np.append(gaps, 0.0), edges[:-1])
    return float(np.abs(np.where(np.diff(edges) > 0, sums, 0.0)).sum() / len(gaps))
