"""The readiness board for supervisors, with one row per topic."""

from collections.abc import Sequence
from urllib.parse import quote

from nicegui import APIRouter

from evaluation.readiness import Rule
from prompter.readiness.topic_readiness import TopicReadiness
from prompter.text.translations import Translations
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.readiness.explanation import explain
from prompter_api.desk.readiness.gauge import Gauge, Sparkline
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard
from prompter_api.desk.ui.keyed_rows import KeyedRows
from prompter_api.desk.ui.labels import TopicLabel
from prompter_api.desk.ui.polling import Refreshing, add_refreshed_page


def add_board(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /readiness."""
    add_refreshed_page(router, guard, "/readiness", BoardPage, poll_seconds=poll_seconds)


class BoardPage:
    """An open readiness board."""

    def __init__(self, context: PageContext) -> None:
        self._session = context.session
        self.poll = Refreshing(context, context.session.topics, self._show).poll
        _ = context.t.gettext
        rule = context.session.services.readiness.rule
        frame = Layout(context, here="/readiness", title=_("Readiness"))
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("Which topics can get automated replies?"), classes="sheet__title")
                bar = words.share(rule.bar, context.language)
                Tag(
                    "p",
                    _(
                        "A topic is ready once the accuracy of its confident suggestions is proven "
                        "to be above {bar}."
                    ).format(bar=bar),
                    classes="side__hint",
                )
            self._table = BoardTable(rule, context.t, context.language, context.topic)
            with Tag("div", classes="empty empty--large") as self._empty:
                Tag("p", _("No topics yet"), classes="empty__title")
                Tag(
                    "p",
                    _("Topics come from the knowledge base. Import articles to see them here."),
                )
            explain(rule, context.t, context.language)
        self._table.element.set_visibility(False)
        self._empty.set_visibility(False)

    def _show(self, topics: Sequence[TopicReadiness]) -> None:
        self._table.show(topics)
        self._table.element.set_visibility(bool(topics))
        self._empty.set_visibility(not topics)


class BoardTable:
    """The rows of topics and groups, ordered by title."""

    def __init__(self, rule: Rule, t: Translations, language: str, topic: TopicLabel) -> None:
        self._topic = topic
        _ = t.gettext
        heads = (
            _("Topic"),
            _("Accuracy"),
            _("Coverage"),
            _("Evidence"),
            _("Until launch"),
            _("Accuracy at least"),
        )
        with Tag("table", classes="board") as self.element:
            with Tag("thead"), Tag("tr"):
                for head in heads:
                    Tag("th", head, scope="col")
            body = Tag("tbody")
        self._rows = KeyedRows[str, _Row](body, lambda name: _Row(name, rule.bar, heads, t, language, topic))

    def show(self, topics: Sequence[TopicReadiness]) -> None:
        topics = sorted(topics, key=lambda topic: self._topic(topic.name).casefold())
        for row, topic in zip(self._rows.show([topic.name for topic in topics]), topics, strict=True):
            row.show(topic)


class _Row:
    def __init__(
        self,
        name: str,
        bar: float,
        heads: Sequence[str],
        t: Translations,
        language: str,
        topic: TopicLabel,
    ) -> None:
        self._bar, self._t, self._language, self._topic = bar, t, language, topic
        with Tag("tr") as self.element:
            with Tag("th", scope="row", classes="board__topic"):
                self._name = Tag("a", href=topic_address(name), classes="board__name", title=name, dir="auto")
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
                self._sampled = Tag("span", classes="board__small")
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
        self._name.say(self._topic(found.name))
        self._members.say(", ".join(map(self._topic, found.topics)) if is_group else "")
        show_state(self._state, found, t)
        self._status.say(words.status_text(found, t, language))
        self._gauge.show(step.estimate, interval, self._bar)
        self._estimate.say("—" if step.estimate is None else words.share(step.estimate, language))
        self._interval.say(words.true_share(interval, t, language))
        self._coverage.say("—" if shown.coverage is None else words.share(shown.coverage, language))
        self._threshold.say(
            "" if shown.coverage is None else words.min_confidence(step.threshold, t, language)
        )
        self._evidence.say(words.turns(step, t))
        self._sampled.say(words.sampled_turns(step, t))
        self._audits.say(words.audits(found, t))
        self._course.say(words.course(step, t))
        self._course.toggle("board__warning", step.more_labels is None and step.estimate is not None)
        self._next.say(words.next_step(found, t, language))
        self._days.say(words.days(found, t))
        self._spark.show(shown.sequence, self._bar)
        self._low.say(
            words.share(interval.low, language, down=True)
            if interval is not None and interval.low > 0
            else ""
        )


def topic_address(name: str) -> str:
    """Return the address of a topic's page. Names may contain any character."""
    return f"/readiness/topic?name={quote(name, safe='')}"


def show_state(mark: Tag, found: TopicReadiness, t: Translations) -> None:
    """Show the name and colour of a state."""
    mark.say(t.gettext(words.STATES[found.state]))
    for state, name in words.MARKS.items():
        mark.toggle(name, state is found.state)
