"""The playground for supervisors: the suggestions for a text, and the reasons for their order."""

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
from prompter.text.translations import N_, Translations
from prompter_api.desk.knowledge.articles_page import article_address
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, run_in_thread
from prompter_api.desk.ui.notices import Notices

SIGNALS = {
    "on_question": N_("same meaning as its question"),
    "on_passage": N_("matches question and answer together"),
    "on_words": N_("same words"),
    "on_characters": N_("similar spelling"),
    "on_votes": N_("similar questions belong to it"),
    "on_likeness": N_("similar to questions usually asked about it"),
    "on_language": N_("same language"),
}
FEATURES = {
    "constant": N_("starting value"),
    "lead": N_("lead over the others"),
    "vote": N_("overall match"),
    "in_scope": N_("question in the scope of the knowledge base"),
    "phrasings": N_("number of phrasings"),
}
_MAX_LENGTH = 2000  # characters


def add_try(router: APIRouter, guard: PageGuard) -> None:
    """Add the page /try. `?text=` asks at once."""

    @ui.page("/try", api_router=router, reconnect_timeout=60)
    async def try_(request: Request, text: str = "") -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        page = TryPage(context, text.replace("\0", "")[:_MAX_LENGTH])
        ui.on("desk", page.on_event)
        ui.timer(1.0, page.poll)
        ui.timer(0.01, page.ask, once=True)
        return None


class TryPage:
    """An open playground page: a question and the bot's explained suggestions."""

    def __init__(self, context: PageContext, text: str) -> None:
        self._session, self._t, self._text, self._topic = context.session, context.t, text, context.topic
        self._access = context.access
        self._acting = asyncio.Lock()
        _ = context.t.gettext
        frame = Layout(context, here="/try", title=_("Test the bot"), after="/try")
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("What would the bot suggest, and why?"), classes="sheet__title")
                with Tag("form", classes="sheet__line", method="get", action="/try"):
                    label = _("A question as a customer would write it")
                    Tag(
                        "input",
                        type="search",
                        name="text",
                        defaultValue=text,  # `value` would overwrite the typed text at every redraw
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
        """Remove old notices. Called every second."""
        self._notices.poll()

    async def ask(self) -> None:
        """Ask the assistant and draw the result."""
        if not self._text.strip():
            return
        with self._access.required():
            found = await run_in_thread(self._session.explain, self._text)
            with self._area:
                _draw(found, self._t, self._topic)

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle a click: pin the article for this text."""
        pressed = event.args if isinstance(event.args, dict) else {}
        article_id = str(pressed.get("article") or "")
        if pressed.get("do") != "pin" or not article_id:
            return
        _ = self._t.gettext
        async with self._acting:
            with self._access.required():
                try:
                    await run_in_thread(self._session.pin, self._text, article_id)
                    self._notices.say(_("Pinned: a version that answers this differently is rejected."))
                except (InvalidPin, NotFound):
                    self._notices.say(_("This answer cannot be pinned."), bad=True)


def _draw(found: Explanation, t: Translations, topic: words.TopicLabel) -> None:
    _ = t.gettext
    with Tag("div", classes="try__read"):
        _draw_understanding(found, t, topic)
    if not found.suggestions:
        Tag("p", _("No suggestions"), classes="empty__title")
        return
    with Tag("div"):
        Tag("p", _first_place_reason(found.suggestions[0], t))
        if len(found.suggestions) > 1:
            Tag("p", _compare_first_two(found.suggestions, t))
    scale = max(abs(part.points) for suggestion in found.suggestions for part in suggestion.ranked_by) or 1.0
    for rank, suggestion in enumerate(found.suggestions, start=1):
        _suggestion(rank, suggestion, scale, t)


def _draw_understanding(found: Explanation, t: Translations, topic: words.TopicLabel) -> None:
    """Draw the cleaned text, its intent and the route."""
    _, triage = t.gettext, found.triage
    Tag("p", _("Normalized text: {text}").format(text=found.read_as), classes="side__hint", dir="auto")
    if triage.intent is not None:
        name = triage.intent.removeprefix("topic:")
        text = _("Detected topic: {intent} ({probability})").format(
            intent=name if name == triage.intent else topic(name),
            probability=f"{triage.intent_confidence:.0%}",
        )
        Tag("p", text, classes="side__hint", dir="auto")
    if found.in_scope is not None:
        text = _("In the scope of the knowledge base: {probability}").format(
            probability=f"{found.in_scope:.0%}"
        )
        Tag("p", text, classes="side__hint")
    reason = words.handoff(triage.handoff_reason.value if triage.handoff_reason else None, t)
    outcome = (
        _("An operator answers: {reason}").format(reason=reason)
        if reason
        else _("The bot sends an automated reply.")
    )
    Tag("p", outcome, classes="side__hint")


def _first_place_reason(suggestion: ExplainedSuggestion, t: Translations) -> str:
    """Return a sentence with the main reason for the first place."""
    best = max(suggestion.ranked_by, key=lambda part: part.points)
    text = t.gettext("Main reason for the first place: {signal}.")
    return text.format(signal=t.gettext(SIGNALS.get(best.name, best.name)))


def _compare_first_two(suggestions: Sequence[ExplainedSuggestion], t: Translations) -> str:
    """Return a sentence with the main difference between the first and the second suggestion."""
    first, second = suggestions[:2]
    ahead = [
        (part.points - second_part.points, part.name)
        for part, second_part in zip(first.ranked_by, second.ranked_by, strict=True)
    ]
    points, name = max(ahead)
    behind, against = min(ahead)
    text = t.gettext("Main advantage over the second: {signal}.").format(
        signal=t.gettext(SIGNALS.get(name, name))
    )
    if -behind > points / 10:  # a smaller difference would be invisible in the bars
        more = t.gettext("In favour of the second: {signal}.")
        text += " " + more.format(signal=t.gettext(SIGNALS.get(against, against)))
    return text


def _suggestion(rank: int, explanation: ExplainedSuggestion, scale: float, t: Translations) -> None:
    _ = t.gettext
    suggestion = explanation.suggestion
    with Tag("article", classes="card"):
        with Tag("header", classes="card__head"):
            with Tag("span", classes="card__kind"):
                Tag("span", f"{rank}.", classes="card__name try__rank")
                address = article_address(suggestion.article_id)
                Tag("a", suggestion.question, href=address, classes="card__name", dir="auto")
            Tag("span", words.confidence(suggestion.confidence, t), classes="card__confidence")
        near = _("Closest match: {text} ({similarity})").format(
            text=explanation.nearest.text, similarity=f"{explanation.nearest.similarity:.2f}"
        )
        Tag("p", near, classes="board__small", dir="auto")
        if explanation.shared_words:
            shared = _("Shared words: {words}").format(words=", ".join(explanation.shared_words))
            Tag("p", shared, classes="board__small", dir="auto")
        for near_text in explanation.confirmed:
            text = _("Confirmed earlier: {text} ({similarity})").format(
                text=near_text.text, similarity=f"{near_text.similarity:.2f}"
            )
            Tag("p", text, classes="board__small", dir="auto")
        _parts(_("Why this position"), explanation.ranked_by, SIGNALS, scale, t)
        confidence_scale = max(abs(part.points) for part in explanation.sure_by) or 1.0
        _parts(_("Why this confidence"), explanation.sure_by, FEATURES, confidence_scale, t)
        with Tag("footer", classes="card__foot"):
            Tag(
                "button",
                _("Pin this answer"),
                classes="button",
                data_do="pin",
                data_article=suggestion.article_id,
            )


def _parts(title: str, parts: Sequence[Part], names: dict[str, str], scale: float, t: Translations) -> None:
    """Draw a bar for each part's contribution. Negative parts are hatched and have a minus sign."""
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
