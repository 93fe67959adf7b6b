"""Which topics may answer alone: one row for each, for supervisors."""

from collections.abc import Sequence
from urllib.parse import quote

from nicegui import APIRouter

from evaluation.readiness import Rule
from prompter.readiness.service import TopicReadiness
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.readiness.explanation import explain
from prompter_api.desk.readiness.gauge import Gauge, Sparkline
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard
from prompter_api.desk.ui.keyed_rows import KeyedRows
from prompter_api.desk.ui.polling import Refreshing, add_refreshed_page
from prompter_api.locale import Translations


def add_board(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /readiness."""
    add_refreshed_page(router, guard, "/readiness", BoardPage, poll_seconds=poll_seconds)


class BoardPage:
    """One open board."""

    def __init__(self, context: PageContext) -> None:
        self._session = context.session
        self.poll = Refreshing(context.session, context.session.topics, self._show).poll
        _ = context.t.gettext
        rule = context.session.parts.readiness.rule
        frame = Layout(context, here="/readiness", title=_("Readiness"))
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("Which topics may answer alone?"), classes="sheet__title")
                bar = words.share(rule.bar, context.language)
                Tag(
                    "p",
                    _(
                        "A topic may when more than {bar} of its sure suggestions are shown to be right."
                    ).format(bar=bar),
                    classes="side__hint",
                )
            self._table = BoardTable(rule, context.t, context.language)
            with Tag("div", classes="empty empty--large") as self._empty:
                Tag("p", _("No topics yet"), classes="empty__title")
                Tag(
                    "p",
                    _("Topics come from the knowledge base: load articles, and they appear here."),
                )
            explain(rule, context.t, context.language)
        self._table.element.set_visibility(False)
        self._empty.set_visibility(False)

    def _show(self, topics: Sequence[TopicReadiness]) -> None:
        self._table.show(topics)
        self._table.element.set_visibility(bool(topics))
        self._empty.set_visibility(not topics)


class BoardTable:
    """The rows, by name of topic or group."""

    def __init__(self, rule: Rule, t: Translations, language: str) -> None:
        _ = t.gettext
        heads = (
            _("Topic"),
            _("Right"),
            _("Would be answered"),
            _("Evidence"),
            _("To go"),
            _("Surely right"),
        )
        with Tag("table", classes="board") as self.element:
            with Tag("thead"), Tag("tr"):
                for head in heads:
                    Tag("th", head, scope="col")
            body = Tag("tbody")
        self._rows = KeyedRows[str, _Row](body, lambda name: _Row(name, rule.bar, heads, t, language))

    def show(self, topics: Sequence[TopicReadiness]) -> None:
        for row, found in zip(self._rows.show([topic.name for topic in topics]), topics, strict=True):
            row.show(found)


class _Row:
    def __init__(self, name: str, bar: float, heads: Sequence[str], t: Translations, language: str) -> None:
        self._bar, self._t, self._language = bar, t, language
        with Tag("tr") as self.element:
            with Tag("th", scope="row", classes="board__topic"):
                Tag("a", name, href=topic_address(name), classes="board__name", dir="auto")
                self._members = Tag("span", classes="board__small", dir="auto")
                with Tag("span", classes="board__state"):
                    self._state = Tag("span", classes="mark")
                    self._status = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[1]):
                self._gauge = Gauge()
                self._estimate = Tag("span", classes="board__figure")
                self._interval = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[2]):
                self._coverage = Tag("span", classes="board__figure")
                self._threshold = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[3]):
                self._evidence = Tag("span", classes="board__figure")
                self._by_lot = Tag("span", classes="board__small")
                self._audits = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[4]):
                self._course = Tag("span", classes="board__figure")
                self._next = Tag("span", classes="board__small")
                self._days = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[5], classes="board__trend"):
                self._spark = Sparkline()
                self._low = Tag("span", classes="board__small")

    def show(self, found: TopicReadiness) -> None:
        t, language = self._t, self._language
        shown = found.proved or found.last
        step, interval = shown.step, shown.interval
        is_group = found.topics != (found.name,)
        self._members.say(", ".join(found.topics) if is_group else "")
        show_state(self._state, found, t)
        self._status.say(words.status_text(found, t, language))
        self._gauge.show(step.estimate, interval, self._bar)
        self._estimate.say("—" if step.estimate is None else words.share(step.estimate, language))
        self._interval.say(words.surely(interval, t, language))
        self._coverage.say("—" if shown.coverage is None else words.share(shown.coverage, language))
        self._threshold.say(words.at_least_as_sure(step.threshold, t, language))
        self._evidence.say(words.turns(step, t))
        self._by_lot.say(words.by_lot(step, t))
        self._audits.say(words.audits(found, t))
        self._course.say(words.course(step, t))
        self._course.toggle("board__warning", step.more_labels is None and step.estimate is not None)
        self._next.say(words.next_step(found, t, language))
        self._days.say(words.days(found, t))
        self._spark.show(shown.sequence, self._bar)
        self._low.say(
            ""
            if interval is None
            else t.gettext("at least {share}").format(share=words.share(interval.low, language, down=True))
        )


def topic_address(name: str) -> str:
    """Where a topic's own page is; names may hold any character."""
    return f"/readiness/topic?name={quote(name, safe='')}"


def show_state(mark: Tag, found: TopicReadiness, t: Translations) -> None:
    """Name and colour the state."""
    mark.say(t.gettext(words.STATES[found.state]))
    for state, name in words.MARKS.items():
        mark.toggle(name, state is found.state)
