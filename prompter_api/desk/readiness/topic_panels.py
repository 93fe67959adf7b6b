"""The figures and charts of a topic."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from evaluation.betting import Floats
from evaluation.readiness import Interval, Rule, Step
from evaluation.reliability import Bin
from prompter.common.clock import utc_now
from prompter.readiness.evidence import TopicEvidence
from prompter.readiness.topic_readiness import TopicReadiness
from prompter.text.translations import Translations
from prompter_api.desk.readiness import charts
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.readiness.gauge import Gauge
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.keyed_rows import KeyedRows
from prompter_api.desk.ui.labels import moment

_SECONDS_BETWEEN_BARS = 0.1  # the minimum time between two computations while the slider moves


class Figures:
    """The figures of the topic's row on the board."""

    def __init__(self, rule: Rule, t: Translations, language: str) -> None:
        self._bar, self._t, self._language = rule.bar, t, language
        _ = t.gettext
        with Tag("dl", classes="figures"):
            self._right, self._interval, place = _figure(_("Accuracy"))
            with place:
                self._gauge = Gauge()
            self._coverage, self._threshold, _place = _figure(_("Coverage"))
            self._evidence, self._sampled, place = _figure(_("Evidence"))
            with place:
                self._audits = Tag("dd", classes="board__small")
            self._course, self._next, place = _figure(_("Until launch"))
            with place:
                self._days = Tag("dd", classes="board__small")

    def show(self, found: TopicReadiness) -> None:
        t, language = self._t, self._language
        shown = found.proved or found.last
        step = shown.step
        self._right.say("—" if step.estimate is None else words.share(step.estimate, language))
        self._interval.say(words.true_share(shown.interval, t, language))
        self._gauge.show(step.estimate, shown.interval, self._bar)
        self._coverage.say("—" if shown.coverage is None else words.share(shown.coverage, language))
        self._threshold.say(
            "" if shown.coverage is None else words.min_confidence(step.threshold, t, language)
        )
        self._evidence.say(words.turns(step, t))
        self._sampled.say(words.sampled_turns(step, t))
        self._audits.say(words.audits(found, t))
        self._course.say(words.course(step, t))
        self._next.say(words.next_step(found, t, language))
        self._days.say(words.days(found, t))


def _figure(title: str) -> tuple[Tag, Tag, Tag]:
    """Draw a figure. Return its elements: the value, the small text below, and the place for more."""
    with Tag("div", classes="figures__one") as place:
        Tag("dt", title, classes="board__small")
        figure = Tag("dd", classes="figures__value")
        small = Tag("dd", classes="board__small")
    return figure, small, place


@dataclass(frozen=True, kw_only=True)
class TopicView:
    """A topic with everything that has to be computed before it can be drawn.

    `step` is the step whose chart is shown. `steps_at_bar` are the steps of the test as they would be with
    the bar of the slider.
    """

    found: TopicReadiness
    evidence: TopicEvidence
    step: Step
    sequence: Sequence[Interval]
    bar: float
    steps_at_bar: Sequence[Step]
    bins: Sequence[Bin]
    coverage: Floats
    risk: Floats

    @classmethod
    def of(
        cls, found: TopicReadiness, evidence: TopicEvidence, threshold: float | None, bar: float
    ) -> "TopicView":
        """Compute the view, in a thread. By default `step` is the laxest passed step, or the last one."""
        best = (found.proved or found.last).step
        step = next((step for step in found.steps if step.threshold == threshold), best)
        coverage, risk = evidence.risk_coverage()
        return cls(
            found=found,
            evidence=evidence,
            step=step,
            sequence=evidence.sequence(step.threshold),
            bar=bar,
            steps_at_bar=evidence.steps_at(bar),
            bins=evidence.reliability(),
            coverage=coverage,
            risk=risk,
        )


class ProofPanel:
    """The test by threshold, its chart, and its result with another bar."""

    def __init__(
        self, rule: Rule, t: Translations, language: str, on_bar: Callable[[float], Awaitable[None]]
    ) -> None:
        self._rule, self._t, self._language = rule, t, language
        self._answered: list[str] = []
        _ = t.gettext
        with Tag("section", classes="panel"):
            Tag("h2", _("Readiness test"), classes="panel__head")
            Tag(
                "p",
                _("The most confident answers are tested first, less confident ones once those have passed."),
                classes="side__hint",
            )
            chips = Tag("div", classes="chips", role="group", aria_label=_("Confidence"))
            self._chips = KeyedRows[float, _Chip](chips, lambda threshold: _Chip(threshold, t, language))
            self._chart = charts.Chart(_("Accuracy and its margin of error"))
            self._untested = Tag("p", classes="side__hint")
            with Tag("div", classes="whatif"):
                Tag("h3", _("What if the target were different?"), classes="chart__title")
                with Tag("div", classes="whatif__line"):
                    low, high = slider_ends(rule.bar)
                    slider = Tag(
                        "input",
                        classes="whatif__slider",
                        type="range",
                        min=low,
                        max=high,
                        step=1,
                        defaultValue=round(100 * rule.bar),  # the browser keeps the value itself
                        aria_label=_("Target accuracy in percent"),
                    )
                    self._asked = Tag("output", classes="whatif__bar")
                slider.on(
                    "input",
                    lambda event: on_bar(parse_bar(event.args, rule.bar)),
                    throttle=_SECONDS_BETWEEN_BARS,
                    js_handler="event => emit(Number(event.target.value))",
                )
                self._answer = Tag("ul", classes="whatif__answer", aria_live="polite")
                Tag(
                    "p",
                    _(
                        "Try any value: the limits above hold for all targets at once. The target in "
                        "force is that of the settings, {bar}."
                    ).format(bar=words.share(rule.bar, language)),
                    classes="side__hint",
                )

    def show(self, view: TopicView, zone: tzinfo | None) -> None:
        t, language, steps = self._t, self._language, view.found.steps
        for chip, step in zip(self._chips.show([step.threshold for step in steps]), steps, strict=True):
            chip.show(step, chosen=step is view.step)
        later = [words.share(threshold, language) for threshold in self._rule.thresholds[len(steps) :]]
        self._untested.say(
            t.gettext("Not tested yet: {shares}").format(shares=", ".join(later)) if later else ""
        )
        self._chart.show(
            charts.sequence_options(
                view.sequence,
                bar=self._rule.bar,
                what_if=view.bar,
                passed_after=view.step.passed_after,
                t=t,
                language=language,
            ),
            charts.sequence_words(
                view.sequence,
                bar=self._rule.bar,
                passed_after=view.step.passed_after,
                t=t,
                language=language,
            ),
        )
        self._asked.say(words.share(view.bar, language))
        first = view.steps_at_bar[0]
        self._answer_with(
            words.hypothetical_test(
                view.steps_at_bar, self._moment_of(view.evidence, first, zone), t, language
            )
        )

    def _answer_with(self, lines: list[str]) -> None:
        if lines == self._answered:
            return
        self._answered = lines
        self._answer.clear()
        with self._answer:
            for line in lines:
                Tag("li", line)

    def _moment_of(self, evidence: TopicEvidence, step: Step, zone: tzinfo | None) -> str:
        at = evidence.receipt_time(step)
        return "" if at is None else moment(at, utc_now(), zone, self._language)


class _Chip:
    """A threshold of the test."""

    def __init__(self, threshold: float, t: Translations, language: str) -> None:
        self._t = t
        with Tag("button", classes="chip", data_do="step", data_threshold=threshold) as self.element:
            Tag("span", f"≥\u00a0{words.share(threshold, language)}", classes="chip__share")
            self._course = Tag("span")

    def show(self, step: Step, *, chosen: bool) -> None:
        self.element.set(aria_pressed=chosen)
        self.element.toggle("chip--passed", step.passed_after is not None)
        self._course.say(words.course(step, self._t))


class Curves:
    """The charts of calibration and of risk against coverage."""

    def __init__(self, rule: Rule, t: Translations, language: str) -> None:
        self._bar, self._t, self._language = rule.bar, t, language
        _ = t.gettext
        with Tag("div", classes="sheet__pair"):
            with Tag("section", classes="panel"):
                self._reliability = charts.Chart(_("Confidence calibration"))
            with Tag("section", classes="panel"):
                self._risk = charts.Chart(_("Errors by coverage"))

    def show(self, view: TopicView) -> None:
        bar, t, language = self._bar, self._t, self._language
        self._reliability.show(
            charts.reliability_options(view.bins, t), charts.reliability_words(view.bins, t, language)
        )
        self._risk.show(
            charts.risk_options(view.coverage, view.risk, bar=bar, t=t, language=language),
            charts.risk_words(view.coverage, view.risk, bar=bar, t=t, language=language),
        )


def slider_ends(bar: float) -> tuple[int, int]:
    """Return the lowest and highest bar of the slider, in percent. The current bar is between them.

    >>> slider_ends(0.9), slider_ends(0.6)
    ((80, 98), (50, 98))
    """
    return min(80, round(100 * bar) - 10), 98


def parse_bar(percent: object, bar: float) -> float:
    """Return the bar that the slider asks about. An invalid value means the current bar.

    >>> parse_bar(95, 0.9), parse_bar(0, 0.9), parse_bar("no", 0.9)
    (0.95, 0.9, 0.9)
    """
    low, high = slider_ends(bar)
    if not isinstance(percent, int | float) or not low <= percent <= high:
        return bar
    return round(percent) / 100
