"""Draw charts as inline SVG, coloured by the page's CSS variables to suit light and dark."""

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from evaluation.estimates import Estimate, share
from evaluation.learning import CurvePoint
from evaluation.outcomes import ScoredCase, columns
from evaluation.selective import risk_coverage

# matplotlib has no CSS: it draws in these colours, which are then replaced by CSS variables.
_INK, _GRID, _GOOD, _BAD, _OUTSIDE, _MAIN = (
    "#010101",
    "#020202",
    "#030303",
    "#040404",
    "#050505",
    "#060606",
)
_VARIABLES = {
    _INK: "--ink-soft",
    _GRID: "--line",
    _GOOD: "--good",
    _BAD: "--bad",
    _OUTSIDE: "--outside",
    _MAIN: "--main",
}
_STYLE: Any = {
    "svg.fonttype": "none",  # keep text as text, for any script in the reader's font
    "font.size": 11,
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _GRID,
    "ytick.color": _GRID,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "legend.frameon": False,
}
_BINS = 10


def reliability_diagram(outcomes: Sequence[ScoredCase]) -> str:
    """Plot mean confidence against the share of right rows in ten bins of equal mass, with intervals."""
    table = columns(outcomes)
    order = np.argsort(table.confidence, kind="stable")
    bins = [rows for rows in np.array_split(order, _BINS) if len(rows)]
    stated = [float(table.confidence[rows].mean()) for rows in bins]
    right = [_require(share(int(table.right[rows].sum()), len(rows))) for rows in bins]
    with _drawing("reliability") as (figure, axes):
        axes.plot([0, 1], [0, 1], color=_INK, linewidth=1, linestyle=(0, (4, 4)), label="honest")
        values = np.array([estimate.value for estimate in right])
        spread = np.array(
            [
                [estimate.value - estimate.low for estimate in right],
                [estimate.high - estimate.value for estimate in right],
            ]
        )
        axes.errorbar(
            stated, values, yerr=spread, color=_MAIN, marker="o", markersize=5, linewidth=1.5, elinewidth=1.2
        )
        axes.set(xlabel="stated confidence", ylabel="share that was right", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(loc="upper left")
        return _svg(figure)


def risk_coverage_curve(
    outcomes: Sequence[ScoredCase], *, threshold: float | None, target: float | None
) -> str:
    """Plot the share of wrong answers against the share answered, surest first.

    A constant curve means that confidence does not separate right from wrong.
    """
    table = columns(outcomes)
    coverage, risk = risk_coverage(table)
    with _drawing("risk-coverage") as (figure, axes):
        axes.plot(coverage, risk, color=_MAIN, linewidth=1.8, label="by confidence")
        axes.axhline(
            1 - table.right.mean(), color=_INK, linewidth=1, linestyle=(0, (4, 4)), label="a constant"
        )
        if target is not None:
            axes.axhline(1 - target, color=_GOOD, linewidth=1, label=f"target: {1 - target:.0%} wrong")
        if threshold is not None:
            answered = float((table.confidence >= threshold).mean())
            axes.axvline(answered, color=_BAD, linewidth=1, label=f"answered from {threshold:.2f} on")
        axes.set(
            xlabel="share answered",
            ylabel="wrong among those",
            xlim=(0, 1.01),
            ylim=(0, 1.35 * max(0.05, 1 - target if target else 0.0, float(risk.max()))),
        )
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.legend(loc="upper left", ncols=2)
        return _svg(figure)


def confidence_histogram(outcomes: Sequence[ScoredCase]) -> str:
    """Plot confidences of right, wrong and out-of-scope rows, stacked."""
    table = columns(outcomes)
    right = table.right > 0
    parts = [
        ("right", table.confidence[right], _GOOD),
        ("wrong", table.confidence[~right & table.in_scope], _BAD),
        ("wrong, out of scope", table.confidence[~right & ~table.in_scope], _OUTSIDE),
    ]
    return _histogram("confidences", parts, "stated confidence")


def scope_histogram(outcomes: Sequence[ScoredCase], in_scope: Sequence[float]) -> str:
    """Plot P(a known intent is meant) of rows in and out of scope."""
    values, inside = np.array(in_scope), columns(outcomes).in_scope
    parts = [("in scope", values[inside], _MAIN), ("out of scope", values[~inside], _OUTSIDE)]
    return _histogram("scope", parts, "stated probability of being in scope")


def learning_curve_plot(points: Sequence[CurvePoint]) -> str:
    """Plot P@1 and hit@3 against the number of confirmed questions per article."""
    with _drawing("learning") as (figure, axes):
        places = np.arange(len(points))
        for label, colour, estimates in (
            ("hit@3", _OUTSIDE, [point.hit_at_3 for point in points]),
            ("P@1", _MAIN, [point.p_at_1 for point in points]),
        ):
            known = [(place, estimate) for place, estimate in zip(places, estimates, strict=True) if estimate]
            x = [place for place, _ in known]
            axes.plot(
                x,
                [estimate.value for _, estimate in known],
                color=colour,
                marker="o",
                markersize=5,
                label=label,
            )
            axes.fill_between(
                x,
                [estimate.low for _, estimate in known],
                [estimate.high for _, estimate in known],
                color=colour,
                alpha=0.15,
                lw=0,
            )
        axes.set_xticks(places, [f"{point.per_article}\n({point.n_learned})" for point in points])
        axes.set(xlabel="confirmed questions per article at most (in all)", ylabel="share of cases")
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.legend(loc="lower right")
        return _svg(figure)


def _histogram(name: str, parts: Sequence[tuple[str, Any, str]], label: str) -> str:
    shown = [part for part in parts if len(part[1])]
    with _drawing(name) as (figure, axes):
        axes.hist(
            [values for _, values, _ in shown],
            bins=20,
            range=(0, 1),
            stacked=True,
            color=[colour for _, _, colour in shown],
            label=[f"{legend} ({len(values)})" for legend, values, _ in shown],
            rwidth=0.92,
        )
        axes.set(xlabel=label, ylabel="rows", xlim=(0, 1))
        axes.legend(loc="best")
        return _svg(figure)


class _drawing:  # noqa: N801 - reads as a function
    def __init__(self, name: str) -> None:
        # the salt makes ids in the SVG differ between charts but stay the same between runs
        style: Any = _STYLE | {"svg.hashsalt": name}
        self._context = matplotlib.rc_context(style)

    def __enter__(self) -> tuple[Figure, Axes]:
        self._context.__enter__()
        figure = Figure(figsize=(6.2, 4.0), layout="constrained")
        return figure, figure.add_subplot()

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(None, None, None)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    before, _, rest = text.partition("<metadata>")
    text = before + rest.partition("</metadata>")[2]
    text = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'role="img"', text, count=1)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return re.sub(r"font: ([\d.]+px)[^;\"]*", r"font: \1 var(--font)", text)


def _require(estimate: Estimate | None) -> Estimate:
    assert estimate is not None  # noqa: S101 - a bin holds rows
    return estimate
