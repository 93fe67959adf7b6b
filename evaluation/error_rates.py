"""How often does the readiness rule err, and how long does it take?  All simulated scenarios together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from evaluation import simulation
from evaluation.control import Detector
from evaluation.readiness import Rule
from evaluation.simulation import Cost, GoLive, ManyTopics, Slip, World

N_STEPS = 8
_COST_RUNS = 10  # times fewer runs where only a median is wanted
_GOOD = (0.5, 0.7, 0.9)  # on the way from the bar to 1: .95, .97 and .99 for a bar of .90
_SECOND_JUDGED = 0.2  # share of accepted suggestions


@dataclass(frozen=True, kw_only=True)
class ErrorRates:
    """What was simulated: topics exactly at the bar, and better ones."""

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
    on_step: Callable[[], None] = lambda: None,
) -> ErrorRates:
    """Run every scenario; `world.accuracy` is that of the topics at the bar."""

    def step(scenario: Callable[..., Any], *, runs: int = runs) -> Any:
        found = scenario(runs=runs, seed=seed)
        on_step()
        return found

    few = max(10, runs // _COST_RUNS)
    good = [round(rule.bar + share * (1 - rule.bar), 6) for share in _GOOD]
    worlds = [replace(world, accuracy=one, drift=min(world.drift, 1 - one)) for one in good]
    hasty = replace(world, wrong_delay=0, unjudged=0.0, versions=1, drift=0.0)
    second = partial(simulation.second_judged, rule=rule, probability=_SECOND_JUDGED)
    return ErrorRates(
        rule=rule,
        runs=runs,
        at_bar=step(partial(simulation.go_live, world, rule)),
        good=[step(partial(simulation.go_live, one, rule)) for one in worlds],
        hasty_at_bar=step(partial(second, hasty)),
        hasty_good=step(partial(second, replace(hasty, accuracy=good[0])), runs=few),
        slip=step(partial(simulation.slip, detector, before=good[1], after=2 * rule.bar - 1)),
        many=step(partial(simulation.many_topics, rule, accuracy=good[1])),
        costs=list(simulation.costs(rule, accuracies=tuple(good), runs=few, seed=seed)),
    )
