"""Panels that temporarily replace the suggestions: reasons for a rejection, other articles."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from kb_index import Article
from prompter.domain.evidence import RejectReason
from prompter.text.translations import Translations
from prompter_api.desk.ui.elements import Tag, draw_keys
from prompter_api.desk.ui.labels import REJECT_REASONS

REASONS = tuple(RejectReason)


class ReasonsPanel:
    """The list of reasons for a rejection, each with a key."""

    def __init__(self, t: Translations) -> None:
        with Tag("div", classes="side", role="group", aria_label=t.gettext("Reason")) as self.element:
            Tag("h3", t.gettext("What is wrong with the suggestions?"), classes="side__title")
            for number, reason in enumerate(REASONS, start=1):
                with Tag("button", classes="choice", data_do="reason", data_number=number):
                    draw_keys([str(number)])
                    Tag("span", t.gettext(REJECT_REASONS[reason]))
            with Tag("button", classes="link", data_do="back"):
                Tag("span", t.gettext("Back"))
                draw_keys(["Esc"])


class SearchPanel:
    """The search for another article, whose answer is then checked in the composer and sent."""

    def __init__(self, t: Translations, on_search: Callable[[str], Awaitable[None]]) -> None:
        self._t = t
        self._on_search = on_search
        self.found: Sequence[Article] = ()
        self._chosen = 0
        with Tag("div", classes="side", role="search", data_keys="list", data_focus="search") as self.element:
            Tag("h3", t.gettext("Another article"), classes="side__title", id="search-title")
            self._field = ui.input(on_change=self._take_change).props(
                "borderless dense clearable debounce=200"
            )
            self._field.props["aria-labelledby"] = "search-title"
            self._field.props["placeholder"] = t.gettext("Search questions and answers")
            self._list = Tag("ol", classes="side__list")
            self._nothing = Tag("p", classes="side__hint", role="status")
            with Tag("button", classes="link", data_do="back"):
                Tag("span", t.gettext("Back"))
                draw_keys(["Esc"])

    async def _take_change(self, event: ValueChangeEventArguments[str | None]) -> None:
        await self._on_search(event.value or "")

    @property
    def query(self) -> str:
        return self._field.value or ""

    @property
    def selection(self) -> Article | None:
        return self.found[self._chosen] if self.found else None

    def article(self, number: int) -> Article | None:
        return self.found[number] if 0 <= number < len(self.found) else None

    def reset(self) -> None:
        self._field.value = ""
        self.show((), "")

    def show(self, found: Sequence[Article], wanted: str) -> None:
        self.found, self._chosen = tuple(found), 0
        self._list.clear()
        with self._list:
            for number, article in enumerate(self.found):
                with (
                    Tag("li"),
                    Tag("button", classes="choice choice--article", data_do="pick", data_number=number),
                ):
                    Tag("span", article.question, classes="choice__question", dir="auto")
                    Tag("span", article.answer, classes="choice__answer", dir="auto")
        if not wanted.strip():
            self._nothing.say(
                self._t.gettext("Start typing. Select with ↑ ↓, press Enter to use the article.")
            )
        elif not self.found:
            self._nothing.say(self._t.gettext("No articles found."))
        else:
            self._nothing.say("")
        self._mark()

    def move(self, step: int) -> None:
        if self.found:
            self._chosen = (self._chosen + step) % len(self.found)
            self._mark()

    def _mark(self) -> None:
        for number, item in enumerate(self._list):
            for button in item:
                if isinstance(button, Tag):
                    button.set(aria_current="true" if number == self._chosen else None)
