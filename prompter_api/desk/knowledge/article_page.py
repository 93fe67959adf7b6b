"""The page of one article, where it is edited, previewed and restored to an earlier version."""

import asyncio
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from kb_index import Article, InvalidArticle, Status
from prompter.common.errors import ArticleChanged, NotFound
from prompter.domain.account import Role
from prompter.knowledge.knowledge_base import ArticleVersion
from prompter.storage import Conflict
from prompter.storage.knowledge.articles import version_fields
from prompter_api.desk.knowledge import labels as article_words
from prompter_api.desk.knowledge.articles_page import STATUSES, article_address
from prompter_api.desk.ui.elements import Tag, draw_keys
from prompter_api.desk.ui.frame import (
    Layout,
    PageContext,
    PageGuard,
    run_in_thread,
    zone_of_browser,
)
from prompter_api.desk.ui.labels import moment
from prompter_api.desk.ui.notices import Notices
from prompter_api.desk.ui.numbers import number_of
from prompter_api.desk.ui.topic_choice import TopicChoice


def add_article(router: APIRouter, guard: PageGuard) -> None:
    """Add the page /kb/article. `?id=` names the article. Without it the page creates a new one."""

    @ui.page("/kb/article", api_router=router, reconnect_timeout=600)
    async def article(request: Request, id: str = "") -> Response | None:  # noqa: A002 - part of the address
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        page = ArticlePage(context, id.replace("\0", ""))
        ui.on("desk", page.on_event)
        ui.timer(1.0, page.poll)
        ui.timer(0.01, page.read, once=True)
        return None


class ArticlePage:
    """An open editor. It keeps the typed text, even if others change the article meanwhile."""

    def __init__(self, context: PageContext, article_id: str) -> None:
        self._session, self._t, self._language = context.session, context.t, context.language
        self._label = context.topic
        self._id, self._version = article_id, 0
        self._access = context.access
        self._acting = asyncio.Lock()
        self._zone: tzinfo | None = None
        self._versions: list[ArticleVersion] = []
        self._looked_at: Article | None = None  # last checked for problems
        self._restoring = 0  # the version whose restoration waits for confirmation
        _ = context.t.gettext
        address = article_address(article_id) if article_id else "/kb/article"
        frame = Layout(context, here="/kb", title=article_id or _("New article"), after=address)
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("a", href="/kb", classes="link sheet__back"):
                Tag("span", "←", aria_hidden=True)
                Tag("span", _("Knowledge base"))
            Tag("h1", article_id or _("New article"), classes="sheet__title", dir="auto")
            self._refusal = Tag("p", classes="notice notice--bad", role="alert")
            with Tag("div", classes="sheet__pair"):
                with Tag("section", classes="panel"):
                    self._form()
                with Tag("section", classes="panel"):
                    Tag("h2", _("Preview"), classes="panel__head")
                    self._preview = Tag("p", classes="card__text", dir="auto")
                    with Tag("div") as self._theirs:
                        Tag("h2", _("Your changes to the latest version"), classes="panel__head")
                        self._theirs_now = Tag("div", classes="history__one")
                    Tag("h2", _("Version history"), classes="panel__head")
                    self._history = Tag("ol", classes="history")
        self._confirm_restore()
        self._notices = Notices(context.t)
        self._warnings.set_visibility(False)
        self._theirs.set_visibility(False)
        self._refuse("")

    def _form(self) -> None:
        _ = self._t.gettext
        self._new_id = ui.input(_("ID: a short name without spaces")).props("stack-label").classes("w-full")
        self._new_id.set_visibility(not self._id)
        self._question = ui.input(_("Question")).props("stack-label").classes("w-full")
        self._answer = ui.textarea(_("Answer"), on_change=lambda _: self._show_preview()).props(
            "autogrow stack-label"
        )
        self._answer.classes("w-full")
        self._phrasings = ui.textarea(_("Alternative phrasings, one per line")).props("autogrow stack-label")
        self._phrasings.classes("w-full")
        self._topic = TopicChoice((), self._label, self._t)
        self._tongue = ui.input(_("Language"), value=self._language)
        self._status = ui.select(
            {status.value: _(name) for status, name in STATUSES.items()},
            label=_("Status"),
            value=Status.PUBLISHED.value,
        )
        self._from = ui.input(_("Valid from")).props("type=date stack-label")
        self._until = ui.input(_("Valid until")).props("type=date stack-label")
        with Tag("div", role="status", classes="article__warnings") as self._warnings:
            Tag("h2", _("Warnings"), classes="panel__head")
            self._problems = Tag("ul", classes="history__list")
        with Tag("footer", classes="card__foot"):
            Tag("button", _("Save"), classes="button button--main", data_do="save")
            self._try = Tag("a", _("Test this question"), classes="link")
            self._try.set_visibility(False)

    def _confirm_restore(self) -> None:
        _ = self._t.gettext
        with (
            ui.dialog() as self._dialog,
            Tag("section", classes="dialog", role="alertdialog", aria_labelledby="restore-title"),
        ):
            self._asked = Tag("h2", id="restore-title")
            Tag("p", _("It is saved as a new version. Your unsaved changes will be lost."))
            with Tag("div", classes="dialog__foot"):
                with Tag("button", classes="button button--main", data_do="back", autofocus=True):
                    Tag("span", _("Cancel"))
                    draw_keys(["Esc"])
                Tag("button", _("Restore"), classes="button", data_do="restore_now")

    async def poll(self) -> None:
        """Remove old notices and check the typed text. Called every second."""
        self._notices.poll()
        if not self._acting.locked():
            with self._access.required():
                await self._look_for_problems()

    async def read(self) -> None:
        """Fill the fields with the stored article."""
        async with self._acting:
            with self._access.required():
                self._zone = await zone_of_browser()
                await self._read()

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle clicks, one at a time."""
        pressed = event.args if isinstance(event.args, dict) else {}
        version = number_of(str(pressed.get("version")))
        async with self._acting:
            with self._access.required():
                match pressed.get("do"):
                    case "save":
                        await self._save()
                    case "restore" if version is not None and version >= 0:
                        self._restoring = version
                        self._asked.say(self._t.gettext("Restore version {number}?").format(number=version))
                        self._dialog.open()
                    case "back":
                        self._dialog.close()
                    case "restore_now" if self._restoring:
                        self._dialog.close()
                        await self._restore(self._restoring)

    async def _read(self) -> None:
        self._topic.offer(await run_in_thread(self._session.article_topics))
        if not self._id:
            return
        try:
            article, self._versions = await run_in_thread(self._session.article, self._id)
        except NotFound:
            self._refuse(self._t.gettext("No such article."))
            return
        self._version = self._versions[-1].version
        self._question.value, self._answer.value = article.question, article.answer
        self._topic.value, self._tongue.value = article.topic, article.language
        self._phrasings.value = "\n".join(article.phrasings)
        self._status.value = article.status.value
        self._from.value, self._until.value = (
            day.isoformat() if day else "" for day in (article.valid_from, article.valid_until)
        )
        self._try.set(href="/try?" + urlencode({"text": article.question[:2000]}))
        self._try.set_visibility(True)
        self._theirs.set_visibility(False)
        self._show_preview()
        self._show_history()

    async def _look_for_problems(self) -> None:
        """Show the problems of the typed article, unless it has been checked already."""
        try:
            article = self._article(self._id or str(self._new_id.value or "").strip() or "new")
        except InvalidArticle:
            return  # incomplete so far; saving reports the missing fields
        if article == self._looked_at:
            return
        self._looked_at = article
        found = await run_in_thread(self._session.article_problems, article)
        self._problems.clear()
        with self._problems:
            for problem in found:
                article_words.problem(problem, article.id, self._t)
        self._warnings.set_visibility(bool(found))

    async def _save(self) -> None:
        _ = self._t.gettext
        self._refuse("")
        article_id = self._id or str(self._new_id.value or "").strip()
        try:
            article = self._article(article_id)
            await run_in_thread(self._session.put_article, article, self._version)
        except InvalidArticle as error:
            self._refuse(article_words.refusal(error, self._t))
            return
        except (ArticleChanged, Conflict):
            if not self._id:
                self._refuse(_("An article with this ID already exists."))
                return
            await self._show_what_others_did(article)
            return
        except NotFound:
            self._refuse(_("No such article."))
            return
        if not self._id:
            ui.navigate.to(article_address(article_id))
            return
        is_live = article.status is Status.PUBLISHED
        self._notices.say(_("Saved and published") if is_live else _("Saved"))
        await self._read()

    async def _show_what_others_did(self, typed: Article) -> None:
        """Show the newest version beside the typed text. The next save is based on that version."""
        _, self._versions = await run_in_thread(self._session.article, self._id)
        self._version = self._versions[-1].version
        self._show_history()
        self._theirs_now.clear()
        with self._theirs_now:
            fields = version_fields(typed)
            differs = article_words.differences(self._versions[-1].fields, fields, self._label, self._t)
        self._theirs.set_visibility(differs)
        text = self._t.gettext(
            "{name} has changed the article in the meantime. Compare with the latest version on the "
            "right, then save again."
        )
        self._refuse(text.format(name=self._versions[-1].changed_by))

    async def _restore(self, version: int) -> None:
        try:
            await run_in_thread(self._session.restore_article, self._id, version)
        except (NotFound, ArticleChanged, Conflict):
            self._refuse(self._t.gettext("A colleague has just changed this. Please check again."))
        else:
            self._refuse("")
        await self._read()

    def _article(self, article_id: str) -> Article:
        def day(value: Any) -> date | None:
            return date.fromisoformat(str(value)) if value else None

        lines = (" ".join(line.split()) for line in str(self._phrasings.value or "").splitlines())
        try:
            valid_from, valid_until = day(self._from.value), day(self._until.value)
        except ValueError:
            raise InvalidArticle("valid_from", "is not a date") from None
        return Article(
            id=article_id,
            question=str(self._question.value or "").strip(),
            answer=str(self._answer.value or "").strip(),
            topic=self._topic.value,
            language=str(self._tongue.value or "").strip(),
            phrasings=tuple(dict.fromkeys(line for line in lines if line)),
            status=Status(str(self._status.value)),
            valid_from=valid_from,
            valid_until=valid_until,
        )

    def _show_preview(self) -> None:
        answer = str(self._answer.value or "")
        self._preview.say(self._session.preview(answer, customer_name=self._t.gettext("Olga")))

    def _show_history(self) -> None:
        _ = self._t.gettext
        now = datetime.now(tz=UTC)
        last = self._versions[-1]
        self._history.clear()
        with self._history:
            for version in reversed(self._versions):
                with Tag("li", classes="history__one"):
                    when = moment(version.changed_at, now, self._zone, self._language)
                    description = _("Version {number}, {when}, {name}").format(
                        number=version.version, when=when, name=version.changed_by
                    )
                    Tag("p", description, classes="board__small", dir="auto")
                    if version is last:
                        continue
                    if not article_words.differences(version.fields, last.fields, self._label, self._t):
                        Tag("p", _("Same as the current version."), classes="board__small")
                        continue
                    Tag(
                        "button",
                        _("Restore this version"),
                        classes="button button--small",
                        data_do="restore",
                        data_version=version.version,
                    )

    def _refuse(self, text: str) -> None:
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))
