"""Simulate the readiness rule where the truth is known, with the functions that production uses.

A world defines how often the bot is right and how people judge it. In production, missing verdicts count as
wrong until they arrive. Here right verdicts arrive at once, and wrong verdicts are the first to be late or
missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from evaluation import baselines
from evaluation.betting import (
    NONE,
    RIGHT,
    WRONG,
    Numbers,
    double_review_judgement,
    first_crossing,
    log_capital,
)
from evaluation.change_detection import Detector
from evaluation.multiple_testing import e_bh
from evaluation.readiness import Rule

Random = np.random.Generator
Flags = npt.NDArray[np.bool_]
_BATCH_SIZE = 500  # streams in memory at a time
_MAX_TURNS = 40_000  # length of a stream that operators saw and a second person judges in part


@dataclass(frozen=True, kw_only=True)
class World:
    """The behaviour of customers, bot and operators. `labels` counts randomly judged turns per topic."""

    accuracy: float = 0.9
    drift: float = 0.0  # linear change of accuracy by the last label
    wrong_delay: int = 0  # delay of a wrong verdict, in turns
    unjudged: float = 0.0  # share of the turns that nobody ever judges, wrong turns first
    haste: float = 0.0  # share of the turns whose operator accepts any suggestion
    versions: int = 1  # of the model, each with equally many labels and a new test
    labels: int = 3000


@dataclass(frozen=True, kw_only=True)
class GoLive:
    """The rule's results in one world. `labels` and `turns` count up to go-live, in runs that reach it."""

    world: World
    share: float  # of the runs in which the topic went live
    labels: Numbers = field(repr=False)
    turns: Numbers = field(repr=False)  # equal to labels where every turn is randomly judged
    naive: Mapping[str, float]  # share of the runs that pass, by rule


@dataclass(frozen=True, kw_only=True)
class Slip:
    """The detector's results: audits between a drop and its alarm, and alarms without a drop."""

    median_answers: float | None  # None: no alarm
    false_demotion: float


@dataclass(frozen=True, kw_only=True)
class ManyTopics:
    """The results of e-BH: expected share of wrong topics among those passed, share of good topics passed."""

    fdr: float
    power: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Number of turns that customers must ask until the topic goes live, by the way of judging."""

    accuracy: float
    way: str  # "blind" or "second judged"
    probability: float
    median_turns: float | None  # None: never went live
    median_labels: float | None


def median(numbers: Numbers) -> float | None:
    """Return the median, or None of no numbers."""
    return float(np.median(numbers)) if len(numbers) else None


def go_live(world: World, rule: Rule, *, runs: int, seed: int) -> GoLive:
    """Judge topics blind, label after label, and check the rules after each label.

    A late or missing verdict counts as wrong meanwhile. Late verdicts are wrong ones, so the delay does not
    affect the product's rule. Naive rules see the verdicts in the order in which they arrive.
    """
    reached, baseline_runs = [], []
    for size, random in _chunks(runs, seed):
        right = _right(world, size, random)
        missing = _draw_unjudged(right, world.unjudged, random)
        reached.append(first_live((right & ~missing).astype(np.int64), world.versions, rule))
        baseline_runs.append(
            baselines.go_live(_by_time_of_verdict(right, missing, world.wrong_delay), bar=rule.bar)
        )
    labels = np.concatenate(reached)
    return GoLive(
        world=world,
        share=float(np.mean(labels > 0)),
        labels=labels[labels > 0],
        turns=labels[labels > 0],
        naive={
            name: float(np.mean(np.concatenate([lengths[name] for lengths in baseline_runs])))
            for name in baseline_runs[0]
        },
    )


def simulate_double_review(world: World, rule: Rule, *, probability: float, runs: int, seed: int) -> GoLive:
    """Simulate operators who see the suggestions, with a second review of accepted ones.

    A second person reviews an accepted suggestion with `probability`. `naive` holds the result of the same
    bets if the operators' verdicts are trusted.
    """
    n_turns = min(_MAX_TURNS, round(world.labels / probability))
    long = replace(world, labels=n_turns)
    kinds = (
        double_review_judgement(accepted=False, refuted=False, probability=probability),
        double_review_judgement(accepted=True, refuted=False, probability=probability),
        double_review_judgement(accepted=True, refuted=True, probability=probability),
    )
    turns, labels, waved = [], [], []
    for size, random in _chunks(runs, seed, batch_size=max(1, _BATCH_SIZE * 3000 // n_turns)):
        right = _right(long, size, random)
        accepted = right | (random.random(right.shape) < world.haste)
        drawn = accepted & (random.random(right.shape) < probability)
        streams = accepted.astype(np.int64) + (drawn & ~right)
        passed = first_crossing(streams, kinds, bar=rule.bar, needed=rule.passing_capital(1))
        turns.append(passed)
        so_far = np.cumsum(drawn, axis=1, dtype=np.int64)
        labels.append(np.where(passed > 0, so_far[np.arange(size), passed - 1], -1))
        at_their_word = first_crossing(
            accepted[:, : world.labels].astype(np.int64),
            (WRONG, RIGHT),
            bar=rule.bar,
            needed=rule.passing_capital(1),
        )
        waved.append(at_their_word > 0)
    all_turns, all_labels = np.concatenate(turns), np.concatenate(labels)
    return GoLive(
        world=world,
        share=float(np.mean(all_turns > 0)),
        labels=all_labels[all_turns > 0],
        turns=all_turns[all_turns > 0],
        naive={"shown_alone": float(np.mean(np.concatenate(waved)))},
    )


def costs(rule: Rule, *, accuracy: float, runs: int, seed: int) -> list[Cost]:
    """Return the turns until go-live with 5 % and 20 % judged, blind or by a second person."""
    world = World(accuracy=accuracy)
    blind = median(go_live(world, rule, runs=runs, seed=seed).labels)
    found = []
    for probability in (0.05, 0.2):
        judged = simulate_double_review(world, rule, probability=probability, runs=runs, seed=seed)
        for way, turns, labels in (
            ("blind", None if blind is None else blind / probability, blind),
            ("second judged", median(judged.turns), median(judged.labels)),
        ):
            found.append(
                Cost(
                    accuracy=accuracy,
                    way=way,
                    probability=probability,
                    median_turns=turns,
                    median_labels=labels,
                )
            )
    return found


def slip(
    detector: Detector,
    *,
    before: float = 0.97,
    after: float = 0.8,
    good_for: int = 500,
    audits: int = 10_000,
    runs: int,
    seed: int,
) -> Slip:
    """Audit answers with accuracy `before`, then `after`, and in other runs without a drop."""
    delays, alarms = [], []
    for size, random in _chunks(runs, seed):
        share = np.where(np.arange(2 * good_for) < good_for, before, after)
        alarm = detector.first_alarm(random.random((size, 2 * good_for)) < share)
        delays.append(alarm[alarm > good_for] - good_for)
        alarms.append(detector.first_alarm(random.random((size, audits)) < before) > 0)
    return Slip(
        median_answers=median(np.concatenate(delays)),
        false_demotion=float(np.mean(np.concatenate(alarms))),
    )


def simulate_many_topics(
    rule: Rule,
    *,
    at_bar: int = 25,
    good: int = 25,
    accuracy: float = 0.97,
    labels: int = 250,
    runs: int,
    seed: int,
) -> ManyTopics:
    """Judge many topics in parallel. Each keeps the e-value with which it went live."""
    n = np.arange(labels + 1)
    right, wrong = np.meshgrid(n, n, indexing="ij")
    by_counts = log_capital(np.stack([wrong, right], axis=-1), (WRONG, RIGHT), rule.bar)
    accuracies = np.array([rule.bar] * at_bar + [accuracy] * good)
    wrongly, rightly = [], []
    for size, random in _chunks(runs, seed):
        so_far = np.cumsum(random.random((labels, size, len(accuracies))) < accuracies, axis=0)
        live = np.zeros((size, len(accuracies)), dtype=bool)
        frozen = np.zeros(live.shape)
        for label, counts in enumerate(so_far, start=1):
            frozen = np.where(live, frozen, by_counts[counts, label - counts])
            live |= e_bh(frozen, alpha=rule.alpha)
        wrongly.append(live[:, :at_bar].sum(axis=1) / np.maximum(1, live.sum(axis=1)))
        rightly.append(live[:, at_bar:].mean(axis=1))
    return ManyTopics(
        fdr=float(np.mean(np.concatenate(wrongly))), power=float(np.mean(np.concatenate(rightly)))
    )


def _chunks(runs: int, seed: int, *, batch_size: int = _BATCH_SIZE) -> Iterator[tuple[int, Random]]:
    for number, start in enumerate(range(0, runs, batch_size)):
        yield min(batch_size, runs - start), np.random.default_rng([seed, number])


def _right(world: World, runs: int, random: Random) -> Flags:
    share = world.accuracy + world.drift * np.linspace(0, 1, world.labels)
    right: Flags = random.random((runs, world.labels), dtype=np.float32) < share.astype(np.float32)
    return right


def _draw_unjudged(right: Flags, share: float, random: Random) -> Flags:
    """Return the unjudged turns: all wrong turns if they are at most `share`, then right turns."""
    if share == 0:
        return np.zeros_like(right)
    wrong = float(np.mean(~right))
    of_wrong = min(1.0, share / wrong) if wrong else 0.0
    of_right = max(0.0, share - wrong) / (1 - wrong) if wrong < 1 else 0.0
    missing: Flags = random.random(right.shape) < np.where(right, of_right, of_wrong)
    return missing


def _by_time_of_verdict(right: Flags, missing: Flags, wrong_delay: int) -> Numbers:
    """Return the verdicts, 1 and 0, in the order of arrival, up to the last turn, then `NONE`."""
    n = right.shape[1]
    verdicts = np.where(missing, NONE, right.astype(np.int64))
    if not wrong_delay and not missing.any():
        return verdicts
    comes = np.arange(n) + np.where(right, 0, wrong_delay)
    comes = np.where(missing | (comes >= n), 2 * n, comes)
    order = np.argsort(comes, axis=1, kind="stable")
    return np.where(
        np.take_along_axis(comes, order, axis=1) < n, np.take_along_axis(verdicts, order, axis=1), NONE
    )


def first_live(streams: Numbers, versions: int, rule: Rule) -> Numbers:
    """Return the number of labels until a version goes live for each stream of 0 and 1, or -1.

    The versions share the labels evenly, and each has a new test.
    """
    found = np.full(len(streams), -1, dtype=np.int64)
    before = 0
    for number, part in enumerate(np.array_split(streams, versions, axis=1), start=1):
        waiting = np.flatnonzero(found < 0)
        passed = first_crossing(
            part[waiting], (WRONG, RIGHT), bar=rule.bar, needed=rule.passing_capital(number)
        )
        found[waiting] = np.where(passed > 0, before + passed, -1)
        before += part.shape[1]
    return found
