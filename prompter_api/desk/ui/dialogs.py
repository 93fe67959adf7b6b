"""Modal dialogs: a confirmation and the list of keys."""

from collections.abc import Sequence

from nicegui import ui

from prompter.domain.conversation import Message
from prompter.text.translations import Translations
from prompter_api.desk.operator.keyboard import hints
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag, draw_keys


class WroteAgainDialog:
    """Asks whether to send although the customer has written meanwhile."""

    def __init__(self, t: Translations) -> None:
        self._t = t
        with (
            ui.dialog().props("persistent no-shake") as self._dialog,
            Tag("section", classes="dialog", role="alertdialog", aria_labelledby="again-title"),
        ):
            Tag("h2", t.gettext("The customer has written again"), id="again-title")
            self._messages = Tag("div", classes="dialog__messages")
            with Tag("div", classes="dialog__foot"):
                with Tag("button", classes="button button--main", data_do="back", data_focus="dialog"):
                    Tag("span", t.gettext("Go back and read"))
                    draw_keys(["Esc"])
                with Tag("button", classes="button", data_do="send_anyway"):
                    Tag("span", t.gettext("Send anyway"))
                    draw_keys(["Ctrl", "Enter"])

    def open(self, newer: Sequence[Message]) -> None:
        self._messages.clear()
        with self._messages:
            for message in newer:
                text = message.text.strip() or self._t.gettext(words.KINDS[message.kind])
                Tag("p", text, classes="dialog__message", dir="auto")
        self._dialog.open()

    def close(self) -> None:
        self._dialog.close()


class HelpDialog:
    """The list of keys and their actions."""

    def __init__(self, t: Translations) -> None:
        with (
            ui.dialog() as self._dialog,
            Tag("section", classes="dialog", role="dialog", aria_labelledby="help-title"),
        ):
            Tag("h2", t.gettext("Shortcuts"), id="help-title")
            with Tag("dl", classes="dialog__keys"):
                for keys, text in hints(t):
                    with Tag("dt"):
                        for key in keys:
                            Tag("kbd", key)
                    Tag("dd", text)
            with (
                Tag("div", classes="dialog__foot"),
                Tag("button", classes="button", data_do="back", data_focus="help"),
            ):
                Tag("span", t.gettext("Close"))
                draw_keys(["Esc"])

    @property
    def is_open(self) -> bool:
        return bool(self._dialog.value)

    def open(self) -> None:
        self._dialog.open()

    def close(self) -> None:
        self._dialog.close()
