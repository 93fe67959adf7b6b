"""What has changed, and how far the figures can be trusted: for supervisors."""

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import APIRouter

from evaluation.estimates import Estimate
from prompter.domain.evidence import Signal
from prompter.readiness.monitoring import Drift, Gap, Person, Week
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard
from prompter_api.desk.ui.labels import N_
from prompter_api.desk.ui.polling import Refreshing, add_refreshed_page
from prompter_api.locale import Translations

SIGNALS = {
    Signal.THUMB_UP: N_("It helped"),
    Signal.THUMB_DOWN: N_("It did not help"),
    Signal.OPERATOR_CALLED: N_("Called an operator"),
    Signal.ASKED_AGAIN: N_("Asked the same again"),
}


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Everything on the page."""

    drift: Drift
    gaps: Sequence[tuple[str, Gap]]  # by topic or group
    people: Sequence[Person]


def add_monitoring(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /watching."""
    add_refreshed_page(router, guard, "/watching", MonitoringPage, poll_seconds=poll_seconds)


class MonitoringPage:
    """One open page, drawn anew when there is something new."""

    def __init__(self, context: PageContext) -> None:
        self._session = context.session
        self._t = context.t
        self._language = context.language
        self.poll = Refreshing(context.session, self._look, self._show).poll
        _ = context.t.gettext
        frame = Layout(context, here="/watching", title=_("Changes"))
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("What has changed, and who looks closely?"), classes="sheet__title")
                Tag(
                    "p",
                    _("Nothing here decides anything: it warns in time."),
                    classes="side__hint",
                )
            self._area = Tag("div", classes="sheet__area")

    def _look(self) -> Watched:
        drift, gaps, people = self._session.watch()
        return Watched(drift=drift, gaps=gaps, people=people)

    def _show(self, watched: Watched) -> None:
        self._area.clear()
        with self._area:
            _weeks(watched.drift, self._t, self._language)
            _gaps(watched.gaps, self._t, self._language)
            _people(watched.people, self._t, self._language)


def _weeks(drift: Drift, t: Translations, language: str) -> None:
    _ = t.gettext
    weeks = (drift.this_week, drift.week_before)
    rows: list[tuple[str, Sequence[str]]] = [
        (_("Questions"), [str(week.turns) for week in weeks]),
        (_("Nothing to suggest"), [_share(week.unseen, language) for week in weeks]),
        (_("Confidence of 90 % and more"), [_sure(week, language) for week in weeks]),
        (
            _("Suggestions rejected or changed in substance"),
            [_share(week.changed, language) for week in weeks],
        ),
        (_("Answered alone"), [str(week.answered_alone) for week in weeks]),
        *((_(name), [str(week.signals[signal]) for week in weeks]) for signal, name in SIGNALS.items()),
    ]
    with Tag("section", classes="panel"):
        Tag("h2", _("This week and the one before"), classes="panel__head")
        _table((_("Figure"), _("Last 7 days"), _("7 days before")), rows)
        _confidences(weeks, t, language)
        if drift.median_age_days is not None:
            text = _(
                "Half of the first suggestions come from articles "
                "that were last changed {days} days ago or more."
            )
            Tag("p", text.format(days=round(drift.median_age_days)), classes="side__hint")


def _confidences(weeks: Sequence[Week], t: Translations, language: str) -> None:
    """How many turns of each week had a first suggestion of which confidence, in tenths."""
    totals = [max(1, sum(week.confidences)) for week in weeks]
    if not any(sum(week.confidences) for week in weeks):
        return
    Tag("h3", t.gettext("How sure the first suggestions were"), classes="side__title")
    with Tag("ol", classes="tenths"):
        for place in range(10):
            shares = [week.confidences[place] / total for week, total in zip(weeks, totals, strict=True)]
            this, before = (words.share(value, language) for value in shares)
            from_, to = (words.share(one / 10, language) for one in (place, place + 1))
            description = t.gettext("{from_} – {to}: {this} this week, {before} the week before").format(
                from_=from_, to=to, this=this, before=before
            )
            with Tag("li", classes="tenths__one", title=description, aria_label=description):
                for share, name in zip(shares, ("this", "before"), strict=True):
                    bar = Tag("span", classes=f"tenths__bar tenths__bar--{name}", aria_hidden=True)
                    bar.style(f"height: {round(100 * share)}%")


def _gaps(gaps: Sequence[tuple[str, Gap]], t: Translations, language: str) -> None:
    _ = t.gettext
    with Tag("section", classes="panel"):
        Tag("h2", _("Seen or blind"), classes="panel__head")
        Tag(
            "p",
            _(
                "Whoever sees a suggestion is inclined to accept it. "
                "Where it looks much better seen than blind, somebody is in a hurry."
            ),
            classes="side__hint",
        )
        rows = [
            (name, [_share(gap.shown, language), _share(gap.by_lot, language)])
            for name, gap in gaps
            if gap.shown is not None or gap.by_lot is not None
        ]
        _table((_("Topic"), _("Right where seen"), _("Right where blind")), rows)
        if not rows:
            Tag("p", _("No turn has been judged yet."), classes="side__hint")


def _people(people: Sequence[Person], t: Translations, language: str) -> None:
    _ = t.gettext
    with Tag("section", classes="panel"):
        Tag("h2", _("Who looks closely"), classes="panel__head")
        Tag(
            "p",
            _(
                "By name, not by rank. "
                "A figure stands here from fifty second looks on, once the operator has seen it."
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
        heads = (_("Name"), _("Accepted, found wrong"), _("Planted wrong answers"), _("Of them missed"))
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
    interval = words.between(estimate.low, estimate.high, language)
    return f"{words.share(estimate.value, language)} ({interval})"


def _sure(week: Week, language: str) -> str:
    total = sum(week.confidences)
    return words.share(week.confidences[9] / total, language) if total else "—"
