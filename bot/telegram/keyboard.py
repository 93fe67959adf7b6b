"""The buttons under an answer in Telegram: how they look, what they send, and what we say to a press."""

import re

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.buttons import MAX_ID, Button

_LABELS = {
    "ru": {Button.UP: "👍", Button.DOWN: "👎", Button.OPERATOR: "Позвать оператора"},
    "en": {Button.UP: "👍", Button.DOWN: "👎", Button.OPERATOR: "Call an operator"},
}
_ROWS = ((Button.UP, Button.DOWN), (Button.OPERATOR,))
_ANSWERS = {
    "ru": {
        Button.UP: "Спасибо!",
        Button.DOWN: "Спасибо, мы проверим этот ответ.",
        Button.OPERATOR: "Оператор позван, он ответит здесь.",
    },
    "en": {
        Button.UP: "Thank you!",
        Button.DOWN: "Thank you, we will check this answer.",
        Button.OPERATOR: "An operator has been called and will answer here.",
    },
}
_DATA = re.compile(r"(up|down|operator):([1-9][0-9]{0,9})")


def supported_language(language: str | None, otherwise: str) -> str:
    """Which of our two languages suits a customer's; `otherwise` is for one that we do not know.

    >>> supported_language("ru-RU", "en"), supported_language("de", "ru"), supported_language(None, "ru")
    ('ru', 'en', 'ru')
    """
    return "ru" if (language or otherwise).lower().startswith("ru") else "en"


def keyboard(reply_id: int, language: str) -> InlineKeyboardMarkup:
    """The buttons under a reply."""
    labels = _LABELS[language]
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(labels[button], callback_data=f"{button}:{reply_id}") for button in row]
            for row in _ROWS
        ]
    )


def read_data(data: str) -> tuple[Button, int] | None:
    """The button and the reply that it stands under; None where the data is not ours.

    >>> read_data("up:123")
    (<Button.UP: 'up'>, 123)
    """
    match = _DATA.fullmatch(data)
    if match is None or int(match[2]) > MAX_ID:
        return None
    return Button(match[1]), int(match[2])


def answer_to(button: Button, language: str) -> str:
    """What to say to a customer who has pressed."""
    return _ANSWERS[language][button]
