"""Draw the pictures of docs/explanation/readiness.md: `python -m scripts.readiness_pictures`.

The answers are simulated with a fixed seed, and judged by the functions that decide in production.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.betting import RIGHT, WRONG, Floats, Numbers, log_capital
from evaluation.readiness import JudgedTurn, confidence_sequence
from sufler.bootstrap.services import detector_of, rule_of
from sufler.settings import Settings

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
RULE, DETECTOR = rule_of(Settings()), detector_of(Settings())
_AT_BAR, _GOOD, _LINE = "#b4552d", "#0f6b5a", "#8a8a85"


def main() -> None:
    mpl.rcParams["svg.hashsalt"] = "sufler"  # the same picture, the same file
    for name, draw in (("looks", looks), ("capital", capital), ("sequence", sequence), ("slip", slip)):
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        figure.savefig(IMAGES / f"readiness-{name}.svg", metadata={"Date": None})


def looks(axes: Axes) -> None:
    """Draw a topic exactly at the bar, as the last hundred answers show it."""
    right = _answers(0.9, 1200, seed=5)
    share = np.convolve(right, np.ones(100) / 100, mode="valid")
    axes.plot(np.arange(100, 1201), share, color=_AT_BAR, linewidth=1.2)
    axes.axhline(0.9, color=_LINE, linewidth=1)
    axes.fill_between(np.arange(100, 1201), share, 0.9, where=share >= 0.9, color=_AT_BAR, alpha=0.2)
    axes.set(xlabel="judged answers", ylabel="right among the last 100", ylim=(0.78, 1.0))
    axes.set_title("A bot that is right in 90 % of the cases looks better every now and then", fontsize=10)


def capital(axes: Axes) -> None:
    """Draw a gambler's capital against bots at the bar and against better bots."""
    n = 300
    for accuracy, colour in ((0.9, _AT_BAR), (0.97, _GOOD)):
        for seed in range(25):
            label = f"right in {accuracy:.0%}" if seed == 0 else None
            axes.plot(
                np.arange(n + 1), _capital(_answers(accuracy, n, seed=seed)), color=colour, alpha=0.45,
                linewidth=0.9, label=label,
            )  # fmt: skip
    needed = np.exp(RULE.passing_capital(1))
    axes.axhline(needed, color="black", linewidth=1)
    axes.text(n, needed * 1.3, "the topic is ready", ha="right", fontsize=9)
    axes.set(xlabel="judged answers", ylabel="coins, having begun with one", yscale="log", ylim=(1e-4, 1e6))
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    axes.set_title("25 topics at the bar, 25 better ones", fontsize=10)


def sequence(axes: Axes) -> None:
    """Draw the interval of a good topic while its evidence grows."""
    right = _answers(0.97, 300, seed=4)
    turns = [
        JudgedTurn(confidence=1.0, judgement=RIGHT if is_right else WRONG, is_sampled=True)
        for is_right in right.tolist()
    ]
    found = confidence_sequence(turns, alpha=RULE.spends(1), looks=300)
    n = [interval.n_turns for interval in found]
    axes.fill_between(
        n, [interval.low for interval in found], [interval.high for interval in found], color=_GOOD, alpha=0.2
    )
    axes.plot(n, np.cumsum(right) / np.arange(1, 301), color=_GOOD, linewidth=1.2)
    axes.axhline(0.9, color="black", linewidth=1)
    axes.text(300, 0.905, "bar", ha="right", va="bottom", fontsize=9)
    live = next((interval.n_turns for interval in found if interval.low >= RULE.bar), None)
    if live is not None:
        axes.axvline(live, color=_LINE, linewidth=1, linestyle="--")
        axes.text(live + 3, 0.6, f"ready after {live}", fontsize=9)
    axes.set(xlabel="judged answers", ylabel="right", ylim=(0.5, 1.01))
    axes.set_title("The interval may be looked at after every answer", fontsize=10)


def slip(axes: Axes) -> None:
    """Draw a topic that falls from 97 % to 80 % after 500 audits."""
    before = np.random.default_rng(2).random(500) < 0.97
    after = np.random.default_rng(3).random(120) < 0.8
    detector = DETECTOR
    levels = detector.levels(np.concatenate([before, after])[np.newaxis])[0]
    axes.plot(np.arange(1, len(levels) + 1), levels, color=_GOOD, linewidth=1.2)
    axes.axvline(500, color=_LINE, linewidth=1, linestyle="--")
    axes.text(495, 0.02, "the article turns wrong", ha="right", fontsize=9)
    axes.axhline(detector.threshold, color="black", linewidth=1)
    axes.text(0, detector.threshold * 1.4, "the topic is demoted", fontsize=9)
    axes.set(xlabel="audited answers", ylabel="bets still running", yscale="log", ylim=(1e-2, 1e5))
    axes.set_title("Good months cost the watcher nothing", fontsize=10)


def _answers(accuracy: float, n: int, *, seed: int) -> Numbers:
    return (np.random.default_rng([seed, round(accuracy * 100)]).random(n) < accuracy).astype(np.int64)


def _capital(right: Numbers) -> Floats:
    so_far = np.concatenate([[0], np.cumsum(right)])
    counts = np.stack([np.arange(len(so_far)) - so_far, so_far], axis=-1)
    found: Floats = np.exp(log_capital(counts, (WRONG, RIGHT), RULE.bar))
    return found


if __name__ == "__main__":
    main()
