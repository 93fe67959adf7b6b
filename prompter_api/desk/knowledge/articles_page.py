"""The knowledge base for supervisors: list and search all articles."""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui

from kb_index import Article, Status
from prompter.domain.account import Role
from prompter.text.translations import N_
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, run_in_thread

STATUSES = {
    Status.PUBLISHED: N_("published"),
    Status.DRAFT: N_("draft"),
    Status.ARCHIVED: N_("archived"),
}
_MAX_ROWS = 50
_MAX_LENGTH = 200  # characters of the search text


def add_kb(router: APIRouter, guard: PageGuard) -> None:
    """Add the page /kb. `?q=` searches for words. `?topic=`, `?status=` and `?after=` narrow the list."""

    @ui.page("/kb", api_router=router, reconnect_timeout=60)
    async def kb(
        request: Request, q: str = "", topic: str = "", status: str = "", after: str = ""
    ) -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        chosen = Status(status) if status in set(Status) else None
        text, topic = q.replace("\0", "")[:_MAX_LENGTH], topic.replace("\0", "")
        found, topics = await asyncio.shield(
            run_in_thread(
                context.session.articles, text, topic or None, chosen, after.replace("\0", ""), _MAX_ROWS
            )
        )
        asked = {"q": text, "topic": topic, "status": chosen.value if chosen else ""}
        _draw(context, asked, topics, found)
        return None


def article_address(article_id: str) -> str:
    """Return the address of an article's page."""
    return f"/kb/article?id={quote(article_id, safe='')}"


def _draw(
    context: PageContext, asked: Mapping[str, str], topics: Sequence[str], found: Sequence[Article]
) -> None:
    _ = context.t.gettext
    frame = Layout(context, here="/kb", title=_("Knowledge base"), after="/kb?" + urlencode(asked))
    with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
        with Tag("header", classes="sheet__head"):
            Tag("h1", _("Knowledge base"), classes="sheet__title")
            with Tag("form", classes="sheet__line", method="get", action="/kb"):
                Tag(
                    "input",
                    type="search",
                    name="q",
                    defaultValue=asked["q"],  # `value` would overwrite the typed text at every redraw
                    classes="field field--wide",
                    maxlength=_MAX_LENGTH,
                    aria_label=_("Search questions and answers"),
                    placeholder=_("Search questions and answers"),
                )
                choices = sorted(
                    ((topic, context.topic(topic)) for topic in topics), key=lambda pair: pair[1].casefold()
                )
                _choice("topic", _("Topic"), [("", _("any topic")), *choices], asked["topic"])
                statuses = [(status.value, _(name)) for status, name in STATUSES.items()]
                _choice("status", _("Status"), [("", _("any status")), *statuses], asked["status"])
                Tag("button", _("Search"), type="submit", classes="button")
                Tag("a", _("New article"), href="/kb/article", classes="button")
                Tag("a", _("Titles of topics"), href="/kb/topics", classes="link")
        if not found:
            Tag("p", _("No articles found."), classes="side__hint")
            return
        heads = (_("Question"), _("Topic"), _("Status"), _("Language"))
        with Tag("table", classes="board"):
            with Tag("thead"), Tag("tr"):
                for head in heads:
                    Tag("th", head, scope="col")
            with Tag("tbody"):
                for article in found:
                    with Tag("tr"):
                        with Tag("th", scope="row", classes="board__topic"):
                            Tag(
                                "a",
                                article.question,
                                href=article_address(article.id),
                                classes="board__name",
                                dir="auto",
                            )
                            Tag("span", article.id, classes="board__small")
                        label = context.topic(article.topic)
                        Tag("td", label, data_label=heads[1], title=article.topic, dir="auto")
                        Tag("td", _(STATUSES[article.status]), data_label=heads[2])
                        Tag("td", article.language, data_label=heads[3])
        if len(found) == _MAX_ROWS:
            more = urlencode({**asked, "after": found[-1].id})
            Tag("a", _("More"), href=f"/kb?{more}", classes="link")


def _choice(name: str, label: str, options: Sequence[tuple[str, str]], chosen: str) -> None:
    with Tag("select", name=name, classes="field", aria_label=label):
        for value, text in options:
            Tag("option", text, value=value, selected=True if value == chosen else None, dir="auto")
