"""Charts of a topic: the options for ECharts, and a description in words.

The options contain only numbers and our own words. The browser executes the value of a key that begins with
a colon, so no text of a customer or an article may get into them.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from nicegui import ui

from evaluation.betting import Floats
from evaluation.readiness import Interval
from evaluation.reliability import Bin
from prompter.text.translations import Translations
from prompter_api.desk.readiness.gauge import Scale
from prompter_api.desk.readiness.labels import interval_text, share
from prompter_api.desk.ui.elements import Tag

Options = dict[str, Any]
_MAX_POINTS = 200
_PERCENT_IN_BROWSER = (
    "value => value.toLocaleString(document.documentElement.lang, {maximumFractionDigits: 1}) + '\u00a0%'"
)
_COLOURS = {
    name: f"var(--{name})" for name in ("ink", "muted", "line", "accent", "accent-soft", "good", "bad")
}


class Chart:
    """A chart with a title and a sentence that describes it."""

    def __init__(self, title: str) -> None:
        self._options: Options = {}
        self._title = title
        with Tag("figure", classes="chart") as self.element:
            Tag("h3", title, classes="chart__title")
            self._place = Tag("div", classes="chart__place", role="img", aria_label=title)
            self._words = Tag("figcaption", classes="side__hint")
        self._plot: ui.echart | None = None

    def show(self, options: Options | None, words: str) -> None:
        """Draw the chart, or hide it if `options` is None. Unchanged options send nothing."""
        self._words.say(words)
        self._place.set_visibility(options is not None)
        self._place.set(aria_label=f"{self._title}. {words}")
        if options is None or options == self._options:
            return
        self._options = options
        if self._plot is None:
            with self._place:
                self._plot = ui.echart(deepcopy(options), renderer="svg")
        else:
            self._plot.options.clear()
            self._plot.options.update(deepcopy(options))
            self._plot.update()


# --- accuracy and its margin ------------------------------------------------------------------


def sequence_options(
    sequence: Sequence[Interval],
    *,
    bar: float,
    what_if: float | None,
    passed_after: int | None,
    t: Translations,
    language: str,
) -> Options | None:
    """Build the chart of the interval by number of turns, with the bar and the turn that reached it."""
    _ = t.gettext
    if not sequence:
        return None
    lowest = 100 * Scale(bar=bar).lowest
    lows = [[value.n_turns, _percent(value.low)] for value in sequence]
    heights = [[value.n_turns, _percent(value.high - value.low)] for value in sequence]
    highs = [[value.n_turns, _percent(value.high)] for value in sequence]
    marks: list[Options] = [
        _mark("yAxis", _percent(bar), _("target {share}").format(share=share(bar, language)), "ink", "solid")
    ]
    if what_if is not None and what_if != bar:
        text = _("if {share}").format(share=share(what_if, language))
        marks.append(_mark("yAxis", _percent(what_if), text, "muted", "dashed"))
    if passed_after is not None:
        marks.append(_mark("xAxis", passed_after, _("passed"), "good", "solid"))
    band = {"type": "line", "stack": "band", "symbol": "none", "silent": True, "tooltip": {"show": False}}
    return _chart(
        x=_axis(_("questions, in order received"), whole=True) | {"max": sequence[-1].n_turns},
        y=_axis("", percent=True) | {"min": lowest, "max": 100},
        series=[
            band | {"data": lows, "lineStyle": {"opacity": 0}},
            band
            | {"data": heights, "lineStyle": {"opacity": 0}, "areaStyle": {"color": _COLOURS["accent-soft"]}},
            _line(_("upper limit"), highs, "muted") | {"lineStyle": {"width": 1, "color": _COLOURS["muted"]}},
            _line(_("lower limit"), lows, "accent") | {"markLine": _marks(marks)},
        ],
    )


def sequence_words(
    sequence: Sequence[Interval], *, bar: float, passed_after: int | None, t: Translations, language: str
) -> str:
    if not sequence:
        return t.gettext("Nothing has been judged yet.")
    last = sequence[-1]
    text = t.ngettext(
        "After {count} question, accuracy is within {interval}, no matter how often you check.",
        "After {count} questions, accuracy is within {interval}, no matter how often you check.",
        last.n_turns,
    ).format(count=last.n_turns, interval=interval_text(last.low, last.high, language))
    if passed_after is not None:
        return f"{text} " + t.gettext(
            "The lower limit reached the target of {bar} at question no. {number}."
        ).format(bar=share(bar, language), number=passed_after)
    return f"{text} " + t.gettext("The lower limit has not reached the target of {bar} yet.").format(
        bar=share(bar, language)
    )


# --- calibration ------------------------------------------------------------------------------


def reliability_options(bins: Sequence[Bin], t: Translations) -> Options | None:
    """Build the chart of stated confidence against accuracy. Calibrated points lie on the diagonal."""
    if not bins:
        return None
    _ = t.gettext
    points = [[_percent(value.confidence), _percent(value.right)] for value in bins]
    lowest = 10 * int(min(min(point) for point in points) // 10)
    return _chart(
        x=_axis(_("confidence"), percent=True) | {"min": lowest, "max": 100},
        y=_axis("", percent=True) | {"min": lowest, "max": 100},
        series=[
            _line(_("perfect calibration"), [[lowest, lowest], [100, 100]], "muted")
            | {
                "lineStyle": {"type": "dashed", "width": 1, "color": _COLOURS["muted"]},
                "silent": True,
                "tooltip": {"show": False},
            },
            _line(_("accuracy"), points, "accent") | {"symbol": "circle", "symbolSize": 8},
        ],
    )


def reliability_words(bins: Sequence[Bin], t: Translations, language: str) -> str:
    if not bins:
        return t.gettext("Too few questions have been judged.")
    low, high = bins[0], bins[-1]
    return t.gettext(
        "At the lowest confidence ({low_said}) {low_right} of the suggestions were right, at the "
        "highest ({high_said}) {high_right}. Questions per point: about {count}. On the dashed line, "
        "confidence equals accuracy."
    ).format(
        low_said=share(low.confidence, language),
        low_right=share(low.right, language),
        high_said=share(high.confidence, language),
        high_right=share(high.right, language),
        count=high.n,
    )


# --- risk and coverage ------------------------------------------------------------------------


def risk_options(
    coverage: Floats, risk: Floats, *, bar: float, t: Translations, language: str
) -> Options | None:
    """Build the chart of the share of wrong answers by coverage. The line is the limit that the bar sets."""
    if not len(coverage):
        return None
    _ = t.gettext
    every = max(1, len(coverage) // _MAX_POINTS)
    chosen = [*range(0, len(coverage), every)]
    if chosen[-1] != len(coverage) - 1:
        chosen.append(len(coverage) - 1)
    points = [[_percent(float(coverage[i])), _percent(float(risk[i]))] for i in chosen]
    allowed = _percent(1 - bar)
    highest = max([2 * allowed, *(y for _x, y in points[len(points) // 10 :])])
    text = _("allowed: {share}").format(share=share(1 - bar, language))
    return _chart(
        x=_axis(_("coverage, most confident first"), percent=True) | {"min": 0, "max": 100},
        y=_axis("", percent=True) | {"min": 0, "max": min(100, 5 * round(highest / 5 + 0.5))},
        series=[
            _line(_("share of wrong answers"), points, "accent")
            | {"markLine": _marks([_mark("yAxis", allowed, text, "ink", "solid")])}
        ],
    )


def risk_words(coverage: Floats, risk: Floats, *, bar: float, t: Translations, language: str) -> str:
    if not len(coverage):
        return t.gettext("Nothing has been judged yet.")
    holds = [
        float(share_) for share_, share_wrong in zip(coverage, risk, strict=True) if share_wrong <= 1 - bar
    ]
    text = t.gettext("If every question got an automated reply, {all} of the replies would be wrong.").format(
        all=share(float(risk[-1]), language)
    )
    if risk[-1] <= 1 - bar:
        return text + " " + t.gettext("This meets the target accuracy.")
    if not holds:
        return text + " " + t.gettext("No coverage level meets the target accuracy.")
    return (
        text
        + " "
        + t.gettext(
            "The most confident {share} could get automated replies within the target accuracy."
        ).format(share=share(holds[-1], language))
    )


# --- shared by all charts ---------------------------------------------------------------------


def _chart(*, x: Options, y: Options, series: list[Options]) -> Options:
    return {
        "animation": False,
        "grid": {"left": 12, "right": 20, "top": 26, "bottom": 30, "containLabel": True},
        "textStyle": {"fontFamily": "inherit", "color": _COLOURS["muted"]},
        "tooltip": {
            "trigger": "axis",
            "backgroundColor": "var(--surface)",
            "borderColor": _COLOURS["line"],
            "textStyle": {"color": _COLOURS["ink"], "fontSize": 12},
            "axisPointer": {"lineStyle": {"color": _COLOURS["muted"]}},
            ":valueFormatter": _PERCENT_IN_BROWSER,
        },
        "xAxis": x,
        "yAxis": y,
        "series": series,
    }


def _axis(name: str, *, percent: bool = False, whole: bool = False) -> Options:
    return {
        "type": "value",
        "name": name,
        "nameLocation": "middle",
        "nameGap": 26,
        "nameTextStyle": {"color": _COLOURS["muted"], "fontSize": 12},
        "minInterval": 1 if whole else 0,
        "axisLabel": {
            "formatter": "{value} %" if percent else "{value}",
            "color": _COLOURS["muted"],
            "hideOverlap": True,
        },
        "axisLine": {"show": True, "lineStyle": {"color": _COLOURS["line"]}},
        "axisTick": {"show": False},
        "axisPointer": {
            "label": {"precision": 1 if percent else 0, "formatter": "{value} %" if percent else "{value}"}
        },
        "splitLine": {"lineStyle": {"color": _COLOURS["line"]}},
    }


def _line(name: str, points: Sequence[Sequence[float]], colour: str) -> Options:
    return {
        "type": "line",
        "name": name,
        "data": [list(point) for point in points],
        "symbol": "none",
        "color": _COLOURS[colour],
        "lineStyle": {"width": 2, "color": _COLOURS[colour]},
        "emphasis": {"disabled": True},
    }


def _marks(marks: Sequence[Mapping[str, Any]]) -> Options:
    return {"symbol": "none", "silent": True, "animation": False, "data": [dict(mark) for mark in marks]}


def _mark(axis: str, at: float, text: str, colour: str, kind: str) -> Options:
    return {
        axis: at,
        "lineStyle": {"color": _COLOURS[colour], "type": kind, "width": 1},
        "label": {
            "formatter": text.replace("{", "").replace("}", ""),
            "color": _COLOURS[colour],
            "position": "insideStartTop" if axis == "yAxis" else "end",
        },
    }


def _percent(value: float) -> float:
    return round(100 * min(1.0, max(0.0, value)), 2)
