import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from evaluation.betting import (
    RIGHT,
    WRONG,
    Judgement,
    double_review_judgement,
    first_crossing,
    log_capital,
    lower_end,
)

COIN = (WRONG, RIGHT)
NEVER = Judgement(value=0.5)  # beside it, the same counts are integrated instead of looked up
BARS = st.sampled_from([0.5, 0.8, 0.9, 0.95])


def capital(right: int, wrong: int, bar: float) -> float:
    return float(log_capital(np.array([wrong, right]), COIN, bar))


@given(right=st.integers(0, 3000), wrong=st.integers(0, 300), bar=BARS)
@settings(max_examples=300, deadline=None)
def test_the_closed_form_and_the_quadrature_agree(right: int, wrong: int, bar: float) -> None:
    integrated = float(log_capital(np.array([wrong, right, 0]), (*COIN, NEVER), bar))
    closed = capital(right, wrong, bar)
    if closed > -100:  # below, there is nothing left that anybody looks at
        assert integrated == pytest.approx(closed, abs=1e-9)


def test_the_capital_is_the_mean_of_bets_on_all_accuracies_above_the_bar() -> None:
    def likelihood_ratio(accuracy: float) -> float:
        return float((accuracy / 0.9) ** 60 * ((1 - accuracy) / 0.1) ** 2)

    mean = quad(likelihood_ratio, 0.9, 1)[0] / 0.1
    assert capital(60, 2, 0.9) == pytest.approx(np.log(mean), abs=1e-9)


@given(right=st.integers(0, 500), wrong=st.integers(0, 100))
@settings(deadline=None)
def test_a_higher_bar_leaves_less_capital(right: int, wrong: int) -> None:
    by_bar = [capital(right, wrong, bar) for bar in (0.5, 0.7, 0.9, 0.95, 0.99)]
    assert all(higher <= lower + 1e-9 for lower, higher in itertools.pairwise(by_bar))


@given(
    accuracy=st.floats(0.0, 1.0),
    bar=BARS,
    probability=st.sampled_from([0.05, 0.2, 1.0]),
    haste=st.floats(0, 1),
)
@settings(deadline=None)
def test_no_judgement_pays_on_the_average_where_the_bar_is_not_passed(
    accuracy: float, bar: float, probability: float, haste: float
) -> None:
    """The next turn multiplies the capital by at most 1 on average, so Ville's inequality holds."""
    accuracy *= bar
    accepted = accuracy + haste * (1 - accuracy)
    refuted = haste * (1 - accuracy) * probability
    kinds = (
        double_review_judgement(accepted=False, refuted=False, probability=probability),
        double_review_judgement(accepted=True, refuted=False, probability=probability),
        double_review_judgement(accepted=True, refuted=True, probability=probability),
    )
    chances = np.array([1 - accepted, accepted - refuted, refuted])
    after = np.exp(log_capital(np.eye(3, dtype=np.int64), kinds, bar))
    assert chances @ after <= 1 + 1e-9
    blind = np.exp(log_capital(np.eye(2, dtype=np.int64), COIN, bar))
    assert (1 - accuracy) * blind[0] + accuracy * blind[1] <= 1 + 1e-9


@given(bar=BARS, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_villes_inequality_holds_for_topics_at_the_bar(bar: float, seed: int) -> None:
    streams = (np.random.default_rng(seed).random((500, 300)) < bar).astype(np.int64)
    passed = first_crossing(streams, COIN, bar=bar, needed=float(np.log(5))) > 0
    assert passed.mean() <= 0.2 + 4 * np.sqrt(0.2 * 0.8 / 500)


@pytest.mark.slow
@given(
    streams=st.lists(st.lists(st.integers(-1, 3), min_size=40, max_size=40), min_size=1, max_size=5),
    needed=st.floats(0.1, 4),
)
@settings(deadline=None)
def test_no_crossing_is_passed_over(streams: list[list[int]], needed: float) -> None:
    kinds = (
        *COIN,
        double_review_judgement(accepted=True, refuted=False, probability=0.2),
        Judgement(value=-4.0, lowest=-4.0),
    )
    table = np.array(streams)
    expected = []
    for stream in table:
        after = [
            float(log_capital(np.bincount(stream[:n][stream[:n] >= 0], minlength=4), kinds, 0.6))
            for n in range(1, 41)
        ]
        expected.append(next((n for n, value in enumerate(after, start=1) if value >= needed), -1))
    assert first_crossing(table, kinds, bar=0.6, needed=needed).tolist() == expected


def test_the_lower_end_is_the_highest_bar_that_is_refuted() -> None:
    counts, needed = np.array([2, 98]), float(np.log(20))
    low = lower_end(counts, COIN, needed=needed)
    assert 0.90 < low < 0.98
    assert capital(98, 2, low) >= needed > capital(98, 2, low + 2e-4)
    assert lower_end(np.array([0, 0]), COIN, needed=needed) == 0.0


def test_second_judgements_say_nothing_less_than_blind_ones_where_all_are_drawn() -> None:
    right = double_review_judgement(accepted=True, refuted=False, probability=1.0)
    wrong = double_review_judgement(accepted=False, refuted=False, probability=1.0)
    assert (right, wrong) == (RIGHT, WRONG)
