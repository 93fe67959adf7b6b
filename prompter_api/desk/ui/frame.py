"""The parts that every page behind the login shares: access check, header and layout.

A page module has a function that adds its route:

    def add_desk(router: APIRouter, guard: PageGuard) -> None:
        @ui.page("/desk", api_router=router)
        async def desk(request: Request) -> Response | None:
            context = await guard.admit(request)
            if isinstance(context, Response):
                return context
            frame = Layout(context, here="/desk")
            ...
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import ParamSpec, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import run, ui

from prompter.accounts.roles import has_role
from prompter.accounts.sessions import Visit
from prompter.common.errors import DatabaseUnavailable, Forbidden
from prompter.domain.account import Account, Role
from prompter.domain.topic import TopicTitles
from prompter.text.translations import N_, Translations, language_names, translator
from prompter_api.auth import visit_of
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.forms import page_language, refused_page, unavailable_page
from prompter_api.desk.ui.labels import ROLES
from prompter_api.desk.ui.labels import topic as topic_label
from prompter_api.desk.ui.mounting import asset
from prompter_api.desk.ui.session import PageSession, PageSessions, SignedOut
from prompter_api.desk.ui.sockets import belongs
from prompter_api.errors import log_unavailable
from prompter_api.services import Services

P = ParamSpec("P")
R = TypeVar("R")

# Pages that the header links to: address, name and the role that sees the link.
PAGES: tuple[tuple[str, str, Role], ...] = (
    ("/desk", N_("Desk"), Role.OPERATOR),
    ("/reviews", N_("Review"), Role.OPERATOR),
    ("/readiness", N_("Readiness"), Role.SUPERVISOR),
    ("/watching", N_("Monitoring"), Role.SUPERVISOR),
    ("/learning", N_("Suggested updates"), Role.SUPERVISOR),
    ("/kb", N_("Knowledge base"), Role.SUPERVISOR),
    ("/try", N_("Test the bot"), Role.SUPERVISOR),
    ("/models", N_("Models"), Role.SUPERVISOR),
)


async def run_in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do blocking work off the event loop.

    Raises:
        CancelledError: when the program is shutting down, and nobody is there to see the result.
    """
    done: list[R] = []

    def do() -> None:
        done.append(work(*args, **kwargs))

    await run.io_bound(do)
    if not done:  # NiceGUI silently drops the work during shutdown
        raise asyncio.CancelledError
    return done[0]


class PageAccess:
    """The user's access to an open page. When it is lost, the page reloads once and says why."""

    def __init__(self) -> None:
        self.is_lost = False

    @contextmanager
    def required(self) -> Iterator[None]:
        """Enclose calls of the session. They end if it has ended, or if the role is too low for them."""
        try:
            yield
        except (SignedOut, Forbidden):
            if not self.is_lost:
                self.is_lost = True
                ui.run_javascript("location.reload()")


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """A logged-in user's context on one page."""

    session: PageSession
    language: str
    t: Translations
    access: PageAccess = field(default_factory=PageAccess)

    @property
    def account(self) -> Account:
        return self.session.account

    def topic(self, topic_id: str) -> str:
        """Return the topic's title for this page. Every shown topic goes through here."""
        return topic_label(topic_id, self.session.titles, self.t, self.language)


async def zone_of_browser() -> tzinfo | None:
    """Return the browser's time zone, or None if it is unknown and the server's is used."""
    try:
        name = await ui.run_javascript("Intl.DateTimeFormat().resolvedOptions().timeZone", timeout=3)
        return ZoneInfo(str(name))
    except (TimeoutError, ValueError, OSError, KeyError):
        return None


class PageGuard:
    """Admits logged-in users, and redirects everybody else to the login page."""

    def __init__(self, services: Services, page_sessions: PageSessions) -> None:
        self._services = services
        self._page_sessions = page_sessions

    async def admit(self, request: Request, role: Role = Role.OPERATOR) -> PageContext | Response:
        """Return the context of a user with at least this role, or a response to send instead of the page."""
        try:
            visit, titles = await run_in_thread(self._visit, request)
        except DatabaseUnavailable as error:
            log_unavailable(request, error)
            return unavailable_page(request, self._services, error)
        if visit is None:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/login?after={quote(request.url.path + query)}", 303)
        account = visit.account
        if account.one_time_password:
            return RedirectResponse("/password", 303)
        language = page_language(request, self._services, account.language)
        if not has_role(account, role):
            return refused_page(request, language)
        session, client = self._page_sessions.take(self._services, visit, titles), ui.context.client
        client.on_delete(lambda: self._page_sessions.leave(session))
        client.on_connect(lambda: session.note_connection(True))
        client.on_disconnect(lambda: session.note_connection(False))
        belongs(client, visit.session.id, session.note_action)
        return PageContext(session=session, language=language, t=translator(language))

    def _visit(self, request: Request) -> tuple[Visit | None, TopicTitles]:
        """Return the visit and the titles of topics. Runs in a thread."""
        return visit_of(request, self._services), self._services.topics.titles()


class Layout:
    """The header and the page's own area, which the page fills with `with frame.body:`.

    `here` is the header's link to this page. `after` is the address, with the query, of the page after a
    change of language.
    """

    def __init__(self, context: PageContext, *, here: str, title: str, after: str | None = None) -> None:
        self._t = context.t
        _ = context.t.gettext
        ui.page_title(f"{title} · {_('Sufler')}")
        ui.add_head_html(f'<link rel="stylesheet" href="{asset("theme.css")}">')
        ui.add_head_html(f"<script>document.documentElement.lang = '{context.language}'</script>")
        ui.add_body_html(f'<script src="{asset("desk.js")}"></script>')
        ui.add_body_html(_connection_words(context.t))
        with Tag("header", classes="bar"):
            with Tag("a", classes="brand", href="/desk"):
                Tag("img", src="/assets/favicon.svg", alt="", width=24, height=24)
                Tag("span", _("Sufler"))
            with Tag("nav", classes="bar__nav", aria_label=_("Menu")):
                for address, name, role in PAGES:
                    if has_role(context.account, role) and len(PAGES) > 1:
                        Tag("a", _(name), href=address, aria_current="page" if address == here else None)
                Tag("a", _("API"), href="/docs", target="_blank", rel="noopener")
            self.notes = Tag("div", classes="bar__notes")
            with Tag("div", classes="bar__who"):
                Tag("a", context.account.name, classes="bar__name", href="/account", title=_("Account"))
                Tag("span", _(ROLES[context.account.role]), classes="bar__role")
            self._languages(context.language, after or here)
            with Tag("form", method="post", action="/logout"):
                Tag("button", _("Log out"), type="submit", classes="link")
        self.body = Tag("main", classes="page")

    def _languages(self, language: str, after: str) -> None:
        with Tag(
            "form",
            classes="bar__languages",
            method="post",
            action="/language",
            aria_label=self._t.gettext("Language"),
        ):
            Tag("input", type="hidden", name="after", value=after)
            for code, label in language_names().items():
                Tag(
                    "button",
                    code.upper(),
                    type="submit",
                    name="language",
                    value=code,
                    classes="link",
                    lang=code,
                    title=label,
                    aria_label=label,
                    aria_current="true" if code == language else None,
                )


def _connection_words(t: Translations) -> str:
    """Return the script that translates NiceGUI's message about a lost connection.

    NiceGUI has one language for all pages.
    """
    said = json.dumps([t.gettext("Connection lost."), t.gettext("Reconnecting…")])
    return (
        f"<script>addEventListener('DOMContentLoaded', () => {{ const said = {said}; "
        "document.querySelectorAll('#popup span').forEach((place, i) => (place.textContent = said[i])) })"
        "</script>"
    )
