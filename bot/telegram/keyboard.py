"""The buttons under an automated reply in Telegram: labels, callback data and the texts after a press."""

import re

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.buttons import MAX_ID, Button
from prompter.text.translations import N_, translator

_LABELS = {Button.UP: "👍", Button.DOWN: "👎", Button.OPERATOR: N_("Talk to a person")}
_ROWS = ((Button.UP, Button.DOWN), (Button.OPERATOR,))
_ANSWERS = {
    Button.UP: N_("Thank you!"),
    Button.DOWN: N_("Thank you, we will check this answer."),
    Button.OPERATOR: N_("An operator will reply here."),
}
_UNKNOWN = N_("This button no longer works.")
_DATA = re.compile(r"(up|down|operator):([1-9][0-9]{0,9})")


def keyboard(reply_id: int, language: str) -> InlineKeyboardMarkup:
    """Build the buttons under a reply."""
    t = translator(language)
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(t.gettext(_LABELS[button]), callback_data=f"{button}:{reply_id}")
                for button in row
            ]
            for row in _ROWS
        ]
    )


def read_data(data: str) -> tuple[Button, int] | None:
    """Return the button and the id of its reply, or None if the data is not ours.

    >>> read_data("up:123")
    (<Button.UP: 'up'>, 123)
    """
    match = _DATA.fullmatch(data)
    if match is None or int(match[2]) > MAX_ID:
        return None
    return Button(match[1]), int(match[2])


def answer_to(button: Button | None, language: str) -> str:
    """Return the text to show to a customer who pressed the button. None is a button that is not ours."""
    return translator(language).gettext(_ANSWERS[button] if button is not None else _UNKNOWN)
