"""The page of one topic: its evidence and the supervisor's actions."""

import asyncio
from collections.abc import Callable
from datetime import tzinfo

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from prompter.common.errors import NotFound, PrompterError
from prompter.domain.account import Role
from prompter.domain.readiness import Mode, ReadinessState
from prompter.readiness.evidence import TopicEvidence
from prompter.readiness.topic_readiness import TopicReadiness
from prompter.storage import Conflict
from prompter.text.translations import Translations
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.readiness.board_page import show_state, topic_address
from prompter_api.desk.readiness.evidence_panels import EvidencePanel, HistoryPanel
from prompter_api.desk.readiness.explanation import explain
from prompter_api.desk.readiness.topic_panels import Curves, Figures, ProofPanel, TopicView
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, run_in_thread, zone_of_browser
from prompter_api.desk.ui.labels import TopicLabel
from prompter_api.desk.ui.notices import Notices
from prompter_api.desk.ui.polling import ReadinessNews

_FIRST, _MORE = 20, 50  # pieces of evidence on the page, and the number that one click adds


def add_topic(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /readiness/topic. `?name=` names the topic."""

    @ui.page("/readiness/topic", api_router=router, reconnect_timeout=60)
    async def topic(request: Request, name: str = "") -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        page = TopicPage(context, name.replace("\0", ""))  # no database stores a name with this character
        ui.on("desk", page.on_event)
        ui.timer(poll_seconds, page.poll)
        return None


class TopicPage:
    """An open page of a topic or group."""

    def __init__(self, context: PageContext, name: str) -> None:
        self._session, self._t, self._language = context.session, context.t, context.language
        self._name = name
        self._rule = context.session.services.readiness.rule
        self._news = ReadinessNews(context.session)
        self._acting = asyncio.Lock()
        self._access = context.access
        self._zone: tzinfo | None = None
        self._zone_known = False
        self._limit = _FIRST
        self._threshold: float | None = None  # of the chart; None means that none is selected
        self._bar = self._rule.bar  # of the slider
        self._found: tuple[TopicReadiness, TopicEvidence] | None = None
        _ = context.t.gettext
        frame = Layout(context, here="/readiness", title=context.topic(name), after=topic_address(name))
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("a", href="/readiness", classes="link sheet__back"):
                Tag("span", "←", aria_hidden=True)
                Tag("span", _("All topics"))
            with Tag("div", classes="empty empty--large") as self._missing:
                Tag("p", _("No such topic, or no data for it yet."), classes="empty__title")
            with Tag("div", classes="sheet__area") as self._area:
                self._head = TopicHead(name, context.t, context.language, context.topic)
                self._figures = Figures(self._rule, context.t, context.language)
                self._proof = ProofPanel(self._rule, context.t, context.language, self._try_bar)
                self._curves = Curves(self._rule, context.t, context.language)
                with Tag("div", classes="sheet__pair sheet__pair--wide"):
                    self._evidence = EvidencePanel(context.t, context.language, context.topic)
                    self._history = HistoryPanel(context.t, context.language, context.topic)
                explain(self._rule, context.t, context.language)
        self._notices = Notices(context.t)
        self._area.set_visibility(False)
        self._missing.set_visibility(False)

    async def poll(self) -> None:
        """Check for news. Called every second."""
        self._notices.poll()
        if self._access.is_lost or self._acting.locked():
            return
        async with self._acting:
            with self._access.required():
                if not self._zone_known:
                    self._zone_known = True
                    self._zone = await zone_of_browser()
                if await self._news.read(self._read):
                    await self._show()

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle clicks, one at a time."""
        pressed = event.args if isinstance(event.args, dict) else {}
        async with self._acting:
            with self._access.required():
                match pressed.get("do"):
                    case "allow":
                        await self._decide(self._session.allow, self._t.gettext("Autopilot is on."))
                    case "hold":
                        await self._decide(self._session.hold, self._t.gettext("Paused: operators answer."))
                    case "measure":
                        await self._decide(self._session.switch_off, self._t.gettext("Observing only."))
                    case "step":
                        self._threshold = _number(pressed.get("threshold"))
                        await self._compute()
                    case "more":
                        self._limit += _MORE
                        self._show_evidence()

    async def _decide(self, decide: Callable[[str], None], done: str) -> None:
        self._head.refuse("")
        try:
            await run_in_thread(decide, self._name)
            self._notices.say(done)
        except (PrompterError, Conflict) as error:
            self._head.refuse(words.refusal(error, self._rule.bar, self._t, self._language))
        await run_in_thread(self._read)
        await self._show()

    async def _try_bar(self, bar: float) -> None:
        """Handle a move of the slider, which may move on during the computation."""
        self._bar = bar
        await self._compute()

    def _read(self) -> bool:
        """Read the topic. Runs in a thread."""
        try:
            self._found = self._session.topic(self._name)
        except NotFound:
            self._found = None
        return True

    async def _show(self) -> None:
        self._area.set_visibility(self._found is not None)
        self._missing.set_visibility(self._found is None)
        if self._found is not None:
            self._head.show(self._found[0])
            self._figures.show(self._found[0])
            self._show_evidence()
        await self._compute()

    async def _compute(self) -> None:
        if self._found is None:
            return
        asked = (*self._found, self._threshold, self._bar)
        view = await run_in_thread(TopicView.of, *asked)
        if asked == (*self._found, self._threshold, self._bar):
            self._proof.show(view, self._zone)
            self._curves.show(view)

    def _show_evidence(self) -> None:
        if self._found is not None:
            found, evidence = self._found
            self._evidence.show(evidence, limit=self._limit, zone=self._zone)
            self._history.show(found, evidence, zone=self._zone)


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


class TopicHead:
    """The head of the page: name, state and actions."""

    def __init__(self, name: str, t: Translations, language: str, topic: TopicLabel) -> None:
        self._t, self._language, self._topic = t, language, topic
        _ = t.gettext
        with Tag("header", classes="sheet__head"):
            with Tag("div", classes="sheet__line"):
                Tag("h1", topic(name), classes="sheet__title", title=name, dir="auto")
                self._state = Tag("span", classes="mark", role="status")
                self._status = Tag("span", classes="side__hint")
            self._members = Tag("p", classes="side__hint", dir="auto")
            with Tag("div", classes="sheet__line"):
                self._allow = Tag("button", classes="button", data_do="allow")
                self._hold = Tag("button", _("Pause"), classes="button", data_do="hold")
                self._measure = Tag("button", _("Observe only"), classes="button", data_do="measure")
            self._refusal = Tag("p", classes="notice notice--bad", role="alert")
        self.refuse("")

    def show(self, found: TopicReadiness) -> None:
        _ = self._t.gettext
        show_state(self._state, found, self._t)
        self._status.say(words.status_text(found, self._t, self._language))
        is_group = found.topics not in ((), (found.name,))
        self._members.say(words.members(found, self._topic, self._t) if is_group else "")
        self._members.set_visibility(is_group)
        alone = found.state is ReadinessState.AUTOPILOT
        wider = alone and found.passed is not None and found.passed != found.threshold
        self._allow.say(_("Extend") if alone else _("Turn on"))
        self._allow.toggle("button--main", found.passed is not None)
        self._allow.set_visibility(wider or not alone)
        self._hold.set_visibility(found.state is not ReadinessState.HELD)
        self._measure.set_visibility(found.mode is not Mode.SHADOW)

    def refuse(self, text: str) -> None:
        """Show why an action failed. An empty text hides the message."""
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))
