"""The rule that decides, from randomly sampled judgements, whether a topic may answer alone.

For each confidence threshold, strictest first, the rule tests the hypothesis that at most `bar` of the turns
that would have been answered alone are right. The next threshold is tested once the stricter one has
passed, each at the full alpha of the test (fixed-sequence testing; Angelopoulos et al., Learn then Test,
2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log

import numpy as np

from evaluation.betting import (
    LOWEST_BAR,
    RIGHT,
    WRONG,
    Judgement,
    Numbers,
    first_crossing,
    log_capital,
    lower_end,
)

_FIRST_SHARE = 0.8  # of alpha for a topic's first test: docs/adr/0008-what-each-test-may-spend.md
_LOOKS = 100  # points at which a confidence sequence is drawn


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Conditions for a topic to answer alone, fixed before the evidence. `thresholds` are strictest first."""

    bar: float
    alpha: float
    thresholds: tuple[float, ...]

    def spends(self, test_number: int) -> float:
        """Return the alpha of a topic's first (1), second, … test. Their sum is at most `alpha`.

        So a topic *ever* passes wrongly with probability `alpha` at most, for any number of tested versions.
        """
        if test_number == 1:
            return self.alpha * _FIRST_SHARE
        return self.alpha * (1 - _FIRST_SHARE) / (test_number * (test_number - 1))

    def passing_capital(self, test_number: int) -> float:
        """Return the log-capital at which a test passes."""
        return -log(self.spends(test_number))


@dataclass(frozen=True, kw_only=True)
class JudgedTurn:
    """A turn that the bot would have answered alone if its confidence and the topic's readiness allowed it.

    `is_sampled` is True if the turn was randomly sampled and judged blind, in an audit or by a second person.
    Otherwise only the operator who saw the suggestion has judged it.
    """

    confidence: float
    judgement: Judgement
    is_sampled: bool
    is_open: bool = False  # no decision yet


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Interval after `n_turns`. Each end holds with probability 1 - alpha at any number of turns."""

    n_turns: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Step:
    """The state of the test at one threshold.

    `passed_after` is the number of turns; None: not passed yet. `more_labels` is the number of randomly
    sampled judgements still needed at the current rate; None: the estimate is at the bar or below.
    """

    threshold: float
    n_turns: int
    n_sampled: int
    estimate: float | None  # share of right turns; None: no turn
    log_capital: float
    needed: float
    passed_after: int | None
    more_labels: int | None


def assess(turns: Sequence[JudgedTurn], rule: Rule, *, test_number: int = 1) -> list[Step]:
    """Test threshold after threshold on the turns of one version, in the order of receipt.

    The last step is the first that has not passed, if any.
    """
    steps: list[Step] = []
    for threshold in rule.thresholds:
        steps.append(
            _step([turn for turn in turns if turn.confidence >= threshold], threshold, rule, test_number)
        )
        if steps[-1].passed_after is None:
            break
    return steps


def log_e_values(turns: Sequence[JudgedTurn], rule: Rule, *, test_number: int = 1) -> dict[float, float]:
    """Return the logarithm of each threshold's e-value, for a comparison across topics (`e_bh`).

    Earlier tests of the topic have used their share of alpha, so later tests are discounted.
    """
    discount = log(rule.spends(test_number) / rule.alpha)
    found = {}
    for threshold in rule.thresholds:
        stream, kinds = _stream([turn.judgement for turn in turns if turn.confidence >= threshold])
        capital = log_capital(_counts(stream, len(kinds)), kinds, rule.bar)
        found[threshold] = float(capital) + discount
    return found


def is_below_bar(turns: Sequence[JudgedTurn], rule: Rule) -> bool:
    """Return True if fewer than `bar` are shown to be right, at the rule's alpha.

    Only turns judged 0 or 1 can show it: turns with a shown suggestion that count as wrong may be right.
    """
    decided = [
        turn.judgement == WRONG for turn in turns if not turn.is_open and _may_be_right(turn) is not None
    ]
    stream = np.array([decided], dtype=np.int64)
    return bool(first_crossing(stream, (WRONG, RIGHT), bar=1 - rule.bar, needed=-log(rule.alpha))[0] > 0)


def passed_threshold(steps: Sequence[Step]) -> float | None:
    """Return the lowest threshold at which the topic may answer alone, or None."""
    return min((step.threshold for step in steps if step.passed_after is not None), default=None)


def confidence_sequence(turns: Sequence[JudgedTurn], *, alpha: float, looks: int = _LOOKS) -> list[Interval]:
    """Return the intervals after more and more turns, the last after all turns.

    Without turns there are no intervals. Values once excluded stay excluded. An undecided turn counts as
    wrong for the lower end and as right for the upper end. The upper end uses only turns judged 0 or 1,
    because some turns with a shown suggestion that count as wrong may be right.
    """
    if not turns:
        return []
    needed = -log(alpha)
    stream, kinds = _stream([turn.judgement for turn in turns])
    not_wrong = [_may_be_right(turn) for turn in turns]
    low, high = 0.0, 1.0
    intervals: list[Interval] = []
    for n in np.unique(np.linspace(1, len(turns), min(looks, len(turns))).astype(int)).tolist():
        right, wrong = not_wrong[:n].count(True), not_wrong[:n].count(False)
        low = _raise_low_end(low, _counts(stream[:n], len(kinds)), kinds, needed)
        high = 1.0 - _raise_low_end(1.0 - high, np.array([right, wrong]), (WRONG, RIGHT), needed)
        intervals.append(Interval(n_turns=n, low=low, high=high))
    return intervals


def _raise_low_end(low: float, counts: Numbers, kinds: Sequence[Judgement], needed: float) -> float:
    """Return the maximum of `low` and the lower end, which is computed only if it is larger."""
    if log_capital(counts, kinds, max(low, LOWEST_BAR)) < needed:
        return low
    return max(low, lower_end(counts, kinds, needed=needed))


def _may_be_right(turn: JudgedTurn) -> bool | None:
    """Return True if a turn judged 0 or 1 may be right, or None for other judgements."""
    if turn.judgement not in (RIGHT, WRONG):
        return None
    return turn.is_open or turn.judgement == RIGHT


def kl_bound(accuracy: float, rule: Rule) -> float:
    """Return the mean number of turns that any test needs: log(1/alpha) / KL(accuracy ‖ bar).

    >>> round(kl_bound(0.95, Rule(bar=0.9, alpha=0.05, thresholds=(0.9, 0.5))))
    179
    """
    return -log(rule.alpha) / _kl(accuracy, rule.bar) if accuracy > rule.bar else float("inf")


def _step(turns: Sequence[JudgedTurn], threshold: float, rule: Rule, test_number: int) -> Step:
    stream, kinds = _stream([turn.judgement for turn in turns])
    needed = rule.passing_capital(test_number)
    passed = int(first_crossing(stream[np.newaxis], kinds, bar=rule.bar, needed=needed)[0])
    counts = _counts(stream, len(kinds))
    capital = float(log_capital(counts, kinds, rule.bar)) if turns else 0.0
    n_sampled = sum(turn.is_sampled for turn in turns)
    estimate = float(np.mean([turn.judgement.value for turn in turns])) if turns else None
    return Step(
        threshold=threshold,
        n_turns=len(turns),
        n_sampled=n_sampled,
        estimate=estimate,
        log_capital=capital,
        needed=needed,
        passed_after=passed if passed > 0 else None,
        more_labels=0 if passed > 0 else _missing_turns(estimate, needed - capital, rule),
    )


def _missing_turns(estimate: float | None, missing: float, rule: Rule) -> int | None:
    if estimate is None or estimate <= rule.bar:
        return None
    return ceil(missing / _kl(min(estimate, 1.0), rule.bar))


def _kl(p: float, q: float) -> float:
    """Return the divergence of two Bernoulli distributions in nats."""
    rest = (1 - p) * log((1 - p) / (1 - q)) if p < 1 else 0.0
    return p * log(p / q) + rest


def _stream(judgements: Sequence[Judgement]) -> tuple[Numbers, list[Judgement]]:
    """Number the kinds of judgements. Wrong and right always come first."""
    kinds = [
        WRONG,
        RIGHT,
        *sorted(set(judgements) - {WRONG, RIGHT}, key=lambda judgement: (judgement.lowest, judgement.value)),
    ]
    place = {kind: number for number, kind in enumerate(kinds)}
    return np.array([place[judgement] for judgement in judgements], dtype=np.int64), kinds


def _counts(stream: Numbers, n_kinds: int) -> Numbers:
    return np.bincount(stream, minlength=n_kinds).astype(np.int64)
