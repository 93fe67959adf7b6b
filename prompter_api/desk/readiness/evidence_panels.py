"""The evidence of a topic turn by turn, and its history."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from prompter.common.clock import utc_now
from prompter.domain.readiness import ReadinessEvent
from prompter.readiness.evidence import PieceOfEvidence, QuotedQuestion, TopicEvidence
from prompter.readiness.topic_readiness import TopicReadiness
from prompter.text.translations import Translations
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.keyed_rows import KeyedRows
from prompter_api.desk.ui.labels import TopicLabel, article, moment, percent

_MAX_WRONG = 10  # the maximum number of answers that one event lists


class EvidencePanel:
    """The judged turns, newest first."""

    def __init__(self, t: Translations, language: str, topic: TopicLabel) -> None:
        self._t, self._language = t, language
        _ = t.gettext
        heads = (
            _("Received"),
            _("Customer's question"),
            _("Confidence"),
            _("How it was judged"),
            _("Result"),
        )
        with Tag("section", classes="panel"):
            with Tag("h2", classes="panel__head"):
                Tag("span", _("Evidence, newest first"))
                self._count = Tag("span", classes="count")
            self._none = Tag("p", _("No questions since this test began."), classes="side__hint")
            with Tag("table", classes="stream") as self._table:
                with Tag("thead"), Tag("tr"):
                    for head in heads:
                        Tag("th", head, scope="col")
                body = Tag("tbody")
            self._more = Tag("button", _("Show more"), classes="button button--small", data_do="more")
        self._rows = KeyedRows[int, _Piece](body, lambda _number: _Piece(t, language, topic))

    def show(self, evidence: TopicEvidence, *, limit: int, zone: tzinfo | None) -> None:
        pieces = list(reversed(evidence.pieces))[:limit]
        now = utc_now()
        rows = self._rows.show([piece.turn_id for piece in pieces])
        for row, piece in zip(rows, pieces, strict=True):
            row.show(piece, evidence.questions.get(piece.article_id), now=now, zone=zone)
        self._count.say(str(len(evidence.pieces)) if evidence.pieces else "")
        self._table.set_visibility(bool(pieces))
        self._none.set_visibility(not pieces)
        self._more.set_visibility(len(evidence.pieces) > limit)


class _Piece:
    def __init__(self, t: Translations, language: str, topic: TopicLabel) -> None:
        self._t, self._language, self._topic = t, language, topic
        with Tag("tr") as self.element:
            self._at = Tag("td", classes="stream__at")
            with Tag("td", classes="stream__words"):
                self._question = Tag("a", dir="auto")
                self._hidden = Tag("span", classes="board__small")
                self._article = Tag("span", classes="board__small", dir="auto")
            self._confidence = Tag("td", classes="stream__number")
            self._how = Tag("td", classes="stream__how")
            with Tag("td"):
                self._outcome = Tag("span", classes="mark")

    def show(
        self, piece: PieceOfEvidence, answered: str | None, *, now: datetime, zone: tzinfo | None
    ) -> None:
        _ = self._t.gettext
        self._at.say(moment(piece.received_at, now, zone, self._language))
        self._question.set(href=f"/desk?conversation={piece.conversation_id}")
        self._question.say("" if piece.right is None else piece.question or _("(no text)"))
        self._question.set_visibility(piece.right is not None)
        self._hidden.say(_("shown once it has been judged") if piece.right is None else "")
        suggested = article(piece.article_id, answered, self._topic)
        self._article.say("" if piece.right is None else f"→ {suggested}")
        self._confidence.say(percent(piece.confidence))
        self._how.say(_(words.HOW_JUDGED[piece.how]))
        open_ = piece.right is None
        self._outcome.say(_("pending") if open_ else _("right") if piece.right else _("wrong"))
        self._outcome.set(title=_("counts as wrong until it is judged") if open_ else None)
        self._outcome.toggle("mark--high", piece.right is True)
        self._outcome.toggle("mark--urgent", piece.right is False)
        self._outcome.toggle("mark--chip", open_)


class HistoryPanel:
    """The topic's changes of state with their reasons, newest first."""

    def __init__(self, t: Translations, language: str, topic: TopicLabel) -> None:
        self._t, self._language = t, language
        _ = t.gettext
        with Tag("section", classes="panel"):
            Tag("h2", _("History"), classes="panel__head")
            self._none = Tag("p", _("Nothing yet: data is being collected."), classes="side__hint")
            place = Tag("ol", classes="history")
        self._rows = KeyedRows[int, _Event](place, lambda _number: _Event(t, language, topic))

    def show(self, found: TopicReadiness, evidence: TopicEvidence, *, zone: tzinfo | None) -> None:
        rows = self._rows.show([event.id for event in found.events])
        for row, event in zip(rows, found.events, strict=True):
            row.show(event, evidence.questions, evidence.asked, zone=zone)
        self._none.set_visibility(not found.events)


class _Event:
    def __init__(self, t: Translations, language: str, topic: TopicLabel) -> None:
        self._t, self._language, self._topic = t, language, topic
        self._is_drawn = False
        with Tag("li", classes="history__one") as self.element:
            self._when = Tag("p", classes="board__small")
            self._what = Tag("p")
            self._more = Tag("div", classes="history__more")

    def show(
        self,
        event: ReadinessEvent,
        questions: Mapping[str, str],
        asked: Mapping[int, QuotedQuestion],
        *,
        zone: tzinfo | None,
    ) -> None:
        when = moment(event.at, utc_now(), zone, self._language)
        self._when.say(f"{when} · {words.author(event, self._t)}")
        self._what.say(words.event_text(event, self._topic, self._t, self._language))
        if self._is_drawn:
            return  # past events never change
        self._is_drawn = True
        with self._more:
            self._list(self._t.gettext("Review these articles:"), event, questions)
            self._draw_wrong(event, asked)

    def _list(self, title: str, event: ReadinessEvent, questions: Mapping[str, str]) -> None:
        articles = event.facts.articles
        if not articles:
            return
        Tag("p", title, classes="board__small")
        with Tag("ul", classes="history__list"):
            for number in articles:
                Tag("li", article(number, questions.get(number), self._topic), dir="auto")

    def _draw_wrong(self, event: ReadinessEvent, asked: Mapping[int, QuotedQuestion]) -> None:
        turns = [asked[turn] for turn in reversed(event.facts.wrong_turns) if turn in asked]
        if not turns:
            return
        Tag("p", self._t.gettext("Wrong answers:"), classes="board__small")
        with Tag("ul", classes="history__list"):
            for turn in turns[:_MAX_WRONG]:
                text = turn.question or self._t.gettext("(no text)")
                with Tag("li"):
                    Tag("a", text, href=f"/desk?conversation={turn.conversation_id}", dir="auto")
