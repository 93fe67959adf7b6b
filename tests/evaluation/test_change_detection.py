import numpy as np
import pytest

from evaluation.change_detection import Detector


def test_levels_are_a_restarted_sum_of_likelihood_ratios() -> None:
    detector = Detector(bar=0.9, threshold=380, below=(0.1,))
    wrong, right = 0.2 / 0.1, 0.8 / 0.9
    first, second = detector.levels(np.array([[False, True]]))[0]
    assert first == pytest.approx(wrong)
    assert second == pytest.approx((wrong + 1) * right)


def test_wrong_answers_in_a_row_sound_the_alarm_right_ones_never() -> None:
    detector = Detector(bar=0.9, threshold=380)
    right, wrong = np.ones((1, 5000), dtype=bool), np.zeros((1, 20), dtype=bool)
    assert detector.first_alarm(right).tolist() == [-1]
    after_good_months = detector.first_alarm(np.concatenate([right, wrong], axis=1))[0]
    assert 5000 < after_good_months <= 5010


def test_at_the_bar_the_mean_time_to_an_alarm_is_at_least_the_threshold() -> None:
    detector = Detector(bar=0.9, threshold=50)
    alarms = detector.first_alarm(np.random.default_rng(0).random((2000, 2000)) < 0.9)
    times = np.where(alarms < 0, 2000, alarms)
    assert times.mean() >= 50
