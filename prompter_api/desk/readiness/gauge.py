"""Small charts of the accuracy against the bar, for a row."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.readiness import Interval
from prompter_api.desk.ui.elements import Tag

_SPARK_WIDTH, _SPARK_HEIGHT = 100.0, 28.0


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A scale from `lowest` to 1 on which every bar above 80 % is drawn at 80 % of the width.

    >>> Scale(bar=0.9).lowest, Scale(bar=0.9).place(0.9), Scale(bar=0.9).place(0.2)
    (0.5, 80.0, 0.0)
    """

    bar: float

    @property
    def lowest(self) -> float:
        return round(max(0.0, 1 - 5 * (1 - self.bar)), 3)

    def place(self, share: float) -> float:
        """Return a share's distance from the left, in % of the width. Lower shares are at the edge."""
        inside = min(1.0, max(self.lowest, share))
        return round(100 * (inside - self.lowest) / (1 - self.lowest), 2)


class Gauge:
    """The estimate as a dot, its interval as a band and the bar as a line. The row also has the words."""

    def __init__(self) -> None:
        with Tag("div", classes="gauge", aria_hidden=True) as self.element:
            self._range = Tag("span", classes="gauge__range")
            self._bar = Tag("span", classes="gauge__bar")
            self._dot = Tag("span", classes="gauge__dot")

    def show(self, estimate: float | None, interval: Interval | None, bar: float) -> None:
        scale = Scale(bar=bar)
        low, high = (interval.low, interval.high) if interval else (0.0, 1.0)
        left, right = scale.place(low), scale.place(high)
        self._range.style(f"left: {left}%; width: {round(right - left, 2)}%")
        self._range.toggle("gauge__range--passed", low >= bar)
        self._bar.style(f"left: {scale.place(bar)}%")
        self._dot.set_visibility(estimate is not None)
        self._dot.style(f"left: {scale.place(estimate or 0.0)}%")


class Sparkline:
    """The lower end of the interval over time, and the bar."""

    def __init__(self) -> None:
        with Tag(
            "svg",
            classes="spark",
            viewBox=f"0 0 {_SPARK_WIDTH:.0f} {_SPARK_HEIGHT:.0f}",
            preserveAspectRatio="none",
            aria_hidden=True,
        ) as self.element:
            self._bar = Tag("line", classes="spark__bar", x1=0, x2=_SPARK_WIDTH)
            self._line = Tag("polyline", classes="spark__line")

    def show(self, sequence: Sequence[Interval], bar: float) -> None:
        height = _height(bar, Scale(bar=bar))
        self._bar.set(y1=height, y2=height)
        self._line.set(points=points(sequence, bar))


def points(sequence: Sequence[Interval], bar: float) -> str:
    """Return the lower ends as points of a line, from left to right by the number of turns."""
    if not sequence:
        return ""
    scale, last = Scale(bar=bar), sequence[-1].n_turns
    places = [
        (round(_SPARK_WIDTH * interval.n_turns / last, 2), _height(interval.low, scale))
        for interval in sequence
    ]
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _height(share: float, scale: Scale) -> float:
    """Return a share's distance from the top, with a margin, as a line at the very edge would be cut off."""
    return round(1 + (_SPARK_HEIGHT - 2) * (1 - scale.place(share) / 100), 2)
