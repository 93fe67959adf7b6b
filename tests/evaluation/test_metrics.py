import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from evaluation import (
    Case,
    Estimate,
    Guess,
    IntentRow,
    RankedSuggestion,
    Timing,
    evaluate_intents,
    evaluate_latency,
    evaluate_retrieval,
)
from evaluation.estimates import bootstrap, share
from evaluation.reliability import Bin, brier, calibration_error, reliability_bins


def value(estimate: Estimate | None) -> float:
    assert estimate is not None
    assert estimate.low <= estimate.value <= estimate.high
    return estimate.value


class KeywordClassifier:
    """Recognises the intent of a text by its first word, and is sure of known words."""

    threshold = 0.5

    def fit(self, texts: Sequence[str], intents: Sequence[str], out_of_scope: Sequence[str]) -> None:
        self.known = {text.split()[0]: intent for text, intent in zip(texts, intents, strict=True)}
        self.out_of_scope = list(out_of_scope)

    def guess(self, texts: Sequence[str]) -> list[Guess]:
        default = next(iter(self.known.values()))
        return [
            Guess(
                intent=self.known.get(text.split()[0], default),
                confidence=0.9,
                in_scope=0.8 if text.split()[0] in self.known else 0.1,
            )
            for text in texts
        ]


def rows(*pairs: tuple[str, str]) -> list[IntentRow]:
    return [IntentRow(text=text, intent=intent) for text, intent in pairs]


TRAIN = rows(("where x", "order"), ("refund x", "refund"), ("sing", "oos"))


def test_intents_without_out_of_scope() -> None:
    test = rows(("where y", "order"), ("refund y", "refund"), ("money", "refund"), ("where z", "order"))
    report = evaluate_intents(TRAIN[:2], test, KeywordClassifier())
    assert value(report.metrics["accuracy"]) == value(report.metrics["in_scope_accuracy"]) == 0.75
    # order: 2 of 3 guesses, all of 2 rows: 4/5; refund: 1 of 1 guess, 1 of 2 rows: 2/3
    assert value(report.metrics["macro_f1"]) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert [report.metrics[key] for key in ("oos_recall", "oos_precision", "oos_auroc")] == [None] * 3
    assert [(failure.text, failure.suggested) for failure in report.failures] == [("money", "order")]
    assert report.n_test == 4


def test_intents_with_out_of_scope() -> None:
    classifier = KeywordClassifier()
    test = rows(
        ("where y", "order"), ("weather", "oos"), ("joke", "oos"), ("where joke", "oos"), ("odd", "refund")
    )
    report = evaluate_intents(TRAIN, test, classifier, oos_label="oos")
    assert classifier.out_of_scope == ["sing"]
    assert value(report.metrics["accuracy"]) == pytest.approx(3 / 5)
    assert value(report.metrics["in_scope_accuracy"]) == 0.5
    assert value(report.metrics["oos_recall"]) == pytest.approx(2 / 3)
    assert value(report.metrics["oos_precision"]) == pytest.approx(2 / 3)
    # of 6 pairs (oos, in scope): (.1 or .1 or .8) against (.8 or .1): 2 won, 3 tied, 1 lost
    assert value(report.metrics["oos_auroc"]) == pytest.approx((2 + 3 / 2) / 6)


@dataclass(frozen=True)
class Offer:
    article_id: str
    confidence: float


class FixedSuggester:
    def suggest(self, text: str) -> Sequence[RankedSuggestion]:
        return [Offer(name, 1 / rank) for rank, name in enumerate(text.split(), start=1)]


def test_retrieval() -> None:
    def case(text: str, *right: str) -> Case:
        return Case(text=text, article_ids=right)

    cases = [case("a b c", "a"), case("a b c d", "d", "x"), case("a b", "b"), case("", "a"), case("a")]
    report = evaluate_retrieval(cases, FixedSuggester())
    assert value(report.metrics["p_at_1"]) == 1 / 4
    assert value(report.metrics["hit_at_3"]) == 2 / 4
    assert value(report.metrics["hit_at_5"]) == 3 / 4
    assert value(report.metrics["mrr"]) == pytest.approx((1 + 1 / 4 + 1 / 2 + 0) / 4)
    assert value(report.metrics["brier"]) == pytest.approx(3 / 5)  # three times sure and wrong
    assert report.n_cases == 5
    assert [(failure.suggested, failure.rank) for failure in report.failures] == [
        ("a", 4), ("a", 2), ("a", None), (None, None),
    ]  # fmt: skip
    twins = evaluate_retrieval(cases, FixedSuggester(), same_answer={"a": "a", "b": "a"})
    assert value(twins.metrics["p_at_1"]) == 2 / 4


def test_nothing_in_scope_is_not_scored() -> None:
    report = evaluate_retrieval([Case(text="a", article_ids=())], FixedSuggester())
    assert report.metrics["p_at_1"] is None
    assert report.metrics["mrr"] is None
    assert value(report.metrics["brier"]) == 1


def test_latency() -> None:
    timings = [Timing(total_ms=10.0 + n, encoder_ms=8.0, by_first_stage=n < 25) for n in range(100)]
    metrics = evaluate_latency(timings).metrics
    assert value(metrics["p50_ms"]) == pytest.approx(59.5)
    assert value(metrics["encoder_p50_ms"]) == 8
    assert value(metrics["rest_p50_ms"]) == pytest.approx(51.5)
    assert value(metrics["first_stage_share"]) == 0.25


@pytest.mark.slow
def test_honest_confidences_have_no_calibration_error() -> None:
    random = np.random.default_rng(0)
    confidences = random.random(2000)
    right = (random.random(2000) < confidences).astype(float)
    honest = calibration_error(confidences, right, seed=0)
    assert value(honest) < 0.02
    boastful = calibration_error(np.minimum(1, confidences + 0.2), right, seed=0)
    assert 0.13 < value(boastful) < 0.21
    assert calibration_error(np.zeros(0), np.zeros(0), seed=0) is None


def test_bins_hold_neighbours_in_confidence() -> None:
    confidences = np.array([0.875, 0.25, 0.75, 0.5])
    right = np.array([1.0, 0.0, -1.0, 1.0])
    assert reliability_bins(confidences, right, max_bins=2, min_rows=2) == [
        Bin(confidence=0.375, right=0.5, n=2),
        Bin(confidence=0.8125, right=0.0, n=2),
    ]
    assert reliability_bins(confidences, right, min_rows=5) == []
    assert [bin_.n for bin_ in reliability_bins(np.linspace(0, 1, 95), np.ones(95))] == [10] * 5 + [9] * 5


def test_the_calibration_error_is_the_mean_gap() -> None:
    # always 0.8 sure and always wrong: every bin is 0.8 off, chance explains next to nothing of that
    error = calibration_error(np.full(1000, 0.8), np.zeros(1000), seed=0)
    assert value(error) == pytest.approx(0.8, abs=0.05)
    assert value(brier(np.full(4, 0.5), np.array([0.0, 1, 1, 0]), seed=0)) == 0.25


def test_shares_and_bootstrap() -> None:
    assert share(0, 0) is None
    all_right = share(10, 10)
    assert value(all_right) == 1
    assert all_right is not None
    assert all_right.low == pytest.approx(0.722, abs=1e-3)
    mean = bootstrap(lambda chosen: float(chosen.mean()), 101, seed=1)
    assert mean is not None
    assert mean.value == 50
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * 29.2 / math.sqrt(101), rel=0.15)
    assert bootstrap(lambda chosen: float("nan") if len(chosen) else 0.0, 5, seed=0) is None
