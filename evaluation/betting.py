"""Test by betting whether the accuracy is above `bar`, one judged turn after another.

The bets are against "at most `bar`". A capital of 1 that bets against a true hypothesis ever reaches 1/alpha
with probability alpha at most, however often it is checked (Ville, 1939). The bets follow
Waudby-Smith & Ramdas (JRSS-B 2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = npt.NDArray[np.int64]

NONE = -1  # marks places where a stream has no judgement
_NODES = 256  # nodes of the quadrature over stakes: error at most 1e-9 up to ten thousand turns
LOWEST_BAR = 1e-3  # the lowest bar that a confidence sequence considers
_PRECISION = 1e-4
_MIN_TAIL = 1e-280  # smallest tail probability with full precision


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The value of the judgement of one randomly sampled turn.

    Given the past, the expectation of `value` is at most the probability that the suggestion is right. It is
    at least `lowest` for every possible outcome of the turn, and at most 1.
    """

    value: float
    lowest: float = 0.0


RIGHT = Judgement(value=1.0)  # a blind turn or an audited answer
WRONG = Judgement(value=0.0)


def double_review_judgement(*, accepted: bool, refuted: bool, probability: float) -> Judgement:
    """Return the judgement of a turn whose suggestion the operator saw: V − (A/π)·V·(1 − Y).

    V: the operator `accepted` it; A: a second judgement was drawn, with `probability` π; Y: it agreed.
    `refuted` is A·(1 − Y): drawn, and the second person has disagreed or not answered yet.

    >>> double_review_judgement(accepted=True, refuted=True, probability=0.05)
    Judgement(value=-19.0, lowest=-19.0)
    """
    return Judgement(value=accepted - (accepted and refuted) / probability, lowest=1.0 - 1.0 / probability)


def log_capital(counts: Numbers, judgements: Sequence[Judgement], bar: float) -> Floats:
    """Return the logarithm of a capital that started at 1 and bet that the accuracy is above `bar`.

    `counts[..., k]` is the number of occurrences of `judgements[k]`; the order does not matter. The capital
    is the mean over a bet for every θ between 0 and 1, which a judgement multiplies by
    1 + θ (value − bar) / (bar − lowest). For `RIGHT` and `WRONG` that is the likelihood ratio of the accuracy
    bar + θ (1 − bar) to `bar`, and the mean is one over accuracies evenly spread above the bar; it has a
    closed form, the tail of a Beta distribution. Everything else is integrated by Gauss–Legendre quadrature.

    The larger `bar`, the smaller the capital, as each factor is 1 − θ + θ (value − lowest) / (bar − lowest).
    """
    if tuple(judgements) != (WRONG, RIGHT):
        return _integrate(counts, judgements, bar)
    found, is_exact = _tail(counts[..., 1], counts[..., 0], bar)
    return found if is_exact.all() else np.where(is_exact, found, _integrate(counts, judgements, bar))


def first_crossing(
    streams: Numbers, judgements: Sequence[Judgement], *, bar: float, needed: float
) -> Numbers:
    """Return the number of turns until each stream's log-capital reaches `needed`, or -1 for never.

    `streams[i, t]` is the judgement of turn t by its place in `judgements`, or `NONE`. The capital is
    checked after every turn, except turns at which it could not reach `needed` even if all were right.
    """
    n_streams, n_turns = streams.shape
    max_step = float(
        np.log1p(max((judgement.value - bar) / (bar - judgement.lowest) for judgement in judgements))
    )
    so_far = np.stack(
        [np.cumsum(streams == kind, axis=1, dtype=np.int64) for kind in range(len(judgements))], axis=-1
    )
    found = np.full(n_streams, -1, dtype=np.int64)
    active = np.arange(n_streams)
    turns = np.full(n_streams, min(max(1, int(needed / max_step)), n_turns + 1), dtype=np.int64)
    while len(active := active[turns[active] <= n_turns]):
        at = turns[active]
        missing = needed - log_capital(so_far[active, at - 1], judgements, bar)
        found[active[missing <= 0]] = at[missing <= 0]
        turns[active] = at + np.maximum(1, np.minimum(missing / max_step, n_turns + 1)).astype(np.int64)
        active = active[missing > 0]
    return found


def lower_end(counts: Numbers, judgements: Sequence[Judgement], *, needed: float) -> float:
    """Return the largest bar against which the log-capital reaches `needed`, or 0.0.

    With `needed` = log(1/alpha), the result exceeds the accuracy with probability alpha at most, at any
    number of turns.
    """
    low, high = LOWEST_BAR, 1.0 - LOWEST_BAR
    if log_capital(counts, judgements, low) < needed:
        return 0.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if log_capital(counts, judgements, middle) >= needed else (low, middle)
    return low


def _integrate(counts: Numbers, judgements: Sequence[Judgement], bar: float) -> Floats:
    stakes, weights = _stakes()
    gains = np.array([(judgement.value - bar) / (bar - judgement.lowest) for judgement in judgements])
    exponents = counts @ np.log1p(gains[:, np.newaxis] * stakes)  # (..., stakes)
    highest = exponents.max(axis=-1, keepdims=True)
    total: Floats = np.log(np.exp(exponents - highest) @ weights) + highest[..., 0]
    return total


def _tail(right: Numbers, wrong: Numbers, bar: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the logarithm of ∫ (p/bar)^right ((1 − p)/(1 − bar))^wrong dp / (1 − bar), p from `bar` to 1.

    Also return where the result is exact: close to the smallest floats, digits are lost.
    """
    from scipy.special import betaincc, betaln  # 20 MB of memory that a server without evidence does not need

    tail = betaincc(right + 1.0, wrong + 1.0, bar)
    with np.errstate(divide="ignore"):
        total = betaln(right + 1.0, wrong + 1.0) + np.log(tail)
    total = total - right * np.log(bar) - (wrong + 1) * np.log1p(-bar)
    return np.asarray(total), np.asarray(tail > _MIN_TAIL)


@lru_cache(maxsize=1)
def _stakes() -> tuple[Floats, Floats]:
    """Return nodes between 0 and 1, and their weights, which sum to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2
