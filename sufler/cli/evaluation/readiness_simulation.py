"""The command `sufler evaluate readiness --simulate`: error rates and delays of the readiness rule."""

import os
from collections.abc import Sequence
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sufler.cli.common import ConfigOption, JsonOption, fail, print_json
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from evaluation.error_rates import ErrorRates
    from evaluation.simulation import GoLive


_WORTH_PROCESSES = 1000  # runs; a smaller number is finished before a second process has started


def readiness(
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Simulate topics whose accuracy is known.")
    ] = False,
    wrong_verdict_delay: Annotated[
        int, typer.Option(min=0, help="Number of questions by which a wrong verdict is late.")
    ] = 0,
    missing_verdict_rate: Annotated[
        float,
        typer.Option(min=0, max=0.999, help="Share of questions without a verdict, wrong answers first."),
    ] = 0.0,
    rubber_stamp_rate: Annotated[
        float, typer.Option(min=0, max=0.999, help="Share of suggestions accepted without reading.")
    ] = 0.2,
    versions: Annotated[
        int, typer.Option(min=1, max=1000, help="Number of model versions that share the labels.")
    ] = 1,
    drift: Annotated[float, typer.Option(min=-1, max=1, help="Change in accuracy by the last label.")] = 0.0,
    labels: Annotated[
        int, typer.Option(min=100, max=20_000, help="Randomly sampled verdicts per topic.")
    ] = 3000,
    traffic: Annotated[
        float, typer.Option(min=0.01, help="Questions per topic and day, to express go-live in days.")
    ] = 100.0,
    runs: Annotated[
        int, typer.Option(min=10, max=1_000_000, help="Number of topics in each scenario.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate error rates and delays of the readiness rule by simulation, beside simpler rules."""
    from evaluation.change_detection import Detector
    from evaluation.error_rates import N_STEPS
    from evaluation.error_rates import simulate as simulate_all
    from evaluation.readiness import Rule
    from evaluation.simulation import World
    from sufler.settings import load_settings

    if not simulate:
        fail("evaluate readiness needs --simulate; what your own topics have shown: sufler readiness")
    settings = load_settings(config).readiness
    if not 0 <= settings.bar + drift <= 1:
        fail(f"--drift {drift:g}: from the bar, {settings.bar:g}, accuracy would leave 0 to 1")
    if versions > labels:
        fail(f"--versions {versions}: there are only {labels} labels to share")
    world = World(
        accuracy=settings.bar,
        drift=drift,
        wrong_delay=wrong_verdict_delay,
        unjudged=missing_verdict_rate,
        haste=rubber_stamp_rate,
        versions=versions,
        labels=labels,
    )
    with progress_bar("Simulating scenarios", N_STEPS) as advance:
        rates = simulate_all(
            world,
            Rule(bar=settings.bar, alpha=settings.alpha, thresholds=settings.thresholds),
            Detector(bar=settings.bar, threshold=settings.demote_after),
            runs=runs,
            seed=seed,
            processes=(os.cpu_count() or 1) if runs >= _WORTH_PROCESSES else 1,
            on_step=lambda: advance(1),
        )
    if as_json:
        print_json(_as_object(rates))
    else:
        _print(rates, traffic)


def _as_object(rates: "ErrorRates") -> dict[str, Any]:
    from evaluation.estimates import share
    from evaluation.readiness import kl_bound
    from evaluation.simulation import median

    runs, first_good = rates.runs, rates.good[0]
    false_go_live = rates.at_bar.share
    shares = {
        "false_go_live": false_go_live,
        "false_go_live_haste": rates.hasty_at_bar.share,
        "false_demotion": rates.slip.false_demotion,
    }
    medians = {"median_labels_to_go_live": first_good.labels, "messages_haste": rates.hasty_good.turns}
    intervals: dict[str, Any] = {}
    for name, value in shares.items():
        estimate = share(round(value * runs), runs)
        intervals[name] = [round(estimate.low, 4), round(estimate.high, 4)] if estimate else None
    for name, numbers in medians.items():
        intervals[name] = _median_interval(numbers.tolist())
    return {
        **{name: round(value, 5) for name, value in shares.items()},
        **{name: median(numbers) for name, numbers in medians.items()},
        "kl_bound_labels": round(kl_bound(first_good.world.accuracy, rates.rule), 1),
        "median_answers_to_demotion": rates.slip.median_answers,
        "fdr": round(rates.many.fdr, 5),
        "power": round(rates.many.power, 5),
        "runs": runs,
        "standard_error": round(sqrt(false_go_live * (1 - false_go_live) / runs), 6),
        "scenarios": [_scenario(rate, rates) for rate in (rates.at_bar, *rates.good)],
        "naive": dict(rates.at_bar.naive) | dict(rates.hasty_at_bar.naive),
        "costs": [
            {
                "accuracy": cost.accuracy,
                "way": cost.way,
                "probability": cost.probability,
                "median_turns": cost.median_turns,
                "median_labels": cost.median_labels,
            }
            for cost in rates.costs
        ],
        "ci": intervals,
    }


def _scenario(found: "GoLive", rates: "ErrorRates") -> dict[str, Any]:
    """Describe a scenario. `false_go_live` is 0 for a topic above the bar, as its go-live is never false."""
    from evaluation.readiness import kl_bound
    from evaluation.simulation import median

    bound = kl_bound(found.world.accuracy, rates.rule)
    return {
        "accuracy": found.world.accuracy,
        "median_labels": median(found.labels),
        "mean_labels": round(float(found.labels.mean()), 1) if len(found.labels) else None,
        "kl_labels": round(bound, 1) if isfinite(bound) else None,
        "false_go_live": round(found.share, 5) if found.world.accuracy <= rates.rule.bar else 0.0,
        "went_live": round(found.share, 5),
    }


def _median_interval(numbers: Sequence[float]) -> list[float] | None:
    """Return the 95 % interval of a median, from order statistics."""
    if not numbers:
        return None
    ordered, n = sorted(numbers), len(numbers)
    reach = 0.98 * sqrt(n)
    return [float(ordered[max(0, int(n / 2 - reach))]), float(ordered[min(n - 1, int(n / 2 + reach))])]


def _print(rates: "ErrorRates", traffic: float) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    rule, runs = rates.rule, rates.runs
    console.print(
        f"{runs} topics in each scenario; bar {rule.bar:g}, alpha {rule.alpha:g}, a look after every label"
    )
    table = Table("topics of accuracy", "went live", "median labels", "mean", "at least, on average")
    for rate in (rates.at_bar, *rates.good):
        found = _scenario(rate, rates)
        wrongly = " (wrongly)" if rate.world.accuracy <= rule.bar else ""
        table.add_row(
            f"{rate.world.accuracy:g}",
            f"{rate.share:.2%}{wrongly}",
            *(_number(found[key]) for key in ("median_labels", "mean_labels", "kl_labels")),
        )
    console.print(table)
    table = Table("other rules, on topics exactly at the bar", "went live (wrongly)")
    for name, share in rates.at_bar.naive.items():
        table.add_row(_NAIVE[name], f"{share:.1%}")
    console.print(table)
    _print_haste(rates, console.print)
    console.print(_costs(rates, traffic))
    slip, many = rates.slip, rates.many
    console.print(
        f"Demotion after a slip from {rates.good[1].world.accuracy:g} to {2 * rule.bar - 1:g}: median "
        f"{_number(slip.median_answers)} audited answers; without a slip {slip.false_demotion:.2%} of topics "
        f"are demoted within 10,000."
    )
    console.print(
        f"e-BH, 25 topics at the bar and 25 at {rates.good[1].world.accuracy:g}, 250 labels each: "
        f"{many.fdr:.2%} of those that go live should not have; {many.power:.1%} of the good ones do."
    )


def _print_haste(rates: "ErrorRates", show: Any) -> None:
    from evaluation.simulation import median

    hasty, good = rates.hasty_at_bar, rates.hasty_good
    show(
        f"With {hasty.world.haste:.0%} of the suggestions accepted unread and a fifth of the accepted ones "
        f"double-reviewed: {hasty.share:.2%} at the bar went live; the operators' verdicts alone would let "
        f"{hasty.naive['shown_alone']:.0%} through. "
        f"At {good.world.accuracy:g}: {_number(median(good.turns))} turns to go live."
    )


def _costs(rates: "ErrorRates", traffic: float) -> "Table":
    from rich.table import Table

    table = Table(
        "accuracy", "judged", "rate", "turns to go live", "random samples", f"days at {traffic:g} a day"
    )
    for cost in rates.costs:
        days = None if cost.median_turns is None else cost.median_turns / traffic
        table.add_row(
            f"{cost.accuracy:g}",
            cost.way,
            f"{cost.probability:.0%}",
            _number(cost.median_turns),
            _number(cost.median_labels),
            _number(days),
        )
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


_NAIVE = {
    "last_100": "of the last hundred, at least the bar were right",
    "clopper_pearson": "Clopper–Pearson's lower end, read after each label",
    "wilson_each_50": "Wilson's lower end, read after every fifty labels",
}
