"""Estimate figures with confidence intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

Z = 1.959963984540054  # 97.5 % point of the normal distribution
RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with its 95 % interval, `low` to `high`, from `n` rows."""

    value: float
    low: float
    high: float
    n: int


def share(successes: int, n: int) -> Estimate | None:
    """Estimate a share with Wilson's interval (1927), or return None for no rows.

    >>> share(9, 10)
    Estimate(value=0.9, low=0.5958499732047615, high=0.9821237869049271, n=10)
    """
    if n == 0:
        return None
    p = successes / n
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return Estimate(value=p, low=max(0.0, min(p, centre - half)), high=min(1.0, max(p, centre + half)), n=n)


def bootstrap(
    statistic: Callable[[npt.NDArray[np.intp]], float], n: int, *, seed: int, resamples: int = RESAMPLES
) -> Estimate | None:
    """Estimate `statistic` with the percentile bootstrap (Efron, 1979), or return None for no rows.

    `statistic` takes row numbers. It may be nan where a resample does not define it (no positive row, say).
    Such resamples are left out.
    """
    if n == 0:
        return None
    value = statistic(np.arange(n))
    if np.isnan(value):
        return None
    random = np.random.default_rng(seed)
    values = np.array([statistic(random.integers(0, n, n)) for _ in range(resamples)])
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Estimate(value=float(value), low=float(low), high=float(high), n=n)


def average_over_draws(estimates: Sequence[Estimate]) -> Estimate | None:
    """Return the mean over several draws with Student's interval. `n` is the number of rows in one draw."""
    if len(estimates) < 2:
        return estimates[0] if estimates else None
    from scipy.stats import sem, t

    values = [estimate.value for estimate in estimates]
    mean = float(np.mean(values))
    half = float(t.ppf(0.975, len(values) - 1) * sem(values))
    return Estimate(value=mean, low=mean - half, high=mean + half, n=estimates[0].n)
