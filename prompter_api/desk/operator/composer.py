"""The field below the conversation, for editing suggestions and writing replies."""

from collections.abc import Callable

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from prompter.text.translations import Translations
from prompter_api.desk.operator.drafts import Draft, Purpose
from prompter_api.desk.ui.elements import Tag, draw_keys
from prompter_api.desk.ui.labels import REJECT_REASONS


class Composer:
    """Shows a draft. `on_change` is called at every change of its text."""

    def __init__(self, t: Translations, on_change: Callable[[str], None]) -> None:
        self._t = t
        self._on_change = on_change
        _ = t.gettext
        with Tag("div", classes="composer", data_focus="composer") as self.element:
            with Tag("div", classes="composer__head"):
                self._title = Tag("label", classes="composer__title", id="composer-title")
                self._about = Tag("span", classes="composer__about")
                self._drop = Tag("button", _("Discard"), classes="link composer__drop", data_do="drop")
            self._field = ui.textarea(on_change=self._take_change)
            self._field.props("autogrow borderless dense")
            self._field.props["maxlength"] = 20_000
            self._field.props["aria-labelledby"] = "composer-title"
            self._field.props["input-class"] = "composer__text"
            with Tag("div", classes="composer__foot"):
                self._hint = Tag("span", classes="composer__hint")
                with Tag("button", classes="button button--main", data_do="send") as self._send:
                    self._send_label = Tag("span", _("Send"))
                    draw_keys(["Ctrl", "Enter"])

    @property
    def text(self) -> str:
        return self._field.value or ""

    def _take_change(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._on_change(event.value or "")

    def show(self, draft: Draft, *, waiting: bool) -> None:
        """Show the draft. `waiting` says whether a turn waits for a reply."""
        _ = self._t.gettext
        titles = {
            Purpose.OWN: _("Your answer") if waiting else _("Message to the customer"),
            Purpose.EDIT: _("Editing suggestion {rank}").format(rank=draft.rank),
            Purpose.PICK: _("Another article"),
            Purpose.REJECT: _("Rejected: {reason}").format(
                reason=_(REJECT_REASONS[draft.reason]) if draft.reason else ""
            ),
        }
        rejecting = draft.purpose is Purpose.REJECT
        self._title.say(titles[draft.purpose])
        self._about.say(draft.question)
        self._drop.set_visibility(draft.purpose is not Purpose.OWN)
        self._hint.say(_("Press Enter in the empty field to send nothing.") if rejecting else "")
        self._send_label.say(
            _("Reject without replying") if rejecting and not draft.text.strip() else _("Send")
        )
        self.element.toggle("composer--own", draft.purpose is Purpose.OWN)
        if rejecting:
            placeholder = _("What to send instead?")
        elif waiting:
            placeholder = _("Write your own answer (W)")
        else:
            placeholder = _("Write to the customer (W)")
        if self._field.props.get("placeholder") != placeholder:
            self._field.props["placeholder"] = placeholder
        if self.text != draft.text:
            self._field.value = draft.text

    def enable(self, on: bool) -> None:
        self.element.set_visibility(on)
