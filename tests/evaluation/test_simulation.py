"""The readiness rule meets its targets, on fewer runs than `sufler evaluate readiness --simulate` uses."""

import numpy as np
import pytest

from evaluation import baselines
from evaluation.betting import NONE
from evaluation.error_rates import N_STEPS, simulate
from evaluation.readiness import kl_bound
from evaluation.simulation import World, go_live, median, simulate_double_review, simulate_many_topics, slip
from tests.shipped import DETECTOR, RULE

pytestmark = pytest.mark.slow

RUNS = 1000
NOISE = 3 * np.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.parametrize(
    "world",
    [
        World(),
        World(wrong_delay=30),
        World(unjudged=0.2),
        World(versions=30),
        World(drift=-0.05),
    ],
)
def test_topics_at_the_bar_rarely_go_live_and_naive_rules_let_them_all_through(world: World) -> None:
    found = go_live(world, RULE, runs=RUNS, seed=1)
    assert found.share <= 0.05 + NOISE
    assert found.naive["last_100"] == 1.0


def test_naive_rules_that_look_again_and_again_err_far_more_often_than_they_say() -> None:
    found = go_live(World(), RULE, runs=RUNS, seed=2)
    assert found.naive["clopper_pearson"] > 0.25
    assert found.naive["wilson_each_50"] > 0.10


@pytest.mark.parametrize("accuracy", [0.95, 0.97, 0.99])
def test_good_topics_go_live_nearly_as_fast_as_any_test_can(accuracy: float) -> None:
    found = go_live(World(accuracy=accuracy), RULE, runs=RUNS, seed=3)
    assert found.share > 0.99
    middle = median(found.labels)
    assert middle is not None
    assert middle <= 1.15 * kl_bound(accuracy, RULE)


def test_operators_who_wave_through_do_not_let_a_topic_go_live() -> None:
    found = simulate_double_review(World(haste=0.2), RULE, probability=0.2, runs=RUNS, seed=4)
    assert found.share <= 0.05 + NOISE
    assert found.naive["shown_alone"] > 0.7


def test_a_slip_is_found_within_fifty_audits_and_good_topics_stay() -> None:
    found = slip(DETECTOR, runs=RUNS, seed=5)
    assert found.median_answers is not None
    assert found.median_answers <= 50
    assert found.false_demotion <= 0.02 + 3 * np.sqrt(0.02 * 0.98 / RUNS)


def test_of_many_topics_few_go_live_wrongly_and_the_good_ones_do() -> None:
    found = simulate_many_topics(RULE, runs=300, seed=6)
    assert found.fdr <= 0.05
    assert found.power >= 0.9


def test_the_same_seed_gives_the_same_figures_and_every_step_is_told() -> None:
    steps: list[None] = []
    world = World(labels=200)
    first = simulate(world, RULE, DETECTOR, runs=20, seed=7, on_step=lambda: steps.append(None))
    again = simulate(world, RULE, DETECTOR, runs=20, seed=7)
    assert len(steps) == N_STEPS
    assert first.at_bar.share == again.at_bar.share
    assert first.costs == again.costs


def test_naive_rules_by_hand() -> None:
    ninety = [1] * 90 + [0] * 10
    table = np.array([ninety + [NONE] * 10, ninety[1:] + [0] + [NONE] * 10])
    assert baselines.go_live(table, bar=0.9)["last_100"].tolist() == [True, False]
    perfect = np.array([[1] * 29, [1] * 28 + [NONE]])  # 0.9 ** 29 <= 0.05 < 0.9 ** 28
    assert baselines.go_live(perfect, bar=0.9)["clopper_pearson"].tolist() == [True, False]
