"""Try it: what would be suggested for a text, and why in that order: for supervisors."""

import asyncio
from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from prompter.common.errors import NotFound
from prompter.domain.account import Role
from prompter.labels.regression_cases import InvalidPin
from prompter.suggestions.explanations import ExplainedSuggestion, Explanation, Part
from prompter_api.desk.knowledge.articles_page import article_address
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, in_thread, reloading
from prompter_api.desk.ui.labels import N_
from prompter_api.desk.ui.mounting import asset
from prompter_api.desk.ui.notices import Notices
from prompter_api.locale import Translations

SIGNALS = {
    "on_question": N_("says the same as its question"),
    "on_passage": N_("fits question and answer together"),
    "on_words": N_("the same words"),
    "on_characters": N_("the same letters"),
    "on_votes": N_("questions nearby belong to it"),
    "on_likeness": N_("like all that is asked of it"),
    "on_language": N_("the same language"),
}
FEATURES = {
    "constant": N_("to begin with"),
    "lead": N_("how far it is ahead of the others"),
    "vote": N_("how well it fits at all"),
    "in_scope": N_("whether the question is ours at all"),
    "phrasings": N_("how many phrasings it has"),
}
_MAX_LENGTH = 2000  # characters


def add_try(router: APIRouter, guard: PageGuard) -> None:
    """Add the page /try; `?text=` asks at once."""

    @ui.page("/try", api_router=router, reconnect_timeout=60)
    async def try_(request: Request, text: str = "") -> Response | None:
        context = await guard.let_in(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        ui.add_body_html(f'<script src="{asset("desk.js")}"></script>')
        page = TryPage(context, text.replace("\0", "")[:_MAX_LENGTH])
        ui.on("desk", page.on_event)
        ui.timer(1.0, page.poll)
        ui.timer(0.01, page.ask, once=True)
        return None


class TryPage:
    """One open page: a question, and what the bot makes of it."""

    def __init__(self, context: PageContext, text: str) -> None:
        self._session, self._t, self._text = context.session, context.t, text
        self._acting = asyncio.Lock()
        _ = context.t.gettext
        frame = Layout(context, here="/try", title=_("Try it"), after="/try")
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("What would the bot suggest, and why?"), classes="sheet__title")
                with Tag("form", classes="sheet__line", method="get", action="/try"):
                    label = _("A question, as a customer writes it")
                    Tag(
                        "input",
                        type="search",
                        name="text",
                        defaultValue=text,  # `value` would be set again at every redraw, over what is typed
                        classes="field field--wide",
                        maxlength=_MAX_LENGTH,
                        aria_label=label,
                        placeholder=label,
                        autofocus=True,
                    )
                    Tag("button", _("Ask"), type="submit", classes="button button--main")
            self._area = Tag("div", classes="sheet__area", role="status")
        self._notices = Notices(context.t)

    def poll(self) -> None:
        """Take old notices away; called every second."""
        self._notices.poll()

    async def ask(self) -> None:
        """Ask and draw what comes of it."""
        if not self._text.strip():
            return
        with reloading():
            found = await in_thread(self._session.explain, self._text)
            with self._area:
                _draw(found, self._t)

    async def on_event(self, event: GenericEventArguments) -> None:
        """A click: pin the article for this text."""
        pressed = event.args if isinstance(event.args, dict) else {}
        article_id = str(pressed.get("article") or "")
        if pressed.get("do") != "pin" or not article_id:
            return
        _ = self._t.gettext
        async with self._acting:
            with reloading():
                try:
                    await in_thread(self._session.pin, self._text, article_id)
                    self._notices.say(_("Pinned: a version that answers this otherwise is refused."))
                except (InvalidPin, NotFound):
                    self._notices.say(_("This cannot be pinned."), bad=True)


def _draw(found: Explanation, t: Translations) -> None:
    _ = t.gettext
    with Tag("div", classes="try__read"):
        _understood(found, t)
    if not found.suggestions:
        Tag("p", _("Nothing would be suggested."), classes="empty__title")
        return
    with Tag("div"):
        Tag("p", _first(found.suggestions[0], t))
        if len(found.suggestions) > 1:
            Tag("p", _between(found.suggestions, t))
    scale = max(abs(part.points) for suggestion in found.suggestions for part in suggestion.ranked_by) or 1.0
    for rank, suggestion in enumerate(found.suggestions, start=1):
        _suggestion(rank, suggestion, scale, t)


def _understood(found: Explanation, t: Translations) -> None:
    """How the text was read, what it is taken to be about, and who would answer."""
    _, triage = t.gettext, found.triage
    Tag("p", _("Read as: {text}").format(text=found.read_as), classes="side__hint", dir="auto")
    if triage.intent is not None:
        text = _("Taken to be about: {intent} ({probability})").format(
            intent=triage.intent.removeprefix("topic:"), probability=f"{triage.intent_confidence:.0%}"
        )
        Tag("p", text, classes="side__hint", dir="auto")
    if found.in_scope is not None:
        text = _("Our subject at all: {probability}").format(probability=f"{found.in_scope:.0%}")
        Tag("p", text, classes="side__hint")
    reason = words.handoff(triage.handoff_reason.value if triage.handoff_reason else None, t)
    description = (
        _("A person answers: {reason}").format(reason=reason) if reason else _("The bot answers alone.")
    )
    Tag("p", description, classes="side__hint")


def _first(suggestion: ExplainedSuggestion, t: Translations) -> str:
    """What brought the first one up, in a sentence."""
    best = max(suggestion.ranked_by, key=lambda part: part.points)
    text = t.gettext("The first stands there above all by this: {signal}.")
    return text.format(signal=t.gettext(SIGNALS.get(best.name, best.name)))


def _between(suggestions: Sequence[ExplainedSuggestion], t: Translations) -> str:
    """What separates the first from the second, in a sentence."""
    first, second = suggestions[:2]
    ahead = [
        (part.points - other.points, part.name)
        for part, other in zip(first.ranked_by, second.ranked_by, strict=True)
    ]
    points, name = max(ahead)
    behind, against = min(ahead)
    text = t.gettext("The first is ahead of the second above all by this: {signal}.").format(
        signal=t.gettext(SIGNALS.get(name, name))
    )
    if -behind > points / 10:  # less would not be seen in the bars
        more = t.gettext("For the second speaks: {signal}.")
        text += " " + more.format(signal=t.gettext(SIGNALS.get(against, against)))
    return text


def _suggestion(rank: int, offered: ExplainedSuggestion, scale: float, t: Translations) -> None:
    _ = t.gettext
    suggestion = offered.suggestion
    with Tag("article", classes="card"):
        with Tag("header", classes="card__head"):
            with Tag("span", classes="card__kind"):
                Tag("span", f"{rank}.", classes="card__name try__rank")
                address = article_address(suggestion.article_id)
                Tag("a", suggestion.question, href=address, classes="card__name", dir="auto")
            Tag("span", words.confidence(suggestion.confidence, t), classes="card__confidence")
        near = _("Nearest: {text} ({similarity})").format(
            text=offered.nearest.text, similarity=f"{offered.nearest.similarity:.2f}"
        )
        Tag("p", near, classes="board__small", dir="auto")
        if offered.shared_words:
            shared = _("Words in common: {words}").format(words=", ".join(offered.shared_words))
            Tag("p", shared, classes="board__small", dir="auto")
        for confirmed in offered.confirmed:
            text = _("Confirmed before: {text} ({similarity})").format(
                text=confirmed.text, similarity=f"{confirmed.similarity:.2f}"
            )
            Tag("p", text, classes="board__small", dir="auto")
        _parts(_("Why it stands here"), offered.ranked_by, SIGNALS, scale, t)
        limit = max(abs(part.points) for part in offered.sure_by) or 1.0
        _parts(_("Why so sure"), offered.sure_by, FEATURES, limit, t)
        with Tag("footer", classes="card__foot"):
            Tag(
                "button",
                _("Pin this answer"),
                classes="button",
                data_do="pin",
                data_article=suggestion.article_id,
            )


def _parts(title: str, parts: Sequence[Part], names: dict[str, str], scale: float, t: Translations) -> None:
    """Bars: how much each adds; what takes away is hatched and says so with its sign."""
    Tag("h3", title, classes="side__title")
    with Tag("ul", classes="bars"):
        for part in parts:
            with Tag("li", classes="bars__one"):
                Tag("span", t.gettext(names.get(part.name, part.name)), classes="bars__name")
                with Tag("span", classes="bars__room", aria_hidden=True):
                    less = " bars__bar--less" if part.points < 0 else ""
                    bar = Tag("span", classes=f"bars__bar{less}")
                    bar.style(f"width: {round(100 * abs(part.points) / scale)}%")
                Tag("span", f"{part.points:+.2f}", classes="bars__points")
