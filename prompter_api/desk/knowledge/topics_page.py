"""The titles of topics in each language, for supervisors."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from prompter.common.errors import NotFound
from prompter.domain.account import Role
from prompter.knowledge.topics import MAX_TITLE_LENGTH, InvalidTitle, Topic
from prompter.storage import Conflict
from prompter.text.translations import language_names
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, run_in_thread
from prompter_api.desk.ui.notices import Notices


def add_topics(router: APIRouter, guard: PageGuard) -> None:
    """Add the page /kb/topics."""

    @ui.page("/kb/topics", api_router=router, reconnect_timeout=600)
    async def topics(request: Request) -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        page = TopicsPage(context)
        ui.on("desk", page.on_event)
        ui.timer(1.0, page.poll)
        ui.timer(0.01, page.read, once=True)
        return None


class TopicsPage:
    """An open page of topics, with a row for each topic and a field for each language of the pages."""

    def __init__(self, context: PageContext) -> None:
        self._session, self._t, self._topic = context.session, context.t, context.topic
        self._access = context.access
        self._acting = asyncio.Lock()
        self._fields: dict[str, dict[str, ui.input]] = {}  # key: topic and language
        self._stored: dict[str, dict[str, str]] = {}
        _ = context.t.gettext
        frame = Layout(context, here="/kb", title=_("Titles of topics"), after="/kb/topics")
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("a", href="/kb", classes="link sheet__back"):
                Tag("span", "←", aria_hidden=True)
                Tag("span", _("Knowledge base"))
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("Titles of topics"), classes="sheet__title")
                Tag(
                    "p",
                    _("Pages show a topic by its title. Its id stays the same in files, addresses and Rasa."),
                    classes="side__hint",
                )
            self._refusal = Tag("p", classes="notice notice--bad", role="alert")
            self._area = Tag("div", classes="sheet__area")
            with Tag("footer", classes="card__foot"):
                Tag("button", _("Save"), classes="button button--main", data_do="save")
        self._notices = Notices(context.t)
        self._refuse("")

    def poll(self) -> None:
        """Remove old notices. Called every second."""
        self._notices.poll()

    async def read(self) -> None:
        """Read the titles and draw the table."""
        async with self._acting:
            with self._access.required():
                self._draw(await run_in_thread(self._session.all_topics))

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle a click: save the changes."""
        pressed = event.args if isinstance(event.args, dict) else {}
        if pressed.get("do") != "save":
            return
        async with self._acting:
            with self._access.required():
                await self._save()

    def _draw(self, topics: Sequence[Topic]) -> None:
        _ = self._t.gettext
        self._area.clear()
        with self._area:
            if not topics:
                Tag("p", _("No topics yet"), classes="empty__title")
                return
            with Tag("table", classes="board board--titles"):
                with Tag("thead"), Tag("tr"):
                    for head in (_("Topic"), *language_names().values(), _("Articles")):
                        Tag("th", head, scope="col")
                with Tag("tbody"):
                    for topic in topics:
                        self._row(topic)

    def _row(self, topic: Topic) -> None:
        self._stored[topic.id] = dict(topic.titles)
        fields = self._fields[topic.id] = {}
        with Tag("tr"):
            with Tag("th", scope="row", classes="board__topic"):
                Tag("span", topic.id, dir="auto")
            for code, language in language_names().items():
                with Tag("td", data_label=language):
                    field = ui.input(value=topic.titles.get(code, ""), placeholder=self._topic(topic.id))
                    field.props("dense").props["maxlength"] = MAX_TITLE_LENGTH
                    field.props["aria-label"] = f"{topic.id}, {language}"
                    fields[code] = field
            with Tag("td", data_label=self._t.gettext("Articles")):
                address = "/kb?" + urlencode({"topic": topic.id})
                Tag("a", str(topic.n_articles), href=address, classes="link")

    async def _save(self) -> None:
        """Store only the changed fields, so that a colleague's other changes stay."""
        _ = self._t.gettext
        self._refuse("")
        for topic_id, fields in self._fields.items():
            stored = self._stored[topic_id]
            typed = {code: str(field.value or "").strip() for code, field in fields.items()}
            changed = {code: title for code, title in typed.items() if title != stored.get(code, "")}
            if not changed:
                continue
            try:
                await run_in_thread(self._session.change_topic_titles, topic_id, changed)
            except InvalidTitle:
                text = _("{topic}: a title is one line of at most {count} characters.")
                self._refuse(text.format(topic=topic_id, count=MAX_TITLE_LENGTH))
                return
            except (NotFound, Conflict):
                self._refuse(_("Someone else has changed the titles meanwhile. Reload the page."))
                return
            stored |= changed
        self._notices.say(_("Titles saved."))

    def _refuse(self, text: str) -> None:
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))
