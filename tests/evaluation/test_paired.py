import numpy as np
import pytest

from evaluation import ScoredCase, compare
from evaluation.paired import intent_statistics, retrieval_statistics, selective_statistics


def outcomes(right: list[bool], confidence: float = 0.5) -> list[ScoredCase]:
    return [
        ScoredCase(
            text=str(number), right=("a",), suggested="a" if is_right else "b", confidence=confidence,
            rank=1 if is_right else 2, is_right=is_right, in_scope=True,
        )
        for number, is_right in enumerate(right)
    ]  # fmt: skip


def test_won_and_lost_rows_are_tested_exactly() -> None:
    ours = outcomes([True] * 9 + [False] * 1 + [True] * 90)
    theirs = outcomes([False] * 9 + [True] * 1 + [True] * 90)
    found = compare(ours, theirs, retrieval_statistics())
    assert (found.won, found.lost) == (9, 1)
    assert found.mcnemar_p == pytest.approx(2 * (1 + 10) / 2**10)  # binomial, 10 tosses
    difference = found.differences["p_at_1"]
    assert difference.estimate.value == pytest.approx(0.08)
    # the difference per row is 1, -1 or 0: its standard error is √((.10 - .08²) / 100)
    width = difference.estimate.high - difference.estimate.low
    assert width == pytest.approx(2 * 1.96 * np.sqrt((0.10 - 0.08**2) / 100), rel=0.2)
    assert difference.p_value < 0.05
    assert found.differences["hit_at_3"].estimate.value == 0
    assert [change.is_won for change in found.changes] == [True] * 9 + [False]


def test_equal_models_do_not_differ() -> None:
    rows = outcomes([True, False] * 20)
    found = compare(rows, rows, intent_statistics())
    assert found.mcnemar_p == 1
    assert all(
        difference.p_value == 1 and difference.estimate.value == 0
        for difference in found.differences.values()
    )
    assert "oos_recall" not in found.differences  # no row is out of scope


def test_each_model_answers_from_its_own_threshold_on() -> None:
    found = compare(
        outcomes([True] * 10, confidence=0.7), outcomes([True] * 10, confidence=0.9),
        selective_statistics(0.6, None),
    )  # fmt: skip
    assert found.differences["coverage"].estimate.value == 1
    assert "selective_accuracy" not in found.differences  # the other answers nothing
    assert found.differences["brier"].estimate.value == pytest.approx(0.3**2 - 0.1**2)


def test_only_the_same_rows_can_be_compared() -> None:
    with pytest.raises(ValueError, match="the same rows"):
        compare(outcomes([True]), outcomes([True, True]), intent_statistics())
