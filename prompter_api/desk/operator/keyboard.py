"""The actions of keys, by mode."""

from collections.abc import Mapping
from enum import StrEnum

from prompter.text.translations import N_, Translations

KeyAction = Mapping[str, str]  # an action and its object, as buttons carry them in `data-…`


class Mode(StrEnum):
    """The part of the screen that keys act on. `field-enter` is Enter in an empty text field."""

    CARDS = "cards"  # the suggestions
    REASONS = "reasons"  # the list of reasons for a rejection
    REJECTING = "rejecting"  # the text to send instead
    SEARCH = "search"  # other articles
    DIALOG = "dialog"  # the dialog that asks whether to send anyway
    HELP = "help"


_EVERYWHERE: dict[str, KeyAction] = {
    "escape": {"do": "back"},
    "ctrl+enter": {"do": "send"},
    "z": {"do": "undo"},
    "?": {"do": "help"},
    "j": {"do": "next"},
    "k": {"do": "previous"},
    "down": {"do": "next"},
    "up": {"do": "previous"},
    "w": {"do": "own"},
    "b": {"do": "give_back"},
    "q": {"do": "question"},
    "/": {"do": "search"},
}
_DIGITS = "123456789"
_KEYS: dict[Mode, dict[str, KeyAction]] = {
    Mode.CARDS: {
        **_EVERYWHERE,
        **{digit: {"do": "accept", "rank": digit} for digit in _DIGITS},
        **{f"shift+{digit}": {"do": "edit", "rank": digit} for digit in _DIGITS},
        "enter": {"do": "accept", "rank": "1"},
        "e": {"do": "edit", "rank": "1"},
        "r": {"do": "reject"},
        "d": {"do": "answered"},
    },
    Mode.REASONS: {
        **{digit: {"do": "reason", "number": digit} for digit in _DIGITS},
        "escape": {"do": "back"},
        "r": {"do": "back"},
    },
    Mode.REJECTING: {
        "escape": {"do": "back"},
        "ctrl+enter": {"do": "send"},
        "enter": {"do": "send"},
        "field-enter": {"do": "send"},  # in an empty field: nothing is sent to the customer
    },
    Mode.SEARCH: {
        "escape": {"do": "back"},
        "ctrl+enter": {"do": "send"},
        "enter": {"do": "choose"},
        "down": {"do": "move", "step": "1"},
        "up": {"do": "move", "step": "-1"},
        "/": {"do": "search"},
    },
    Mode.DIALOG: {"escape": {"do": "back"}, "ctrl+enter": {"do": "send_anyway"}},
    Mode.HELP: {"escape": {"do": "back"}, "?": {"do": "back"}},
}


def action_of(mode: Mode, key: str) -> KeyAction | None:
    """Return the action of a key in a mode, or None."""
    return _KEYS[mode].get(key)


# All keys with an action in any mode. The browser ignores all others. The server decides their meaning, as a
# key may be pressed before the previous key has changed the mode.
ALL_KEYS = sorted({key for keys in _KEYS.values() for key in keys})


HINTS = (
    (("1", "2", "3"), N_("send this suggestion")),
    (("Enter",), N_("send the first suggestion")),
    (("E",), N_("edit the first suggestion (Shift+2, Shift+3: the second, the third)")),
    (("W",), N_("write your own answer")),
    (("/",), N_("search for another article")),
    (("R",), N_("reject the suggestions")),
    (("Q",), N_("the customer's next question")),
    (("D",), N_("close the question: the last answer covers it too")),
    (("Ctrl", "Enter"), N_("send the text")),
    (("Z",), N_("undo send")),
    (("B",), N_("return the conversation to the bot")),
    (("J", "K"), N_("next or previous customer")),
    (("Esc",), N_("go back")),
    (("?",), N_("show this list")),
)


def hints(t: Translations) -> list[tuple[tuple[str, ...], str]]:
    return [(keys, t.gettext(text)) for keys, text in HINTS]
