"""Short messages at the edge of the screen, and the offer to undo."""

import time
from collections.abc import Callable

from prompter.text.translations import Translations
from prompter_api.desk.ui.elements import Tag, draw_keys

_SECONDS = 6.0


class Notices:
    """Messages that disappear by themselves. Screen readers read them aloud when they appear."""

    def __init__(self, t: Translations, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: list[tuple[float, Tag]] = []
        with Tag("div", classes="toasts"):
            self._place = Tag("div", role="status", aria_live="polite", classes="toasts__list")
            with Tag("div", classes="toast toast--undo") as self._undo:
                self._undo_text = Tag("span")
                with Tag("button", classes="button button--small", data_do="undo"):
                    Tag("span", t.gettext("Undo"))
                    draw_keys(["Z"])
        self._undo.set_visibility(False)

    def say(self, text: str, *, bad: bool = False) -> None:
        with self._place:
            toast = Tag("div", text, classes="toast toast--bad" if bad else "toast")
        self._until.append((self._clock() + _SECONDS, toast))

    def offer_undo(self, text: str | None) -> None:
        """Show or change the offer to undo. None removes it."""
        self._undo_text.say(text or "")
        self._undo.set_visibility(text is not None)

    def poll(self) -> None:
        """Remove expired messages."""
        now = self._clock()
        for until, toast in self._until:
            if until <= now:
                toast.delete()
        self._until = [(until, toast) for until, toast in self._until if until > now]
