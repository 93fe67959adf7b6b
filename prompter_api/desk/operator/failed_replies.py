"""Replies that failed, or whose delivery is not confirmed."""

from collections.abc import Sequence

from prompter.domain.conversation import Reply
from prompter.text.translations import Translations
from prompter_api.desk.operator.conversation_panel import settle_buttons
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag

_PREVIEW = 160  # characters


class Troubles:
    """The counter of failed replies in the header, and the list that it opens."""

    def __init__(self, t: Translations, header: Tag, column: Tag) -> None:
        self._t = t
        self._shown: tuple[tuple[int, str], ...] = ()
        self._open = False
        with header:
            self._button = Tag("button", classes="bar__trouble", data_do="troubles")
        with (
            column,
            Tag("section", classes="troubles", aria_label=t.gettext("Not delivered")) as self._section,
        ):
            Tag("h2", t.gettext("Not delivered"), classes="panel__title")
            Tag(
                "p",
                t.gettext("Check whether the customer has received the reply, then choose what to do."),
                classes="side__hint",
            )
            self._list = Tag("ol", classes="troubles__list")
        self._apply()

    def toggle(self) -> None:
        self._open = not self._open
        self._apply()

    def show(self, replies: Sequence[Reply]) -> None:
        shown = tuple((reply.id, reply.state.value) for reply in replies)
        if shown == self._shown:
            return
        self._shown = shown
        self._list.clear()
        with self._list:
            for reply in replies:
                with Tag("li", classes=f"trouble trouble--{reply.state.value}"):
                    Tag("span", self._t.gettext(words.STATES[reply.state]), classes="trouble__state")
                    Tag("p", reply.text[:_PREVIEW], classes="trouble__text", dir="auto")
                    with Tag("div", classes="bubble__settle"):
                        settle_buttons(reply, self._t)
                        Tag(
                            "button",
                            self._t.gettext("Open"),
                            classes="link",
                            data_do="open",
                            data_conversation=reply.conversation_id,
                        )
        self._apply()

    def _apply(self) -> None:
        count = len(self._shown)
        self._open = self._open and count > 0
        self._section.set_visibility(self._open)
        self._button.set_visibility(count > 0)
        self._button.set(aria_expanded=self._open)
        self._button.say(
            self._t.ngettext("{count} reply not delivered", "{count} replies not delivered", count).format(
                count=count
            )
        )
