"""The table of model versions, and the comparison of a version with its predecessor."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from babel.numbers import format_decimal

from prompter.domain.model_version import StoredVersion, VersionState
from prompter.models.registry import ShownVersion
from prompter.models.version_diff import ChangedQuestion
from prompter.text.translations import Translations
from prompter_api.desk.learning import labels as words
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.keyed_rows import KeyedRows
from prompter_api.desk.ui.labels import TopicLabel, moment
from prompter_api.desk.ui.labels import article as article_label

_MAX_CHANGES = 100


class VersionsTable:
    """The table of all versions, newest first."""

    def __init__(self, t: Translations, language: str) -> None:
        _ = t.gettext
        heads = (
            _("Version"),
            _("Created"),
            _("Top-suggestion accuracy"),
            _("Compared with previous"),
            _("Status"),
            "",
        )
        with Tag("table", classes="board") as self.element:
            with Tag("thead"), Tag("tr"):
                for head in heads:
                    Tag("th", head, scope="col")
            body = Tag("tbody")
        self._rows = KeyedRows[str, _VersionRow](body, lambda name: _VersionRow(name, heads, t, language))

    def show(
        self,
        versions: Sequence[ShownVersion],
        *,
        compared: str | None,
        now: datetime,
        zone: tzinfo | None,
    ) -> None:
        rows = self._rows.show([version.version.id for version in versions])
        for row, shown in zip(rows, versions, strict=True):
            row.show(shown, is_compared=shown.version.id == compared, now=now, zone=zone)


class _VersionRow:
    def __init__(self, name: str, heads: Sequence[str], t: Translations, language: str) -> None:
        self._t, self._language = t, language
        _ = t.gettext
        with Tag("tr") as self.element:
            with Tag("th", scope="row", classes="board__topic"):
                Tag("span", name, classes="board__figure")
                with Tag("span", classes="board__state"):
                    self._used = Tag("span", classes="mark mark--high")
            with Tag("td", data_label=heads[1]):
                self._made = Tag("span", classes="board__figure")
                self._why = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[2]):
                self._right = Tag("span", classes="board__figure")
                self._rows = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[3]):
                self._difference = Tag("span", classes="board__figure")
                self._won = Tag("span", classes="board__small")
            with Tag("td", data_label=heads[4]):
                self._state = Tag("span", classes="board__figure")
                self._reason = Tag("span", classes="board__small")
            with Tag("td"):
                self._compare = Tag(
                    "button", _("Compare"), classes="button", data_do="compare", data_version=name
                )
                self._promote = Tag(
                    "button", _("Activate"), classes="button", data_do="promote", data_version=name
                )

    def show(self, shown: ShownVersion, *, is_compared: bool, now: datetime, zone: tzinfo | None) -> None:
        t, version = self._t, shown.version
        _ = t.gettext
        self._used.say(_("in use") if shown.is_used else "")
        self._used.set_visibility(shown.is_used)
        self._made.say(moment(version.created_at, now, zone, self._language))
        self._why.say(_(words.MADE[version.made]))
        right, difference = words.accuracy_and_difference(version.report, t, self._language)
        self._right.say(right)
        self._difference.say(difference)
        figures = version.report.figures
        rows = figures.n_rows if figures else 0
        self._rows.say(
            t.ngettext("on {count} question", "on {count} questions", rows).format(count=rows) if rows else ""
        )
        self._won.say(
            _("better: {won}, worse: {lost}").format(won=figures.won, lost=figures.lost) if figures else ""
        )
        self._state.say(_(words.STATES[version.state]))
        self._reason.say(self._explain_state(shown, now, zone))
        self._compare.set_visibility(figures is not None)
        self._compare.set(aria_pressed=is_compared)
        self._promote.set_visibility(
            not shown.is_used and version.state in (VersionState.PASSED, VersionState.SHADOW)
        )

    def _explain_state(self, shown: ShownVersion, now: datetime, zone: tzinfo | None) -> str:
        _ = self._t.gettext
        refused = shown.version.report.refused
        if refused:
            return _(words.REFUSED.get(refused, refused))
        if not shown.uses:
            return ""
        last = shown.uses[-1]
        text = _("{when}: {reason}").format(
            when=moment(last.at, now, zone, self._language), reason=_(words.REASONS[last.reason])
        )
        return f"{text} ({last.account_name})" if last.account_name else text


class ComparisonPanel:
    """The questions whose first suggestion changes."""

    def __init__(self, t: Translations, language: str, topic: TopicLabel) -> None:
        self._t, self._language, self._topic = t, language, topic
        self._shown: object = None
        with Tag("section", classes="panel") as self._panel:
            self._head = Tag("h2", classes="panel__head")
            self._area = Tag("div")
        self._panel.set_visibility(False)

    def show(self, compared: tuple[StoredVersion, Sequence[ChangedQuestion]] | None) -> None:
        """Draw the comparison if it has changed."""
        if compared == self._shown:
            return
        self._shown = compared
        self._panel.set_visibility(compared is not None)
        if compared is None:
            return
        version, changes = compared
        _ = self._t.gettext
        self._head.say(
            _("Changes from {parent} to {version}").format(version=version.id, parent=version.parent or "—")
        )
        self._area.clear()
        with self._area:
            self._topics(version)
            if not changes:
                Tag(
                    "p",
                    _("No top suggestion changes on the evaluated questions."),
                    classes="side__hint",
                )
                return
            with Tag("ol", classes="history"):
                for change in changes[:_MAX_CHANGES]:
                    self._change(change)
            if len(changes) > _MAX_CHANGES:
                more = len(changes) - _MAX_CHANGES
                Tag("p", _("and {count} more").format(count=more), classes="side__hint")

    def _topics(self, version: StoredVersion) -> None:
        text = self._t.gettext(
            "{topic}, on autopilot: of {answered} answers, {wrong} become wrong and {right} become "
            "right; allowed net loss: {allowed}."
        )
        for topic in (topic for topic in version.report.topics if topic.is_live):
            Tag(
                "p",
                text.format(
                    topic=self._topic(topic.name),
                    answered=topic.answered,
                    wrong=topic.turned_wrong,
                    right=topic.turned_right,
                    allowed=format_decimal(topic.allowed, "0.#", locale=self._language),
                ),
                dir="auto",
            )

    def _change(self, change: ChangedQuestion) -> None:
        _ = self._t.gettext
        with Tag("li", classes="history__one"):
            if change.conversation_id is not None:
                address = f"/desk?conversation={change.conversation_id}"
                Tag("a", change.text or _("(text not stored)"), href=address, dir="auto", classes="link")
            else:
                Tag("p", change.text or _("a row of the test set"), dir="auto")
            for label, article, right in (
                (_("before"), change.before, change.was_right),
                (_("after"), change.after, change.is_right),
            ):
                with Tag("p", classes="board__small"):
                    mark = "" if right is None else "✓ " if right else "✗ "
                    Tag("span", f"{label}: {mark}")
                    label_of = article_label(article, None, self._topic) if article else _("nothing")
                    Tag("span", label_of, dir="auto")
            if change.topic is not None:
                text = _("{topic}, on autopilot: audited more often").format(topic=self._topic(change.topic))
                Tag("p", text, classes="board__small board__warning", dir="auto")
