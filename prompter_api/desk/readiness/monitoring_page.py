"""Monitoring for supervisors: changes from week to week, and the reliability of the figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import APIRouter

from evaluation.estimates import Estimate
from prompter.domain.evidence import Signal
from prompter.readiness.monitoring import Drift, Gap, Person, Week
from prompter.text.translations import N_, Translations
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard
from prompter_api.desk.ui.labels import TopicLabel
from prompter_api.desk.ui.polling import Refreshing, add_refreshed_page

SIGNALS = {
    Signal.THUMB_UP: N_("Rated helpful"),
    Signal.THUMB_DOWN: N_("Rated not helpful"),
    Signal.OPERATOR_CALLED: N_("Asked for a person"),
    Signal.ASKED_AGAIN: N_("Asked the same question again"),
}


@dataclass(frozen=True, kw_only=True)
class MonitoringData:
    """The data of the monitoring page."""

    drift: Drift
    gaps: Sequence[tuple[str, Gap]]  # by topic or group
    people: Sequence[Person]


def add_monitoring(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /watching."""
    add_refreshed_page(router, guard, "/watching", MonitoringPage, poll_seconds=poll_seconds)


class MonitoringPage:
    """An open monitoring page, redrawn when there is something new."""

    def __init__(self, context: PageContext) -> None:
        self._session = context.session
        self._t = context.t
        self._language = context.language
        self._topic = context.topic
        self.poll = Refreshing(context, self._look, self._show).poll
        _ = context.t.gettext
        frame = Layout(context, here="/watching", title=_("Monitoring"))
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("Weekly figures and reviewer accuracy"), classes="sheet__title")
                Tag(
                    "p",
                    _("For information only: nothing here turns autopilot on or off."),
                    classes="side__hint",
                )
            self._area = Tag("div", classes="sheet__area")

    def _look(self) -> MonitoringData:
        drift, gaps, people = self._session.watch()
        return MonitoringData(drift=drift, gaps=gaps, people=people)

    def _show(self, watched: MonitoringData) -> None:
        self._area.clear()
        with self._area:
            _weeks(watched.drift, self._t, self._language)
            _gaps(watched.gaps, self._t, self._language, self._topic)
            _people(watched.people, self._t, self._language)


def _weeks(drift: Drift, t: Translations, language: str) -> None:
    _ = t.gettext
    weeks = (drift.this_week, drift.week_before)
    rows: list[tuple[str, Sequence[str]]] = [
        (_("Questions"), [str(week.turns) for week in weeks]),
        (_("No suggestion found"), [_share(week.unseen, language) for week in weeks]),
        (_("Confidence at least 90 %"), [_share_of_sure(week, language) for week in weeks]),
        (
            _("Suggestions rejected or substantially edited"),
            [_share(week.changed, language) for week in weeks],
        ),
        (_("Automated replies"), [str(week.answered_alone) for week in weeks]),
        *((_(name), [str(week.signals[signal]) for week in weeks]) for signal, name in SIGNALS.items()),
    ]
    with Tag("section", classes="panel"):
        Tag("h2", _("This week and last week"), classes="panel__head")
        _table((_("Metric"), _("Last 7 days"), _("Previous 7 days")), rows)
        _confidences(weeks, t, language)
        days = round(drift.median_age_days or 0)
        if days:
            text = t.ngettext(
                "Half of the top suggestions come from articles last changed at least {days} day ago.",
                "Half of the top suggestions come from articles last changed at least {days} days ago.",
                days,
            )
            Tag("p", text.format(days=days), classes="side__hint")


def _confidences(weeks: Sequence[Week], t: Translations, language: str) -> None:
    """Draw the distribution of the top suggestion's confidence in each week, in tenths."""
    totals = [max(1, sum(week.confidences)) for week in weeks]
    if not any(sum(week.confidences) for week in weeks):
        return
    Tag("h3", t.gettext("Confidence of the top suggestions"), classes="side__title")
    with Tag("ol", classes="tenths"):
        for place in range(10):
            shares = [week.confidences[place] / total for week, total in zip(weeks, totals, strict=True)]
            this, before = (words.share(share, language) for share in shares)
            from_, to = (words.share(tenth / 10, language) for tenth in (place, place + 1))
            description = t.gettext("{from_} – {to}: {this} this week, {before} last week").format(
                from_=from_, to=to, this=this, before=before
            )
            with Tag("li", classes="tenths__one", title=description, aria_label=description):
                for share, name in zip(shares, ("this", "before"), strict=True):
                    bar = Tag("span", classes=f"tenths__bar tenths__bar--{name}", aria_hidden=True)
                    bar.style(f"height: {round(100 * share)}%")


def _gaps(gaps: Sequence[tuple[str, Gap]], t: Translations, language: str, topic: TopicLabel) -> None:
    _ = t.gettext
    with Tag("section", classes="panel"):
        Tag("h2", _("With and without suggestion"), classes="panel__head")
        Tag(
            "p",
            _(
                "Operators tend to accept a suggestion that they see. If accuracy with suggestion is "
                "much higher than without, suggestions are being accepted without reading."
            ),
            classes="side__hint",
        )
        rows = [
            (topic(name), [_share(gap.shown, language), _share(gap.sampled, language)])
            for name, gap in gaps
            if gap.shown is not None or gap.sampled is not None
        ]
        _table((_("Topic"), _("Accuracy with suggestion"), _("Accuracy without suggestion")), rows)
        if not rows:
            Tag("p", _("Nothing has been judged yet."), classes="side__hint")


def _people(people: Sequence[Person], t: Translations, language: str) -> None:
    _ = t.gettext
    with Tag("section", classes="panel"):
        Tag("h2", _("Reviewer accuracy"), classes="panel__head")
        Tag(
            "p",
            _(
                "In alphabetical order, not ranked. A figure appears after 50 second reviews, once "
                "the operator has seen it."
            ),
            classes="side__hint",
        )
        rows = [
            (
                person.name,
                [
                    _share(person.refuted, language),
                    str(person.planted),
                    _share(person.missed, language),
                ],
            )
            for person in people
        ]
        heads = (_("Operator"), _("Accepted answers found wrong"), _("Attention checks"), _("Missed"))
        _table(heads, rows)


def _table(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    if not rows:
        return
    with Tag("table", classes="board board--plain"):
        with Tag("thead"), Tag("tr"):
            for head in heads:
                Tag("th", head, scope="col")
        with Tag("tbody"):
            for name, figures in rows:
                with Tag("tr"):
                    Tag("th", name, scope="row", dir="auto")
                    for head, figure in zip(heads[1:], figures, strict=True):
                        Tag("td", figure, data_label=head)


def _share(estimate: Estimate | None, language: str) -> str:
    if estimate is None:
        return "—"
    interval = words.interval_text(estimate.low, estimate.high, language)
    return f"{words.share(estimate.value, language)} ({interval})"


def _share_of_sure(week: Week, language: str) -> str:
    total = sum(week.confidences)
    return words.share(week.confidences[9] / total, language) if total else "—"
