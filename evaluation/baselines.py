"""Naive go-live rules for comparison, which ignore how often they are checked."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from evaluation.betting import NONE, Numbers
from evaluation.estimates import Z

Passes: TypeAlias = npt.NDArray[np.bool_]
_WINDOW = 100
_EVERY = 50


def last_hundred(right: Numbers, n: Numbers, *, bar: float) -> Passes:  # noqa: ARG001 - as all rules
    """Pass if at least `bar` of the last hundred were right."""
    passes = np.zeros(right.shape, dtype=bool)
    if right.shape[1] < _WINDOW:
        return passes
    in_window = right[:, _WINDOW - 1 :].copy()
    in_window[:, 1:] -= right[:, :-_WINDOW]
    passes[:, _WINDOW - 1 :] = in_window >= bar * _WINDOW
    return passes


def clopper_pearson(right: Numbers, n: Numbers, *, bar: float, alpha: float = 0.05) -> Passes:
    """Pass if the lower end of the exact one-sided interval is above the bar, checked after every label."""
    passes: Passes = betainc(np.maximum(right, 1), n - right + 1, bar) <= alpha
    return passes & (right > 0)


def wilson(right: Numbers, n: Numbers, *, bar: float) -> Passes:
    """Pass if the lower end of Wilson's 95 % interval is above the bar, checked every fifty labels."""
    p = right / np.maximum(n, 1)
    centre = p + Z**2 / (2 * np.maximum(n, 1))
    half = Z * np.sqrt(p * (1 - p) / np.maximum(n, 1) + Z**2 / (4 * np.maximum(n, 1) ** 2))
    low = (centre - half) / (1 + Z**2 / np.maximum(n, 1))
    passes: Passes = (low >= bar) & (n % _EVERY == 0) & (n > 0)
    return passes


RULES: Mapping[str, Callable[..., Passes]] = {
    "last_100": last_hundred,
    "clopper_pearson": clopper_pearson,
    "wilson_each_50": wilson,
}


def go_live(streams: Numbers, *, bar: float) -> dict[str, npt.NDArray[np.bool_]]:
    """Return for each rule which of the streams pass at some check.

    `streams` (streams, verdicts) holds 1 and 0 in the order in which verdicts arrive, then `NONE`.
    """
    seen = streams != NONE
    right = np.cumsum(streams == 1, axis=1, dtype=np.int64)
    n = np.cumsum(seen, axis=1, dtype=np.int64)
    return {name: (rule(right, n, bar=bar) & seen).any(axis=1) for name, rule in RULES.items()}
