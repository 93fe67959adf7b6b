"""Measure error rates and speed of the readiness rule over all simulated scenarios."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import Any

from evaluation import simulation
from evaluation.change_detection import Detector
from evaluation.readiness import Rule
from evaluation.simulation import Cost, GoLive, ManyTopics, Slip, World

N_STEPS = 11
_COST_RUNS = 10  # divisor of the number of runs where only a median is needed
_GOOD = (0.5, 0.7, 0.9)  # fractions of the way from the bar to 1: .95, .97 and .99 for a bar of .90
_SECOND_JUDGED = 0.2  # share of accepted suggestions


@dataclass(frozen=True, kw_only=True)
class ErrorRates:
    """The results of the simulation: topics exactly at the bar, and better topics."""

    rule: Rule
    runs: int
    at_bar: GoLive
    good: Sequence[GoLive]
    hasty_at_bar: GoLive
    hasty_good: GoLive
    slip: Slip
    many: ManyTopics
    costs: Sequence[Cost]


def simulate(
    world: World,
    rule: Rule,
    detector: Detector,
    *,
    runs: int,
    seed: int = 0,
    processes: int = 1,
    on_step: Callable[[], None] = lambda: None,
) -> ErrorRates:
    """Run every scenario. `world.accuracy` is the accuracy of the topics at the bar.

    The figures do not depend on the number of `processes`.
    """
    few_runs = max(10, runs // _COST_RUNS)
    good = [round(rule.bar + share * (1 - rule.bar), 6) for share in _GOOD]
    worlds = [
        world,
        *(replace(world, accuracy=accuracy, drift=min(world.drift, 1 - accuracy)) for accuracy in good),
    ]
    hasty = replace(world, wrong_delay=0, unjudged=0.0, versions=1, drift=0.0)
    second = partial(simulation.simulate_double_review, rule=rule, probability=_SECOND_JUDGED, seed=seed)
    steps: list[Callable[[], Any]] = [
        partial(simulation.go_live, worlds[0], rule, runs=runs, seed=seed),
        partial(second, hasty, runs=runs),
        *(partial(simulation.go_live, hasty_world, rule, runs=runs, seed=seed) for hasty_world in worlds[1:]),
        partial(simulation.slip, detector, before=good[1], after=2 * rule.bar - 1, runs=runs, seed=seed),
        partial(simulation.simulate_many_topics, rule, accuracy=good[1], runs=runs, seed=seed),
        partial(second, replace(hasty, accuracy=good[0]), runs=few_runs),
        *(partial(simulation.costs, rule, accuracy=accuracy, runs=few_runs, seed=seed) for accuracy in good),
    ]
    at_bar, hasty_at_bar, *rest = _run_steps(steps, processes, on_step)
    return ErrorRates(
        rule=rule,
        runs=runs,
        at_bar=at_bar,
        good=rest[: len(good)],
        hasty_at_bar=hasty_at_bar,
        slip=rest[len(good)],
        many=rest[len(good) + 1],
        hasty_good=rest[len(good) + 2],
        costs=[cost for costs in rest[len(good) + 3 :] for cost in costs],
    )


def _run_steps(steps: Sequence[Callable[[], Any]], processes: int, on_step: Callable[[], None]) -> list[Any]:
    """Run the steps, the longest first, and return their results in the original order."""
    if processes == 1:
        found = []
        for step in steps:
            found.append(step())
            on_step()
        return found
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(step) for step in steps]
        for _ in as_completed(waiting):
            on_step()
        return [wait.result() for wait in waiting]
