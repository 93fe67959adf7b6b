"""May a topic answer alone?  The rule that decides, from what was judged by lot.

For each threshold of confidence, strictest first, the hypothesis is tested that at most `bar` of the turns
that would have been answered alone are right. The next threshold is tested once the stricter one has
passed, each at the whole alpha of the test (fixed-sequence testing; Angelopoulos et al., Learn then Test,
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

_FIRST_SHARE = 0.8  # of alpha that a topic's first test spends: docs/adr/0008-what-each-test-may-spend.md
_LOOKS = 100  # points at which a confidence sequence is drawn


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When a topic may answer alone, chosen before the evidence; `thresholds` are strictest first."""

    bar: float = 0.9
    alpha: float = 0.05
    thresholds: tuple[float, ...] = (0.9, 0.8, 0.7, 0.6, 0.5)

    def spends(self, test_number: int) -> float:
        """The alpha of a topic's first (1), second, … test; all of them together spend `alpha`.

        So a topic is *ever* let through wrongly with probability `alpha` at most, however many versions are
        tested.
        """
        if test_number == 1:
            return self.alpha * _FIRST_SHARE
        return self.alpha * (1 - _FIRST_SHARE) / (test_number * (test_number - 1))

    def needed(self, test_number: int) -> float:
        """The log-capital at which a test passes."""
        return -log(self.spends(test_number))


@dataclass(frozen=True, kw_only=True)
class JudgedTurn:
    """A turn that the bot would have answered alone, but for its confidence and its topic's readiness.

    `by_lot`: judged blind, as an audit or by a second person; else only by the operator who saw the
    suggestion.
    """

    confidence: float
    judgement: Judgement
    by_lot: bool
    is_open: bool = False  # nobody has decided yet


@dataclass(frozen=True, kw_only=True)
class Interval:
    """After `n_turns`; each end holds with probability 1 - alpha, however often one looks."""

    n_turns: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where the test at one threshold stands.

    `passed_after` so many turns; None: not yet. `more_labels`: turns still to be judged by lot if it goes
    on as it went; None: it is not on course, the estimate is at the bar or below.
    """

    threshold: float
    n_turns: int
    n_by_lot: int
    estimate: float | None  # share of right ones; None: no turn
    log_capital: float
    needed: float
    passed_after: int | None
    more_labels: int | None


def assess(turns: Sequence[JudgedTurn], rule: Rule, *, test_number: int = 1) -> list[Step]:
    """Test threshold after threshold on the turns of one version, in the order of receipt.

    The last step is the first that has not passed, if there is one.
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

    Earlier tests of the topic have had their share of alpha, so that later ones are discounted.
    """
    discount = log(rule.spends(test_number) / rule.alpha)
    found = {}
    for threshold in rule.thresholds:
        stream, kinds = _stream([turn.judgement for turn in turns if turn.confidence >= threshold])
        capital = log_capital(_counts(stream, len(kinds)), kinds, rule.bar)
        found[threshold] = float(capital) + discount
    return found


def is_below_bar(turns: Sequence[JudgedTurn], rule: Rule) -> bool:
    """Whether it is shown, at the rule's alpha, that fewer than `bar` are right.

    Only turns judged 0 or 1 can show it: shown ones that count as wrong may be right.
    """
    decided = [turn.judgement == WRONG for turn in turns if not turn.is_open and _not_wrong(turn) is not None]
    stream = np.array([decided], dtype=np.int64)
    return bool(first_crossing(stream, (WRONG, RIGHT), bar=1 - rule.bar, needed=-log(rule.alpha))[0] > 0)


def threshold_passed(steps: Sequence[Step]) -> float | None:
    """The laxest threshold at which the topic may answer alone; None: at none."""
    return min((step.threshold for step in steps if step.passed_after is not None), default=None)


def confidence_sequence(turns: Sequence[JudgedTurn], *, alpha: float, looks: int = _LOOKS) -> list[Interval]:
    """Return the intervals after more and more turns, the last one after all; none for no turn.

    What one look has excluded stays excluded. What nobody has decided counts as wrong for the lower end and
    as right for the upper one, which looks only at turns judged 0 or 1: of the shown ones that count as
    wrong, some may be right.
    """
    if not turns:
        return []
    needed = -log(alpha)
    stream, kinds = _stream([turn.judgement for turn in turns])
    not_wrong = [_not_wrong(turn) for turn in turns]
    low, high = 0.0, 1.0
    intervals: list[Interval] = []
    for n in np.unique(np.linspace(1, len(turns), min(looks, len(turns))).astype(int)).tolist():
        right, wrong = not_wrong[:n].count(True), not_wrong[:n].count(False)
        low = _raised(low, _counts(stream[:n], len(kinds)), kinds, needed)
        high = 1.0 - _raised(1.0 - high, np.array([right, wrong]), (WRONG, RIGHT), needed)
        intervals.append(Interval(n_turns=n, low=low, high=high))
    return intervals


def _raised(low: float, counts: Numbers, kinds: Sequence[Judgement], needed: float) -> float:
    """The larger one of `low` and the lower end; that is searched for only where it is larger."""
    if log_capital(counts, kinds, max(low, LOWEST_BAR)) < needed:
        return low
    return max(low, lower_end(counts, kinds, needed=needed))


def _not_wrong(turn: JudgedTurn) -> bool | None:
    """Whether a turn judged 0 or 1 may be right; None: it is none of those."""
    if turn.judgement not in (RIGHT, WRONG):
        return None
    return turn.is_open or turn.judgement == RIGHT


def kl_bound(accuracy: float, rule: Rule) -> float:
    """Turns that any test needs on the average: log(1/alpha) / KL(accuracy ‖ bar); infinite up to the bar.

    >>> round(kl_bound(0.95, Rule()))
    179
    """
    return -log(rule.alpha) / _kl(accuracy, rule.bar) if accuracy > rule.bar else float("inf")


def _step(turns: Sequence[JudgedTurn], threshold: float, rule: Rule, test_number: int) -> Step:
    stream, kinds = _stream([turn.judgement for turn in turns])
    needed = rule.needed(test_number)
    passed = int(first_crossing(stream[np.newaxis], kinds, bar=rule.bar, needed=needed)[0])
    counts = _counts(stream, len(kinds))
    capital = float(log_capital(counts, kinds, rule.bar)) if turns else 0.0
    n_by_lot = sum(turn.by_lot for turn in turns)
    estimate = float(np.mean([turn.judgement.value for turn in turns])) if turns else None
    return Step(
        threshold=threshold,
        n_turns=len(turns),
        n_by_lot=n_by_lot,
        estimate=estimate,
        log_capital=capital,
        needed=needed,
        passed_after=passed if passed > 0 else None,
        more_labels=0 if passed > 0 else _more(estimate, needed - capital, rule),
    )


def _more(estimate: float | None, missing: float, rule: Rule) -> int | None:
    if estimate is None or estimate <= rule.bar:
        return None
    return ceil(missing / _kl(min(estimate, 1.0), rule.bar))


def _kl(p: float, q: float) -> float:
    """The divergence of two coins, in nats."""
    rest = (1 - p) * log((1 - p) / (1 - q)) if p < 1 else 0.0
    return p * log(p / q) + rest


def _stream(judgements: Sequence[Judgement]) -> tuple[Numbers, list[Judgement]]:
    """Number the kinds of judgements; wrong and right ones always come first."""
    kinds = [
        WRONG,
        RIGHT,
        *sorted(set(judgements) - {WRONG, RIGHT}, key=lambda judgement: (judgement.lowest, judgement.value)),
    ]
    place = {kind: number for number, kind in enumerate(kinds)}
    return np.array([place[judgement] for judgement in judgements], dtype=np.int64), kinds


def _counts(stream: Numbers, n_kinds: int) -> Numbers:
    return np.bincount(stream, minlength=n_kinds).astype(np.int64)
