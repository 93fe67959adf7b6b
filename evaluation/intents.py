"""How often is the right intent found, and is the out-of-scope noticed?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evaluation.estimates import Estimate, bootstrap, share
from evaluation.reliability import calibration_error
from evaluation.rows import IntentRow


@dataclass(frozen=True, kw_only=True)
class Guess:
    """The likeliest intent, P(it is meant | some known intent is), and P(some known intent is meant)."""

    intent: str
    confidence: float
    in_scope: float


class TrainableClassifier(Protocol):
    """What is measured. `threshold` on `Guess.in_scope` is the classifier's own, not the evaluation's."""

    @property
    def threshold(self) -> float: ...

    def fit(self, texts: Sequence[str], intents: Sequence[str], out_of_scope: Sequence[str]) -> None: ...

    def guess(self, texts: Sequence[str]) -> Sequence[Guess]: ...


@dataclass(frozen=True, kw_only=True)
class IntentFailure:
    text: str
    intent: str
    guessed: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class IntentReport:
    """Metrics by the names of the command line's contract; None: not scored. Failures, surest first."""

    metrics: dict[str, Estimate | None]
    train_seconds: float
    n_test: int
    failures: tuple[IntentFailure, ...]


def evaluate_intents(
    train: Sequence[IntentRow],
    test: Sequence[IntentRow],
    classifier: TrainableClassifier,
    *,
    oos_label: str | None = None,
    seed: int = 0,
) -> IntentReport:
    """Train on some rows, measure on others.

    With `oos_label`, rows of that label are out of scope: in training they teach where the scope
    ends, in the test the classifier is right when it says that no known intent is meant.
    """
    known = [row for row in train if row.intent != oos_label]
    outside = [row.text for row in train if row.intent == oos_label]
    start = time.perf_counter()
    classifier.fit([row.text for row in known], [row.intent for row in known], outside)
    train_seconds = time.perf_counter() - start
    guesses = classifier.guess([row.text for row in test])

    in_scope = np.array([guess.in_scope for guess in guesses])
    confidences = np.array([guess.confidence for guess in guesses])
    guessed = np.array([guess.intent for guess in guesses], dtype=object)
    if oos_label is not None:
        confidences = np.where(in_scope >= classifier.threshold, confidences * in_scope, 1 - in_scope)
        guessed = np.where(in_scope >= classifier.threshold, guessed, oos_label)
    labels = np.array([row.intent for row in test], dtype=object)
    right = guessed == labels
    outside_rows = labels == oos_label
    says_outside = guessed == oos_label if oos_label is not None else np.zeros(len(test), dtype=bool)
    n_outside = int(outside_rows.sum())
    metrics = {
        "accuracy": share(int(right.sum()), len(test)),
        "macro_f1": bootstrap(lambda rows: _macro_f1(labels[rows], guessed[rows]), len(test), seed=seed),
        "in_scope_accuracy": share(int(right[~outside_rows].sum()), int((~outside_rows).sum())),
        "oos_recall": share(int(right[outside_rows].sum()), n_outside),
        "oos_precision": share(int((says_outside & outside_rows).sum()), int(says_outside.sum()))
        if n_outside
        else None,
        "oos_auroc": bootstrap(lambda rows: _auroc(-in_scope[rows], outside_rows[rows]), len(test), seed=seed)
        if n_outside
        else None,
        "ece": calibration_error(confidences, right.astype(np.float64), seed=seed),
    }
    wrong = sorted(np.flatnonzero(~right).tolist(), key=lambda row: -confidences[row])
    return IntentReport(
        metrics=metrics,
        train_seconds=train_seconds,
        n_test=len(test),
        failures=tuple(
            IntentFailure(
                text=test[row].text,
                intent=test[row].intent,
                guessed=str(guessed[row]),
                confidence=float(confidences[row]),
            )
            for row in wrong
        ),
    )


def _macro_f1(labels: npt.NDArray[np.object_], guessed: npt.NDArray[np.object_]) -> float:
    """Mean over the labels of 2 · hits / (guesses + rows); labels that were only guessed count with 0."""
    names, numbers = np.unique(np.concatenate([labels, guessed]), return_inverse=True)
    truth, guess = numbers[: len(labels)], numbers[len(labels) :]
    hits = np.bincount(truth[truth == guess], minlength=len(names))
    sizes = np.bincount(truth, minlength=len(names)) + np.bincount(guess, minlength=len(names))
    return float((2 * hits / sizes).mean())


def _auroc(values: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> float:
    """P(a positive row has the higher value), ties half; nan without rows of both kinds (Mann-Whitney)."""
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))
