"""The review page: a second person judges one or two answers to a question with one key."""

import asyncio

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from prompter.common.errors import AlreadyDecided, PrompterError
from prompter.domain.evidence import Choice
from prompter.readiness.monitoring import OwnFigure
from prompter.readiness.second_reviews import Question
from prompter.text.translations import Translations
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag, draw_keys
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, run_in_thread
from prompter_api.desk.ui.notices import Notices

_CHOICES = {"1": Choice.FIRST, "2": Choice.SECOND, "3": Choice.BOTH, "4": Choice.NEITHER}
_OF_ONE = {"1": Choice.FIRST, "2": Choice.NEITHER}


def add_reviews(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /reviews."""

    @ui.page("/reviews", api_router=router, reconnect_timeout=60)
    async def reviews(request: Request) -> Response | None:
        context = await guard.admit(request)
        if isinstance(context, Response):
            return context
        page = ReviewPage(context)
        ui.on("desk", page.on_event)
        ui.timer(poll_seconds, page.poll)
        return None


class ReviewPage:
    """An open review page. Its question stays until anybody judges it, or it is skipped."""

    def __init__(self, context: PageContext) -> None:
        self._session = context.session
        self._t = context.t
        self._question: Question | None = None
        self._passed_over = 0
        self._own_shown = False  # once per page, as reading records that the figure was seen
        self._acting = asyncio.Lock()
        self._access = context.access
        _ = context.t.gettext
        frame = Layout(context, here="/reviews", title=_("Review"))
        with frame.body:
            self._root = Tag("div", classes="review", data_desk=True, data_keys="1 2 3 4 j")
        with self._root:
            with Tag("header", classes="review__head"):
                with Tag("h2", classes="panel__title"):
                    Tag("span", _("Which answer is right?"))
                    self._waiting = Tag("span", classes="count", role="status")
                Tag(
                    "p",
                    _("A random sample of answers. The authors are hidden: judge the content only."),
                    classes="side__hint",
                )
            self._area = Tag("div", classes="review__area")
            self._own = Tag("p", classes="side__hint", role="status")
        self._notices = Notices(context.t)
        self._show(0, None)

    async def poll(self) -> None:
        """Check for a question to judge. Called every second."""
        self._notices.poll()
        if self._access.is_lost or self._question is not None or self._acting.locked():
            return
        async with self._acting:
            with self._access.required():
                await self._snapshot()

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle a key or click, for the question that was on the screen at that moment."""
        async with self._acting:
            pressed = event.args if isinstance(event.args, dict) else {}
            question = self._question
            if question is None or str(pressed.get("turn")) != str(question.review_id):
                return
            with self._access.required():
                await self._handle(str(pressed.get("key") or pressed.get("choice") or ""), question)

    async def _handle(self, key: str, question: Question) -> None:
        try:
            if key == "j":
                self._passed_over = question.review_id
                await self._snapshot()
            elif (choice := _meaning(key, question)) is not None:
                await run_in_thread(self._session.judge, question.review_id, choice)
                await self._snapshot()
        except AlreadyDecided as error:
            self._notices.say(words.refusal(error, self._t), bad=True)
            await self._snapshot()
        except PrompterError as error:
            self._notices.say(words.refusal(error, self._t), bad=True)

    async def _snapshot(self) -> None:
        if not self._own_shown:
            self._own_shown = True
            self._show_own(await run_in_thread(self._session.own_figure))
        waiting, question = await run_in_thread(self._session.next_review, self._passed_over)
        if question is None and self._passed_over:
            self._passed_over = 0
            waiting, question = await run_in_thread(self._session.next_review, 0)
        self._show(waiting, question)

    def _show(self, waiting: int, question: Question | None) -> None:
        self._question = question
        self._waiting.say(str(waiting) if waiting else "")
        self._root.set(data_turn=question.review_id if question else None)
        self._area.clear()
        with self._area:
            if question is None:
                with Tag("div", classes="empty empty--large"):
                    Tag("p", self._t.gettext("No reviews pending"), classes="empty__title")
                    Tag("p", self._t.gettext("Randomly sampled answers appear here automatically."))
            else:
                _draw(question, self._t)

    def _show_own(self, figure: OwnFigure) -> None:
        """Show the double reviews of the person's own decisions, to them first and from fifty reviews."""
        refuted = figure.refuted
        if refuted is not None:
            text = self._t.gettext(
                "Answers accepted by you that were reviewed: {judged}. Found wrong: {share} ({low} – {high})."
            )
            low, high = words.percent(refuted.low), words.percent(refuted.high)
            share = words.percent(refuted.value)
            self._own.say(text.format(judged=figure.judged, share=share, low=low, high=high))


def _meaning(key: str, question: Question) -> Choice | None:
    return (_CHOICES if len(question.answers) > 1 else _OF_ONE).get(key)


def _draw(question: Question, t: Translations) -> None:
    _ = t.gettext
    two = len(question.answers) > 1
    Tag("p", _("Customer's question"), classes="side__title")
    Tag("blockquote", question.question, classes="review__question", dir="auto")
    with Tag("div", classes="review__answers"):
        for number, text in enumerate(question.answers, start=1):
            with Tag("article", classes="card", aria_label=_("Answer {number}").format(number=number)):
                Tag("p", text, classes="card__text review__text", dir="auto")
                with Tag("footer", classes="card__foot"):
                    _button(_("Only this one is right") if two else _("Right"), str(number))
    with Tag("div", classes="actions"):
        if two:
            _button(_("Both are right"), "3")
            _button(_("Neither is right"), "4")
        else:
            _button(_("Wrong"), "2")
        _button(_("Later"), "j")


def _button(label: str, key: str) -> None:
    with Tag("button", classes="button", data_do="judge", data_choice=key):
        Tag("span", label)
        draw_keys([key.upper()])
