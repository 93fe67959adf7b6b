"""Conflicts for supervisors: contradicting verdicts, often edited articles and pinned questions."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, tzinfo

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from prompter.common.errors import NotFound
from prompter.domain.account import Role
from prompter.domain.regression_case import PinnedCase
from prompter.labels.conflicts import Disagreements, DividedQuestion
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import (
    Layout,
    PageContext,
    PageGuard,
    run_in_thread,
    zone_of_browser,
)
from prompter_api.desk.ui.labels import article, moment
from prompter_api.desk.ui.numbers import number_of


def add_disagreements(router: APIRouter, guard: PageGuard) -> None:
    """Add the page /disagreements. It is read once, as nothing on it is urgent."""

    @ui.page("/disagreements", api_router=router, reconnect_timeout=60)
    async def disagreements(request: Request) -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        page = DisagreementsPage(context)
        ui.on("desk", page.on_event)
        ui.timer(0.01, page.read, once=True)
        return None


class DisagreementsPage:
    """An open page of conflicts."""

    def __init__(self, context: PageContext) -> None:
        self._session, self._t, self._language = context.session, context.t, context.language
        self._topic = context.topic
        self._access = context.access
        self._acting = asyncio.Lock()
        self._zone: tzinfo | None = None
        _ = context.t.gettext
        frame = Layout(context, here="/models", title=_("Conflicting verdicts"), after="/disagreements")
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("a", href="/models", classes="link sheet__back"):
                Tag("span", "←", aria_hidden=True)
                Tag("span", _("Models"))
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("Conflicting verdicts"), classes="sheet__title")
                Tag(
                    "p",
                    _(
                        "The bot does not learn from questions with conflicting verdicts. Agree on one "
                        "answer."
                    ),
                    classes="side__hint",
                )
            self._area = Tag("div", classes="sheet__area")

    async def read(self) -> None:
        """Read and draw everything."""
        async with self._acting:
            with self._access.required():
                self._zone = self._zone or await zone_of_browser()
                self._draw(*await run_in_thread(self._session.disagreements))

    def _draw(self, found: Disagreements, pins: list[PinnedCase]) -> None:
        self._area.clear()
        with self._area:
            self._questions(found)
            self._articles(found)
            self._pins(pins)

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle a click."""
        pressed = event.args if isinstance(event.args, dict) else {}
        pin_id = number_of(str(pressed.get("pin")))
        if pressed.get("do") == "unpin" and pin_id is not None and pin_id >= 0:
            with self._access.required():
                with suppress(NotFound):  # a colleague was faster
                    await run_in_thread(self._session.unpin, pin_id)
                await self.read()

    def _questions(self, found: Disagreements) -> None:
        _ = self._t.gettext
        with Tag("section", classes="panel"):
            Tag("h2", _("The same question, judged differently"), classes="panel__head")
            if not found.questions:
                Tag("p", _("No conflicting verdicts."), classes="side__hint")
            with Tag("ol", classes="history"):
                for question in found.questions:
                    self._question(question, found.names)

    def _question(self, question: DividedQuestion, names: dict[str, str]) -> None:
        _ = self._t.gettext
        now = datetime.now(tz=UTC)
        with Tag("li", classes="history__one"):
            Tag("p", question.text, dir="auto")
            for opinion in question.opinions:
                with Tag("p", classes="board__small"):
                    when = moment(opinion.decided_at, now, self._zone, self._language)
                    Tag(
                        "a",
                        f"{opinion.operator}, {when}: ",
                        href=f"/desk?conversation={opinion.conversation_id}",
                    )
                    if opinion.right is not None:
                        Tag("span", article(opinion.right, names.get(opinion.right), self._topic), dir="auto")
                    else:
                        wrong = ", ".join(
                            article(article_id, names.get(article_id), self._topic)
                            for article_id in opinion.wrong
                        )
                        Tag("span", _("not “{question}”").format(question=wrong), dir="auto")

    def _articles(self, found: Disagreements) -> None:
        _ = self._t.gettext
        with Tag("section", classes="panel"):
            Tag("h2", _("Frequently edited answers"), classes="panel__head")
            if not found.articles:
                Tag("p", _("Operators send the answers unchanged."), classes="side__hint")
            with Tag("ol", classes="history"):
                for edited_article in found.articles:
                    text = _("substantially edited or marked out of date: {changed} of {used}").format(
                        changed=edited_article.n_changed, used=edited_article.n_used
                    )
                    with Tag("li", classes="history__one"):
                        Tag("p", edited_article.question, dir="auto")
                        Tag("p", text, classes="board__small")

    def _pins(self, pins: list[PinnedCase]) -> None:
        _ = self._t.gettext
        with Tag("section", classes="panel"):
            Tag("h2", _("Pinned questions"), classes="panel__head")
            Tag(
                "p",
                _("A version that answers one of these wrong is rejected."),
                classes="side__hint",
            )
            with Tag("ol", classes="history"):
                for pin in pins:
                    with Tag("li", classes="history__one"):
                        Tag("p", f"{pin.text} → {pin.article_id}", dir="auto")
                        Tag("button", _("Unpin"), classes="link", data_do="unpin", data_pin=pin.id)
