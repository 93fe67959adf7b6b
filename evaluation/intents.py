"""Measure intent recognition and out-of-scope detection."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evaluation.estimates import Estimate, average_over_draws, bootstrap, share
from evaluation.outcomes import Columns, Floats, ScoredCase, columns, failures
from evaluation.reliability import calibration_error
from evaluation.rows import IntentRow


@dataclass(frozen=True, kw_only=True)
class Guess:
    """The likeliest intent, P(it is meant | a known intent is meant), and P(a known intent is meant)."""

    intent: str
    confidence: float
    in_scope: float


class TrainableClassifier(Protocol):
    """A classifier to measure. `threshold` on `Guess.in_scope` is the classifier's own choice."""

    @property
    def threshold(self) -> float: ...

    def fit(self, texts: Sequence[str], intents: Sequence[str], out_of_scope: Sequence[str]) -> None: ...

    def guess(self, texts: Sequence[str]) -> Sequence[Guess]: ...


@dataclass(frozen=True, kw_only=True)
class Split:
    """Training rows and test rows."""

    train: Sequence[IntentRow]
    test: Sequence[IntentRow]


@dataclass(frozen=True, kw_only=True)
class IntentReport:
    """Metrics under their names on the command line. None: not scored.

    `in_scope[i]` is P(a known intent is meant) of `outcomes[i]`. Failures are sorted by falling confidence.
    """

    metrics: dict[str, Estimate | None]
    train_seconds: float  # mean duration of one training
    n_test: int
    outcomes: tuple[ScoredCase, ...]
    in_scope: tuple[float, ...]

    @property
    def failures(self) -> tuple[ScoredCase, ...]:
        return failures(self.outcomes)


def evaluate_intents(
    train: Sequence[IntentRow],
    test: Sequence[IntentRow],
    classifier: TrainableClassifier,
    *,
    oos_label: str | None = None,
    seed: int = 0,
) -> IntentReport:
    """Train on some rows and measure on others.

    With `oos_label`, rows with that label are out of scope. In training they teach the limits of the scope;
    in the test the classifier is right if it says that no known intent is meant.
    """
    return evaluate_folds([Split(train=train, test=test)], classifier, oos_label=oos_label, seed=seed)


def evaluate_folds(
    splits: Sequence[Split],
    classifier: TrainableClassifier,
    *,
    oos_label: str | None = None,
    seed: int = 0,
) -> IntentReport:
    """Train once per split. The metrics cover the test rows of all splits together."""
    asked = [_ask(split, classifier, oos_label) for split in splits]
    outcomes = [outcome for part in asked for outcome in part.outcomes]
    in_scope = [value for part in asked for value in part.in_scope]
    return IntentReport(
        metrics=_metrics(outcomes, in_scope, oos_label, seed),
        train_seconds=sum(part.train_seconds for part in asked) / len(asked),
        n_test=len(outcomes),
        outcomes=tuple(outcomes),
        in_scope=tuple(in_scope),
    )


def evaluate_draws(
    splits: Sequence[Split],
    classifier: TrainableClassifier,
    *,
    oos_label: str | None = None,
    seed: int = 0,
) -> IntentReport:
    """Train once per draw of training rows. The metrics are means over the draws.

    The intervals are Student's over the draws and show the effect of random training rows, for these test
    rows. A single draw has the intervals of `evaluate_intents`.
    """
    reports = [evaluate_folds([split], classifier, oos_label=oos_label, seed=seed) for split in splits]
    if len(reports) == 1:
        return reports[0]
    return IntentReport(
        metrics={
            name: average_over_draws([metric for report in reports if (metric := report.metrics[name])])
            for name in reports[0].metrics
        },
        train_seconds=sum(report.train_seconds for report in reports) / len(reports),
        n_test=reports[0].n_test,
        outcomes=tuple(outcome for report in reports for outcome in report.outcomes),
        in_scope=tuple(value for report in reports for value in report.in_scope),
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    outcomes: list[ScoredCase]
    in_scope: list[float]
    train_seconds: float


def _ask(split: Split, classifier: TrainableClassifier, oos_label: str | None) -> _Asked:
    known = [row for row in split.train if row.intent != oos_label]
    outside = [row.text for row in split.train if row.intent == oos_label]
    start = time.perf_counter()
    classifier.fit([row.text for row in known], [row.intent for row in known], outside)
    train_seconds = time.perf_counter() - start
    guesses = classifier.guess([row.text for row in split.test])
    outcomes = []
    for row, guess in zip(split.test, guesses, strict=True):
        suggested, confidence = guess.intent, guess.confidence
        if oos_label is not None and guess.in_scope >= classifier.threshold:
            confidence = guess.confidence * guess.in_scope
        elif oos_label is not None:
            suggested, confidence = oos_label, 1 - guess.in_scope
        is_right = suggested == row.intent
        outcomes.append(
            ScoredCase(
                text=row.text,
                right=(row.intent,),
                suggested=suggested,
                confidence=confidence,
                rank=1 if is_right else None,
                is_right=is_right,
                in_scope=row.intent != oos_label,
            )
        )
    return _Asked(
        outcomes=outcomes, in_scope=[guess.in_scope for guess in guesses], train_seconds=train_seconds
    )


def _metrics(
    outcomes: Sequence[ScoredCase], in_scope: Sequence[float], oos_label: str | None, seed: int
) -> dict[str, Estimate | None]:
    table = columns(outcomes)
    n = len(table)
    right, inside, values = table.right, table.in_scope, np.array(in_scope)
    says_outside = np.array(
        [oos_label is not None and outcome.suggested == oos_label for outcome in outcomes]
    )
    n_outside = int((~inside).sum())
    return {
        "accuracy": share(int(right.sum()), n),
        "macro_f1": bootstrap(lambda rows: macro_f1(table.take(rows)), n, seed=seed),
        "in_scope_accuracy": share(int(right[inside].sum()), int(inside.sum())),
        "oos_recall": share(int(right[~inside].sum()), n_outside),
        "oos_precision": share(int((says_outside & ~inside).sum()), int(says_outside.sum()))
        if n_outside
        else None,
        "oos_auroc": bootstrap(lambda rows: _auroc(-values[rows], ~inside[rows]), n, seed=seed)
        if n_outside
        else None,
        "ece": calibration_error(table.confidence, right, seed=seed),
    }


def macro_f1(table: Columns) -> float:
    """Return the mean over the labels of 2 · hits / (guesses + rows).

    Labels that were only guessed count as 0.
    """
    n_labels = int(max(table.label.max(), table.suggested.max())) + 1
    hits = np.bincount(table.label[table.label == table.suggested], minlength=n_labels)
    sizes = np.bincount(table.label, minlength=n_labels) + np.bincount(table.suggested, minlength=n_labels)
    return float((2 * hits[sizes > 0] / sizes[sizes > 0]).mean())


def _auroc(values: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """Return P(a positive row has the higher value), ties half (Mann-Whitney), or nan without both kinds."""
    from scipy.stats import rankdata

    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    ranks = rankdata(values)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))
