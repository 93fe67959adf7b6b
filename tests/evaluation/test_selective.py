import numpy as np
import pytest

from evaluation import Estimate, ScoredCase, selective_report, threshold_for
from evaluation.outcomes import columns
from evaluation.selective import accuracy_of_surest, aurc, risk_coverage


def outcome(confidence: float, *, right: bool = True, in_scope: bool = True) -> ScoredCase:
    return ScoredCase(
        text=f"{confidence}",
        right=("a",) if in_scope else (),
        suggested="a" if right else "b",
        confidence=confidence,
        rank=1 if right else None,
        is_right=right,
        in_scope=in_scope,
    )


def value(estimate: Estimate | None) -> float:
    assert estimate is not None
    assert estimate.low <= estimate.value <= estimate.high
    return estimate.value


def test_without_calibration_rows_the_confidence_is_taken_at_its_word() -> None:
    assert threshold_for(0.9) == 0.9
    assert threshold_for(0.7) == 0.7


def test_calibration_rows_set_the_threshold_where_enough_was_right() -> None:
    # 19 right down to .6, then an out-of-scope one at .55, then only wrong ones
    rows = [outcome(0.6 + n / 100) for n in range(19)]
    rows += [outcome(0.55, right=False, in_scope=False)] + [outcome(0.3, right=False)] * 5
    assert threshold_for(0.95, rows) == pytest.approx(0.6)  # 19 / (19 + 1)
    assert threshold_for(0.9, rows) == pytest.approx(0.55)  # 19 / (20 + 1)
    assert threshold_for(0.96, rows) is None  # nothing is sure enough for so few rows
    assert threshold_for(0.7, rows) == pytest.approx(0.3)


def test_equal_confidences_are_answered_together() -> None:
    rows = [outcome(0.8)] * 9 + [outcome(0.8, right=False)] * 9 + [outcome(0.1, in_scope=False, right=False)]
    assert threshold_for(0.6, rows) is None


def test_rows_that_are_all_in_scope_may_raise_the_threshold_but_not_lower_it() -> None:
    assert threshold_for(0.9, [outcome(0.2 + n / 1000) for n in range(100)]) == 0.9
    boastful = [outcome(0.99)] * 60 + [outcome(0.95, right=False)] * 40
    assert threshold_for(0.9, boastful) == pytest.approx(0.99)


def test_what_happens_at_the_threshold() -> None:
    rows = [outcome(0.95), outcome(0.9, right=False), outcome(0.9, right=False, in_scope=False), outcome(0.2)]
    report = selective_report(rows, target=0.9, threshold=0.9)
    assert value(report.metrics["coverage"]) == 0.75
    assert value(report.metrics["selective_accuracy"]) == pytest.approx(1 / 3)
    assert value(report.metrics["oos_answered"]) == 1
    assert value(report.metrics["brier_constant"]) == 0.25
    assert value(report.metrics["aurc_constant"]) == 0.5
    assert [failure.confidence for failure in report.failures] == [0.9, 0.9]
    silent = selective_report(rows, target=0.9, threshold=None)
    assert value(silent.metrics["coverage"]) == 0
    assert silent.metrics["selective_accuracy"] is None
    assert silent.failures == ()


def test_the_area_under_the_risk_coverage_curve() -> None:
    rows = columns([outcome(0.9), outcome(0.8, right=False), outcome(0.7)])
    assert aurc(rows) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)
    coverage, risk = risk_coverage(rows)
    assert coverage.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3])


def test_a_constant_confidence_has_the_error_rate_as_its_area() -> None:
    rows = columns([outcome(0.5, right=right) for right in (False, True, True, True)])
    assert aurc(rows) == pytest.approx(0.25)
    assert np.allclose(risk_coverage(rows)[1], 0.25)


def test_the_surest_rows_are_counted_whatever_the_others_are() -> None:
    rows = [outcome(0.2, right=False), outcome(0.9), outcome(0.8, right=False), outcome(0.7)]
    assert [value(accuracy_of_surest(rows, n)) for n in (1, 2, 4)] == [1.0, 0.5, 0.5]
    assert accuracy_of_surest(rows, 0) is None
    found = accuracy_of_surest(rows, 3)
    assert found is not None
    assert found.value == pytest.approx(2 / 3)
    assert found.n == 3


def test_of_rows_that_are_equally_sure_the_mean_is_counted() -> None:
    rows = [outcome(0.9), *[outcome(0.5, right=number % 2 == 0) for number in range(8)]]
    assert value(accuracy_of_surest(rows, 5)) == pytest.approx(3 / 5)
