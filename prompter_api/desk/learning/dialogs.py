"""Dialogs of the page of proposals, for actions on many proposals or with another article."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from kb_index import Article
from prompter.knowledge.proposals import Proposal
from prompter.text.translations import Translations
from prompter_api.desk.ui.elements import Tag, draw_keys


class ManyDialog:
    """Asks for confirmation for all selected proposals, and when merging also whose wording stays."""

    def __init__(self, t: Translations) -> None:
        self._t = t
        self.wanted = ""
        with (
            ui.dialog() as self._dialog,
            Tag("section", classes="dialog", role="alertdialog", aria_labelledby="many-title"),
        ):
            self._title = Tag("h2", id="many-title")
            self._text = Tag("p")
            self._words = ui.radio({}).props("dense")
            with Tag("div", classes="dialog__foot"):
                with Tag("button", classes="button button--main", data_do="sure"):
                    self._sure = Tag("span")
                    draw_keys(["Ctrl", "Enter"])
                with Tag("button", classes="button", data_do="close", autofocus=True):
                    Tag("span", t.gettext("Go back"))
                    draw_keys(["Esc"])

    @property
    def is_open(self) -> bool:
        return bool(self._dialog.value)

    @property
    def target_id(self) -> int:
        """The id of the proposal whose wording stays."""
        return int(self._words.value or 0)

    def ask(self, wanted: str, chosen: Sequence[Proposal]) -> None:
        """Ask about `approve_many`, `dismiss_many` or `merge`."""
        self.wanted = wanted
        count = len(chosen)
        texts = {
            "approve_many": (
                self._t.ngettext("Approve {count} proposal?", "Approve {count} proposals?", count),
                self._t.gettext("They go live at once."),
                self._t.gettext("Approve"),
            ),
            "dismiss_many": (
                self._t.ngettext("Dismiss {count} proposal?", "Dismiss {count} proposals?", count),
                self._t.gettext("They will not be proposed again."),
                self._t.gettext("Dismiss"),
            ),
            "merge": (
                self._t.ngettext("Merge {count} proposal?", "Merge {count} proposals?", count),
                self._t.gettext("Their customer examples are combined. Which text should stay?"),
                self._t.gettext("Merge"),
            ),
        }
        title, text, sure = texts[wanted]
        self._title.say(title.format(count=count))
        self._text.say(text)
        self._sure.say(sure)
        names = {proposal.id: _in_short(proposal) for proposal in chosen} if wanted == "merge" else {}
        self._words.set_options(names, value=next(iter(names), None))
        self._words.set_visibility(bool(names))
        self._dialog.open()

    def close(self) -> None:
        self._dialog.close()


class ArticleDialog:
    """Asks for the article that answers already. It offers the nearest articles, others by search."""

    def __init__(self, t: Translations, on_search: Callable[[str], Awaitable[None]]) -> None:
        self._t = t
        self._on_search = on_search
        self.proposal_id = 0
        with (
            ui.dialog() as self._dialog,
            Tag("section", classes="dialog", role="dialog", aria_labelledby="which-title"),
        ):
            Tag("h2", t.gettext("Which article answers this?"), id="which-title")
            Tag(
                "p",
                t.gettext(
                    "The questions are added to it as alternative phrasings; its answer does not change."
                ),
            )
            self._field = ui.input(on_change=self._take_change).props("dense debounce=200 autofocus")
            self._field.props["aria-labelledby"] = "which-title"
            self._field.props["placeholder"] = t.gettext("Search questions and answers")
            self._list = Tag("ol", classes="side__list")
            self._nothing = Tag("p", classes="side__hint", role="status")
            with Tag("div", classes="dialog__foot"), Tag("button", classes="button", data_do="close"):
                Tag("span", t.gettext("Go back"))
                draw_keys(["Esc"])

    @property
    def is_open(self) -> bool:
        return bool(self._dialog.value)

    def ask(self, proposal_id: int, nearest: Sequence[Article]) -> None:
        self.proposal_id = proposal_id
        self._field.value = ""
        self.show(nearest)
        self._dialog.open()

    def show(self, found: Sequence[Article]) -> None:
        self._list.clear()
        with self._list:
            for article in found:
                with (
                    Tag("li"),
                    Tag("button", classes="choice choice--article", data_do="into", data_article=article.id),
                ):
                    Tag("span", article.question, classes="choice__question", dir="auto")
                    Tag("span", article.answer, classes="choice__answer", dir="auto")
        self._nothing.say("" if found else self._t.gettext("No articles found."))

    def close(self) -> None:
        self._dialog.close()

    async def _take_change(self, event: ValueChangeEventArguments[str | None]) -> None:
        if (event.value or "").strip():
            await self._on_search(event.value or "")


def _in_short(proposal: Proposal) -> str:
    text = proposal.answer if proposal.article_id and proposal.answer else proposal.question
    return text if len(text) < 120 else f"{text[:119]}…"
